"""Models as modules of flax.linen."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import interop

from ..helpers.closeness import assert_close
from ..helpers.interop_reference import KEY, OTHER, ROWS, identical, run, shapes


def tower(scope, x, train=False):
    """Weights, statistics, dropout, and a linen module inside."""
    x = sj.layers.batch_norm(scope / "bn", x, is_training=train)
    x = sj.layers.dense(scope / "fc", x, 4)
    x = sj.layers.dropout(scope, x, 0.5, deterministic=not train)
    return interop.linen(scope / "inner", nn.Dense(2), x)


def dense(scope, x):
    return sj.layers.dense(scope, x, 3)


class Net(nn.Module):
    """A linen module with two models in it."""

    @nn.compact
    def __call__(self, x, train=False):
        x = nn.Dense(3)(x)
        x = interop.to_linen(tower, name="tower")(x, train)
        return interop.to_linen(tower)(x, train)


NAMES = {"bn": {"scale", "bias"}, "fc": {"kernel", "bias"}, "inner": {"kernel", "bias"}}


@pytest.mark.smoke
def test_init_gives_our_tree():
    """Collections hold the model's variables below the module's name."""
    variables = jax.eval_shape(Net().init, KEY, ROWS)
    assert set(variables) == {"params", "state"}
    params = variables["params"]
    assert set(params) == {"Dense_0", "tower", "ScopeModule_0"}
    assert {name: set(leaves) for name, leaves in params["tower"].items()} == NAMES
    assert shapes(variables["state"]["tower"]) == {
        "bn": {"moving_mean": (3,), "moving_variance": (3,)}
    }


@pytest.mark.parametrize("jit", [False, True])
def test_alone_it_is_the_model(jit):
    """Init by linen's key, the path law below it; apply is that of the model."""
    module = interop.to_linen(dense)
    init = jax.jit(module.init) if jit else module.init
    variables = init(KEY, ROWS)
    net = sj.transform(dense)
    assert jax.tree.structure(variables) == jax.tree.structure(
        {"params": net.init(KEY, ROWS)}
    )
    identical(module.init(KEY, ROWS), variables)
    identical(module.apply(variables, ROWS), net.apply(variables["params"], ROWS))
    kernel = interop.to_linen(lambda s, x: dense(s, dense(s / "new", x))).init(
        KEY, ROWS
    )
    identical(kernel["params"]["kernel"], variables["params"]["kernel"])


def test_gradients_flow_through_both():
    """Results and gradients are those of the parts, called by hand."""
    variables = Net().init(KEY, ROWS)
    net, state = sj.transform_with_state(tower), variables["state"]

    def by_hand(params):
        x = nn.Dense(3).apply({"params": params["Dense_0"]}, ROWS)
        for name in ("tower", "ScopeModule_0"):
            x, _ = net.apply(params[name], state[name], x)
        return x

    def by_linen(params):
        return Net().apply({"params": params, "state": state}, ROWS)

    found, expected = (run(f, variables["params"]) for f in (by_linen, by_hand))
    assert_close(found, expected)


def test_state_and_keys_are_linens():
    """Training writes the mutable collection and draws from linen's stream."""
    module = interop.to_linen(tower)
    variables = module.init(KEY, ROWS)
    rngs = {"dropout": OTHER}
    out, changed = module.apply(variables, ROWS, True, rngs=rngs, mutable=["state"])
    assert int((out == module.apply(variables, ROWS)).sum()) == 0
    mean = changed["state"]["bn"]["moving_mean"]
    assert_close(mean, (1 - jnp.float32(0.99)) * ROWS.mean(0))
    again = module.apply(variables, ROWS, True, rngs=rngs, mutable=["state"])[0]
    identical(out, again)
    other = module.apply(variables, ROWS, True, rngs={"dropout": KEY}, mutable=True)[0]
    assert not np.array_equal(out, other)
    identical(
        module.apply(variables, ROWS, mutable=["state"])[1]["state"], variables["state"]
    )


def test_names_of_collection_and_stream():
    """Both are as asked for."""
    module = interop.to_linen(tower, collection="batch_stats", stream="noise")
    variables = module.init(KEY, ROWS)
    assert set(variables) == {"params", "batch_stats"}
    mutable = ["batch_stats"]
    _, changed = module.apply(
        variables, ROWS, True, rngs={"noise": OTHER}, mutable=mutable
    )
    assert set(changed) == {"batch_stats"}


@pytest.mark.parametrize(
    ("kwargs", "match"),
    [
        ({"rngs": {"dropout": KEY}}, "moving_mean cannot be assigned"),
        ({"mutable": ["state"]}, "Random key dropout was asked for"),
    ],
)
def test_what_linen_is_not_given_is_said(kwargs, match):
    """Errors of the model say in a note what linen's apply has to be given."""
    module = interop.to_linen(tower)
    variables = module.init(KEY, ROWS)
    with pytest.raises(sj.ScopeUsageError, match=match) as info:
        module.apply(variables, ROWS, True, **kwargs)
    assert "mutable=['state'], rngs={'dropout': key}" in info.value.__notes__[0]


def test_one_module_called_twice_shares():
    """As in linen, calling one instance again is sharing."""

    class Shared(nn.Module):
        @nn.compact
        def __call__(self, x):
            module = interop.to_linen(lambda s, x: sj.layers.dense(s, x, 3))
            return module(module(x))

    variables = Shared().init(KEY, ROWS)
    params = variables["params"]["ScopeModule_0"]
    expected = ROWS
    for _ in range(2):
        expected = expected @ params["kernel"] + params["bias"]
    assert_close(Shared().apply(variables, ROWS), expected)


def test_linens_scan_stacks_a_model():
    """A lifted transform slices the model's variables as those of any module."""

    class Scanned(nn.Module):
        @nn.compact
        def __call__(self, x):
            scan = nn.scan(
                lambda module, x, _: (module(x), None),
                variable_axes={"params": 0},
                split_rngs={"params": True},
                length=2,
            )
            return scan(interop.to_linen(dense), x, None)[0]

    variables = Scanned().init(KEY, ROWS)
    (params,) = variables["params"].values()
    assert shapes(params) == {"kernel": (2, 3, 3), "bias": (2, 3)}
    expected = ROWS
    for kernel in params["kernel"]:
        expected = expected @ kernel
    assert_close(Scanned().apply(variables, ROWS), expected)


def test_there_and_back_again():
    """A model as a linen module within a model."""
    module = interop.to_linen(tower)
    net = sj.transform_with_state(lambda s, x: interop.linen(s / "part", module, x))
    params, state = net.init(KEY, ROWS)
    assert {name: set(leaves) for name, leaves in params["part"].items()} == NAMES
    expected, _ = sj.transform_with_state(tower).apply(
        params["part"], state["part"], ROWS
    )
    assert_close(net.apply(params, state, ROWS)[0], expected)
