"""``x[index]`` and ``x[index] = value``, with PyTorch's rules, and views of slices.

An index is read in two steps (``read``). Integers, slices, None and ``...`` select a view. Arrays of integers and masks
then take elements from that view (``taking``). Unlike in NumPy, an integer beside arrays counts as part of the first
step: ``x[0, :, [1, 2]]`` is ``x[0][:, [1, 2]]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..autograd.variable import Variable, changed, node_of
from ..backend import as_array, device_of
from ..backend.dtypes import int64
from ..errors import DimError, DTypeError, ShapeError
from .diagonals import replaced
from .dims import integer, numpy_names, one_dim
from .filling import one_value
from .inplace import adopt, store, writable, write
from .promotion import cast, constant, is_number, operand
from .selection import Index
from .shape import address
from .taking import PutHere, Take, check_range, shape_at

__all__ = ["narrow", "select", "select_scatter", "slice_scatter"]


def _dim_of(what: str, input: Any, dim: int) -> int:
    if not input.array.ndim:
        raise DimError(f"{what}: expected a tensor of at least 1 dimension, got one without")
    return one_dim(what, dim, input.array.ndim)


def _in_range(index: Any, n: int, dim: int) -> int:
    i = integer("index", index)
    if not -n <= i < n:
        raise DimError(f"index: {i} is out of range for dim {dim} of size {n}")
    return i


@numpy_names
def select(input: Any, dim: int, index: int) -> Any:
    """The slice at one index along ``dim``, a view without that dim."""
    dim = _dim_of("select", input, dim)
    return Index((slice(None),) * dim + (_in_range(index, input.array.shape[dim], dim), ...))(input)


@numpy_names
def narrow(input: Any, dim: int, start: Any, length: int) -> Any:
    """``length`` slices from ``start`` on along ``dim``, a view."""
    dim = _dim_of("narrow", input, dim)
    n, first, length = input.array.shape[dim], integer("narrow", start), integer("narrow", length)
    if not -n <= first <= n:
        raise DimError(f"narrow: expected a start from {-n} to {n} along dim {dim} of size {n}, got {first}")
    first += n if first < 0 else 0
    if not 0 <= length <= n - first:
        raise ShapeError(
            f"narrow: expected a length from 0 to {n - first} from {first} on along dim {dim}, got {length}"
        )
    return Index((slice(None),) * dim + (slice(first, first + length), ...))(input)


def select_scatter(input: Any, src: Any, dim: int, index: int) -> Any:
    """A copy of ``input`` with ``src`` as the slice at one index along ``dim``."""
    dim = _dim_of("select_scatter", input, dim)
    at = (slice(None),) * dim + (_in_range(index, input.array.shape[dim], dim), ...)
    return replaced("select_scatter", input, src, Index(at))


def slice_scatter(
    input: Any, src: Any, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Any:
    """A copy of ``input`` with ``src`` in the place of ``input[start:end:step]`` along ``dim``."""
    dim = _dim_of("slice_scatter", input, dim)
    return replaced("slice_scatter", input, src, Index((slice(None),) * dim + (_slice(slice(start, end, step)), ...)))


# Reading an index


def getitem(input: Any, index: Any) -> Any:
    """``input[index]``: a view for integers, slices, None and ``...``; a copy for lists, arrays, tensors and masks."""
    basic, dims, indices, mask = read(input, index)
    y = input if basic is None else Index(basic)(input)
    return Take(dims, mask)(y, *indices) if dims else y


def setitem(input: Any, index: Any, value: Any) -> None:
    """``input[index] = value``, in place; the value is broadcast, and cast to the dtype of ``input``.

    Gradients of ``input`` before the change are zero there, and go to ``value`` instead.
    """
    assign(input, read(input, index), value, "__setitem__")


def assign(x: Any, read: tuple, value: Any, what: str) -> None:
    """Write a value at the place that ``read`` found, in place."""
    basic, dims, indices, mask = read
    target = x if basic is None else Index(basic)(x)
    v = one_value(what, value, x) if is_number(value) else cast(operand(value, x, what), x.array.dtype)
    if dims:
        v = fitting(v, shape_at(target.array.shape, dims, [i.array for i in indices], mask), what)
        writable(target, what, v)
        adopt(target, PutHere(dims, mask)(target, v, *indices), what)
    elif not _is_itself(v, target):
        v = fitting(v, target.array.shape, what)
        if node_of(target) is None and node_of(v) is None:  # no history to write
            writable(target, what, v)
            store(target, v.array)
            changed(target, what)
        else:
            write(target, v.expand(target.array.shape), what)


def _is_itself(v: Any, target: Any) -> bool:
    """Whether a value lies where it is to be written: ``x[0] += 1`` ends with x[0] = x[0]."""
    a, b = v.array, target.array
    return v.version is target.version and a.shape == b.shape and a.strides == b.strides and address(a) == address(b)


def fitting(v: Any, shape: tuple[int, ...], what: str) -> Any:
    """The value without dims of size 1 in front that the place for it has not."""
    own = tuple(v.array.shape)
    extra = max(0, len(own) - len(shape))
    short = own[extra:]
    if any(n != 1 for n in own[:extra]) or any(
        n not in (1, m) for n, m in zip(short, shape[len(shape) - len(short) :], strict=True)
    ):
        raise ShapeError(f"{what}: a value of shape {own} can't be broadcast to the selected shape {shape}")
    return v.reshape(short) if extra else v


def read(x: Any, index: Any) -> tuple:
    """The two steps of an index on x: the index of a view (None: x itself), then dims of it, their index tensors, and
    whether these are one mask.
    """
    parts = [_part(p, x) for p in (index if isinstance(index, tuple) or _means_tuple(index) else (index,))]
    shape = x.array.shape
    free = len(shape) - sum([_uses(p) for p in parts])
    if free < 0:
        raise DimError(
            f"index: {len(shape) - free} indices for a tensor of {len(shape)} dimensions, shape {tuple(shape)}"
        )
    several = [isinstance(p, bool | Variable) for p in parts].count(True) > 1
    mask = False
    basic: list[Any] = []
    dims: list[int] = []
    indices: list[Any] = []
    dim = 0  # the dim of x that comes next
    out = 0  # and of the view
    for p in parts:
        if p is ...:
            basic += [slice(None)] * free
            dim, out, free = dim + free, out + free, 0
        elif p is None or isinstance(p, bool):
            basic.append(None)
            if p is not None:
                mask = not several
                dims.append(out)
                indices.append(_host_constant(np.array([p]) if mask else np.zeros(int(p), int64), x))
            out += 1
        elif isinstance(p, slice):
            basic.append(p)
            dim, out = dim + 1, out + 1
        elif isinstance(p, int):
            basic.append(_in_range(p, shape[dim], dim))
            dim += 1
        elif p.array.dtype == bool:
            n = p.array.ndim
            _check_mask(p.array, shape, dim)
            mask = not several
            dims += [out] if mask else range(out, out + n)
            indices += [p] if mask else [constant(i, x) for i in p.array.nonzero()]
            basic += [slice(None)] * n
            dim, out = dim + n, out + n
        else:
            check_range("index", p.array, shape[dim], dim)
            dims.append(out)
            indices.append(p)
            basic.append(slice(None))
            dim, out = dim + 1, out + 1
    if len(indices) > 1:
        try:
            np.broadcast_shapes(*[i.array.shape for i in indices])
        except ValueError:
            shapes = ", ".join(str(tuple(i.array.shape)) for i in indices)
            raise DimError(f"index: expected index arrays that broadcast together, got shapes {shapes}") from None
    whole = bool(dims) and all(b == slice(None) for b in basic)
    return None if whole else (*basic, ...), tuple(dims), indices, mask


def _means_tuple(index: Any) -> bool:
    """Whether a list stands for a tuple of indices: where it holds anything but numbers, as in PyTorch."""
    if not isinstance(index, list) or len(index) >= 32:
        return False
    return any(i is None or i is ... or isinstance(i, Sequence | slice | Variable | np.ndarray) for i in index)


def _part(p: Any, x: Any) -> Any:
    """One part of an index as None, ``...``, a bool, an int, a slice, or a Tensor of masks or integers on x's device."""
    if p is None or p is ... or isinstance(p, bool | int):
        return p
    if isinstance(p, slice):
        return _slice(p)
    if isinstance(p, np.bool_ | np.integer):
        return p.item()
    if isinstance(p, np.ndarray | Sequence) and not isinstance(p, str):
        p = _from_host(p, x)
    if not isinstance(p, Variable):
        raise DTypeError(
            "index: expected integers, slices, None, ..., or tensors, arrays and lists of integers or bools, got "
            f"{type(p).__name__}"
        )
    if p.array.dtype.kind not in "biu":
        raise DTypeError(f"index: expected integers or bools, got {p.array.dtype}")
    if p.array.dtype == np.uint8:
        raise DTypeError("index: uint8 may stand for a mask or for integers; use .bool() or .long()")
    return p if p.array.ndim else p.array.item()


def _from_host(p: Any, x: Any) -> Any:
    if not isinstance(p, np.ndarray):
        p = [i.array.item() if isinstance(i, Variable) and i.array.size == 1 else i for i in p]
    try:
        array = np.asarray(p)
    except ValueError:
        raise ShapeError("index: expected nested lists of equal lengths") from None
    if not array.size and not isinstance(p, np.ndarray):
        array = array.astype(int64)
    return _host_constant(array, x)


def _host_constant(array: np.ndarray, like: Any) -> Any:
    return constant(as_array(array, None, device_of(like.array)), like)


def _slice(s: slice) -> slice:
    start, stop, step = [None if v is None else integer("slice", v) for v in (s.start, s.stop, s.step)]
    if step is not None and step <= 0:
        raise ShapeError(f"index: expected a slice with a step of at least 1, got {step}; use flip to go backwards")
    return slice(start, stop, step)


def _uses(p: Any) -> int:
    """How many dims of the tensor a part of an index uses up."""
    if p is None or p is ... or isinstance(p, bool):
        return 0
    return p.array.ndim if isinstance(p, Variable) and p.array.dtype == bool else 1


def _check_mask(mask: Any, shape: tuple[int, ...], dim: int) -> None:
    want = tuple(shape[dim : dim + mask.ndim])
    if tuple(mask.shape) != want:
        raise DimError(f"index: expected a mask of shape {want} for the dims from {dim} on, got {tuple(mask.shape)}")


def contains(input: Any, element: Any) -> bool:
    """``element in input``: whether any element equals it."""
    if not isinstance(element, Variable) and not is_number(element):
        raise DTypeError(f"in: expected a Tensor or a number, got {type(element).__name__}")
    return bool((input == element).any().item())


def length(input: Any) -> int:
    """``len(input)``: the size of the first dim."""
    if not input.array.ndim:
        raise TypeError("len() of a tensor without dimensions")
    return input.array.shape[0]


def iterate(input: Any) -> Iterator:
    """The slices along the first dim, one after the other."""
    if not input.array.ndim:
        raise TypeError("iteration over a tensor without dimensions")
    return (select(input, 0, i) for i in range(input.array.shape[0]))
