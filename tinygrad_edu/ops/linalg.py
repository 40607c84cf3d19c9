"""``tinygrad_edu.linalg``: what ``torch.linalg`` has, under its names. Some of it is here, the rest is gathered here."""

from __future__ import annotations

import math
from typing import Any

from ..backend.dtypes import is_floating
from ..errors import DTypeError, LinAlgError, ShapeError
from .chain import multi_dot
from .dims import integer, one_dim
from .factorizations import (
    cholesky,
    det,
    eigh,
    eigvalsh,
    inv,
    matrices,
    matrix_rank,
    pinv,
    qr,
    slogdet,
    squares,
    svd,
    svdvals,
)
from .matmul import matmul, one_dtype
from .norms import matrix_norm, norm, vector_norm
from .promotion import constant, namespace
from .systems import lstsq, solve, solve_triangular, tensorinv, tensorsolve

__all__ = [
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vecdot",
    "vector_norm",
]


def matrix_power(A: Any, n: int) -> Any:
    """The product of n times A, by repeated squaring; n < 0 powers of the inverse, n = 0 the identity."""
    n = integer("matrix_power", n)
    if A.array.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ShapeError(f"matrix_power: expected square matrices A (..., N, N), got {tuple(A.shape)}")
    if n < 0:
        A, n = inv(A), -n
    if n == 0:
        return _eye(A).expand(tuple(A.shape)).clone()
    result = None
    while True:
        if n % 2:
            result = A if result is None else result @ A
        n //= 2
        if not n:
            return result
        A = A @ A


def matrix_exp(A: Any) -> Any:
    """``I + A + A A / 2 + A A A / 6 + ...`` of square matrices (..., N, N).

    The series is summed for A / 2^s, which is small, and the result squared s times. Gradient: through all of it.

    >>> matrix_exp(tinygrad_edu.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    A = squares("matrix_exp", A)
    if not A.numel():
        return A + A
    largest = float(abs(A.array).sum(-1).max())
    halvings = max(0, math.ceil(math.log2(largest)) + 1) if 0 < largest < math.inf else 0
    A = A / 2.0**halvings
    eye = _eye(A)
    result = eye + A / 16  # 16 terms of a matrix of norm up to 1/2: what is left out is below 2^-60
    for k in range(15, 0, -1):
        result = eye + (A @ result) / k
    for _ in range(halvings):
        result = result @ result
    return result


def cond(A: Any, p: Any = None) -> Any:
    """Condition number ``norm(A, p) * norm(inv(A), p)``: how much a relative error in A can grow in its inverse.

    ``p`` is None or 2 (largest by smallest singular value, also for matrices that are not square), -2 (the other way
    round), or "fro", "nuc", 1, -1, inf, -inf for the ``matrix_norm`` of that name. inf for a singular matrix.
    """
    A = matrices("cond", A)
    if p in (None, 2, -2):
        s = svdvals(A)
        if not s.shape[-1]:
            return s.sum(-1)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    squares("cond", A)
    if not A.shape[-1]:
        return A.sum((-2, -1))
    try:
        return matrix_norm(A, p) * matrix_norm(inv(A), p)
    except LinAlgError:
        singular = slogdet(A.detach()).sign == 0
        regular = _eye(A).where(singular.unsqueeze(-1).unsqueeze(-1), A)
        return cond(regular, p).masked_fill(singular, math.inf)


def vecdot(x: Any, y: Any, *, dim: int = -1) -> Any:
    """Sum of the products of two tensors over a dimension; the others broadcast.

    >>> vecdot(tinygrad_edu.tensor([[1.0, 2.0], [3.0, 4.0]]), tinygrad_edu.tensor([1.0, 10.0]))
    tensor([21., 43.])
    """
    one_dtype("vecdot", x=x, y=y)
    if not is_floating(x.dtype):
        raise DTypeError(f"vecdot: expected floating tensors, got {x.dtype}; cast them with .float() first")
    return (x * y).sum(dim)


def cross(input: Any, other: Any, *, dim: int = -1) -> Any:
    """Cross product of the vectors of 3 along a dimension; the other dimensions broadcast.

    >>> cross(tinygrad_edu.tensor([1.0, 0.0, 0.0]), tinygrad_edu.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    one_dtype("cross", x=input, y=other)
    ndim = input.array.ndim
    d = one_dim("cross", dim, ndim)
    if ndim != other.array.ndim or not ndim or input.shape[d] != 3 or other.shape[d] != 3:
        raise ShapeError(
            f"cross: expected two tensors of as many dimensions, of size 3 in dim {dim}, got {tuple(input.shape)} and "
            f"{tuple(other.shape)}"
        )
    return input.roll(-1, d) * other.roll(-2, d) - input.roll(-2, d) * other.roll(-1, d)


def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """A view of the diagonal of matrices; by default of the last two dimensions."""
    return A.diagonal(offset, dim1, dim2)


def _eye(A: Any) -> Any:
    return constant(namespace(A).eye(A.shape[-1], dtype=A.dtype), A)
