"""Elements in other places, or several times: flips, rolls, rotations, repeats. The results are copies, as in PyTorch."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import array_namespace, as_array, device_of
from ..backend.dtypes import int64
from ..errors import DimError, ShapeError
from .dims import as_sizes, integer, one_dim, several_dims
from .promotion import constant

__all__ = [
    "combinations",
    "flip",
    "fliplr",
    "flipud",
    "repeat_interleave",
    "roll",
    "rot90",
    "tile",
]


class Flip(Op):
    """y = x backwards along some dims. dx = dy backwards."""

    half_as_stored = True

    def __init__(self, dims: tuple[int, ...]):
        self.dims = dims

    def forward(self, x: Any) -> Any:
        return x[tuple([slice(None, None, -1 if d in self.dims else None) for d in range(x.ndim)])].copy()

    def backward(self, dy: Any) -> Any:
        return Flip(self.dims)(dy)


def flip(input: Any, *dims: Any) -> Any:
    """Backwards along the given dims.

    >>> flip(tinygrad_edu.tensor([[1, 2], [3, 4]]), (0, 1))
    tensor([[4, 3],
            [2, 1]])
    """
    return Flip(several_dims("flip", as_sizes("flip", dims), input.array.ndim))(input)


def fliplr(input: Any) -> Any:
    """Backwards along the second dim: left to right."""
    return _flip("fliplr", input, 1)


def flipud(input: Any) -> Any:
    """Backwards along the first dim: up to down."""
    return _flip("flipud", input, 0)


def _flip(what: str, input: Any, dim: int) -> Any:
    if input.array.ndim <= dim:
        raise ShapeError(f"{what}: expected a tensor of at least {dim + 1} dimensions, got {tuple(input.array.shape)}")
    return Flip((dim,))(input)


class Roll(Op):
    """y = x shifted along some dims, what falls off the end coming in at the front. dx = dy shifted back."""

    half_as_stored = True

    def __init__(self, shifts: tuple[int, ...], dims: tuple[int, ...] | None):
        self.shifts, self.dims = shifts, dims

    def forward(self, x: Any) -> Any:
        xp = array_namespace(x)
        return xp.roll(x, self.shifts[0] if self.dims is None else self.shifts, axis=self.dims)

    def backward(self, dy: Any) -> Any:
        return Roll(tuple([-s for s in self.shifts]), self.dims)(dy)


def roll(input: Any, shifts: Any, dims: Any = None) -> Any:
    """Shifted along ``dims``, what falls off the end coming in at the front; without ``dims``, as one long vector.

    >>> roll(tinygrad_edu.tensor([1, 2, 3]), 1)
    tensor([3, 1, 2])
    """
    by = as_sizes("roll", (shifts,))
    given = () if dims is None else as_sizes("roll", (dims,))
    if len(by) != len(given) and (given or len(by) != 1):
        raise ShapeError(f"roll: expected as many dims as shifts, got shifts {by} and dims {given}")
    if not given:
        return Roll(by, None)(input)
    if not input.array.size:
        return input.clone()
    if not input.array.ndim:
        raise DimError("roll: a tensor without dimensions has no dim to roll along")
    return Roll(by, tuple([one_dim("roll", d, input.array.ndim) for d in given]))(input)


def rot90(input: Any, k: int = 1, dims: Any = (0, 1)) -> Any:
    """Turned by ``k`` times 90 degrees in the plane of two dims, from the first towards the second.

    >>> rot90(tinygrad_edu.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    n = input.array.ndim
    i, j = _two(several_dims("rot90", as_sizes("rot90", (dims,)), n), n)
    turns = integer("rot90", k) % 4
    if turns == 0:
        return input.clone()
    if turns == 2:
        return Flip((i, j))(input)
    return Flip((j if turns == 1 else i,))(input).transpose(i, j)


def _two(dims: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    if len(dims) != 2 or ndim < 2:
        raise ShapeError(f"rot90: expected two dims of a tensor of at least two dimensions, got {dims} of {ndim}")
    return dims


def repeat(input: Any, *repeats: Any) -> Any:
    """The tensor copied side by side so many times along each dim; further counts in front make new dims.

    >>> repeat(tinygrad_edu.tensor([1, 2]), 2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    return _repeat("repeat", input, as_sizes("repeat", repeats))


def tile(input: Any, *dims: Any) -> Any:
    """NumPy's ``repeat``: where there are fewer counts than dims, they belong to the last ones."""
    counts = as_sizes("tile", dims)
    return _repeat("tile", input, (1,) * (input.array.ndim - len(counts)) + counts)


def _repeat(what: str, input: Any, counts: tuple[int, ...]) -> Any:
    shape = tuple(input.array.shape)
    front = len(counts) - len(shape)
    if front < 0 or any(c < 0 for c in counts):
        raise ShapeError(f"{what}: expected counts of at least 0, one for each dim of {shape} or more, got {counts}")
    sizes = (1,) * front + shape
    each = [n for pair in zip(counts, sizes, strict=True) for n in pair]
    once = [n for size in sizes for n in (1, size)]
    copies = input.reshape(once).expand(each)
    copies = copies.clone() if math.prod(counts) == 1 else copies
    return copies.reshape([c * n for c, n in zip(counts, sizes, strict=True)])


def repeat_interleave(
    input: Any, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Any:
    """Each element (each slice along ``dim``) several times in a row; without ``dim``, of the tensor made flat.

    ``repeats`` is a number, or a tensor with a number for each. With one argument alone, ``repeat_interleave(repeats)``,
    the result is each index that many times.

    >>> repeat_interleave(tinygrad_edu.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    """
    if repeats is None:
        input, repeats = constant(array_namespace(input.array).arange(input.array.size), input), input
    elif dim is None:
        input = input.reshape(-1)
    elif not input.array.ndim:
        raise DimError("repeat_interleave: a tensor without dimensions has no dim to repeat along; leave dim out")
    dim = 0 if dim is None else one_dim("repeat_interleave", dim, input.array.ndim)
    n = input.array.shape[dim]
    if not isinstance(repeats, Variable) or (repeats.array.size == 1 and repeats.array.ndim < 2 and n != 1):
        number = repeats.array.item() if isinstance(repeats, Variable) else integer("repeat_interleave", repeats)
        _check_repeats(number < 0, output_size, number * n)
        return _interleaved(input, number, dim)
    counts = repeats.array
    if counts.ndim > 1 or counts.size != n or counts.dtype.kind not in "iu":
        raise ShapeError(
            f"repeat_interleave: expected {n} integers, one for each slice along dim {dim}, got {counts.dtype} of shape "
            f"{tuple(counts.shape)}"
        )
    xp = array_namespace(counts)
    ends = counts.reshape(-1).cumsum(dtype=int64)
    total = int(ends[-1]) if n else 0
    _check_repeats(bool((counts < 0).any()), output_size, total)
    index = xp.searchsorted(ends, xp.arange(total), side="right")
    return input.index_select(dim, constant(index, input))


def _check_repeats(negative: bool, expected: int | None, total: int) -> None:
    if negative:
        raise ShapeError("repeat_interleave: expected counts of at least 0, got a negative one")
    if expected is not None and expected != total:
        raise ShapeError(f"repeat_interleave: output_size is {expected}, but the counts add up to {total}")


def _interleaved(input: Any, number: int, dim: int) -> Any:
    shape = tuple(input.array.shape)
    copies = input.unsqueeze(dim + 1).expand(*shape[: dim + 1], number, *shape[dim + 1 :])
    copies = copies.clone() if number == 1 else copies
    return copies.reshape(*shape[:dim], shape[dim] * number, *shape[dim + 1 :])


def combinations(input: Any, r: int = 2, with_replacement: bool = False) -> Any:
    """All ways to choose ``r`` elements of a vector, one a row, in the order of their places."""
    if input.array.ndim != 1:
        raise ShapeError(f"combinations: expected a vector, got shape {tuple(input.array.shape)}")
    r = integer("combinations", r)
    if r < 0:
        raise ShapeError(f"combinations: expected to choose at least 0, got {r}")
    if r == 0:
        return input.detach()[:0]
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(input.array.size), r)), dtype=int64).reshape(-1, r)
    return input[constant(as_array(rows, None, device_of(input.array)), input)]
