"""Circular and hyperbolic functions, their inverses, angles, and sinc."""

from __future__ import annotations

from math import factorial, pi
from typing import Any

from ..autograd.op import Op
from ..backend import array_namespace
from .elementwise import rsqrt
from .promotion import to_floating

__all__ = [
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cos",
    "cosh",
    "deg2rad",
    "rad2deg",
    "sin",
    "sinc",
    "sinh",
    "tan",
    "tanh",
]


class Sin(Op):
    """y = sin x.   dx = dy cos x."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).sin(x)

    def backward(self, dy: Any) -> Any:
        return dy * cos(self.inputs[0])


class Cos(Op):
    """y = cos x.   dx = -dy sin x."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).cos(x)

    def backward(self, dy: Any) -> Any:
        return dy * -sin(self.inputs[0])


class Tan(Op):
    """y = tan x.   dx = dy (1 + y^2)."""

    keeps = ("output",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).tan(x)

    def backward(self, dy: Any) -> Any:
        y = self.output
        return dy * (y * y + 1.0)


class ASin(Op):
    """y = asin x.   dx = dy / (1 - x^2)^(1/2)."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).arcsin(x)

    def backward(self, dy: Any) -> Any:
        (x,) = self.inputs
        return dy * rsqrt(1.0 - x * x)


class ACos(Op):
    """y = acos x.   dx = -dy / (1 - x^2)^(1/2)."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).arccos(x)

    def backward(self, dy: Any) -> Any:
        (x,) = self.inputs
        return dy * -rsqrt(1.0 - x * x)


class ATan(Op):
    """y = atan x.   dx = dy / (1 + x^2)."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).arctan(x)

    def backward(self, dy: Any) -> Any:
        (x,) = self.inputs
        return dy / (x * x + 1.0)


class Sinh(Op):
    """y = (e^x - e^-x) / 2.   dx = dy cosh x."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).sinh(x)

    def backward(self, dy: Any) -> Any:
        return dy * cosh(self.inputs[0])


class Cosh(Op):
    """y = (e^x + e^-x) / 2.   dx = dy sinh x."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).cosh(x)

    def backward(self, dy: Any) -> Any:
        return dy * sinh(self.inputs[0])


class Tanh(Op):
    """y = sinh x / cosh x.   dx = dy (1 - y^2)."""

    keeps = ("output",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).tanh(x)

    def backward(self, dy: Any) -> Any:
        y = self.output
        return dy * (1.0 - y * y)


class ASinh(Op):
    """y = asinh x.   dx = dy / (x^2 + 1)^(1/2)."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).arcsinh(x)

    def backward(self, dy: Any) -> Any:
        (x,) = self.inputs
        return dy * rsqrt(x * x + 1.0)


class ACosh(Op):
    """y = acosh x.   dx = dy / (x^2 - 1)^(1/2)."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).arccosh(x)

    def backward(self, dy: Any) -> Any:
        (x,) = self.inputs
        return dy * rsqrt(x * x - 1.0)


class ATanh(Op):
    """y = atanh x.   dx = dy / (1 - x^2)."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return array_namespace(x).arctanh(x)

    def backward(self, dy: Any) -> Any:
        (x,) = self.inputs
        return dy / (1.0 - x * x)


class Sinc(Op):
    """y = the n-th derivative of sin(pi x) / (pi x).   dx = dy times the (n + 1)-th.

    Differentiating x sinc(x) = sin(pi x) / pi n times gives each derivative from the one before:

        x sinc_n + n sinc_(n-1) = pi^(n-1) sin(pi x + n pi / 2)

    Near 0 that would divide rounding errors by x again and again; there the power series of sinc is summed instead.
    """

    keeps = ("inputs",)

    def __init__(self, order: int):
        self.order = order

    def forward(self, x: Any) -> Any:
        n, xp = self.order, array_namespace(x)
        if n == 0:
            return xp.sinc(x)
        wide = x.astype(xp.float64)
        far = xp.sinc(wide)
        for k in range(1, n + 1):
            far = (pi ** (k - 1) * xp.sin(pi * wide + k * pi / 2) - k * far) / wide
        # sinc(x) = sum over k of (-1)^k (pi x)^2k / (2k + 1)!, of which n derivatives leave the terms with 2k >= n.
        first = (n + 1) // 2
        near, square = xp.zeros_like(wide), wide * wide
        for k in reversed(range(first, first + 14)):
            near = near * square + (-1) ** k * pi ** (2 * k) / ((2 * k + 1) * factorial(2 * k - n))
        if n % 2:
            near = near * wide
        return xp.where(xp.abs(wide) < (n + 1) / (2 * pi), near, far).astype(x.dtype)

    def backward(self, dy: Any) -> Any:
        return dy * Sinc(self.order + 1)(self.inputs[0])


def sin(input: Any) -> Any:
    """The sine of an angle in radians."""
    return Sin()(to_floating(input, "sin"))


def cos(input: Any) -> Any:
    """The cosine of an angle in radians."""
    return Cos()(to_floating(input, "cos"))


def tan(input: Any) -> Any:
    """The tangent of an angle in radians."""
    return Tan()(to_floating(input, "tan"))


def asin(input: Any) -> Any:
    """The inverse of the sine, from -pi/2 to pi/2; nan outside of [-1, 1]."""
    return ASin()(to_floating(input, "asin"))


def acos(input: Any) -> Any:
    """The inverse of the cosine, from 0 to pi; nan outside of [-1, 1]."""
    return ACos()(to_floating(input, "acos"))


def atan(input: Any) -> Any:
    """The inverse of the tangent, from -pi/2 to pi/2."""
    return ATan()(to_floating(input, "atan"))


def sinh(input: Any) -> Any:
    """The hyperbolic sine."""
    return Sinh()(to_floating(input, "sinh"))


def cosh(input: Any) -> Any:
    """The hyperbolic cosine."""
    return Cosh()(to_floating(input, "cosh"))


def tanh(input: Any) -> Any:
    """The hyperbolic tangent, from -1 to 1."""
    return Tanh()(to_floating(input, "tanh"))


def asinh(input: Any) -> Any:
    """The inverse of the hyperbolic sine."""
    return ASinh()(to_floating(input, "asinh"))


def acosh(input: Any) -> Any:
    """The inverse of the hyperbolic cosine, at least 0; nan below 1."""
    return ACosh()(to_floating(input, "acosh"))


def atanh(input: Any) -> Any:
    """The inverse of the hyperbolic tangent; nan outside of [-1, 1]."""
    return ATanh()(to_floating(input, "atanh"))


def sinc(input: Any) -> Any:
    """``sin(pi input) / (pi input)``, 1 at 0. All its derivatives are precise near 0 too."""
    return Sinc(0)(to_floating(input, "sinc"))


def deg2rad(input: Any) -> Any:
    """An angle in degrees as radians."""
    return to_floating(input, "deg2rad") * (pi / 180.0)


def rad2deg(input: Any) -> Any:
    """An angle in radians as degrees."""
    return to_floating(input, "rad2deg") * (180.0 / pi)


arcsin, arccos, arctan, arcsinh, arccosh, arctanh = asin, acos, atan, asinh, acosh, atanh
