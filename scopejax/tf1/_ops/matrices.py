"""Products and parts of matrices."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from .._tensors.calls import op
from .._tensors.convert import as_array, beside, number


@op
def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """The product of matrices, those in the last two axes."""
    a, b = beside([as_array(a), b], "MatMul")
    if a.ndim < 2 or b.ndim < 2:
        raise ValueError(
            f"Shape must be rank 2 but is rank {min(a.ndim, b.ndim)} for '{{node"
            " MatMul}}'"
        )
    a = _turned(a, transpose_a, adjoint_a)
    b = _turned(b, transpose_b, adjoint_b)
    return jnp.matmul(a, b)


def _turned(x: Any, transposed: bool, adjoint: bool) -> Any:
    if not (transposed or adjoint):
        return x
    turned = jnp.swapaxes(x, -1, -2)
    return jnp.conj(turned) if adjoint else turned


@op
def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Any:
    """The product over axes of both."""
    a, b = beside([a, b], "Tensordot")
    return jnp.tensordot(a, b, axes)


@op
def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Any:
    """Einstein's sum: ``"ij,jk->ik"``."""
    return jnp.einsum(equation, *beside(list(inputs), "Einsum"))


@op
def matrix_transpose(
    a: Any, name: str = "matrix_transpose", conjugate: bool = False
) -> Any:
    """The last two axes, turned."""
    return _turned(as_array(a), True, conjugate)


@op
def matrix_band_part(
    input: Any, num_lower: Any, num_upper: Any, name: str | None = None
) -> Any:
    """Zeros but for a band around the diagonal; -1 takes all on that side."""
    x = as_array(input)
    lower, upper = number(num_lower), number(num_upper)
    x = jnp.tril(x, upper) if upper >= 0 else x
    return jnp.triu(x, -lower) if lower >= 0 else x


@op
def diag(diagonal: Any, name: str | None = None) -> Any:
    """A matrix with this diagonal, and zeros."""
    return jnp.diag(as_array(diagonal))


@op
def diag_part(input: Any, name: str | None = None) -> Any:
    """The diagonal of a matrix."""
    return jnp.diagonal(as_array(input))


@op
def matrix_diag(diagonal: Any, name: str = "diag") -> Any:
    """Matrices with these diagonals, and zeros."""
    x = as_array(diagonal)
    return x[..., None] * jnp.eye(x.shape[-1], dtype=x.dtype)


@op
def matrix_diag_part(input: Any, name: str = "diag_part") -> Any:
    """The diagonals of matrices."""
    return jnp.diagonal(as_array(input), axis1=-2, axis2=-1)


@op
def trace(x: Any, name: str | None = None) -> Any:
    """The sum of the diagonal."""
    return jnp.trace(as_array(x), axis1=-2, axis2=-1)


@op
def matrix_inverse(input: Any, adjoint: bool = False, name: str | None = None) -> Any:
    """The inverse of matrices."""
    return jnp.linalg.inv(_turned(as_array(input), adjoint, adjoint))


@op
def matrix_determinant(input: Any, name: str | None = None) -> Any:
    """The determinant of matrices."""
    return jnp.linalg.det(as_array(input))


@op
def cholesky(input: Any, name: str | None = None) -> Any:
    """The lower triangle whose square is the matrix."""
    return jnp.linalg.cholesky(as_array(input))


@op
def matrix_solve(
    matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None
) -> Any:
    """What the matrix has to be multiplied by to give `rhs`."""
    return jnp.linalg.solve(_turned(as_array(matrix), adjoint, adjoint), as_array(rhs))


@op
def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    keep_dims: bool | None = None,
) -> Any:
    """A norm, the Euclidean one of all numbers by default."""
    x, keep = as_array(tensor), bool(keepdims or keep_dims)
    if ord == "euclidean":
        return jnp.sqrt(jnp.sum(x * x, axis, keepdims=keep))
    if axis is None:
        x = x.reshape(-1) if not keep else x
    return jnp.linalg.norm(x, ord=ord, axis=axis, keepdims=keep)
