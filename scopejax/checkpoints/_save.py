"""Params into a checkpoint: whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._base.answers import answering
from .._base.dtypes import as_array
from .._base.errors import InvalidArgumentError
from .._base.files import as_path
from .._base.lines import user_line
from .._manifest.digest import digest
from .._text.progress import Work, asked, shown
from .._version import __version__
from . import _bundles, _orbax
from ._entry import Source
from ._formats import Format, to_write
from ._leaves import kinds_of, without_kind, without_kinds
from ._names import named_leaves


@answering
def save(
    path: str | os.PathLike[str],
    params: Any,
    *,
    format: str | None = None,
    progress: bool = False,
) -> None:
    """Writes params, or all of a run, in the format that `path` means.

    ``"net.safetensors"`` is one file with flat names, ``"encoder/h0/kernel"``. A name
    without a suffix, ``"step_1000"``, is a directory of orbax, to which each process
    writes its own shards; orbax takes no tree without arrays, and no array without
    numbers. ``"model.ckpt-1000"`` is the prefix of a checkpoint that TensorFlow reads,
    with TF1's names; there a ``global_step`` of JAX has 64 bits, as `Saver` wants it.

    A checkpoint appears whole or not at all: if the process is killed or the disk is
    full, what was at `path` before stays. A safetensors file takes the place of an
    older one; what consists of several files is never replaced. Beside the arrays lie
    scopejax's version and `Manifest.digest`, except in TensorFlow's format.

    Where there are several processes, all of them save to a directory of orbax, and one
    alone to a file, which takes arrays that it has whole.

    Args:
      path: where to. The folder that it is in has to exist.
      params: nested dict of arrays; or any pytree, such as a dict of params, state, an
        optimizer's state, a step and a key. Keys, places and fields make up the names:
        ``"opt_state/0/mu/dense/kernel"``. Python's numbers and typed keys come back as
        such, but for TensorFlow's format; what is empty, and None, is not written.
      format: ``"safetensors"``, ``"orbax"`` or ``"tf1"``, whatever `path` is called.
      progress: whether a bar is shown, as by `Transformed.init`. It counts the bytes
        that are written, array by array, and the last when the checkpoint is in its
        place. Orbax writes all at once, and cannot be followed: there the bar tells how
        much it is, and that it goes on.

    Raises:
      InvalidArgumentError: a key is no name, a leaf is no array, number or key, or of a
        dtype that the format has not, the format cannot be told, a directory is there
        already, or `progress` is no bool; with several processes, parts of a leaf are
        out of reach, or those of one alone.
      FileNotFoundError: there is no such folder.
      ImportError: the format's library is not installed.

    >>> import tempfile
    >>> import jax, jax.numpy as jnp
    >>> from scopejax import checkpoints
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/net.safetensors"
    ...     checkpoints.save(path, {"head": {"bias": jnp.arange(2.0)}})
    ...     checkpoints.load(path)
    {'head': {'bias': Array([0., 1.], dtype=float32)}}
    """
    path = as_path(path)
    chosen = to_write(path, format)
    leaves, kinds = _storable_leaves(params, chosen)
    _require_reachable(leaves, chosen)
    sizes = [leaf.nbytes for leaf in leaves.values()]
    writing = asked(progress, lambda: Work("writing", sum(sizes), len(sizes)))
    with shown(writing) as work:
        sources = list(_sources(leaves, kinds))
        metadata = metadata_of(sources)
        if work is not None and chosen.write is not _orbax.write:
            sources = list(map(_Counted(work), sources, sizes))
        chosen.write(path, sources, metadata)
        if work is not None:
            work.finish()


class _Counted:
    """Counts an array when the next one is asked for: it has been written by then."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._last: int | None = None

    def __call__(self, source: Source, nbytes: int) -> Source:
        """The same source, which is counted."""
        return source._replace(bring=partial(self._bring, source, nbytes))

    def _bring(self, source: Source, nbytes: int) -> Any:
        if self._last is not None:
            self._work.advance(self._last)
        self._last = nbytes
        return source.bring()


@answering
def save_async(
    path: str | os.PathLike[str],
    params: Any,
    *,
    format: str | None = None,
) -> Future[None]:
    """As `save`, but writes in the background.

    The arrays are copied to the host before this returns, so the next training step may
    donate them. The process does not end before all is written.

    Returns:
      A future: its ``result()`` waits, and raises what went wrong in writing.

    Raises:
      InvalidArgumentError, ImportError: as `save`, at once.

    >>> import tempfile
    >>> import jax, jax.numpy as jnp
    >>> from scopejax import checkpoints
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/net.safetensors"
    ...     saving = checkpoints.save_async(path, {"b": jnp.arange(2.0)})
    ...     saving.result()
    ...     checkpoints.load(path)
    {'b': Array([0., 1.], dtype=float32)}
    """
    path = as_path(path)
    chosen = to_write(path, format)
    leaves, kinds = _storable_leaves(params, chosen)
    _require_reachable(leaves, chosen)
    threads = ThreadPoolExecutor(1, "scopejax-save")
    try:
        if chosen.write is _orbax.write:
            sources = list(_sources(leaves, kinds))
            saving = _orbax.Saving(path, sources, metadata_of(sources))
            return threads.submit(saving.finish)
        copies = {name: np.array(leaf) for name, leaf in leaves.items()}
        sources = list(_sources(copies, kinds))
        return threads.submit(chosen.write, path, sources, metadata_of(sources))
    finally:
        threads.shutdown(wait=False)


def metadata_of(
    sources: Sequence[Source], others: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What is written beside the arrays; `others` lay beside them before."""
    written = digest({source.name: source for source in sources})
    ours = {"scopejax": __version__, "digest": written}
    return without_kinds(others or {}) | ours | kinds_of(sources)


def _sources(leaves: Mapping[str, Any], kinds: Mapping[str, str]) -> Iterator[Source]:
    for name, leaf in leaves.items():
        bring = partial(_itself, leaf)
        yield Source(name, leaf.shape, str(leaf.dtype), bring, kinds[name])


def _require_reachable(leaves: Mapping[str, Any], chosen: Format) -> None:
    """A process writes files alone, and a directory of orbax with all others."""
    is_shared = chosen.write is _orbax.write
    for name, leaf in leaves.items():
        if not isinstance(leaf, jax.Array):
            continue
        if is_shared and leaf.is_fully_addressable and jax.process_count() > 1:
            raise InvalidArgumentError(
                f"{name} cannot be saved: it is an array of this process alone.",
                name=name,
                expected=f"an array of all {jax.process_count()} processes",
                found=str(leaf.sharding),
                where=user_line(),
                remedy="Make it on the mesh of all processes, or put it there; or,"
                " where all have the same, save it as an array of NumPy.",
            )
        if not is_shared and not (
            leaf.is_fully_addressable or leaf.is_fully_replicated
        ):
            raise InvalidArgumentError(
                f"{name} cannot be saved to a file: other processes have parts of it.",
                name=name,
                expected="an array that this process has whole",
                found=str(leaf.sharding),
                where=user_line(),
                remedy="Save to a directory of orbax, such as 'step_1000', from all"
                " processes; `python -m scopejax convert` makes one file of it.",
            )


def _itself(leaf: Any) -> Any:
    return leaf


def _as_format_has(leaves: dict[str, Any], chosen: Format) -> dict[str, Any]:
    """A global step in 64 bits for TensorFlow, whose `Saver` wants that.

    JAX does without them by default. An array of NumPy is written as it is.
    """
    if chosen.write is not _bundles.write:
        return leaves
    steps = {n: np.asarray(a, np.int64) for n, a in leaves.items() if _is_step(n, a)}
    return {**leaves, **steps}


def _is_step(name: str, leaf: Any) -> bool:
    whole = isinstance(leaf, jax.Array) and leaf.dtype == np.int32 and not leaf.shape
    return whole and name.rpartition("/")[2] == "global_step"


def _storable_leaves(
    tree: Any, chosen: Format
) -> tuple[dict[str, Any], dict[str, str]]:
    """The leaves as arrays with numbers, and what those are that aren't."""
    arrays, kinds = {}, {}
    for name, leaf in named_leaves(tree, "tree").items():
        plain = without_kind(leaf) if chosen.keeps_kinds else (leaf, "")
        arrays[name], kinds[name] = _storable(plain[0], name), plain[1]
    return _as_format_has(arrays, chosen), kinds


def _storable(leaf: Any, name: str) -> Any:
    """A leaf as an array with numbers; a NumPy array keeps its 64 bits."""
    array = leaf if isinstance(leaf, np.ndarray) else as_array(leaf, name)
    if isinstance(array, jax.core.Tracer):
        np.asarray(array)  # JAX's own error, which tells where it was traced
    if jnp.issubdtype(array.dtype, np.number) or array.dtype == np.bool_:
        return array
    raise InvalidArgumentError(
        f"{name} cannot be saved: its dtype is {array.dtype}.",
        name=name,
        where=user_line(),
        remedy="Save a key to another format, or its jax.random.key_data; keep text"
        " elsewhere.",
    )
