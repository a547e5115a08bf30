"""What a scope passes down, option by option."""

import dataclasses
import inspect

import jax
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj
from scopejax._spec.options import OPTIONS, Options

from ..helpers.options import KEY, ONES, ZEROS, field, l1, l2, specs, split, whole

# option -> two values, and what a spec has of each, and of none
PASSED_DOWN = {
    "initializer": (ZEROS, ONES, "initializer", sj.initializers.glorot_uniform),
    "regularizer": (l1, l2, "regularizer", None),
    "constraint": (l1, l2, "constraint", None),
    "dtype": ("bfloat16", "float16", "dtype", "float32"),
    "caching_device": ("device", "pinned_host", "caching_device", None),
    "trainable": (False, True, "trainable", True),
    "partitioner": (split, whole, "partition", None),
}


def test_each_option_has_a_row():
    """The table, the defaults of a scope and `with_options` name the same options."""
    fields = [field.name for field in dataclasses.fields(Options)]
    _, *parameters = inspect.signature(sj.Scope.with_options).parameters
    assert list(OPTIONS) == fields == parameters


def stored(option, value):
    """What the spec of a variable of one axis keeps of an option's value."""
    return value((2,), None) if option == "partitioner" and value else value


@pytest.mark.smoke
@pytest.mark.parametrize("option", PASSED_DOWN)
def test_an_option_is_inherited(option):
    """A scope below has what the scope above has, unless it or the call says else."""
    one, two, name, none = PASSED_DOWN[option]

    def model(scope):
        above = scope.with_options(**{option: one})
        below = (above / "x" / "y").with_options(**{option: two})
        scope.get_variable("none", (2,))
        above.get_variable("above", (2,))
        (above / "a" / "b").get_variable("inherited", (2,))
        below.get_variable("own", (2,))
        (above / "x").get_variable("beside", (2,))
        (below / "z").get_variable("nearest", (2,))
        if option not in ("initializer", "dtype"):
            below.get_variable("call", (2,), **{option: one})
        (above / "n").with_options(**{option: None}).get_variable("kept", (2,))

    found = field(name)(specs(model))
    expected = {
        "none": none,
        "above": one,
        "a/b/inherited": one,
        "x/y/own": two,
        "x/beside": one,
        "x/y/z/nearest": two,
        "n/kept": one,
    }
    if option not in ("initializer", "dtype"):
        expected["x/y/call"] = one
    for key, value in expected.items():
        wanted = stored(option, value)
        assert found[key] == wanted, key


@pytest.mark.parametrize("option", ["initializer", "dtype"])
def test_the_calls_argument_comes_first(option):
    """A call's own initializer and dtype go before those of the scope."""
    one, two, name, _ = PASSED_DOWN[option]

    def model(scope):
        scope = scope.with_options(**{option: one})
        return scope.get_variable("w", (2,), **{option: two})

    assert field(name)(specs(model)) == {"w": two}


@pytest.mark.parametrize("option", PASSED_DOWN)
def test_a_scope_with_options_is_another_scope(option):
    """The scope that `with_options` was called on stays as it was."""
    one, _, name, none = PASSED_DOWN[option]

    def model(scope):
        changed = scope.with_options(**{option: one})
        scope.get_variable("before", (2,))
        changed.get_variable("after", (2,))

    found = field(name)(specs(model))
    assert found["before"] == none
    assert found["after"] == stored(option, one)


@pytest.mark.parametrize("option", PASSED_DOWN)
@pytest.mark.parametrize("around", ["jit", "scan", "vmap", "closure"])
def test_options_go_through_transforms(option, around):
    """What a scope passes down arrives behind a JAX transform."""
    one, _, name, _ = PASSED_DOWN[option]

    def ask(scope, x=0.0):
        return (scope / "b").get_variable("w", (2,)).sum()

    def model(scope):
        scope = (scope / "a").with_options(**{option: one})
        if around == "jit":
            return jax.jit(ask)(scope)
        if around == "closure":
            return jax.jit(lambda x: ask(scope))(0.0)
        if around == "vmap":
            return jax.vmap(ask)(scope.stack(3))
        return jax.lax.scan(lambda c, s: (c, ask(s)), 0.0, scope.stack(3))

    assert field(name)(specs(model)) == {"a/b/w": stored(option, one)}


@given(
    given_=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                option: st.sampled_from([values[0], values[1], None])
                for option, values in PASSED_DOWN.items()
            },
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_nest_of_options_is_read_from_the_inside(given_):
    """Of each option the innermost value that is not None counts."""

    def model(scope):
        for options in given_:
            scope = (scope / "s").with_options(**options)
        return scope.get_variable("w", (2,))

    (spec,) = specs(model).values()
    for option, (_, _, name, none) in PASSED_DOWN.items():
        values = [o[option] for o in given_ if o.get(option) is not None]
        wanted = stored(option, values[-1]) if values else none
        assert getattr(spec, name) == wanted, option


def test_an_inherited_regularizer_is_switched_off():
    """`no_regularizer` switches off what is inherited, per call and per scope."""

    def model(scope):
        scope = scope.with_options(regularizer=l2)
        off = (scope / "off").with_options(regularizer=sj.no_regularizer)
        scope.get_variable("on", (2,))
        scope.get_variable("call", (2,), regularizer=sj.no_regularizer)
        off.get_variable("scope", (2,))
        (off / "below").get_variable("inherited", (2,))
        off.get_variable("again", (2,), regularizer=l1)

    assert field("regularizer")(specs(model)) == {
        "on": l2,
        "call": None,
        "off/scope": None,
        "off/below/inherited": None,
        "off/again": l1,
    }


def test_a_scopes_initializer_serves_every_dtype():
    """The default initializer is called with the dtype of each variable."""

    def model(scope):
        scope = scope.with_options(initializer=ONES)
        scope.get_variable("n", (2,), "int32")
        scope.get_variable("w", (2,), "bfloat16")

    params = sj.transform(model).init(KEY)
    assert {name: leaf.dtype.name for name, leaf in params.items()} == {
        "n": "int32",
        "w": "bfloat16",
    }
    assert all(leaf.sum() == 2 for leaf in params.values())


def test_what_is_read_once_is_not_trained():
    """`ON_READ` makes a variable not trainable, unless the call says that it is."""
    on_read = sj.VariableSynchronization.ON_READ

    def model(scope):
        scope.get_variable("plain", ())
        scope.get_variable("on_read", (), synchronization=on_read)
        scope.get_variable("asked", (), synchronization=on_read, trainable=True)

    assert field("trainable")(specs(model)) == {
        "plain": True,
        "on_read": False,
        "asked": True,
    }


def test_collections_follow_trainable():
    """Trained variables are in the collection of those, whatever else is asked for."""

    def model(scope):
        frozen = scope.with_options(trainable=False)
        scope.get_variable("plain", ())
        scope.get_variable("mine", (), collections=["mine"])
        scope.get_variable("none", (), collections=[])
        frozen.get_variable("frozen", ())
        frozen.get_variable("by_hand", (), collections=("trainable_variables",))
        scope.get_variable("once", (), collections=["trainable_variables"])

    assert field("collections")(specs(model)) == {
        "plain": ("variables", "trainable_variables"),
        "mine": ("mine", "trainable_variables"),
        "none": ("trainable_variables",),
        "frozen": ("variables",),
        "by_hand": ("trainable_variables",),
        "once": ("trainable_variables",),
    }


def test_the_callers_list_of_collections_is_left_alone():
    """The list that is passed is not changed."""
    mine = ["mine"]
    specs(lambda s: s.get_variable("w", (), collections=mine))
    assert mine == ["mine"]
