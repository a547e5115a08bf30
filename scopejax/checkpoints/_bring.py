"""Arrays from a file to where they are wanted, changed on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import SingleDeviceSharding

from .._base.errors import VariableMismatchError
from .._base.keys import is_typed_key
from .._base.lines import user_line
from .._text.progress import Work, asked, shown
from ._entry import Reader
from ._leaves import is_on_devices, with_kind
from ._plan import Transfer


def bring(
    progress: bool, reader: Reader, transfers: Sequence[Transfer]
) -> dict[str, Any]:
    """What is read, by name in order, once each array is found to fit JAX's mode."""
    for transfer in transfers:
        _require_mode(transfer)
    sizes = [transfer.entry.nbytes for transfer in transfers]
    reading = asked(progress, lambda: Work("reading", sum(sizes), len(sizes)))
    found = {}
    with shown(reading) as work:
        for transfer, array in _arrays(reader, transfers):
            found[transfer.name] = array
            if work is None:
                continue
            if hasattr(array, "is_ready"):
                work.begin(array, transfer.entry.nbytes)
            else:  # a number, or keys, which don't say it
                work.advance(transfer.entry.nbytes)
    return {name: found[name] for name in sorted(found)}


_HALF = {
    "float64": "float32",
    "int64": "int32",
    "uint64": "uint32",
    "complex128": "complex64",
}


def _require_mode(transfer: Transfer) -> None:
    """Refuses an array that JAX would cut down."""
    narrow = jax.dtypes.canonicalize_dtype(np.float64) != np.float64
    if narrow and transfer.dtype in _HALF and is_on_devices(transfer.kind):
        raise VariableMismatchError(
            f"{transfer.name} has 64 bits in the file (dtype {transfer.dtype}), which"
            " are off.",
            name=transfer.name,
            where=user_line(),
            remedy=f"cast={{{transfer.name!r}: {_HALF[transfer.dtype]!r}}}, or"
            " jax.config.update('jax_enable_x64', True), or select= without it.",
        )


def _arrays(
    reader: Reader, transfers: Sequence[Transfer]
) -> Iterator[tuple[Transfer, Any]]:
    at_once = [t for t in transfers if t.axes is None and t.dtype == t.entry.dtype]
    arrays = reader.read_all([t.entry for t in at_once], list(map(_where, at_once)))
    if arrays is None:
        arrays, at_once = (), []
    for transfer, array in zip(at_once, arrays, strict=True):
        yield transfer, _movable(transfer, array)
    done = {transfer.name for transfer in at_once}
    for batch in _batches([t for t in transfers if t.name not in done]):
        arrays = [changed(transfer, reader.read(transfer.entry)) for transfer in batch]
        yield from zip(batch, _together(batch, arrays), strict=True)


_SMALL, _BATCH = 2**18, 2**22  # bytes of an array, and of those that go together


def _batches(transfers: Sequence[Transfer]) -> Iterator[list[Transfer]]:
    """Small arrays in a row for one device go together: each call of JAX costs more."""
    batch: list[Transfer] = []
    size = 0
    for transfer in transfers:
        fits = batch and _goes_with(batch[0], transfer)
        if batch and not (fits and size + transfer.entry.nbytes <= _BATCH):
            yield batch
            batch, size = [], 0
        batch.append(transfer)
        size += transfer.entry.nbytes
    if batch:
        yield batch


def _goes_with(one: Transfer, other: Transfer) -> bool:
    if one.sharding != other.sharding:
        return False
    if one.sharding is not None and len(one.sharding.device_set) > 1:
        return False
    return all(is_on_devices(t.kind) and t.entry.nbytes <= _SMALL for t in (one, other))


def _together(batch: Sequence[Transfer], arrays: Sequence[Any]) -> list[Any]:
    """What the arrays of a batch become."""
    if len(batch) == 1:
        return [_leaf(batch[0], arrays[0], _placed)]
    placed = jax.device_put(list(arrays), batch[0].sharding, may_alias=False)
    return [with_kind(a, t.kind) for t, a in zip(batch, placed, strict=True)]


def _movable(transfer: Transfer, array: Any) -> Any:
    """A leaf that was read all at once; JAX may move it where no sharding is wanted."""
    if is_typed_key(array):  # which orbax wrote by itself
        words = jax.random.key_data(array)
        return with_kind(words, transfer.kind) if transfer.kind else array
    if transfer.sharding is None:
        array = np.asarray(array)  # a CPU takes its very memory
    return _leaf(transfer, array, jax.device_put)


def _where(transfer: Transfer) -> Any:
    """Where an array is read to; None for what is no array of JAX."""
    if not is_on_devices(transfer.kind):
        return None
    # With several processes the first of all devices may be another's.
    return transfer.sharding or SingleDeviceSharding(jax.local_devices()[0])


def _leaf(transfer: Transfer, array: Any, put: Callable[..., jax.Array]) -> Any:
    """What the array becomes, in the place that it is meant for."""
    if isinstance(array, np.ndarray) and is_on_devices(transfer.kind):
        array = put(array, transfer.sharding)
    return with_kind(array, transfer.kind)


def changed(transfer: Transfer, array: np.ndarray) -> np.ndarray:
    """The array with its axes in their new order, of its new dtype."""
    if transfer.axes is not None:
        array = array.transpose(transfer.axes)
    with np.errstate(over="ignore", invalid="ignore"):  # what is lost is told here
        cast = array.astype(jnp.dtype(transfer.dtype), copy=False)
    if cast.dtype != array.dtype:
        _require_fit(transfer, array, cast)
    return cast


def _require_fit(transfer: Transfer, array: np.ndarray, cast: np.ndarray) -> None:
    """Refuses integers that were wrapped, and floats that are finite no more."""
    if jnp.issubdtype(cast.dtype, np.inexact):
        lost = np.isfinite(array) & ~np.isfinite(cast)
    else:
        lost = cast != array
    if lost.any():
        raise VariableMismatchError(
            f"{transfer.name} has numbers that do not fit into {transfer.dtype}.",
            name=transfer.name,
            found=f"{lost.sum():,} of {lost.size:,}, such as {array[lost][0]}",
            where=user_line(),
        )


def _placed(array: np.ndarray, sharding: Any) -> jax.Array:
    """A JAX array that shares no memory with the file."""
    if sharding is not None and len(sharding.device_set) > 1:
        return jax.make_array_from_callback(
            array.shape, sharding, lambda index: np.array(array[index])
        )
    placed = jax.device_put(array, sharding)
    return jnp.array(placed) if _is_shared(placed, array) else placed


def _is_shared(placed: jax.Array, array: np.ndarray) -> bool:
    """Whether JAX took the memory as it is: a CPU does where that is aligned.

    `jnp.array` alone would copy twice where it is not (test_checkpoints_disk.py).
    """
    on_host = all(device.platform == "cpu" for device in placed.devices())
    return on_host and placed.unsafe_buffer_pointer() == array.ctypes.data
