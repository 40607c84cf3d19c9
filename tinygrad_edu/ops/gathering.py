"""Gathering values from places that an index or a mask names, and its opposite, scattering them there."""

from __future__ import annotations

from typing import Any

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import array_namespace
from ..errors import DTypeError, ShapeError
from .promotion import broadcast_rule, cast, plain_number, wrapped_integer

__all__ = ["masked_fill"]
METHODS = ("masked_fill",)
INPLACE = ("masked_fill",)


class MaskedFill(Op):
    """y = value where mask, else x. dx = dy where not mask, dvalue = the sum of dy where mask."""

    half_as_stored = True
    keeps = ("inputs",)

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [False, True, False]

    def forward(self, x: Any, mask: Any, value: Any) -> Any:
        value = value if hasattr(value, "dtype") else x.dtype.type(value)
        return array_namespace(x).where(mask, value, x)

    def backward(self, dy: Any) -> Any:
        mask = self.inputs[1]
        dx = dy.masked_fill(mask, 0) if self.needs[0] else None
        return dx, None, (dy.masked_fill(~mask, 0).sum() if self.needs[2] else None)

    def rule(self, x: Any, mask: Any, value: Any) -> str | None:
        return broadcast_rule(x, mask)


def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    """``input`` with ``value`` (a number, or a tensor without dimensions) where ``mask`` is true."""
    if not isinstance(mask, Variable) or mask.array.dtype != bool:
        raise DTypeError(f"masked_fill: expected a mask of bools, got {getattr(mask, 'dtype', type(mask).__name__)}")
    if isinstance(value, Variable):
        if value.array.ndim:
            raise ShapeError(f"masked_fill: expected a number or a tensor without dimensions, got shape {tuple(value.shape)}")
        value = cast(value, input.array.dtype)
    return MaskedFill()(input, mask, value)
