"""Choosing between values: where, the larger and the smaller, bounds, and numbers in place of nan and inf.

The gradient goes to the value that was chosen. ``maximum`` and ``minimum`` share it equally at a tie; ``fmax`` and
``fmin`` give it to the first; ``clamp`` gives it to the input on the bound.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import array_namespace, on_device_of
from ..backend.dtypes import BOOL, FLOATING, INTEGER, bool_, category, of_number, promote_types, uint8
from ..errors import DTypeError
from .promotion import broadcast_rule, constant, is_number, namespace, operand, promoted

__all__ = [
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "fmax",
    "fmin",
    "maximum",
    "minimum",
    "nan_to_num",
    "where",
]


def only_tensors(what: str, *xs: Any, instead: str = "make it a tensor") -> None:
    """Refuse Python numbers, as PyTorch does in operations that treat their operands alike."""
    for x in xs:
        if not isinstance(x, Variable):
            raise DTypeError(f"{what}: expected Tensors, got {type(x).__name__} among them; {instead}")


FEW = 2048  # elements: from here on the host has faster ways than the obvious one


def pick(mask: Any, x: Any, y: Any) -> Any:
    """``where(mask, x, y)`` of raw arrays of one dtype, or numbers.

    ``numpy.where`` branches at every element, which costs 4 ns where the mask is hard to predict. This needs 0.3: with
    the mask as bits m, all ones or all zeros, ((x ^ y) & m) ^ y are the bits of x or of y, nan and infinity included.
    """
    xp = array_namespace(mask)
    if xp is not np or mask.size < FEW:
        return xp.where(mask, x, y)
    dtype = x.dtype if hasattr(x, "dtype") else y.dtype
    bits = f"i{dtype.itemsize}"
    m = mask.astype(bits)
    np.negative(m, out=m)
    x = np.asarray(x, dtype).view(bits)
    if is_number(y) and y == 0:
        return (x & m).view(dtype)
    y = np.asarray(y, dtype).view(bits)
    picked = (x ^ y) & m
    picked ^= y
    return picked.view(dtype)


def bounded(x: Any, low: Any, high: Any) -> Any:
    """``min(max(x, low), high)`` of raw arrays or numbers; None is no bound.

    With one number ``numpy.maximum`` takes 0.35 ns an element; ``numpy.clip``, which wants two, takes 0.1.
    """
    xp = array_namespace(x)
    if xp is np and x.size >= FEW and x.dtype.kind == "f" and not hasattr(low, "dtype") and not hasattr(high, "dtype"):
        return x.clip(-np.inf if low is None else low, np.inf if high is None else high)
    y = x if low is None else xp.maximum(x, low)
    return y if high is None else xp.minimum(y, high)


def check_fits(what: str, number: Any, dtype: np.dtype) -> None:
    """Refuse a Python integer that an integer dtype does not hold. A negative one may wrap around to unsigned."""
    if isinstance(number, int) and category(dtype) == INTEGER:
        info = np.iinfo(dtype)
        if not (info.min or -info.max) <= number <= info.max:
            raise DTypeError(f"{what}: the number {number} does not fit into {dtype}; cast with .long()")


def number_like(number: Any, dtype: np.dtype, like: Any) -> Any:
    """A number as a Tensor without dimensions, on the device of another."""
    with on_device_of(like.array):
        return constant(namespace(like).asarray(number, dtype), like)


def chosen(mask: Any, dy: Any) -> Any:
    """dy where a raw mask is true, else 0: also where dy is nan or infinite."""
    return Where()(constant(mask, dy), dy, 0.0)


class Where(Op):
    """z = x where mask, else y.   dx = dz where mask, dy = dz elsewhere."""

    half_as_stored = True
    keeps = ("mask",)

    def forward(self, mask: Any, x: Any, y: Any) -> Any:
        self.mask = mask
        return pick(mask, x, y)

    def backward(self, dz: Any) -> Any:
        _, x, y = self.needs
        return None, (chosen(self.mask, dz) if x else None), (chosen(~self.mask, dz) if y else None)

    def rule(self, *arrays: Any) -> str | None:
        return broadcast_rule(*arrays)


class _Extreme(Op):
    """The larger or the smaller of two. dz goes to the one chosen; half to each at a tie, all to both at nan."""

    keeps = ("inputs",)

    def backward(self, dz: Any) -> Any:
        x, y = (v.array for v in self.inputs)
        x_lost, y_lost = (y < x, x < y) if isinstance(self, Minimum) else (x < y, y < x)
        dz = Where()(constant(x == y, dz), dz * 0.5, dz)
        return (chosen(~x_lost, dz) if self.needs[0] else None), (chosen(~y_lost, dz) if self.needs[1] else None)

    def rule(self, *arrays: Any) -> str | None:
        return broadcast_rule(*arrays)


class Maximum(_Extreme):
    """z = max(x, y), nan where either is.   dz to the larger, half to each where they are equal."""

    def forward(self, x: Any, y: Any) -> Any:
        return array_namespace(x).maximum(x, y)


class Minimum(_Extreme):
    """z = min(x, y), nan where either is.   dz to the smaller, half to each where they are equal."""

    def forward(self, x: Any, y: Any) -> Any:
        return array_namespace(x).minimum(x, y)


class _NumberExtreme(Op):
    """The larger or the smaller of two, a number before nan. dz goes to the one chosen, to x at a tie."""

    keeps = ("inputs",)

    def backward(self, dz: Any) -> Any:
        x, y = (v.array for v in self.inputs)
        first = (x <= y if isinstance(self, FMin) else x >= y) | (y != y)
        return (chosen(first, dz) if self.needs[0] else None), (chosen(~first, dz) if self.needs[1] else None)

    def rule(self, *arrays: Any) -> str | None:
        return broadcast_rule(*arrays)


class FMax(_NumberExtreme):
    """z = max(x, y), the other one where one is nan.   dz to the larger, to x where they are equal."""

    def forward(self, x: Any, y: Any) -> Any:
        return array_namespace(x).fmax(x, y)


class FMin(_NumberExtreme):
    """z = min(x, y), the other one where one is nan.   dz to the smaller, to x where they are equal."""

    def forward(self, x: Any, y: Any) -> Any:
        return array_namespace(x).fmin(x, y)


class Clamp(Op):
    """y = min(max(x, low), high), either bound None.   dx = dy where low <= x <= high; the rest goes to the bound."""

    keeps = ("inputs",)

    def forward(self, x: Any, low: Any, high: Any) -> Any:
        return bounded(x, low, high)

    def backward(self, dy: Any) -> Any:
        x, low, high = (getattr(v, "array", v) for v in self.inputs)
        dx = d_low = d_high = None
        if self.needs[0]:
            dx = chosen((True if low is None else x >= low) & (True if high is None else x <= high), dy)
        if self.needs[1]:
            d_low = chosen((x < low) & (True if high is None else low < high), dy)
        if self.needs[2]:
            d_high = chosen((x > high) | (False if low is None else high < low), dy)
        return dx, d_low, d_high

    def rule(self, *arrays: Any) -> str | None:
        return broadcast_rule(*arrays)


class NanToNum(Op):
    """y = x with numbers in place of nan, inf and -inf.   dx = dy where x is finite, else 0."""

    half_as_stored = True  # the largest number is that of the dtype
    keeps = ("inputs",)

    def __init__(self, *numbers: float):
        self.numbers = numbers

    def forward(self, x: Any) -> Any:
        nan, high, low = self.numbers
        return array_namespace(x).nan_to_num(x, nan=nan, posinf=high, neginf=low)

    def backward(self, dy: Any) -> Any:
        x = self.inputs[0].array
        return chosen(array_namespace(x).isfinite(x), dy)


def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """``input`` where ``condition`` is true, else ``other``, all broadcast together.

    Parameters
    ----------
    condition : Tensor of bool
    input, other : Tensor or number, optional
        Without them: the indices of the true elements, ``condition.nonzero(as_tuple=True)``.

    Returns
    -------
    Tensor
        In the common dtype of input and other. The gradient of what was not chosen is 0, also where it is nan.

    Examples
    --------
    >>> x = tinygrad_edu.tensor([1.0, -2.0, 3.0])
    >>> where(x > 0, x, 0.0)
    tensor([1., 0., 3.])
    """
    if not isinstance(condition, Variable) or condition.array.dtype not in (bool_, uint8):
        got = condition.array.dtype if isinstance(condition, Variable) else type(condition).__name__
        raise DTypeError(f"where: expected a condition of bool, got {got}; compare first, as in x != 0")
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if condition.array.dtype == uint8:
        condition = constant(condition.array != 0, condition)
    if is_number(input) and is_number(other):
        dtype = promote_types(of_number(input), of_number(other))
        return Where()(condition, number_like(input, dtype, condition), other)
    x, y = promoted("where", input, other)
    for number, tensor in ((input, y), (other, x)):
        if is_number(number):
            check_fits("where", number, tensor.array.dtype)
    return Where()(condition, x, y)


def where_of(self: Any, condition: Any, other: Any) -> Any:
    """``where(condition, self, other)``."""
    return where(condition, self, other)


def maximum(input: Any, other: Any) -> Any:
    """The larger of two tensors' elements, nan where either is. At a tie each gets half of the gradient."""
    only_tensors("maximum", input, other, instead="for a number use clamp(min=...)")
    return Maximum()(*promoted("maximum", input, other))


def minimum(input: Any, other: Any) -> Any:
    """The smaller of two tensors' elements, nan where either is. At a tie each gets half of the gradient."""
    only_tensors("minimum", input, other, instead="for a number use clamp(max=...)")
    return Minimum()(*promoted("minimum", input, other))


def fmax(input: Any, other: Any) -> Any:
    """The larger of two tensors' elements; where one is nan, the other. At a tie the input gets the gradient."""
    only_tensors("fmax", input, other, instead="for a number use clamp(min=...)")
    return FMax()(*promoted("fmax", input, other))


def fmin(input: Any, other: Any) -> Any:
    """The smaller of two tensors' elements; where one is nan, the other. At a tie the input gets the gradient."""
    only_tensors("fmin", input, other, instead="for a number use clamp(max=...)")
    return FMin()(*promoted("fmin", input, other))


def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """The input held between two bounds: ``max`` where the bounds cross.

    Parameters
    ----------
    input : Tensor
    min, max : number or Tensor, optional
        Both numbers or both tensors (which broadcast); at least one.

    Returns
    -------
    Tensor
        The gradient goes to the input within the bounds and on them, else to the bound.

    Examples
    --------
    >>> clamp(tinygrad_edu.tensor([-2.0, 0.5, 3.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    bounds = [b for b in (min, max) if b is not None]
    if not isinstance(input, Variable):
        raise DTypeError(f"clamp: expected a Tensor, got {type(input).__name__}")
    if not bounds:
        raise DTypeError("clamp: expected min, max or both, got neither")
    if len(bounds) == 2 and is_number(min) != is_number(max):
        tensor = max if is_number(min) else min
        if getattr(tensor, "ndim", 1):
            raise DTypeError("clamp: expected both bounds as numbers or both as tensors, got one of each")
    numbers = [b for b in bounds if is_number(b)]
    x, *bounds = promoted("clamp", input, *bounds)
    if (numbers or len(bounds) == 2) and category(x.array.dtype) == BOOL:
        raise DTypeError("clamp: expected integers or floats, got bool; cast with .int()")
    for number in numbers:
        check_fits("clamp", number, x.array.dtype)
    return Clamp()(x, None if min is None else bounds[0], None if max is None else bounds[-1])


def clamp_min(input: Any, min: Any) -> Any:
    """The input, but at least ``min`` (a number or a tensor)."""
    return clamp(input, min=min)


def clamp_max(input: Any, max: Any) -> Any:
    """The input, but at most ``max`` (a number or a tensor)."""
    return clamp(input, max=max)


def nan_to_num(input: Any, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> Any:
    """The input with ``nan`` (0) for nan, ``posinf`` and ``neginf`` (the dtype's largest numbers) for infinities."""
    x = operand(input, input, "nan_to_num")
    if category(x.array.dtype) != FLOATING:
        return constant(x.array.copy(), x)
    largest = _largest(x.array.dtype)
    return NanToNum(
        0.0 if nan is None else nan,
        largest if posinf is None else posinf,
        -largest if neginf is None else neginf,
    )(x)


def _largest(dtype: np.dtype) -> float:
    return float.fromhex("0x1.fep127") if dtype.name == "bfloat16" else float(np.finfo(dtype).max)


clip = clamp
