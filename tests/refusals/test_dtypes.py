"""Dtypes that no variable can have, and dtypes that disagree."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

from ..helpers.refusals import init, manifest, refusal

WIDE = {
    "float64": "float32",
    "int64": "int32",
    "uint64": "uint32",
    "complex128": "complex64",
}
NO_NUMBERS = [str, object, "U5", "S3", "V4", "datetime64", np.dtype([("a", "f4")])]
UNKNOWN = ["bogus", 3, [1], np.generic, np.floating, jax.random.key(0).dtype]
UNSUPPORTED = [">f4", ">i2", np.longdouble, np.clongdouble]

PLACES = {
    "argument": lambda dtype: lambda s: s.get_variable("a/w", (2,), dtype),
    "option": lambda dtype: (
        lambda s: (s / "a/w").with_options(dtype=dtype).get_variable("x", (2,))
    ),
}


def refused(model, match, kind=sj.InvalidArgumentError):
    """The error about `a/w` when a model is initialized."""
    return refusal(kind, lambda: init(model), match=match, name="a/w")


@pytest.mark.smoke
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("dtype", [*WIDE, np.float64, np.int64])
def test_64_bits_need_their_mode(place, dtype):
    """A 64-bit dtype without the mode is refused, never made narrow in silence."""
    wide = np.dtype(dtype).name
    error = refused(place(dtype), f"dtype {wide} needs 64-bit mode, which is off")
    assert "jax_enable_x64" in error.remedy
    assert f"dtype={WIDE[wide]!r}" in error.remedy


@pytest.mark.parametrize("dtype", ["float64", "int64"])
def test_64_bits_work_in_their_mode(dtype):
    """What the remedy says makes the variable of that dtype."""
    with jax.enable_x64(True):
        params = init(lambda s: s.get_variable("w", (2,), dtype))
    assert params["w"].dtype == dtype


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("dtype", NO_NUMBERS, ids=str)
def test_a_variable_holds_numbers(place, dtype):
    """Text, objects, dates and records are refused."""
    refused(place(dtype), "A variable holds numbers or bools, but the dtype")


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("dtype", UNKNOWN, ids=str)
def test_an_unknown_dtype_is_refused(place, dtype):
    """What NumPy and JAX know as no dtype of numbers is refused by its text."""
    error = refused(place(dtype), "is not a dtype")
    assert repr(dtype) in error.headline


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("dtype", UNSUPPORTED, ids=str)
def test_a_dtype_that_jax_has_not_is_refused(place, dtype):
    """NumPy's dtypes of other byte orders and widths are refused with the full name."""
    refused(place(dtype), "dtype")


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize(
    "dtype",
    [
        *("float32", "float16", "bfloat16", "int8", "int32", "uint8", "bool", "f4"),
        *(jnp.bfloat16, np.int16, bool, np.dtype("uint16"), jnp.float8_e4m3fn),
    ],
    ids=str,
)
def test_other_spellings_are_a_dtype(place, dtype):
    """A string, a NumPy dtype, a JAX type: each makes the variable of that dtype."""
    (spec,) = manifest(place(dtype)).values()
    (array,) = jax.tree.leaves(init(place(dtype)))
    assert spec.dtype == array.dtype == jnp.dtype(dtype)


# Dtypes that disagree


@pytest.mark.parametrize("dtype", ["int32", "bool", "bfloat16", "float32"])
def test_a_name_alone_takes_what_exists(dtype):
    """Without shape, dtype and initializer the dtype is that of the variable."""

    def model(scope):
        scope.get_variable("i", (2,), dtype, jax.nn.initializers.ones)
        return scope.with_options(reuse=True).get_variable("i")

    net = sj.transform(model)
    params = net.init(jax.random.key(0))
    assert net.apply(params).dtype == dtype
    assert jax.jit(net.apply)(params).dtype == dtype
    assert sj.Scope(params).get_variable("i").dtype == dtype


@pytest.mark.parametrize(
    "model",
    [
        lambda s: s.get_variable("i", (2,)),
        lambda s: s.get_variable("i", dtype="float32"),
        lambda s: s.with_options(dtype="float32").get_variable("i"),
        lambda s: s.get_variable("i", initializer=1.5),
    ],
    ids=["shape", "dtype", "scope's dtype", "initializer"],
)
def test_more_than_a_name_has_a_dtype(model):
    """Whatever else is given, a variable of another dtype is refused."""
    scope = sj.Scope({"i": jnp.ones((), "int32")})
    with pytest.raises(sj.VariableMismatchError, match="Trying to share variable i"):
        model(scope)


@pytest.mark.parametrize("reuse", [None, True, sj.AUTO_REUSE], ids=repr)
def test_a_value_and_an_explicit_dtype_agree(reuse):
    """A value of another dtype than asked for is refused before any lookup."""

    def model(scope):
        scope = scope.with_options(reuse=reuse)
        return scope.get_variable("a/w", dtype="int32", initializer=1.5)

    error = refused(
        model,
        "Initializer type 'float32' and explicit dtype 'int32' don't match",
        sj.VariableMismatchError,
    )
    assert (error.expected, error.found) == ("int32", "float32")
    assert error.remedy


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1, "float32"),
        (True, "int32"),
        (np.ones(2, np.float32), "bfloat16"),
        (jnp.ones(2, jnp.float16), "float32"),
        ([1, 2], "int8"),
        (1j, "float32"),
    ],
)
def test_no_value_is_cast(value, dtype):
    """Not even a cast that loses nothing is made in silence."""
    refused(
        lambda s: s.get_variable("a/w", dtype=dtype, initializer=value),
        f"explicit dtype '{dtype}' don't match",
        sj.VariableMismatchError,
    )


def test_a_value_keeps_its_dtype_in_a_scope_of_another():
    """A scope's dtype is neither compared with a value nor applied to it."""

    def model(scope):
        scope = scope.with_options(dtype="bfloat16")
        scope.get_variable("float", (2,))
        return scope.get_variable("value", initializer=[1, 2])

    dtypes = {name: str(spec.dtype) for name, spec in manifest(model).items()}
    assert dtypes == {"float": "bfloat16", "value": "int32"}


def test_another_dtype_is_refused():
    """At apply a dtype that disagrees with the array is an error with both."""
    error = refusal(
        sj.VariableMismatchError,
        lambda: sj.Scope({"a": {"w": jnp.ones(2, "bfloat16")}}).get_variable(
            "a/w", (2,)
        ),
        match="specified dtype float32 and found dtype bfloat16",
        name="a/w",
    )
    assert (error.expected, error.found) == ("float32", "bfloat16")
    assert "dtype='bfloat16'" in error.remedy


def test_another_dtype_is_refused_when_shared():
    """Under reuse an omitted dtype still means the scope's, and must agree."""

    def model(scope):
        scope.get_variable("n", (), "int32")
        return scope.with_options(reuse=True).get_variable("n", ())

    error = refusal(
        sj.VariableMismatchError,
        lambda: init(model),
        match="specified dtype float32 and found dtype int32",
        name="n",
    )
    assert (error.expected, error.found) == ("float32", "int32")


TOO_LARGE = [
    *(np.array([2**40]), np.array([2**32 + 5, 1]), np.int64(-(2**33))),
    *(2**40, -(2**31) - 1, [1, 2**31]),
    *(1e300, [1.0, -1e39], np.array([1e300])),
]


@pytest.mark.parametrize("value", TOO_LARGE)
def test_numbers_too_large_are_refused(value):
    """A value that needs 64 bits is neither wrapped around nor made infinite."""
    refused(lambda s: s.get_variable("a/w", initializer=value), "a/w")


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e-300, 0.1])
def test_floats_that_fit_are_kept(value):
    """What 32 bits can hold, or come near to, is a value: infinity and NaN too."""
    stored = init(lambda s: s.get_variable("w", initializer=value))["w"]
    np.testing.assert_array_equal(stored, np.float32(value))


@pytest.mark.parametrize(
    ("leaf", "dtype"), [(np.array([2**40]), "int32"), (np.array([1e300]), "float32")]
)
def test_an_array_that_does_not_fit_is_refused_at_apply(leaf, dtype):
    """A 64-bit array in the params is refused where its numbers would be lost."""
    refusal(
        sj.VariableMismatchError,
        lambda: sj.Scope({"n": leaf}).get_variable("n", (1,), dtype),
        match=f"found dtype {leaf.dtype}",
        name="n",
    )


def test_complex_numbers_have_no_default():
    """A complex variable needs an initializer; given one, it is made."""
    error = refused(
        lambda s: s.get_variable("a/w", (2,), "complex64"),
        "An initializer for variable a/w of complex64 is required",
        sj.InitializerError,
    )
    assert "initializer=" in error.remedy
    zeros = jax.nn.initializers.zeros
    params = init(lambda s: s.get_variable("w", (2,), "complex64", zeros))
    assert params["w"].dtype == "complex64"
