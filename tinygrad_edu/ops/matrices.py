"""The linear algebra that PyTorch has outside ``linalg``: older names, and Tensor methods."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..errors import ShapeError
from . import linalg
from .factorizations import QRFactors, det, matrices, slogdet, squares
from .linalg import matrix_exp, matrix_power
from .promotion import constant, namespace

__all__ = [
    "cholesky",
    "cholesky_inverse",
    "cholesky_solve",
    "cross",
    "det",
    "inverse",
    "logdet",
    "matrix_exp",
    "matrix_power",
    "pinverse",
    "qr",
    "slogdet",
    "svd",
]


class SVDParts(NamedTuple):
    """``input = U @ diag(S) @ V.mT``: V, where ``linalg.svd`` has its transpose."""

    U: Any
    S: Any
    V: Any


def inverse(input: Any) -> Any:
    """``linalg.inv``."""
    return linalg.inv(input)


def pinverse(input: Any, rcond: float = 1e-15) -> Any:
    """``linalg.pinv`` with ``rtol=rcond``."""
    return linalg.pinv(input, rtol=rcond)


def logdet(input: Any) -> Any:
    """Logarithm of the determinant: nan where it is negative, -inf where it is 0.   Gradient: ``input^-T``."""
    sign, logabsdet = slogdet(input)
    return logabsdet + sign.log()


def cholesky(input: Any, upper: bool = False) -> Any:
    """``linalg.cholesky``."""
    return linalg.cholesky(input, upper=upper)


def cholesky_solve(input: Any, L: Any, upper: bool = False) -> Any:
    """The X with ``(L @ L.mT) @ X = input``, from the Cholesky factor L; it is ``L.mT`` where ``upper``."""
    lower = L.mT if upper else L
    y = linalg.solve_triangular(lower, input, upper=False)
    return linalg.solve_triangular(lower.mT, y, upper=True)


def cholesky_inverse(L: Any, upper: bool = False) -> Any:
    """Inverse of ``L @ L.mT`` from the Cholesky factor L; it is ``L.mT`` where ``upper``."""
    L = squares("cholesky_inverse", L, "L")
    eye = constant(namespace(L).eye(L.shape[-1], dtype=L.dtype), L)
    return cholesky_solve(eye, L, upper)


def qr(input: Any, some: bool = True) -> QRFactors:
    """``linalg.qr`` with mode "reduced", or "complete" where ``some`` is False."""
    return linalg.qr(input, "reduced" if some else "complete")


def svd(input: Any, some: bool = True, compute_uv: bool = True) -> SVDParts:
    """``linalg.svd`` with V instead of its transpose; ``some=False`` gives all of U and V, without ``compute_uv`` zeros."""
    A = matrices("svd", input)
    if compute_uv:
        u, s, vh = linalg.svd(A, full_matrices=not some)
        return SVDParts(u, s, vh.mT)
    xp, (m, n) = namespace(A), A.shape[-2:]
    u, v = (constant(xp.zeros((*A.shape[:-2], k, k), A.dtype), A) for k in (m, n))
    return SVDParts(u, linalg.svdvals(A), v)


def cross(input: Any, other: Any, dim: int | None = None) -> Any:
    """``linalg.cross``; without ``dim``, along the first dimension of size 3."""
    if dim is None:
        if 3 not in input.shape:
            raise ShapeError(f"cross: expected a dimension of size 3, got {tuple(input.shape)}")
        dim = tuple(input.shape).index(3)
    return linalg.cross(input, other, dim=dim)
