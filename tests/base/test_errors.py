"""The kinds of error: a base, its leaves, the message, and what pickling keeps."""

import copy
import pickle

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj

KEY = jax.random.key(0)
LEAVES = [
    sj.VariableExistsError,
    sj.VariableNotFoundError,
    sj.VariableMismatchError,
    sj.InvalidArgumentError,
    sj.CheckpointError,
    sj.InitializerError,
    sj.ScopeUsageError,
]
KINDS = [sj.ScopeError, *LEAVES]
FIELDS = {
    "name": "a/w",
    "expected": "(2,)",
    "found": "(3,)",
    "where": "model.py:3 in dense",
    "first": "model.py:9 in tower",
    "nearest": ("a/v", "b/w"),
    "remedy": "Do this.",
}
FULL = """\
Variable a/w is odd.
  expected          (2,)
  found             (3,)
  asked for at      model.py:3 in dense
  first defined at  model.py:9 in tower
  nearest names     a/v, b/w
  remedy            Do this.
  docs              """

kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.mark.smoke
@pytest.mark.parametrize("kind", LEAVES)
def test_a_kind_is_a_leaf_below_the_base(kind):
    """Each kind is a `ScopeError`, and no kind is another."""
    assert kind.__mro__[1:3] == (sj.ScopeError, ValueError)
    assert not any(issubclass(kind, other) for other in LEAVES if other is not kind)


def test_the_base_has_no_other_leaves():
    """There are seven kinds, all of them public."""
    kinds = sj.ScopeError.__subclasses__()
    ours = {kind for kind in kinds if kind.__module__.startswith("scopejax")}
    assert {kind for kind in ours if not kind.__name__.startswith("_")} == set(LEAVES)
    assert all(getattr(sj, kind.__name__) is kind for kind in KINDS)


@kinds
def test_fields_are_attributes(kind):
    """What the message says is data as well."""
    error = kind("Variable a/w is odd.", **FIELDS)
    assert error.headline == "Variable a/w is odd."
    assert {field: getattr(error, field) for field in FIELDS} == FIELDS


@kinds
def test_the_message_has_a_line_for_each_field(kind):
    """The headline first, then the fields in a fixed order, aligned."""
    assert str(kind("Variable a/w is odd.", **FIELDS)) == FULL + kind.docs


@kinds
def test_fields_that_are_missing_have_no_line(kind):
    """A bare error is its headline and its page, and its fields are None or empty."""
    error = kind("Odd.")
    assert str(error) == f"Odd.\n  docs              {kind.docs}"
    assert error.nearest == ()
    assert {getattr(error, f) for f in FIELDS if f != "nearest"} == {None}


@pytest.mark.parametrize("field", [field for field in FIELDS if field != "name"])
def test_each_field_has_a_line_of_its_own(field):
    """One field adds one line, with a label."""
    text = str(sj.ScopeError("Odd.", **{field: FIELDS[field]}))
    value = FIELDS[field]
    shown = ", ".join(value) if field == "nearest" else value
    first, second, docs = text.split("\n")
    assert first == "Odd."
    assert docs.split() == ["docs", "errors/index"]
    assert second.startswith("  ")
    assert second[20:] == shown


def test_the_name_adds_no_line():
    """The headline holds the name already."""
    assert str(sj.ScopeError("Variable a/w is odd.", name="a/w")).count("a/w") == 1


@pytest.mark.parametrize("headline", ["Odd.", "A shape holds whole numbers."])
def test_the_message_shows_the_name(headline):
    """Where the headline does not say which variable it is about, a line does."""
    error = sj.InvalidArgumentError(headline, name="encoder/h0/kernel")
    assert "encoder/h0/kernel" in str(error)


def test_nearest_becomes_a_tuple():
    """Names given in any sequence are kept as a tuple."""
    assert sj.ScopeError("Odd.", nearest=["a", "b"]).nearest == ("a", "b")


@kinds
def test_a_kind_is_caught_as_a_value_error(kind):
    """Code written for TF1, which catches `ValueError`, catches every kind."""
    with pytest.raises(ValueError, match="Odd"):
        raise kind("Odd.")


# Copies


COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda error, protocol=protocol: pickle.loads(
            pickle.dumps(error, protocol)
        )
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}
copies = pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)


@copies
@kinds
def test_a_copy_keeps_kind_and_fields(duplicate, kind):
    """Copying and pickling keep the type, the message and every field."""
    again = duplicate(kind("Variable a/w is odd.", **FIELDS))
    assert type(again) is kind
    assert again.headline == "Variable a/w is odd."
    assert {field: getattr(again, field) for field in FIELDS} == FIELDS
    assert str(again) == FULL + kind.docs
    assert again.args == (FULL + kind.docs,)


@copies
def test_a_copy_keeps_notes(duplicate):
    """Notes, which JAX adds to what passes through it, do not hinder a copy."""
    error = sj.InitializerError("Odd.", name="a/w")
    error.add_note("while the model was recorded")
    again = duplicate(error)
    assert type(again) is sj.InitializerError
    assert again.name == "a/w"
    assert again.__notes__ == ["while the model was recorded"]


class Special(sj.ScopeError):
    """A kind of a user's own."""


@copies
def test_a_users_own_kind_is_kept(duplicate):
    """A kind below the base is copied as itself."""
    assert type(duplicate(Special("Odd.", **FIELDS))) is Special


def exists():
    """A variable made twice."""
    sj.transform(
        lambda s: (s.get_variable("a/w", ()), s.get_variable("a/w", ()))
    ).manifest()


def not_found():
    """A variable that is not there."""
    sj.Scope({"a": {"v": jnp.ones(())}}).get_variable("a/w", ())


def mismatch():
    """A variable of another shape."""
    sj.Scope({"a": {"w": jnp.ones(2)}}).get_variable("a/w", (3,))


def invalid():
    """A malformed shape, within a JAX transform."""
    sj.transform(
        lambda s: jax.jit(lambda s: s.get_variable("a/w", (2.5,)))(s)
    ).manifest()


def initializer():
    """An initializer that fails."""
    sj.transform(
        lambda s: s.get_variable("a/w", (), initializer=lambda k, s, d: 1 / 0)
    ).init(KEY)


def usage():
    """A key that was not passed."""
    (sj.Scope({}) / "a").key("w")


RAISED = {
    exists: sj.VariableExistsError,
    not_found: sj.VariableNotFoundError,
    mismatch: sj.VariableMismatchError,
    invalid: sj.InvalidArgumentError,
    initializer: sj.InitializerError,
    usage: sj.ScopeUsageError,
}


@pytest.mark.parametrize(
    ("call", "kind"), RAISED.items(), ids=[call.__name__ for call in RAISED]
)
def test_an_error_that_was_raised_is_pickled(call, kind):
    """What the library raises, within JAX or not, goes to another process whole."""
    with pytest.raises(sj.ScopeError, match="asked for at") as info:
        call()
    error = info.value
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) is kind
    assert str(again) == str(error)
    assert (again.name, again.where) == (error.name, error.where)


@pytest.mark.parametrize("call", RAISED, ids=lambda call: call.__name__)
def test_an_error_that_was_raised_is_complete(call):
    """Each has a name and a place in this file, and its message shows both."""
    with pytest.raises(sj.ScopeError, match="asked for at") as info:
        call()
    error = info.value
    assert error.name == "a/w"
    assert "a/w" in str(error)
    assert "test_errors.py:" in error.where.split(",")[0]
    assert f"asked for at      {error.where}" in str(error)


def test_the_place_is_the_line_of_the_call():
    """The innermost step is the line that asks, then come those that call it."""

    def dense(scope):
        return scope.get_variable("w", (3,))

    def model(scope):
        return dense(scope / "a")

    with pytest.raises(sj.VariableMismatchError, match="a/w") as info:
        sj.transform(model).apply({"a": {"w": jnp.ones(2)}})
    inner, outer, caller = info.value.where.split(", called at ")
    assert inner.endswith(
        f"test_errors.py:{dense.__code__.co_firstlineno + 1} in dense"
    )
    assert outer.endswith(
        f"test_errors.py:{model.__code__.co_firstlineno + 1} in model"
    )
    assert caller.endswith("in test_the_place_is_the_line_of_the_call")


TEXT = st.text(max_size=20)


@given(
    kind=st.sampled_from(KINDS),
    headline=TEXT,
    fields=st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(["name", "expected", "found", "where", "remedy"], TEXT),
            "nearest": st.lists(TEXT, max_size=3),
        },
    ),
)
def test_any_error_survives_pickling(kind, headline, fields):
    """Whatever the fields are, a pickled error is equal in all of them."""
    error = kind(headline, **fields)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert vars(again) == vars(error)
    assert again.args == error.args
