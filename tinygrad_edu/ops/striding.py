"""Views by strides: windows that overlap, and ``as_strided``. One element may be seen many times; its gradients add up."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.op import Op
from ..backend import array_namespace
from ..errors import ShapeError
from .dims import as_sizes, integer, one_dim
from .promotion import constant
from .shape import address, memory_of
from .view import ViewOp

__all__ = ["as_strided"]


class Unfold(ViewOp):
    """y[..., i, ..., k] = x[..., i * step + k, ...]: windows along a dim, their elements in a new last dim."""

    def forward(self, x: Any) -> Any:
        dim, size, step = self.settings
        self.before = x.shape
        shape, strides = list(x.shape), list(x.strides)
        shape[dim] = (shape[dim] - size) // step + 1
        strides[dim] *= step
        xp = array_namespace(x)
        return xp.lib.stride_tricks.as_strided(x, (*shape, size), (*strides, x.strides[dim]))

    def backward(self, dy: Any) -> Any:
        return Fold(self.settings, self.before)(dy)


class Fold(Op):
    """The sum of windows in their places: the gradient of ``Unfold``. ddy = the windows of ddx."""

    def __init__(self, settings: tuple, shape: tuple[int, ...]):
        self.settings, self.before = settings, shape

    def forward(self, dy: Any) -> Any:
        dim, size, step = self.settings
        dx = array_namespace(dy).zeros(self.before, dtype=dy.dtype)
        n = dy.shape[dim]
        for k in range(size):
            dx[(slice(None),) * dim + (slice(k, k + (n - 1) * step + 1, step),)] += dy[..., k]
        return dx

    def backward(self, ddx: Any) -> Any:
        return Unfold(*self.settings)(ddx)


def unfold(input: Any, dimension: int, size: int, step: int) -> Any:
    """All windows of ``size`` elements along a dim, each ``step`` after the last, in a new last dim; a view.

    >>> unfold(tinygrad_edu.tensor([1, 2, 3, 4, 5]), 0, 3, 2)
    tensor([[1, 2, 3],
            [3, 4, 5]])
    """
    if not input.array.ndim:
        return unfold(input.reshape(1), dimension, size, step).reshape(-1)
    dim = one_dim("unfold", dimension, input.array.ndim)
    n, size, step = input.array.shape[dim], integer("unfold", size), integer("unfold", step)
    if not 0 <= size <= n:
        raise ShapeError(f"unfold: expected a size from 0 to {n}, the size of dim {dim}, got {size}")
    if step < 1:
        raise ShapeError(f"unfold: expected a step of at least 1, got {step}")
    return Unfold(dim, size, step)(input)


class AsStrided(ViewOp):
    """y[i, j, ...] = the element of x's memory at offset + i * stride[0] + j * stride[1] + ..."""

    def forward(self, x: Any) -> Any:
        size, steps, offset = self.settings
        memory = memory_of(x)
        here = (address(x) - address(memory)) // x.dtype.itemsize
        self.geometry = x.shape, tuple([s // x.dtype.itemsize for s in x.strides]), here
        xp = array_namespace(x)
        flat = xp.lib.stride_tricks.as_strided(
            memory.view(x.dtype), (memory.nbytes // x.dtype.itemsize,), (x.dtype.itemsize,)
        )
        return xp.lib.stride_tricks.as_strided(flat[offset:], size, tuple([s * x.dtype.itemsize for s in steps]))

    def backward(self, dy: Any) -> Any:
        xp = array_namespace(dy.array)
        seen, own = _places(xp, *self.settings), _places(xp, *self.geometry)
        length = 1 + max([int(p.max()) for p in (seen, own) if p.size], default=-1)
        flat = dy.reshape(-1)
        memory = constant(xp.zeros(length, dtype=dy.array.dtype), dy).index_add(0, constant(seen, dy), flat)
        dx = memory.index_select(0, constant(own, dy))
        if _repeats(self.geometry):  # x itself sees an element more than once: each place gets an equal share
            times = xp.zeros(length, dtype=dy.array.dtype)
            xp.add.at(times, own, 1)
            dx = dx / constant(times[own], dy)
        return dx.reshape(self.geometry[0])


def _places(xp: Any, size: tuple[int, ...], steps: tuple[int, ...], offset: int) -> Any:
    """Where in memory the elements of a strided tensor lie, flat."""
    places = xp.full((1,) * len(size), offset, dtype=xp.int64)
    for d, (n, step) in enumerate(zip(size, steps, strict=True)):
        places = places + (xp.arange(n, dtype=xp.int64) * step).reshape((-1,) + (1,) * (len(size) - d - 1))
    return places.reshape(-1)


def _repeats(geometry: tuple) -> bool:
    return any(step == 0 and n > 1 for n, step in zip(*geometry[:2], strict=True))


def as_strided(input: Any, size: Any, stride: Any, storage_offset: int | None = None) -> Any:
    """A view of the memory of ``input`` with any sizes and strides, in elements; gradients of shared elements add up.

    The offset counts from the beginning of the memory, and is by default that of ``input``.

    >>> as_strided(tinygrad_edu.tensor([1, 2, 3, 4]), (2, 2), (1, 2))
    tensor([[1, 3],
            [2, 4]])
    """
    x = input.array
    size, steps = as_sizes("as_strided", (size,)), as_sizes("as_strided", (stride,))
    offset = (
        (address(x) - address(memory_of(x))) // x.dtype.itemsize
        if storage_offset is None
        else integer("as_strided", storage_offset)
    )
    if len(size) != len(steps) or any(n < 0 for n in size) or any(s < 0 for s in steps):
        raise ShapeError(f"as_strided: expected as many strides as sizes, all of at least 0, got {size} and {steps}")
    last = offset + sum([(n - 1) * s for n, s in zip(size, steps, strict=True)])
    length = memory_of(x).nbytes // x.dtype.itemsize
    if offset < 0 or (math.prod(size) and last >= length):
        raise ShapeError(
            f"as_strided: sizes {size} with strides {steps} from {offset} on reach element {last} of a memory of {length}"
        )
    return AsStrided(size, steps, offset)(input)
