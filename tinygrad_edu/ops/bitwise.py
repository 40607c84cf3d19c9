"""Operations on the bits of integers. On bools they are logic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd.variable import Variable
from ..backend.dtypes import BOOL, FLOATING, category
from ..errors import DTypeError
from .comparison import answer
from .promotion import promoted

__all__ = [
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
]


def bitwise_not(input: Any) -> Any:
    """``~input``: every bit inverted, which is ``-input - 1`` for a signed integer; for a bool, not."""
    (x,) = _bits("bitwise_not", input)
    return answer("bitwise_not", lambda xp, x: xp.invert(x), x)


def bitwise_and(input: Any, other: Any) -> Any:
    """``input & other``: the bits that both have."""
    return answer("bitwise_and", lambda xp, x, y: x & y, *_bits("bitwise_and", input, other))


def bitwise_or(input: Any, other: Any) -> Any:
    """``input | other``: the bits that either has."""
    return answer("bitwise_or", lambda xp, x, y: x | y, *_bits("bitwise_or", input, other))


def bitwise_xor(input: Any, other: Any) -> Any:
    """``input ^ other``: the bits that one of them has."""
    return answer("bitwise_xor", lambda xp, x, y: x ^ y, *_bits("bitwise_xor", input, other))


def bitwise_left_shift(input: Any, other: Any) -> Any:
    """``input << other``: times 2 to the power of other, modulo 2^bits. 0 where all bits leave, or other < 0."""

    def shift(xp: Any, x: Any, n: Any, inside: Any, bits: int) -> Any:
        return xp.where(inside, x << xp.where(inside, n, 0), 0)

    return _shifted("bitwise_left_shift", shift, input, other)


def bitwise_right_shift(input: Any, other: Any) -> Any:
    """``input >> other``: over 2 to the power of other, rounded down. All sign where all bits leave, or other < 0."""

    def shift(xp: Any, x: Any, n: Any, inside: Any, bits: int) -> Any:
        return (x >> xp.where(inside, n, bits - 1)) >> (~inside).astype(x.dtype)  # the one bit more, where all leave

    return _shifted("bitwise_right_shift", shift, input, other)


def _bits(what: str, *xs: Any) -> list:
    xs = tuple(promoted(what, *xs))
    dtype = next(x.array.dtype for x in xs if isinstance(x, Variable))
    if category(dtype) == FLOATING:
        raise DTypeError(f"{what}: expected integers or bools, got {dtype}; cast with .int()")
    return list(xs)


def _shifted(what: str, shift: Callable, input: Any, other: Any) -> Any:
    """A shift of two arrays of one dtype. What C and CUDA leave open (n < 0, n >= bits) is decided here."""
    xs = _bits(what, input, other)
    dtype = next(x.array.dtype for x in xs if isinstance(x, Variable))
    if category(dtype) == BOOL:
        raise DTypeError(f"{what}: expected integers, got bool; cast with .int()")

    def both(xp: Any, x: Any, n: Any) -> Any:
        x, n, bits = xp.asarray(x, dtype), xp.asarray(n, dtype), 8 * dtype.itemsize
        return shift(xp, x, n, (n >= 0) & (n < bits), bits)

    return answer(what, both, *xs)
