"""Making tensors: from data, filled with a value, from ranges.

Every function takes ``dtype``, ``device`` and ``requires_grad`` as PyTorch's do. Without a dtype, floats are the default
dtype (float32 unless ``set_default_dtype`` says otherwise) and integers int64.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from .autograd.variable import Variable, make
from .backend import as_array, device_of, on_device_of, placed
from .backend.dtypes import FLOATING, as_dtype, category, get_default_dtype, int64, of_number
from .errors import DTypeError, ShapeError
from .tensor import Tensor

__all__ = [
    "arange", "as_tensor", "empty", "empty_like", "eye", "from_numpy", "full", "full_like", "linspace", "logspace",
    "ones", "ones_like", "tensor", "tril_indices", "triu_indices", "zeros", "zeros_like",
]  # fmt: skip


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor that holds a copy of the data: a number, nested lists, an array, or a Tensor.

    Python floats get the default dtype (float32), Python integers int64, bools bool; arrays keep theirs.

    >>> tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    array = as_tensor(data, dtype, device).array
    with on_device_of(array):
        x = make(Tensor, array.copy())
    return x.requires_grad_() if requires_grad else x


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """The data as a tensor, sharing memory where it can; a Tensor of that dtype and device is returned as it is."""
    if isinstance(data, Variable):
        return data.to(device=device, dtype=None if dtype is None else as_dtype(dtype))  # type: ignore[attr-defined]
    if dtype is not None:
        dtype = as_dtype(dtype)
    elif not hasattr(data, "dtype"):
        data = _gathered(data)
        dtype = get_default_dtype() if data.dtype == np.float64 or data.size == 0 else None
    array = as_array(data, dtype, "cpu" if device is None and not _on_device(data) else device or device_of(data))
    category(array.dtype)  # refuses complex numbers, strings and objects
    return make(Tensor, array)


def _on_device(data: Any) -> bool:
    return hasattr(data, "__cuda_array_interface__")


def _gathered(data: Any) -> np.ndarray:
    """Nested lists, possibly of Tensors, as one array."""
    if isinstance(data, list | tuple) and any(isinstance(v, Variable) for v in data):
        data = [v.item() if isinstance(v, Variable) and v.array.ndim == 0 else v for v in data]
        data = [v.tolist() if isinstance(v, Variable) else v for v in data]  # type: ignore[attr-defined]
    return as_array(data, None, "cpu")


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor that shares the memory of a NumPy array: a change to one is seen in the other."""
    if not isinstance(array, np.ndarray):
        raise DTypeError(f"from_numpy: expected a numpy.ndarray, got {type(array).__name__}")
    category(array.dtype)
    return make(Tensor, array.view(np.ndarray))


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros: ``zeros(2, 3)`` or ``zeros((2, 3))``."""
    return _filled(0, size, dtype, device, requires_grad, "zeros")


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones: ``ones(2, 3)`` or ``ones((2, 3))``."""
    return _filled(1, size, dtype, device, requires_grad, "ones")


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Memory as it is found: whatever was there."""
    dtype = get_default_dtype() if dtype is None else as_dtype(dtype)
    with placed(device) as xp:
        return _finish(xp.empty(sizes(size, "empty"), dtype), requires_grad)


def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor filled with one number, whose dtype is the number's unless given."""
    if isinstance(fill_value, Variable):
        fill_value, dtype = fill_value.item(), dtype or fill_value.dtype  # type: ignore[attr-defined]
    return _filled(
        fill_value, (size,), of_number(fill_value) if dtype is None else dtype, device, requires_grad, "full"
    )


def zeros_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of the shape, dtype and device of ``input``."""
    return _filled(0, (input.shape,), dtype or input.dtype, device or input.device, requires_grad, "zeros_like")


def ones_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of the shape, dtype and device of ``input``."""
    return _filled(1, (input.shape,), dtype or input.dtype, device or input.device, requires_grad, "ones_like")


def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Uninitialised memory of the shape, dtype and device of ``input``."""
    return empty(input.shape, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad)


def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One number in the shape, dtype and device of ``input``."""
    return full(
        input.shape, fill_value, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad
    )


def arange(
    start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """start, start + step, ... up to but without end; int64 where all three are integers.

    >>> arange(1, 2.5, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    start, end = (0, start) if end is None else (start, end)
    start, end, step = (v.item() if hasattr(v, "item") else v for v in (start, end, step))
    if step == 0 or not all(math.isfinite(v) for v in (start, end, step)):
        raise ShapeError(f"arange: expected finite bounds and a step that is not 0, got {start}, {end}, {step}")
    if (end - start) * step < 0:
        raise ShapeError(f"arange: a step of {step} never leads from {start} to {end}")
    if dtype is None:
        whole = all(of_number(v) == int64 for v in (start, end, step))
        dtype = int64 if whole else get_default_dtype()
    count = max(0, math.ceil((end - start) / step))
    if dtype := as_dtype(dtype):
        values = np.arange(count, dtype=np.float64 if category(dtype) == FLOATING else np.int64) * step + start
    return as_tensor(values, dtype, device).requires_grad_(requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """``steps`` numbers from start to end, both included, evenly spaced."""
    start, end = (v.item() if hasattr(v, "item") else v for v in (start, end))
    if steps < 0:
        raise ShapeError(f"linspace: expected steps >= 0, got {steps}")
    dtype = get_default_dtype() if dtype is None else as_dtype(dtype)
    return as_tensor(np.linspace(start, end, steps), dtype, device).requires_grad_(requires_grad)


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``base`` to the powers of ``linspace(start, end, steps)``."""
    start, end = (v.item() if hasattr(v, "item") else v for v in (start, end))
    if steps < 0:
        raise ShapeError(f"logspace: expected steps >= 0, got {steps}")
    dtype = get_default_dtype() if dtype is None else as_dtype(dtype)
    return as_tensor(np.power(float(base), np.linspace(start, end, steps)), dtype, device).requires_grad_(requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The n x n (or n x m) matrix with ones on its diagonal."""
    if n < 0 or (m is not None and m < 0):
        raise ShapeError(f"eye: expected sizes >= 0, got {n} and {m}")
    dtype = get_default_dtype() if dtype is None else as_dtype(dtype)
    with placed(device) as xp:
        return _finish(xp.eye(n, n if m is None else m, dtype=dtype), requires_grad)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = int64, device: Any = None) -> Tensor:
    """Row and column indices, shape (2, count), of the lower triangle of a (row, col) matrix."""
    return as_tensor(np.stack(np.tril_indices(row, offset, col)), dtype, device)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = int64, device: Any = None) -> Tensor:
    """Row and column indices, shape (2, count), of the upper triangle of a (row, col) matrix."""
    return as_tensor(np.stack(np.triu_indices(row, offset, col)), dtype, device)


def sizes(size: tuple, what: str) -> tuple[int, ...]:
    """A shape given as numbers or as one sequence of them."""
    if len(size) == 1 and not isinstance(size[0], int | np.integer):
        size = tuple(size[0]) if hasattr(size[0], "__iter__") else size
    try:
        shape = tuple(operator.index(n.item() if isinstance(n, Variable) else n) for n in size)  # type: ignore[attr-defined]
    except TypeError:
        raise DTypeError(f"{what}: expected integer sizes, got {size}") from None
    if any(n < 0 for n in shape):
        raise ShapeError(f"{what}: expected sizes >= 0, got {shape}")
    return shape


def _filled(value: Any, size: tuple, dtype: Any, device: Any, requires_grad: bool, what: str) -> Tensor:
    dtype = get_default_dtype() if dtype is None else as_dtype(dtype)
    with placed(device) as xp:
        return _finish(
            xp.full(sizes(size, what), value, dtype) if value else xp.zeros(sizes(size, what), dtype), requires_grad
        )


def _finish(array: Any, requires_grad: bool) -> Tensor:
    x = make(Tensor, array)
    return x.requires_grad_() if requires_grad else x
