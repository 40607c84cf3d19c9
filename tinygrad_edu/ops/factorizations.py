"""Inverses, determinants and factorisations of matrices, with the names and the rules of ``torch.linalg``.

All take batches: matrices are the last two dimensions. Matrices of float32 and float64 are decomposed; 16-bit floats
and integers are refused, as in PyTorch. A matrix for which there is no result is a ``LinAlgError`` that says which of
the batch it is.

The gradient of the vectors of ``qr``, ``svd`` and ``eigh`` depends on choices that the decomposition leaves open
(signs, bases of equal singular values). It is right for functions that do not change with these choices, and means
nothing for others; it is infinite where singular values or eigenvalues are equal and their vectors are used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..autograd.modes import is_grad_enabled
from ..autograd.variable import Variable
from ..backend.dtypes import is_floating, is_half
from ..errors import DTypeError, LinAlgError, ShapeError
from .decompositions import FAILED, QR, SVD, Cholesky, Eigh, Inverse, PseudoInverse, factored
from .determinant import Det, SlogDet
from .promotion import constant, namespace

__all__ = [
    "cholesky",
    "det",
    "eigh",
    "eigvalsh",
    "inv",
    "matrix_rank",
    "pinv",
    "qr",
    "slogdet",
    "svd",
    "svdvals",
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


# -- what a matrix must be


def matrices(what: str, A: Any, name: str = "A") -> Any:
    """A, where it is a Tensor (..., M, N) of float32 or float64."""
    if not isinstance(A, Variable):
        raise DTypeError(f"{what}: expected a Tensor, got {type(A).__name__}")
    shape, dtype = tuple(A.array.shape), A.array.dtype
    if len(shape) < 2:
        raise ShapeError(f"{what}: expected {name} (..., M, N), got {shape}")
    if not is_floating(dtype) or is_half(dtype):
        raise DTypeError(f"{what}: expected float32 or float64, got {dtype}; cast it with .float() first")
    return A


def squares(what: str, A: Any, name: str = "A") -> Any:
    """A, where it is a Tensor (..., N, N) of float32 or float64."""
    A = matrices(what, A, name)
    if A.shape[-1] != A.shape[-2]:
        raise ShapeError(f"{what}: expected square matrices {name} (..., N, N), got {tuple(A.shape)}")
    return A


def _is_recorded(A: Any) -> bool:
    return A.requires_grad and is_grad_enabled()


# -- determinants and inverses


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
    return constant(namespace(A).asarray((s > cut(s)[..., None]).sum(-1)), A)


def _cut(A: Any, atol: Any, rtol: Any) -> Callable:
    """The size up to which singular values count as 0, as a function of the singular values (..., K)."""
    xp = namespace(A)
    atol, rtol = (x.array if isinstance(x, Variable) else x for x in (atol, rtol))
    default = float(xp.finfo(A.dtype).eps) * max(A.shape[-2:])
    if rtol is None:
        rtol = default if atol is None else xp.where(xp.asarray(atol) > 0, 0, default).astype(A.dtype)
    atol = 0.0 if atol is None else atol
    largest = lambda s: s.max(-1) if s.shape[-1] else xp.zeros(s.shape[:-1], s.dtype)  # noqa: E731
    return lambda s: xp.maximum(rtol * largest(s), atol)


# -- factorisations


def cholesky(A: Any, *, upper: bool = False) -> Any:
    """The lower triangular L with ``A = L @ L.mT`` for symmetric positive definite A; with ``upper``, ``L.mT``.

    One triangle of A is read, the lower one (the upper one with ``upper``); the gradient is symmetric.

    Raises
    ------
    LinAlgError
        Where a matrix is not positive definite.

    Examples
    --------
    >>> cholesky(tinygrad_edu.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    A = squares("cholesky", A)
    return Cholesky()(A.mT).mT if upper else Cholesky()(A)


def qr(A: Any, mode: str = "reduced") -> QRFactors:
    """``A = Q @ R`` with orthonormal columns in Q and an upper triangular R. For A (..., M, N) and K = min(M, N):

    ``mode="reduced"``: Q (..., M, K), R (..., K, N). ``"complete"``: Q (..., M, M), R (..., M, N); no gradient for M > N.
    ``"r"``: only R as in "reduced", and no gradient. The gradient needs the first K columns of A to be independent.
    """
    if mode not in ("reduced", "complete", "r"):
        raise LinAlgError(f"qr: expected mode 'reduced', 'complete' or 'r', got {mode!r}")
    return QRFactors(*QR(mode)(matrices("qr", A)))


def svd(A: Any, full_matrices: bool = True) -> SVDFactors:
    """``A = U @ diag(S) @ Vh`` with orthonormal columns in U, orthonormal rows in Vh and S falling, at least 0.

    Parameters
    ----------
    A : Tensor (..., M, N)
    full_matrices : bool
        U (..., M, M) and Vh (..., N, N); else, with K = min(M, N), U (..., M, K) and Vh (..., K, N).

    Returns
    -------
    SVDFactors
        U, S (..., K) and Vh. See the top of this module for what their gradients mean; that of S alone is always right
        where the singular values differ from 0.
    """
    return SVDFactors(*SVD(full_matrices)(matrices("svd", A)))


def svdvals(A: Any) -> Any:
    """Singular values in falling order (..., min(M, N)).   Gradient: ``U diag(dS) Vh``."""
    A = matrices("svdvals", A)
    if _is_recorded(A):
        return svd(A, full_matrices=False).S
    values = lambda x: namespace(A).linalg.svd(x, compute_uv=False)  # noqa: E731
    return constant(factored("svdvals", FAILED, values, A.array), A)


def eigh(A: Any, UPLO: str = "L") -> EighFactors:
    """Eigenvalues, rising, and orthonormal eigenvectors (columns) of symmetric matrices: ``A = V @ diag(w) @ V.mT``.

    ``UPLO`` says which triangle of A is read, "L" or "U"; the gradient takes A to be symmetric. See the top of this module
    for what the gradient of the vectors means; that of the eigenvalues alone is always right where they differ.
    """
    if UPLO not in ("L", "U", "l", "u"):
        raise LinAlgError(f"eigh: expected UPLO 'L' or 'U', got {UPLO!r}")
    return EighFactors(*Eigh(UPLO.upper())(squares("eigh", A)))


def eigvalsh(A: Any, UPLO: str = "L") -> Any:
    """Eigenvalues of symmetric matrices, in rising order.   Gradient: ``V diag(dw) V.mT``."""
    A = squares("eigvalsh", A)
    if _is_recorded(A):
        return eigh(A, UPLO).eigenvalues
    values = lambda x: namespace(A).linalg.eigvalsh(x, UPLO=UPLO.upper())  # noqa: E731
    return constant(factored("eigvalsh", FAILED, values, A.array), A)
