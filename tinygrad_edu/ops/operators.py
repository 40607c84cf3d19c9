"""Python's operators on tensors: ``-x``, ``2 ** x``, ``x < y``, ``x += y`` ... Each is a function of another file.

``x + y``, ``x - y``, ``x * y`` and ``x / y`` themselves are in ``arithmetic``, where they are tuned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.variable import Variable
from .arithmetic import add, mul, sub, true_divide
from .bitwise import bitwise_and, bitwise_left_shift, bitwise_not, bitwise_or, bitwise_right_shift, bitwise_xor
from .comparison import eq, ge, gt, le, lt, ne
from .division import floor_divide, remainder
from .elementwise import abs, neg, positive
from .inplace import in_place
from .power import pow
from .promotion import is_number


def _operand(x: Any) -> bool:
    return isinstance(x, Variable | np.ndarray) or is_number(x)


def _operator(function: Callable) -> Callable:
    """``function`` as an operator: what is no operand may have an operator of its own, which Python then asks."""

    def operator(self: Any, other: Any) -> Any:
        return function(self, other) if _operand(other) else NotImplemented

    return operator


def _reflected(function: Callable) -> Callable:
    """The operator for ``other op self``, which Python asks where other does not know tensors."""

    def operator(self: Any, other: Any) -> Any:
        return function(other, self) if _operand(other) else NotImplemented

    return operator


_TWO = {
    "pow": pow,
    "floordiv": floor_divide,
    "mod": remainder,
    "and": bitwise_and,
    "or": bitwise_or,
    "xor": bitwise_xor,
    "lshift": bitwise_left_shift,
    "rshift": bitwise_right_shift,
}
_ALL = {"add": add, "sub": sub, "mul": mul, "truediv": true_divide, **_TWO}
_COMPARISONS = {"eq": eq, "ne": ne, "lt": lt, "le": le, "gt": gt, "ge": ge}

DUNDERS = {
    "__neg__": neg,
    "__pos__": positive,
    "__abs__": abs,
    "__invert__": bitwise_not,
    **{f"__{name}__": _operator(f) for name, f in (_TWO | _COMPARISONS).items()},
    **{f"__r{name}__": _reflected(f) for name, f in _ALL.items()},
    **{f"__i{name}__": in_place(f"__i{name}__", f) for name, f in _ALL.items()},
}
