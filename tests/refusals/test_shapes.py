"""Shapes that cannot be one, shapes that disagree, shapes that are not there."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj

from ..helpers.refusals import init, manifest, refusal

VARIABLES = {"a": {"w": jnp.ones((2, 3))}}
NOT_WHOLE = {
    "float": 2.5,
    "float in a tuple": (2, 2.5),
    "a whole float": (2.0,),
    "numpy float": np.float32(2.0),
    "bool": True,
    "bool in a tuple": (True, 3),
    "numpy bool": (np.True_,),
    "string": "23",
    "string in a tuple": ("2",),
    "empty string": "",
    "bytes": b"ab",
    "nested": (2, (3,)),
    "object": object(),
    "set": {2, 3},
    "dict": {2: 3},
    "scalar array": jnp.array(3),
}


def ask(shape, **arguments):
    """A model of the one variable `a/w`."""
    return lambda scope: (scope / "a").get_variable("w", shape, **arguments)


def apply(model):
    """The result of a model on `VARIABLES`."""
    return sj.transform(model).apply(VARIABLES)


steps = pytest.mark.parametrize("step", [init, apply])


def refused(model, match, kind=sj.InvalidArgumentError, step=init):
    """The error about `a/w` in one of two steps."""
    return refusal(kind, lambda: step(model), match=match, name="a/w")


@pytest.mark.smoke
@pytest.mark.parametrize("shape", NOT_WHOLE.values(), ids=NOT_WHOLE)
@steps
def test_a_shape_holds_whole_numbers(step, shape):
    """What is no sequence of whole numbers is refused, at init and at apply alike."""
    refused(ask(shape), "A shape holds whole numbers, but received", step=step)


def test_a_size_from_a_division_comes_with_the_remedy():
    """A float that came from `/` is told to be made with `//`."""
    error = refused(ask((8 / 2, 3)), r"received: \(4\.0, 3\)")
    assert "//" in error.remedy


def test_a_traced_size_is_refused():
    """A size that JAX is tracing is no number yet."""
    refusal(
        sj.InvalidArgumentError,
        lambda: init(lambda s, n: s.get_variable("a/w", (n, 3)), jnp.int32(2)),
        match="A shape holds whole numbers",
        name="a/w",
    )


@pytest.mark.parametrize("shape", [-1, (-1,), (2, -3), [np.int64(-2)]])
@steps
def test_a_negative_size_is_refused(step, shape):
    """A negative size, which elsewhere means "whatever fits", means nothing here."""
    error = refused(ask(shape), r"Dimension -\d must be >= 0", step=step)
    assert error.found == f"shape {shape}"


@pytest.mark.parametrize("shape", [(None,), (None, 3), (2, None)])
def test_a_new_variable_has_no_unknown_size(shape):
    """None stands for an unknown size, which a variable to be made cannot have."""
    refused(ask(shape), r"Shape of a new variable \(a/w\) must be fully defined")


@pytest.mark.parametrize("shape", [None, (None, 3), (2, None), (None, None), [2, 3]])
def test_an_unknown_size_takes_what_exists(shape):
    """At apply None matches any size, and no shape any shape."""
    assert sj.transform(ask(shape)).apply(VARIABLES).shape == (2, 3)


@pytest.mark.parametrize(
    "shape", [(), (2,), (3, 2), (2, 3, 1), (None,), (None, 2), (3, None), 6]
)
def test_another_shape_is_refused(shape):
    """At apply a shape that disagrees is an error with both shapes."""
    error = refused(
        ask(shape),
        "Trying to share variable a/w, but specified shape",
        sj.VariableMismatchError,
        step=apply,
    )
    wanted = (shape,) if isinstance(shape, int) else shape
    assert (error.expected, error.found) == (str(wanted), "(2, 3)")
    assert error.remedy


@pytest.mark.parametrize(
    "initializer", [None, jax.nn.initializers.zeros, lambda key, shape, dtype: shape]
)
def test_a_shape_is_needed_to_make_a_variable(initializer):
    """Without a shape and without a value there is nothing to make."""
    error = refused(
        ask(None, initializer=initializer), "`shape` argument must be specified"
    )
    assert "get_variable(name, shape)" in error.remedy


VALUES = {
    "number": 1.5,
    "list": [1.0, 2.0],
    "numpy": np.ones((2, 3), np.float32),
    "jax": jnp.ones((2, 3)),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("shape", [(2, 3), (), (4,)])
@steps
def test_a_value_comes_without_a_shape(step, shape, value):
    """A shape beside a value as the initializer is refused, even if they agree."""
    error = refused(
        ask(shape, initializer=value),
        "If initializer is a constant, do not specify shape",
        step=step,
    )
    assert str(np.shape(value)) in error.found
    assert error.remedy == "Leave shape out."


def test_a_value_of_another_shape_than_what_exists_is_refused():
    """At apply the shape of a value given as initializer is compared too."""
    error = refused(
        ask(None, initializer=[1.0, 2.0]),
        "Trying to share variable a/w, but specified shape",
        sj.VariableMismatchError,
        step=apply,
    )
    assert (error.expected, error.found) == ("(2,)", "(2, 3)")


# Families


SIZES = st.lists(st.integers(0, 5), max_size=4)
WRONG = st.one_of(
    st.integers(max_value=-1),
    st.floats(),
    st.booleans(),
    st.text(max_size=2),
    st.binary(max_size=2),
    st.none(),
    st.lists(st.integers(), max_size=2),
)
SPELLINGS = [
    tuple,
    list,
    lambda sizes: np.array(sizes, int),
    lambda sizes: tuple(map(np.int32, sizes)),
    lambda sizes: jnp.ones(sizes).shape,
]


@given(sizes=SIZES, spelling=st.sampled_from(SPELLINGS))
def test_any_sizes_are_a_shape(sizes, spelling):
    """Sizes in any sequence make the variable of that shape."""
    spec = manifest(ask(spelling(sizes)))["a/w"]
    assert spec.shape == tuple(sizes)
    assert all(type(size) is int for size in spec.shape)


@given(size=st.integers(0, 10))
def test_a_number_is_the_shape_of_a_vector(size):
    """A bare whole number is the shape of one axis."""
    assert manifest(ask(size))["a/w"].shape == (size,)
    assert manifest(ask(np.int64(size)))["a/w"].shape == (size,)


@given(sizes=SIZES, wrong=WRONG, where=st.integers(0, 4))
def test_one_wrong_size_spoils_a_shape(sizes, wrong, where):
    """One entry that is no size anywhere in a shape is refused with the full name."""
    shape = (*sizes[:where], wrong, *sizes[where:])
    refusal(
        sj.InvalidArgumentError,
        lambda: manifest(ask(shape)),
        match="whole numbers|must be >= 0|fully defined",
        name="a/w",
    )


@given(asked=SIZES, there=SIZES)
def test_two_shapes_agree_or_are_shown(asked, there):
    """Sharing goes through for equal shapes alone, and shows both otherwise."""

    def model(scope):
        scope.get_variable("v", there)
        return scope.with_options(reuse=True).get_variable("v", asked)

    if asked == there:
        assert manifest(model)["v"].shape == tuple(there)
        return
    error = refusal(
        sj.VariableMismatchError,
        lambda: manifest(model),
        match="Trying to share",
        name="v",
    )
    assert error.expected == str(tuple(asked))
    assert error.found == str(tuple(there))
