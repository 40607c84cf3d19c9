"""Padding: a border around the last dims, of a constant, of mirrored, repeated or wrapped-around elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.op import Op
from ..backend import array_namespace, as_array, device_of
from ..backend.dtypes import int64
from ..errors import ShapeError
from .dims import as_sizes
from .filling import one_value
from .promotion import constant, first_tensor
from .selection import Index

__all__ = ["pad"]


class ConstantPad(Op):
    """y = x inside a border of one value. dx = the inside of dy."""

    half_as_stored = True

    def __init__(self, borders: list, value: Any):
        self.borders, self.value = borders, value

    def forward(self, x: Any) -> Any:
        y = array_namespace(x).empty(
            [n + a + b for n, (a, b) in zip(x.shape, self.borders, strict=True)], dtype=x.dtype
        )
        y[...] = self.value
        self.inside = tuple([slice(a, a + n) for n, (a, _) in zip(x.shape, self.borders, strict=True)])
        y[self.inside] = x
        return y

    def backward(self, dy: Any) -> Any:
        return Index((*self.inside, ...))(dy)


def pad(input: Any, pad: Any, mode: str = "constant", value: Any = None) -> Any:
    """A border around ``input``, as ``torch.nn.functional.pad``.

    Parameters
    ----------
    input : Tensor, shape (..., A, B)
    pad : sequence of int
        How much to add before and after the last dim, then the dim before it, and so on. Negative: cut off.
    mode : {"constant", "reflect", "replicate", "circular"}
        Of what: ``value`` (0), the elements mirrored at the edge (which is not repeated), the edge itself, or the
        elements from the other end. All but "constant" pad the last 1, 2 or 3 dims behind one or two others.
    value : number, optional

    Returns
    -------
    Tensor, shape (..., A + before + after, B + before + after)
        The gradient of a border element goes to the element that it is a copy of.

    Examples
    --------
    >>> x = tinygrad_edu.tensor([[1, 2, 3]])
    >>> pad(x, (1, 2))
    tensor([[0, 1, 2, 3, 0, 0]])
    >>> pad(x, (1, 2), mode="reflect")
    tensor([[2, 1, 2, 3, 2, 1]])
    """
    widths = as_sizes("pad", (pad,))
    shape = tuple(first_tensor("pad", input).array.shape)
    if len(widths) % 2 or len(widths) > 2 * len(shape):
        raise ShapeError(f"pad: expected two widths for each padded dim, at most {len(shape)} dims, got {widths}")
    borders = [(0, 0)] * (len(shape) - len(widths) // 2)
    borders += [(widths[i], widths[i + 1]) for i in range(len(widths) - 2, -1, -2)]
    if any(n + min(a, 0) + min(b, 0) < 0 for n, (a, b) in zip(shape, borders, strict=True)):
        raise ShapeError(f"pad: the widths {widths} cut more off {shape} than there is")
    if mode == "constant":
        return _constant(input, borders, value)
    if mode not in _SOURCES:
        raise ShapeError(f'pad: expected mode "constant", "reflect", "replicate" or "circular", got {mode!r}')
    if value:
        raise ShapeError(f'pad: mode "{mode}" takes no value')
    if not widths or len(shape) - len(widths) // 2 not in (1, 2) or len(widths) > 6:
        raise ShapeError(
            f'pad: mode "{mode}" pads the last 1, 2 or 3 dims behind one or two others, got {len(widths)} widths for {shape}'
        )
    for dim, (before, after) in enumerate(borders):
        if before or after:
            if mode != "circular" and shape[dim] + before + after < 1:
                raise ShapeError(f'pad: mode "{mode}" leaves nothing of dim {dim} of size {shape[dim]}')
            source = _SOURCES[mode](shape[dim], before, after)
            index = constant(as_array(source.astype(int64), None, device_of(input.array)), input)
            input = input.index_select(dim, index)
    return input


def _constant(input: Any, borders: list, value: Any) -> Any:
    if any(min(border) < 0 for border in borders):
        cut = [slice(max(0, -a), n - max(0, -b)) for n, (a, b) in zip(input.array.shape, borders, strict=True)]
        input = Index((*cut, ...))(input)
    value = one_value("pad", 0 if value is None else value, input)
    return ConstantPad([(max(0, a), max(0, b)) for a, b in borders], value.array)(input)


def _reflected(n: int, before: int, after: int) -> np.ndarray:
    """Where the elements of a mirrored dim come from: ... 2 1 [0 1 ... n-1] n-2 n-3 ..."""
    if max(before, after) >= n:
        raise ShapeError(f'pad: mode "reflect" needs widths below the size {n} of the dim, got {before} and {after}')
    place = np.abs(np.arange(-before, n + after))
    return n - 1 - np.abs(n - 1 - place)


def _replicated(n: int, before: int, after: int) -> np.ndarray:
    """0 0 [0 1 ... n-1] n-1 n-1 ..."""
    if n < 1:
        raise ShapeError('pad: mode "replicate" needs at least one element to repeat')
    return np.arange(-before, n + after).clip(0, n - 1)


def _wrapped(n: int, before: int, after: int) -> np.ndarray:
    """n-2 n-1 [0 1 ... n-1] 0 1 ... of what is left where a width is negative."""
    left = np.arange(max(0, -before), n - max(0, -after))
    if max(before, after) > left.size:
        raise ShapeError(
            f'pad: mode "circular" wraps around once at most: {before} and {after} for a size of {left.size}'
        )
    return left[np.arange(-max(before, 0), left.size + max(after, 0)) % max(left.size, 1)]


_SOURCES = {"reflect": _reflected, "replicate": _replicated, "circular": _wrapped}
