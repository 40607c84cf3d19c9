"""The largest and the smallest elements, and where they stand. A nan is both: it wins against every number."""

from __future__ import annotations

from typing import Any

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend.dtypes import bool_
from ..errors import DimError, DTypeError
from .comparison import answer
from .dims import numpy_names, one_dim, some_dims
from .promotion import first_tensor
from .reduction import Spread, kept, no_keepdim
from .results import MinMax
from .sorting import as_line, at_index, removed

__all__ = ["amax", "amin", "aminmax", "argmax", "argmin", "max", "min"]


class Shared(Op):
    """y = one of the x over dims.   dx = dy for the x that equals y, in equal shares where several do."""

    keeps = ("inputs", "output")

    def __init__(self, dims: tuple[int, ...], keepdim: bool, nan_equals_nan: bool):
        self.dims, self.keepdim, self.nan_equals_nan = dims, keepdim, nan_equals_nan

    def backward(self, dy: Any) -> Any:
        (x,), y = self.inputs, self.output
        y = y.reshape(kept(x.shape, self.dims))
        chosen = x == y
        if self.nan_equals_nan:
            chosen = chosen | ((x != x) & (y != y))
        return Spread(self.dims, x.shape)(dy).masked_fill(~chosen, 0) / chosen.sum(self.dims, keepdim=True)


class Amax(Shared):
    """y = largest x over dims. The gradient is shared among equals."""

    def forward(self, x: Any) -> Any:
        return x.max(axis=self.dims, keepdims=self.keepdim)


class Amin(Shared):
    """y = smallest x over dims. The gradient is shared among equals."""

    def forward(self, x: Any) -> Any:
        return x.min(axis=self.dims, keepdims=self.keepdim)


@numpy_names
def amax(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """Largest element over ``dim``. Several equal ones share the gradient.

    >>> amax(tinygrad_edu.tensor([[1.0, 5.0], [7.0, 2.0]]), dim=1)
    tensor([5., 7.])
    """
    return Amax(*_over("amax", input, dim, keepdim), False)(input)


@numpy_names
def amin(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """Smallest element over ``dim``. Several equal ones share the gradient."""
    return Amin(*_over("amin", input, dim, keepdim), False)(input)


@numpy_names
def aminmax(input: Any, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """Smallest and largest element over a dim, or of all."""
    if dim is not None:
        one_dim("aminmax", dim, first_tensor("aminmax", input).array.ndim)
    settings = *_over("aminmax", input, dim, keepdim), False
    return MinMax(Amin(*settings)(input), Amax(*settings)(input))


@numpy_names
def max(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """Largest element of all; or along a dim, with its index; or elementwise of two tensors.

    ``max(x)`` is a tensor without dimensions; equal elements share the gradient. ``max(x, dim)`` is a tuple
    ``(values, indices)``; of equal elements the first is chosen, and has the gradient. ``max(x, y)`` is
    ``maximum(x, y)``.

    >>> max(tinygrad_edu.tensor([[1.0, 5.0], [7.0, 7.0]]), dim=1).indices
    tensor([1, 0])
    """
    return _extreme("max", Amax, input, dim if other is None else other, keepdim)


@numpy_names
def min(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """Smallest element of all; or along a dim, with its index; or elementwise of two tensors. See ``max``."""
    return _extreme("min", Amin, input, dim if other is None else other, keepdim)


def _extreme(what: str, kind: type[Shared], input: Any, dim: Any, keepdim: bool) -> Any:
    x = first_tensor(what, input)
    if isinstance(dim, Variable):
        return x.maximum(dim) if what == "max" else x.minimum(dim)
    if dim is None:
        no_keepdim(what, keepdim)
        return kind(*_over(what, x, None, False), True)(x)
    d = one_dim(what, dim, x.array.ndim)
    return at_index(x, d, _places("arg" + what, x, d), keepdim)


@numpy_names
def argmax(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """Index of the largest element along a dim, or in the flattened tensor: of equal ones the first."""
    return _argument("argmax", input, dim, keepdim)


@numpy_names
def argmin(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """Index of the smallest element along a dim, or in the flattened tensor: of equal ones the first."""
    return _argument("argmin", input, dim, keepdim)


def _over(what: str, input: Any, dim: Any, keepdim: bool) -> tuple[tuple[int, ...], bool]:
    """The settings of a reduction that has no result where there is nothing to choose from."""
    x = first_tensor(what, input).array
    dims = some_dims(what, dim, x.ndim)
    if 0 in [x.shape[d] for d in dims]:
        raise DimError(
            f"{what}: expected at least one element to choose from, got shape {tuple(x.shape)} and dim={dim}"
        )
    return dims, keepdim


def _places(which: str, x: Any, dim: int) -> Any:
    """The index of the extreme element along a dim, left with size 1; a 0-d tensor counts as a line of one."""
    _over(which, x, dim, True)
    return answer(which, lambda xp, a: getattr(as_line(a), which)(axis=dim, keepdims=True), x)


def _argument(which: str, input: Any, dim: int | None, keepdim: bool) -> Any:
    x = first_tensor(which, input)
    if x.array.dtype == bool_:
        raise DTypeError(f"{which}: bool has no order here; call .int() first")
    if dim is None:
        return _places(which, x.reshape(-1), 0).reshape((1,) * x.array.ndim if keepdim else ())
    d = one_dim(which, dim, x.array.ndim)
    return _places(which, x, d).reshape(kept(x.array.shape, (d,)) if keepdim else removed(x.array.shape, d))
