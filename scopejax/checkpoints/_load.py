"""A checkpoint into params, checked and changed on the way."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .._base.answers import answering
from .._base.errors import CheckpointError, InvalidArgumentError
from .._base.files import as_path, is_special
from .._base.lines import user_line
from .._base.names import DEEPEST
from .._base.numbers import counted
from .._base.texts import cut
from .._base.trees import Tree, from_flat
from .._manifest.patterns import NamePattern
from ._bring import bring
from ._entry import Entry, Reader
from ._formats import to_read
from ._items import last_of, of_item, of_slot
from ._leaves import Wants
from ._names import named_leaves, rebuilt
from ._plan import Cast, Report, Target, Transpose, plan
from ._renaming import Renaming
from ._tensorflow import NON_SLOT


@answering
def load(
    path: str | os.PathLike[str],
    target: Target | None = None,
    *,
    like: Any = None,
    item: str = "",
    select: NamePattern | None = None,
    rename: Renaming | None = None,
    cast: Cast = False,
    transpose: Transpose | None = None,
    slot: str = "",
    format: str | None = None,
    progress: bool = False,
) -> Any:
    """Reads the variables of a checkpoint, as JAX arrays.

    Args:
      path: a safetensors file; an index of several, ``model.safetensors.index.json``,
        or its folder; a directory of orbax, of a `CheckpointManager` or of one of its
        steps, where the folder stands for the newest; or a checkpoint of TensorFlow:
        its prefix, its ``.index`` file, or the folder with TensorFlow's ``checkpoint``.
      target: what the model wants, a `Manifest` or a nested dict of arrays or
        `jax.ShapeDtypeStruct`. Names, shapes and dtypes have to be those. Averages and
        a global step that are variables of the model are found where TensorFlow keeps
        them, the step in 32 bits where the model has it so. Where a leaf has a sharding
        its array is put there, whatever mesh it was saved from.
      like: in place of `target` any pytree, such as a whole run when it begins. What is
        returned has its structure, and leaves of its kinds: Python's numbers, typed
        keys, arrays of NumPy. Keys, places and fields make up the names:
        ``"opt_state/0/mu/dense/kernel"``.
      item: reads only what is below this name, under the names below it, as if that
        were all of the checkpoint: ``"params"``. A single array is returned as it is.
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

    Returns:
      A nested dict, or a tree like `like`. Without `target` and `like`, Python's
      numbers and typed keys that were saved are numbers and keys again.

    Raises:
      FileNotFoundError: there is no such file.
      CheckpointError: the file is damaged or cut short, an array is none, or there is
        no such item; or nothing is asked for, and it has slots of an optimizer without
        their variables.
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

    All of a run, into one that has just begun:

    >>> run = {"params": {"w": jnp.ones(2)}, "step": 0, "key": jax.random.key(0)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoints.save(f"{folder}/run.safetensors", run | {"step": 3})
    ...     checkpoints.load(f"{folder}/run.safetensors", like=run)["step"]
    3
    """
    _require_one(target, like, select)
    options = _options(select, rename, cast, transpose)
    with open_checkpoint(path, format) as reader:
        if target is None and like is None and select is None and not (slot or item):
            _require_variables(reader)
        entries = of_slot(reader, slot)
        alone = last_of(item) if any(e.name == item for e in entries) else ""
        like = {alone: like} if alone and like is not None else like
        wants = target if like is None else Wants.of(named_leaves(like, "like"))
        kept = _kept(reader, slot)
        transfers, _ = plan(of_item(entries, item), wants, kept=kept, **options)
        found = bring(progress, reader, transfers)
    tree = from_flat(found) if like is None else rebuilt(like, found)
    return tree[alone] if alone else tree


@answering
def load_matching(
    path: str | os.PathLike[str],
    target: Target,
    *,
    item: str = "",
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
        entries = of_item(of_slot(reader, slot), item)
        kept = _kept(reader, slot)
        transfers, report = plan(entries, target, kept=kept, **options)
        return from_flat(bring(progress, reader, transfers)), report


@answering
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
    path = as_path(path)
    _require_readable(path)
    reader = to_read(path, format).read(path)
    _require_shallow(path, reader)
    return reader


def _require_readable(path: Path) -> None:
    """Refuses what may never end, or never begin."""
    if is_special(path):
        raise CheckpointError(
            f"{path} is a pipe, a socket or a device, and a file is wanted.",
            where=user_line(),
            remedy="Write it to a file first.",
        )


def _require_shallow(path: Path, reader: Reader) -> None:
    """Refuses names that JAX has no nested dicts for."""
    for entry in reader.entries:
        depth = entry.name.count("/") + 1
        if depth > DEEPEST:
            reader.close()
            raise CheckpointError(
                f"{path} has a name of {depth:,} components, {cut(entry.name)}",
                expected=f"{DEEPEST} components at most",
                where=user_line(),
            )


def _require_one(target: Any, like: Any, select: Any) -> None:
    """Refuses options that contradict each other."""
    for name, other in (("target", target), ("select", select)):
        if like is not None and other is not None:
            raise InvalidArgumentError(
                f"{name} and like cannot be given both: like says what is wanted.",
                where=user_line(),
                remedy="Use item= for a part of the checkpoint, with its own like.",
            )


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


def _require_variables(reader: Reader) -> None:
    """Refuses to load what is left over where all is taken for an optimizer's.

    A variable whose own name is that of a slot, ``model/Adam``, is one of these.
    """
    variables = {entry.name for entry in reader.entries if not entry.slot}
    alone = [entry for entry in reader.entries if entry.name not in variables]
    alone = [e for e in alone if e.slot != NON_SLOT or not variables]
    if alone:
        raise CheckpointError(
            f"{alone[0].stored} is what an optimizer keeps for {alone[0].name}, by its"
            " name, and that variable is not in the file.",
            name=alone[0].stored,
            found=counted(len(alone), "such array"),
            where=user_line(),
            remedy=f"slot={alone[0].slot!r} loads it, select='**' all others; rename a"
            " variable that is called like that.",
        )


def _kept(reader: Reader, slot: str) -> list[Entry]:
    """The entries of all slots, where it is the variables that are read."""
    return [] if slot else [entry for entry in reader.entries if entry.slot]
