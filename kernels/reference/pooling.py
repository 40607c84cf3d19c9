"""Pooling: one number for each window, the largest or the mean.

    max      y[n, c, o] = max over k of  x[n, c, o * stride + k * dilation - padding]
    average  y[n, c, o] = sum over k of  x[n, c, o * stride + k - padding] / divisor

    x (N, C, *S)    y (N, C, *O)    for any number of spatial dimensions

Padding is never a candidate for the maximum and adds nothing to a sum. With `ceil_mode` a last window may hang over the
edge, as long as it starts inside the input or in the padding before it.

Maximum: also remember where it was, as an index into the flattened spatial dimensions (PyTorch's convention). Then the
gradient is a scatter, dx[index] += dy, and the gradient of that is a gather: `max_pool_forward` picks,
`max_pool_backward` puts back, `max_pool_gather` picks again at the same places. The last two are each other's
derivative.
Between equal values the first in row-major order wins, so that one input receives the gradient and not several.
A nan beats every number; of several, the last wins.

Average: linear, so its gradient is the transposed map, and the gradient of that is the average again.

The loop is over the cells of the kernel, a handful; each round works on whole arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..namespace import array_namespace
from .floating import accumulator
from .scatter import combine_at
from .windows import output_size, taps

__all__ = [
    "avg_pool_backward",
    "avg_pool_forward",
    "max_pool_backward",
    "max_pool_forward",
    "max_pool_gather",
    "pool_output_shape",
]

Array = Any


def pool_output_shape(
    x_shape: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil_mode: bool,
) -> tuple[int, ...]:
    """Return the shape of a pooling's result, or say why there is none.

    Parameters
    ----------
    x_shape : (N, C, *S)
    kernel, stride, padding, dilation : sequence of int
        One entry for each spatial dimension.
    ceil_mode : bool
        Keep a last window that hangs over the edge.

    Returns
    -------
    (N, C, *O)
        ``O = (S + 2 * padding - dilation * (K - 1) - 1) / stride + 1``, rounded down, or up in `ceil_mode`.

    Raises
    ------
    ValueError
        If a setting is out of range or no window fits.

    Examples
    --------
    >>> pool_output_shape((1, 1, 7), kernel=[2], stride=[2], padding=[0], dilation=[1], ceil_mode=False)
    (1, 1, 3)
    >>> pool_output_shape((1, 1, 7), kernel=[2], stride=[2], padding=[0], dilation=[1], ceil_mode=True)
    (1, 1, 4)
    """
    n, c, *sizes = x_shape
    name = f"pool{len(sizes)}d"
    for setting, values in {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}.items():
        if len(values) != len(sizes):
            raise ValueError(
                f"{name}: expected {len(sizes)} values of {setting}, one for each dimension after (N, C), "
                f"got {tuple(values)} for x {tuple(x_shape)}"
            )
        if setting != "padding" and min(values) < 1:
            raise ValueError(f"{name}: expected {setting} of at least 1, got {tuple(values)}")
    out = []
    for size, k, s, p, d in zip(sizes, kernel, stride, padding, dilation, strict=True):
        span = d * (k - 1) + 1
        if not 0 <= p <= span // 2:
            raise ValueError(
                f"{name}: expected padding from 0 to half of what the kernel spans, "
                f"got padding {p} and a kernel that spans {span} (kernel {k}, dilation {d})"
            )
        o = output_size(size, k, s, (p, p + (s - 1 if ceil_mode else 0)), d)
        if ceil_mode and (o - 1) * s >= size + p:
            o -= 1
        if o < 1:
            raise ValueError(
                f"{name}: expected a kernel that fits into the padded input, "
                f"got a kernel that spans {span} (kernel {k}, dilation {d}) and an input of {size} + {2 * p} (padding)"
            )
        # A window that begins at i < 0 enters the input at cell i % d, and a dilated one may step over the input.
        if any((i - p) % d >= size for i in range(0, min(p, o * s), s)):
            raise ValueError(
                f"{name}: expected every window to see a cell of the input, "
                f"got an input of {size} with padding {p} and dilation {d}"
            )
        out.append(o)
    return (n, c, *out)


def max_pool_forward(
    x: Array,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil_mode: bool,
) -> tuple[Array, Array]:
    """Take the largest value of each window, and remember where it was.

    Gradient: ``dx = max_pool_backward(dy, indices, x.shape)``.

    Parameters
    ----------
    x : array, shape (N, C, *S)
        Floating or integer.
    kernel, stride, padding, dilation, ceil_mode
        As in `pool_output_shape`.

    Returns
    -------
    y : array, shape (N, C, *O)
        Of the dtype of `x`.
    indices : int64 array, shape (N, C, *O)
        Where in the flattened spatial dimensions of `x` each maximum was.

    Raises
    ------
    ValueError
        As `pool_output_shape`.

    Examples
    --------
    >>> y, indices = max_pool_forward(np.array([[[3, 9, 1, 4, 4, 2]]]), [2], [2], [0], [1], ceil_mode=False)
    >>> y, indices
    (array([[[9, 4, 4]]]), array([[[1, 3, 4]]]))
    """
    xp = array_namespace(x)
    shape = pool_output_shape(x.shape, kernel, stride, padding, dilation, ceil_mode)
    sizes, out = x.shape[2:], shape[2:]
    cells = list(taps(sizes, out, kernel, stride, padding, dilation))
    y = xp.full(shape, np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -np.inf, dtype=x.dtype)
    winner = xp.zeros(shape, dtype=xp.int32)
    # From the last cell to the first, each replacing what is not larger: so the first of equals is there in the end,
    # even if all are -inf. "Not smaller" lets a nan in, and a nan, the only value unequal to itself, is not replaced.
    with np.errstate(all="ignore"):
        for number, (_, outputs, inputs) in reversed(list(enumerate(cells))):
            candidate, best, holder = x[inputs], y[outputs], winner[outputs]
            wins = ~(candidate < best) & (best == best)
            # Not a masked copy, of which the processor would guess every other branch wrong.
            holder += (number - holder) * wins
            xp.maximum(best, candidate, out=best)
    # The place of the winning cell: the corner of the window, which may lie in the padding, and an offset.
    steps = [prod(sizes[d + 1 :]) for d in range(len(sizes))]
    corner = xp.zeros((), dtype=xp.int64)
    for o, s, p, step in zip(out, stride, padding, steps, strict=True):
        corner = corner[..., None] + (xp.arange(o) * s - p) * step
    offsets = [sum(c * d * step for c, d, step in zip(cell, dilation, steps, strict=True)) for cell, _, _ in cells]
    return y, corner + xp.asarray(offsets, dtype=xp.int64)[winner]


def max_pool_backward(dy: Array, indices: Array, x_shape: Sequence[int]) -> Array:
    """Put the gradient of each maximum back where the maximum was; windows that share one add up.

    Gradient: with respect to `dy`, ``max_pool_gather(g, indices)``.

    Parameters
    ----------
    dy : array, shape (N, C, *O)
    indices : int64 array, shape (N, C, *O)
        From `max_pool_forward`.
    x_shape : (N, C, *S)
        The shape to return.

    Returns
    -------
    array, shape `x_shape`
        Of the dtype of `dy`.

    Examples
    --------
    >>> max_pool_backward(np.array([[[1.0, 10.0]]]), np.array([[[2, 2]]]), (1, 1, 4))
    array([[[ 0.,  0., 11.,  0.]]])
    """
    xp = array_namespace(dy)
    n, c, *sizes = x_shape
    total = accumulator(dy.dtype)
    dx = xp.zeros(n * c * prod(sizes), dtype=total)
    image = (xp.arange(n * c) * prod(sizes)).reshape(n, c, *(1 for _ in sizes))  # where each (n, c) begins in dx
    combine_at(xp.add, dx, (image + indices).reshape(-1), dy.astype(total, copy=False).reshape(-1))
    with np.errstate(all="ignore"):
        return dx.reshape(tuple(x_shape)).astype(dy.dtype, copy=False)


def max_pool_gather(x: Array, indices: Array) -> Array:
    """Pick from `x` what lies where an earlier pooling found its maxima: the transpose of `max_pool_backward`.

    Gradient: ``dx = max_pool_backward(dy, indices, x.shape)``.

    Parameters
    ----------
    x : array, shape (N, C, *S)
    indices : int64 array, shape (N, C, *O)
        From `max_pool_forward`.

    Returns
    -------
    array, shape (N, C, *O)

    Examples
    --------
    >>> max_pool_gather(np.array([[[5.0, 6.0, 7.0, 8.0]]]), np.array([[[2, 0]]]))
    array([[[7., 5.]]])
    """
    xp = array_namespace(x)
    n, c, *sizes = x.shape
    y = xp.take_along_axis(x.reshape(n, c, prod(sizes)), indices.reshape(n, c, prod(indices.shape[2:])), axis=2)
    return y.reshape(indices.shape)


def avg_pool_forward(
    x: Array,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Array:
    """Take the mean of each window.

    Gradient: ``dx = avg_pool_backward(dy, x.shape, ...)`` with the same settings.

    Parameters
    ----------
    x : array, shape (N, C, *S)
        Floating.
    kernel, stride, padding, ceil_mode
        As in `pool_output_shape`.
    count_include_pad : bool
        Divide by the cells of the window inside the padded input, else by those inside the input.
    divisor_override : int or None
        Divide by this instead.

    Returns
    -------
    array, shape (N, C, *O)
        Of the dtype of `x`; 16-bit floats add up in float32.

    Raises
    ------
    ValueError
        As `pool_output_shape`, and if `divisor_override` is 0.

    Examples
    --------
    >>> avg_pool_forward(np.array([[[2.0, 4.0, 8.0]]]), [2], [1], [1], False, False, None)
    array([[[2., 3., 6., 8.]]])
    """
    xp, dilation = array_namespace(x), [1] * len(kernel)
    shape = pool_output_shape(x.shape, kernel, stride, padding, dilation, ceil_mode)
    y = xp.zeros(shape, dtype=accumulator(x.dtype))
    divisor = _divisor(y, x.shape[2:], kernel, stride, padding, count_include_pad, divisor_override)
    with np.errstate(all="ignore"):
        for _, outputs, inputs in taps(x.shape[2:], shape[2:], kernel, stride, padding, dilation):
            y[outputs] += x[inputs]
        y /= divisor
        return y.astype(x.dtype, copy=False)


def avg_pool_backward(
    dy: Array,
    x_shape: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Array:
    """Share the gradient of each mean out among the cells of its window.

    Gradient: with respect to `dy`, ``avg_pool_forward(g, ...)`` with the same settings.

    Parameters
    ----------
    dy : array, shape (N, C, *O)
    x_shape : (N, C, *S)
        The shape to return.
    kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
        Those of `avg_pool_forward`.

    Returns
    -------
    array, shape `x_shape`
        Of the dtype of `dy`.

    Raises
    ------
    ValueError
        As `avg_pool_forward`, and if `dy` has not the shape of its result.

    Examples
    --------
    >>> avg_pool_backward(np.array([[[2.0, 4.0]]]), (1, 1, 3), [2], [1], [0], False, True, None)
    array([[[1., 3., 2.]]])
    """
    xp, dilation, sizes = array_namespace(dy), [1] * len(kernel), tuple(x_shape)[2:]
    shape = pool_output_shape(x_shape, kernel, stride, padding, dilation, ceil_mode)
    if dy.shape != shape:
        raise ValueError(
            f"avg_pool_backward: expected dy {shape}, the result's shape for x {tuple(x_shape)}, got {dy.shape}"
        )
    dx = xp.zeros(tuple(x_shape), dtype=accumulator(dy.dtype))
    share = dy.astype(dx.dtype, copy=False)
    with np.errstate(all="ignore"):
        share = share / _divisor(share, sizes, kernel, stride, padding, count_include_pad, divisor_override)
        for _, outputs, inputs in taps(sizes, shape[2:], kernel, stride, padding, dilation):
            dx[inputs] += share[outputs]
        return dx.astype(dy.dtype, copy=False)


def _divisor(
    y: Array,
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    count_include_pad: bool,
    divisor_override: int | None,
) -> Array | int:
    """Return what the sums in `y` (N, C, *O) are divided by: an array (*O,) of the dtype of `y`, or one number."""
    if divisor_override is not None:
        if divisor_override == 0:
            raise ValueError("avg_pool: expected a divisor_override other than 0, got 0")
        return divisor_override
    xp = array_namespace(y)
    count = xp.ones((), dtype=xp.int64)
    for size, out, k, s, p in zip(sizes, y.shape[2:], kernel, stride, padding, strict=True):
        start = xp.arange(out) * s - p
        end = xp.minimum(start + k, size + p)
        if not count_include_pad:
            start, end = xp.maximum(start, 0), xp.minimum(end, size)
        count = count[..., None] * (end - start)
    return count.astype(y.dtype)
