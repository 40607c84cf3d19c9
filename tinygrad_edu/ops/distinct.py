"""Distinct values and how often they occur."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.op import Op
from ..backend import array_namespace
from ..backend.dtypes import FLOATING, INTEGER, category, float32, float64, int64
from ..errors import DTypeError, ShapeError
from .comparison import answer
from .dims import integer, one_dim
from .promotion import cast, first_tensor
from .sorting import as_line, order

__all__ = ["bincount", "histc", "unique", "unique_consecutive"]


class Unique(Op):
    """The distinct x[i, ...], for each i which of them x[i, ...] is, and how often each occurs. No derivative."""

    half_as_stored = True

    def __init__(self, consecutive: bool):
        self.consecutive = consecutive

    def forward(self, x: Any) -> Any:
        xp, n = array_namespace(x), x.shape[0]
        lines = as_line(x.reshape(n, math.prod(x.shape[1:])))
        where = xp.arange(n) if self.consecutive else _order_of_lines(lines)
        lines = lines[where]
        new = xp.ones(n, dtype=bool)
        new[1:] = (lines[1:] != lines[:-1]).any(axis=1)
        which = xp.empty(n, dtype=int64)
        which[where] = new.cumsum(dtype=int64) - 1
        first = new.nonzero()[0].astype(int64)
        counts = xp.diff(xp.concatenate([first, xp.full(1, n, dtype=int64)]))
        return x[where[first]], which, counts


def _order_of_lines(lines: Any) -> Any:
    if lines.shape[1] == 1:
        return order(lines[:, 0], 0)
    lines = lines.astype("uint8") if lines.dtype == bool else lines
    return array_namespace(lines).lexsort(lines.T[::-1])  # the last key is the one that counts most


def unique(
    input: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The distinct elements in ascending order; or the distinct slices along a dim. Each nan counts as another.

    Returns
    -------
    Tensor, or a tuple
        The distinct elements; for each element of the input the index of its like (``return_inverse``); how often each
        occurs (``return_counts``). There is no gradient.

    Examples
    --------
    >>> unique(tinygrad_edu.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    return _distinct("unique", input, False, return_inverse, return_counts, dim)


def unique_consecutive(
    input: Any, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements (or slices along a dim) without those that equal the one before. Returns what ``unique`` does."""
    return _distinct("unique_consecutive", input, True, return_inverse, return_counts, dim)


def _distinct(what: str, input: Any, consecutive: bool, inverse: bool, counts: bool, dim: int | None) -> Any:
    x = first_tensor(what, input)
    if dim is None:
        values, which, number = Unique(consecutive)(x.reshape(-1))
        which = which.reshape(tuple(x.shape))
    else:
        d = one_dim(what, dim, x.array.ndim)
        if not x.array.ndim or 0 in x.shape[:d] + x.shape[d + 1 :]:
            raise ShapeError(f"{what}: expected elements in each slice along dim {d}, got shape {tuple(x.shape)}")
        values, which, number = Unique(consecutive)(x.transpose(0, d))
        values = values.transpose(0, d)
    results = [values] + [which] * bool(inverse) + [number] * bool(counts)
    return values if len(results) == 1 else tuple(results)


class Bincount(Op):
    """y_k = the sum of the weights at places where x is k. No derivative."""

    def __init__(self, minlength: int):
        self.minlength = minlength

    def forward(self, x: Any, weights: Any) -> Any:
        y = array_namespace(x).bincount(x, weights, self.minlength)
        return y.astype(float32 if weights.dtype == float32 else float64)


def bincount(input: Any, weights: Any = None, minlength: int = 0) -> Any:
    """How often each of 0, 1, 2 ... occurs, or the sum of the weights where it does. There is no gradient.

    Parameters
    ----------
    input : Tensor, shape (N,)
        Integers of at least 0.
    weights : Tensor, shape (N,)
    minlength : int
        The least size of the result.

    Returns
    -------
    Tensor, shape (max(input) + 1,)
        int64; with weights float32 if they are, else float64.

    Examples
    --------
    >>> bincount(tinygrad_edu.tensor([1, 2, 2]))
    tensor([0, 1, 2])
    """
    x, minlength = first_tensor("bincount", input), integer("bincount", minlength)
    if category(x.array.dtype) != INTEGER:
        raise DTypeError(f"bincount: expected integers, got {x.array.dtype}")
    if x.array.ndim != 1:
        raise ShapeError(f"bincount: expected integers in one dimension, got shape {tuple(x.shape)}")
    if (x < 0).any().item():
        raise ShapeError(f"bincount: expected integers of at least 0, got {x.amin().item()}")
    if minlength < 0:
        raise ShapeError(f"bincount: expected minlength of at least 0, got {minlength}")
    if weights is not None and tuple(first_tensor("bincount", weights).shape) != tuple(x.shape):
        raise ShapeError(f"bincount: expected a weight for each of {x.array.size} integers, got {tuple(weights.shape)}")
    if weights is not None and x.array.size:
        return Bincount(minlength)(cast(x, int64), weights)
    return answer("bincount", lambda xp, a: xp.bincount(a, minlength=minlength).astype(int64), cast(x, int64))


def histc(input: Any, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    """How many elements lie in each of ``bins`` equal parts of the interval from ``min`` to ``max``. No gradient.

    Where the two are equal, the interval is that of the data. Its upper end belongs to the last bin; what lies outside,
    and nan, is not counted.

    >>> histc(tinygrad_edu.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    x, bins = first_tensor("histc", input), integer("histc", bins)
    if category(x.array.dtype) != FLOATING:
        raise DTypeError(f"histc: expected floats, got {x.array.dtype}; call .float() first")
    if bins < 1 or max < min:
        raise ShapeError(
            f"histc: expected bins of at least 1 and max of at least min, got bins={bins}, min={min}, max={max}"
        )
    return answer("histc", lambda xp, a: _histogram(as_line(a).reshape(-1), bins, min, max).astype(a.dtype), x)


def _histogram(x: Any, bins: int, low: float, high: float) -> Any:
    xp = array_namespace(x)
    if low == high and x.size:
        low, high = float(x.min()), float(x.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ShapeError(f"histc: expected a finite interval, got the range of the data {low} to {high}")
    edges = xp.linspace(low, high, bins + 1, dtype=x.dtype)
    inside = x[(x >= edges[0]) & (x <= edges[-1])]
    return xp.bincount(xp.minimum(xp.searchsorted(edges, inside, side="right") - 1, bins - 1), minlength=bins)
