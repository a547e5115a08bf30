"""Scopes where they cannot be used, and attempts to change one."""

import copy

import jax
import jax.numpy as jnp
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.refusals import KEY, init, refusal

# After the transform


def leak(step):
    """A scope that a model has kept, at `a/b`, after `step` ended."""
    kept = []

    def model(scope):
        kept.append(scope / "a" / "b")
        return scope.get_variable("w", ())

    def failing(scope):
        model(scope)
        raise RuntimeError("the user's own")

    net = sj.transform(model)
    if step == "init":
        net.init(KEY)
    elif step == "manifest":
        net.manifest()
    elif step == "check":
        net.check({"w": jnp.ones(())})
    else:
        with pytest.raises(RuntimeError, match="the user's own"):
            init(failing)
    return kept[0]


LEAKED_USES = {
    "get_variable": lambda scope: scope.get_variable("w", ()),
    "a child's": lambda scope: (scope / "c").get_variable("w", ()),
    "with options": lambda scope: scope.with_options(reuse=sj.AUTO_REUSE).get_variable(
        "w", ()
    ),
    "key": lambda scope: scope.key("noise"),
    "stack": lambda scope: scope.stack(3),
    "jit": lambda scope: jax.jit(lambda s: s.get_variable("w", ()))(scope),
    "leaves": jax.tree.leaves,
    "copy": lambda scope: copy.copy(scope).get_variable("w", ()),
    "another init": lambda scope: init(lambda s: scope.get_variable("w", ())),
    "a layer": lambda scope: layers.dense(scope, jnp.ones((1, 2)), 3),
}


@pytest.mark.smoke
@pytest.mark.parametrize("step", ["init", "manifest", "check", "failure"])
@pytest.mark.parametrize("use", LEAKED_USES.values(), ids=LEAKED_USES)
def test_a_scope_ends_with_its_transform(use, step):
    """A scope kept in a closure is refused, wherever it was kept and is used."""
    scope = leak(step)
    error = refusal(
        sj.ScopeUsageError,
        lambda: use(scope),
        match="is used outside of the transform it belongs to",
    )
    assert "scopejax.Scope(params)" in error.remedy


@pytest.mark.parametrize("step", ["init", "manifest", "failure"])
def test_a_scope_that_has_ended_is_named(step):
    """The error names the scope that was kept."""
    scope = leak(step)
    for use in (
        lambda: scope.get_variable("w", ()),
        lambda: scope.key("noise"),
        lambda: jax.tree.leaves(scope),
    ):
        error = refusal(
            sj.ScopeUsageError, use, match="The scope 'a/b' is used outside"
        )
        assert error.name.startswith("a/b")


def test_a_scope_that_has_ended_can_be_looked_at():
    """Its name, its path and its text still are what they were."""
    scope = leak("init")
    assert (scope.name, scope.path, repr(scope)) == ("a/b", ("a", "b"), "Scope('a/b')")
    assert (scope / "c").name == "a/b/c"


def test_a_scope_of_one_call_is_refused_in_the_next():
    """A scope kept by one call of init is not taken for the next one's own."""
    kept = []

    def model(scope):
        kept.append(scope)
        return kept[0].get_variable("w", ())

    net = sj.transform(model)
    assert list(net.init(KEY)) == ["w"]
    refusal(sj.ScopeUsageError, lambda: net.init(KEY), match="outside of the transform")
    kept.clear()
    assert list(net.init(KEY)) == ["w"]


def test_a_scope_over_arrays_outlives_apply():
    """Apply's scope is over arrays that exist, and needs no transform."""
    kept = []
    net = sj.transform(lambda s: kept.append(s / "a"))
    net.apply({"a": {"w": jnp.ones(2)}})
    assert kept[0].get_variable("w", (2,)).shape == (2,)


# A scope does not change


ATTRIBUTES = [
    *("path", "name", "reuse", "w"),
    *("_variables", "_key", "_place", "_unsliced", "_copies"),
]


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_no_attribute_is_set(name):
    """Setting anything on a scope is refused, with what to do in its place."""
    scope = sj.Scope({"w": jnp.ones(2)})
    with pytest.raises(AttributeError, match=f"A Scope is immutable: '{name}'"):
        setattr(scope, name, None)
    assert scope.get_variable("w", (2,)).shape == (2,)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_no_attribute_is_deleted(name):
    """Deleting anything from a scope is refused, and nothing is lost."""
    scope = sj.Scope({"w": jnp.ones(2)}, key=KEY) / "a"
    with pytest.raises(AttributeError, match="A Scope is immutable"):
        delattr(scope, name)
    assert scope.name == "a"
    assert scope.key("noise").shape == ()


def test_a_scope_is_no_container():
    """A scope is no dict and no function: Python's own errors tell so."""
    scope = sj.Scope({"w": jnp.ones(2)})
    for call in (lambda: scope["w"], lambda: scope(), lambda: "a" / scope):
        with pytest.raises(TypeError, match="Scope"):
            call()
    with pytest.raises(AttributeError, match="'w'"):
        scope.w  # noqa: B018
