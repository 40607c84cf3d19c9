"""Views that keep every element: the same memory in another shape, in another order of dims, or stretched.

What changes one of them in place changes all that share its memory (``ops.inplace``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.modes import OFF, mode
from ..autograd.op import Op
from ..autograd.variable import Variable, make, node_of, version_of
from ..backend import array_namespace
from ..backend.dtypes import as_dtype, is_floating
from ..errors import DimError, GradError, ShapeError
from .dims import as_sizes, inferred, one_dim, several_dims
from .promotion import first_tensor
from .view import ViewOp

__all__ = [
    "adjoint",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_tensors",
    "broadcast_to",
    "clone",
    "expand",
    "flatten",
    "moveaxis",
    "movedim",
    "permute",
    "ravel",
    "reshape",
    "squeeze",
    "swapaxes",
    "swapdims",
    "t",
    "transpose",
    "unflatten",
    "unsqueeze",
]


# Another shape


class Reshape(ViewOp):
    """The same elements in the same order, in another shape. dx = dy in the shape of x."""

    def forward(self, x: Any) -> Any:
        self.before = x.shape
        return x.reshape(self.settings[0])

    def backward(self, dy: Any) -> Any:
        return reshape(dy, self.before)


def reshape(input: Any, *shape: Any) -> Any:
    """The same elements in another shape; a view where the strides allow it, else a copy. One size may be -1.

    >>> reshape(tinygrad_edu.tensor([1, 2, 3, 4]), (2, -1)).shape
    (2, 2)
    """
    new = inferred("reshape", as_sizes("reshape", shape), input.array.size)
    return Reshape(new)(input if viewable(input.array, new) else contiguous(input))


def view(input: Any, *shape: Any) -> Any:
    """The same memory in another shape, never a copy: an error where the strides do not allow it.

    ``view(dtype)`` reads the same bytes as another type, with no gradient.
    """
    if len(shape) == 1 and isinstance(shape[0], np.dtype | type | str):
        return _reinterpreted(input, as_dtype(shape[0]))
    new = inferred("view", as_sizes("view", shape), input.array.size)
    if not viewable(input.array, new):
        raise ShapeError(
            f"view: shape {tuple(input.array.shape)} with strides {stride(input)} can't be seen as {new} without a copy; "
            "use .reshape(...)"
        )
    return Reshape(new)(input)


def viewable(x: Any, shape: tuple[int, ...]) -> bool:
    """Whether an array can be seen in the shape without a copy."""
    return bool(x.flags.c_contiguous or array_namespace(x).may_share_memory(x, x.reshape(shape)))


def _reinterpreted(input: Any, dtype: Any) -> Any:
    if mode.recording != OFF and node_of(input) is not None and is_floating(dtype):
        raise GradError(
            "view: the bytes of one floating dtype read as another have no gradient; .detach() first, or use .to"
        )
    try:
        array = input.array.view(dtype)
    except ValueError as error:
        raise ShapeError(f"view: {input.array.dtype} of shape {tuple(input.array.shape)} as {dtype}: {error}") from None
    y = make(input.result_class, array)
    y.version = version_of(input)
    return y


def view_as(input: Any, other: Any) -> Any:
    """``input.view(other.shape)``."""
    return view(input, other.array.shape)


def reshape_as(input: Any, other: Any) -> Any:
    """``input.reshape(other.shape)``."""
    return reshape(input, other.array.shape)


def ravel(input: Any) -> Any:
    """All the elements in one dim, contiguous."""
    return contiguous(reshape(input, -1))


def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """The dims from ``start_dim`` to ``end_dim`` made one.

    >>> flatten(tinygrad_edu.zeros(2, 3, 4), 1).shape
    (2, 12)
    """
    shape = tuple(input.array.shape)
    first, last = one_dim("flatten", start_dim, len(shape)), one_dim("flatten", end_dim, len(shape))
    if first > last:
        raise ShapeError(f"flatten: expected start_dim before end_dim, got {start_dim} and {end_dim}")
    if first == last and shape:
        return input
    return reshape(input, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


def unflatten(input: Any, dim: int, sizes: Any) -> Any:
    """One dim taken apart into several; one size may be -1.

    >>> unflatten(tinygrad_edu.zeros(2, 12), 1, (3, -1)).shape
    (2, 3, 4)
    """
    shape = tuple(input.array.shape)
    if not shape:
        raise DimError("unflatten: expected a tensor of at least 1 dimension, got one without")
    i = one_dim("unflatten", dim, len(shape))
    sizes = as_sizes("unflatten", (sizes,))
    if not sizes:
        raise ShapeError("unflatten: expected at least one size")
    return view(input, (*shape[:i], *inferred("unflatten", sizes, shape[i]), *shape[i + 1 :]))


def squeeze(input: Any, dim: Any = None) -> Any:
    """Without dims of size 1: all of them, or those in ``dim`` that have size 1.

    >>> squeeze(tinygrad_edu.zeros(1, 3, 1)).shape
    (3,)
    """
    shape = input.array.shape
    dims = range(len(shape)) if dim is None else several_dims("squeeze", dim, len(shape))
    return Reshape(tuple([n for i, n in enumerate(shape) if n != 1 or i not in dims]))(input)


def unsqueeze(input: Any, dim: int) -> Any:
    """With a new dim of size 1 before ``dim``."""
    shape = tuple(input.array.shape)
    i = one_dim("unsqueeze", dim, len(shape) + 1)
    return Reshape((*shape[:i], 1, *shape[i:]))(input)


def _each(function: Any) -> Any:
    """Let a function of one tensor take several, or a sequence: then it gives a tuple."""

    def call(*tensors: Any) -> Any:
        if len(tensors) == 1 and not isinstance(tensors[0], Sequence):
            return function(first_tensor(function.__name__, tensors[0]))
        several = tensors[0] if len(tensors) == 1 else tensors
        return tuple([function(first_tensor(function.__name__, x)) for x in several])

    call.__name__ = call.__qualname__ = function.__name__
    call.__doc__ = function.__doc__
    return call


@_each
def atleast_1d(input: Any) -> Any:
    """The tensor, with a dim of size 1 if it had none. Several tensors give a tuple."""
    return input if input.array.ndim else reshape(input, 1)


@_each
def atleast_2d(input: Any) -> Any:
    """The tensor with dims of size 1 in front, so that it has two. Several tensors give a tuple."""
    n = input.array.ndim
    return input if n >= 2 else reshape(input, 1, 1) if n == 0 else unsqueeze(input, 0)


@_each
def atleast_3d(input: Any) -> Any:
    """The tensor with dims of size 1 around, so that it has three: (N,) becomes (1, N, 1). Several give a tuple."""
    n = input.array.ndim
    return input if n >= 3 else unsqueeze(atleast_2d(input), -1)


# Another order


class Permute(ViewOp):
    """The dims in another order. dx = dy with the dims put back."""

    def forward(self, x: Any) -> Any:
        return x.transpose(self.settings[0])

    def backward(self, dy: Any) -> Any:
        order = self.settings[0]
        return Permute(tuple(sorted(range(len(order)), key=order.__getitem__)))(dy)


def permute(input: Any, *dims: Any) -> Any:
    """The dims in the order given.

    >>> permute(tinygrad_edu.zeros(2, 3, 4), (2, 0, 1)).shape
    (4, 2, 3)
    """
    n = input.array.ndim
    order = several_dims("permute", as_sizes("permute", dims), n)
    if len(order) != n:
        raise DimError(f"permute: expected each of the {n} dims once, got {order}")
    return Permute(order)(input)


def transpose(input: Any, dim0: int, dim1: int) -> Any:
    """With two dims swapped."""
    n = input.array.ndim
    i, j = one_dim("transpose", dim0, n), one_dim("transpose", dim1, n)
    order = list(range(n))
    if n:
        order[i], order[j] = j, i
    return Permute(tuple(order))(input)


def swapaxes(input: Any, axis0: int, axis1: int) -> Any:
    """With two dims swapped; NumPy's name for ``transpose``."""
    return transpose(input, axis0, axis1)


def swapdims(input: Any, dim0: int, dim1: int) -> Any:
    """With two dims swapped; another name for ``transpose``."""
    return transpose(input, dim0, dim1)


def t(input: Any) -> Any:
    """The transpose of a matrix; a vector or a scalar stays as it is."""
    if input.array.ndim > 2:
        raise ShapeError(
            f"t: expected at most 2 dimensions, got {tuple(input.array.shape)}; use .mT or .transpose(...)"
        )
    return _reversed(input)


def adjoint(input: Any) -> Any:
    """Each matrix (the last two dims) transposed; for real numbers the same as ``mT``."""
    return _matrices("adjoint", input)


def _matrices(what: str, input: Any) -> Any:
    if input.array.ndim < 2:
        raise ShapeError(f"{what}: expected a tensor of at least 2 dimensions, got shape {tuple(input.array.shape)}")
    return transpose(input, -2, -1)


def _reversed(input: Any) -> Any:
    """The dims in reverse order: the transpose of a matrix."""
    return Permute(tuple(range(input.array.ndim))[::-1])(input)


def _mT(input: Any) -> Any:
    """Each matrix (the last two dims) transposed."""
    return _matrices("mT", input)


def _H(input: Any) -> Any:
    """The transpose of a matrix of real numbers."""
    if input.array.ndim not in (0, 2):
        raise ShapeError(f"H: expected a matrix, got shape {tuple(input.array.shape)}; use .mT")
    return _reversed(input)


T, H, mT, mH = property(_reversed), property(_H), property(_mT), property(_mT)


def movedim(input: Any, source: Any, destination: Any) -> Any:
    """The dims ``source`` moved to the places ``destination``; the others keep their order.

    >>> movedim(tinygrad_edu.zeros(2, 3, 4), 0, -1).shape
    (3, 4, 2)
    """
    n = input.array.ndim
    from_, to = several_dims("movedim", source, n), several_dims("movedim", destination, n)
    if len(from_) != len(to):
        raise ShapeError(f"movedim: expected as many destinations as sources, got {source} and {destination}")
    if not n:
        return Permute(())(input)
    others = iter([d for d in range(n) if d not in from_])
    return Permute(tuple([from_[to.index(d)] if d in to else next(others) for d in range(n)]))(input)


def moveaxis(input: Any, source: Any, destination: Any) -> Any:
    """NumPy's name for ``movedim``."""
    return movedim(input, source, destination)


# Stretched


class Expand(ViewOp):
    """Each element seen several times, along new dims and dims of size 1. dx = dy summed over these (by the engine)."""

    def forward(self, x: Any) -> Any:
        (sizes,) = self.settings
        front = len(sizes) - x.ndim
        steps = [s if n == m else 0 for n, m, s in zip(sizes[front:], x.shape, x.strides, strict=True)]
        return array_namespace(x).lib.stride_tricks.as_strided(x, sizes, (*[0] * front, *steps))

    def backward(self, dy: Any) -> Any:
        return dy


def expand(input: Any, *sizes: Any) -> Any:
    """A view with dims of size 1 stretched, and new dims in front; -1 leaves a size as it is.

    >>> expand(tinygrad_edu.tensor([[1], [2]]), 2, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    return _expanded("expand", input, as_sizes("expand", sizes))


def _expanded(what: str, input: Any, new: tuple[int, ...]) -> Any:
    shape = tuple(input.array.shape)
    front = len(new) - len(shape)
    old = (1,) * front + shape
    full = tuple([o if n == -1 and i >= front else n for i, (o, n) in enumerate(zip(old, new, strict=False))])
    if front < 0 or any(n < 0 or o not in (1, n) for o, n in zip(old, full, strict=True)):
        raise ShapeError(
            f"{what}: expected sizes that stretch dims of size 1 of {shape} (-1 keeps a size), new dims in front, got {new}"
        )
    return Expand(full)(input)


def expand_as(input: Any, other: Any) -> Any:
    """``input.expand(other.shape)``."""
    return _expanded("expand_as", input, tuple(other.array.shape))


def broadcast_to(input: Any, size: Any) -> Any:
    """``input.expand(size)``."""
    return _expanded("broadcast_to", input, as_sizes("broadcast_to", (size,)))


def broadcast_tensors(*tensors: Any) -> tuple:
    """The tensors as views of one shape, by the broadcasting rule."""
    xs = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Variable) else tensors
    shapes = [tuple(first_tensor("broadcast_tensors", x).array.shape) for x in xs]
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        raise ShapeError(
            f"broadcast_tensors: expected shapes that broadcast (from the right, equal or 1), got {shapes}"
        ) from None
    return tuple([_expanded("broadcast_tensors", x, shape) for x in xs])


# Copied, and where it lies


class Clone(Op):
    """The same values in memory of their own. dx = dy."""

    half_as_stored = True

    def __init__(self, order: str):
        self.order = order

    def forward(self, x: Any) -> Any:
        return x.copy(order=self.order)

    def backward(self, dy: Any) -> Any:
        return dy


def clone(input: Any) -> Any:
    """A copy that gradients flow through."""
    return Clone("K")(input)


def contiguous(input: Any) -> Any:
    """The tensor itself where its elements lie in order without gaps, else a copy that does."""
    return input if input.array.flags.c_contiguous else Clone("C")(input)


def is_contiguous(input: Any) -> bool:
    """Whether the elements lie in memory in order, without gaps."""
    return bool(input.array.flags.c_contiguous)


def stride(input: Any, dim: int | None = None) -> Any:
    """How many elements further on in memory the next one along each dim lies."""
    steps = tuple([s // input.array.dtype.itemsize for s in input.array.strides])
    return steps if dim is None else steps[one_dim("stride", dim, len(steps))]


def address(x: Any) -> int:
    """Where in memory the first element of an array lies."""
    return x.ctypes.data if isinstance(x, np.ndarray) else x.data.ptr


def data_ptr(input: Any) -> int:
    """The address in memory of the first element."""
    return address(input.array)


def memory_of(x: Any) -> Any:
    """The array that owns the memory of an array."""
    owner, holder = x, x
    while (holder := getattr(holder, "base", None)) is not None:  # some links of the chain are no arrays
        if isinstance(holder, type(x)):
            owner = holder
    return owner


def storage_offset(input: Any) -> int:
    """How many elements after the beginning of its memory the tensor begins."""
    return (address(input.array) - address(memory_of(input.array))) // input.array.dtype.itemsize
