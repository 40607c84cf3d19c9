"""Selections: views that leave some elements out and show none twice, such as slices and diagonals.

Three operations are each other's gradients:

    y = s(x)              what the selection s sees of x        dx = Placed(dy)
    y = Placed(x)         x in that place, zero elsewhere       dx = s(dy)
    y = Replaced(x, v)    x with v in that place                dx = Replaced(dy, 0), dv = s(dy)
"""

from __future__ import annotations

from typing import Any

from ..autograd.op import Op
from ..backend import array_namespace
from .view import ViewOp


class Selection(ViewOp):
    """A view that leaves some elements out and shows none twice. dx = dy in its place, zero elsewhere."""

    before: tuple[int, ...]

    def see(self, x: Any) -> Any:
        """The view of an array."""
        raise NotImplementedError

    def forward(self, x: Any) -> Any:
        self.before = x.shape
        return self.see(x)

    def backward(self, dy: Any) -> Any:
        return Placed(self.again(), self.before)(dy)


class Placed(Op):
    """y = x in the place that a selection sees, zero elsewhere. dx = the selection of dy."""

    half_as_stored = True

    def __init__(self, selection: Selection, shape: tuple[int, ...]):
        self.selection, self.whole = selection, shape

    def forward(self, x: Any) -> Any:
        y = array_namespace(x).zeros(self.whole, dtype=x.dtype)
        self.selection.see(y)[...] = x
        return y

    def backward(self, dy: Any) -> Any:
        return self.selection.again()(dy)


class Replaced(Op):
    """y = x with v in the place that a selection sees. dx = dy with zeros there, dv = the selection of dy."""

    half_as_stored = True

    def __init__(self, selection: Selection):
        self.selection = selection

    def forward(self, x: Any, v: Any) -> Any:
        y = x.copy()
        self.selection.see(y)[...] = v
        return y

    def backward(self, dy: Any) -> Any:
        dx = Replaced(self.selection)(dy, 0) if self.needs[0] else None
        return dx, (self.selection.again()(dy) if self.needs[1] else None)


class Index(Selection):
    """y = x[i, j:k, None, ...]: integers, slices with positive steps and None, and ``...`` somewhere."""

    def see(self, x: Any) -> Any:
        return x[self.settings[0]]
