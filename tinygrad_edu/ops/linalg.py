"""``tinygrad_edu.linalg``: inverses, systems, factorisations and norms, with the names and the rules of torch.linalg.

All take batches: matrices are the last two dimensions. Matrices of float32 and float64 are decomposed; 16-bit floats and
integers are refused, as in PyTorch. A matrix for which there is no result is a ``LinAlgError`` that says which of the batch.

The gradient of ``qr``, ``svd`` and ``eigh`` vectors depends on choices that the decomposition leaves open (signs, bases of
equal singular values): it is right for functions that do not change with these choices, and for others it is
meaningless. It is infinite where singular values or eigenvalues are equal and their vectors are used.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..autograd.modes import is_grad_enabled
from ..autograd.variable import Variable
from ..backend.dtypes import is_floating, is_half
from ..errors import DTypeError, LinAlgError, ShapeError
from .decompositions import FAILED, QR, SVD, Cholesky, Eigh, Inverse, PseudoInverse, Solve, SolveTriangular, factored
from .determinant import Det, SlogDet
from .dims import integer, one_dim
from .matmul import matmul, one_dtype
from .norms import matrix_norm, norm, vector_norm
from .promotion import constant, namespace

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


class Slogdet(NamedTuple):
    """``det(A) = sign * exp(logabsdet)``."""

    sign: Any
    logabsdet: Any


class QRFactors(NamedTuple):
    """``A = Q @ R``."""

    Q: Any
    R: Any


class SVDFactors(NamedTuple):
    """``A = U @ diag(S) @ Vh``."""

    U: Any
    S: Any
    Vh: Any


class EighFactors(NamedTuple):
    """``A = V @ diag(w) @ V.mT`` with the eigenvalues w in rising order."""

    eigenvalues: Any
    eigenvectors: Any


class LeastSquares(NamedTuple):
    """The solution of a least-squares problem, the sums of squares that are left, and what A is like."""

    solution: Any
    residuals: Any
    rank: Any
    singular_values: Any


# -- what a matrix must be


def matrices(what: str, A: Any, name: str = "A") -> Any:
    """A, where it is a Tensor (..., M, N) of float32 or float64."""
    if not isinstance(A, Variable):
        raise DTypeError(f"{what}: expected a Tensor, got {type(A).__name__}")
    if A.array.ndim < 2:
        raise ShapeError(f"{what}: expected {name} (..., M, N), got {tuple(A.shape)}")
    if not is_floating(A.dtype) or is_half(A.dtype):
        raise DTypeError(f"{what}: expected float32 or float64, got {A.dtype}; cast it with .float() first")
    return A


def squares(what: str, A: Any, name: str = "A") -> Any:
    """A, where it is a Tensor (..., N, N) of float32 or float64."""
    A = matrices(what, A, name)
    if A.shape[-1] != A.shape[-2]:
        raise ShapeError(f"{what}: expected square matrices {name} (..., N, N), got {tuple(A.shape)}")
    return A


def _is_recorded(A: Any) -> bool:
    return A.requires_grad and is_grad_enabled()


# -- determinants, inverses, powers


def det(A: Any) -> Any:
    """Determinant of square matrices (..., N, N) -> (...).

    Gradient: the matrix of cofactors, ``det(A) A^-T`` where there is an inverse; right for singular matrices as well.

    >>> det(tinygrad_edu.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(-2.)
    """
    return Det()(squares("det", A))


def slogdet(A: Any) -> Slogdet:
    """Sign and logarithm of the size of the determinant, which may be too large or too small to be written itself.

    Gradient of ``logabsdet``: ``A^-T``. A singular matrix has sign 0 and logabsdet -inf.
    """
    return Slogdet(*SlogDet()(squares("slogdet", A)))


def inv(A: Any) -> Any:
    """Inverse Y of square matrices (..., N, N).   Gradient: ``dA = -Y.mT @ dY @ Y.mT``.

    Raises
    ------
    LinAlgError
        Where a matrix is singular.

    Examples
    --------
    >>> inv(tinygrad_edu.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return Inverse()(squares("inv", A))


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


def pinv(A: Any, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Any:
    """Pseudo-inverse (..., M, N) -> (..., N, M): of all least-squares solutions of ``A @ X = I``, the smallest.

    Parameters
    ----------
    A : Tensor (..., M, N)
    rcond : float or Tensor (...), optional
        Another name for ``rtol``.
    hermitian : bool
        A is symmetric: use eigenvalues, and only the lower triangle.
    atol, rtol : float or Tensor (...), optional
        Singular values up to ``max(atol, rtol * largest)`` count as 0. Without either, rtol is ``eps max(M, N)``.

    Returns
    -------
    Tensor (..., N, M)

    Notes
    -----
    The gradient (Golub and Pereyra, 1973) is that of matrices of the same rank: where the rank jumps, there is none.
    """
    A = squares("pinv", A) if hermitian else matrices("pinv", A)
    return PseudoInverse(_cut(A, atol, rcond if rtol is None else rtol), hermitian)(A)


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Any:
    """The number of singular values above ``max(atol, rtol * largest)``: (..., M, N) -> (...) of int64.

    ``tol`` is another name for ``atol`` with ``rtol = 0``. Without any, rtol is ``eps max(M, N)``. No gradient.
    """
    A = squares("matrix_rank", A) if hermitian else matrices("matrix_rank", A)
    s = abs(eigvalsh(A).array) if hermitian else svdvals(A.detach()).array
    cut = _cut(A, atol, rtol) if tol is None else _cut(A, tol, 0.0)
    return constant((s > cut(s)[..., None]).sum(-1), A)


def _cut(A: Any, atol: Any, rtol: Any) -> Callable:
    """The size up to which singular values count as 0, as a function of the singular values (..., K)."""
    xp = namespace(A)
    atol, rtol = (x.array if isinstance(x, Variable) else x for x in (atol, rtol))
    default = float(xp.finfo(A.dtype).eps) * max(A.shape[-2:])
    if rtol is None:
        rtol = default if atol is None else xp.where(xp.asarray(atol) > 0, 0, default).astype(A.dtype)
    atol = 0.0 if atol is None else atol
    return lambda s: xp.maximum(rtol * s.max(-1, initial=0) if xp is np else rtol * _largest(s), atol)
