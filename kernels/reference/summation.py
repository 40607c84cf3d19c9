"""Summation: adding up many floats without losing the last digits.

    y[k] = sum over r of x[k, r]        k: what is kept, r: what is reduced over

Each addition rounds. Added one after another, n numbers collect an error that grows as n (as sqrt(n) at best): ten
million ones in float32 give 16777216, for there the sum plus one is the sum again. Added in a tree, halves of halves,
every number takes part in log2(n) additions only, and the error grows as log2(n).

NumPy builds such a tree along the dimension that lies contiguous in memory, and goes one by one along the others. So
here a long dimension is folded first,

    x (32 m, K)  =  32 blocks of (m, K)   ->   their sum (m, K)   ->   folded again while m is long

which adds whole blocks, long contiguous rows, and so is faster too where K is small. A device needs none of this: its
threads add up a tree by themselves.

N. J. Higham, "The accuracy of floating point summation", SIAM J. Sci. Comput. 14 (1993).
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

__all__ = ["total"]

Array = Any
BLOCKS = 32  # as many numbers are added one after another; more would be less exact, fewer would cost more calls


def total(x: Array, axes: tuple[int, ...], keepdims: bool = False) -> Array:
    """Sum over axes, as exact as a tree of additions.

    Gradient: ``dx = dy``, repeated over the axes.

    Parameters
    ----------
    x : array, shape (*S)
        Of any dtype, which the result has too; integers wrap around.
    axes : tuple of int
        Each from 0 to ``x.ndim - 1``, and at most once.
    keepdims : bool
        Leave a dimension of size 1 in the place of each.

    Returns
    -------
    array
        Of the shape S without `axes`. (A NumPy scalar where that is empty.)

    Examples
    --------
    >>> total(np.full((2, 3), 0.5), (0,))
    array([1., 1., 1.])
    """
    if x.dtype.kind == "f" and isinstance(x, np.ndarray):
        shape, axes_left = x.shape, axes
        while (longest := _longest_line(x, axes_left)) is not None:
            x, axes_left = _folded(x, longest, axes_left)
        y = x.sum(axis=axes_left, dtype=x.dtype)
        return y.reshape([1 if d in axes else n for d, n in enumerate(shape)]) if keepdims else y
    return x.sum(axis=axes, dtype=x.dtype, keepdims=keepdims)


def _longest_line(x: np.ndarray, axes: tuple[int, ...]) -> int | None:
    """The longest axis that NumPy would add up one by one; None where what it adds so is short altogether."""
    if x.size <= 8 * BLOCKS:
        return None
    lines = [d for d in axes if x.shape[d] > 1]
    stride = None
    for d in sorted([d for d in range(x.ndim) if x.shape[d] > 1], key=lambda d: abs(x.strides[d])):
        if d not in lines or (stride is not None and x.strides[d] != stride):
            break
        lines.remove(d)  # lies contiguous with those before it: these NumPy adds in a tree
        stride = x.strides[d] * x.shape[d]
    if prod([x.shape[d] for d in lines]) <= 2 * BLOCKS:
        return None
    return max(lines, key=lambda d: x.shape[d])


def _folded(x: np.ndarray, axis: int, axes: tuple[int, ...]) -> tuple[np.ndarray, tuple[int, ...]]:
    """The array with an axis made shorter by adding up blocks of it, or away, and the axes that are left to reduce."""
    n, before = x.shape[axis], (slice(None),) * axis
    if n <= 2 * BLOCKS:
        return x.sum(axis=axis), tuple([d - (d > axis) for d in axes if d != axis])
    size = n // BLOCKS
    rest = n % size
    blocks = x[(*before, slice(n - rest))].reshape(*x.shape[:axis], n // size, size, *x.shape[axis + 1 :])
    y = blocks.sum(axis=axis)
    y[(*before, slice(rest))] += x[(*before, slice(n - rest, n))]
    return y, axes
