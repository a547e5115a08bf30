"""Options of a scope act on the variables of other libraries' modules."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest

import scopejax as sj
from scopejax import getters, interop

from ..helpers.closeness import assert_close
from ..helpers.interop_reference import KEY, ROWS, filled, identical


class Block(nn.Module):
    """A residual layer."""

    @nn.compact
    def __call__(self, x):
        return x + nn.tanh(nn.Dense(3)(x))


@pytest.mark.smoke
def test_a_getter_stands_between():
    """Linen computes with what the getter returns: here in bfloat16."""

    def model(scope, x):
        half = scope.with_options(custom_getter=getters.cast("bfloat16"))
        return interop.linen(half / "part", nn.Dense(2), x)

    net = sj.transform(model)
    x = ROWS.astype("bfloat16")
    params = net.init(KEY, x)
    cast = jax.tree.map(lambda leaf: leaf.astype("bfloat16"), params["part"])
    assert_close(net.apply(params, x), nn.Dense(2).apply({"params": cast}, x))


def test_adapters_are_added_to_weights():
    """lora freezes linen's weights and adds its own; merged they are linen's."""
    adapters = getters.lora(rank=1)

    def model(scope, x):
        scope = scope.with_options(custom_getter=adapters)
        return interop.linen(scope / "part", Block(), x)

    net = sj.transform(model)
    params = filled(net, ROWS)
    trainable = net.manifest(ROWS).select(trainable=True)
    assert [n.rpartition("kernel")[2] for n in trainable] == ["_lora_a", "_lora_b"]
    merged = adapters.merge(params)["part"]
    assert_close(net.apply(params, ROWS), Block().apply({"params": merged}, ROWS))


def test_averages_of_weights():
    """ema keeps an average of each weight as state."""

    def model(scope, x):
        scope = scope.with_options(custom_getter=getters.ema(0.9))
        return interop.linen(scope / "part", nn.Dense(1, use_bias=False), x)

    net = sj.transform_with_state(model)
    params, state = net.init(KEY, ROWS)
    identical(state["part"]["kernel_ema"], params["part"]["kernel"])
    _, after = net.apply({"part": {"kernel": jnp.zeros((3, 1))}}, state, ROWS)
    assert_close(after["part"]["kernel_ema"], 0.9 * state["part"]["kernel_ema"])


def test_the_scopes_dtype_is_that_of_parameters():
    """Where a library has float32, its default, the scope's dtype is stored."""

    def model(scope, x):
        scope = scope.with_options(dtype="bfloat16")
        return interop.linen(scope / "part", nn.BatchNorm(True), x)

    specs = sj.transform(model).manifest(ROWS)
    dtypes = {name.rpartition("/")[2]: str(spec.dtype) for name, spec in specs.items()}
    assert dtypes["scale"] == dtypes["bias"] == "bfloat16"
    assert dtypes["mean"] == dtypes["var"] == "float32"


def test_regularizers_act_on_parameters_alone():
    """State is not regularized."""

    def model(scope, x):
        scope = scope.with_options(regularizer=sj.regularizers.l2(1.0))
        return interop.linen(scope / "part", nn.BatchNorm(True), x)

    specs = sj.transform(model).manifest(ROWS)
    assert {n for n, spec in specs.items() if spec.regularizer} == {
        "part/bias",
        "part/scale",
    }
