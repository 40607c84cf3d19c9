"""Rounding to whole numbers. These are steps: their derivative is 0, but for frac, whose derivative is 1."""

from __future__ import annotations

from typing import Any

from ..autograd.op import Op
from ..backend import array_namespace
from ..backend.dtypes import FLOATING, category
from ..errors import DTypeError
from .dims import integer
from .elementwise import number_tensor, zeros_like
from .promotion import constant

__all__ = ["ceil", "fix", "floor", "frac", "round", "trunc"]


class _Step(Op):
    """A function that is constant between its jumps.   dx = 0."""

    def backward(self, dy: Any) -> Any:
        return zeros_like(dy)


class Floor(_Step):
    """y = the largest whole number up to x."""

    def forward(self, x: Any) -> Any:
        return array_namespace(x).floor(x)


class Ceil(_Step):
    """y = the smallest whole number from x on."""

    def forward(self, x: Any) -> Any:
        return array_namespace(x).ceil(x)


class Trunc(_Step):
    """y = x without its decimals."""

    def forward(self, x: Any) -> Any:
        return array_namespace(x).trunc(x)


class Round(_Step):
    """y = the multiple of 10^-decimals nearest to x; halves go to the even one."""

    def __init__(self, decimals: int):
        self.decimals = decimals

    def forward(self, x: Any) -> Any:
        xp, n = array_namespace(x), self.decimals
        if n == 0:
            return xp.rint(x)
        ten = float(f"1e{n if n > 0 else -n}")
        return xp.rint(x * ten) / ten if n > 0 else xp.rint(x / ten) * ten


class Frac(Op):
    """y = x - trunc x.   dx = dy."""

    def forward(self, x: Any) -> Any:
        return x - array_namespace(x).trunc(x)

    def backward(self, dy: Any) -> Any:
        return dy


def _rounded(op: Op, x: Any, what: str) -> Any:
    """The operation on floats; integers are whole already, and copied."""
    number_tensor(what, x)
    return op(x) if category(x.array.dtype) == FLOATING else constant(x.array.copy(), x)


def floor(input: Any) -> Any:
    """The largest whole number up to each element, in the input's dtype."""
    return _rounded(Floor(), input, "floor")


def ceil(input: Any) -> Any:
    """The smallest whole number from each element on, in the input's dtype."""
    return _rounded(Ceil(), input, "ceil")


def trunc(input: Any) -> Any:
    """Each element without its decimals, rounded towards 0."""
    return _rounded(Trunc(), input, "trunc")


def round(input: Any, *, decimals: int = 0) -> Any:
    """Each element rounded to ``decimals`` places; halves go to the even neighbour.

    >>> round(tinygrad_edu.tensor([0.5, 1.5, 2.5]))
    tensor([0., 2., 2.])
    """
    decimals = integer("round", decimals)
    if decimals:
        _floats_only("round with decimals", input)
    return _rounded(Round(decimals), input, "round")


def frac(input: Any) -> Any:
    """What trunc takes away, with the sign of the input."""
    return Frac()(_floats_only("frac", input))


def _floats_only(what: str, x: Any) -> Any:
    if category(number_tensor(what, x).array.dtype) != FLOATING:
        raise DTypeError(f"{what}: expected floats, got {x.array.dtype}; cast with .float()")
    return x


fix = trunc
