"""Gathering elements from places that an index or a mask names, and scattering them there.

y = gather(x, dim, i)           y[a, b] = x[a, i[a, b]]  (for dim 1)      dx = scatter_add(0, dim, i, dy)
y = scatter_add(x, dim, i, s)   y = x, then y[a, i[a, b]] += s[a, b]      dx = dy, ds = gather(dy, dim, i)
y = scatter(x, dim, i, s)       y = x, then y[a, i[a, b]] = s[a, b]       dx = scatter(dy, dim, i, 0), ds as above
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import array_namespace
from ..backend.dtypes import int64
from ..errors import DimError, DTypeError, GradError, ShapeError
from ..kernels.reference import scatter as kernels
from .dims import numpy_names, one_dim
from .filling import one_value
from .promotion import broadcast_rule, constant, first_tensor
from .shape import broadcast_tensors, reshape
from .taking import Put, Take, check_range, overwritten, put_at

__all__ = [
    "argwhere",
    "gather",
    "masked_fill",
    "masked_scatter",
    "masked_select",
    "nonzero",
    "one_hot",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "take_along_dim",
]


# Along a dim


def along(shape: tuple[int, ...], dim: int, index: Any) -> Any:
    """Where in the flattened array of some shape the elements lie that an index along ``dim`` names."""
    xp = array_namespace(index)
    flat = xp.zeros((), dtype=int64)
    for d, n in enumerate(shape):
        own = index if d == dim else xp.arange(index.shape[d]).reshape((-1,) + (1,) * (index.ndim - d - 1))
        flat = flat * n + own
    return flat


class Gather(Op):
    """y[a, b, c] = x[a, i[a, b, c], c] for dim 1. dx adds up dy at the places that it came from."""

    half_as_stored = True
    keeps = ("inputs",)

    def __init__(self, dim: int):
        self.dim = dim

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [False, True]

    def forward(self, x: Any, index: Any) -> Any:
        self.before = x.shape
        return array_namespace(x).take(x.reshape(-1), along(x.shape, self.dim, index))

    def backward(self, dy: Any) -> Any:
        zeros = constant(array_namespace(dy.array).zeros(self.before, dtype=dy.array.dtype), dy)
        return ScatterAdd(self.dim)(zeros, self.inputs[1], dy), None


class ScatterAdd(Op):
    """y = x, then y[a, i[a, b, c], c] += src[a, b, c] for dim 1. dx = dy, dsrc = dy gathered."""

    keeps = ("inputs",)

    def __init__(self, dim: int):
        self.dim = dim

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [False, True, False]

    def forward(self, x: Any, index: Any, src: Any) -> Any:
        return kernels.scatter_add(x, self.dim, index, src)

    def backward(self, dy: Any) -> Any:
        return dy, None, (Gather(self.dim)(dy, self.inputs[1]) if self.needs[2] else None)


class Scatter(Op):
    """y = x, then y[a, i[a, b, c], c] = src[a, b, c] for dim 1. dx = dy with zeros there, dsrc = dy gathered.

    Of several values for one element the last stays, and alone has a gradient.
    """

    half_as_stored = True
    keeps = ("inputs",)

    def __init__(self, dim: int):
        self.dim = dim

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [False, True, False]

    def forward(self, x: Any, index: Any, src: Any) -> Any:
        y = x.copy()
        put_at(y.reshape(-1), (0,), [along(x.shape, self.dim, index)], src)
        return y

    def backward(self, dy: Any) -> Any:
        index = self.inputs[1]
        dx = Scatter(self.dim)(dy, index, 0) if self.needs[0] else None
        return dx, None, (self._seen(dy, index) if self.needs[2] else None)

    def _seen(self, dy: Any, index: Any) -> Any:
        """dy at the index, with zeros for values that were written over."""
        dsrc = Gather(self.dim)(dy, index)
        lost = overwritten(along(dy.array.shape, self.dim, index.array))
        return dsrc if lost is None else dsrc.masked_fill(constant(lost, dy), 0)


def _checked(what: str, input: Any, dim: int, index: Any, negative: bool = False) -> tuple:
    """The input and the index, with a dim if they had none, and the dim; an error where index does not fit."""
    if not isinstance(index, Variable) or index.array.dtype not in (np.dtype("int32"), int64):
        got = index.array.dtype if isinstance(index, Variable) else type(index).__name__
        raise DTypeError(f"{what}: expected an index of int32 or int64, got {got}")
    dim = one_dim(what, dim, first_tensor(what, input).array.ndim)
    x = input if input.array.ndim else input.reshape(1)
    index = index if index.array.ndim else index.reshape(1)
    have, want = tuple(index.array.shape), tuple(x.array.shape)
    if index.array.size and (
        len(have) != len(want) or any(n > m for d, (n, m) in enumerate(zip(have, want, strict=True)) if d != dim)
    ):
        raise ShapeError(
            f"{what}: expected an index of {len(want)} dimensions, no longer than the input {want} but along dim {dim}, got {have}"
        )
    check_range(what, index.array, want[dim], dim, negative)
    return x, dim, index


@numpy_names
def gather(input: Any, dim: int, index: Any, *, sparse_grad: bool = False) -> Any:
    """The elements at ``index`` along ``dim``: for dim 1, ``y[a, b, c] = x[a, index[a, b, c], c]``.

    The result has the shape of ``index``. The gradient adds up at elements that were gathered more than once.

    >>> gather(tinygrad_edu.tensor([[1, 2], [3, 4]]), 1, tinygrad_edu.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    x, dim, i = _checked("gather", input, dim, index)
    if not i.array.size and i.array.ndim != x.array.ndim:
        return Take((0,), False)(x.reshape(-1), i)  # nothing from nowhere, in the shape of the index
    y = Gather(dim)(x, i)
    return y if index.array.ndim else y.reshape(())


def _scattered(what: str, kind: Any, input: Any, dim: int, index: Any, src: Any, *settings: Any) -> Any:
    """What the scattering functions have in common: src must reach as far as index."""
    x, dim, i = _checked(what, input, dim, index)
    if not i.array.size:
        return input.clone()
    if isinstance(src, Variable):
        s: Any = src if src.array.ndim else reshape(src, 1)
        want, have = tuple(i.array.shape), tuple(s.array.shape)
        if len(have) != len(want) or any(n > m for n, m in zip(want, have, strict=True)):
            raise ShapeError(f"{what}: expected a src at least as long as the index {want} in every dim, got {have}")
        if s.array.dtype != x.array.dtype:
            raise DTypeError(f"{what}: expected a src of {x.array.dtype} like the input, got {s.array.dtype}")
        src = s[tuple([slice(n) for n in want])] if have != want else s
    y = kind(dim, *settings)(x, i, src)
    return y if input.array.ndim else y.reshape(())


@numpy_names
def scatter(input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None) -> Any:
    """A copy with the elements of ``src`` (or one number) put at ``index`` along ``dim``, as ``gather`` would find them.

    For dim 1, ``y[a, index[a, b, c], c] = src[a, b, c]``; where an index comes again, the last value stays. With
    ``reduce="add"`` or ``"multiply"`` they are combined with what is there.

    >>> scatter(tinygrad_edu.zeros(3), 0, tinygrad_edu.tensor([2, 0]), tinygrad_edu.tensor([5.0, 6.0]))
    tensor([6., 0., 5.])
    """
    src = value if src is None else src
    if reduce not in (None, "add", "multiply"):
        raise ShapeError(f'scatter: expected reduce="add" or "multiply", got {reduce!r}')
    if not isinstance(src, Variable) or (not src.array.ndim and index.array.size != 1):
        src = one_value("scatter", src, input)
        if reduce is None:
            return _scattered("scatter", Scatter, input, dim, index, src.expand(index.array.shape))
        src = src.expand(index.array.shape)
    if reduce is None:
        return _scattered("scatter", Scatter, input, dim, index, src)
    return scatter_add(input, dim, index, src) if reduce == "add" else scatter_reduce(input, dim, index, src, "prod")


@numpy_names
def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Any:
    """A copy with the elements of ``src`` added at ``index`` along ``dim``; all count where an index comes again.

    For dim 1, ``y[a, index[a, b, c], c] += src[a, b, c]``.

    >>> scatter_add(tinygrad_edu.zeros(3), 0, tinygrad_edu.tensor([2, 2]), tinygrad_edu.tensor([5.0, 6.0]))
    tensor([ 0.,  0., 11.])
    """
    return _scattered("scatter_add", ScatterAdd, input, dim, index, first_tensor("scatter_add", src))


class SecondOfProduct(Op):
    """The same values. Their derivative is refused: where several zeros meet, the first derivative hides the second."""

    half_as_stored = True

    def forward(self, dsrc: Any) -> Any:
        return dsrc

    def backward(self, ddsrc: Any) -> Any:
        raise GradError(
            "scatter_reduce: with several zeros of src in one product there is no second derivative here; "
            "multiply them apart"
        )


class ScatterReduce(Op):
    """y = x with src combined into it at an index: the mean, product, maximum or minimum of what meets at an element."""

    keeps = ("inputs", "output")

    def __init__(self, dim: int, reduce: str, include_self: bool):
        self.dim, self.reduce, self.include_self = dim, reduce, include_self

    def forward(self, x: Any, index: Any, src: Any) -> Any:
        return kernels.scatter_reduce(x, self.dim, index, src, self.reduce, self.include_self)

    def backward(self, dy: Any) -> Any:
        x, index, src = self.inputs
        dx, dsrc = getattr(self, f"_{self.reduce}")(dy, x, index, src)
        if not self.include_self:
            dx = Scatter(self.dim)(dx, index, 0)
        return dx, None, dsrc

    def _mean(self, dy: Any, x: Any, index: Any, src: Any) -> tuple:
        """d = dy / the number of values."""
        counts = self._counted(x, index, self.include_self)
        d = dy / counts.masked_fill(counts == 0, 1)
        return d, Gather(self.dim)(d, index)

    def _counted(self, x: Any, index: Any, include_self: bool) -> Any:
        xp = array_namespace(x.array)
        start = xp.full(x.array.shape, float(include_self), dtype=x.array.dtype)
        return constant(
            kernels.scatter_add(start, self.dim, index.array, xp.ones_like(index.array, dtype=x.array.dtype)), x
        )

    def _prod(self, dy: Any, x: Any, index: Any, src: Any) -> tuple:
        """d = dy times the product of the others, which for a single zero among them is that of all but the zero."""
        y = self.output
        x_zero, src_zero = x == 0, src == 0
        x_or_1 = x.masked_fill(x_zero, 1)
        others_of_x = scatter_reduce(x_or_1, self.dim, index, src, "prod", include_self=self.include_self) / x_or_1
        zeros = self._zeros_met(x, index, src_zero)
        only = src_zero & (zeros == 1)
        with_1 = scatter_reduce(x, self.dim, index, src.masked_fill(only, 1), "prod", include_self=self.include_self)
        others_of_src = Gather(self.dim)(y, index) / src.masked_fill(src_zero, 1)
        others_of_src = others_of_src.where(~only, Gather(self.dim)(with_1, index))
        dsrc = Gather(self.dim)(dy, index) * others_of_src
        return dy * others_of_x, (SecondOfProduct()(dsrc) if bool((zeros.array > 1).any()) else dsrc)

    def _zeros_met(self, x: Any, index: Any, src_zero: Any) -> Any:
        xp = array_namespace(x.array)
        none = xp.zeros(x.array.shape, dtype=int64)
        met = kernels.scatter_add(none, self.dim, index.array, src_zero.array.astype(int64))
        return constant(xp.take(met.reshape(-1), along(met.shape, self.dim, index.array)), x)

    def _amax(self, dy: Any, x: Any, index: Any, src: Any) -> tuple:
        """d = dy in equal shares for all that are equal to the result."""
        y = self.output
        x_is, src_is = x.array == y.array, src.array == Gather(self.dim)(y.detach(), index).array
        parts = kernels.scatter_add(x_is.astype(x.array.dtype), self.dim, index.array, src_is.astype(x.array.dtype))
        d = dy / constant(parts, dy)
        return d.masked_fill(constant(~x_is, dy), 0), Gather(self.dim)(d, index).masked_fill(constant(~src_is, dy), 0)

    _amin = _amax


@numpy_names
def scatter_reduce(input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True) -> Any:
    """A copy with the elements of ``src`` combined into it at ``index`` along ``dim``.

    ``reduce`` is "sum", "prod", "mean", "amax" or "amin"; without ``include_self`` the old value of an element that
    something is sent to does not count. Ties of amax and amin share the gradient equally.

    >>> x, index = tinygrad_edu.tensor([1.0, 1.0]), tinygrad_edu.tensor([0, 0])
    >>> scatter_reduce(x, 0, index, tinygrad_edu.tensor([3.0, 5.0]), "mean")
    tensor([3., 1.])
    """
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise ShapeError(f'scatter_reduce: expected reduce "sum", "prod", "mean", "amax" or "amin", got {reduce!r}')
    src = first_tensor("scatter_reduce", src)
    if reduce == "sum":
        x = input if include_self else scatter(input, dim, index, 0)
        return _scattered("scatter_reduce", ScatterAdd, x, dim, index, src)
    return _scattered("scatter_reduce", ScatterReduce, input, dim, index, src, reduce, include_self)


@numpy_names
def take_along_dim(input: Any, indices: Any, dim: int | None = None) -> Any:
    """The elements at ``indices`` along ``dim``, the other dims broadcast; without ``dim``, of the tensor made flat.

    >>> x = tinygrad_edu.tensor([[3, 1, 2]])
    >>> take_along_dim(x, tinygrad_edu.tensor([[1, 2, 0]]), 1)
    tensor([[1, 2, 3]])
    """
    if not isinstance(indices, Variable) or indices.array.dtype != int64:
        got = indices.array.dtype if isinstance(indices, Variable) else type(indices).__name__
        raise DTypeError(f"take_along_dim: expected indices of int64, got {got}")
    if dim is None:
        return gather(input.reshape(-1), 0, indices.reshape(-1))
    if input.array.ndim != indices.array.ndim:
        raise ShapeError(
            f"take_along_dim: expected as many dimensions, got an input {tuple(input.array.shape)} and indices "
            f"{tuple(indices.array.shape)}"
        )
    if not input.array.ndim:
        raise DimError("take_along_dim: a tensor without dimensions has no dim to take along; leave dim out")
    dim = one_dim("take_along_dim", dim, input.array.ndim)
    one, two = [[1 if d == dim else n for d, n in enumerate(v.array.shape)] for v in (input, indices)]
    try:
        shape = list(np.broadcast_shapes(tuple(one), tuple(two)))
    except ValueError:
        raise ShapeError(
            f"take_along_dim: expected shapes that broadcast but for dim {dim}, got an input {tuple(input.array.shape)} and "
            f"indices {tuple(indices.array.shape)}"
        ) from None
    n = input.array.shape[dim]
    check_range("take_along_dim", indices.array, n, dim)
    index = indices.array
    index = constant(array_namespace(index).where(index < 0, index + n, index), indices)
    x = input.expand(*shape[:dim], n, *shape[dim + 1 :])
    return Gather(dim)(x, index.expand(*shape[:dim], index.array.shape[dim], *shape[dim + 1 :]))


# By a mask


def _mask(what: str, mask: Any) -> Any:
    if not isinstance(mask, Variable) or mask.array.dtype != bool:
        got = mask.array.dtype if isinstance(mask, Variable) else type(mask).__name__
        raise DTypeError(f"{what}: expected a mask of bools, got {got}")
    return mask


class MaskedFill(Op):
    """y = value where mask, else x. dx = dy where not mask, dvalue = the sum of dy where mask."""

    half_as_stored = True
    keeps = ("inputs",)

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [False, True, False]

    def forward(self, x: Any, mask: Any, value: Any) -> Any:
        return array_namespace(x).where(mask, value, x)

    def backward(self, dy: Any) -> Any:
        mask = self.inputs[1]
        dx = masked_fill(dy, mask, 0) if self.needs[0] else None
        return dx, None, (masked_fill(dy, ~mask, 0).sum() if self.needs[2] else None)

    def rule(self, x: Any, mask: Any, value: Any) -> str | None:
        return broadcast_rule(x, mask)


def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    """``input`` with ``value`` (a number, or a tensor without dimensions) where ``mask`` is true."""
    return MaskedFill()(input, _mask("masked_fill", mask), one_value("masked_fill", value, input))


def masked_select(input: Any, mask: Any) -> Any:
    """The elements where ``mask`` is true, as a vector; input and mask are broadcast together."""
    x, m = broadcast_tensors(input, _mask("masked_select", mask))
    return Take((0,), True)(x, m) if x.array.ndim else Take((0,), True)(x.reshape(1), m.reshape(1))


def masked_scatter(input: Any, mask: Any, source: Any) -> Any:
    """``input`` with the elements of ``source``, one after the other, where ``mask`` is true."""
    x, m = broadcast_tensors(input, _mask("masked_scatter", mask))
    if source.array.dtype != x.array.dtype:
        raise DTypeError(
            f"masked_scatter: expected a source of {x.array.dtype} like the input, got {source.array.dtype}"
        )
    if not x.array.ndim:
        return masked_scatter(x.reshape(1), m.reshape(1), source).reshape(())
    n = int(m.array.sum())
    if source.array.size < n:
        raise ShapeError(f"masked_scatter: {n} elements of the mask are true, but the source has {source.array.size}")
    return Put((0,), True)(x, source.reshape(-1)[:n], m)


def nonzero(input: Any, *, as_tuple: bool = False) -> Any:
    """The places of the elements that are not zero, one a row; ``as_tuple`` gives a vector for each dim.

    >>> nonzero(tinygrad_edu.tensor([[0, 1], [2, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    x = input.array
    if as_tuple:
        return tuple([constant(i, input) for i in (x if x.ndim else x.reshape(1)).nonzero()])
    xp = array_namespace(x)
    if not x.ndim:
        return constant(xp.zeros((int(x != 0), 0), dtype=int64), input)
    return constant(xp.stack(x.nonzero(), axis=1), input)


def argwhere(input: Any) -> Any:
    """The places of the elements that are not zero, one a row."""
    return nonzero(input)


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """For each class number a vector of zeros with a one in that place, as a new last dim; int64.

    Without ``num_classes``, one more than the largest number.

    >>> one_hot(tinygrad_edu.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    x = first_tensor("one_hot", tensor).array
    if x.dtype != int64:
        raise DTypeError(f"one_hot: expected class numbers of int64, got {x.dtype}")
    if not x.size and num_classes < 1:
        raise ShapeError("one_hot: give num_classes for a tensor of 0 elements")
    n = int(x.max()) + 1 if num_classes == -1 else num_classes
    check_range("one_hot", x, n, -1, negative=False)
    return constant((x[..., None] == array_namespace(x).arange(n)).astype(int64), tensor)
