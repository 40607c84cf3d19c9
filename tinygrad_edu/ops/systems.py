"""Systems of linear equations: solved, or satisfied as well as can be."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..errors import LinAlgError, ShapeError
from .decompositions import Solve, SolveTriangular
from .factorizations import inv, matrices, matrix_rank, pinv, squares, svdvals
from .matmul import one_dtype
from .promotion import constant, namespace

__all__ = ["lstsq", "solve", "solve_triangular", "tensorinv", "tensorsolve"]


class LeastSquares(NamedTuple):
    """The solution of a least-squares problem, the sums of squares that are left, and what A is like."""

    solution: Any
    residuals: Any
    rank: Any
    singular_values: Any


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
    if (
        B.array.ndim < 2
        or B.shape[-2 if left else -1] != A.shape[-1]
        or any(m != n and 1 not in (m, n) for m, n in pairs)
    ):
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
        raise ShapeError(
            f"tensorinv: expected as many elements in the first {ind} dims as in the others, got {tuple(A.shape)}"
        )
    return inv(A.reshape(math.prod(rows), math.prod(columns))).reshape(columns + rows)


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
