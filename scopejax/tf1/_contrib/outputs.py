"""What the layers of contrib share: outputs in collections, activation at the end."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from ..._base.tf1_errors import tf_error
from .._graph.current import get_default_graph
from .._words.shape import TensorShape


def require_order(data_format: str) -> str:
    """``"channels_last"`` or ``"channels_first"`` of ``"NHWC"`` or ``"NCHW"``.

    Raises:
      ValueError: it is neither.
    """
    if data_format not in ("NHWC", "NCHW"):
        raise tf_error(ValueError, "data_format has to be either NCHW or NHWC.")
    return "channels_first" if data_format == "NCHW" else "channels_last"


def finished(outputs: Any, activation_fn: Any, collections: Any, alias: str) -> Any:
    """The activation, and the collections of outputs."""
    if activation_fn is not None:
        outputs = activation_fn(outputs)
    return collect_named_outputs(collections, alias, outputs)


def collect_named_outputs(collections: Any, alias: str, outputs: Any) -> Any:
    """Adds outputs to collections, under another name besides."""
    if collections:
        append_tensor_alias(outputs, alias)
        get_default_graph().add_to_collections(collections, outputs)
    return outputs


def append_tensor_alias(tensor: Any, alias: str) -> Any:
    """Gives a tensor another name besides."""
    tensor.aliases = [*getattr(tensor, "aliases", ()), alias.removesuffix("/")]
    return tensor


def get_tensor_aliases(tensor: Any) -> list[str]:
    """The other names of a tensor, or its own."""
    aliases = getattr(tensor, "aliases", None)
    return list(aliases) if aliases else [tensor.op.name]


def gather_tensors_aliases(tensors: Any) -> list[str]:
    """The names of several tensors."""
    return [alias for tensor in tensors for alias in get_tensor_aliases(tensor)]


def convert_collection_to_dict(
    collection: str, clear_collection: bool = False
) -> OrderedDict[str, Any]:
    """The tensors of a collection, by their names."""
    graph = get_default_graph()
    found = graph.get_collection(collection)
    pairs = [
        (alias, tensor) for tensor in found for alias in get_tensor_aliases(tensor)
    ]
    if clear_collection:
        graph.clear_collection(collection)
    return OrderedDict(pairs)


def last_dimension(shape: TensorShape, min_rank: int = 1) -> int:
    """The last size.

    Raises:
      ValueError: there are fewer axes than `min_rank`.
    """
    if len(shape) < min_rank:
        raise tf_error(
            ValueError,
            f"rank of shape must be at least {min_rank} not: {len(shape)}",
        )
    return int(shape[-1])


def two_element_tuple(int_or_tuple: Any) -> tuple[int, int]:
    """Two numbers, of one or two.

    Raises:
      ValueError: there are others.
    """
    if isinstance(int_or_tuple, int):
        return int_or_tuple, int_or_tuple
    if isinstance(int_or_tuple, list | tuple) and len(int_or_tuple) == 2:
        return int(int_or_tuple[0]), int(int_or_tuple[1])
    raise tf_error(
        ValueError,
        "Must be an int, a list with 2 elements or a TensorShape of length 2",
    )
