"""Softmax, its logarithm, and the logarithm of its denominator: exponentials that are shifted so as not to overflow."""

from __future__ import annotations

from typing import Any

from ..autograd.op import Op
from ..backend import array_namespace
from ..backend.dtypes import FLOATING, as_dtype, category
from ..errors import DTypeError
from ..kernels.reference.summation import total
from .dims import numpy_names, one_dim, some_dims
from .promotion import cast, first_tensor, to_floating
from .reduction import kept

__all__ = ["log_softmax", "logsumexp", "softmax"]


class LogSumExp(Op):
    """y = log(sum over dims of e^x).   dx = dy e^(x - y)."""

    keeps = ("inputs", "output")

    def __init__(self, dims: tuple[int, ...], keepdim: bool):
        self.dims, self.keepdim = dims, keepdim

    def forward(self, x: Any) -> Any:
        xp = array_namespace(x)
        if 0 in [x.shape[d] for d in self.dims]:
            return xp.log(total(x, self.dims, self.keepdim))  # of nothing: log(0)
        top = x.max(axis=self.dims, keepdims=True)
        top = xp.where(xp.isinf(top), 0, top).astype(x.dtype, copy=False)  # inf - inf would be nan
        y = xp.log(total(xp.exp(x - top), self.dims, keepdims=True)) + top
        return y if self.keepdim else y.reshape([n for d, n in enumerate(x.shape) if d not in self.dims])

    def backward(self, dy: Any) -> Any:
        (x,) = self.inputs
        shape = kept(x.shape, self.dims)
        return dy.reshape(shape) * (x - self.output.reshape(shape)).exp()


class Softmax(Op):
    """y = e^x / sum along dim of e^x.   dx = y (dy - sum along dim of dy y)."""

    keeps = ("output",)

    def __init__(self, dim: int):
        self.dim = dim

    def forward(self, x: Any) -> Any:
        y, _ = _exponentials(x, self.dim)
        y /= total(y, (self.dim,), keepdims=True)
        return y.reshape(x.shape)

    def backward(self, dy: Any) -> Any:
        y = self.output
        return y * (dy - (dy * y).sum(self.dim, keepdim=True))


class LogSoftmax(Op):
    """y = x - log(sum along dim of e^x).   dx = dy - e^y (sum along dim of dy)."""

    keeps = ("output",)

    def __init__(self, dim: int):
        self.dim = dim

    def forward(self, x: Any) -> Any:
        e, shifted = _exponentials(x, self.dim)
        shifted -= array_namespace(x).log(total(e, (self.dim,), keepdims=True))
        return shifted.reshape(x.shape)

    def backward(self, dy: Any) -> Any:
        return dy - self.output.exp() * dy.sum(self.dim, keepdim=True)


def _exponentials(x: Any, dim: int) -> tuple[Any, Any]:
    """``e^(x - max)`` along a dim, and ``x - max``, as new arrays; a 0-d array counts as a line of one."""
    x = x.reshape(x.shape or (1,))
    shifted = x - x.max(axis=dim, keepdims=True) if x.size else x.copy()
    return array_namespace(x).exp(shifted), shifted


@numpy_names
def logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Any:
    """``log(sum of exp(x))`` over ``dim`` (one or several), without overflow.

    >>> logsumexp(tinygrad_edu.tensor([1000.0, 1000.0]), 0) - 1000
    tensor(0.6932)
    """
    x = to_floating(input, "logsumexp")
    if dim is None:
        raise DTypeError("logsumexp: expected dim to be an int or several, got None")
    return LogSumExp(some_dims("logsumexp", dim, x.array.ndim), keepdim)(x)


@numpy_names
def softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """``exp(x) / sum of exp(x)`` along a dim: positive numbers that add up to 1. Cast to ``dtype`` first.

    >>> softmax(tinygrad_edu.tensor([0.0, 0.0]), 0)
    tensor([0.5000, 0.5000])
    """
    x = _floats("softmax", input, dtype)
    return Softmax(one_dim("softmax", dim, x.array.ndim))(x)


@numpy_names
def log_softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """``log(softmax(x))`` along a dim, without its overflow and underflow. Cast to ``dtype`` first."""
    x = _floats("log_softmax", input, dtype)
    return LogSoftmax(one_dim("log_softmax", dim, x.array.ndim))(x)


def _floats(what: str, input: Any, dtype: Any) -> Any:
    x = first_tensor(what, input)
    x = x if dtype is None else cast(x, as_dtype(dtype))
    if category(x.array.dtype) != FLOATING:
        raise DTypeError(
            f"{what}: expected floats, got {x.array.dtype}; give dtype=tinygrad_edu.float32, or call .float() first"
        )
    return x
