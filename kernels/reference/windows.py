"""Sliding windows: which input cell each output cell sees. Shared by convolution and pooling.

Along one dimension, output cell `o` looks through kernel cell `k` at input cell

    i = o * stride + k * dilation - padding        (seen only where 0 <= i < S)

and there are as many output cells as windows that fit:

    O = floor((S + padding_before + padding_after - dilation * (K - 1) - 1) / stride) + 1

There are two ways to use that line. `sliding_windows` gives every window at once, as a view that copies nothing: good
for turning a convolution into one matrix product. `taps` goes through the kernel cell by cell and says which block of
the output meets which block of the input: good for adding back (gradients) and for pooling, with no padded copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from ..namespace import array_namespace

__all__ = ["Padding", "both_sides", "output_size", "pad", "sliding_windows", "taps"]

Array = Any
Padding = Sequence["int | tuple[int, int]"]  # for each spatial dimension: both sides alike, or (before, after)


def both_sides(padding: Padding) -> list[tuple[int, int]]:
    """Spell padding out as one (before, after) pair for each spatial dimension.

    >>> both_sides([1, (0, 2)])
    [(1, 1), (0, 2)]
    """
    return [(p[0], p[1]) if isinstance(p, (tuple, list)) else (p, p) for p in padding]


def output_size(size: int, kernel: int, stride: int, padding: tuple[int, int], dilation: int) -> int:
    """Count the windows that fit along one dimension; 0 or less where not even one does.

    >>> output_size(28, kernel=3, stride=1, padding=(0, 0), dilation=1)
    26
    """
    return (size + sum(padding) - dilation * (kernel - 1) - 1) // stride + 1


def pad(x: Array, padding: Padding) -> Array:
    """Surround the spatial dimensions of `x` (..., *S) with zeros.

    Parameters
    ----------
    x : array, shape (..., *S)
    padding : sequence of int or (int, int)
        One entry for each spatial dimension, the last ones of `x`.

    Returns
    -------
    array, shape (..., *(S + before + after))
        `x` itself where there is nothing to add.
    """
    sides = both_sides(padding)
    if not any(before or after for before, after in sides):
        return x
    lead, sizes = x.shape[: x.ndim - len(sides)], x.shape[x.ndim - len(sides) :]
    grown = [before + size + after for size, (before, after) in zip(sizes, sides, strict=True)]
    y = array_namespace(x).zeros((*lead, *grown), dtype=x.dtype)
    y[(..., *(slice(before, before + size) for size, (before, _) in zip(sizes, sides, strict=True)))] = x
    return y


def sliding_windows(x: Array, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> Array:
    """View `x` as all its windows, copying nothing.

    Parameters
    ----------
    x : array, shape (..., *S)
        Padded already.
    kernel, stride, dilation : sequence of int
        One entry for each spatial dimension.

    Returns
    -------
    array, shape (..., *O, *K)
        ``windows[..., o, k] == x[..., o * stride + k * dilation]``. Windows overlap in memory: read only.

    Examples
    --------
    >>> sliding_windows(np.arange(6), [2], stride=[2], dilation=[1])
    array([[0, 1],
           [2, 3],
           [4, 5]])
    """
    view = array_namespace(x).lib.stride_tricks.sliding_window_view
    span = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    windows = view(x, tuple(span), axis=tuple(range(x.ndim - len(span), x.ndim)))
    return windows[(..., *(slice(None, None, s) for s in stride), *(slice(None, None, d) for d in dilation))]


def taps(
    sizes: Sequence[int],
    out_sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Padding,
    dilation: Sequence[int],
) -> Iterator[tuple[tuple[int, ...], tuple[Any, ...], tuple[Any, ...]]]:
    """Go through the kernel cells in row-major order: which outputs meet which inputs through that cell.

    Parameters
    ----------
    sizes, out_sizes : sequence of int
        S and O, for each spatial dimension.
    kernel, stride, padding, dilation : sequence
        One entry for each spatial dimension.

    Yields
    ------
    cell : tuple of int
        The kernel cell.
    outputs, inputs : tuple of slices, beginning with ``...``
        ``y[outputs]`` and ``x[inputs]`` have the same shape and meet element by element. Padding is never part of it,
        and a cell that sees nothing but padding is left out.

    Examples
    --------
    >>> for cell, outputs, inputs in taps([5], [3], kernel=[3], stride=[2], padding=[1], dilation=[1]):
    ...     print(cell, outputs[1], inputs[1])
    (0,) slice(1, 3, 1) slice(1, 4, 2)
    (1,) slice(0, 3, 1) slice(0, 5, 2)
    (2,) slice(0, 2, 1) slice(1, 4, 2)
    """
    by_dim = []
    for size, out, k, s, (before, _), d in zip(
        sizes, out_sizes, kernel, stride, both_sides(padding), dilation, strict=True
    ):
        meetings = []
        for cell in range(k):
            offset = cell * d - before  # the input cell that output 0 sees
            first = max(0, -(offset // s))  # the first output that sees a cell >= 0: ceil(-offset / s)
            last = min(out - 1, (size - 1 - offset) // s)
            if first <= last:
                seen = slice(first * s + offset, last * s + offset + 1, s)
                meetings.append((cell, slice(first, last + 1, 1), seen))
        by_dim.append(meetings)
    for meeting in product(*by_dim):
        cells, outputs, inputs = zip(*meeting, strict=True)
        yield cells, (..., *outputs), (..., *inputs)
