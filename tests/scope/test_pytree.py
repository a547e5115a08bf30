"""A scope as a pytree: every field survives."""

import pickle

import chex
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given

import scopejax as sj
from scopejax._spec.options import Options

from ..helpers.closeness import assert_close
from ..helpers.models.blocks import X, block
from ..helpers.randomness import examples

names = st.text("abc", min_size=1, max_size=2)


@st.composite
def scopes(draw):
    """A scope somewhere below a root, with options, a key, and maybe a stack."""
    variables = {"a": {"w": jnp.ones((3, 2)), "b": {"v": jnp.zeros((3,))}}}
    key = draw(st.sampled_from([None, jax.random.key(1), jax.random.PRNGKey(1)]))
    scope = sj.Scope(variables, key=key)
    for name in draw(st.lists(names, max_size=2)):
        scope = scope / name
    options = {
        "reuse": st.sampled_from([None, True, sj.AUTO_REUSE]),
        "dtype": st.sampled_from([None, "bfloat16"]),
        "trainable": st.sampled_from([None, False]),
    }
    scope = scope.with_options(**draw(st.fixed_dictionaries(options)))
    return scope.stack(3) if draw(st.booleans()) and scope.path[:1] != ("c",) else scope


def fields(scope):
    """All that a scope carries, seen from its own path."""
    place = scope._place
    options = [getattr(place.options, name) for name in OPTIONS]
    variables, key, unsliced = scope._children()
    raw = None if key is None else np.asarray(_data(key))
    return place.path, options, place.stack, variables, raw, unsliced


OPTIONS = [*Options.__dataclass_fields__]


def _data(key):
    typed = jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    return jax.random.key_data(key) if typed else key


def passages():
    """Ways for a scope to come out as it went in."""

    def flattened(scope):
        leaves, structure = jax.tree.flatten(scope)
        return jax.tree.unflatten(structure, leaves)

    return {
        "flatten": flattened,
        "tree.map": lambda scope: jax.tree.map(lambda leaf: leaf, scope),
        "pickle": lambda scope: pickle.loads(pickle.dumps(scope)),
        "jit": lambda scope: jax.jit(lambda scope: scope)(scope),
    }


@pytest.mark.smoke
@pytest.mark.parametrize("passage", passages().values(), ids=passages())
@examples(25)
@given(scope=scopes())
def test_every_field_survives(passage, scope):
    """A scope comes out of every passage as it went in."""
    if passage is passages()["pickle"] and scope._key is not None:
        typed = jnp.issubdtype(scope._key.dtype, jax.dtypes.prng_key)
        if typed:  # JAX does not pickle arrays of typed keys
            return
    before, after = fields(scope), fields(passage(scope))
    assert before[:3] == after[:3]
    chex.assert_trees_all_equal(before[3:], after[3:])


def test_its_children_have_names():
    """Key paths speak of variables and key."""
    scope = sj.Scope({"a": {"w": 1.0}}, key=jax.random.key(0))
    paths = [jax.tree_util.keystr(path) for path, _ in jax.tree.leaves_with_path(scope)]
    assert paths == [".variables['a']['w']", ".key"]


def test_only_what_is_below_comes_along():
    """A scope below the root carries its own subtree."""
    scope = sj.Scope({"a": {"w": jnp.ones(1)}, "b": {"w": jnp.ones(2)}}) / "b"
    assert [leaf.shape for leaf in jax.tree.leaves(scope)] == [(2,)]


def test_keys_do_not_depend_on_boundaries():
    """A key behind any number of boundaries is the key without them."""
    root = sj.Scope({}, key=jax.random.key(3))
    expected = (root / "a/b" / "c").key("drop", 2)

    @jax.jit
    def inner(scope):
        return (scope / "c").key("drop", 2)

    @jax.jit
    def outer(scope):
        return inner(scope / "b")

    assert outer(root / "a") == expected
    assert inner(root / "a/b") == expected
    other = [root.key("drop", 2), (root / "a/b/c").key("drop", 1), root.key("drop")]
    assert all(key != expected for key in other)


def test_grad_of_a_scope_is_a_scope():
    """The gradient for a scope holds each variable's gradient under its name."""
    scope = sj.Scope({"h": {"dense": {"kernel": jnp.eye(4)}, "scale": jnp.ones(())}})
    grads = jax.grad(lambda s: jnp.sum(block(s, X)))(scope / "h")
    assert isinstance(grads, sj.Scope)
    assert grads.name == "h"
    expected = jnp.sum(jnp.tanh(X))
    assert_close(grads.get_variable("scale", ()), expected, ulps=8)


def test_optimizers_take_a_scope():
    """`jax.tree.map` over two scopes of one model meets leaf with leaf."""
    one = sj.Scope({"w": jnp.ones(2)})
    two = sj.Scope({"w": jnp.full(2, 2.0)})
    total = jax.tree.map(jnp.add, one, two)
    np.testing.assert_array_equal(total.get_variable("w", (2,)), 3.0)
