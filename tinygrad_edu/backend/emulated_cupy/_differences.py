"""The functions in which CuPy differs from NumPy in more than the names of parameters.

Each has exactly CuPy's parameters (a test compares them with the recorded table).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._array import check_dtype, host_array, is_scalar, lift, lower, ndarray, poisoned, weak, wrap
from ._calls import compute, instead, read_device
from ._functions import product_of
from ._indexing import has_duplicates
from ._state import current, sync, transfer
from ._ufunc import ufunc

instead("ndarray")(ndarray)
instead("ufunc")(ufunc)
instead("newaxis")(None)  # type: ignore[arg-type]


# From the host and back


@instead("array")
def array(obj: Any, dtype: Any = None, copy: Any = True, order: Any = "K", subok: bool = False, ndmin: int = 0, *,
          blocking: bool = False) -> ndarray:  # fmt: skip
    """Make a device array of host data, numbers, device arrays, or nested lists of one of these."""
    if type(obj) is ndarray:
        return _converted(obj, dtype, copy, order, ndmin)
    if dtype is not None:
        dtype = check_dtype(dtype, "cupy.array")
    if isinstance(obj, (list, tuple)) and _holds_device_arrays(obj):
        a = np.array(_nested(obj), dtype, order=order, ndmin=ndmin)
    else:
        if copy is False and isinstance(obj, np.ndarray):
            raise ValueError("cupy.array: a host array cannot become a device array without a copy")
        a = np.array(obj, dtype, order=order, ndmin=ndmin)
        transfer("host_to_device", a.nbytes)
    check_dtype(a.dtype, "cupy.array")
    return wrap(a, current.device)


@instead("asarray", "asanyarray")
def asarray(a: Any, dtype: Any = None, order: Any = None, *, copy: Any = None, blocking: bool = False) -> ndarray:
    """Make a device array of anything that `array` takes; a device array that fits is returned itself."""
    if type(a) is ndarray:
        return _converted(a, dtype, copy, order or "K", 0)
    return array(a, dtype, None if copy is None else copy, order or "K")


def _converted(x: ndarray, dtype: Any, copy: Any, order: Any, ndmin: int) -> ndarray:
    memory = read_device(x, "cupy.array")
    dtype = memory.dtype if dtype is None else check_dtype(dtype, "cupy.array")
    same = compute("cupy.array", np.array, x, dtype, copy=bool(copy) or None, order=order, ndmin=ndmin)
    if copy is False and not np.may_share_memory(same._a, memory):
        raise ValueError("Unable to avoid copy while creating an array as requested.")
    return x if same._a is memory else same


def _holds_device_arrays(values: Any) -> bool:
    return any(type(v) is ndarray or (isinstance(v, (list, tuple)) and _holds_device_arrays(v)) for v in values)


def _nested(values: Any) -> Any:
    """Take the memory out of nested lists of device arrays; CuPy takes no other elements beside them."""
    if isinstance(values, (list, tuple)):
        return [_nested(v) for v in values]
    return read_device(values, "cupy.array")


@instead("asnumpy")
def asnumpy(a: Any, stream: Any = None, order: Any = "C", out: Any = None, *, blocking: bool = True) -> np.ndarray:
    """Copy to the host; a host array comes back as it is."""
    return a.get(stream, order, out) if type(a) is ndarray else np.asarray(a, order=order)


@instead("get_array_module")
def get_array_module(*args: Any) -> Any:
    """Return this module where a device array is among the arguments, else numpy."""
    found = [x for x in args if type(x) is ndarray]
    return found[0].__array_namespace__() if found else np


# New arrays


@instead("empty")
def empty(shape: Any, dtype: Any = float, order: Any = "C") -> ndarray:
    """Make an array that nobody has written: full of nan, so that reading it shows."""
    return ndarray(shape, dtype, order=order)


@instead("empty_like")
def empty_like(prototype: ndarray, dtype: Any = None, order: Any = "K", subok: Any = None, shape: Any = None):
    """Make an unwritten array like another."""
    return _like(np.empty_like, prototype, dtype, order, shape, poison=True)


@instead("zeros_like")
def zeros_like(a: ndarray, dtype: Any = None, order: Any = "K", subok: Any = None, shape: Any = None) -> ndarray:
    """Make an array of zeros like another."""
    return _like(np.zeros_like, a, dtype, order, shape)


@instead("ones_like")
def ones_like(a: ndarray, dtype: Any = None, order: Any = "K", subok: Any = None, shape: Any = None) -> ndarray:
    """Make an array of ones like another."""
    return _like(np.ones_like, a, dtype, order, shape)


@instead("full_like")
def full_like(a: ndarray, fill_value: Any, dtype: Any = None, order: Any = "K", subok: Any = None, shape: Any = None):
    """Make an array of one value like another."""
    if not is_scalar(fill_value):
        fill_value = read_device(fill_value, "cupy.full_like")
    return _like(lambda *args: np.full_like(args[0], fill_value, *args[1:]), a, dtype, order, shape)


def _like(make: Any, a: ndarray, dtype: Any, order: str, shape: Any, poison: bool = False) -> ndarray:
    memory = read_device(a, "cupy.empty_like")
    if shape is not None and not isinstance(shape, int) and len(shape) == 0 and memory.ndim:
        raise ValueError("shape=() is read by CuPy as no shape given; make the array with zeros(()) or full((), value)")
    dtype = memory.dtype if dtype is None else check_dtype(dtype, "cupy.empty_like")
    made = np.asarray(make(memory, dtype, order, False, shape))
    return wrap(poisoned(made) if poison else made, current.device)


# Functions that give a device array where NumPy gives a Python number


@instead("allclose")
def allclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> ndarray:
    """Whether all elements are close, as a device array."""
    return lift(np.asarray(compute("cupy.allclose", np.allclose, a, b, rtol, atol, equal_nan)), "allclose")


@instead("array_equal")
def array_equal(a1: ndarray, a2: ndarray, equal_nan: bool = False) -> ndarray:
    """Whether two arrays have one shape and the same elements, as a device array."""
    if equal_nan:
        sync("array_equal")
    first, second = read_device(a1, "cupy.array_equal"), read_device(a2, "cupy.array_equal")
    return lift(np.asarray(np.array_equal(first, second, equal_nan)), "array_equal")


@instead("array_equiv")
def array_equiv(a1: ndarray, a2: ndarray) -> ndarray:
    """Whether two arrays broadcast to the same elements, as a device array."""
    first, second = read_device(a1, "cupy.array_equiv"), read_device(a2, "cupy.array_equiv")
    return lift(np.asarray(np.array_equiv(first, second)), "array_equiv")


@instead("count_nonzero")
def count_nonzero(a: ndarray, axis: Any = None) -> ndarray:
    """Count elements other than 0, as a device array."""
    return lift(np.asarray(np.count_nonzero(read_device(a, "cupy.count_nonzero"), axis)), "count_nonzero")


# Selecting


@instead("where")
def where(condition: ndarray, x: Any = None, y: Any = None) -> Any:
    """Choose between two elementwise, or find where the condition holds."""
    read_device(condition, "cupy.where")
    if x is None and y is None:
        return condition.nonzero()
    if x is None or y is None:
        raise ValueError("cupy.where: Must provide both 'x' and 'y' or neither.")
    for value in (x, y):
        if isinstance(value, np.ndarray):
            raise host_array("cupy.where")
        if type(value) is not ndarray and not is_scalar(value):
            raise TypeError(f"cupy.where: Unsupported type {type(value)}")
    if type(x) is ndarray:
        y = weak(y, x.dtype)
    elif type(y) is ndarray:
        x = weak(x, y.dtype)
    return compute("cupy.where", np.where, condition, x, y)


@instead("argmax")
def argmax(a: ndarray, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """Find the index of the largest element."""
    return _arg("argmax", np.argmax, a, axis, dtype, out, keepdims)


@instead("argmin")
def argmin(a: ndarray, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """Find the index of the smallest element."""
    return _arg("argmin", np.argmin, a, axis, dtype, out, keepdims)


@instead("nanargmax")
def nanargmax(a: ndarray, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """Find the index of the largest element, passing over nan."""
    return _arg("nanargmax", np.nanargmax, a, axis, dtype, out, keepdims)


@instead("nanargmin")
def nanargmin(a: ndarray, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """Find the index of the smallest element, passing over nan."""
    return _arg("nanargmin", np.nanargmin, a, axis, dtype, out, keepdims)


def _arg(name: str, function: Any, a: ndarray, axis: Any, dtype: Any, out: Any, keepdims: bool) -> ndarray:
    if out is not None:
        raise TypeError(f"cupy.{name}: the stand-in has no out here")
    read_device(a, f"cupy.{name}")
    found = compute(f"cupy.{name}", function, a, axis, keepdims=keepdims)
    return found if dtype is None else found.astype(dtype)


def _arg_method(function: Any) -> Any:
    def method(self: ndarray, axis: Any = None, out: Any = None, dtype: Any = None, keepdims: bool = False) -> ndarray:
        return function(self, axis, dtype, out, keepdims)

    return method


ndarray.argmax = _arg_method(argmax)  # type: ignore[attr-defined]
ndarray.argmin = _arg_method(argmin)  # type: ignore[attr-defined]


@instead("put")
def put(a: ndarray, ind: Any, v: Any, mode: str = "wrap") -> None:
    """Write elements of the flattened array; a place named twice is undefined in CuPy."""
    memory, index = read_device(a, "cupy.put"), np.asarray(lower(ind, "cupy.put"))
    if np.size(lower(v, "cupy.put")) > 1 and has_duplicates((memory.size,), index):
        raise ValueError("cupy.put: an element is named twice; which value stays is undefined in CuPy")
    compute("cupy.put", np.put, a, ind, v, "clip" if mode == "clip" else "raise")


def _put_method(self: ndarray, indices: Any, values: Any, mode: str = "wrap") -> None:
    put(self, indices, values, mode)


ndarray.put = _put_method  # type: ignore[attr-defined]


@instead("put_along_axis")
def put_along_axis(arr: ndarray, indices: ndarray, values: Any, axis: int) -> None:
    """Write elements along an axis; a place named twice is undefined in CuPy."""
    memory, index = read_device(arr, "cupy.put_along_axis"), read_device(indices, "cupy.put_along_axis")
    places = [np.arange(n).reshape((-1,) + (1,) * (memory.ndim - i - 1)) for i, n in enumerate(memory.shape)]
    places[axis] = index
    if np.size(lower(values, "cupy.put_along_axis")) > 1 and has_duplicates(memory.shape, tuple(places)):
        raise ValueError("cupy.put_along_axis: an element is named twice; which value stays is undefined in CuPy")
    compute("cupy.put_along_axis", np.put_along_axis, arr, indices, values, axis)


@instead("einsum")
def einsum(*operands: Any, **kwargs: Any) -> ndarray:
    """Sum products by Einstein's convention."""
    for name in kwargs.keys() - {"dtype", "optimize"}:
        raise TypeError(f"cupy.einsum: Did not understand the following kwargs: [{name!r}]")
    return compute("cupy.einsum", product_of(np.einsum), *operands, **kwargs)


@instead("shares_memory")
def shares_memory(a: ndarray, b: ndarray, max_work: Any = None) -> bool:
    """Whether two arrays have a byte in common."""
    return a._device == b._device and np.shares_memory(a._a, b._a)


@instead("may_share_memory")
def may_share_memory(a: ndarray, b: ndarray, max_work: Any = None) -> bool:
    """Whether the memory that two arrays span overlaps."""
    return a._device == b._device and np.may_share_memory(a._a, b._a)


# Compiled kernels


def _no_kernels(name: str) -> type:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"cupy.{name}: the stand-in for CuPy computes with NumPy and compiles no CUDA code")

    return type(name, (), {"__init__": __init__, "__doc__": f"cupy.{name}, which the stand-in refuses."})


for _name in ("ElementwiseKernel", "RawKernel", "RawModule", "ReductionKernel"):
    instead(_name)(_no_kernels(_name))
