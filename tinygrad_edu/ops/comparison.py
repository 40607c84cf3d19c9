"""Questions: comparisons, what a number is (nan, inf, ...), and logic. The answers are bools, and have no gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd.variable import Variable
from ..backend import array_namespace, device_of, on_device_of, silent
from ..backend.dtypes import BOOL, FLOATING, category, float64, of_number
from ..errors import DeviceError, DTypeError, ShapeError
from .promotion import broadcast_rule, constant, first_tensor, promoted

__all__ = [
    "allclose",
    "eq",
    "equal",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "isclose",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "le",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "lt",
    "ne",
    "not_equal",
    "signbit",
]


def answer(what: str, function: Callable, *operands: Any) -> Any:
    """``function(xp, *arrays)`` as a Tensor, outside of the graph."""
    like = first_tensor(what, *operands)
    arrays = [x.array if isinstance(x, Variable) else x for x in operands]
    where = device_of(like.array)
    for x in operands:
        if isinstance(x, Variable) and device_of(x.array) != where:
            raise DeviceError(
                f"{what}: expected tensors on one device, got {where} and {device_of(x.array)}; move one with .to(...)"
            )
    xp = array_namespace(like.array)
    try:
        with silent(), on_device_of(like.array):
            return constant(xp.asarray(function(xp, *arrays)), like)
    except ValueError as error:
        broken = broadcast_rule(*arrays)
        if broken is None:
            raise
        raise ShapeError(f"{what}: {broken}") from error


# -- comparisons


def eq(input: Any, other: Any) -> Any:
    """``input == other``; nan equals nothing."""
    return _compared("eq", lambda xp, x, y: x == y, input, other)


def ne(input: Any, other: Any) -> Any:
    """``input != other``."""
    return _compared("ne", lambda xp, x, y: x != y, input, other)


def lt(input: Any, other: Any) -> Any:
    """``input < other``."""
    return _compared("lt", lambda xp, x, y: x < y, input, other)


def le(input: Any, other: Any) -> Any:
    """``input <= other``."""
    return _compared("le", lambda xp, x, y: x <= y, input, other)


def gt(input: Any, other: Any) -> Any:
    """``input > other``."""
    return _compared("gt", lambda xp, x, y: x > y, input, other)


def ge(input: Any, other: Any) -> Any:
    """``input >= other``."""
    return _compared("ge", lambda xp, x, y: x >= y, input, other)


def _compared(what: str, function: Callable, input: Any, other: Any) -> Any:
    if not isinstance(input, Variable):
        raise DTypeError(f"{what}: expected a Tensor first, got {type(input).__name__}")
    return answer(what, function, *promoted(what, input, other))


# -- kinds of numbers


def isnan(input: Any) -> Any:
    """Whether each element is nan."""
    return answer("isnan", lambda xp, x: x != x, input)


def isinf(input: Any) -> Any:
    """Whether each element is inf or -inf."""
    return answer("isinf", lambda xp, x: xp.isinf(x), input)


def isfinite(input: Any) -> Any:
    """Whether each element is neither infinite nor nan."""
    return answer("isfinite", lambda xp, x: xp.isfinite(x), input)


def isposinf(input: Any) -> Any:
    """Whether each element is inf."""
    return answer("isposinf", lambda xp, x: xp.isinf(x) & (x > 0), input)


def isneginf(input: Any) -> Any:
    """Whether each element is -inf."""
    return answer("isneginf", lambda xp, x: xp.isinf(x) & (x < 0), input)


def isreal(input: Any) -> Any:
    """True everywhere: there are no complex tensors here."""
    return answer("isreal", lambda xp, x: xp.ones(x.shape, dtype=bool), input)


def signbit(input: Any) -> Any:
    """Whether each element has a minus sign, -0.0 included."""
    return answer("signbit", lambda xp, x: x < 0 if x.dtype.kind in "biu" else xp.signbit(x), input)


# -- logic


def logical_not(input: Any) -> Any:
    """True where the element is 0."""
    return answer("logical_not", lambda xp, x: x == 0, input)


def logical_and(input: Any, other: Any) -> Any:
    """True where neither element is 0."""
    return _logic("logical_and", lambda xp, x, y: (x != 0) & (y != 0), input, other)


def logical_or(input: Any, other: Any) -> Any:
    """True where an element is not 0."""
    return _logic("logical_or", lambda xp, x, y: (x != 0) | (y != 0), input, other)


def logical_xor(input: Any, other: Any) -> Any:
    """True where exactly one of the elements is 0."""
    return _logic("logical_xor", lambda xp, x, y: (x != 0) ^ (y != 0), input, other)


def _logic(what: str, function: Callable, input: Any, other: Any) -> Any:
    for x in (input, other):
        if not isinstance(x, Variable):
            raise DTypeError(f"{what}: expected two Tensors, got {type(x).__name__} among them; make it a tensor")
    return answer(what, function, input, other)


# -- nearly and exactly equal


def isclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether ``|input - other| <= atol + rtol |other|``; infinities are close only to themselves.

    Parameters
    ----------
    input, other : Tensor
        Of one dtype; broadcast together.
    rtol, atol : float
        At least 0.
    equal_nan : bool
        Whether nan is close to nan.

    Returns
    -------
    Tensor of bool
    """
    for x in (input, other):
        if not isinstance(x, Variable):
            raise DTypeError(f"isclose: expected two Tensors, got {type(x).__name__} among them; make it a tensor")
    if input.array.dtype != other.array.dtype:
        raise DTypeError(f"isclose: expected one dtype, got {input.array.dtype} and {other.array.dtype}; cast one")
    if rtol < 0 or atol < 0:
        raise DTypeError(f"isclose: expected tolerances of at least 0, got rtol={rtol} and atol={atol}")

    def near(xp: Any, x: Any, y: Any) -> Any:
        if category(x.dtype) != FLOATING:
            x, y = x.astype(float64), y.astype(float64)
        distance = xp.abs(x - y)
        close = (x == y) | (xp.isfinite(distance) & (distance <= atol + xp.abs(rtol * y)))
        return close | ((x != x) & (y != y)) if equal_nan else close

    return answer("isclose", near, input, other)


def allclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether ``isclose`` holds for all elements."""
    return bool(isclose(input, other, rtol, atol, equal_nan).array.all())


def equal(input: Any, other: Any) -> bool:
    """Whether two tensors have the same shape and the same elements."""
    for x in (input, other):
        if not isinstance(x, Variable):
            raise DTypeError(f"equal: expected two Tensors, got {type(x).__name__} among them; use eq for a number")
    return tuple(input.array.shape) == tuple(other.array.shape) and bool(eq(input, other).array.all())


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether each of ``elements`` is among ``test_elements`` or, with ``invert``, is not. One may be a number."""
    first_tensor("isin", elements, test_elements)
    for x in (elements, test_elements):
        if category(x.array.dtype if isinstance(x, Variable) else of_number(x)) == BOOL:
            raise DTypeError("isin: expected integers or floats, got bool; cast with .int()")

    def among(xp: Any, x: Any, y: Any) -> Any:
        return xp.isin(xp.asarray(x), xp.asarray(y), assume_unique=assume_unique, invert=invert)

    return answer("isin", among, elements, test_elements)


greater, greater_equal, less, less_equal, not_equal = gt, ge, lt, le, ne
