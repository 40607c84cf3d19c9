"""Overwriting a whole tensor: ``fill``, and in place ``fill_``, ``zero_`` and ``copy_``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import array_namespace, device_of
from ..errors import DTypeError, ShapeError
from .indexing import one_value
from .inplace import write
from .promotion import cast, constant

__all__ = ["fill"]
METHODS = ("copy_", "zero_")
INPLACE = ("fill",)


class Overwrite(Op):
    """y = v, broadcast to the shape of x. dx = 0, dv = dy (summed over the copies by the engine)."""

    half_as_stored = True

    def forward(self, x: Any, v: Any) -> Any:
        return array_namespace(x).broadcast_to(v, x.shape)

    def backward(self, dy: Any) -> Any:
        return constant(array_namespace(dy.array).zeros_like(dy.array), dy), dy


def fill(input: Any, value: Any) -> Any:
    """A tensor of the shape and dtype of ``input`` that is ``value`` (a number, or a tensor without dimensions) all over."""
    return Overwrite()(input, one_value("fill", value, input)).clone()


def zero_(input: Any) -> Any:
    """Set every element to zero, in place."""
    return write(input, Overwrite()(input, one_value("zero_", 0, input)), "zero_")


def copy_(input: Any, src: Any, non_blocking: bool = False) -> Any:
    """Take over the values of ``src``, broadcast, in the dtype and on the device of ``input``, in place."""
    if not isinstance(src, Variable):
        raise DTypeError(f"copy_: expected a Tensor, got {type(src).__name__}")
    try:
        fits = np.broadcast_shapes(src.array.shape, input.array.shape) == tuple(input.array.shape)
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"copy_: a src of shape {tuple(src.array.shape)} can't be broadcast to the shape {tuple(input.array.shape)} of input"
        )
    src = cast(src.to(device_of(input.array)), input.array.dtype)
    return write(input, Overwrite()(input, src), "copy_")
