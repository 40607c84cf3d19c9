"""Bringing operands together: to one dtype by PyTorch's rule, recorded as a Cast where a value changes type."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.op import Op
from ..autograd.variable import Variable, make
from ..backend import array_namespace, as_array, device_of
from ..backend.dtypes import BOOL, FLOATING, category, get_default_dtype, of_number, result_type
from ..errors import DTypeError


class Cast(Op):
    """The same values in another dtype. dx = dy, cast back."""

    half_as_stored = True

    def __init__(self, dtype: np.dtype):
        self.dtype = dtype

    def forward(self, x: Any) -> Any:
        self.before = x.dtype
        return x.astype(self.dtype)

    def backward(self, dy: Any) -> Any:
        return cast(dy, self.before)


def cast(x: Any, dtype: np.dtype) -> Any:
    """x in a dtype: x itself where it has it already."""
    return x if x.array.dtype == dtype else Cast(dtype)(x)


def is_number(x: Any) -> bool:
    """True for a Python (or NumPy) bool, int or float."""
    return isinstance(x, bool | int | float | np.bool_ | np.integer | np.floating)


def plain_number(x: Any) -> Any:
    """A NumPy scalar as a Python number: it must not decide the dtype of a result."""
    return x.item() if isinstance(x, np.generic) else x


def constant(array: Any, like: Variable) -> Any:
    """A Tensor around an array, that wants no gradient."""
    return make(like.result_class, array)


def operand(x: Any, like: Variable, what: str) -> Any:
    """A Tensor or a Python number from what a user gave as an operand; arrays and lists become Tensors on like's device."""
    if isinstance(x, Variable):
        return x
    if is_number(x):
        return plain_number(x)
    if isinstance(x, np.ndarray | list | tuple):
        return constant(as_array(x, None, device_of(like.array)), like)
    raise DTypeError(f"{what}: expected a Tensor or a number, got {type(x).__name__}")


def first_tensor(what: str, *xs: Any) -> Any:
    """The first Tensor among the operands; an error where there is none."""
    for x in xs:
        if isinstance(x, Variable):
            return x
    raise DTypeError(f"{what}: expected a Tensor, got {', '.join(type(x).__name__ for x in xs)}")


def promoted(what: str, *xs: Any, floating: bool = False) -> list:
    """The operands in their common dtype; Python numbers stay numbers where they don't raise the Tensors' category.

    ``floating`` asks for a floating dtype: integers go to the default float, as in division.
    """
    like = first_tensor(what, *xs)
    xs = tuple([operand(x, like, what) for x in xs])
    dtype = result_type(*[x.array if isinstance(x, Variable) else x for x in xs])
    if floating and category(dtype) != FLOATING:
        dtype = get_default_dtype()
    out = []
    for x in xs:
        if isinstance(x, Variable):
            out.append(cast(x, dtype))
        elif category(dtype) == FLOATING:
            out.append(float(x))
        elif category(of_number(x)) == BOOL and category(dtype) == BOOL:
            out.append(bool(x))
        else:
            out.append(wrapped_integer(int(x), dtype))
    return out


def wrapped_integer(value: int, dtype: np.dtype) -> int:
    """A Python integer as the dtype stores it: modulo 2^bits, as in PyTorch."""
    info = np.iinfo(dtype)
    return (value - info.min) % (int(info.max) - int(info.min) + 1) + int(info.min)


def to_floating(x: Any, what: str) -> Any:
    """An input of a function of the reals: integers and bools go to the default float."""
    if not isinstance(x, Variable):
        raise DTypeError(f"{what}: expected a Tensor, got {type(x).__name__}")
    return x if category(x.array.dtype) == FLOATING else cast(x, get_default_dtype())


def namespace(x: Variable) -> Any:
    """The array module of a Tensor."""
    return array_namespace(x.array)


def broadcast_rule(*arrays: Any) -> str | None:
    """What is wrong with shapes that do not broadcast; None where nothing is."""
    shapes = [tuple(a.shape) for a in arrays if hasattr(a, "shape")]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return "expected shapes that broadcast (from the right, equal or 1), got " + " and ".join(map(str, shapes))
    return None
