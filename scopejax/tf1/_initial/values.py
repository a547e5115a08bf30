"""Initial values and initializers, as TF1 code gives them, made what the core takes.

TF1 calls an initializer as ``init(shape, dtype=, partition_info=)``; the core, as JAX
does, as ``init(key, shape, dtype)``. Both are accepted: one whose first parameter is
named as a key, or that needs three arguments without TF1's names, is JAX's. Within a
call in TF1's style, what draws random numbers takes its key from the variable that is
being made.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxpr_as_fun

from ..._base.dtypes import constant
from ..._base.sizes import agree, as_sizes
from ..._base.tf1_errors import tf_error
from ...initializers import default_for
from .._words.array_like import ArrayLike
from .._words.dtypes import as_tf

Initializer = Callable[..., jax.Array]


class InitialValue:
    """The value that another variable starts with, while a model is being recorded.

    Attributes:
      source: the place of that variable.
      shape, dtype: of the value.
    """

    __slots__ = ("dtype", "shape", "source")

    def __init__(self, source: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.source, self.shape, self.dtype = source, shape, dtype

    def initializer(self, key: jax.Array, shape: Any, dtype: Any) -> jax.Array:
        """What stands in a spec; `tf1.transform`'s own init copies the value."""
        raise RuntimeError(
            f"It starts from the initial value of {self.source}, which only the init of"
            " tf1.transform knows."
        )


def as_value(value: Any, dtype: np.dtype | None = None) -> Any:
    """A value as an array: Python's numbers become int32, float32, bool or complex64.

    Args:
      value: an array, a variable, a number, or nested lists of them.
      dtype: what Python's numbers and NumPy's arrays are converted to instead.

    Raises:
      TypeError: it is no array of numbers, or they do not fit `dtype`.
      ValueError: a JAX array has another dtype, a list is ragged, or there is nothing.
    """
    known = isinstance(value, ArrayLike)
    if known:
        value = value.value()
    if known or isinstance(value, InitialValue | jax.core.Tracer | jax.Array):
        if dtype is not None and value.dtype != dtype:
            raise tf_error(
                ValueError,
                f"initial_value: Tensor conversion requested dtype {dtype.name} for"
                f" Tensor with dtype {value.dtype.name}: shape {tuple(value.shape)}",
            )
        return value
    if value is None:
        raise tf_error(ValueError, "None values not supported.")
    return _converted(value, dtype)


def _converted(value: Any, dtype: np.dtype | None) -> np.ndarray:
    try:
        array = constant(value)
    except ValueError as error:
        raise tf_error(ValueError, str(error)) from error
    except (TypeError, OverflowError) as error:
        raise tf_error(
            TypeError,
            f"Failed to convert elements of {value!r} to Tensor. Consider casting"
            " elements to a supported type. See"
            " https://www.tensorflow.org/api_docs/python/tf/dtypes for supported TF"
            " dtypes.",
        ) from error
    if dtype is None or dtype == array.dtype:
        return array
    if not hasattr(value, "dtype") and not np.can_cast(array.dtype, dtype, "same_kind"):
        number = next(iter(np.asarray(value, object).flat), None)
        raise tf_error(
            TypeError,
            f"Expected {dtype.name}, but got {number!r} of type"
            f" '{type(number).__name__}'.",
        )
    return array.astype(dtype)


def is_value(initializer: Any) -> bool:
    """Whether an initializer is a value, not a function or a class."""
    return initializer is not None and not callable(initializer)


def default_initializer(name: Any, dtype: np.dtype) -> Any:
    """TF1's default: Glorot uniform for floats, zeros for integers and bools.

    Raises:
      ValueError: the dtype has none.
    """
    initializer = default_for(dtype)
    if initializer is None:
        raise tf_error(
            ValueError,
            f"An initializer for variable {name} of <dtype: '{dtype.name}'> is"
            " required",
            name=name,
        )
    return initializer


def instance(initializer: Any) -> Any:
    """As in TF1 a class stands for its instance."""
    return initializer() if isinstance(initializer, type) else initializer


def as_core(initializer: Any, dtype: np.dtype) -> Initializer:
    """A callable as ``(key, shape, dtype) -> array``, to be called with `dtype`."""
    if hasattr(initializer, "as_jax"):  # this package's own
        initializer.check(dtype)
        own: Initializer = initializer.as_jax()
        return own
    if is_jax_style(initializer):
        jax_style: Initializer = initializer
        return jax_style
    return named(functools.partial(call_tf_style, initializer), initializer)


def named(made: functools.partial[Any], after: Any) -> functools.partial[Any]:
    """`made` under the name that tables show of `after`."""
    made.__qualname__ = getattr(after, "__qualname__", type(after).__name__)  # type: ignore[attr-defined]
    return made


def call_tf_style(
    initializer: Any,
    key: jax.Array,
    shape: Any,
    dtype: Any,
    partition_info: Any = None,
) -> jax.Array:
    """Calls an initializer as TF1 does, and looks at what it returns."""
    asks = takes(initializer, "partition_info")
    more = {"partition_info": partition_info} if asks else {}
    with drawing_from(key):
        value = initializer(list(shape), dtype=as_tf(dtype), **more)
    array = jnp.asarray(as_value(value, dtype))
    require_initial_shape(tuple(array.shape), tuple(shape))
    return array


def require_initial_shape(found: tuple[int, ...], wanted: Any) -> None:
    """Refuses an initial value of another shape than asked for, None being any size."""
    if not agree(as_sizes(wanted), found):
        raise tf_error(
            ValueError,
            f"In this `tf.Variable` creation, the initial value's shape ({found}) is"
            " not compatible with the explicitly supplied `shape` argument"
            f" ({wanted}).",
        )


def from_function(function: Callable[[], Any], dtype: Any) -> tuple[Any, Any]:
    """A function without arguments: an initializer, and the array's shape and dtype.

    It is called once, now; what it did is kept and done again with each key.
    """

    def make(key: jax.Array) -> jax.Array:
        with drawing_from(key):
            return jnp.asarray(as_value(function(), dtype))

    program = jax.make_jaxpr(make)(jax.random.key(0))
    traced = [c for c in program.consts if isinstance(c, jax.core.Tracer)]
    if traced:  # computed from the model's own arrays, for which the core has a way
        return traced[0], program.out_avals[0]
    return functools.partial(_run, jaxpr_as_fun(program)), program.out_avals[0]


def _run(
    program: Callable[..., Any], key: jax.Array, shape: Any, dtype: Any
) -> jax.Array:
    del shape, dtype  # the value decides
    (array,) = program(key)
    result: jax.Array = array
    return result


def filled(
    value: np.ndarray, shape: tuple[Any, ...], verify_shape: bool = False
) -> np.ndarray:
    """The numbers of `value` in order in another shape, the last one to the end.

    Raises:
      ValueError: there are more numbers than fit.
      TypeError: it is another shape, and `verify_shape` forbids it.
    """
    if verify_shape and value.shape != shape:
        raise tf_error(
            TypeError, f"Expected Tensor's shape: {shape}, got {value.shape}."
        )
    size, flat = math.prod(shape), value.ravel()
    if flat.size > size:
        raise tf_error(
            ValueError,
            f"Too many elements provided. Needed at most {size}, but received"
            f" {flat.size}",
        )
    rest = np.repeat(flat[-1:], size - flat.size)
    return np.concatenate([flat, rest]).reshape(shape)


# Signatures

_KEYS = ("key", "rng", "prng_key", "rng_key")


def is_jax_style(initializer: Any) -> bool:
    """Whether it is called as ``(key, shape, dtype)``."""
    names, required, _ = signature(initializer)
    if names[:1] == ("shape",) or "partition_info" in names:  # TF1's, default or not
        return False
    return names[:1] in {(name,) for name in _KEYS} or required >= 3


def needs_nothing(function: Any) -> bool:
    """Whether it can be called without arguments."""
    return signature(function)[1] == 0


def takes(function: Any, name: str) -> bool:
    """Whether a parameter of that name is declared."""
    return name in signature(function)[0]


def takes_any(function: Any) -> bool:
    """Whether it takes all keywords."""
    return signature(function)[2]


def signature(function: Any) -> tuple[tuple[str, ...], int, bool]:
    """Parameter names, how many of them are required, and whether there is ``**kw``."""
    try:
        return _signature(function)
    except TypeError:  # not hashable
        return _signature.__wrapped__(function)


@functools.lru_cache(maxsize=1024)
def _signature(function: Any) -> tuple[tuple[str, ...], int, bool]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # some builtins tell nothing
        return (), 0, False
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    required = sum(p.default is p.empty for p in named)
    return (
        tuple(p.name for p in named),
        required,
        any(p.kind is p.VAR_KEYWORD for p in parameters),
    )


# Random numbers in initializers of TF1's style

_DRAWING: ContextVar[list[jax.Array] | None] = ContextVar("drawing", default=None)


@contextlib.contextmanager
def drawing_from(key: jax.Array) -> Iterator[None]:
    """Within it, `next_key` gives keys made from `key`."""
    token = _DRAWING.set([key])
    try:
        yield
    finally:
        _DRAWING.reset(token)


def next_key() -> jax.Array | None:
    """A new key for the variable that is being made; None outside of an initializer."""
    keys = _DRAWING.get()
    if keys is None:
        return None
    keys[0], key = jax.random.split(keys[0])
    drawn: jax.Array = key
    return drawn
