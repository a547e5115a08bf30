"""Which op stands where: the names of `tf`, `tf.nn`, `tf.math` and their like."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from .._variables.operation import Operation
from . import (
    checks,
    clipping,
    convolutions,
    crossentropy,
    drawing,
    elementwise,
    embedding,
    entropies,
    flow,
    images,
    indexing,
    losses,
    making,
    matrices,
    normalizing,
    pooling,
    reductions,
    sampling,
    scattering,
    shapes,
)


def _offered(*modules: ModuleType) -> dict[str, Any]:
    """The ops of modules: those of their tables, and what they define."""
    names: dict[str, Any] = {}
    for module in modules:
        names |= getattr(module, "OPS", {})
        names |= {
            name.removesuffix("_"): value
            for name, value in vars(module).items()
            if getattr(value, "__module__", None) == module.__name__
            and callable(value)
            and not name.startswith("_")
        }
    return names


def _only(names: dict[str, Any], wanted: str) -> dict[str, Any]:
    return {name: names[name] for name in wanted.split()}


def _without(names: dict[str, Any], unwanted: str) -> dict[str, Any]:
    return {n: value for n, value in names.items() if n not in unwanted.split()}


_ELEMENTWISE = _offered(elementwise)
_FEATURES = "elu relu relu6 selu softplus softsign swish crelu leaky_relu"
_REDUCTIONS = _without(_offered(reductions), "one_of reduce_std reduce_variance")
_INDEXING = _offered(indexing)
_DRAWING = _without(_offered(drawing), "key_of step")
_MATRICES = _offered(matrices)
_NORMALIZING = _offered(normalizing)

ROOT = {
    **_without(_ELEMENTWISE, f"{_FEATURES} reciprocal"),
    **_REDUCTIONS,
    **_MATRICES,
    **_offered(shapes, making, clipping, flow, checks, scattering),
    **_without(_INDEXING, "top_k in_top_k TopK"),
    **_without(_DRAWING, "dropout categorical"),
    "batch_matmul": matrices.matmul,
    "newaxis": None,
    "Operation": Operation,
}
"""The ops of `tf` itself."""

NN = {
    **_only(_ELEMENTWISE, f"{_FEATURES} sigmoid tanh log_sigmoid"),
    **_without(_NORMALIZING, "fused_batch_norm"),
    **_without(_offered(convolutions), "spatial convolved transposed"),
    **_without(_offered(pooling), "pooled"),
    **_offered(crossentropy, embedding, sampling),
    **_only(_INDEXING, "top_k in_top_k"),
    "dropout": drawing.dropout,
    "fused_batch_norm": normalizing.fused_batch_norm,
    "silu": _ELEMENTWISE["swish"],
}
"""The ops of `tf.nn`."""

MATH = {
    **_without(_ELEMENTWISE, "elu relu relu6 selu swish crelu leaky_relu"),
    **_without(_offered(reductions), "one_of"),
    **_only(_NORMALIZING, "l2_normalize softmax log_softmax zero_fraction"),
    **_only(_INDEXING, "top_k in_top_k"),
    "divide_no_nan": elementwise.div_no_nan,
    "invert_permutation": making.invert_permutation,
}
"""The ops of `tf.math`."""

LINALG = {
    **_without(_MATRICES, "matrix_band_part matrix_transpose"),
    "band_part": matrices.matrix_band_part,
    "det": matrices.matrix_determinant,
    "diag": matrices.matrix_diag,
    "diag_part": matrices.matrix_diag_part,
    "eye": making.eye,
    "inv": matrices.matrix_inverse,
    "l2_normalize": normalizing.l2_normalize,
    "solve": matrices.matrix_solve,
    "tensor_diag": matrices.diag,
    "tensor_diag_part": matrices.diag_part,
    "transpose": matrices.matrix_transpose,
}
"""The ops of `tf.linalg`."""

RANDOM = {
    **_only(_DRAWING, "categorical multinomial truncated_normal"),
    "gamma": drawing.random_gamma,
    "normal": drawing.random_normal,
    "shuffle": drawing.random_shuffle,
    "uniform": drawing.random_uniform,
}
"""The ops of `tf.random`."""

IMAGE = {
    **_without(_offered(images), "expand"),
    "resize": images.resize_images,
}
"""The ops of `tf.image`."""

LOSSES = _without(_offered(losses, entropies), "floats")
"""The losses of `tf.losses`."""
