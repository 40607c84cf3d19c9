"""Sorting, and what a sorted order tells: the k largest, the k-th, distinct values, where a value belongs.

A nan counts as larger than every number. Indices have no gradient; that of a value goes to the element that it was.
"""

from __future__ import annotations

from typing import Any

from ..autograd.op import Op
from ..backend import array_namespace
from ..backend.dtypes import bool_, float32, is_half
from ..errors import DimError, DTypeError, ShapeError
from .comparison import answer
from .dims import integer, numpy_names, one_dim
from .promotion import first_tensor, is_number, operand, promoted
from .results import ValuesIndices

__all__ = ["argsort", "bucketize", "kthvalue", "msort", "searchsorted", "sort", "topk"]


class Pick(Op):
    """y = x at an index along a dim, which names no place twice.   dx = dy there, 0 elsewhere."""

    half_as_stored = True
    keeps = ("index",)

    def __init__(self, dim: int, index: Any, result: tuple[int, ...]):
        self.dim, self.index, self.result = dim, index, result

    def forward(self, x: Any) -> Any:
        self.of = x.shape
        line = x.reshape(x.shape or (1,))
        return array_namespace(x).take_along_axis(line, self.index, self.dim).reshape(self.result)

    def backward(self, dy: Any) -> Any:
        return Place(self.dim, self.index, self.of)(dy)


class Place(Op):
    """y = x at an index along a dim, which names no place twice, and 0 elsewhere.   dx = dy there."""

    half_as_stored = True
    keeps = ("index",)

    def __init__(self, dim: int, index: Any, result: tuple[int, ...]):
        self.dim, self.index, self.result = dim, index, result

    def forward(self, x: Any) -> Any:
        xp = array_namespace(x)
        self.of = x.shape
        y = xp.zeros(self.result or (1,), x.dtype)
        xp.put_along_axis(y, self.index, x.reshape(self.index.shape), self.dim)
        return y.reshape(self.result)

    def backward(self, dy: Any) -> Any:
        return Pick(self.dim, self.index, self.of)(dy)


def at_index(x: Any, dim: int, index: Any, keepdim: bool = True) -> ValuesIndices:
    """The values of x at an index along a dim, and the index; without the dim where not ``keepdim``."""
    shape = tuple(index.shape) if keepdim else removed(index.shape, dim)
    shape = shape if x.array.ndim else ()
    return ValuesIndices(Pick(dim, index.array, shape)(x), index.reshape(shape))


def removed(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    """The shape without a dimension."""
    return (*shape[:dim], *shape[dim + 1 :])


def as_line(x: Any) -> Any:
    """An array to put in order: a line at least, 16-bit floats as float32 (bfloat16 loses its way among nan)."""
    line = x.reshape(x.shape or (1,))
    return line.astype(float32) if is_half(x.dtype) else line


def order(x: Any, dim: int, descending: bool = False) -> Any:
    """The index that sorts an array along a dim, equal elements in the order that they have."""
    line = as_line(x)
    if not descending:
        return line.argsort(axis=dim, kind="stable")
    turned = (*(slice(None),) * dim, slice(None, None, -1))  # what comes last among equals must come first
    return line.shape[dim] - 1 - line[turned].argsort(axis=dim, kind="stable")[turned]


@numpy_names
def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> ValuesIndices:
    """The elements along a dim in order, and the indices that they had. Equal elements stay in order (always stable).

    >>> sort(tinygrad_edu.tensor([3.0, 1.0, 2.0])).indices
    tensor([1, 2, 0])
    """
    x = first_tensor("sort", input)
    d = one_dim("sort", dim, x.array.ndim)
    return at_index(x, d, answer("sort", lambda xp, a: order(a, d, descending), x))


@numpy_names
def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """The indices that sort the elements along a dim. Equal elements stay in order (always stable)."""
    x = first_tensor("argsort", input)
    d = one_dim("argsort", dim, x.array.ndim)
    return answer("argsort", lambda xp, a: order(a, d, descending).reshape(a.shape), x)


def msort(input: Any) -> Any:
    """The elements along dim 0 in order."""
    return sort(input, 0).values


@numpy_names
def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesIndices:
    """The k largest (or smallest) elements along a dim in order, and their indices.

    >>> topk(tinygrad_edu.tensor([3.0, 1.0, 2.0]), 2).values
    tensor([3., 2.])
    """
    x, k = first_tensor("topk", input), integer("topk", k)
    d = one_dim("topk", dim, x.array.ndim)
    n = x.array.shape[d] if x.array.ndim else 1
    if x.array.dtype == bool_:
        raise DTypeError("topk: bool has no order here; call .int() first")
    if not 0 <= k <= n:
        raise DimError(f"topk: expected k from 0 to {n}, the size of dim {d}, got {k}")
    return at_index(x, d, answer("topk", lambda xp, a: _first_in_order(a, k if a.ndim else 1, d, largest), x))


def _first_in_order(x: Any, k: int, dim: int, descending: bool) -> Any:
    """The first k of the index that ``order`` gives; where k is small, without sorting the rest."""
    line, before = as_line(x), (slice(None),) * dim
    n = line.shape[dim]
    if 4 * k > n or k == 0:
        return order(line, dim, descending)[(*before, slice(k))]
    if descending:
        some = line.argpartition(n - k, axis=dim)[(*before, slice(n - k, None))]
    else:
        some = line.argpartition(k, axis=dim)[(*before, slice(k))]
    some.sort(axis=dim)  # of equal elements the first comes first
    xp = array_namespace(x)
    return xp.take_along_axis(some, order(xp.take_along_axis(line, some, dim), dim, descending), dim)


@numpy_names
def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The k-th smallest element along a dim (k = 1 is the smallest), and its index."""
    x, k = first_tensor("kthvalue", input), integer("kthvalue", k)
    d = one_dim("kthvalue", dim, x.array.ndim)
    n = x.array.shape[d] if x.array.ndim else 1
    if x.array.dtype == bool_:
        raise DTypeError("kthvalue: bool has no order here; call .int() first")
    if not 1 <= k <= n:
        raise DimError(f"kthvalue: expected k from 1 to {n}, the size of dim {d}, got {k}")
    at = (*(slice(None),) * d, slice(k - 1, k))
    return at_index(x, d, answer("kthvalue", lambda xp, a: order(a, d)[at], x), keepdim)


def searchsorted(
    sorted_sequence: Any,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Any = None,
) -> Any:
    """Where each value would have to stand in a sorted sequence, for the sequence to stay sorted.

    Parameters
    ----------
    sorted_sequence : Tensor, shape (N,) or (..., N)
        Ascending along the last dim (or so after ``sorter``).
    input : Tensor or number
        Of any shape for a sequence (N,), else (..., V) with the same dims in front.
    right : bool
        Behind equal elements (``side="right"``) rather than before them.
    sorter : Tensor, shape of the sequence
        The indices that sort it, as ``argsort`` gives them.

    Returns
    -------
    Tensor
        Indices from 0 to N, of the shape of the input: int64, or int32 if ``out_int32``.

    Examples
    --------
    >>> searchsorted(tinygrad_edu.tensor([1, 3, 5]), tinygrad_edu.tensor([3, 6]))
    tensor([1, 3])
    """
    if side not in (None, "left", "right") or (side == "left" and right):
        raise ShapeError(
            f'searchsorted: expected side to be "left" or "right" and to agree with right={right}, got {side!r}'
        )
    a = first_tensor("searchsorted", sorted_sequence)
    v = operand(input, a, "searchsorted")
    if is_number(v):
        v = answer("searchsorted", lambda xp, a: xp.asarray(v), a)
    fits = a.array.ndim == 1 or (a.array.ndim == v.array.ndim and a.shape[:-1] == v.shape[:-1])
    if not fits or a.array.ndim == 0:
        raise ShapeError(
            "searchsorted: expected a sequence (N,), or (..., N) and values (..., V) with the same dims in front, got "
            f"{tuple(a.shape)} and {tuple(v.shape)}"
        )
    if sorter is not None:
        if sorter.shape != a.shape:
            raise ShapeError(f"searchsorted: expected a sorter of shape {tuple(a.shape)}, got {tuple(sorter.shape)}")
        a = answer("searchsorted", lambda xp, a, index: xp.take_along_axis(a, index, -1), a, sorter)
    dtype = "int32" if out_int32 else "int64"

    def places(xp: Any, a: Any, v: Any) -> Any:
        return _search(as_line(a), as_line(v), right or side == "right").reshape(v.shape).astype(dtype)

    return answer("searchsorted", places, *promoted("searchsorted", a, v))


def _search(a: Any, v: Any, right: bool) -> Any:
    """Binary search for all values at once: ``low`` is known to lie before the place, ``high`` at or behind it."""
    xp = array_namespace(a)
    n = a.shape[-1]
    lines = a if a.ndim > 1 else a.reshape(1, n)
    v = v if a.ndim > 1 else v.reshape(1, -1)
    low, high = xp.zeros(v.shape, dtype="int64"), xp.full(v.shape, n, dtype="int64")
    for _ in range(n.bit_length()):
        middle = (low + high) // 2
        at_middle = xp.take_along_axis(lines, xp.minimum(middle, n - 1), -1)
        before = ~(at_middle > v) if right else ~(at_middle >= v)  # true for nan, which so goes to the end
        before &= low < high
        low, high = xp.where(before, middle + 1, low), xp.where(before, high, middle)
    return low


def bucketize(input: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False) -> Any:
    """In which of the buckets between sorted boundaries each value lies: ``boundaries[i - 1] < x <= boundaries[i]``.

    With ``right`` the other end belongs to the bucket: ``boundaries[i - 1] <= x < boundaries[i]``.
    """
    edges = first_tensor("bucketize", boundaries)
    if edges.array.ndim != 1:
        raise ShapeError(f"bucketize: expected boundaries (N,), got {tuple(edges.shape)}")
    return searchsorted(edges, input, out_int32=out_int32, right=right)
