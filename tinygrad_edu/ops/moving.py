"""Changing where a tensor lies and what its elements are: ``to`` and the casts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import CPU, device, device_of, move
from ..backend.dtypes import as_dtype, bfloat16, bool_, float16, float32, float64, int8, int16, int32, int64, uint8
from .promotion import cast

Device: Any = device  # the functions below have a parameter of that name


class Move(Op):
    """The same numbers on another device. dx = dy, moved back."""

    half_as_stored = True

    def __init__(self, where: device):
        self.where_to = where

    def forward(self, x: Any) -> Any:
        self.before = device_of(x)
        return move(x, self.where_to)

    def backward(self, dy: Any) -> Any:
        return Move(self.before)(dy)


def to(
    input: Any, *args: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False, copy: bool = False
) -> Any:
    """In another dtype, on another device, or as another Tensor has them: ``x.to(float64)``, ``x.to("cuda")``, ``x.to(y)``.

    Returns x itself where nothing changes, unless ``copy``. The gradient comes back in x's dtype, on x's device.
    """
    for arg in args:
        if isinstance(arg, Variable):
            dtype, device = arg.array.dtype, device_of(arg.array)
        elif isinstance(arg, (Device, int)) or (isinstance(arg, str) and arg.startswith(("cpu", "cuda"))):
            device = arg
        elif arg is not None:
            dtype = as_dtype(arg)
    x = input
    if device is not None:
        target = Device(device)
        here = device_of(x.array)
        if (target.type != here.type) or (target.index is not None and target != here):
            x = Move(target)(x)
    if dtype is not None:
        x = cast(x, as_dtype(dtype))
    return x.clone() if copy and x is input else x


def cpu(input: Any) -> Any:
    """On the CPU; x itself where it is there."""
    return input if isinstance(input.array, np.ndarray) else Move(CPU)(input)


def cuda(input: Any, device: Any = None) -> Any:
    """On a GPU (the current one, or the one of that number)."""
    return to(input, device="cuda" if device is None else device)


def type_as(input: Any, other: Any) -> Any:
    """In the dtype of another Tensor."""
    return cast(input, other.array.dtype)


def type_(input: Any, dtype: Any = None) -> Any:
    """In a dtype; without one, the name of the dtype."""
    return str(input.array.dtype) if dtype is None else cast(input, as_dtype(dtype))


def half(input: Any) -> Any:
    """As float16."""
    return cast(input, float16)


def bfloat(input: Any) -> Any:
    """As bfloat16 (needs the package ml_dtypes)."""
    return cast(input, bfloat16())


def single(input: Any) -> Any:
    """As float32."""
    return cast(input, float32)


def double(input: Any) -> Any:
    """As float64."""
    return cast(input, float64)


def boolean(input: Any) -> Any:
    """As bool: True where not 0."""
    return cast(input, bool_)


def byte(input: Any) -> Any:
    """As uint8."""
    return cast(input, uint8)


def char(input: Any) -> Any:
    """As int8."""
    return cast(input, int8)


def short(input: Any) -> Any:
    """As int16."""
    return cast(input, int16)


def integer(input: Any) -> Any:
    """As int32."""
    return cast(input, int32)


def long(input: Any) -> Any:
    """As int64."""
    return cast(input, int64)
