"""Dropout: forget a random part, so that nothing relies on a single unit."""

from __future__ import annotations

from typing import Any

from ..autograd.op import Op
from ..backend import array_namespace, device_of
from ..backend.dtypes import float32
from ..errors import DTypeError
from .promotion import to_floating
from .random import draw

__all__ = ["dropout"]


class Dropout(Op):
    """y = x / (1 - p) where the mask is set, else 0.   dx = the same of dy, by the same mask."""

    keeps = ("mask",)

    def __init__(self, p: float, mask: Any = None):
        self.p, self.mask = p, mask

    def forward(self, x: Any) -> Any:
        if self.mask is None:
            self.mask = draw("random", x.shape, float32, device_of(x), None) >= self.p
        y = array_namespace(x).where(self.mask, x, x.dtype.type(0))
        y *= 1 / (1 - self.p) if self.p < 1 else 1
        return y

    def backward(self, dy: Any) -> Any:
        return Dropout(self.p, self.mask)(dy)


def dropout(input: Any, p: float = 0.5, training: bool = True) -> Any:
    """Set each element to 0 with probability p and divide the others by 1 - p, which keeps the expectation.

    Parameters
    ----------
    input : Tensor
    p : float, from 0 to 1
    training : bool
        False returns the input as it is.

    Returns
    -------
    Tensor, of the shape of the input

    Notes
    -----
    Gradient: dy treated by the same mask. Source: Srivastava et al., "Dropout: a simple way to prevent neural networks
    from overfitting", 2014.

    Examples
    --------
    >>> sorted(set(dropout(tinygrad_edu.ones(1000), p=0.5).tolist()))
    [0.0, 2.0]
    """
    if not 0 <= p <= 1:
        raise DTypeError(f"dropout: expected a probability p from 0 to 1, got {p}")
    return Dropout(p)(to_floating(input, "dropout")) if training and p > 0 else input
