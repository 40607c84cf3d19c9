"""The device array: NumPy memory behind walls.

A device array is no ``numpy.ndarray`` and does not turn into one by itself. What would make the host wait for a real
device (``float(x)``, ``if x:``, ``x[mask]``) works, as in CuPy, and is counted.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ..floating_point import IGNORE, ignore, restore
from ._indexing import has_duplicates, is_basic
from ._state import current, sync, transfer, wrong_device
from ._surface import SURFACE, VERSION

_new = object.__new__
_MODULE = sys.modules[__package__]  # the package stands for the module `cupy`

# CuPy's types by their letters: no objects, strings, dates, records or long doubles.
_TYPES = frozenset("?bBhHiIlLqQefdFD")
SCALARS = frozenset(
    {bool, int, float, complex, np.bool_, np.complex64, np.complex128, np.float16, np.float32, np.float64}
    | {np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, np.longlong, np.ulonglong}
)


def check_dtype(dtype: Any, operation: str) -> np.dtype:
    """Read a dtype and refuse one that CuPy has no arrays of."""
    dtype = np.dtype(dtype)
    if (dtype.char not in _TYPES or not dtype.isnative) and dtype.name != "bfloat16":
        raise ValueError(f"{operation}: CuPy has no arrays of dtype {dtype}")
    return dtype


def is_scalar(value: Any) -> bool:
    """Whether CuPy takes the value as a number: Python's and NumPy's own, with no dimensions."""
    return type(value) in SCALARS or isinstance(value, np.generic)


def weak(value: Any, dtype: np.dtype) -> Any:
    """Make a Python float follow bfloat16, as in CuPy; NumPy knows the type from outside and would go to float32."""
    return dtype.type(value) if type(value) is float and dtype.name == "bfloat16" else value


def wrap(a: np.ndarray, device: int) -> ndarray:
    """Put NumPy memory behind the walls, without a copy."""
    x = _new(ndarray)
    x._a = a
    x._device = device
    return x


def lift(value: Any, operation: str) -> Any:
    """Turn what NumPy returned into what CuPy would: device arrays, of no dimensions where NumPy gives scalars."""
    kind = type(value)
    if kind is np.ndarray or isinstance(value, np.generic):
        a = value if kind is np.ndarray else np.asarray(value)
        if a.dtype.char not in _TYPES:
            check_dtype(a.dtype, operation)
        return wrap(a, current.device)
    if isinstance(value, tuple):
        return tuple([lift(v, operation) for v in value])
    if kind is list:
        return [lift(v, operation) for v in value]
    return value


def lower(value: Any, operation: str) -> Any:
    """Take the NumPy memory out of device arrays, also those in tuples and lists; host arrays are refused."""
    kind = type(value)
    if kind is ndarray:
        if value._device != current.device:
            raise wrong_device(operation, value._device)
        return value._a
    if kind is tuple:
        return tuple([lower(v, operation) for v in value])
    if kind is list:
        return [lower(v, operation) for v in value]
    if isinstance(value, np.ndarray):
        raise host_array(operation)
    return value


def host_array(operation: str) -> TypeError:
    """Make the error for a NumPy array among device arrays."""
    return TypeError(
        f"{operation}: Unsupported type numpy.ndarray: a host array came among device arrays; "
        "move it with asarray (or Tensor.to) first"
    )


class Flags:
    """The three flags that CuPy has, by attribute or by NumPy's upper-case names."""

    __slots__ = ("_of",)

    def __init__(self, x: ndarray):
        self._of = x._a.flags

    c_contiguous = property(lambda self: self._of.c_contiguous, doc="Rows one after the other.")
    f_contiguous = property(lambda self: self._of.f_contiguous, doc="Columns one after the other.")
    owndata = property(lambda self: self._of.owndata, doc="Whether this is no view.")

    def __getitem__(self, name: str) -> bool:
        """Return a flag by name, ``flags["C_CONTIGUOUS"]``."""
        if name not in ("C", "C_CONTIGUOUS", "F", "F_CONTIGUOUS", "O", "OWNDATA"):
            raise KeyError(f"{name} is not a flag that CuPy has")
        return self._of[name]  # type: ignore[index]


class MemoryPointer:
    """Where an array begins: an address (of host memory, here) and a device."""

    __slots__ = ("_x",)

    def __init__(self, x: ndarray):
        self._x = x

    device_id = property(lambda self: self._x._device, doc="Index of the device.")
    ptr = property(lambda self: self._x._a.__array_interface__["data"][0], doc="Address of the first element.")


class ndarray:
    """A strict stand-in for ``cupy.ndarray``.

    Parameters
    ----------
    shape : int or tuple of int
        Sizes of the new, uninitialised array.
    dtype : dtype, optional
        Its type; float64 by default.
    memptr, strides : None
        Foreign memory, which the stand-in does not take.
    order : {"C", "F"}
        Its layout.
    """

    __slots__ = ("__weakref__", "_a", "_device")
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]
    _a: np.ndarray
    _device: int

    def __new__(cls, shape: Any, dtype: Any = float, memptr: None = None, strides: None = None, order: Any = "C"):
        if memptr is not None or strides is not None:
            raise NotImplementedError("ndarray: the stand-in for CuPy makes its own memory")
        return wrap(poisoned(np.empty(shape, check_dtype(dtype, "ndarray"), order)), current.device)

    # What CuPy refuses

    def __array__(self, dtype: Any = None, copy: Any = None):
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. "
            "Please use `.get()` to construct a NumPy array explicitly."
        )

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any):
        # np.float32(2) * x comes here, and is well in CuPy too.
        if method == "__call__" and not kwargs and ufunc.__name__ in SURFACE["ufuncs"]:
            if any(isinstance(value, np.generic) for value in inputs):
                operation = f"cupy.{ufunc.__name__}"
                lowered = lower(inputs, operation)
                token = ignore(IGNORE)
                try:
                    return lift(ufunc(*lowered), operation)
                finally:
                    restore(token)
            if any(isinstance(value, np.ndarray) for value in inputs):
                raise host_array(f"cupy.{ufunc.__name__}")
        raise TypeError(_numpy_called(ufunc.__name__))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any):
        raise TypeError(_numpy_called(function.__name__))

    def __getattr__(self, name: str):
        if name in SURFACE["methods"]["ndarray"]:
            raise AttributeError(f"cupy.ndarray.{name}: CuPy has it, its stand-in does not")
        raise AttributeError(f"CuPy {VERSION}: 'cupy.ndarray' has no attribute {name!r}")

    def __array_namespace__(self, api_version: Any = None):
        """Return the module of this array. CuPy 14 has no such method; array code asks `array_namespace` instead."""
        return _MODULE

    # What an array is

    dtype = property(lambda x: x._a.dtype, doc="Element type.")
    shape = property(lambda x: x._a.shape, doc="Sizes.")
    strides = property(lambda x: x._a.strides, doc="Bytes from one element to the next, along each axis.")
    ndim = property(lambda x: x._a.ndim, doc="Number of axes.")
    size = property(lambda x: x._a.size, doc="Number of elements.")
    itemsize = property(lambda x: x._a.itemsize, doc="Bytes of one element.")
    nbytes = property(lambda x: x._a.nbytes, doc="Bytes of all elements.")
    T = property(lambda x: x if x._a.ndim < 2 else wrap(x._a.T, x._device), doc="View with the axes reversed.")
    real = property(lambda x: wrap(x._a.real, x._device), doc="Real part.")
    imag = property(lambda x: wrap(x._a.imag, x._device), doc="Imaginary part.")

    @property
    def mT(self) -> ndarray:
        """View with the last two axes swapped."""
        if self._a.ndim < 2:
            raise ValueError(f"mT: expected an array of at least 2 dimensions, got {self._a.ndim}")
        return wrap(self._a.swapaxes(-1, -2), self._device)

    @property
    def flags(self) -> Flags:
        """Layout."""
        return Flags(self)

    @property
    def data(self) -> MemoryPointer:
        """Where the first element lies."""
        return MemoryPointer(self)

    @property
    def device(self) -> Any:
        """The device that the array lies on."""
        from .cuda import Device

        return Device(self._device)

    @property
    def base(self) -> ndarray | None:
        """The array whose memory this one is a view of."""
        a = self._a
        while isinstance(a.base, np.ndarray):
            a = a.base
        return None if a is self._a else wrap(a, self._device)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """The device memory, for other libraries; an address of host memory here."""
        a = self._a
        return {
            "shape": a.shape,
            "typestr": a.dtype.str,
            "descr": a.dtype.descr,
            "stream": 1,
            "version": 3,
            "strides": None if a.flags.c_contiguous else a.strides,
            "data": (self.data.ptr if a.size else 0, False),
        }

    # To the host

    def get(self, stream: Any = None, order: Any = "C", out: np.ndarray | None = None, blocking: bool = True):
        """Copy to the host; waits for the device."""
        return self._to_host("get", order, out)

    def _to_host(self, kind: str, order: Any = "C", out: np.ndarray | None = None) -> np.ndarray:
        sync(kind)
        transfer("device_to_host", self._a.nbytes)
        if out is None:
            return self._a.copy(order)
        if out.dtype != self._a.dtype or out.shape != self._a.shape:
            raise TypeError(f"get: expected out of {self._a.dtype} {self._a.shape}, got {out.dtype} {out.shape}")
        out[...] = self._a
        return out

    def set(self, arr: np.ndarray, stream: Any = None) -> None:
        """Fill from a host array of the same shape and dtype."""
        if not isinstance(arr, np.ndarray):
            raise TypeError(f"set: expected a numpy.ndarray, got {type(arr).__name__}")
        if arr.dtype != self._a.dtype or arr.shape != self._a.shape:
            raise TypeError(f"set: expected {self._a.dtype} {self._a.shape}, got {arr.dtype} {arr.shape}")
        if not (self._a.flags.c_contiguous or self._a.flags.f_contiguous):
            raise RuntimeError("set: CuPy fills contiguous arrays only")
        transfer("host_to_device", arr.nbytes)
        self._a[...] = arr

    def item(self) -> Any:
        """Return the only element as a Python number."""
        if self._a.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return self._to_host("item").item()

    def tolist(self) -> Any:
        """Return nested lists of Python numbers."""
        return self._to_host("tolist").tolist()

    def tobytes(self, order: Any = "C") -> bytes:
        """Return the elements as bytes."""
        return self._to_host("tobytes").tobytes(order)

    def __bool__(self) -> bool:
        return bool(self._to_host("bool"))

    def __int__(self) -> int:
        return int(self._to_host("int"))

    def __float__(self) -> float:
        return float(self._to_host("float"))

    def __complex__(self) -> complex:
        return complex(self._to_host("complex"))

    def __repr__(self) -> str:
        return repr(self._to_host("repr"))

    def __str__(self) -> str:
        return str(self._to_host("str"))

    def __format__(self, spec: str) -> str:
        return format(self._to_host("format"), spec)

    def __reduce__(self):
        return _unpickle, (self._to_host("pickle"),)

    def __copy__(self) -> ndarray:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> ndarray:
        return wrap(self._a.copy(), self._device)

    # Copies and views

    def copy(self, order: Any = "C") -> ndarray:
        """Copy to the current device."""
        if self._device != current.device and not (self._a.flags.c_contiguous or self._a.flags.f_contiguous):
            raise NotImplementedError("CuPy cannot copy non-contiguous array between devices.")
        return wrap(self._a.copy(order), current.device)

    def astype(self, dtype: Any, order: Any = "K", casting: None = None, subok: None = None, copy: bool = True):
        """Convert to another type."""
        if casting is not None or subok is not None:
            raise TypeError("astype: CuPy has neither casting nor subok")
        dtype = check_dtype(dtype, "astype")
        if self._device != current.device:
            raise wrong_device("astype", self._device)
        token = ignore(IGNORE)
        try:
            a = self._a.astype(dtype, order=order, copy=copy)
        finally:
            restore(token)
        return self if a is self._a else wrap(a, self._device)

    def view(self, dtype: Any = None, type: None = None) -> ndarray:
        """Return the same memory, read as another type."""
        if type is not None:
            raise TypeError("view: the stand-in has one type of array")
        return wrap(self._a.view() if dtype is None else self._a.view(check_dtype(dtype, "view")), self._device)

    def reshape(self, *shape: Any, order: Any = "C", copy: bool | None = None) -> ndarray:
        """Return the same elements in another shape, in the same memory where that can be."""
        for size in shape:
            if not isinstance(size, (int, tuple, list, np.integer)):
                raise TypeError(f"reshape: expected Python integers, got {_name(size)}")
        a = self._a.reshape(*shape, order=order)
        if copy is True:
            a = a.copy(order)
        elif copy is False and not np.may_share_memory(a, self._a):
            raise ValueError("Unable to avoid creating a copy while reshaping.")
        return wrap(a, self._device)

    def transpose(self, *axes: Any) -> ndarray:
        """View with the axes in another order."""
        return wrap(self._a.transpose(*axes), self._device)

    def swapaxes(self, axis1: int, axis2: int) -> ndarray:
        """View with two axes swapped."""
        return wrap(self._a.swapaxes(axis1, axis2), self._device)

    def fill(self, value: Any) -> None:
        """Set every element to a number."""
        if not is_scalar(value) and not (type(value) is ndarray and value._a.ndim == 0):
            raise TypeError(f"fill: expected a number or a device array of no dimensions, got {_name(value)}")
        self[...] = value

    # Elements

    def __len__(self) -> int:
        return len(self._a)

    def __iter__(self):
        if self._a.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self._a.shape[0]))

    def __getitem__(self, index: Any) -> ndarray:
        if is_basic(index):
            a = self._a[index]
            if type(a) is not np.ndarray:  # NumPy copies a lone element out, CuPy gives a view of it
                a = self._a[(*index, ...) if type(index) is tuple else (index, ...)]
            return wrap(a, self._device)
        a = self._a[self._lower_index(index, "getitem")]
        return wrap(a if type(a) is np.ndarray else np.asarray(a), self._device)

    def __setitem__(self, index: Any, value: Any) -> None:
        if self._device != current.device:
            raise wrong_device("setitem", self._device)
        number = is_scalar(value)
        if type(value) is ndarray:
            value = lower(value, "setitem")
            number = value.size == 1
        elif isinstance(value, np.ndarray):
            raise host_array("setitem")
        elif not number:
            raise TypeError(f"setitem: expected a number or a device array, got {_name(value)}")
        token = ignore(IGNORE)
        try:
            if is_basic(index):
                if not number:
                    _check_overlap(self._a[index], value)
                self._a[index] = value
            else:
                lowered = self._lower_index(index, "setitem")
                if not number and has_duplicates(self._a.shape, lowered):
                    raise ValueError(
                        "setitem: an integer index names an element twice; which value stays is undefined in CuPy "
                        "(to add them up, use add.at)"
                    )
                self._a[lowered] = value
        finally:
            restore(token)

    def _lower_index(self, index: Any, operation: str) -> tuple:
        """Take the memory out of the device arrays in an index; lists become arrays, host arrays are refused."""
        if self._device != current.device:
            raise wrong_device(operation, self._device)
        parts = []
        for part in index if type(index) is tuple else (index,):
            if type(part) is ndarray:
                part = lower(part, operation)
                if part.dtype == bool:
                    sync("mask")
            elif type(part) is list:
                part = np.asarray(lower(part, operation))
                transfer("host_to_device", part.nbytes)
                if part.size == 0:
                    part = part.astype(np.int64)
            elif isinstance(part, np.ndarray):
                raise host_array(operation)
            parts.append(part)
        return tuple(parts)


def poisoned(a: np.ndarray) -> np.ndarray:
    """Fill memory that nobody has written with what shows: nan, or a number that no computation expects."""
    kind = a.dtype.kind
    a.fill(True if kind == "b" else np.iinfo(a.dtype).max - 3 if kind in "iu" else np.nan)
    return a


def _check_overlap(target: Any, value: np.ndarray) -> None:
    """Refuse ``x[1:] = x[:-1]``: CuPy copies a block as a whole, and a copy onto itself is undefined."""
    if (
        type(target) is np.ndarray
        and value.dtype == target.dtype
        and target.flags.c_contiguous
        and np.may_share_memory(target, value)
        and target.__array_interface__["data"] != value.__array_interface__["data"]
    ):
        raise ValueError("setitem: the value overlaps the elements that it is assigned to, which CuPy leaves undefined")


def _numpy_called(name: str) -> str:
    return (
        f"numpy.{name} was called on a device array; take the module from the array: "
        f"xp = array_namespace(x), then xp.{name}(x)"
    )


def _name(value: Any) -> str:
    return "a device array" if type(value) is ndarray else type(value).__name__


def _unpickle(a: np.ndarray) -> ndarray:
    transfer("host_to_device", a.nbytes)
    return wrap(a, current.device)
