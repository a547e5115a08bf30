"""Names that cannot be one: the error says which, whose line, and nothing is made."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj

from ..helpers.refusals import KEY, init, manifest, refusal

MALFORMED = ["", "/", "//", "/a", "a/", "a//b", "a/b/", "/a/b"]
NO_STRINGS = [3, True, 2.5, None, b"w", ("a", "b"), np.int64(3), object()]

PLACES = {
    "a variable, recorded": lambda name: init(lambda s: s.get_variable(name, (2,))),
    "a scope, recorded": lambda name: init(lambda s: (s / name) and None),
    "a key, recorded": lambda name: init(lambda s: s.key(name) and None),
    "a variable": lambda name: sj.Scope({"a": jnp.ones(2)}).get_variable(name),
    "a scope": lambda name: sj.Scope({"a": jnp.ones(2)}) / name,
    "a key": lambda name: sj.Scope({}, key=KEY).key(name),
    "a flat tree": lambda name: sj.from_flat({name: jnp.ones(2)}),
}


@pytest.mark.smoke
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_names_are_refused(place, name):
    """A name with an empty component is refused wherever a name is taken."""
    error = refusal(
        sj.InvalidArgumentError,
        lambda: place(name),
        match="is empty" if not name else "has an empty component",
        name=name,
    )
    assert repr(name) in str(error)
    assert "single slashes" in error.remedy


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("name", NO_STRINGS, ids=lambda name: type(name).__name__)
def test_names_are_strings(place, name):
    """What is no string is refused as a name, with its type."""
    error = refusal(
        sj.InvalidArgumentError,
        lambda: place(name),
        match="A name must be a string, but received",
    )
    assert error.expected == "str"
    assert error.found == type(name).__name__


def test_a_traced_name_is_refused():
    """An array that is being traced is no name either."""
    refusal(
        sj.InvalidArgumentError,
        lambda: init(lambda s, x: s.get_variable(x, (2,)), jnp.ones(2)),
        match="A name must be a string",
    )


def test_a_number_as_a_name_is_shown_as_text():
    """A loop's number, passed as a scope's name, comes with the string to pass."""
    error = refusal(
        sj.InvalidArgumentError, lambda: init(lambda s: s / 3), match="but received: 3"
    )
    assert error.remedy == "Pass '3'."


@pytest.mark.parametrize("ask", ["get_variable", "key", "__truediv__"])
def test_the_error_tells_the_scope_of_a_bad_name(ask):
    """A bad name that is asked of a scope comes with the path of that scope."""

    def model(scope):
        getattr(scope / "encoder" / "h0", ask)("a//b")

    error = refusal(
        sj.InvalidArgumentError, lambda: init(model), match="empty component"
    )
    assert error.name == "encoder/h0/a//b"


def test_the_line_of_a_bad_name_is_the_one_that_asks():
    """The innermost line of the error is the call that passed the name."""

    def model(scope):
        return scope.get_variable("a//b", ())

    line = model.__code__.co_firstlineno + 1
    error = refusal(
        sj.InvalidArgumentError, lambda: init(model), match="empty component"
    )
    assert f"test_names.py:{line} in model, called at " in error.where


def test_text_that_has_no_encoding_is_refused_as_a_name():
    """A name of lone surrogates, which no hash and no file takes, is blamed itself."""
    refusal(
        sj.InvalidArgumentError,
        lambda: init(lambda s: s.get_variable("\ud800", (2,))),
        match="name",
    )


@pytest.mark.parametrize("name", ["é", "a b", "a.b", "kernel:0", "1", "-", "日本"])
def test_other_text_is_a_name(name):
    """Any text without slashes is a name, and is found again."""

    def model(scope):
        return (scope / name).get_variable(name, (2,))

    params = init(model)
    assert list(params) == [name]
    assert list(params[name]) == [name]
    assert sj.transform(model).apply(params).shape == (2,)


def test_a_name_of_another_string_type_is_stored_as_text():
    """NumPy's strings are names, and the tree's keys are Python's own."""
    params = init(lambda s: (s / np.str_("a")).get_variable(np.str_("w"), (2,)))
    assert [type(name) for name in sj.to_flat(params)] == [str]
    assert type(next(iter(params))) is str
    assert type(next(iter(params["a"]))) is str


# A variable and a scope of one name


CLASHES = {
    "variable first": (["a", "a/w"], "a", "a/w"),
    "scope first": (["a/w", "a"], "a", "a/w"),
    "variable first, deep": (["a/b", "a/b/c/d"], "a/b", "a/b/c/d"),
    "scope first, deep": (["a/b/c/d", "a/b"], "a/b", "a/b/c/d"),
}


@pytest.mark.parametrize(("names", "both", "below"), CLASHES.values(), ids=CLASHES)
def test_a_name_is_a_variable_or_a_scope(names, both, below):
    """A name that is a variable and a scope is refused in either order."""

    def model(scope):
        return [scope.get_variable(name, ()) for name in names]

    error = refusal(
        sj.InvalidArgumentError,
        lambda: init(model),
        match=f"{both} cannot be both a variable and a scope",
        name=both,
    )
    assert below in error.headline
    assert error.remedy


@pytest.mark.parametrize("around", [jax.jit, jax.vmap, jax.checkpoint])
def test_a_clash_of_kinds_is_seen_through_transforms(around):
    """A variable made within a JAX transform clashes with a scope outside."""

    def model(scope, x):
        below = around(lambda x: x + (scope / "a").get_variable("w", ()))(x)
        return below + scope.get_variable("a", ())

    refusal(
        sj.InvalidArgumentError,
        lambda: init(model, jnp.ones(3)),
        match="a cannot be both a variable and a scope",
        name="a",
    )


def test_a_scope_without_variables_leaves_its_name_free():
    """A scope that makes nothing, or keys alone, does not take a name."""

    def model(scope):
        (scope / "a" / "b").key("noise")
        return scope.get_variable("a", ())

    assert list(init(model)) == ["a"]


def test_a_variable_asked_as_a_scope_is_not_found():
    """At apply a variable where the model has a scope is an error with full name."""
    error = refusal(
        sj.VariableNotFoundError,
        lambda: (sj.Scope({"a": jnp.ones(())}) / "a").get_variable("w"),
        match="Variable a/w does not exist",
        name="a/w",
    )
    assert "check" in error.remedy


def test_a_scope_asked_as_a_variable_is_not_found():
    """At apply a scope where the model has a variable is told as such."""
    error = refusal(
        sj.VariableNotFoundError,
        lambda: sj.Scope({"a": {"w": jnp.ones(())}}).get_variable("a"),
        match="Variable a does not exist",
        name="a",
    )
    assert error.found == "a scope of that name"


NAMES = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join),
    min_size=1,
    max_size=5,
)


def _first_clash(names):
    """What a list of names, made in this order, must raise."""
    seen = []
    for name in names:
        if name in seen:
            return sj.VariableExistsError
        for other in seen:
            if name.startswith(f"{other}/") or other.startswith(f"{name}/"):
                return sj.InvalidArgumentError
        seen.append(name)
    return None


@given(names=NAMES)
def test_any_list_of_names_is_made_or_refused(names):
    """Names are all made, in order, or the first that cannot be is the error."""

    def model(scope):
        for name in names:
            scope.get_variable(name, ())

    kind = _first_clash(names)
    if kind is None:
        assert list(manifest(model)) == names
    else:
        refusal(kind, lambda: manifest(model), match="already exists|cannot be both")


@given(names=NAMES)
def test_any_flat_tree_is_nested_or_refused(names):
    """`from_flat` nests names as a model makes them, and refuses the same ones."""
    flat = dict.fromkeys(names, 0)
    kind = _first_clash(flat)
    if kind is None:
        assert sorted(sj.to_flat(sj.from_flat(flat))) == sorted(flat)
    else:
        refusal(kind, lambda: sj.from_flat(flat), match="cannot be both")


# The names of keys


def test_a_key_with_a_slash_is_the_key_of_the_scope_below():
    """`key("a/b")` is the key `b` of the scope `a`, as for variables."""
    scope = sj.Scope({}, key=KEY)
    whole, below = scope.key("a/b"), (scope / "a").key("b")
    assert jnp.array_equal(jax.random.key_data(whole), jax.random.key_data(below))


def test_a_key_takes_no_name_from_variables():
    """A key, a variable and a scope may share a name: the numbers differ."""

    def model(scope):
        scope.key("a")
        scope.key("b")
        return scope.get_variable("a", ()), (scope / "b").get_variable("w", ())

    assert sorted(sj.to_flat(init(model))) == ["a", "b/w"]


def test_a_name_of_a_thousand_components_is_refused():
    """JAX's trees nest no deeper; the name is cut in the error."""
    for call in (
        lambda: sj.Scope({}) / "/".join("d" * 1000),
        lambda: sj.Scope({}) / "/".join("d" * 920) / "d",
        lambda: sj.from_flat({"/".join("d" * 1000): 1}),
    ):
        error = refusal(sj.InvalidArgumentError, call, match="920 components at most")
        assert len(error.name) < 200
