"""Addition, subtraction, multiplication and division: what a graph has most of.

They are tuned where the other operations need not be, because a small ``x + y`` should cost little more than NumPy's. The
operators look for the common case first, two Tensors of one dtype or a float Tensor and a Python float, and write out what
``Op.__call__`` would do there. The gradients use operators alone, so that the engine may hand them raw arrays.
"""

from __future__ import annotations

import operator
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.faults import examine_forward
from ..autograd.modes import ON, WATCH, mode, special
from ..autograd.op import LOOK, NEVER, NOTHING, Op, next_sequence
from ..autograd.variable import Variable, node_of
from ..backend.dtypes import BOOL, category, of_number
from ..errors import DTypeError
from .promotion import broadcast_rule, promoted

# What sends an operation the long way round, where errors are explained and floating-point warnings silenced: a number
# in front, shapes that don't fit, devices that differ, and a warning (overflow, say) that somebody turned into an error.
# Where nobody did, it is ignored here: silencing NumPy beforehand would cost half as much as the addition itself.
_UNUSUAL = (AttributeError, TypeError, ValueError, RuntimeWarning, FloatingPointError)
warnings.filterwarnings("ignore", category=RuntimeWarning, module=re.escape(__name__))


class _Binary(Op):
    """An operation on two operands of one dtype, of which one may be a Python number."""

    __slots__ = ()
    arithmetic = True

    def gradients(self, dz: Any, x: Any, y: Any) -> tuple:
        """The gradients of both operands, by operators alone: of arrays and of Tensors alike."""
        raise NotImplementedError

    def rule(self, *arrays: Any) -> str | None:
        return broadcast_rule(*arrays)

    def backward(self, dz: Any) -> Any:
        return self.gradients(dz, *self.inputs)


class Add(_Binary):
    """z = x + y.   dx = dz, dy = dz."""

    __slots__ = ()
    forward = staticmethod(operator.add)

    def gradients(self, dz: Any, x: Any, y: Any) -> tuple:
        return dz, dz


class Sub(_Binary):
    """z = x - y.   dx = dz, dy = -dz."""

    __slots__ = ()
    forward = staticmethod(operator.sub)

    def gradients(self, dz: Any, x: Any, y: Any) -> tuple:
        return dz, (None if self.edges[1] is None else -dz)


class Mul(_Binary):
    """z = x y.   dx = dz y, dy = dz x."""

    __slots__ = ()
    keeps = ("others",)
    forward = staticmethod(operator.mul)

    def gradients(self, dz: Any, x: Any, y: Any) -> tuple:
        return (None if y is None else dz * y), (None if x is None else dz * x)


class Div(_Binary):
    """z = x / y.   dx = dz / y, dy = -dz x / y^2."""

    __slots__ = ()
    keeps = ("others",)
    forward = staticmethod(operator.truediv)

    def keeping(self, wanted: list) -> list:
        return [wanted[1], True]

    def gradients(self, dz: Any, x: Any, y: Any) -> tuple:
        dx = dz / y
        return dx, (None if x is None else -dx * (x / y))


def _operator(kind: type[_Binary], forward: Callable, slow: Callable, result: type) -> Callable:
    """The operator of an operation: ``kind()(x, y)`` written out for the common case, else ``slow(x, y)``."""
    keeps = bool(kind.keeps)
    divides = kind is Div  # not in integers, and the divisor is kept for its own gradient too
    new, ndarray = object.__new__, np.ndarray  # names of the enclosing function are found faster than those of a module

    def operator(x: Any, y: Any) -> Any:
        b: Any
        try:
            a = x.array
            if a.__class__ is not ndarray:
                return slow(x, y)
            dtype = a.dtype
            if y.__class__ is float:
                b = y
                if dtype.kind != "f" or dtype.itemsize == 2:  # NumPy would round y to 16 bits before it computes
                    return slow(x, y)
            else:
                b = y.array
                if b.dtype is not dtype or (divides and dtype.kind != "f"):
                    return slow(x, y)
            out = forward(a, b)
        except _UNUSUAL:
            return slow(x, y)
        shape = out.shape
        if not shape:  # zero-dimensional: NumPy gives a scalar
            return slow(x, y)
        z: Any = new(result)
        z.array = out
        z.node = z.version = z.origin = None
        level = mode.recording if special else ON
        if level:
            ex = x.node if x.origin is None else node_of(x)
            ey = None if b is y else y.node if y.origin is None else node_of(y)
            if ex is not None or ey is not None:
                z.node = op = kind()
                op.edges = ex, ey
                op.sequence = next_sequence()
                op.shape = shape
                same = (ex is None or ex.shape == shape) and (ey is None or ey.shape == shape)
                op.hooks = None if same else LOOK  # None is the walk's short way, on which nothing is summed
                if keeps:
                    vx = vy = NEVER
                    if ey is None:
                        a = None
                    else:
                        vx = x.version
                        if vx is None:
                            vx = x.version = [0]
                    if ex is None and not divides:
                        b = None
                    elif b is not y:
                        vy = y.version
                        if vy is None:
                            vy = y.version = [0]
                    op.saved = a, vx, vx[0], b, vy, vy[0]
                else:
                    op.saved = NOTHING
                if level == WATCH:
                    examine_forward(op, [x.array, b], z)
        return z

    operator.__name__ = operator.__qualname__ = f"__{kind.__name__.lower()}__"
    return operator


def add(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """``input + alpha * other``, elementwise with broadcasting.

    >>> add(tinygrad_edu.tensor([1.0, 2.0]), 10)
    tensor([11., 12.])
    """
    return Add()(*promoted("add", input, _scaled("add", input, other, alpha)))


def sub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """``input - alpha * other``, elementwise with broadcasting."""
    for x in (input, other):
        if isinstance(x, bool) or (isinstance(x, Variable) and category(x.array.dtype) == BOOL):
            raise DTypeError("sub: bool is not a number here; use logical_not, ^ or .int()")
    return Sub()(*promoted("sub", input, _scaled("sub", input, other, alpha)))


def _scaled(what: str, input: Any, other: Any, alpha: Any) -> Any:
    if alpha is not True and alpha == 1:
        return other
    dtypes = [category(x.array.dtype) for x in (input, other) if isinstance(x, Variable)]
    if category(of_number(alpha)) > max(dtypes) or (isinstance(alpha, bool) and max(dtypes) != BOOL):
        raise DTypeError(
            f"{what}: alpha={alpha!r} is of another kind than the tensors; floats scale floats, integers integers"
        )
    return mul(other, alpha)


def mul(input: Any, other: Any) -> Any:
    """``input * other``, elementwise with broadcasting."""
    if not isinstance(input, Variable) and not isinstance(other, Variable):
        return input * other  # two numbers, as in alpha * other
    return Mul()(*promoted("mul", input, other))


def true_divide(input: Any, other: Any) -> Any:
    """``input / other``, elementwise with broadcasting; integers divide to the default float."""
    return Div()(*promoted("div", input, other, floating=True))


def operators(result: type) -> dict[str, Callable]:
    """The methods for ``+ - * /``, whose results are of the given class."""
    rules = (
        (Add, operator.add, add),
        (Sub, operator.sub, sub),
        (Mul, operator.mul, mul),
        (Div, operator.truediv, true_divide),
    )
    names = ("__add__", "__sub__", "__mul__", "__truediv__")
    return {name: _operator(*rule, result) for name, rule in zip(names, rules, strict=True)}


__all__ = ["add", "mul", "sub", "true_divide"]
