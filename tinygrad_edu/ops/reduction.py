"""Reductions by adding and multiplying: sum, mean, product, and counting.

Of every reduction: ``dim`` is one dimension or several, and all of them where it is not given; ``keepdim`` leaves a
dimension of size 1 in the place of each. NumPy's ``axis`` and ``keepdims`` are taken too.
"""

from __future__ import annotations

import math
from typing import Any

from ..autograd.op import Op
from ..backend import array_namespace
from ..backend.dtypes import FLOATING, as_dtype, category, int64, uint8
from ..errors import DTypeError
from ..kernels.reference.summation import total
from .comparison import answer
from .cumulative import products_of_the_others
from .dims import numpy_names, one_dim, some_dims
from .promotion import cast, first_tensor

__all__ = ["all", "any", "count_nonzero", "mean", "nanmean", "nansum", "prod", "sum"]


def kept(shape: tuple[int, ...], dims: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with 1 in the place of the reduced dimensions.

    >>> kept((2, 3, 4), (0, 2))
    (1, 3, 1)
    """
    return tuple([1 if d in dims else n for d, n in enumerate(shape)])


def no_keepdim(what: str, keepdim: bool) -> None:
    """Refuse ``keepdim`` without a dim, where an operation has two forms and it belongs to the one with a dim."""
    if keepdim:
        raise DTypeError(f"{what}: expected a dim with keepdim=True, got none; give dim, or reshape the result")


class Sum(Op):
    """y = sum of x over dims.   dx = dy, repeated."""

    def __init__(self, dims: tuple[int, ...], keepdim: bool):
        self.dims, self.keepdim = dims, keepdim

    def forward(self, x: Any) -> Any:
        self.of = x.shape
        return total(x, self.dims, self.keepdim)

    def backward(self, dy: Any) -> Any:
        return Spread(self.dims, self.of)(dy)


class Spread(Op):
    """y = x, which is what a reduction over dims left, repeated over them to a shape.   dx = sum of dy over dims."""

    half_as_stored = True

    def __init__(self, dims: tuple[int, ...], shape: tuple[int, ...]):
        self.dims, self.to = dims, shape

    def forward(self, x: Any) -> Any:
        self.keepdim = x.ndim == len(self.to)
        return array_namespace(x).broadcast_to(x.reshape(kept(self.to, self.dims)), self.to)

    def backward(self, dy: Any) -> Any:
        return Sum(self.dims, self.keepdim)(dy)


class Mean(Sum):
    """y = sum of x over dims / n.   dx = dy / n, repeated."""

    def forward(self, x: Any) -> Any:
        self.n = math.prod([x.shape[d] for d in self.dims])
        return super().forward(x) / x.dtype.type(self.n)

    def backward(self, dy: Any) -> Any:
        return super().backward(dy / max(self.n, 1))  # where n is 0 there is no x, and dy should see 0, not 0 / 0


class NanSum(Sum):
    """y = sum over dims of those x that are not nan.   dx = dy for those, 0 for the others."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return super().forward(array_namespace(x).where(x == x, x, x.dtype.type(0)))

    def backward(self, dy: Any) -> Any:
        (x,) = self.inputs
        return super().backward(dy) * (x == x)  # not `where`: the mean of nothing but nan (dy = 1 / 0) has gradient nan


class Prod(Op):
    """y = product of x over a dim.   dx_i = dy * (product of the x_j with j != i)."""

    keeps = ("inputs", "output")

    def __init__(self, dim: int, keepdim: bool):
        self.dim, self.keepdim = dim, keepdim

    def forward(self, x: Any) -> Any:
        return x.prod(axis=self.dim, keepdims=self.keepdim, dtype=x.dtype)

    def backward(self, dy: Any) -> Any:
        (x,) = self.inputs
        shape = kept(x.shape, (self.dim,))
        if (x == 0).any().item():
            return dy.reshape(shape) * products_of_the_others(x, self.dim)
        return (dy * self.output).reshape(shape) / x


@numpy_names
def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Sum over ``dim``. Integers and bools add up to int64, unless ``dtype`` says otherwise.

    >>> sum(tinygrad_edu.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """
    x = _to_add_up("sum", input, dtype)
    return Sum(some_dims("sum", dim, x.array.ndim), keepdim)(x)


@numpy_names
def nansum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Sum over ``dim`` of the elements that are not nan."""
    x = first_tensor("nansum", input)
    if category(x.array.dtype) != FLOATING:
        return sum(x, dim, keepdim, dtype=dtype)
    if dtype is not None and category(as_dtype(dtype)) != FLOATING:  # a cast would make a number of nan
        return sum(x.masked_fill(x != x, 0), dim, keepdim, dtype=dtype)
    x = _to_add_up("nansum", x, dtype)
    return NanSum(some_dims("nansum", dim, x.array.ndim), keepdim)(x)


@numpy_names
def mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Mean over ``dim``; nan where there is nothing to average."""
    x = _floats("mean", input, dtype)
    return Mean(some_dims("mean", dim, x.array.ndim), keepdim)(x)


@numpy_names
def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Mean over ``dim`` of the elements that are not nan; nan where there are none."""
    x = _floats("nanmean", input, dtype)
    return nansum(x, dim, keepdim) / sum(x == x, dim, keepdim)


@numpy_names
def prod(input: Any, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Product over ``dim`` (one, or all). The gradient is exact where factors are zero, too."""
    x = _to_add_up("prod", input, dtype)
    if dim is None or x.array.ndim == 0:
        if dim is None:
            no_keepdim("prod", keepdim)
        else:
            one_dim("prod", dim, 0)
        return Prod(0, False)(x.reshape(-1))
    return Prod(one_dim("prod", dim, x.array.ndim), keepdim)(x)


@numpy_names
def all(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether every element over ``dim`` is other than 0; nan is. (With ``dim=()``: each element by itself.)"""
    return _truth("all", input, dim, keepdim)


@numpy_names
def any(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether an element over ``dim`` is other than 0; nan is. (With ``dim=()``: each element by itself.)"""
    return _truth("any", input, dim, keepdim)


def _truth(what: str, input: Any, dim: Any, keepdim: bool) -> Any:
    x = first_tensor(what, input)
    each = isinstance(dim, tuple | list) and not dim
    dims = () if each else some_dims(what, dim, x.array.ndim)

    def truth(xp: Any, a: Any) -> Any:
        y = a != 0
        y = y if each else getattr(y, what)(axis=dims, keepdims=keepdim)
        return y.astype(uint8) if a.dtype == uint8 else y

    return answer(what, truth, x)


@numpy_names
def count_nonzero(input: Any, dim: Any = None) -> Any:
    """How many elements over ``dim`` are other than 0; nan is."""
    x = first_tensor("count_nonzero", input)
    return sum(x != 0, dim)


def _to_add_up(what: str, input: Any, dtype: Any) -> Any:
    """The input in the dtype of its sum."""
    x = first_tensor(what, input)
    if dtype is not None:
        return cast(x, as_dtype(dtype))
    return x if category(x.array.dtype) == FLOATING else cast(x, int64)


def _floats(what: str, input: Any, dtype: Any) -> Any:
    """The input in a floating dtype; integers have no mean of their own kind."""
    x = first_tensor(what, input)
    found = x.array.dtype if dtype is None else as_dtype(dtype)
    if category(found) != FLOATING:
        raise DTypeError(
            f"{what}: expected floats, got {found}; give dtype=tinygrad_edu.float32, or call .float() first"
        )
    return cast(x, found)
