"""Recurrent cells against their formulas in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import KEY, array, filled, wide


def sigmoid(x):
    """The logistic function."""
    return 1 / (1 + np.exp(-x))


@pytest.mark.smoke
@pytest.mark.parametrize("forget_bias", [1.0, 0.0])
def test_lstm_is_its_formula(forget_bias):
    """The gates are input, forget, cell and output; a scan runs it over time."""
    xs = array(3, 2, 4)

    def model(scope, xs):
        zero = jnp.zeros((2, 5))
        return jax.lax.scan(
            lambda c, x: layers.lstm(scope / "cell", c, x, forget_bias=forget_bias),
            (zero, zero),
            xs,
        )

    net, params = filled(model, xs)
    p = wide(params["cell"])
    assert set(sj.to_flat(p)) == {"input/kernel", "input/bias", "hidden/kernel"}
    assert p["input"]["kernel"].shape == (4, 20)
    assert p["hidden"]["kernel"].shape == (5, 20)
    cell = hidden = np.zeros((2, 5))
    states = []
    for x in xs.astype(np.float64):
        gates = x @ p["input"]["kernel"] + p["input"]["bias"]
        i, f, g, o = np.split(gates + hidden @ p["hidden"]["kernel"], 4, -1)
        cell = sigmoid(f + forget_bias) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
        states.append(hidden)
    (last_cell, last_hidden), outs = net.apply(params, xs)
    assert_close(last_cell, cell)
    assert_close(last_hidden, hidden)
    assert_close(outs, np.stack(states))


def test_gru_is_its_formula():
    """The gates are reset, update and new; the reset acts on the recurrent part."""
    xs = array(3, 2, 4)

    def model(scope, xs):
        return jax.lax.scan(
            lambda h, x: layers.gru(scope / "cell", h, x), jnp.zeros((2, 5)), xs
        )

    net, params = filled(model, xs)
    p = wide(params["cell"])
    names = {"input/kernel", "input/bias", "hidden/kernel", "hidden/bias"}
    assert set(sj.to_flat(p)) == names
    hidden, states = np.zeros((2, 5)), []
    for x in xs.astype(np.float64):
        xr, xz, xn = np.split(x @ p["input"]["kernel"] + p["input"]["bias"], 3, -1)
        recurrent = hidden @ p["hidden"]["kernel"] + p["hidden"]["bias"]
        hr, hz, hn = np.split(recurrent, 3, -1)
        update = sigmoid(xz + hz)
        new = np.tanh(xn + sigmoid(xr + hr) * hn)
        hidden = (1 - update) * new + update * hidden
        states.append(hidden)
    last, outs = net.apply(params, xs)
    assert_close(last, hidden)
    assert_close(outs, np.stack(states))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_recurrent_kernels_start_orthogonal(cell):
    """The rows of a fresh hidden kernel are orthonormal."""
    zero = jnp.zeros((1, 4))
    carry = (zero, zero) if cell == "lstm" else zero
    params = sj.transform(getattr(layers, cell)).init(KEY, carry, jnp.ones((1, 3)))
    kernel = wide(params["hidden"]["kernel"])
    assert_close(np.float32(kernel @ kernel.T), np.eye(4))
