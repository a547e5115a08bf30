"""Manifest: choosing, splitting, checking and joining."""

import re

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

from ..helpers.closeness import assert_close


def l2(w):
    return jnp.sum(w**2)


def model(scope, x):
    """Two scopes with two variables each, one of them not trainable."""
    encoder = scope / "encoder"
    w = encoder.get_variable("w", (4, 4), regularizer=l2)
    encoder.get_variable(
        "count", (), "int32", trainable=False, collections=["counters"]
    )
    head = scope.with_options(regularizer=l2, constraint=jnp.abs) / "head"
    v = head.get_variable("w", (4,))
    head.get_variable("b", (4,), regularizer=sj.no_regularizer, constraint=jnp.sign)
    return x @ w + v[None]


X = jnp.ones((1, 4))
NET = sj.transform(model)
MANIFEST = NET.manifest(X)


@pytest.fixture
def params(key):
    return NET.init(key, X)


@pytest.mark.smoke
def test_it_is_a_mapping_in_order_of_creation():
    """Names come in the order in which the model asked for them."""
    assert list(MANIFEST) == ["encoder/w", "encoder/count", "head/w", "head/b"]
    assert "encoder/w" in MANIFEST
    assert len(MANIFEST) == 4
    with pytest.raises(KeyError, match="nothing"):
        MANIFEST["nothing"]


def test_a_spec_says_where_it_was_made():
    """The line is the user's own."""
    line = model.__code__.co_firstlineno + 3
    assert MANIFEST["encoder/w"].where.endswith(f"test_manifest.py:{line} in model")


@pytest.mark.parametrize(
    ("arguments", "flags", "expected"),
    [
        ((), {}, ["encoder/w", "encoder/count", "head/w", "head/b"]),
        (("encoder/*",), {}, ["encoder/w", "encoder/count"]),
        (("**/w",), {}, ["encoder/w", "head/w"]),
        (("head/b", "encoder/count"), {}, ["encoder/count", "head/b"]),
        (
            (re.compile(r".*/[bw]"),),
            {"trainable": True},
            ["encoder/w", "head/w", "head/b"],
        ),
        ((lambda spec: spec.size == 4,), {}, ["head/w", "head/b"]),
        ((), {"trainable": False}, ["encoder/count"]),
        ((), {"collection": "counters"}, ["encoder/count"]),
        ((), {"collection": "trainable_variables"}, ["encoder/w", "head/w", "head/b"]),
        (("encoder/**",), {"trainable": True}, ["encoder/w"]),
    ],
)
def test_select(arguments, flags, expected):
    """Patterns, flags and collections choose together."""
    assert list(MANIFEST.select(*arguments, **flags)) == expected


def test_partition_and_merge_are_inverse(params):
    """Splitting and joining give back the very arrays."""
    ours, rest = MANIFEST.select(trainable=True).partition(params)
    assert sj.to_flat(rest).keys() == {"encoder/count"}
    joined = sj.merge(ours, rest)
    assert joined.keys() == params.keys()
    for name, leaf in sj.to_flat(params).items():
        assert sj.to_flat(joined)[name] is leaf


def test_partition_serves_grad(params):
    """One may differentiate for a part, the rest closed over."""
    ours, rest = MANIFEST.select("head/w").partition(params)
    grads = jax.grad(lambda ours: NET.apply(sj.merge(ours, rest), X).sum())(ours)
    np.testing.assert_array_equal(grads["head"]["w"], 1.0)


def test_shapes_are_what_init_makes(params):
    """The promised shape is the real one."""
    chex.assert_trees_all_equal_shapes_and_dtypes(MANIFEST.shapes(), params)


def test_initialize_is_init(params, key):
    """A manifest makes what init makes."""
    chex.assert_trees_all_equal(MANIFEST.initialize(key), params)
    part = MANIFEST.select("head/**").initialize(key)
    chex.assert_trees_all_equal(part["head"], params["head"])


def test_the_union_of_two_models():
    """Entry points that share parameters have one manifest."""

    def other(scope, x):
        encoder = scope / "encoder"
        w = encoder.get_variable("w", (4, 4), regularizer=l2)
        return x @ w * scope.get_variable("z", ())

    union = MANIFEST | sj.transform(other).manifest(X)
    assert list(union) == [*MANIFEST, "z"]
    assert union["encoder/w"] is MANIFEST["encoder/w"]

    def clash(scope):
        return (scope / "encoder").get_variable("w", (4, 5))

    with pytest.raises(
        sj.VariableMismatchError, match="disagree on encoder/w"
    ) as caught:
        MANIFEST | sj.transform(clash).manifest()
    assert "in model" in caught.value.first
    assert "in clash" in caught.value.where


def test_regularizers_are_summed(params):
    """Those of the call, the scope, and none where switched off."""
    loss = MANIFEST.regularization_loss(params)
    expected = l2(params["encoder"]["w"]) + l2(params["head"]["w"])
    assert_close(loss, expected, ulps=8)
    grads = jax.grad(MANIFEST.regularization_loss, allow_int=True)(params)
    assert_close(grads["head"]["w"], 2 * params["head"]["w"], ulps=8)
    nothing = sj.transform(lambda scope: scope.get_variable("w", ())).manifest()
    assert nothing.regularization_loss({"w": jnp.ones(())}) == 0.0


def test_constraints_are_applied(params):
    """The call's constraint wins over the scope's; the rest is the very same array."""
    projected = MANIFEST.project(params)
    np.testing.assert_array_equal(projected["head"]["w"], jnp.abs(params["head"]["w"]))
    np.testing.assert_array_equal(projected["head"]["b"], jnp.sign(params["head"]["b"]))
    assert projected["encoder"]["w"] is params["encoder"]["w"]


def test_stacks_are_regularized_and_constrained_item_by_item(key):
    """A stack behaves as its layers would one by one."""

    def norm(w):
        return jnp.sqrt(jnp.sum(w**2))

    def unit(w):
        return w / norm(w)

    def stacked(scope):
        def item(s):
            return s.get_variable("w", (3,), regularizer=norm, constraint=unit)

        return jax.lax.map(item, scope.stack(4))

    net = sj.transform(stacked)
    params, manifest = net.init(key), net.manifest()
    norms = jnp.linalg.norm(params["w"], axis=1)
    loss = manifest.regularization_loss(params)
    assert_close(loss, norms.sum(), ulps=8)
    projected = manifest.project(params)["w"]
    assert_close(jnp.linalg.norm(projected, axis=1), jnp.ones(4), ulps=8)


def test_partitioners_are_recorded():
    """A spec keeps the partitioner's answer, and a scalar has none."""

    def halves(shape, dtype):
        assert dtype == np.float32
        return [2] + [1] * (len(shape) - 1)

    def model(scope):
        scope = scope.with_options(partitioner=halves, caching_device="device")
        scope.get_variable("w", (4, 4))
        scope.get_variable("s", ())

    manifest = sj.transform(model).manifest()
    assert manifest["w"].partition == (2, 1)
    assert manifest["s"].partition is None
    assert manifest["w"].caching_device == "device"
