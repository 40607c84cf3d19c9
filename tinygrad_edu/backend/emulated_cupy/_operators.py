"""``x + y``, ``-x``, ``x += y``, ``x < y`` on device arrays and numbers, attached to the class below."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..floating_point import IGNORE, ignore, restore
from ._array import host_array, is_scalar, lower, ndarray, weak, wrap
from ._state import current, wrong_device


def _refuse(operation: str, other: Any) -> None:
    """Decline what is no number and no device array, so that Python asks the other operand."""
    if isinstance(other, np.ndarray):
        raise host_array(operation)
    if other is None or isinstance(other, str):
        raise TypeError(f"{operation}: Unsupported type {type(other).__name__}")


def _binary(name: str, function: Any, reflected: bool = False) -> Any:
    def operate(self: ndarray, other: Any) -> Any:
        if type(other) is ndarray:
            if other._device != current.device:
                raise wrong_device(name, other._device)
            b = other._a
        elif is_scalar(other):
            b = weak(other, self._a.dtype) if self._a.dtype.kind == "V" else other
        else:
            _refuse(name, other)
            return NotImplemented
        if self._device != current.device:
            raise wrong_device(name, self._device)
        token = ignore(IGNORE)
        try:
            a = function(b, self._a) if reflected else function(self._a, b)
        finally:
            restore(token)
        return wrap(a if type(a) is np.ndarray else np.asarray(a), self._device)

    return operate


def _in_place(name: str, function: Any) -> Any:
    def operate(self: ndarray, other: Any) -> Any:
        if type(other) is ndarray:
            b = lower(other, name)
        elif is_scalar(other):
            b = other
        else:
            _refuse(name, other)
            return NotImplemented
        if self._device != current.device:
            raise wrong_device(name, self._device)
        token = ignore(IGNORE)
        try:
            function(self._a, b, out=self._a)
        finally:
            restore(token)
        return self

    return operate


def _unary(name: str, function: Any) -> Any:
    def operate(self: ndarray) -> ndarray:
        if self._device != current.device:
            raise wrong_device(name, self._device)
        token = ignore(IGNORE)
        try:
            a = function(self._a)
        finally:
            restore(token)
        return wrap(a if type(a) is np.ndarray else np.asarray(a), self._device)

    return operate


def _pair(name: str, reflected: bool) -> Any:
    first, second = _binary(name, np.floor_divide, reflected), _binary(name, np.remainder, reflected)

    def operate(self: ndarray, other: Any) -> Any:
        quotient = first(self, other)
        return quotient if quotient is NotImplemented else (quotient, second(self, other))

    return operate


_ARITHMETIC = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "truediv": np.true_divide,
    "floordiv": np.floor_divide,
    "mod": np.remainder,
    "pow": np.power,
    "lshift": np.left_shift,
    "rshift": np.right_shift,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
}
for _op, _function in _ARITHMETIC.items():
    setattr(ndarray, f"__{_op}__", _binary(_op, _function))
    setattr(ndarray, f"__r{_op}__", _binary(f"r{_op}", _function, reflected=True))
    setattr(ndarray, f"__i{_op}__", _in_place(f"i{_op}", _function))
for _op, _function in {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}.items():
    setattr(ndarray, f"__{_op}__", _binary(_op, _function))
for _op in ("neg", "abs", "invert"):
    setattr(ndarray, f"__{_op}__", _unary(_op, getattr(operator, _op)))
for _op, _method in {
    "pos": _unary("pos", np.positive),
    "divmod": _pair("divmod", False),
    "rdivmod": _pair("rdivmod", True),
}.items():
    setattr(ndarray, f"__{_op}__", _method)
