"""Linear algebra: where CuPy's rules about shapes and about singular matrices are not NumPy's.

CuPy does not look whether a factorisation succeeded, since that would make the host wait: it returns what is left in
memory. Here that is nan. Inside ``cupyx.errstate(linalg="raise")`` both raise ``LinAlgError``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._array import lift, ndarray
from ._calls import compute, instead, read_device
from ._state import current, sync

LinAlgError = np.linalg.LinAlgError
instead("linalg.LinAlgError")(LinAlgError)


@instead("linalg.inv")
def inv(a: ndarray) -> ndarray:
    """Invert matrices (..., M, M)."""
    memory = _square("inv", a)
    return lift(_each(np.linalg.inv, memory), "cupy.linalg.inv")


@instead("linalg.cholesky")
def cholesky(a: ndarray) -> ndarray:
    """Factor positive definite matrices (..., M, M) into L @ L.T."""
    memory = _square("cholesky", a)
    return lift(_each(np.linalg.cholesky, memory), "cupy.linalg.cholesky")


@instead("linalg.solve")
def solve(a: ndarray, b: ndarray) -> ndarray:
    """Solve a @ x = b for a (..., M, M) and b (M,) or (..., M, K) with equal leading axes: CuPy broadcasts none."""
    memory, right = _square("solve", a), read_device(b, "cupy.linalg.solve")
    if right.ndim == 1:
        if right.size != memory.shape[-1]:
            raise ValueError("cupy.linalg.solve: expected a (..., M, M) and b (M,), got " + _shapes(memory, right))
        right = np.broadcast_to(right, memory.shape[:-1])[..., None]
        return lift(_each(np.linalg.solve, memory, right)[..., 0], "cupy.linalg.solve")
    if memory.shape[:-1] != right.shape[:-1]:
        raise ValueError("cupy.linalg.solve: expected a (..., M, M) and b (..., M, K), got " + _shapes(memory, right))
    return lift(_each(np.linalg.solve, memory, right), "cupy.linalg.solve")


@instead("linalg.tensorinv")
def tensorinv(a: ndarray, ind: int = 2) -> ndarray:
    """Invert a tensor seen as a matrix."""
    rows, columns = a.shape[:ind], a.shape[ind:]
    return inv(a.reshape(int(np.prod(columns)), -1)).reshape(columns + rows)


@instead("linalg.pinv")
def pinv(a: ndarray, rcond: Any = 1e-15) -> ndarray:
    """Pseudo-invert matrices (..., M, N); `rcond` is CuPy's, smaller than NumPy's."""
    read_device(a, "cupy.linalg.pinv")
    return compute("cupy.linalg.pinv", np.linalg.pinv, a, rcond)


@instead("linalg.eigh")
def eigh(a: ndarray, UPLO: Any = "L") -> tuple[ndarray, ndarray]:
    """Eigenvalues and eigenvectors of symmetric matrices (..., M, M)."""
    _square("eigh", a)
    return compute("cupy.linalg.eigh", np.linalg.eigh, a, UPLO)


@instead("linalg.matrix_rank")
def matrix_rank(M: ndarray, tol: Any = None) -> ndarray:
    """Count the singular values above `tol`."""
    read_device(M, "cupy.linalg.matrix_rank")
    return compute("cupy.linalg.matrix_rank", np.linalg.matrix_rank, M, tol)


def _square(name: str, a: ndarray) -> np.ndarray:
    memory = read_device(a, f"cupy.linalg.{name}")
    if memory.ndim < 2 or memory.shape[-1] != memory.shape[-2]:
        raise LinAlgError(f"cupy.linalg.{name}: expected (..., M, M), got {memory.shape}")
    if memory.dtype.itemsize == 2 and memory.dtype.kind not in "iu":
        raise TypeError(f"cupy.linalg.{name}: {memory.dtype} is unsupported in linalg")
    return memory


def _shapes(a: np.ndarray, b: np.ndarray) -> str:
    return f"a {a.shape} and b {b.shape}"


def _each(function: Callable, *stacks: np.ndarray) -> np.ndarray:
    """Apply to stacked matrices; one that fails gives nan, or raises where that was asked for."""
    if current.linalg == "raise":
        sync("linalg")
        return function(*stacks)
    try:
        return function(*stacks)
    except LinAlgError:
        leading = stacks[0].shape[:-2]
        shape = stacks[-1].shape
        flat = [stack.reshape((-1, *stack.shape[-2:])) for stack in stacks]
        results = [_or_nan(function, *matrices) for matrices in zip(*flat, strict=True)]
        return np.reshape(results, leading + shape[-2:])


def _or_nan(function: Callable, *matrices: np.ndarray) -> np.ndarray:
    try:
        return function(*matrices)
    except LinAlgError:
        return np.full_like(function(*[np.eye(*m.shape[-2:], dtype=m.dtype) for m in matrices]), np.nan)
