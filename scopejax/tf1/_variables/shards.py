"""Partitioned variables: lookup or creation, with TF1's checks and their order."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._base.lines import user_steps
from ..._base.sizes import agree, as_sizes, known, text
from ..._base.tf1_errors import tf_error
from .._graph.cells import Cell, Plan, SliceCell
from .._graph.graph import Graph
from .._graph.state import Store
from .._initial.values import (
    as_core,
    as_value,
    call_tf_style,
    default_initializer,
    instance,
    is_jax_style,
    is_value,
    require_initial_shape,
)
from .._words.arguments import Arguments
from .._words.array_like import ArrayLike
from .._words.devices import caching_place
from .._words.graph_keys import GraphKeys
from .partitioned import PartitionedVariable, PartitionInfo, shards, slices
from .partitions import answer_of, kept, partitions_of
from .sharing import already_exists, require_alike, shape_and_dtype
from .start import SaveSliceInfo, Start

Single = Callable[[Graph, Store, Arguments, Start], Any]
"""Makes one plain variable; a `Start` says how a shard begins."""


def get_partitioned(
    graph: Graph, store: Store, single: Single, arguments: Arguments
) -> PartitionedVariable:
    """The partitioned variable of that name.

    Args:
      graph: the current one.
      store: where variables are found again.
      single: makes one shard.
      arguments: of `get_variable`; without a partitioner it must exist.
    """
    name, dtype, reuse = arguments.name, arguments.dtype, arguments.reuse
    initializer, partitioner = arguments.initializer, arguments.partitioner
    sizes = as_sizes(arguments.shape)
    if name in store.variables:
        raise tf_error(
            ValueError,
            "A partitioner was provided, but an unpartitioned version of the variable"
            f" was found: {name}.  Perhaps a variable of the same name was already"
            " created without partitioning?",
            name=name,
            first=store.variables[name].defined_at,
        )
    if is_value(initializer):
        tensor = isinstance(initializer, ArrayLike | jax.Array)
        initializer = as_value(initializer)
        if tensor:  # as in TF1, a list or a number gives no shape
            sizes = _merged(sizes, tuple(initializer.shape))
    partitions = answer = None
    if partitioner is not None:
        answer = answer_of(partitioner, sizes, dtype)
        partitions = partitions_of(answer, name, sizes)
    if name in store.partitioned:
        return _found(store.partitioned[name], name, sizes, dtype, partitions, reuse)
    if reuse is True or partitions is None:
        raise tf_error(
            ValueError,
            f"PartitionedVariable {name} does not exist, or was not created with"
            " tf.get_variable(). Did you mean to set reuse=False or"
            " reuse=tf.AUTO_REUSE in VarScope?",
            name=name,
        )
    assert sizes is not None
    if is_value(initializer):
        dtype = np.dtype(initializer.dtype)
    full = known(sizes)
    infos = shards(name, full, partitions)
    _require_new(store, name, len(infos))
    begin = _core(name, initializer, dtype, infos)
    arguments.dtype = dtype
    place, cell = _whole(graph, arguments, begin, infos, answer)
    try:
        parts = _parts(graph, store, single, arguments, cell, begin, infos)
    except Exception:
        graph.places.free(place)
        raise
    variable = PartitionedVariable(name, full, dtype, parts, partitions)
    if not graph.eager:
        graph.placed[place] = variable
    store.partitioned[name] = variable
    return variable


def _merged(sizes: Any, found: tuple[int, ...]) -> Any:
    if not agree(sizes, found):
        raise tf_error(
            ValueError, f"Shapes {text(sizes)} and {found} are not compatible"
        )
    return found


def _found(
    variable: PartitionedVariable,
    name: str,
    sizes: Any,
    dtype: np.dtype,
    partitions: list[int] | None,
    reuse: Any,
) -> PartitionedVariable:
    first, there = next(iter(variable)), variable.partitions
    if reuse is False:
        raise already_exists(
            f"Partitioned variable with name {name} already exists.", name, first
        )
    require_alike(
        f"Trying to reuse partitioned variable {name}",
        name,
        first,
        *shape_and_dtype(variable, sizes, dtype),
        ("partitions", partitions in (None, there), partitions, there),
    )
    return variable


def _require_new(store: Store, name: str, count: int) -> None:
    """Refuses shards of that name that are not the shards of this variable."""
    if f"{name}/part_0" not in store.variables:
        return
    start = (
        "Partitioner returned a different partitioning than what was already found. "
        f" Partitioner returned {count} shards, and shard {name}/part_0 was found, but"
    )
    if f"{name}/part_{count - 1}" not in store.variables:
        raise tf_error(ValueError, f"{start} {name}/part_{count - 1} was not.")
    if f"{name}/part_{count}" in store.variables:
        raise tf_error(
            ValueError, f"{start} so was the extra shard {name}/part_{count}."
        )


def _core(
    name: str, initializer: Any, dtype: np.dtype, infos: list[SaveSliceInfo]
) -> Any:
    """The core's initializer of the whole, or its value.

    One key draws the whole, so that the values do not depend on the partitioner. Only
    a function in TF1's style is called for each shard, as TF1 does.
    """
    if initializer is None:
        initializer = default_initializer(name, dtype)
    if is_value(initializer):
        require_initial_shape(tuple(initializer.shape), infos[0].full_shape)
        return initializer
    initializer = instance(initializer)
    if hasattr(initializer, "as_jax") or is_jax_style(initializer):
        return as_core(initializer, dtype)
    return functools.partial(_by_shards, initializer, tuple(infos))


def _by_shards(
    initializer: Any,
    infos: tuple[SaveSliceInfo, ...],
    key: jax.Array,
    shape: tuple[int, ...],
    dtype: Any,
) -> jax.Array:
    whole = jnp.zeros(shape, dtype)
    for i, info in enumerate(infos):
        about = PartitionInfo(info.full_shape, info.var_offset)
        part = call_tf_style(
            initializer,
            jax.random.fold_in(key, i),
            tuple(info.var_shape),
            dtype,
            about,
        )
        whole = whole.at[slices(info)].set(part)
    return whole


def _whole(
    graph: Graph,
    arguments: Arguments,
    begin: Any,
    infos: list[SaveSliceInfo],
    answer: Any,
) -> tuple[str, Cell]:
    """The place of the array, and its cell."""
    place, keys = graph.places.add(arguments.name), arguments.collections
    regularizer = arguments.regularizer
    if regularizer:
        regularizer = functools.partial(_losses, regularizer, tuple(infos))
    plan = Plan(
        place,
        tuple(infos[0].full_shape),
        arguments.dtype,
        begin,
        arguments.trainable,
        (GraphKeys.GLOBAL_VARIABLES,) if keys is None else tuple(keys),
        regularizer or None,
        arguments.constraint,
        caching_place(arguments.caching_device),
        arguments.synchronization,
        arguments.aggregation,
        user_steps(),
        kept(answer),
    )
    try:
        with graph.unnoticed():
            return place, graph.values.create(plan, None, graph.thread)
    except Exception:
        graph.places.free(place)
        raise


def _losses(
    regularizer: Any, infos: tuple[SaveSliceInfo, ...], whole: jax.Array
) -> jax.Array | None:
    """The sum of the shards' losses; None where none has one."""
    found = [regularizer(whole[slices(info)]) for info in infos]
    losses = [jnp.sum(jnp.asarray(loss)) for loss in found if loss is not None]
    return sum(losses[1:], losses[0]) if losses else None


def _parts(
    graph: Graph,
    store: Store,
    single: Single,
    arguments: Arguments,
    cell: Cell,
    begin: Any,
    infos: list[SaveSliceInfo],
) -> list[Any]:
    """A variable for each part of the array; none is left behind where one fails."""
    parts: list[Any] = []
    before = set(store.variables)
    try:
        for i, info in enumerate(infos):
            where, name = slices(info), f"{info.full_name}/part_{i}"
            shape = tuple(info.var_shape)
            dtype = arguments.dtype
            start = Start(begin, shape, dtype, SliceCell(cell, where), info)
            shard = dataclasses.replace(
                arguments, name=name, shape=shape, initializer=None
            )
            parts.append(single(graph, store, shard, start))
    except Exception:
        made = [store.variables.pop(n) for n in set(store.variables) - before]
        for items in graph.collections.values():
            items[:] = [i for i in items if getattr(i, "variable", i) not in made]
        raise
    return parts
