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
    largest = lambda s: s.max(-1) if s.shape[-1] else xp.zeros(s.shape[:-1], s.dtype)  # noqa: E731
    return lambda s: xp.maximum(rtol * largest(s), atol)


# -- linear systems


def solve(A: Any, B: Any, *, left: bool = True) -> Any:
    """The X with ``A @ X = B``, or ``X @ A = B`` where ``left`` is False.

    Parameters
    ----------
    A : Tensor (..., N, N)
    B : Tensor (..., N, K), (..., K, N) where ``left`` is False; or vectors: (N,), or (..., N) with the batch of A
        Batches broadcast.
    left : bool

    Returns
    -------
    Tensor, with the shape of B after broadcasting

    Raises
    ------
    LinAlgError
        Where a matrix is singular.

    Notes
    -----
    Gradient: ``dB = solve(A.mT, dX)`` and ``dA = -dB @ X.mT``.

    Examples
    --------
    >>> solve(tinygrad_edu.tensor([[2.0, 0.0], [0.0, 4.0]]), tinygrad_edu.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    A = squares("solve", A)
    if B.array.ndim == 1 or tuple(B.shape) == tuple(A.shape[:-1]):
        if not left:
            raise ShapeError(f"solve: expected a matrix B (..., K, N) where left is False, got {tuple(B.shape)}")
        return solve(A, B.unsqueeze(-1)).squeeze(-1)
    _fits("solve", A, B, left)
    return Solve()(A, B) if left else Solve()(A.mT, B.mT).mT


def solve_triangular(A: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    """``solve`` for triangular matrices, by substitution. The other triangle of A is not looked at.

    Parameters
    ----------
    A : Tensor (..., N, N)
    B : Tensor (..., N, K), or (..., K, N) where ``left`` is False
        Batches broadcast.
    upper : bool
        Which triangle of A counts.
    left : bool
        ``A @ X = B`` or ``X @ A = B``.
    unitriangular : bool
        The diagonal is not looked at either: it counts as ones.

    Returns
    -------
    Tensor, with the shape of B after broadcasting. A zero on the diagonal gives inf or nan, not an error.
    """
    A, B = squares("solve_triangular", A), matrices("solve_triangular", B, "B")
    _fits("solve_triangular", A, B, left)
    if left:
        return SolveTriangular(upper, unitriangular)(A, B)
    return SolveTriangular(not upper, unitriangular)(A.mT, B.mT).mT


def _fits(what: str, A: Any, B: Any, left: bool) -> None:
    one_dtype(what, A=A, B=B)
    pairs = zip(reversed(A.shape[:-2]), reversed(B.shape[:-2]), strict=False)
    if B.array.ndim < 2 or B.shape[-2 if left else -1] != A.shape[-1] or any(m != n and 1 not in (m, n) for m, n in pairs):
        raise ShapeError(
            f"{what}: expected A (..., N, N) and B (..., {'N, K' if left else 'K, N'}) with the same N and batches that "
            f"broadcast, got A {tuple(A.shape)} and B {tuple(B.shape)}"
        )


def lstsq(A: Any, B: Any, rcond: float | None = None, *, driver: str | None = None) -> LeastSquares:
    """The X for which ``A @ X - B`` has the smallest sum of squares; of several, the smallest X.

    Parameters
    ----------
    A : Tensor (..., M, N)
    B : Tensor (..., M, K), or vectors (..., M)
    rcond : float, optional
        Singular values up to ``rcond * largest`` count as 0; ``eps max(M, N)`` unless given.
    driver : {"gelsy", "gelsd", "gelss", "gels"}, optional
        All compute by singular values; as in PyTorch, the name decides which of the other results are filled in.

    Returns
    -------
    LeastSquares
        ``solution`` (..., N, K); ``residuals`` (..., K), the sums of squares, for M > N and full rank, not for "gelsy"
        (the default); ``rank`` (...), not for "gels"; ``singular_values`` (..., min(M, N)), for "gelsd" and "gelss".
        What is not filled in has no elements.
    """
    A = matrices("lstsq", A)
    driver = "gelsy" if driver is None else driver
    if driver not in ("gelsy", "gelsd", "gelss", "gels"):
        raise LinAlgError(f"lstsq: expected driver 'gelsy', 'gelsd', 'gelss' or 'gels', got {driver!r}")
    m, n = A.shape[-2:]
    vectors = B.array.ndim == 1 or B.array.ndim == A.array.ndim - 1
    b = B.unsqueeze(-1) if vectors else B
    one_dtype("lstsq", A=A, B=B)
    pairs = zip(reversed(A.shape[:-2]), reversed(b.shape[:-2]), strict=False)
    if b.array.ndim < 2 or b.shape[-2] != m or any(j != k and 1 not in (j, k) for j, k in pairs):
        raise ShapeError(
            f"lstsq: expected A (..., M, N) and B (..., M, K) or (..., M) with the same M and batches that broadcast, got A "
            f"{tuple(A.shape)} and B {tuple(B.shape)}"
        )
    x = pinv(A, rtol=rcond) @ b
    xp = namespace(A)
    nothing = constant(xp.zeros((0,), A.dtype), A)
    rank = matrix_rank(A, rtol=rcond)
    full = driver != "gelsy" and m > n and bool((rank.array == n).all())
    return LeastSquares(
        x.squeeze(-1) if vectors else x,
        (A @ x - b).square().sum(-2) if full else nothing,
        constant(xp.zeros((0,), rank.dtype), A) if driver == "gels" else rank,
        svdvals(A.detach()) if driver in ("gelsd", "gelss") else nothing,
    )


def tensorinv(A: Any, ind: int = 2) -> Any:
    """The inverse of A seen as a matrix from its last dimensions to its first ``ind``: ``tensordot(inv, A, ind)`` is I."""
    rows, columns = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    if ind <= 0 or math.prod(rows) != math.prod(columns):
        raise ShapeError(f"tensorinv: expected as many elements in the first {ind} dims as in the others, got {tuple(A.shape)}")
    return inv(A.reshape(math.prod(rows), -1 if math.prod(rows) else 0)).reshape(columns + rows)


def tensorsolve(A: Any, B: Any, dims: Any = None) -> Any:
    """The X with ``tensordot(A, X, X.ndim) = B``; ``dims`` of A are moved to its end first."""
    if dims is not None:
        A = A.movedim(tuple(dims), tuple(range(A.array.ndim - len(dims), A.array.ndim)))
    unknowns = tuple(A.shape[B.array.ndim :])
    if math.prod(unknowns) != math.prod(B.shape) or tuple(A.shape[: B.array.ndim]) != tuple(B.shape):
        raise ShapeError(
            f"tensorsolve: expected A (*B.shape, *X.shape) with as many unknowns as equations, got A {tuple(A.shape)} and B "
            f"{tuple(B.shape)}"
        )
    n = math.prod(unknowns)
    return solve(A.reshape(n, n), B.reshape(n)).reshape(unknowns)


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


# -- what is made of these


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


def multi_dot(tensors: Any) -> Any:
    """Product of two or more matrices, in the order that takes the fewest multiplications.

    Parameters
    ----------
    tensors : sequence of Tensor
        Matrices; the first may be a vector (a row), the last too (a column).

    Returns
    -------
    Tensor

    Notes
    -----
    ``cost[i, j] = min over k of cost[i, k] + cost[k + 1, j] + rows(i) columns(k) columns(j)``, from short chains to long.
    """
    tensors = list(tensors)
    if len(tensors) < 2:
        raise ShapeError(f"multi_dot: expected at least 2 tensors, got {len(tensors)}")
    shapes = [tuple(x.shape) for x in tensors]
    first, last = len(shapes[0]) == 1, len(shapes[-1]) == 1
    if first:
        tensors[0] = tensors[0].unsqueeze(0)
    if last:
        tensors[-1] = tensors[-1].unsqueeze(1)
    chained = all(len(x.shape) == 2 for x in tensors) and all(
        a.shape[1] == b.shape[0] for a, b in zip(tensors, tensors[1:], strict=False)
    )
    if not chained:
        raise ShapeError(f"multi_dot: expected matrices (M, K), (K, L), ..., at the ends also vectors, got {shapes}")
    product = _multiplied(tensors)
    return product.squeeze(tuple([d for d, is_vector in ((0, first), (1, last)) if is_vector]))


def _multiplied(chain: list) -> Any:
    n = len(chain)
    size = [*[x.shape[0] for x in chain], chain[-1].shape[1]]
    cost, split = {(i, i): 0 for i in range(n)}, {}
    for i, j in ((i, i + length) for length in range(1, n) for i in range(n - length)):
        ways = [(cost[i, k] + cost[k + 1, j] + size[i] * size[k + 1] * size[j + 1], k) for k in range(i, j)]
        cost[i, j], split[i, j] = min(ways)

    def product(i: int, j: int) -> Any:
        return chain[i] if i == j else product(i, split[i, j]) @ product(split[i, j] + 1, j)

    return product(0, n - 1)


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
