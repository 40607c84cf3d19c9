"""Data types and their promotion.

A dtype here *is* a NumPy dtype: ``tinygrad_edu.float32 == numpy.dtype("float32")``. What differs from NumPy is promotion,
which follows PyTorch: operands fall into three ranks (tensors with dimensions, zero-dimensional tensors, Python numbers)
and three categories (bool < integer < floating); a lower rank decides the result only where its category is higher.
So ``float32 tensor * float64 zero-dimensional tensor`` stays float32, and ``int64 tensor * 2.5`` is the default float.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DTypeError

float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
int8, int16, int32, int64 = np.dtype("int8"), np.dtype("int16"), np.dtype("int32"), np.dtype("int64")
uint8, uint16, uint32, uint64 = np.dtype("uint8"), np.dtype("uint16"), np.dtype("uint32"), np.dtype("uint64")
bool_ = np.dtype("bool")

BOOL, INTEGER, FLOATING = range(3)
_CATEGORY = dict.fromkeys((float16, float32, float64), FLOATING)
_CATEGORY |= dict.fromkeys((int8, int16, int32, int64, uint8, uint16, uint32, uint64), INTEGER)
_CATEGORY[bool_] = BOOL
_NAMES: dict[str, np.dtype] = {
    "float": float32,
    "double": float64,
    "half": float16,
    "long": int64,
    "int": int32,
    "short": int16,
}


def bfloat16() -> np.dtype:
    """The bfloat16 dtype of ``ml_dtypes``, imported on first use."""
    try:
        import ml_dtypes
    except ImportError:
        raise DTypeError("bfloat16: needs the package ml_dtypes; install it with: pip install ml_dtypes") from None
    dtype = np.dtype(ml_dtypes.bfloat16)
    _CATEGORY[dtype] = FLOATING
    return dtype


def category(dtype: np.dtype) -> int:
    """``BOOL``, ``INTEGER`` or ``FLOATING``; anything else is refused."""
    found = _CATEGORY.get(dtype)
    if found is None:
        if dtype.name == "bfloat16":
            bfloat16()
            return FLOATING
        native = dtype.newbyteorder("=")
        if native in _CATEGORY:
            return _CATEGORY[native]
        hint = "; complex numbers are not supported" if dtype.kind == "c" else ""
        raise DTypeError(f"dtype: expected a bool, integer or floating type, got {dtype}{hint}")
    return found


def is_floating(dtype: np.dtype) -> bool:
    """True for float16, bfloat16, float32 and float64."""
    return category(dtype) == FLOATING


def is_half(dtype: np.dtype) -> bool:
    """True for the two 16-bit floating types, which are storage: operations compute in float32 and round once."""
    return dtype.itemsize == 2 and category(dtype) == FLOATING


def as_dtype(value: Any) -> np.dtype:
    """Read a dtype from a NumPy dtype, a Python type (``float`` is float64, as in PyTorch) or a name."""
    if isinstance(value, np.dtype):
        category(value)
        return value
    if value == "bfloat16":
        return bfloat16()
    if isinstance(value, str) and value in _NAMES:
        return _NAMES[value]
    try:
        dtype: np.dtype[Any] = np.dtype(value)
    except TypeError:
        dtype = None  # type: ignore[assignment]
    if dtype is None or value is None:  # NumPy takes None for float64
        raise DTypeError(f"dtype: expected something like tinygrad_edu.float32, got {value!r}")
    category(dtype)
    return dtype


class _Default:
    """The floating type of new tensors, one for the whole process as in PyTorch."""

    floating = float32


_default = _Default()


def get_default_dtype() -> np.dtype:
    """The dtype of a tensor made from Python floats: float32 unless set."""
    return _default.floating


def set_default_dtype(dtype: Any) -> None:
    """Set the dtype of tensors made from Python floats."""
    dtype = as_dtype(dtype)
    if not is_floating(dtype):
        raise DTypeError(f"set_default_dtype: expected a floating type, got {dtype}")
    _default.floating = dtype


def of_number(value: Any) -> np.dtype:
    """The dtype of a Python number standing alone: bool, int64 or the default float."""
    if isinstance(value, (bool, np.bool_)):
        return bool_
    if isinstance(value, (int, np.integer)):
        return int64
    if isinstance(value, (float, np.floating)):
        return _default.floating
    raise DTypeError(f"expected a bool, int or float, got {type(value).__name__}")


def promote_types(a: np.dtype, b: np.dtype) -> np.dtype:
    """The dtype that two tensors with dimensions combine to.

    >>> promote_types(int64, float32)
    dtype('float32')
    """
    if a == b:
        return a
    ca, cb = category(a), category(b)
    if ca != cb:
        return a if ca > cb else b
    if ca == FLOATING and a.itemsize == b.itemsize:  # float16 with bfloat16: neither holds the other
        return float32
    if ca == FLOATING:
        return a if a.itemsize > b.itemsize else b
    dtype = np.promote_types(a, b)
    if dtype.kind == "f":
        raise DTypeError(f"dtype: no integer type holds both {a} and {b}; cast one of them")
    return dtype


def result_type(*operands: Any) -> np.dtype:
    """The dtype that an operation on arrays and Python numbers computes in, by PyTorch's rule.

    Operands are arrays (anything with ``dtype`` and ``ndim``) or Python numbers.
    """
    ranks: list[np.dtype | None] = [None, None, None]  # dimensioned, zero-dimensional, Python numbers
    for operand in operands:
        ndim = getattr(operand, "ndim", None)
        if ndim is None or isinstance(operand, np.generic):
            rank, dtype = 2, of_number(operand)
        else:
            rank, dtype = (0 if ndim else 1), operand.dtype
        before = ranks[rank]
        ranks[rank] = dtype if before is None else promote_types(before, dtype)
    result: np.dtype | None = None
    for found in ranks:
        if found is not None and (result is None or category(found) > category(result)):
            result = found
    if result is None:
        raise DTypeError("result_type: expected at least one operand")
    return result
