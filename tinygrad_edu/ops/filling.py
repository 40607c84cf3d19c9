"""Overwriting a whole tensor: ``fill``, and in place ``fill_``, ``zero_`` and ``copy_``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import array_namespace, device_of
from ..backend.dtypes import is_floating
from ..errors import DTypeError, ShapeError
from .inplace import write
from .promotion import cast, constant, is_number

__all__ = ["fill"]


def one_value(what: str, value: Any, like: Any) -> Any:
    """A number, or a tensor without dimensions, as a Tensor of like's dtype on its device."""
    if isinstance(value, Variable):
        if value.array.ndim:
            raise ShapeError(f"{what}: expected a number or a tensor without dimensions, got shape {value.shape}")
        return cast(value, like.array.dtype)
    if not is_number(value):
        raise DTypeError(f"{what}: expected a number or a tensor without dimensions, got {type(value).__name__}")
    dtype = like.array.dtype
    return constant(array_namespace(like.array).asarray(_as_stored(what, value, dtype), dtype=dtype), like)


def _as_stored(what: str, value: Any, dtype: np.dtype) -> Any:
    """A number as an element of the dtype: floats lose their fraction in integers, what is out of range is an error."""
    if is_floating(dtype):
        return float(value)
    if dtype.kind == "b":
        return bool(value)
    info = np.iinfo(dtype)
    if not info.min <= value <= info.max:
        raise DTypeError(f"{what}: {value} is out of range for {dtype}")
    return dtype.type(int(value))


class Overwrite(Op):
    """y = v, broadcast to the shape of x. dx = 0, dv = dy (summed over the copies by the engine)."""

    half_as_stored = True

    def forward(self, x: Any, v: Any) -> Any:
        return array_namespace(x).broadcast_to(v, x.shape)

    def backward(self, dy: Any) -> Any:
        return constant(array_namespace(dy.array).zeros_like(dy.array), dy), dy


def fill(input: Any, value: Any) -> Any:
    """A tensor like ``input`` that is ``value`` (a number, or a tensor without dimensions) all over."""
    return Overwrite()(input, one_value("fill", value, input)).clone()


def zero_(input: Any) -> Any:
    """Set every element to zero, in place."""
    return write(input, Overwrite()(input, one_value("zero_", 0, input)), "zero_")


def copy_(input: Any, src: Any, non_blocking: bool = False) -> Any:
    """Take over the values of ``src``, broadcast, in the dtype and on the device of ``input``, in place."""
    if not isinstance(src, Variable):
        raise DTypeError(f"copy_: expected a Tensor, got {type(src).__name__}")
    own, other = tuple(input.array.shape), tuple(src.array.shape)
    if len(other) > len(own) or any(n not in (1, m) for n, m in zip(other[::-1], own[::-1], strict=False)):
        raise ShapeError(f"copy_: a src of shape {other} can't be broadcast to the shape {own} of the input")
    src = cast(src.to(device_of(input.array)), input.array.dtype)
    return write(input, Overwrite()(input, src), "copy_")
