"""Functions that index with a tensor: whole slices along a dim, elements of the flattened tensor, ``index_put``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.variable import Variable
from ..backend.dtypes import int64, is_floating
from ..errors import DTypeError, ShapeError
from .dims import numpy_names, one_dim
from .filling import one_value
from .indexing import assign, fitting, read
from .inplace import write
from .taking import Put, Take, TakeGrad, check_range, shape_at

__all__ = ["index_add", "index_copy", "index_fill", "index_put", "index_select", "take"]


def _along(what: str, input: Any, dim: int, index: Any, negative: bool = False) -> tuple:
    """The input (with a dim, if it had none), the dim, and the index as a vector, checked."""
    if not isinstance(index, Variable) or index.array.dtype not in (np.dtype("int32"), int64):
        got = index.array.dtype if isinstance(index, Variable) else type(index).__name__
        raise DTypeError(f"{what}: expected an index of int32 or int64, got {got}")
    if index.array.ndim > 1:
        raise ShapeError(f"{what}: expected a vector of indices, got shape {tuple(index.array.shape)}")
    dim = one_dim(what, dim, input.array.ndim)
    x = input if input.array.ndim else input.reshape(1)
    index = index if index.array.ndim else index.reshape(1)
    check_range(what, index.array, x.array.shape[dim], dim, negative)
    return x, dim, index


def _source(what: str, x: Any, dim: int, index: Any, source: Any) -> Any:
    """The source with a dim of index's length in the place of dim, checked."""
    if not isinstance(source, Variable) or source.array.dtype != x.array.dtype:
        got = source.array.dtype if isinstance(source, Variable) else type(source).__name__
        raise DTypeError(f"{what}: expected a source of {x.array.dtype} like the input, got {got}")
    shape = tuple(x.array.shape)
    want = (*shape[:dim], index.array.size, *shape[dim + 1 :])
    got = tuple(source.array.shape)
    if got != want and not (got == () and want == (1,)):
        raise ShapeError(
            f"{what}: expected a source of shape {want}, one slice along dim {dim} for each index, got {got}"
        )
    return source.reshape(want) if got != want else source


@numpy_names
def index_select(input: Any, dim: int, index: Any) -> Any:
    """The slices along ``dim`` at a vector of indices, a copy. The gradient adds up where an index comes again.

    >>> index_select(tinygrad_edu.tensor([[1, 2], [3, 4]]), 1, tinygrad_edu.tensor([1, 1]))
    tensor([[2, 2],
            [4, 4]])
    """
    x, dim, index = _along("index_select", input, dim, index)
    if not input.array.ndim and index.array.size != 1:
        raise ShapeError(f"index_select: a tensor without dimensions takes one index, got {index.array.size}")
    y = Take((dim,), False)(x, index)
    return y if input.array.ndim else y.reshape(())


@numpy_names
def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Any:
    """A copy with each slice of ``source`` along ``dim``, times ``alpha``, added to the slice that ``index`` names.

    y = x, then y[..., index[k], ...] += alpha source[..., k, ...].   dx = dy, dsource = alpha dy[..., index, ...].
    """
    x, dim, index = _along("index_add", input, dim, index)
    source = _source("index_add", x, dim, index, source)
    if alpha != 1:
        source = source * (alpha if is_floating(x.array.dtype) else int(alpha))
    y = x + TakeGrad((dim,), False, tuple(x.array.shape))(source, index)
    return y if input.array.ndim else y.reshape(())


@numpy_names
def index_copy(input: Any, dim: int, index: Any, source: Any) -> Any:
    """A copy with the slices of ``source`` along ``dim`` in the places that ``index`` names."""
    x, dim, index = _along("index_copy", input, dim, index)
    y = Put((dim,), False)(x, _source("index_copy", x, dim, index, source), index)
    return y if input.array.ndim else y.reshape(())


@numpy_names
def index_fill(input: Any, dim: int, index: Any, value: Any) -> Any:
    """A copy with a number (or a tensor without dimensions) in all slices along ``dim`` that ``index`` names."""
    x, dim, index = _along("index_fill", input, dim, index, negative=True)
    y = Put((dim,), False)(x, one_value("index_fill", value, x), index)
    return y if input.array.ndim else y.reshape(())


def index_put(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """A copy with ``values`` at ``indices``, a tuple of index tensors as in ``input[indices]``; added if ``accumulate``."""
    if not accumulate:
        return index_put_(input.clone(), indices, values)
    _, dims, found, mask = read(input, _index_tuple(indices, values, input))
    shape = shape_at(input.array.shape, dims, [i.array for i in found], mask)
    v = fitting(values, shape, "index_put").expand(shape)
    return input + TakeGrad(dims, mask, tuple(input.array.shape))(v, *found)


def index_put_(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """``index_put``, in place: ``input[indices] = values``, or ``+=`` with every one of equal indices counted."""
    if accumulate:
        return write(input, index_put(input, indices, values, True), "index_put_")
    assign(input, read(input, _index_tuple(indices, values, input)), values, "index_put_")
    return input


def _index_tuple(indices: Any, values: Any, input: Any) -> tuple:
    """The indices of ``index_put`` as Tensors with dimensions, so that nothing but elements is indexed."""
    if not isinstance(indices, tuple | list) or not indices or not all(isinstance(i, Variable) for i in indices):
        raise DTypeError("index_put: expected a tuple of index tensors")
    if not isinstance(values, Variable) or values.array.dtype != input.array.dtype:
        got = values.array.dtype if isinstance(values, Variable) else type(values).__name__
        raise DTypeError(f"index_put: expected values of {input.array.dtype} like the input, got {got}")
    return tuple([i if i.array.ndim else i.reshape(1) for i in indices])


def take(input: Any, index: Any) -> Any:
    """The elements at the given places of the tensor made flat; the result has the shape of ``index``.

    >>> take(tinygrad_edu.tensor([[1, 2], [3, 4]]), tinygrad_edu.tensor([0, 3]))
    tensor([1, 4])
    """
    if not isinstance(index, Variable) or index.array.dtype != int64:
        raise DTypeError(f"take: expected an index of int64, got {getattr(index, 'dtype', type(index).__name__)}")
    check_range("take", index.array, input.array.size, 0)
    return Take((0,), False)(input.reshape(-1), index)
