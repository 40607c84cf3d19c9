"""Functions of two and three variables that have no file of their own."""

from __future__ import annotations

from math import isfinite
from math import log as log_of_number
from typing import Any

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import array_namespace
from ..backend.dtypes import BOOL, FLOATING, INTEGER, category
from ..errors import DTypeError
from .arithmetic import mul, sub
from .choosing import check_fits, number_like, only_tensors, where
from .elementwise import log, sigmoid, zeros_like
from .promotion import broadcast_rule, cast, constant, is_number, promoted

__all__ = [
    "addcdiv",
    "addcmul",
    "arctan2",
    "atan2",
    "copysign",
    "heaviside",
    "hypot",
    "lerp",
    "logaddexp",
    "logaddexp2",
    "multiply",
    "rsub",
    "subtract",
    "xlogy",
]

LN2 = log_of_number(2.0)


class _Binary(Op):
    """Two operands that broadcast."""

    keeps: tuple[str, ...] = ("inputs",)

    def rule(self, *arrays: Any) -> str | None:
        return broadcast_rule(*arrays)


class ATan2(_Binary):
    """z = the angle of the point (y, x).   dx = dz y / (x^2 + y^2), dy = -dz x / (x^2 + y^2); 0 at the origin."""

    def forward(self, x: Any, y: Any) -> Any:
        return array_namespace(x).arctan2(x, y)

    def backward(self, dz: Any) -> Any:
        x, y = self.inputs
        squares = x * x + y * y
        dz = (dz / squares).masked_fill(constant(squares.array == 0, dz), 0)
        return (dz * y if self.needs[0] else None), (-dz * x if self.needs[1] else None)


class Hypot(_Binary):
    """z = (x^2 + y^2)^(1/2).   dx = dz x / z, dy = dz y / z."""

    keeps = ("inputs", "output")

    def forward(self, x: Any, y: Any) -> Any:
        return array_namespace(x).hypot(x, y)

    def backward(self, dz: Any) -> Any:
        x, y = self.inputs
        z = self.output
        return (dz * (x / z) if self.needs[0] else None), (dz * (y / z) if self.needs[1] else None)


class CopySign(_Binary):
    """z = |x| with the sign of y.   dx = dz z / x, 0 where x = 0; dy = 0."""

    keeps = ("inputs", "output")

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [True, False]

    def forward(self, x: Any, y: Any) -> Any:
        return array_namespace(x).copysign(x, y)

    def backward(self, dz: Any) -> Any:
        x, dx = self.inputs[0], None
        if self.needs[0]:
            flat = x == 0
            dx = where(flat, 0.0, dz * (self.output / where(flat, 1.0, x)))
        return dx, (zeros_like(dz) if self.needs[1] else None)


class LogAddExp(_Binary):
    """z = ln(e^x + e^y).   dx = dz sigmoid(x - y), dy = dz sigmoid(y - x)."""

    def forward(self, x: Any, y: Any) -> Any:
        return array_namespace(x).logaddexp(x, y)

    def backward(self, dz: Any) -> Any:
        x, y = self.inputs
        return (dz * sigmoid(x - y) if self.needs[0] else None), (dz * sigmoid(y - x) if self.needs[1] else None)


class LogAddExp2(_Binary):
    """z = log2(2^x + 2^y).   dx = dz sigmoid((x - y) ln 2), dy = dz sigmoid((y - x) ln 2)."""

    def forward(self, x: Any, y: Any) -> Any:
        return array_namespace(x).logaddexp2(x, y)

    def backward(self, dz: Any) -> Any:
        x, y = self.inputs
        d = (x - y) * LN2
        return (dz * sigmoid(d) if self.needs[0] else None), (dz * sigmoid(-d) if self.needs[1] else None)


class XLogY(_Binary):
    """z = x ln y, 0 where x = 0 (nan where y is).   dx = dz ln y, 0 where x = 0 and y <= 0; dy = dz x / y."""

    def forward(self, x: Any, y: Any) -> Any:
        xp = array_namespace(x)
        return xp.where((x == 0) & (y == y), 0, x * xp.log(y))

    def backward(self, dz: Any) -> Any:
        x, y = self.inputs
        dx = None
        if self.needs[0]:
            flat = constant((x.array == 0) & (y.array <= 0), dz)
            dx = where(flat, 0.0, dz * log(where(flat, 1.0, y)))
        return dx, (dz * (x / y) if self.needs[1] else None)


class Heaviside(_Binary):
    """z = 0 where x < 0, 1 where x > 0, y where x = 0.   No derivative."""

    keeps = ()

    def forward(self, x: Any, y: Any) -> Any:
        return array_namespace(x).where(x == 0, y, (x > 0).astype(x.dtype))


class Lerp(_Binary):
    """z = x + w (y - x).   dx = dz (1 - w), dy = dz w, dw = dz (y - x)."""

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [wanted[2], wanted[2], wanted[0] or wanted[1]]

    def forward(self, x: Any, y: Any, w: Any) -> Any:
        d = y - x
        if is_number(w):  # each form is exact at its own end
            return x + w * d if abs(w) < 0.5 else y - d * (1 - w)
        xp = array_namespace(x)
        return xp.where(xp.abs(w) < 0.5, x + w * d, y - d * (1 - w))

    def backward(self, dz: Any) -> Any:
        x, y, w = self.inputs
        dx, dy, dw = self.needs
        return (
            dz * (1 - w) if dx else None,
            dz * w if dy else None,
            dz * (y - x) if dw else None,
        )


def _floats(what: str, *xs: Any) -> list:
    """Tensors in their common dtype, which must be floating."""
    only_tensors(what, *xs)
    xs = tuple(promoted(what, *xs))
    if category(xs[0].array.dtype) != FLOATING:
        raise DTypeError(f"{what}: expected a float among its tensors, got {xs[0].array.dtype}; cast with .float()")
    return list(xs)


def atan2(input: Any, other: Any) -> Any:
    """The angle of the point with the ordinate ``input`` and the abscissa ``other``, from -pi to pi."""
    only_tensors("atan2", input, other)
    return ATan2()(*promoted("atan2", input, other, floating=True))


def hypot(input: Any, other: Any) -> Any:
    """``sqrt(input^2 + other^2)`` without overflow on the way."""
    return Hypot()(*_floats("hypot", input, other))


def copysign(input: Any, other: Any) -> Any:
    """The size of ``input`` with the sign of ``other`` (a tensor or a number; -0.0 is negative)."""
    only_tensors("copysign", input)
    return CopySign()(*promoted("copysign", input, other, floating=True))


def logaddexp(input: Any, other: Any) -> Any:
    """``log(exp(input) + exp(other))`` without overflow: probabilities given by their logarithms, added."""
    return LogAddExp()(*_floats("logaddexp", input, other))


def logaddexp2(input: Any, other: Any) -> Any:
    """``log2(2^input + 2^other)`` without overflow."""
    return LogAddExp2()(*_floats("logaddexp2", input, other))


def xlogy(input: Any, other: Any) -> Any:
    """``input * log(other)``, 0 where the input is 0: the summand of an entropy. One of the two may be a number."""
    x, y = promoted("xlogy", input, other, floating=True)
    like = x if isinstance(x, Variable) else y
    return XLogY()(*[v if isinstance(v, Variable) else number_like(v, like.array.dtype, like) for v in (x, y)])


def heaviside(input: Any, values: Any) -> Any:
    """The step function: 0 below 0, 1 above, ``values`` (of the same dtype) at 0. It has no derivative."""
    only_tensors("heaviside", input, values)
    _same_dtype("heaviside", input, values)
    return Heaviside()(input, values)


def lerp(input: Any, end: Any, weight: Any) -> Any:
    """``input + weight * (end - input)``: the line from input to end.

    Parameters
    ----------
    input, end : Tensor
        Of one floating dtype.
    weight : number, or Tensor of that dtype
        All three broadcast together. A tensor without dimensions is as good as a number, of any dtype.
    """
    only_tensors("lerp", input, end)
    if not isinstance(weight, Variable):
        _, weight = promoted("lerp", input, weight)
    elif weight.array.ndim == 0:
        weight = cast(weight, input.array.dtype)
    _same_dtype("lerp", input, end, *([weight] if isinstance(weight, Variable) else []))
    if category(input.array.dtype) != FLOATING:
        raise DTypeError(f"lerp: expected floats, got {input.array.dtype}; cast with .float()")
    return Lerp()(input, end, weight)


def _same_dtype(what: str, *xs: Any) -> None:
    dtypes = [x.array.dtype for x in xs]
    if any(d != dtypes[0] for d in dtypes):
        raise DTypeError(f"{what}: expected one dtype, got {' and '.join(map(str, dtypes))}; cast with .to(...)")


def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """``input + value * tensor1 * tensor2``."""
    x, a, b, value = _scaled("addcmul", input, tensor1, tensor2, value)
    return x + (a if value == 1 else a * value) * b


def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """``input + value * tensor1 / tensor2``."""
    only_tensors("addcdiv", input, tensor1, tensor2)
    if all(category(t.array.dtype) != FLOATING for t in (tensor1, tensor2)):
        raise DTypeError("addcdiv: expected a float among tensor1 and tensor2; cast one with .float()")
    x, a, b, value = _scaled("addcdiv", input, tensor1, tensor2, value)
    return x + (a if value == 1 else a * value) / b


def _scaled(what: str, input: Any, tensor1: Any, tensor2: Any, value: Any) -> list:
    """The tensors in their common dtype, and the factor as a number of that category."""
    only_tensors(what, input, tensor1, tensor2)
    if not is_number(value):
        raise DTypeError(f"{what}: expected value as a number, got {type(value).__name__}")
    xs = promoted(what, input, tensor1, tensor2)
    kind = category(xs[0].array.dtype)
    if kind == BOOL:
        raise DTypeError(f"{what}: expected integers or floats, got bool; cast with .int()")
    if kind == INTEGER and not isfinite(value):
        raise DTypeError(f"{what}: expected a whole number as the value for integers, got {value}")
    check_fits(what, value, xs[0].array.dtype)
    return [*xs, int(value) if kind == INTEGER else value]


def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """``other - alpha * input``."""
    only_tensors("rsub", input)
    return sub(other, input, alpha=alpha)


arctan2, multiply, subtract = atan2, mul, sub
