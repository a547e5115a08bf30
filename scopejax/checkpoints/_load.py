"""A checkpoint into params, checked and changed on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._base.errors import CheckpointError, VariableMismatchError
from .._base.lines import user_line
from .._base.trees import Tree, from_flat
from .._manifest.patterns import NamePattern
from .._text.progress import Work, asked, shown
from ._entry import Entry, Reader
from ._formats import to_read
from ._plan import Cast, Report, Target, Transfer, Transpose, plan
from ._renaming import Renaming


def load(
    path: str | os.PathLike[str],
    target: Target | None = None,
    *,
    select: NamePattern | None = None,
    rename: Renaming | None = None,
    cast: Cast = False,
    transpose: Transpose | None = None,
    slot: str = "",
    format: str | None = None,
    progress: bool = False,
) -> Tree:
    """Reads the variables of a checkpoint, as JAX arrays.

    Args:
      path: a safetensors file, a directory of orbax, or a checkpoint of TensorFlow: its
        prefix, its ``.index`` file, or the folder with TensorFlow's ``checkpoint``.
      target: what the model wants, a `Manifest` or a nested dict of arrays or
        `jax.ShapeDtypeStruct`. Names, shapes and dtypes have to be those. Averages and
        a global step that are variables of the model are found where TensorFlow keeps
        them, the step in 32 bits where the model has it so. Where a leaf has a sharding
        its array is put there, whatever mesh it was saved from.
      select: a glob over the model's names, ``"encoder/**"``: only these are read, and
        only these of `target` are wanted.
      rename: from the checkpoint's names to the model's: ``{"old/**": "new/**"}``, a
        compiled expression with a template, or a function of the name.
      cast: True casts to the target's dtypes; a dtype casts all numbers of its kind,
        floating-point ones or integers, and ``{glob: dtype}`` some. A number that
        does not fit is an error: an integer that would be wrapped, or a float that
        would be infinite.
      transpose: ``{"**/kernel": (1, 0)}``, the axes in their new order.
      slot: in place of the variables, what an optimizer kept for them in a checkpoint
        of TensorFlow, under the variables' names; `slots` lists them.
      format: ``"safetensors"``, ``"orbax"`` or ``"tf1"``, where `path` does not tell.
      progress: whether a bar is shown, as by `Transformed.init`. It counts the bytes of
        the file, array by array, when the array is there. Orbax reads all at once what
        is neither cast nor transposed: that counts when all of it is there.

    Raises:
      FileNotFoundError: there is no such file.
      CheckpointError: the file is damaged or cut short, or an array is none.
      VariableMismatchError: lists every difference from `target`; or an array has 64
        bits, and ``jax_enable_x64`` is off; or a number does not fit into its new
        dtype.
      InvalidArgumentError: an option matches nothing or makes no sense.
      ImportError: the format's library is not installed.

    >>> import tempfile
    >>> import jax, jax.numpy as jnp
    >>> from scopejax import checkpoints
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/net.safetensors"
    ...     checkpoints.save(path, {"old": {"w": jnp.ones(2), "b": jnp.ones(1)}})
    ...     checkpoints.load(path, select="**/b", rename={"old/**": "new/**"})
    {'new': {'b': Array([1.], dtype=float32)}}
    """
    options = _options(select, rename, cast, transpose)
    with open_checkpoint(path, format) as reader:
        planned = plan(
            of_slot(reader, slot), target, kept=_kept(reader, slot), **options
        )
        return _bring(progress, reader, *planned)[0]


def load_matching(
    path: str | os.PathLike[str],
    target: Target,
    *,
    select: NamePattern | None = None,
    rename: Renaming | None = None,
    cast: Cast = False,
    transpose: Transpose | None = None,
    slot: str = "",
    format: str | None = None,
    progress: bool = False,
) -> tuple[Tree, Report]:
    """As `load`, but takes what the checkpoint and the model have in common.

    Shapes and dtypes still have to be equal. Hand the params to ``init(..., given=)``,
    which makes the missing ones.

    Returns:
      The params that were found, and a `Report` of what is missing and unused.

    Raises:
      CheckpointError, VariableMismatchError, InvalidArgumentError, ImportError: as
        `load`, but for names.

    >>> import tempfile
    >>> import jax, jax.numpy as jnp
    >>> from scopejax import checkpoints
    >>> want = {"w": jax.ShapeDtypeStruct((2,), "float32")}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/net.safetensors"
    ...     checkpoints.save(path, {"b": jnp.ones(1)})
    ...     params, report = checkpoints.load_matching(path, want)
    >>> params, report.missing, report.unused
    ({}, ('w',), ('b',))
    """
    options = _options(select, rename, cast, transpose, strict=False)
    with open_checkpoint(path, format) as reader:
        planned = plan(
            of_slot(reader, slot), target, kept=_kept(reader, slot), **options
        )
        return _bring(progress, reader, *planned)


def slots(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """What optimizers kept in a checkpoint of TensorFlow, for `load`'s `slot`.

    ``"Adam"`` and ``"Adam_1"`` are Adam's two moments, ``"Momentum"`` its velocity,
    ``"ExponentialMovingAverage"`` averaged variables; ``"non_slot"`` has what there is
    once for all variables: ``global_step``, an int64, and ``beta1_power``.

    Raises:
      FileNotFoundError, CheckpointError, ImportError: as `load`.

    >>> import tempfile
    >>> import numpy as np
    >>> from scopejax import checkpoints
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoints.save(f"{folder}/net.ckpt-1", {"global_step": np.int64(7)})
    ...     path = f"{folder}/net.ckpt-1"
    ...     print(checkpoints.slots(path))
    ...     checkpoints.load(path, slot="non_slot", cast={"global_step": "int32"})
    ('non_slot',)
    {'global_step': Array(7, dtype=int32)}
    """
    with open_checkpoint(path, None) as reader:
        return tuple(dict.fromkeys(e.slot for e in reader.entries if e.slot))


def open_checkpoint(path: str | os.PathLike[str], format: str | None) -> Reader:
    """The reader of what lies at `path`."""
    path = Path(path)
    return to_read(path, format).read(path)


def _options(
    select: NamePattern | None,
    rename: Renaming | None,
    cast: Cast,
    transpose: Transpose | None,
    strict: bool = True,
) -> dict[str, Any]:
    return {
        "select": select,
        "rename": rename,
        "cast": cast,
        "transpose": transpose,
        "strict": strict,
    }


def _kept(reader: Reader, slot: str) -> list[Entry]:
    """The entries of all slots, where it is the variables that are read."""
    return [] if slot else [entry for entry in reader.entries if entry.slot]


def of_slot(reader: Reader, slot: str) -> list[Entry]:
    """The entries of one slot, whose names differ; ``""`` for the variables."""
    found: dict[str, Entry] = {}
    for entry in reader.entries:
        if entry.slot != slot:
            continue
        other = found.setdefault(entry.name, entry)
        if other is not entry:
            raise CheckpointError(
                f"{other.stored} and {entry.stored} are both {slot} of {entry.name}.",
                name=entry.name,
                where=user_line(),
            )
    if slot and not found:
        raise CheckpointError(
            f"The checkpoint has no slot {slot!r}.",
            where=user_line(),
            nearest=sorted({entry.slot for entry in reader.entries} - {""}),
            remedy="scopejax.checkpoints.slots(path) lists them.",
        )
    return list(found.values())


def _bring(
    progress: bool, reader: Reader, transfers: Sequence[Transfer], report: Report
) -> tuple[Tree, Report]:
    for transfer in transfers:
        _require_mode(transfer)
    sizes = [transfer.entry.nbytes for transfer in transfers]
    reading = asked(progress, lambda: Work("reading", sum(sizes), len(sizes)))
    found = {}
    with shown(reading) as work:
        for transfer, array in _arrays(reader, transfers):
            found[transfer.name] = array
            if work is not None:
                work.begin(array, transfer.entry.nbytes)
    return from_flat({name: found[name] for name in sorted(found)}), report


_HALF = {
    "float64": "float32",
    "int64": "int32",
    "uint64": "uint32",
    "complex128": "complex64",
}


def _require_mode(transfer: Transfer) -> None:
    """Refuses an array that JAX would cut down."""
    narrow = jax.dtypes.canonicalize_dtype(np.float64) != np.float64
    if narrow and transfer.dtype in _HALF:
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
) -> Iterator[tuple[Transfer, jax.Array]]:
    at_once = [t for t in transfers if t.axes is None and t.dtype == t.entry.dtype]
    arrays = reader.read_all([t.entry for t in at_once], [t.sharding for t in at_once])
    if arrays is None:
        arrays, at_once = (), []
    yield from zip(at_once, arrays, strict=True)
    done = {transfer.name for transfer in at_once}
    for transfer in transfers:
        if transfer.name not in done:
            array = changed(transfer, reader.read(transfer.entry))
            yield transfer, _placed(array, transfer.sharding)


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
