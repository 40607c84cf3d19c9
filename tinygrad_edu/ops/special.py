"""The special functions of probability: erf and its kin, and the gamma function's logarithm and derivatives."""

from __future__ import annotations

from math import pi, sqrt
from types import ModuleType
from typing import Any

from ..autograd.op import Op
from ..errors import DTypeError
from .dims import integer
from .elementwise import exp
from .promotion import to_floating

__all__ = ["digamma", "erf", "erfc", "erfinv", "lgamma", "logit", "polygamma"]


def _kernels() -> ModuleType:
    from ..kernels.reference import special  # imported at first use: few programs need these

    return special


class Erf(Op):
    """y = 2 / pi^(1/2) times the integral of exp(-t^2) from 0 to x.   dx = dy 2 / pi^(1/2) exp(-x^2)."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return _kernels().erf(x)

    def backward(self, dy: Any) -> Any:
        (x,) = self.inputs
        return dy * exp(-(x * x)) * (2.0 / sqrt(pi))


class Erfc(Op):
    """y = 1 - erf x.   dx = -dy 2 / pi^(1/2) exp(-x^2)."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return _kernels().erfc(x)

    def backward(self, dy: Any) -> Any:
        (x,) = self.inputs
        return dy * exp(-(x * x)) * (-2.0 / sqrt(pi))


class Erfinv(Op):
    """The y with erf y = x.   dx = dy pi^(1/2) / 2 exp(y^2)."""

    keeps = ("output",)

    def forward(self, x: Any) -> Any:
        return _kernels().erfinv(x)

    def backward(self, dy: Any) -> Any:
        y = self.output
        return dy * exp(y * y) * (sqrt(pi) / 2.0)


class LGamma(Op):
    """y = ln |Gamma(x)|.   dx = dy digamma(x)."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return _kernels().lgamma(x)

    def backward(self, dy: Any) -> Any:
        return dy * Polygamma(0)(self.inputs[0])


class Polygamma(Op):
    """y = the n-th derivative of digamma(x) = Gamma'(x) / Gamma(x).   dx = dy times the (n + 1)-th."""

    keeps = ("inputs",)

    def __init__(self, n: int):
        self.n = n

    def forward(self, x: Any) -> Any:
        return _kernels().polygamma(self.n, x)

    def backward(self, dy: Any) -> Any:
        return dy * Polygamma(self.n + 1)(self.inputs[0])


class Logit(Op):
    """y = ln(x / (1 - x)).   dx = dy / (x (1 - x)), nan outside of [0, 1]."""

    keeps = ("inputs",)

    def forward(self, x: Any) -> Any:
        return _kernels().logit(x)

    def backward(self, dy: Any) -> Any:
        (x,) = self.inputs
        outside = (x < 0.0).logical_or(x > 1.0)
        return (dy / (x * (1.0 - x))).masked_fill(outside, float("nan"))


def erf(input: Any) -> Any:
    """The error function: the probability that a normal variable of variance 1/2 lies within ``(-input, input)``."""
    return Erf()(to_floating(input, "erf"))


def erfc(input: Any) -> Any:
    """``1 - erf(input)``, precise also where that difference would cancel."""
    return Erfc()(to_floating(input, "erfc"))


def erfinv(input: Any) -> Any:
    """The inverse of erf; infinite at -1 and 1, nan outside."""
    return Erfinv()(to_floating(input, "erfinv"))


def lgamma(input: Any) -> Any:
    """The logarithm of the absolute value of the gamma function, ``Gamma(n) = (n - 1)!``."""
    return LGamma()(to_floating(input, "lgamma"))


def digamma(input: Any) -> Any:
    """The derivative of lgamma."""
    return Polygamma(0)(to_floating(input, "digamma"))


def polygamma(n: int, input: Any) -> Any:
    """The n-th derivative of digamma. The method is ``x.polygamma(n)``."""
    n = integer("polygamma", n)
    if n < 0:
        raise DTypeError(f"polygamma: expected an order n of at least 0, got {n}")
    return Polygamma(n)(to_floating(input, "polygamma"))


def logit(input: Any, eps: float | None = None) -> Any:
    """The log-odds ``log(input / (1 - input))``, the inverse of the sigmoid.

    ``eps`` first clamps the input to ``[eps, 1 - eps]``, so that the result is finite; without it, an input outside of
    [0, 1] gives nan.
    """
    x = to_floating(input, "logit")
    return Logit()(x if eps is None else x.clamp(eps, 1.0 - eps))


def polygamma_of(self: Any, n: int) -> Any:
    """``polygamma(n, self)``."""
    return polygamma(n, self)
