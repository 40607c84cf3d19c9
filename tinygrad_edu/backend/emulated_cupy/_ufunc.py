"""CuPy's elementwise functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..floating_point import IGNORE, ignore, restore
from ._array import check_dtype, host_array, is_scalar, lift, lower, ndarray, weak
from ._calls import compute, read_device, run
from ._state import current, wrong_device

# The types of arrays on which ufunc.at works where integers select: atomic additions are not there for all.
_AT_TYPES = {
    "add": "iIlLqQefd",
    "subtract": "iI",
    "maximum": "iIlLqQfd",
    "minimum": "iIlLqQfd",
    "bitwise_and": "iIlLqQ",
    "bitwise_or": "iIlLqQ",
    "bitwise_xor": "iIlLqQ",
}
_REDUCE = {"add": ("sum", "cumsum"), "multiply": ("prod", "cumprod")}


class ufunc:
    """An elementwise function.

    Takes device arrays and numbers, with ``out``, ``dtype`` and ``casting``; CuPy's ufuncs have no ``where``.
    """

    __slots__ = ("__name__", "_logical", "_np", "name", "nargs", "nin", "nout", "types")

    def __init__(self, path: str, function: np.ufunc, record: dict[str, Any]):
        self.__name__ = path
        self.name = f"cupy_{path}"
        self._np = function
        self._logical = path.startswith("logical")
        self.nin, self.nout = record["nin"], record["nout"]
        self.nargs = self.nin + self.nout
        self.types = record["types"].split()

    def __repr__(self) -> str:
        return f"<ufunc {self.name!r}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name, nin = self.__name__, self.nin
        out = kwargs.pop("out", None) if kwargs else None
        if len(args) != nin:
            if not nin < len(args) <= self.nargs or out is not None:
                raise TypeError(f"cupy.{name}: expected {nin} operands, got {len(args)}")
            args, out = args[:nin], args[nin] if self.nout == 1 else args[nin:]
        for option in kwargs:
            if option not in ("dtype", "casting"):
                raise TypeError(f"cupy.{name}: Wrong argument {option!r}; CuPy's ufuncs take out, dtype and casting")
        device = current.device
        operands, bfloat16 = [], None
        for x in args:
            if type(x) is ndarray:
                if x._device != device:
                    raise wrong_device(f"cupy.{name}", x._device)
                operands.append(x._a)
                if x._a.dtype.kind == "V":
                    bfloat16 = x._a.dtype
            elif is_scalar(x):
                operands.append(x)
            elif isinstance(x, np.ndarray):
                raise host_array(f"cupy.{name}")
            else:
                raise TypeError(f"cupy.{name}: Unsupported type {type(x)}")
        if bfloat16 is not None:
            operands = [weak(x, bfloat16) for x in operands]
        if self._logical and any(np.iscomplexobj(x) for x in operands):
            raise TypeError(f"cupy.{name}: CuPy has it not for complex numbers")
        if out is not None:
            kwargs["out"] = lower(out, f"cupy.{name}")
        if "dtype" in kwargs and kwargs["dtype"] is not None:
            check_dtype(kwargs["dtype"], f"cupy.{name}")
        token = ignore(IGNORE)
        try:
            result = self._np(*operands, **kwargs)
        finally:
            restore(token)
        if out is None:
            return lift(result, name)
        return out[0] if type(out) is tuple and self.nout == 1 else out

    def outer(self, A: ndarray, B: ndarray, **kwargs: Any) -> ndarray:
        """Apply to all pairs of elements."""
        A, B = (x if type(x) is ndarray else lift(np.asarray(x), self.name) for x in (A, B))
        return self(A.reshape(A.shape + (1,) * B.ndim), B, **kwargs)

    def at(self, a: ndarray, indices: Any, b: Any = None) -> None:
        """Apply in place, also where an element is selected more than once."""
        name = self.__name__
        if name not in _AT_TYPES:
            raise NotImplementedError(f"cupy.{name}.at: CuPy has it not")
        memory = read_device(a, f"cupy.{name}.at")
        index = a._lower_index(indices, f"cupy.{name}.at")
        selects = any(isinstance(part, np.ndarray) and part.dtype != bool for part in index)
        if selects and memory.dtype.char not in _AT_TYPES[name]:
            names = ", ".join(dict.fromkeys(np.dtype(c).name for c in _AT_TYPES[name]))
            raise TypeError(f"cupy.{name}.at only supports {names} as data type, got {memory.dtype}")
        if not (is_scalar(b) or type(b) is ndarray):
            raise TypeError(f"cupy.{name}.at: expected a device array or a number, got {type(b).__name__}")
        run(self._np.at, [memory, index, lower(b, f"cupy.{name}.at")], {})

    def reduce(self, array: ndarray, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False):
        """Sum or multiply along an axis; CuPy has no other."""
        return self._reduction(0)(array, axis, dtype, out, keepdims)

    def accumulate(self, array: ndarray, axis: int = 0, dtype: Any = None, out: Any = None):
        """Sum or multiply up along an axis; CuPy has no other."""
        return self._reduction(1)(array, axis, dtype, out)

    def reduceat(self, array: ndarray, indices: ndarray, axis: int = 0, dtype: Any = None, out: Any = None):
        """Sum slices; CuPy has no other."""
        if self.__name__ != "add":
            raise NotImplementedError(f"cupy.{self.__name__}.reduceat: CuPy has it not")
        return compute("cupy.add.reduceat", np.add.reduceat, array, indices, axis, dtype, out)

    def _reduction(self, which: int) -> Callable:
        if self.__name__ not in _REDUCE:
            raise NotImplementedError(f"cupy.{self.__name__}: CuPy reduces by add and multiply only; use sum, max, ...")
        return getattr(ndarray, _REDUCE[self.__name__][which])


def like_a_ufunc(path: str, target: Callable) -> Callable:
    """Make what is a ufunc in CuPy and a plain function in NumPy (fix, i0, sinc): elementwise on one operand."""

    def call(x: Any, out: Any = None) -> Any:
        if out is not None:
            raise TypeError(f"cupy.{path}: the stand-in has no out here")
        if type(x) is not ndarray and not is_scalar(x):
            raise TypeError(f"cupy.{path}: Unsupported type {type(x)}")
        return compute(f"cupy.{path}", target, x)

    return call
