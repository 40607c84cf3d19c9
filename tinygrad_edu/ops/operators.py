"""Python's operators on tensors, ``2 ** x``, ``x < y`` and their like, made from the functions of other files.

``x + y``, ``x - y``, ``x * y`` and ``x / y`` themselves are in ``arithmetic``, where they are tuned.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from ..autograd.variable import Variable
from .promotion import is_number


def _operand(x: Any) -> bool:
    return isinstance(x, Variable | np.ndarray) or is_number(x)


def operator(function: Callable) -> Callable:
    """``function`` as an operator: what is no operand may have an operator of its own, which Python then asks."""

    def method(self: Any, other: Any) -> Any:
        return function(self, other) if _operand(other) else NotImplemented

    return method


def reflected(function: Callable) -> Callable:
    """The operator for ``other op self``, which Python asks where other does not know tensors."""

    def method(self: Any, other: Any) -> Any:
        return function(other, self) if _operand(other) else NotImplemented

    return method


def later(family: str, name: str) -> Callable:
    """The method ``name`` of a family that is imported when the method is first called: it is large, and seldom used."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(f".{family}", __package__), name)(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"``tinygrad_edu.{name}`` of this tensor."
    return method
