"""Figures of an array, and of two side by side, computed where the arrays are.

One small program for each shape, dtype and placement serves all variables alike, and
takes many small ones at once; what leaves the device is a handful of numbers for each.
`commands._numbers` has those of files, which count infinities and take a piece at a
time.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, SingleDeviceSharding

from .._jax.memory import moved
from .._jax.mesh import running_alone
from ._whereabouts import usual_memory


class Statistics(NamedTuple):
    """Figures of the finite numbers of an array; of complex ones, of their sizes.

    Attributes:
      min, mean, max, std: NaN where there is no finite number.
      nan, inf: how many are NaN and infinite.
    """

    min: float
    mean: float
    max: float
    std: float
    nan: int
    inf: int


class Change(NamedTuple):
    """How far two arrays are apart, over the numbers that are finite in both.

    Attributes:
      norm: the square root of the sum of squared differences.
      before: that of the first array's squares.
      max: the greatest absolute difference.
      same: whether each number is the same; NaN is the same as NaN.
      nan, inf: how many are NaN and infinite in the second array.
    """

    norm: float
    before: float
    max: float
    same: bool
    nan: int
    inf: int

    @property
    def relative(self) -> float:
        """The norm of the change by that of what was before."""
        return ratio(self.norm, self.before)


def ratio(norm: float, before: float) -> float:
    """The norm of a change by that of what was before; infinite where that was 0.0."""
    if before:
        return norm / before
    return math.inf if norm else 0.0


def has_numbers(leaf: Any) -> bool:
    """Whether figures can be computed: of arrays that hold numbers and still exist."""
    if isinstance(leaf, jax.core.Tracer) or not isinstance(
        leaf, jax.Array | np.ndarray
    ):
        return False
    if not (jnp.issubdtype(leaf.dtype, jnp.number) or leaf.dtype == bool):
        return False
    return leaf.size > 0 and not (isinstance(leaf, jax.Array) and leaf.is_deleted())


def statistics(arrays: Mapping[Any, Any]) -> dict[Any, Statistics]:
    """The figures of those arrays that have any, by name.

    >>> statistics({"w": np.array([1.0, np.nan, 3.0], np.float32)})["w"]
    Statistics(min=1.0, mean=2.0, max=3.0, std=1.0, nan=1, inf=0)
    """
    known = {name: (leaf,) for name, leaf in arrays.items() if has_numbers(leaf)}
    found = {k: Statistics(*x) for k, x in _run(_statistics, known).items()}
    return {k: _known(x, known[k][0].size) for k, x in found.items()}


def _known(found: Statistics, size: int) -> Statistics:
    """NaN for what is not known, which no program returns: `jax_debug_nans`."""
    if found.nan + found.inf < size:
        return found
    nan = math.nan
    return found._replace(min=nan, mean=nan, max=nan, std=nan)


def changes(pairs: Mapping[Any, tuple[Any, Any]]) -> dict[Any, Change]:
    """How far the arrays of those pairs are apart that have the same shape, by name.

    >>> pair = np.array([3.0, 4.0], np.float32), np.array([3.0, 5.0], np.float32)
    >>> changes({"w": pair})["w"]
    Change(norm=1.0, before=5.0, max=1.0, same=False, nan=0, inf=0)
    """
    known = {
        name: pair
        for name, pair in pairs.items()
        if all(map(has_numbers, pair)) and pair[0].shape == pair[1].shape
    }
    return {k: Change(*found) for k, found in _run(_changes, known).items()}


def _run(
    program: Callable[..., Any], known: Mapping[Any, tuple[Any, ...]]
) -> dict[Any, tuple[Any, ...]]:
    with jax.ensure_compile_time_eval(), running_alone(), jax.debug_nans(False):
        ready = {name: _together(*arrays) for name, arrays in known.items()}
        batches = list(_batches(ready))
        found = [_waited(_figures(program, [ready[n] for n in b])) for b in batches]
        figures = jax.device_get(found)
    by_name = {
        name: tuple(x.item() for x in row)
        for batch, columns in zip(batches, figures, strict=True)
        for name, row in zip(batch, _rows(columns), strict=False)
    }
    return {name: by_name[name] for name in known}


def _rows(columns: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The figures of each array."""
    return zip(*map(np.atleast_1d, columns), strict=True)


# So many arrays go through a program at once, if each has so few numbers.
_BATCH, _SMALL = 64, 2**14


def _batches(known: Mapping[Any, tuple[jax.Array, ...]]) -> Iterator[list[Any]]:
    """The names of arrays that one call can take."""
    alike: dict[Any, list[Any]] = {}
    for name, arrays in known.items():
        kind = tuple((x.shape, x.dtype, x.weak_type, x.sharding) for x in arrays)
        alike.setdefault(kind, []).append(name)
    for kind, names in alike.items():
        small = all(
            math.prod(shape) <= _SMALL and isinstance(sharding, SingleDeviceSharding)
            for shape, _, _, sharding in kind
        )
        size = _BATCH if small and len(names) >= _BATCH // 4 else 1
        yield from (names[i : i + size] for i in range(0, len(names), size))


def _figures(
    program: Callable[..., Any], batch: list[tuple[jax.Array, ...]]
) -> tuple[Any, ...]:
    """Those of all arrays of a batch: for each figure one number for each array."""
    if len(batch) == 1:
        alone: tuple[Any, ...] = program(*batch[0])
        return alone
    filled = batch + batch[-1:] * (_BATCH - len(batch))
    columns = tuple(zip(*filled, strict=True))
    figures: tuple[Any, ...] = _batched(program, columns)
    return figures


@functools.partial(jax.jit, static_argnums=0)
def _batched(
    program: Callable[..., Any], columns: tuple[tuple[jax.Array, ...], ...]
) -> tuple[jax.Array, ...]:
    figures: tuple[jax.Array, ...] = jax.vmap(program)(*map(jnp.stack, columns))
    return figures


def _waited(figures: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
    """Waits where several devices add up: XLA's CPUs can wait for each other for ever
    if many such programs are under way at once."""
    if len(figures[0].devices()) > 1:
        figures[0].block_until_ready()
    return figures


def _together(*arrays: Any) -> tuple[Any, ...]:
    """The arrays where the last of them is, as a program can take them."""
    *others, last = map(on_device, arrays)
    where = last.sharding
    return (
        *(x if x.sharding == where else jax.device_put(x, where) for x in others),
        last,
    )


def on_device(array: Any) -> jax.Array:
    """An array in the memory of its devices, on a mesh that leaves shardings to XLA."""
    if not isinstance(array, jax.Array):
        return jnp.asarray(_narrow(array))
    sharding = array.sharding
    usual = usual_memory(sharding)
    if sharding.memory_kind not in (None, usual):
        array = moved(array, sharding.with_memory_kind(usual))
    sharding = array.sharding
    if isinstance(sharding, NamedSharding) and isinstance(sharding.mesh, Mesh):
        array = moved(array, NamedSharding(_automatic(sharding.mesh), sharding.spec))
    known: jax.Array = array
    return known


def _narrow(array: np.ndarray) -> np.ndarray:
    """Without the 64 bits that JAX would cut off; floats keep the size of a number."""
    if jax.dtypes.canonicalize_dtype(array.dtype) == array.dtype:
        return array
    with np.errstate(over="ignore"):
        return array.astype(np.complex64 if array.dtype.kind == "c" else np.float32)


@functools.lru_cache(maxsize=16)
def _automatic(mesh: Mesh) -> Mesh:
    kinds = (AxisType.Auto,) * len(mesh.axis_names)
    return Mesh(mesh.devices, mesh.axis_names, axis_types=kinds)


# The programs


def _numbers(x: jax.Array) -> jax.Array:
    """As floats that sums of squares fit in; complex ones' sizes."""
    if jnp.issubdtype(x.dtype, jnp.complexfloating):
        x = jnp.abs(x)
    wide = jnp.float64 if x.dtype == jnp.float64 else jnp.float32
    return x.astype(wide)


@jax.jit
def _statistics(array: jax.Array) -> tuple[jax.Array, ...]:
    x = _numbers(array)
    finite = jnp.isfinite(x)
    count = finite.sum(dtype=jnp.uint32)
    mean = _mean(x, finite, count)
    far = jnp.where(finite, jnp.abs(x - mean), jnp.zeros_like(x))
    scale = _scale(far)
    std = scale * jnp.sqrt(_mean(jnp.square(far / scale), finite, count))
    least, greatest = _ends(array if _is_whole(array) else x, finite)
    return least, mean, greatest, std, *_wrong(x)


def _is_whole(array: jax.Array) -> bool:
    return jnp.issubdtype(array.dtype, jnp.integer)


def _ends(x: jax.Array, finite: jax.Array) -> tuple[jax.Array, jax.Array]:
    if _is_whole(x):
        return x.min(), x.max()
    inf = jnp.full_like(x, jnp.inf)
    return jnp.where(finite, x, inf).min(), jnp.where(finite, x, -inf).max()


def _mean(x: jax.Array, finite: jax.Array, count: jax.Array) -> jax.Array:
    """The mean of what is finite; 0.0 where nothing is."""
    scale = jnp.maximum(count, jnp.ones_like(count)).astype(x.dtype)
    return (jnp.where(finite, x, jnp.zeros_like(x)) / scale).sum()


def _wrong(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    return jnp.isnan(x).sum(dtype=jnp.uint32), jnp.isinf(x).sum(dtype=jnp.uint32)


def _scale(sizes: jax.Array) -> jax.Array:
    """The greatest, so that no square overflows; 1.0 where all are 0.0."""
    greatest = sizes.max()
    return jnp.where(greatest > 0, greatest, jnp.ones_like(greatest))


def _norm(sizes: jax.Array) -> jax.Array:
    scale = _scale(sizes)
    return scale * jnp.sqrt(jnp.square(sizes / scale).sum())


@jax.jit
def _changes(before: jax.Array, after: jax.Array) -> tuple[jax.Array, ...]:
    old, new = _numbers(before), _numbers(after)
    far = _distance(before, after)
    finite = jnp.isfinite(old) & jnp.isfinite(new) & jnp.isfinite(far)
    zeros = jnp.zeros_like(far)
    far = jnp.where(finite, far, zeros)
    sizes = jnp.where(finite, jnp.abs(old).astype(far.dtype), zeros)
    return (
        _norm(far),
        _norm(sizes),
        far.max(),
        _are_same(before, after),
        *_wrong(new),
    )


def _are_same(before: jax.Array, after: jax.Array) -> jax.Array:
    if before.dtype != after.dtype:
        return jnp.zeros((), bool)
    both_nan = jnp.isnan(_numbers(before)) & jnp.isnan(_numbers(after))
    return jnp.all((before == after) | both_nan)


def _distance(before: jax.Array, after: jax.Array) -> jax.Array:
    """Absolute differences as floats; those of whole numbers are exact before that."""
    if before.dtype == after.dtype and _is_whole(after):
        unsigned = jnp.dtype(f"uint{8 * max(after.dtype.itemsize, 1)}")
        up = after.astype(unsigned) - before.astype(unsigned)
        return _numbers(jnp.where(after > before, up, -up))
    if before.dtype == after.dtype and jnp.issubdtype(after.dtype, jnp.complexfloating):
        return _numbers(after - before)
    old, new = _numbers(before), _numbers(after)
    wide = jnp.promote_types(old.dtype, new.dtype)
    return jnp.abs(new.astype(wide) - old.astype(wide))
