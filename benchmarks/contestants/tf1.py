"""scopejax.tf1: functions in TensorFlow 1's style."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

from scopejax import tf1

from .. import maths
from . import Contestant, Net


def _dense(x: jax.Array, features: int) -> jax.Array:
    kernel = tf1.get_variable("kernel", [x.shape[-1], features])
    bias = tf1.get_variable("bias", [features], initializer=tf1.zeros_initializer())
    return maths.dense(x, kernel, bias)


def _mlp(layers: int, width: int, x: jax.Array) -> jax.Array:
    for i in range(layers):
        with tf1.variable_scope(f"layer{i}"):
            x = jnp.tanh(_dense(x, width))
    return x


def mlp(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` dense layers and tanh."""
    net = tf1.transform(partial(_mlp, layers, width))
    return Net(net.init, net.apply)


CONTESTANT = Contestant(
    title="scopejax.tf1", distribution="scopejax", models={"mlp": mlp}
)
"""The GPT is left out: it would show what the MLP shows."""
