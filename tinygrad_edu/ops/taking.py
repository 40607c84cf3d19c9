"""Elements at arrays of integers: reading them, adding to them, overwriting them. The operations behind ``x[i, j]``.

y = Take(x)
    y[k] = x[i[k]].                  dx = TakeGrad(dy).
x = TakeGrad(y)
    x = 0, then x[i[k]] += y[k].     dy = Take(dx).
y = Put(x, v)
    y = x, then y[i[k]] = v[k].      dx = Put(dy, 0), dv = Take(dy), zero for a value that a later one wrote over.

There may be several index arrays, for several dims; they are broadcast together. The result has their shape in the place
of the dims that they index, or in front where those dims are not side by side (as in NumPy). Or there is one mask, for as
many dims as it has: the result has one dim in their place, with the elements where it is true.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.op import Op
from ..backend import array_namespace
from ..backend.dtypes import int64
from ..errors import DimError
from ..kernels.reference import scatter as kernels
from .promotion import constant

Dims = tuple[int, ...]


def check_range(what: str, index: Any, n: int, dim: int, negative: bool = True) -> None:
    """An error for an index outside -n ... n - 1 (or 0 ... n - 1), naming it."""
    if not index.size:
        return
    least, low, high = -n if negative else 0, int(index.min()), int(index.max())
    if low < least or high >= n:
        raise DimError(f"{what}: {low if low < least else high} is out of range for dim {dim} of size {n}")


def front_of(dims: Dims) -> int:
    """Where the result has the dims of the index arrays: where the indexed dims were, or first if these stand apart."""
    return dims[0] if dims == tuple(range(dims[0], dims[0] + len(dims))) else 0


def shape_at(shape: Dims, dims: Dims, indices: Any, mask: bool) -> Dims:
    """The shape of what indexing an array of some shape gives."""
    if mask:
        (first,), (where,) = dims, indices
        return (*shape[:first], int(where.sum()), *shape[first + where.ndim :])
    rest = [n for d, n in enumerate(shape) if d not in dims]
    first = front_of(dims)
    return (*rest[:first], *np.broadcast_shapes(*[i.shape for i in indices]), *rest[first:])


def at_dims(dims: Dims, indices: Any) -> tuple:
    """The index that has these arrays (or this mask) at these dims, and takes all of the dims before and between."""
    index: list[Any] = [slice(None)] * (max(dims) + 1)
    for d, i in zip(dims, indices, strict=True):
        index[d] = i
    return tuple(index)


def places(shape: Dims, dims: Dims, indices: Any) -> Any:
    """The places that the indices name, as one number each, in the shape of the indices."""
    xp = array_namespace(indices[0])
    keys = xp.zeros((), dtype=int64)
    for d, i in zip(dims, indices, strict=True):
        keys = keys * shape[d] + xp.where(i < 0, i + shape[d], i)
    return keys


def last_of_each(keys: Any) -> Any:
    """Where each of the different keys stands last, of keys of shape (V,)."""
    xp = array_namespace(keys)
    order = xp.argsort(keys, kind="stable")
    keys = keys[order]
    return order[xp.concatenate([keys[1:] != keys[:-1], xp.ones(min(1, keys.size), dtype=bool)])]


def put_at(y: Any, dims: Dims, indices: Any, v: Any, mask: bool = False) -> None:
    """Write v (an array or a number) into an array at the indices; of several values for one element the last stays."""
    if not isinstance(y, np.ndarray) and hasattr(v, "shape"):
        xp = array_namespace(y)
        if not mask and v.size > 1:  # a device has no order that lets the last value stay: write that one alone
            indices = xp.broadcast_arrays(*indices)
            size, first = shape_at(y.shape, dims, indices, mask), front_of(dims)
            v = xp.broadcast_to(v, size).reshape(*size[:first], indices[0].size, *size[first + indices[0].ndim :])
            last = last_of_each(places(y.shape, dims, indices).reshape(-1))
            indices, v = [i.reshape(-1)[last] for i in indices], xp.take(v, last, axis=first)
        elif xp.may_share_memory(y, v):
            v = v.copy()
    y[at_dims(dims, indices)] = v


def added_at(shape: Dims, dims: Dims, indices: Any, values: Any) -> Any:
    """Zeros of some shape with values added at the indices, all of them where an element is named several times."""
    xp = array_namespace(values)
    keys = places(shape, dims, indices)
    front = tuple(range(front_of(dims), front_of(dims) + keys.ndim))
    rest = [d for d in range(values.ndim) if d not in front]
    order = (*dims, *[d for d in range(len(shape)) if d not in dims])
    rows, width = math.prod([shape[d] for d in dims]), math.prod([values.shape[d] for d in rest])
    matrix = xp.zeros((rows, width), dtype=values.dtype)
    matrix = kernels.index_add(matrix, 0, keys.reshape(-1), values.transpose(*front, *rest).reshape(keys.size, width))
    return matrix.reshape([shape[d] for d in order]).transpose([order.index(d) for d in range(len(shape))])


class _AtIndices(Op):
    """An operation whose last inputs are index arrays, or one mask, kept as Tensors so that a change of them is noticed."""

    keeps = ("inputs",)
    before = 1  # how many inputs come before the indices

    def __init__(self, dims: Dims, mask: bool):
        self.dims, self.mask = dims, mask

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [i >= self.before for i in range(len(wanted))]

    @property
    def indices(self) -> tuple:
        return self.inputs[self.before :]


class Take(_AtIndices):
    """y = x[..., i, j, ...] for arrays of integers i, j at some dims. dx adds up dy at the places that it came from."""

    half_as_stored = True

    def forward(self, x: Any, *indices: Any) -> Any:
        self.shape_of_x = x.shape
        return x[at_dims(self.dims, indices)]

    def backward(self, dy: Any) -> Any:
        i = self.indices
        return TakeGrad(self.dims, self.mask, self.shape_of_x)(dy, *i), *[None] * len(i)


class TakeGrad(_AtIndices):
    """dx = zeros, plus dy at the places that ``Take`` took it from. ddy = ddx taken there."""

    def __init__(self, dims: Dims, mask: bool, shape: Dims):
        super().__init__(dims, mask)
        self.shape_of_x = shape

    def forward(self, dy: Any, *indices: Any) -> Any:
        if not self.mask:
            return added_at(self.shape_of_x, self.dims, indices, dy)
        dx = array_namespace(dy).zeros(self.shape_of_x, dtype=dy.dtype)
        dx[at_dims(self.dims, indices)] = dy
        return dx

    def backward(self, ddx: Any) -> Any:
        i = self.indices
        return Take(self.dims, self.mask)(ddx, *i), *[None] * len(i)


class Put(_AtIndices):
    """y = x with v at arrays of integers at some dims. dx = dy with zeros there, dv = dy taken there."""

    half_as_stored = True
    before = 2

    def forward(self, x: Any, v: Any, *indices: Any) -> Any:
        y = x.copy()
        put_at(y, self.dims, indices, v, self.mask)
        return y

    def backward(self, dy: Any) -> Any:
        i = self.indices
        dx = Put(self.dims, self.mask)(dy, 0, *i) if self.needs[0] else None
        return dx, (self._seen(dy, i) if self.needs[1] else None), *[None] * len(i)

    def _seen(self, dy: Any, indices: tuple) -> Any:
        """dy at the indices, with zeros for values that were written over."""
        dv = Take(self.dims, self.mask)(dy, *indices)
        if self.mask:
            return dv
        arrays = [i.array for i in indices]
        lost = overwritten(places(dy.array.shape, self.dims, arrays))
        if lost is None:
            return dv
        behind = dv.array.ndim - front_of(self.dims) - lost.ndim
        return dv.masked_fill(constant(lost.reshape(lost.shape + (1,) * behind), dy), 0)


def overwritten(keys: Any) -> Any:
    """Which of the values for these places a later one writes over; None where all places are different."""
    last = last_of_each(keys.reshape(-1))
    if last.size == keys.size:
        return None
    lost = array_namespace(keys).ones(keys.size, dtype=bool)
    lost[last] = False
    return lost.reshape(keys.shape)


class PutHere(Put):
    """``Put`` into the memory of x itself; its caller answers for the history (``inplace.adopt``)."""

    def forward(self, x: Any, v: Any, *indices: Any) -> Any:
        put_at(x, self.dims, indices, v, self.mask)
        return x
