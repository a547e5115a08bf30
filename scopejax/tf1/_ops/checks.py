"""What looks at numbers and hands them on: prints, assertions, callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..._base.tf1_errors import tf_error
from .._tensors.calls import op, plain, wrapped
from .._tensors.convert import as_array, dtype_of
from .._variables.operation import Operation


class IndexedSlices(NamedTuple):
    """Rows of a larger array, and their numbers; JAX's gradients are none of these."""

    values: Any
    indices: Any
    dense_shape: Any = None


@op
def Print(
    input_: Any,
    data: Any,
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Any:
    """`input_` itself; `data` is printed when it is computed."""
    arrays = [as_array(item) for item in data if not isinstance(item, str)]
    jax.debug.callback(lambda *found: print(message or "", *found), *arrays)
    return as_array(input_)


def print_(*inputs: Any, **kwargs: Any) -> Operation:
    """Prints numbers and text when the numbers are computed."""
    places = [i for i, x in enumerate(inputs) if not isinstance(x, str)]

    def show(*found: Any) -> None:
        parts = dict(enumerate(inputs)) | dict(zip(places, found, strict=True))
        print(*parts.values())

    jax.debug.callback(show, *[as_array(plain(inputs[i])) for i in places])
    return Operation("PrintV2")


@op
def check_numerics(tensor: Any, message: str, name: str | None = None) -> Any:
    """`tensor` itself: ``jax_debug_nans`` looks for what is no number."""
    return as_array(tensor)


def Assert(
    condition: Any, data: Any, summarize: int | None = None, name: str | None = None
) -> Operation:
    """Refuses what is false, where that is known while JAX traces.

    Raises:
      InvalidArgumentError: it is false.
    """
    known = plain(condition)
    if not isinstance(known, jax.core.Tracer) and not bool(np.all(known)):
        raise tf_error(ValueError, f"assertion failed: {data}")
    return Operation(name or "Assert")


def py_func(
    func: Callable[..., Any],
    inp: Any,
    Tout: Any,
    stateful: bool = True,
    name: str | None = None,
) -> Any:
    """A function of NumPy arrays, called when the model runs.

    Raises:
      ValueError: JAX has to know the shape of what it returns, which is that of the
        first argument where the function says nothing else.
    """
    arrays = [as_array(plain(x)) for x in inp]
    kinds = [dtype_of(kind) for kind in (Tout if isinstance(Tout, list) else [Tout])]
    shape = arrays[0].shape if arrays else ()
    struct: Any = jax.ShapeDtypeStruct
    wanted = [struct(shape, kind) for kind in kinds]

    def call(*given: Any) -> Any:
        found = func(*map(np.asarray, given))
        found = found if isinstance(found, list | tuple) else [found]
        pairs = zip(found, wanted, strict=True)
        return [np.asarray(x, kind.dtype) for x, kind in pairs]

    found = wrapped(jax.pure_callback(call, wanted, *map(jnp.asarray, arrays)))
    return found if isinstance(Tout, list) else found[0]


_COMPARED = {
    "equal": np.equal,
    "none_equal": np.not_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "less": np.less,
    "less_equal": np.less_equal,
}


def _assertion(name: str, holds: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def call(
        x: Any,
        y: Any,
        data: Any = None,
        summarize: int | None = None,
        message: str | None = None,
        name: str | None = None,
    ) -> Operation:
        x, y = plain((x, y))
        if isinstance(x, jax.core.Tracer) or isinstance(y, jax.core.Tracer):
            return Operation(name or "Assert")
        return Assert(np.all(holds(np.asarray(x), np.asarray(y))), message or [x, y])

    call.__name__ = call.__qualname__ = name
    call.__doc__ = "Refuses what does not hold, where it is known while JAX traces."
    return call


OPS = {
    f"assert_{name}": _assertion(f"assert_{name}", holds)
    for name, holds in _COMPARED.items()
}


@op
def identity_n(input: Any, name: str | None = None) -> Any:
    """The arrays of a list themselves."""
    return [as_array(item) for item in input]


def tuple_(tensors: Any, name: str | None = None, control_inputs: Any = None) -> Any:
    """The tensors of a list themselves: the order of the program is the order."""
    return list(tensors)
