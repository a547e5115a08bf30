"""What cannot be assigned: the errors, and that their remedies work."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

from ..helpers.refusals import refusal

KEY = jax.random.key(0)
X = jnp.arange(3.0)


def mean_of(scope, x, value=None):
    """A moving mean that is assigned its input, or a value."""
    old = scope.get_variable("mean", (3,), trainable=False)
    scope.assign("mean", x if value is None else value)
    return old


def stateful(model):
    """The transformed model with zeros as its state, if it is recorded at all."""
    return sj.transform_with_state(model)


STATE = {"a": {"mean": jnp.zeros(3)}}


def both_ways(model, state, kind, match, name="a/mean", params=None):
    """The same refusal from init, which records, and from apply, which runs."""
    net = stateful(model)
    first = refusal(kind, lambda: net.init(KEY, X), match=match, name=name)
    refusal(kind, lambda: net.apply(params or {}, state, X), match=match, name=name)
    return first


@pytest.mark.smoke
def test_a_trainable_variable_is_refused():
    """What an optimizer changes is not assigned; the error says what is state."""

    def model(scope, x):
        (scope / "a").get_variable("w", (3,))
        (scope / "a").assign("w", x)

    params = {"a": {"w": jnp.ones(3)}}
    match = "Variable a/w cannot be assigned"
    error = both_ways(model, {}, sj.ScopeUsageError, match, "a/w", params)
    assert "it is trainable" in str(error)
    assert "trainable=False" in error.remedy
    assert "test_state_refusals.py" in error.where


def test_without_state_nothing_is_assigned():
    """`transform` has no state: init, apply and a scope over a dict refuse."""
    net = sj.transform(lambda s, x: mean_of(s / "a", x))
    for call in (
        lambda: net.init(KEY, X),
        lambda: net.apply(STATE, X),
        lambda: mean_of(sj.Scope(STATE) / "a", X),
    ):
        error = refusal(
            sj.ScopeUsageError, call, match="a/mean cannot be assigned", name="a/mean"
        )
        assert "scopejax.transform_with_state" in error.remedy


MISFITS = {
    "shape": (jnp.zeros(2), r"shape \(2,\)"),
    "rank": (jnp.zeros(()), r"shape \(\)"),
    "dtype": (jnp.zeros(3, jnp.int32), "dtype int32"),
    "half": (jnp.zeros(3, jnp.bfloat16), "dtype bfloat16"),
    "a Python number": (1.0, r"shape \(\)"),
}


@pytest.mark.parametrize(("value", "found"), MISFITS.values(), ids=MISFITS)
def test_another_shape_or_dtype_is_refused(value, found):
    """A value has the variable's shape and dtype; the error says both."""
    error = both_ways(
        lambda s, x: mean_of(s / "a", x, value),
        STATE,
        sj.VariableMismatchError,
        "Variable a/mean is assigned a value that does not fit",
    )
    assert error.expected == "shape (3,) and dtype float32"
    assert found.replace("\\", "") in error.found


@pytest.mark.parametrize(
    ("dtype", "value", "fits"),
    [
        ("float32", 2, True),
        ("float32", 2.5, True),
        ("bfloat16", 2.5, True),
        ("int32", 2, True),
        ("int8", True, True),
        ("bool", True, True),
        ("int32", 2.5, False),
        ("bool", 1, False),
        ("int8", 300, False),
        ("uint8", -1, False),
        ("float32", 1j, False),
    ],
)
def test_numbers_of_python_take_the_dtype(dtype, value, fits):
    """Python's own numbers become the variable's dtype, unless that loses something."""

    def model(scope):
        scope.get_variable("n", (), dtype, trainable=False)
        scope.assign("n", value)

    net = stateful(model)
    if not fits:
        with pytest.raises(sj.VariableMismatchError, match="does not fit"):
            net.init(KEY)
        return
    _, state = net.init(KEY)
    _, new = net.apply({}, state)
    assert new["n"].dtype == state["n"].dtype
    assert new["n"].item() == value
    assert not new["n"].weak_type


def test_what_was_not_created_is_refused():
    """An assignment to a name that does not exist tells the nearest."""

    def model(scope, x):
        scope.get_variable("a/mean", (3,), trainable=False)
        scope.assign("a/maen", x)

    error = both_ways(
        model, STATE, sj.VariableNotFoundError, "a/maen is assigned", "a/maen"
    )
    assert error.nearest == ("a/mean",)


def test_a_value_that_is_no_array_is_refused():
    """Text and objects are refused by name."""
    both_ways(
        lambda s, x: mean_of(s / "a", x, "text"),
        STATE,
        sj.InvalidArgumentError,
        "The value given for a/mean is no array",
    )


def test_a_whole_stack_is_refused():
    """A stack is written item by item, by the scope that arrives in the loop."""

    def model(scope, x):
        layers = (scope / "a").stack(2)
        jax.lax.scan(lambda c, s: (c, mean_of(s, x)), 0.0, layers)
        layers.assign("mean", x)

    state = {"a": {"mean": jnp.zeros((2, 3))}}
    both_ways(model, state, sj.ScopeUsageError, "is asked of a stack of 2")


# What JAX cannot do


def test_a_batched_value_needs_a_batched_variable():
    """Under `vmap` a variable that is not mapped is not written; a stack is."""
    xs = jnp.ones((2, 3))
    net = stateful(lambda s, x: jax.vmap(lambda x: mean_of(s / "a", x))(x))
    for call in (lambda: net.init(KEY, xs), lambda: net.apply({}, STATE, xs)):
        error = refusal(
            sj.ScopeUsageError,
            call,
            match="Variable a/mean cannot be assigned here",
            name="a/mean",
        )
        assert "scope.stack(n)" in error.remedy
    mapped = stateful(lambda s, x: jax.vmap(mean_of)((s / "a").stack(2), x))
    params, state = mapped.init(KEY, xs)
    np.testing.assert_array_equal(mapped.apply(params, state, xs)[1]["a"]["mean"], xs)


# Trees that are no state


def test_params_and_state_have_nothing_in_common():
    """A variable in both is an error that names it."""
    net = stateful(lambda s, x: mean_of(s / "a", x))
    with pytest.raises(sj.VariableExistsError, match="a/mean is in both trees"):
        net.apply(STATE, STATE, X)


BAD_STATES = {
    "no dict": (jnp.zeros(3), "state must be a nested dict"),
    "no array": ({"a": {"mean": "text"}}, "value given for a/mean is no array"),
    "nothing": ({"a": {"mean": None}}, "value given for a/mean is no array"),
    "a flat name": ({"a/mean": jnp.zeros(3)}, "a key that is not the name"),
}


@pytest.mark.parametrize(("state", "match"), BAD_STATES.values(), ids=BAD_STATES)
def test_a_state_is_a_nested_dict_of_arrays(state, match):
    """Whatever else is passed as the state is refused by name."""
    net = stateful(lambda s, x: mean_of(s / "a", x))
    refusal(sj.InvalidArgumentError, lambda: net.apply({}, state, X), match=match)


def test_a_missing_state_is_told():
    """Apply without the state names what it lacks; check lists every difference."""
    net = stateful(lambda s, x: mean_of(s / "a", x))
    refusal(
        sj.VariableNotFoundError,
        lambda: net.apply({}, {}, X),
        match="Variable a/mean does not exist in the variables given",
        name="a/mean",
    )
    with pytest.raises(sj.VariableMismatchError, match="differs from the model in 2"):
        net.check({"w": jnp.zeros(1)}, {}, X)
    net.check({}, STATE, X)
