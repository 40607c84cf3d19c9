"""Diagonals and triangles of matrices."""

from __future__ import annotations

from typing import Any

from ..autograd.op import Op
from ..backend import array_namespace
from ..errors import DimError, ShapeError
from .dims import integer, one_dim
from .promotion import cast
from .selection import Placed, Replaced, Selection
from .shape import contiguous

__all__ = ["diag", "diag_embed", "diagflat", "diagonal", "diagonal_scatter", "tril", "triu"]


class Diagonal(Selection):
    """y[..., k] = x[..., k, k + offset] for two dims of x, which give way to a last one."""

    def see(self, x: Any) -> Any:
        offset, i, j = self.settings
        n = max(0, min(x.shape[i] + min(offset, 0), x.shape[j] - max(offset, 0)))
        x = (
            x[(slice(None),) * j + (slice(offset, None),)]
            if offset > 0
            else x[(slice(None),) * i + (slice(-offset, None),)]
        )
        shape, strides = [[v for d, v in enumerate(vs) if d not in (i, j)] for vs in (x.shape, x.strides)]
        along = x.strides[i] + x.strides[j]
        return array_namespace(x).lib.stride_tricks.as_strided(x, (*shape, n), (*strides, along))


def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """The diagonal of the matrices in ``dim1`` and ``dim2`` as a last dim; a view. ``offset`` > 0 lies above the main one.

    >>> diagonal(tinygrad_edu.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    return _diagonal("diagonal", input.array.ndim, offset, dim1, dim2)(input)


def _diagonal(what: str, ndim: int, offset: int, dim1: int, dim2: int) -> Diagonal:
    i, j = one_dim(what, dim1, ndim), one_dim(what, dim2, ndim)
    if i == j:
        raise DimError(f"{what}: expected two different dims, got {dim1} and {dim2}")
    return Diagonal(integer(what, offset), i, j)


def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """Matrices, in the dims ``dim1`` and ``dim2`` of the result, with the last dim of ``input`` on their diagonal."""
    shape = input.array.shape
    if not shape:
        raise DimError("diag_embed: expected a tensor of at least 1 dimension, got one without")
    selection = _diagonal("diag_embed", len(shape) + 1, offset, dim1, dim2)
    offset, i, j = selection.settings
    whole = list(shape[:-1])
    for d in sorted((i, j)):
        whole.insert(d, shape[-1] + abs(offset))
    return Placed(selection, tuple(whole))(input)


def diag(input: Any, diagonal: int = 0) -> Any:
    """The matrix with a vector on its diagonal, or the diagonal of a matrix, as a copy.

    >>> diag(tinygrad_edu.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    n = input.array.ndim
    if n == 1:
        return diag_embed(input, diagonal)
    if n != 2:
        raise ShapeError(f"diag: expected a vector or a matrix, got shape {tuple(input.array.shape)}; use diagonal")
    return _diagonal("diag", 2, diagonal, 0, 1)(input).clone()


def diagflat(input: Any, offset: int = 0) -> Any:
    """The matrix with all elements of ``input`` on its diagonal."""
    return diag_embed(contiguous(input).reshape(-1), offset)


def diagonal_scatter(input: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """A copy of ``input`` with ``src`` on the diagonal that ``diagonal`` shows."""
    selection = _diagonal("diagonal_scatter", input.array.ndim, offset, dim1, dim2)
    return replaced("diagonal_scatter", input, src, selection)


def replaced(what: str, input: Any, src: Any, selection: Selection) -> Any:
    """A copy of ``input`` with ``src`` where the selection looks; the shapes must be equal."""
    shape = tuple(selection.see(input.array).shape)
    if tuple(src.array.shape) != shape:
        raise ShapeError(f"{what}: expected a src of shape {shape}, got {tuple(src.array.shape)}")
    return Replaced(selection)(input, cast(src, input.array.dtype))


class Triangle(Op):
    """y = x below (or above) a diagonal, zero elsewhere. dx = the same of dy."""

    half_as_stored = True

    def __init__(self, which: str, diagonal: int):
        self.which, self.diagonal = which, diagonal

    def forward(self, x: Any) -> Any:
        return getattr(array_namespace(x), self.which)(x, self.diagonal)

    def backward(self, dy: Any) -> Any:
        return Triangle(self.which, self.diagonal)(dy)


def tril(input: Any, diagonal: int = 0) -> Any:
    """The lower triangles of the matrices in the last two dims, with ``diagonal`` diagonals above the main one."""
    return _triangle("tril", input, diagonal)


def triu(input: Any, diagonal: int = 0) -> Any:
    """The upper triangles of the matrices in the last two dims, without the diagonals below number ``diagonal``."""
    return _triangle("triu", input, diagonal)


def _triangle(what: str, input: Any, diagonal: int) -> Any:
    if input.array.ndim < 2:
        raise ShapeError(f"{what}: expected a tensor of at least 2 dimensions, got shape {tuple(input.array.shape)}")
    return Triangle(what, integer(what, diagonal))(input)
