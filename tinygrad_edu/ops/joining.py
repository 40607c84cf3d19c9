"""Joining tensors along a dim, and taking them apart again into views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import array_namespace
from ..backend.dtypes import promote_types
from ..errors import DimError, DTypeError, ShapeError
from .dims import as_sizes, integer, numpy_names, one_dim
from .promotion import cast
from .shape import atleast_1d, atleast_2d, atleast_3d

__all__ = [
    "block_diag",
    "cartesian_prod",
    "cat",
    "chunk",
    "column_stack",
    "concat",
    "concatenate",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "meshgrid",
    "row_stack",
    "split",
    "split_with_sizes",
    "stack",
    "tensor_split",
    "unbind",
    "vsplit",
    "vstack",
]


# Together


class Cat(Op):
    """y = x1, x2, ... one behind the other along a dim. Each dx is its piece of dy."""

    half_as_stored = True

    def __init__(self, dim: int):
        self.dim = dim

    def forward(self, *xs: Any) -> Any:
        solid = [x for x in xs if x.shape != (0,)] or xs[:1]
        self.lengths = [None if x.shape == (0,) else x.shape[self.dim] for x in xs]
        return array_namespace(xs[0]).concatenate(solid, axis=self.dim)

    def backward(self, dy: Any) -> Any:
        pieces, start = [], 0
        for n, needed in zip(self.lengths, self.needs, strict=True):
            pieces.append(dy.narrow(self.dim, start, n) if needed and n is not None else None)
            start += n or 0
        return tuple(pieces)


def _listed(what: str, tensors: Any) -> list:
    if not isinstance(tensors, Sequence) or not tensors:
        raise ShapeError(f"{what}: expected a non-empty sequence of tensors, got {type(tensors).__name__}")
    for x in tensors:
        if not isinstance(x, Variable):
            raise DTypeError(f"{what}: expected a sequence of tensors, got one with {type(x).__name__}")
    return list(tensors)


@numpy_names
def cat(tensors: Any, dim: int = 0) -> Any:
    """The tensors one behind the other along ``dim``: equal shapes but for that dim.

    Each gets its piece of the gradient. Tensors of shape (0,) are passed over, as in PyTorch.

    >>> cat([tinygrad_edu.tensor([1, 2]), tinygrad_edu.tensor([3])])
    tensor([1, 2, 3])
    """
    return _cat("cat", tensors, dim)


def _cat(what: str, tensors: Any, dim: int) -> Any:
    xs = _in_common(what, _listed(what, tensors))
    solid = [x for x in xs if x.array.shape != (0,)]
    shape = tuple(solid[0].array.shape) if solid else (0,)
    if not shape:
        raise ShapeError(f"{what}: tensors without dimensions can't be joined along one; use stack")
    dim = one_dim(what, dim, len(shape)) if solid else 0
    for x in solid:
        other = tuple(x.array.shape)
        if len(other) != len(shape) or other[:dim] + other[dim + 1 :] != shape[:dim] + shape[dim + 1 :]:
            raise ShapeError(f"{what}: expected shapes equal but for dim {dim}, got {shape} and {other}")
    return Cat(dim)(*xs)


def _in_common(what: str, xs: list) -> list:
    """The tensors in their common dtype: tensors without dimensions count as much as the others, unlike in arithmetic."""
    if all(x.array.dtype == xs[0].array.dtype for x in xs):
        return xs
    dtype = xs[0].array.dtype
    for x in xs[1:]:
        dtype = promote_types(dtype, x.array.dtype)
    return [cast(x, dtype) for x in xs]


@numpy_names
def concat(tensors: Any, dim: int = 0) -> Any:
    """Another name for ``cat``."""
    return _cat("concat", tensors, dim)


@numpy_names
def concatenate(tensors: Any, dim: int = 0) -> Any:
    """NumPy's name for ``cat``."""
    return _cat("concatenate", tensors, dim)


@numpy_names
def stack(tensors: Any, dim: int = 0) -> Any:
    """The tensors, all of one shape, side by side along a new dim.

    >>> stack([tinygrad_edu.tensor([1, 2]), tinygrad_edu.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    xs = _listed("stack", tensors)
    shape = tuple(xs[0].array.shape)
    dim = one_dim("stack", dim, len(shape) + 1)
    for x in xs:
        if tuple(x.array.shape) != shape:
            raise ShapeError(f"stack: expected tensors of one shape, got {shape} and {tuple(x.array.shape)}")
    return _cat("stack", [x.unsqueeze(dim) for x in xs], dim)


def hstack(tensors: Any) -> Any:
    """Side by side: along the second dim, vectors along their only one."""
    xs = atleast_1d(_listed("hstack", tensors))
    return _cat("hstack", xs, 0 if xs[0].array.ndim == 1 else 1)


def vstack(tensors: Any) -> Any:
    """One above the other: along the first dim, vectors as rows."""
    return _cat("vstack", atleast_2d(_listed("vstack", tensors)), 0)


def row_stack(tensors: Any) -> Any:
    """Another name for ``vstack``."""
    return _cat("row_stack", atleast_2d(_listed("row_stack", tensors)), 0)


def dstack(tensors: Any) -> Any:
    """One behind the other: along the third dim."""
    return _cat("dstack", atleast_3d(_listed("dstack", tensors)), 2)


def column_stack(tensors: Any) -> Any:
    """Side by side along the second dim, vectors as columns."""
    xs = _listed("column_stack", tensors)
    return _cat("column_stack", [x.reshape(-1, 1) if x.array.ndim < 2 else x for x in xs], 1)


class BlockDiag(Op):
    """y = the matrices along the diagonal, zero elsewhere. Each dx is its block of dy."""

    half_as_stored = True

    def forward(self, *xs: Any) -> Any:
        rows, columns = np.cumsum([(0, 0)] + [x.shape for x in xs], axis=0).T.tolist()
        y = array_namespace(xs[0]).zeros((rows[-1], columns[-1]), dtype=xs[0].dtype)
        self.blocks = [(slice(*rows[i : i + 2]), slice(*columns[i : i + 2])) for i in range(len(xs))]
        for x, block in zip(xs, self.blocks, strict=True):
            y[block] = x
        return y

    def backward(self, dy: Any) -> Any:
        return tuple([dy[block] if needed else None for block, needed in zip(self.blocks, self.needs, strict=True)])


def block_diag(*tensors: Any) -> Any:
    """The matrix with the given matrices along its diagonal; vectors and scalars count as one row."""
    xs = _in_common("block_diag", _listed("block_diag", tensors))
    for x in xs:
        if x.array.ndim > 2:
            raise ShapeError(f"block_diag: expected tensors of at most 2 dimensions, got shape {tuple(x.array.shape)}")
    return BlockDiag()(*atleast_2d(xs))


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple:
    """The coordinates of the points of a grid, one tensor for each axis, from the coordinates along the axes; views.

    ``indexing="xy"`` swaps the first two dims of the results, as for pictures.

    >>> meshgrid(tinygrad_edu.tensor([1, 2]), tinygrad_edu.tensor([3, 4, 5]))[0]
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    xs = _listed("meshgrid", tensors[0] if len(tensors) == 1 and isinstance(tensors[0], Sequence) else tensors)
    if indexing not in ("ij", "xy"):
        raise ShapeError(f'meshgrid: expected indexing "ij" or "xy", got {indexing!r}')
    for x in xs:
        if x.array.ndim > 1:
            raise ShapeError(f"meshgrid: expected vectors, got shape {tuple(x.array.shape)}")
        if x.array.dtype != xs[0].array.dtype:
            raise DTypeError(f"meshgrid: expected one dtype, got {xs[0].array.dtype} and {x.array.dtype}")
    shape = tuple([x.array.size for x in xs])
    grids = [x.reshape([n if i == d else 1 for d, n in enumerate(shape)]).expand(shape) for i, x in enumerate(xs)]
    return tuple([g.transpose(0, 1) if indexing == "xy" and len(xs) > 1 else g for g in grids])


def cartesian_prod(*tensors: Any) -> Any:
    """All combinations of one element from each vector, one a row."""
    if len(tensors) == 1:
        return tensors[0]
    return stack([g.reshape(-1) for g in meshgrid(*tensors)], 1)


# Apart


def _dim_of(what: str, input: Any, dim: int) -> int:
    if not input.array.ndim:
        raise DimError(f"{what}: expected a tensor of at least 1 dimension, got one without")
    return one_dim(what, dim, input.array.ndim)


@numpy_names
def unbind(input: Any, dim: int = 0) -> tuple:
    """The slices along ``dim``, as a tuple of views."""
    dim = _dim_of("unbind", input, dim)
    return tuple([input.select(dim, i) for i in range(input.array.shape[dim])])


@numpy_names
def split(input: Any, split_size_or_sections: Any, dim: int = 0) -> tuple:
    """Pieces of a given size along ``dim`` (the last may be smaller), or of the sizes in a sequence; views.

    >>> [x.shape for x in split(tinygrad_edu.zeros(5), 2)]
    [(2,), (2,), (1,)]
    """
    if isinstance(split_size_or_sections, Sequence):
        return split_with_sizes(input, split_size_or_sections, dim)
    dim, size = _dim_of("split", input, dim), integer("split", split_size_or_sections)
    n = input.array.shape[dim]
    if size < 0 or (size == 0 and n):
        raise ShapeError(f"split: expected pieces of a size of at least 1 for dim {dim} of size {n}, got {size}")
    return tuple([input.narrow(dim, i, min(size, n - i)) for i in range(0, n, size or 1)]) or (input.narrow(dim, 0, 0),)


@numpy_names
def split_with_sizes(input: Any, split_sizes: Any, dim: int = 0) -> tuple:
    """Pieces of the given sizes along ``dim``; views."""
    dim, sizes = _dim_of("split", input, dim), as_sizes("split", (split_sizes,))
    n = input.array.shape[dim]
    if sum(sizes) != n or any(size < 0 for size in sizes):
        raise ShapeError(f"split: expected sizes of at least 0 that add up to {n}, the size of dim {dim}, got {sizes}")
    return tuple([input.narrow(dim, sum(sizes[:i]), size) for i, size in enumerate(sizes)])


@numpy_names
def chunk(input: Any, chunks: int, dim: int = 0) -> tuple:
    """At most ``chunks`` pieces along ``dim``, all of one size but the last; views.

    >>> [x.shape for x in chunk(tinygrad_edu.zeros(7), 3)]
    [(3,), (3,), (1,)]
    """
    dim, chunks = _dim_of("chunk", input, dim), integer("chunk", chunks)
    if chunks < 1:
        raise ShapeError(f"chunk: expected at least 1 chunk, got {chunks}")
    n = input.array.shape[dim]
    return split(input, -(-n // chunks), dim) if n else split_with_sizes(input, [0] * chunks, dim)


@numpy_names
def tensor_split(input: Any, indices_or_sections: Any, dim: int = 0) -> tuple:
    """Pieces along ``dim``: a number of them, of sizes that differ by at most 1, or between the given indices; views.

    >>> [x.shape for x in tensor_split(tinygrad_edu.zeros(7), (1, 3))]
    [(1,), (2,), (4,)]
    """
    return _tensor_split("tensor_split", input, indices_or_sections, _dim_of("tensor_split", input, dim))


def _tensor_split(what: str, input: Any, where: Any, dim: int) -> tuple:
    n = input.array.shape[dim]
    if isinstance(where, Variable) and where.array.ndim < 2 and where.array.dtype.kind in "iu":
        where = where.array.tolist()
    if isinstance(where, Sequence):
        cuts = [0, *[min(i, n) if i >= 0 else max(i + n, 0) for i in as_sizes(what, (where,))], n]
    else:
        sections = integer(what, where)
        if sections < 1:
            raise ShapeError(f"{what}: expected at least 1 section, got {sections}")
        cuts = [i * (n // sections) + min(i, n % sections) for i in range(sections + 1)]
    return tuple([input.narrow(dim, a, max(b - a, 0)) for a, b in zip(cuts, cuts[1:], strict=False)])


def hsplit(input: Any, indices_or_sections: Any) -> tuple:
    """Apart along the second dim, vectors along their only one, into equal pieces or at the given indices."""
    return _even_split("hsplit", input, indices_or_sections, 1)


def vsplit(input: Any, indices_or_sections: Any) -> tuple:
    """Apart along the first dim of at least two, into equal pieces or at the given indices."""
    return _even_split("vsplit", input, indices_or_sections, 2)


def dsplit(input: Any, indices_or_sections: Any) -> tuple:
    """Apart along the third dim, into equal pieces or at the given indices."""
    return _even_split("dsplit", input, indices_or_sections, 3)


def _even_split(what: str, input: Any, where: Any, least: int) -> tuple:
    shape = tuple(input.array.shape)
    if len(shape) < least:
        raise ShapeError(f"{what}: expected a tensor of at least {least} dimensions, got shape {shape}")
    dim = {"hsplit": min(len(shape), 2) - 1, "vsplit": 0, "dsplit": 2}[what]
    if not isinstance(where, Sequence | Variable):
        sections = integer(what, where)
        if sections < 1 or shape[dim] % sections:
            raise ShapeError(f"{what}: dim {dim} of size {shape[dim]} can't be split into {sections} equal pieces")
    return _tensor_split(what, input, where, dim)
