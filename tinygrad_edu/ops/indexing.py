"""``x[index]`` and ``x[index] = value``, and the functions that index whole slices along a dim.

An index is read in two steps (``_read``). Integers, slices, None and ``...`` select a view. Arrays of integers and masks
then take elements from that view: they are broadcast together, and their shape stands in the place of the dims that they
index, or in front where those dims are not side by side.

    y = Take(x)      y[k] = x[i[k]]                  dx = TakeGrad(dy)
    x = TakeGrad(y)  x = 0, then x[i[k]] += y[k]     dy = Take(dx)
    y = Put(x, v)    y = x, then y[i[k]] = v[k]      dx = Put(dy, 0), dv = Take(dy)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import array_namespace, as_array, device_of
from ..backend.dtypes import int64, is_floating
from ..errors import DimError, DTypeError, ShapeError
from ..kernels.reference import scatter as kernels
from .diagonals import replaced
from .dims import integer, numpy_names, one_dim
from .inplace import adopt, writable, write
from .promotion import cast, constant, is_number, operand
from .selection import Index
from .shape import address

__all__ = [
    "index_add",
    "index_copy",
    "index_fill",
    "index_put",
    "index_select",
    "narrow",
    "select",
    "select_scatter",
    "slice_scatter",
    "take",
]
METHODS = (*__all__, "index_put_")
INPLACE = ("index_add", "index_copy", "index_fill")


# Views


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
    return Index(((slice(None),) * dim + (_in_range(index, input.array.shape[dim], dim), ...)))(input)


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


# Elements at arrays of integers


def at_dims(dims: tuple[int, ...], indices: Any) -> tuple:
    """The index that has these arrays at these dims, and takes all of the dims before and between."""
    index: list[Any] = [slice(None)] * (max(dims) + 1)
    for d, i in zip(dims, indices, strict=True):
        index[d] = i
    return tuple(index)


class _AtIndices(Op):
    """An operation whose last inputs are arrays of integers, kept as Tensors so that a change of them is noticed."""

    keeps = ("inputs",)
    data = 1  # how many inputs come before the indices

    def __init__(self, dims: tuple[int, ...], distinct: bool):
        self.dims, self.distinct = dims, distinct  # distinct: known to name no element twice

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [i >= self.data for i in range(len(wanted))]

    @property
    def indices(self) -> tuple:
        return self.inputs[self.data :]


class Take(_AtIndices):
    """y = x[..., i, j, ...] for arrays of integers i, j at some dims. dx adds up dy at the places that it came from."""

    half_as_stored = True

    def forward(self, x: Any, *indices: Any) -> Any:
        self.before = x.shape
        return x[at_dims(self.dims, indices)]

    def backward(self, dy: Any) -> Any:
        i = self.indices
        return TakeGrad(self.dims, self.distinct, self.before)(dy, *i), *[None] * len(i)


class TakeGrad(_AtIndices):
    """dx = zeros, plus dy at the places that ``Take`` took it from. ddy = ddx taken there."""

    def __init__(self, dims: tuple[int, ...], distinct: bool, shape: tuple[int, ...]):
        super().__init__(dims, distinct)
        self.before = shape

    def forward(self, dy: Any, *indices: Any) -> Any:
        dx = array_namespace(dy).zeros(self.before, dtype=dy.dtype)
        if self.distinct:
            dx[at_dims(self.dims, indices)] = dy
            return dx
        return _added(dx, self.dims, indices, dy)

    def backward(self, ddx: Any) -> Any:
        i = self.indices
        return Take(self.dims, self.distinct)(ddx, *i), *[None] * len(i)


class Put(_AtIndices):
    """y = x with v at arrays of integers at some dims. dx = dy with zeros there, dv = dy taken there."""

    half_as_stored = True
    data = 2

    def forward(self, x: Any, v: Any, *indices: Any) -> Any:
        y = x.copy()
        put_at(y, self.dims, indices, v, self.distinct)
        return y

    def backward(self, dy: Any) -> Any:
        i = self.indices
        dx = Put(self.dims, self.distinct)(dy, 0, *i) if self.needs[0] else None
        return dx, (Take(self.dims, self.distinct)(dy, *i) if self.needs[1] else None), *[None] * len(i)


class PutHere(Put):
    """``Put`` into the memory of x itself; its caller answers for the history (``inplace.adopt``)."""

    def forward(self, x: Any, v: Any, *indices: Any) -> Any:
        put_at(x, self.dims, indices, v, self.distinct)
        return x


def _added(x: Any, dims: tuple[int, ...], indices: tuple, values: Any) -> Any:
    """x plus values at the indices, where one element may be named many times: as rows of a matrix, added by key."""
    xp = array_namespace(x)
    keys, values = _rows(xp, x.shape, dims, indices, values)
    kept = [d for d in range(x.ndim) if d not in dims]
    rows = math.prod([x.shape[d] for d in dims])
    matrix = x.transpose(*dims, *kept).reshape(rows, -1) if x.size else x.reshape(rows, values.shape[1])
    matrix = kernels.index_add(matrix, 0, keys, values)
    order = (*dims, *kept)
    return matrix.reshape([x.shape[d] for d in order]).transpose([order.index(d) for d in range(x.ndim)])


def _rows(xp: Any, shape: tuple[int, ...], dims: tuple[int, ...], indices: tuple, values: Any) -> tuple:
    """The places that indices name, as one number each, shape (V,), and the values for each as a row, (V, R)."""
    indices = xp.broadcast_arrays(*indices)
    keys = xp.zeros(indices[0].shape, dtype=int64)
    for d, i in zip(dims, indices, strict=True):
        keys = keys * shape[d] + xp.where(i < 0, i + shape[d], i)
    n = keys.ndim
    front = tuple(range(front_of(dims), front_of(dims) + n))
    rest = tuple([d for d in range(values.ndim) if d not in front])
    width = math.prod([values.shape[d] for d in rest])
    return keys.reshape(-1), values.transpose(*front, *rest).reshape(keys.size, width)


def put_at(y: Any, dims: tuple[int, ...], indices: Any, v: Any, distinct: bool = False) -> None:
    """Write v (an array or a number) into an array at the indices; of several values for one element the last stays."""
    if not isinstance(y, np.ndarray) and hasattr(v, "shape"):
        if not distinct and v.size > 1:
            indices, v = _last_of_each(y.shape, dims, indices, v)
        elif array_namespace(y).may_share_memory(y, v):
            v = v.copy()
    y[at_dims(dims, indices)] = v


def _last_of_each(shape: tuple[int, ...], dims: tuple[int, ...], indices: Any, v: Any) -> tuple:
    """Indices and values without the places that come again later: a device has no order that lets the last one stay."""
    xp = array_namespace(v)
    n, size = len(np.broadcast_shapes(*[i.shape for i in indices])), _shape_of_result(shape, dims, indices)
    first = front_of(dims)
    v = xp.broadcast_to(v, size)
    keys, _ = _rows(xp, shape, dims, indices, v)
    order = xp.argsort(keys, kind="stable")
    keys = keys[order]
    last = order[xp.concatenate([keys[1:] != keys[:-1], xp.ones(min(1, keys.size), dtype=bool)])]
    flat = v.reshape(*size[:first], order.size, *size[first + n :])
    return [i.reshape(-1)[last] for i in xp.broadcast_arrays(*indices)], xp.take(flat, last, axis=first)


def front_of(dims: tuple[int, ...]) -> int:
    """Where the result of indexing has the dims of the index: in the place of the indexed dims, or first if these are
    not side by side.
    """
    return dims[0] if dims == tuple(range(dims[0], dims[0] + len(dims))) else 0


def _shape_of_result(shape: tuple[int, ...], dims: tuple[int, ...], indices: Any) -> tuple[int, ...]:
    """The shape of what indexing an array of some shape gives."""
    if not dims:
        return tuple(shape)
    rest = [n for d, n in enumerate(shape) if d not in dims]
    first = front_of(dims)
    return (*rest[:first], *np.broadcast_shapes(*[i.shape for i in indices]), *rest[first:])


# Reading an index


def getitem(input: Any, index: Any) -> Any:
    """``input[index]``: a view for integers, slices, None and ``...``; a copy for lists, arrays, tensors and masks."""
    basic, dims, indices, distinct = _read(input, index)
    y = input if basic is None else Index(basic)(input)
    return Take(dims, distinct)(y, *indices) if dims else y


def setitem(input: Any, index: Any, value: Any) -> None:
    """``input[index] = value``, in place; the value is broadcast, and cast to the dtype of ``input``.

    Gradients of ``input`` before the change are zero there, and go to ``value`` instead.
    """
    _assign(input, _read(input, index), value, "__setitem__")


def _assign(x: Any, read: tuple, value: Any, what: str) -> None:
    basic, dims, indices, distinct = read
    target = x if basic is None else Index(basic)(x)
    shape = _shape_of_result(target.array.shape, dims, [i.array for i in indices])
    v = one_value(what, value, x) if is_number(value) else cast(operand(value, x, what), x.array.dtype)
    v = _fitting(v, shape, what)
    if not dims:
        if not _is_itself(v, target):
            write(target, v.expand(shape), what)
        return
    writable(target, what, v)
    adopt(target, PutHere(dims, distinct)(target, v, *indices), what)


def _is_itself(v: Any, target: Any) -> bool:
    """Whether a value lies where it is to be written: ``x[0] += 1`` ends with x[0] = x[0]."""
    a, b = v.array, target.array
    return v.version is target.version and a.shape == b.shape and a.strides == b.strides and address(a) == address(b)


def _fitting(v: Any, shape: tuple[int, ...], what: str) -> Any:
    """The value without dims of size 1 in front that the place for it has not."""
    own = tuple(v.array.shape)
    extra = max(0, len(own) - len(shape))
    short = own[extra:]
    if any(n != 1 for n in own[:extra]) or any(
        n not in (1, m) for n, m in zip(short, shape[len(shape) - len(short) :], strict=True)
    ):
        raise ShapeError(f"{what}: a value of shape {own} can't be broadcast to the selected shape {shape}")
    return v.reshape(short) if extra else v


def _read(x: Any, index: Any) -> tuple:
    """The two steps of an index on x: the index of a view (None: x itself), then dims of it, their index tensors, and
    whether these are sure to name no element twice.
    """
    parts = [_part(p, x) for p in (index if isinstance(index, tuple) or _means_tuple(index) else (index,))]
    shape = x.array.shape
    free = len(shape) - sum([_uses(p) for p in parts])
    if free < 0:
        raise DimError(
            f"index: {len(shape) - free} indices for a tensor of {len(shape)} dimensions, shape {tuple(shape)}"
        )
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
                dims.append(out)
                indices.append(_host_constant(np.zeros(int(p), int64), x))
            out += 1
        elif isinstance(p, slice):
            basic.append(p)
            dim, out = dim + 1, out + 1
        elif isinstance(p, int):
            basic.append(_in_range(p, shape[dim], dim))
            dim += 1
        else:
            for i in _integers(p, shape, dim):
                dims.append(out)
                indices.append(constant(i, x) if i is not p else p)
                basic.append(slice(None))
                dim, out = dim + 1, out + 1
    if len(indices) > 1:
        try:
            np.broadcast_shapes(*[i.array.shape for i in indices])
        except ValueError:
            shapes = ", ".join(str(tuple(i.array.shape)) for i in indices)
            raise DimError(f"index: expected index arrays that broadcast together, got shapes {shapes}") from None
    whole = bool(dims) and all(b == slice(None) for b in basic)
    masks = [p for p in parts if isinstance(p, Variable | bool)]
    distinct = len(masks) == 1 and (masks[0] is True or masks[0] is False or masks[0].array.dtype == bool)
    return None if whole else (*basic, ...), tuple(dims), indices, distinct


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


def _integers(p: Any, shape: tuple[int, ...], dim: int) -> Iterator:
    """The index arrays that a Tensor stands for: itself, or for a mask the places where it is true, dim by dim."""
    if p.array.dtype != bool:
        check_range("index", p.array, shape[dim], dim)
        return iter([p])
    n = p.array.ndim
    if tuple(p.array.shape) != tuple(shape[dim : dim + n]):
        raise DimError(
            f"index: expected a mask of shape {tuple(shape[dim : dim + n])} for the dims from {dim} on, got "
            f"{tuple(p.array.shape)}"
        )
    return iter(p.array.nonzero())


def check_range(what: str, index: Any, n: int, dim: int, negative: bool = True) -> None:
    """An error for an index outside -n ... n - 1 (or 0 ... n - 1), naming it."""
    if not index.size:
        return
    least, low, high = -n if negative else 0, int(index.min()), int(index.max())
    if low < least or high >= n:
        raise DimError(f"{what}: {low if low < least else high} is out of range for dim {dim} of size {n}")


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


DUNDERS = {
    "__contains__": contains,
    "__getitem__": getitem,
    "__iter__": iterate,
    "__len__": length,
    "__setitem__": setitem,
}


# Slices along a dim


def _along(what: str, input: Any, dim: int, index: Any, negative: bool = False) -> tuple:
    """The input (with a dim, if it had none), the dim, and the index as a vector, checked."""
    if not isinstance(index, Variable) or index.array.dtype not in (np.dtype("int32"), int64):
        got = index.array.dtype if isinstance(index, Variable) else type(index).__name__
        raise DTypeError(f"{what}: expected an index of int32 or int64, got {got}")
    if index.array.ndim > 1:
        raise ShapeError(f"{what}: expected a vector of indices, got shape {tuple(index.array.shape)}")
    dim = one_dim(what, dim, input.array.ndim)
    x = input if input.array.ndim else input.reshape(1)
    index = index if index.array.ndim else index.reshape(1)
    if not input.array.ndim and index.array.size != 1:
        raise ShapeError(f"{what}: a tensor without dimensions takes one index, got {index.array.size}")
    check_range(what, index.array, x.array.shape[dim], dim, negative)
    return x, dim, index


def _source(what: str, x: Any, dim: int, index: Any, source: Any) -> Any:
    """The source with a dim of index's length in the place of dim, checked."""
    if not isinstance(source, Variable) or source.array.dtype != x.array.dtype:
        got = source.array.dtype if isinstance(source, Variable) else type(source).__name__
        raise DTypeError(f"{what}: expected a source of {x.array.dtype} like the input, got {got}")
    shape = tuple(x.array.shape)
    want = (*shape[:dim], index.array.size, *shape[dim + 1 :])
    got = tuple(source.array.shape)
    if got != want and not (got == () and want == (1,)):
        raise ShapeError(
            f"{what}: expected a source of shape {want}, one slice along dim {dim} for each index, got {got}"
        )
    return source.reshape(want) if got != want else source


@numpy_names
def index_select(input: Any, dim: int, index: Any) -> Any:
    """The slices along ``dim`` at a vector of indices, a copy. The gradient adds up where an index comes again.

    >>> index_select(tinygrad_edu.tensor([[1, 2], [3, 4]]), 1, tinygrad_edu.tensor([1, 1]))
    tensor([[2, 2],
            [4, 4]])
    """
    x, dim, index = _along("index_select", input, dim, index)
    y = Take((dim,), False)(x, index)
    return y if input.array.ndim else y.reshape(())


@numpy_names
def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Any:
    """A copy with each slice of ``source`` along ``dim``, times ``alpha``, added to the slice that ``index`` names.

    y = x, then y[..., index[k], ...] += alpha source[..., k, ...].   dx = dy, dsource = alpha dy[..., index, ...].
    """
    x, dim, index = _along("index_add", input, dim, index)
    source = _source("index_add", x, dim, index, source)
    if alpha != 1:
        source = source * (alpha if is_floating(x.array.dtype) else int(alpha))
    y = x + TakeGrad((dim,), False, tuple(x.array.shape))(source, index)
    return y if input.array.ndim else y.reshape(())


@numpy_names
def index_copy(input: Any, dim: int, index: Any, source: Any) -> Any:
    """A copy with the slices of ``source`` along ``dim`` in the places that ``index`` names."""
    x, dim, index = _along("index_copy", input, dim, index)
    y = Put((dim,), False)(x, _source("index_copy", x, dim, index, source), index)
    return y if input.array.ndim else y.reshape(())


@numpy_names
def index_fill(input: Any, dim: int, index: Any, value: Any) -> Any:
    """A copy with a number (or a tensor without dimensions) in all slices along ``dim`` that ``index`` names."""
    x, dim, index = _along("index_fill", input, dim, index, negative=True)
    y = Put((dim,), False)(x, one_value("index_fill", value, x), index)
    return y if input.array.ndim else y.reshape(())


def one_value(what: str, value: Any, like: Any) -> Any:
    """A number, or a tensor without dimensions, as a Tensor of like's dtype."""
    if isinstance(value, Variable):
        if value.array.ndim:
            raise ShapeError(
                f"{what}: expected a number or a tensor without dimensions, got shape {tuple(value.shape)}"
            )
        return cast(value, like.array.dtype)
    if not is_number(value):
        raise DTypeError(f"{what}: expected a number or a tensor without dimensions, got {type(value).__name__}")
    return constant(
        array_namespace(like.array).full((), _as_stored(what, value, like.array.dtype)).astype(like.array.dtype), like
    )


def _as_stored(what: str, value: Any, dtype: np.dtype) -> Any:
    """A number as an element of the dtype: floats lose their fraction in integers, and what is out of range is an error."""
    if is_floating(dtype):
        return float(value)
    if dtype == bool:
        return bool(value)
    info = np.iinfo(dtype)
    if not info.min <= value <= info.max:
        raise DTypeError(f"{what}: {value} is out of range for {dtype}")
    return np.asarray(int(value), dtype)[()]


def index_put(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """A copy with ``values`` at ``indices``, a tuple of index tensors as in ``input[indices]``; added if ``accumulate``."""
    if not accumulate:
        return index_put_(input.clone(), indices, values)
    _, dims, found, distinct = _read(input, _index_tuple(indices, values, input))
    shape = _shape_of_result(input.array.shape, dims, [i.array for i in found])
    v = _fitting(values, shape, "index_put").expand(shape)
    return input + TakeGrad(dims, distinct, tuple(input.array.shape))(v, *found)


def index_put_(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """``index_put``, in place: ``input[indices] = values``, or ``+=`` with every one of equal indices counted."""
    if accumulate:
        return write(input, index_put(input, indices, values, True), "index_put_")
    _assign(input, _read(input, _index_tuple(indices, values, input)), values, "index_put_")
    return input


def _index_tuple(indices: Any, values: Any, input: Any) -> tuple:
    """The indices of ``index_put`` as Tensors with dimensions, so that nothing but elements is indexed."""
    if not isinstance(indices, tuple | list) or not indices or not all(isinstance(i, Variable) for i in indices):
        raise DTypeError("index_put: expected a tuple of index tensors")
    if not isinstance(values, Variable) or values.array.dtype != input.array.dtype:
        got = values.array.dtype if isinstance(values, Variable) else type(values).__name__
        raise DTypeError(f"index_put: expected values of {input.array.dtype} like the input, got {got}")
    return tuple([i if i.array.ndim else i.reshape(1) for i in indices])


def take(input: Any, index: Any) -> Any:
    """The elements at the given places of the tensor made flat; the result has the shape of ``index``.

    >>> take(tinygrad_edu.tensor([[1, 2], [3, 4]]), tinygrad_edu.tensor([0, 3]))
    tensor([1, 4])
    """
    if not isinstance(index, Variable) or index.array.dtype != int64:
        raise DTypeError(f"take: expected an index of int64, got {getattr(index, 'dtype', type(index).__name__)}")
    check_range("take", index.array, input.array.size, 0)
    return Take((0,), False)(input.reshape(-1), index)
