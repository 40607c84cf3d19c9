"""Powers: ``x ** n`` for a number n, and for any two operands."""

from __future__ import annotations

from typing import Any

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import array_namespace
from ..backend.dtypes import BOOL, INTEGER, category, float64
from ..errors import DTypeError
from .choosing import check_fits, number_like, where
from .comparison import isnan, logical_and, logical_or
from .elementwise import log, zeros_like
from .promotion import broadcast_rule, cast, first_tensor, operand, promoted

__all__ = ["float_power", "pow", "square"]


class Power(Op):
    """y = x^n for a number n.   dx = dy n x^(n-1), 0 for n = 0."""

    keeps = ("inputs",)

    def __init__(self, n: float):
        self.n = n

    def forward(self, x: Any) -> Any:
        xp, n = array_namespace(x), self.n
        if n == 2:
            return x * x
        if n == 3:
            return x * x * x
        if n == 0.5:
            return xp.sqrt(x)
        if n == -0.5:
            return 1 / xp.sqrt(x)
        if n == -1:
            return 1 / x
        if n == -2:
            return 1 / (x * x)
        return xp.power(x, n)

    def backward(self, dy: Any) -> Any:
        n = self.n
        if n == 0:
            return zeros_like(dy)
        (x,) = self.inputs
        return dy * ((x if n == 2 else Power(n - 1)(x)) * n)


class Pow(Op):
    """z = x^y.   dx = dz y x^(y-1), dy = dz z ln x."""

    keeps = ("inputs", "output")

    def forward(self, x: Any, y: Any) -> Any:
        return array_namespace(x).power(x, y) if x.dtype.kind not in "iu" else _integer_power(x, y)

    def backward(self, dz: Any) -> Any:
        x, y = self.inputs
        dx = dy = None
        if self.needs[0]:  # x^0 is 1 for x = 0 and nan too, and does not change: not the 0 * inf of the formula
            flat = logical_and(y == 0, logical_or(x == 0, isnan(x)))
            dx = where(flat, 0.0, dz * (y * Pow()(x, where(flat, 1.0, y) - 1.0)))
        if self.needs[1]:  # 0^y is 0 for all y > 0
            flat = logical_and(x == 0, y >= 0)
            dy = where(flat, 0.0, dz * (self.output * log(where(flat, 1.0, x))))
        return dx, dy

    def rule(self, *arrays: Any) -> str | None:
        return broadcast_rule(*arrays)


def _integer_power(x: Any, y: Any) -> Any:
    """x^y for integers; the result of a negative power is rounded towards 0, so that only 1 and -1 have one."""
    xp = array_namespace(x)
    negative = y < 0
    z = xp.power(x, xp.where(negative, 0, y))
    alternating = xp.where(x == -1, xp.where(y % 2 == 0, 1, -1), 0) if x.dtype.kind == "i" else 0
    return xp.where(negative, xp.where(x == 1, 1, alternating), z).astype(x.dtype)


def pow(input: Any, exponent: Any) -> Any:
    """``input ** exponent``: two tensors that broadcast, or a tensor and a number on either side.

    ``0 ** 0`` is 1. The derivative by the input where the exponent is 0, and by the exponent where the input is 0 and
    the exponent at least 0, is 0; by the exponent where the input is negative, nan.

    Raises
    ------
    DTypeError
        For an integer tensor to a negative number, whose result is no integer.
    """
    like = first_tensor("pow", input, exponent)
    input, exponent = operand(input, like, "pow"), operand(exponent, like, "pow")
    x, n = promoted("pow", input, exponent)
    dtype = (x if isinstance(x, Variable) else n).array.dtype
    if category(dtype) == BOOL:
        if isinstance(n, Variable):
            raise DTypeError("pow: expected integers or floats, got bool to the power of bool; cast one with .int()")
        return logical_or(x, number_like(not n, dtype, x))
    if isinstance(n, Variable):
        return Pow()(x if isinstance(x, Variable) else number_like(x, dtype, n), n)
    if category(dtype) == INTEGER and exponent < 0:
        raise DTypeError(f"pow: integers to the negative power {exponent} are no integers; cast with .float()")
    check_fits("pow", exponent, dtype)
    return Power(n)(x)


def float_power(input: Any, exponent: Any) -> Any:
    """``input ** exponent`` computed in float64, whatever the dtypes."""
    first_tensor("float_power", input, exponent)
    return pow(*[cast(x, float64) if isinstance(x, Variable) else x for x in (input, exponent)])


def square(input: Any) -> Any:
    """``input * input``, as ``input ** 2``."""
    return pow(input, 2)
