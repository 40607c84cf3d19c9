"""Division that rounds, and what remains.

Two conventions: *floor* rounds towards minus infinity, and its remainder has the sign of the divisor (``//`` and ``%``,
as in Python); *trunc* rounds towards 0, and its remainder (``fmod``) has the sign of the dividend, as in C.
"""

from __future__ import annotations

from typing import Any

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import array_namespace
from ..backend.dtypes import BOOL, INTEGER, category
from ..errors import DTypeError
from .arithmetic import true_divide
from .choosing import only_tensors
from .elementwise import zeros_like
from .promotion import broadcast_rule, promoted

__all__ = ["div", "divide", "floor_divide", "fmod", "remainder", "true_divide"]


class _Rounded(Op):
    """Division to whole numbers.   dx = dy = 0."""

    def backward(self, dz: Any) -> Any:
        zero = zeros_like(dz)
        return zero, zero

    def rule(self, *arrays: Any) -> str | None:
        return broadcast_rule(*arrays)


class DivFloor(_Rounded):
    """z = floor(x / y)."""

    def forward(self, x: Any, y: Any) -> Any:
        return _namespace(x, y).floor_divide(x, y)


class DivTrunc(_Rounded):
    """z = trunc(x / y)."""

    def forward(self, x: Any, y: Any) -> Any:
        xp = _namespace(x, y)
        z = xp.floor_divide(x, y)
        if z.dtype.kind not in "iu":
            return xp.trunc(x / y)
        return z + ((z < 0) & (z * y != x))  # integers: one up where floor rounded a negative quotient down


class FloorDivide(Op):
    """z = floor(x / y), without a derivative."""

    def forward(self, x: Any, y: Any) -> Any:
        return _namespace(x, y).floor_divide(x, y)

    def rule(self, *arrays: Any) -> str | None:
        return broadcast_rule(*arrays)


class _Remainder(Op):
    """z = x - y round(x / y).   dx = dz, dy = -dz round(x / y)."""

    keeps = ("inputs",)
    rounding_mode: str

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [wanted[1], wanted[1]]

    def backward(self, dz: Any) -> Any:
        dy = None
        if self.needs[1]:
            dy = -dz * div(*self.inputs, rounding_mode=self.rounding_mode)
        return dz, dy

    def rule(self, *arrays: Any) -> str | None:
        return broadcast_rule(*arrays)


class Remainder(_Remainder):
    """z = x - y floor(x / y).   dx = dz, dy = -dz floor(x / y)."""

    rounding_mode = "floor"

    def forward(self, x: Any, y: Any) -> Any:
        return _namespace(x, y).remainder(x, y)


class FMod(_Remainder):
    """z = x - y trunc(x / y).   dx = dz, dy = -dz trunc(x / y)."""

    rounding_mode = "trunc"

    def forward(self, x: Any, y: Any) -> Any:
        return _namespace(x, y).fmod(x, y)


def _namespace(x: Any, y: Any) -> Any:
    return array_namespace(x if hasattr(x, "dtype") else y)


def _divisible(what: str, input: Any, other: Any) -> list:
    """The operands in their common dtype. Integers cannot say infinity, so they are not divided by 0."""
    x, y = promoted(what, input, other)
    kind = category((x if isinstance(x, Variable) else y).array.dtype)
    if kind == BOOL:
        raise DTypeError(f"{what}: expected integers or floats, got bool by bool; cast one with .int()")
    if kind == INTEGER and bool((y.array == 0).any() if isinstance(y, Variable) else y == 0):
        raise ZeroDivisionError(f"{what}: an integer divided by 0; cast with .float() for inf and nan")
    return [x, y]


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """``input / other``, rounded if asked for.

    Parameters
    ----------
    input, other : Tensor or number
        At least one a Tensor; broadcast together.
    rounding_mode : {None, "trunc", "floor"}
        None is true division, where integers give floats. Rounded, the result keeps the common dtype, and its
        derivative is 0.

    Examples
    --------
    >>> div(tinygrad_edu.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
    if rounding_mode is None:
        return true_divide(input, other)
    if rounding_mode not in ("trunc", "floor"):
        raise DTypeError(f'div: expected rounding_mode None, "trunc" or "floor", got {rounding_mode!r}')
    return (DivFloor if rounding_mode == "floor" else DivTrunc)()(*_divisible("div", input, other))


def floor_divide(input: Any, other: Any) -> Any:
    """``input // other``, rounded towards minus infinity. It has no derivative; ``div`` rounded has one, of 0."""
    return FloorDivide()(*_divisible("floor_divide", input, other))


def remainder(input: Any, other: Any) -> Any:
    """``input % other``, with the sign of the divisor: ``input - other * floor(input / other)``.

    >>> remainder(tinygrad_edu.tensor([7.0, -7.0]), 3.0)
    tensor([1., 2.])
    """
    return Remainder()(*_divisible("remainder", input, other))


def fmod(input: Any, other: Any) -> Any:
    """What remains of the input after truncated division, with the sign of the input, as in C.

    >>> fmod(tinygrad_edu.tensor([7.0, -7.0]), 3.0)
    tensor([ 1., -1.])
    """
    only_tensors("fmod", input)
    return FMod()(*_divisible("fmod", input, other))


divide = div
