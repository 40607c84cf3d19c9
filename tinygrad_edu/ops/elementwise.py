"""Functions of one variable: signs, powers, roots, exponentials, logarithms, and what is made of them.

The trigonometric ones are in ``trigonometry``, erf and gamma in ``special``, floor and its kin in ``rounding``.
"""

from __future__ import annotations

from math import log as log_of_number
from typing import Any

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import array_namespace, on_device_of
from ..backend.dtypes import BOOL, category
from ..errors import DTypeError
from .choosing import bounded, pick
from .promotion import constant, namespace, to_floating

__all__ = [
    "abs",
    "absolute",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "neg",
    "negative",
    "positive",
    "reciprocal",
    "relu",
    "rsqrt",
    "sgn",
    "sigmoid",
    "sign",
    "sqrt",
]

LN2, LN10 = log_of_number(2.0), log_of_number(10.0)


def number_tensor(what: str, x: Any, instead: str = "cast with .int() or .float()") -> Any:
    """x, where it is a Tensor of integers or floats: bools are not numbers to the operation."""
    if not isinstance(x, Variable):
        raise DTypeError(f"{what}: expected a Tensor, got {type(x).__name__}")
    if category(x.array.dtype) == BOOL:
        raise DTypeError(f"{what}: expected integers or floats, got bool; {instead}")
    return x


def zeros_like(dy: Any) -> Any:
    """The derivative of what does not change: zeros in the shape of dy."""
    with on_device_of(dy.array):
        return constant(namespace(dy).zeros_like(dy.array), dy)


def sign_of(x: Any) -> Any:
    """The sign of an array's elements in its dtype; 0 for nan, as in PyTorch."""
    return (x > 0).astype(x.dtype) if x.dtype.kind in "bu" else (x > 0).astype(x.dtype) - (x < 0)


# -- signs


class Neg(Op):
    """y = -x.   dx = -dy."""

    def forward(self, x: Any) -> Any:
        return -x

    def backward(self, dy: Any) -> Any:
        return -dy


class Abs(Op):
    """y = |x|.   dx = dy sign(x), 0 at 0."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).abs(x)

    def backward(self, dy: Any) -> Any:
        return dy * sign(self.inputs[0])


class Sign(Op):
    """y = -1, 0 or 1.   dx = 0."""

    def forward(self, x: Any) -> Any:
        return sign_of(x)

    def backward(self, dy: Any) -> Any:
        return zeros_like(dy)


class ReLU(Op):
    """y = max(x, 0).   dx = dy where x > 0, else 0; nan passes."""

    keeps = ("output",)

    def forward(self, x: Any) -> Any:
        return bounded(x, 0, None)

    def backward(self, dy: Any) -> Any:
        return ReLUGate()(dy, self.output)


class ReLUGate(Op):
    """z = x, but 0 where y <= 0.   dx = dz, but 0 there; dy = 0."""

    keeps = ("inputs",)

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [False, True]

    def forward(self, x: Any, y: Any) -> Any:
        return pick(~(y <= 0), x, 0)

    def backward(self, dz: Any) -> Any:
        return ReLUGate()(dz, self.inputs[1]), (zeros_like(dz) if self.needs[1] else None)


def neg(input: Any) -> Any:
    """``-input``. Unsigned integers wrap around; bools are refused."""
    return Neg()(number_tensor("neg", input, "use logical_not or ~"))


def abs(input: Any) -> Any:
    """The absolute value. Its derivative at 0 is 0."""
    return Abs()(number_tensor("abs", input))


def sign(input: Any) -> Any:
    """-1, 0 or 1; 0 for nan. The derivative is 0."""
    return Sign()(input)


def positive(input: Any) -> Any:
    """``+input``: the tensor itself."""
    return number_tensor("positive", input)


def relu(input: Any) -> Any:
    """``max(input, 0)``, the rectified linear unit. Its derivative at 0 is 0."""
    return ReLU()(number_tensor("relu", input))


# -- powers and roots


class Sqrt(Op):
    """y = x^(1/2).   dx = dy / (2 y)."""

    keeps = ("output",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).sqrt(x)

    def backward(self, dy: Any) -> Any:
        return dy / (self.output * 2.0)


class RSqrt(Op):
    """y = x^(-1/2).   dx = -dy y^3 / 2."""

    keeps = ("output",)

    def forward(self, x: Any) -> Any:
        return 1 / array_namespace(x).sqrt(x)

    def backward(self, dy: Any) -> Any:
        return dy * self.output**3 * -0.5


class Reciprocal(Op):
    """y = 1 / x.   dx = -dy y^2."""

    keeps = ("output",)

    def forward(self, x: Any) -> Any:
        return 1 / x

    def backward(self, dy: Any) -> Any:
        y = self.output
        return -dy * (y * y)


def sqrt(input: Any) -> Any:
    """The square root; nan below 0. Its derivative at 0 is infinite."""
    return Sqrt()(to_floating(input, "sqrt"))


def rsqrt(input: Any) -> Any:
    """``1 / sqrt(input)``."""
    return RSqrt()(to_floating(input, "rsqrt"))


def reciprocal(input: Any) -> Any:
    """``1 / input``."""
    return Reciprocal()(to_floating(input, "reciprocal"))


# -- exponentials


class Exp(Op):
    """y = e^x.   dx = dy y."""

    keeps = ("output",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).exp(x)

    def backward(self, dy: Any) -> Any:
        return dy * self.output


class Exp2(Op):
    """y = 2^x.   dx = dy y ln 2."""

    keeps = ("output",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).exp2(x)

    def backward(self, dy: Any) -> Any:
        return dy * self.output * LN2


class Expm1(Op):
    """y = e^x - 1.   dx = dy (y + 1)."""

    keeps = ("output",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).expm1(x)

    def backward(self, dy: Any) -> Any:
        return dy * (self.output + 1.0)


class Sigmoid(Op):
    """y = 1 / (1 + e^-x).   dx = dy (1 - y) y."""

    keeps = ("output",)

    def forward(self, x: Any) -> Any:
        y = array_namespace(x).exp(-x)
        y += 1
        return 1 / y

    def backward(self, dy: Any) -> Any:
        y = self.output
        return dy * (1.0 - y) * y


def exp(input: Any) -> Any:
    """``e ** input``.

    >>> exp(tinygrad_edu.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    return Exp()(to_floating(input, "exp"))


def exp2(input: Any) -> Any:
    """``2 ** input``."""
    return Exp2()(to_floating(input, "exp2"))


def expm1(input: Any) -> Any:
    """``exp(input) - 1``, precise also near 0 where that difference would cancel."""
    return Expm1()(to_floating(input, "expm1"))


def sigmoid(input: Any) -> Any:
    """``1 / (1 + exp(-input))``, from 0 to 1: the logistic function."""
    return Sigmoid()(to_floating(input, "sigmoid"))


# -- logarithms


class Log(Op):
    """y = ln x.   dx = dy / x."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).log(x)

    def backward(self, dy: Any) -> Any:
        return dy / self.inputs[0]


class Log2(Op):
    """y = log2 x.   dx = dy / (x ln 2)."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).log2(x)

    def backward(self, dy: Any) -> Any:
        return dy / (self.inputs[0] * LN2)


class Log10(Op):
    """y = log10 x.   dx = dy / (x ln 10)."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).log10(x)

    def backward(self, dy: Any) -> Any:
        return dy / (self.inputs[0] * LN10)


class Log1p(Op):
    """y = ln(1 + x).   dx = dy / (x + 1)."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).log1p(x)

    def backward(self, dy: Any) -> Any:
        return dy / (self.inputs[0] + 1.0)


def log(input: Any) -> Any:
    """The natural logarithm: -inf at 0, nan below."""
    return Log()(to_floating(input, "log"))


def log2(input: Any) -> Any:
    """The logarithm to base 2."""
    return Log2()(to_floating(input, "log2"))


def log10(input: Any) -> Any:
    """The logarithm to base 10."""
    return Log10()(to_floating(input, "log10"))


def log1p(input: Any) -> Any:
    """``log(1 + input)``, precise also near 0 where that sum would lose the input's digits."""
    return Log1p()(to_floating(input, "log1p"))


absolute, negative, sgn = abs, neg, sign
