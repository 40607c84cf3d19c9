"""Convolution over any number of spatial dimensions, and its two gradients.

    y[n, f, o] = sum over c, k of  w[f, c, k] * x[n, c, o * stride + k * dilation - padding]

    x (N, C_in, *S)    w (C_out, C_in / groups, *K)    y (N, C_out, *O)

(What deep learning calls convolution is a correlation: the kernel is not flipped.) With groups the channels fall into
that many sets which do not see each other: output channel f of set g sums over the input channels of set g only.

Why a matrix product. Each output is a dot product of the kernel with one window. Lay every window out as a column, and
the sum over (c, k) becomes the inner dimension of a matrix product, what every machine does at full speed:

    columns (C_in * prod(K), prod(O))    y[n] = w (C_out, C_in * prod(K)) @ columns

The columns hold each input cell up to prod(K) times. They are built for a few images at a time, so that they stay in
the cache between being written and being multiplied, and memory does not grow with the batch.

Three functions, one sum. All three read off  sum over n, f, c, o, k of  dy[n, f, o] * w[f, c, k] * x[n, c, i(o, k)],
which is linear in each of the three arrays: leave one out and sum over the rest.

    conv_forward           leaves out dy:  y   from x and w
    conv_input_gradient    leaves out x:   dx  from dy and w    (this is transposed convolution)
    conv_weight_gradient   leaves out w:   dw  from x and dy

So the derivative of each of them is one of the other two, and derivatives of any order stay in the family.

Source: K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document processing",
2006.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from ..namespace import array_namespace
from .floating import accumulator
from .windows import Padding, both_sides, output_size, pad, sliding_windows, taps

__all__ = ["conv_forward", "conv_input_gradient", "conv_output_shape", "conv_weight_gradient"]

Array = Any

COLUMN_BYTES = 8 << 20  # of columns at a time, about what a cache holds; one image may need more


def conv_output_shape(
    x_shape: Sequence[int],
    w_shape: Sequence[int],
    stride: Sequence[int],
    padding: Padding,
    dilation: Sequence[int],
    groups: int,
) -> tuple[int, ...]:
    """Return the shape of a convolution's result, or say why there is none.

    Parameters
    ----------
    x_shape : (N, C_in, *S)
    w_shape : (C_out, C_in / groups, *K)
    stride, dilation : sequence of int
        One entry for each spatial dimension.
    padding : sequence of int or (int, int)
        Zeros around the input; a pair means (before, after).
    groups : int

    Returns
    -------
    (N, C_out, *O)
        ``O = (S + before + after - dilation * (K - 1) - 1) // stride + 1``

    Raises
    ------
    ValueError
        If the shapes do not fit each other, a setting is out of range, or the kernel is larger than the padded input.

    Examples
    --------
    >>> conv_output_shape((64, 3, 32, 32), (16, 3, 5, 5), stride=[2, 2], padding=[2, 2], dilation=[1, 1], groups=1)
    (64, 16, 16, 16)
    """
    x_shape, w_shape, spatial = tuple(x_shape), tuple(w_shape), len(w_shape) - 2
    name = f"conv{spatial}d" if spatial > 0 else "conv"
    if spatial < 1 or len(x_shape) != len(w_shape):
        raise ValueError(
            f"{name}: expected x (N, C_in, *S) and w (C_out, C_in / groups, *K) with as many spatial dimensions, "
            f"got x {x_shape} and w {w_shape}"
        )
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    for setting, values in settings.items():
        if len(values) != spatial:
            raise ValueError(f"{name}: expected {spatial} values of {setting}, one a dimension, got {tuple(values)}")
    for setting, values in {"kernel": w_shape[2:], "stride": stride, "dilation": dilation, "groups": [groups]}.items():
        if min(values) < 1:
            raise ValueError(f"{name}: expected {setting} of at least 1, got {tuple(values)}")
    if min(min(sides) for sides in both_sides(padding)) < 0:
        raise ValueError(f"{name}: expected padding of at least 0, got {tuple(padding)}")
    if w_shape[0] % groups or w_shape[1] * groups != x_shape[1]:
        raise ValueError(
            f"{name}: expected w (C_out, C_in / groups, *K) with C_out a multiple of groups, "
            f"got x {x_shape}, w {w_shape} and groups={groups}; "
            f"w takes {w_shape[1]} * {groups} = {w_shape[1] * groups} input channels and x has {x_shape[1]}"
        )
    out = []
    for s, k, step, sides, d in zip(x_shape[2:], w_shape[2:], stride, both_sides(padding), dilation, strict=True):
        if d * (k - 1) + 1 > s + sum(sides):
            raise ValueError(
                f"{name}: expected a kernel that fits into the padded input, "
                f"got a kernel that spans {d * (k - 1) + 1} = dilation {d} * (K {k} - 1) + 1 "
                f"and an input of {s} + {sum(sides)} (padding); x {x_shape}, w {w_shape}"
            )
        out.append(output_size(s, k, step, sides, d))
    return (x_shape[0], w_shape[0], *out)


def conv_forward(
    x: Array, w: Array, stride: Sequence[int], padding: Padding, dilation: Sequence[int], groups: int
) -> Array:
    """Slide the kernels `w` over `x`.

    Gradient: ``dx = conv_input_gradient(dy, w, ...)``, ``dw = conv_weight_gradient(x, dy, ...)``.

    Parameters
    ----------
    x : array, shape (N, C_in, *S)
    w : array, shape (C_out, C_in / groups, *K)
        Of the dtype of `x`.
    stride, padding, dilation, groups
        As in `conv_output_shape`.

    Returns
    -------
    array, shape (N, C_out, *O)
        Of the dtype of `x`; 16-bit floats add up in float32.

    Raises
    ------
    ValueError
        As `conv_output_shape`.

    Examples
    --------
    >>> x, difference = np.array([[[1.0, 4.0, 9.0, 16.0]]]), np.array([[[-1.0, 1.0]]])
    >>> conv_forward(x, difference, stride=[1], padding=[0], dilation=[1], groups=1)
    array([[[3., 5., 7.]]])
    """
    xp = array_namespace(x)
    y_shape = conv_output_shape(x.shape, w.shape, stride, padding, dilation, groups)
    dtype, total = x.dtype, accumulator(x.dtype)
    (n, c_out, *out), (_, c_in, *kernel) = y_shape, w.shape
    inner = c_in * prod(kernel)  # of one set of channels
    filters = w.astype(total, copy=False).reshape(groups, c_out // groups, inner)
    o_axes, k_axes = _window_axes(len(out))
    y = xp.empty((n, groups, c_out // groups, prod(out)), dtype=total)
    with np.errstate(all="ignore"):
        for some in _few_images(n, groups * inner * prod(out) * total.itemsize):
            images = pad(x[some].astype(total, copy=False), padding)
            windows = sliding_windows(images, kernel, stride, dilation)
            columns = windows.transpose(0, 1, *k_axes, *o_axes).reshape(len(images), groups, inner, prod(out))
            xp.matmul(filters, columns, out=y[some])
        return y.reshape(y_shape).astype(dtype, copy=False)


def conv_input_gradient(
    dy: Array,
    w: Array,
    x_shape: Sequence[int],
    stride: Sequence[int],
    padding: Padding,
    dilation: Sequence[int],
    groups: int,
) -> Array:
    """Carry the gradient of a convolution's result back to its input; also known as transposed convolution.

        dx[n, c, i] = sum over f, o, k with o * stride + k * dilation - padding == i of  w[f, c, k] * dy[n, f, o]

    The forward pass backwards: a product with the transposed filters gives the gradient of every column, and since each
    input cell was copied into up to prod(K) columns, its gradient is the sum over those copies.

    Gradient: with respect to `dy` it is `conv_forward(g, w)`, with respect to `w` `conv_weight_gradient(g, dy)`.

    Parameters
    ----------
    dy : array, shape (N, C_out, *O)
    w : array, shape (C_out, C_in / groups, *K)
        Of the dtype of `dy`.
    x_shape : (N, C_in, *S)
        The shape to return. `O` alone does not tell: with a stride of 2, inputs of 5 and of 6 give as many outputs.
        For a transposed convolution S is
        ``(O - 1) * stride - before - after + dilation * (K - 1) + 1 + output_padding``.
    stride, padding, dilation, groups
        Those of the convolution.

    Returns
    -------
    array, shape `x_shape`
        Of the dtype of `dy`.

    Raises
    ------
    ValueError
        If no convolution takes `x_shape` and `w` to the shape of `dy`.

    Examples
    --------
    >>> dy, w = np.array([[[1.0, 10.0]]]), np.array([[[1.0, 2.0, 3.0]]])
    >>> conv_input_gradient(dy, w, (1, 1, 5), stride=[2], padding=[0], dilation=[1], groups=1)
    array([[[ 1.,  2., 13., 20., 30.]]])
    """
    xp = array_namespace(dy)
    n, c_out, *out = _check_dy("conv_input_gradient", dy, x_shape, w.shape, stride, padding, dilation, groups)
    dtype, total = dy.dtype, accumulator(dy.dtype)
    (_, c_in, *kernel), sizes = w.shape, tuple(x_shape)[2:]
    inner = c_in * prod(kernel)
    filters = w.astype(total, copy=False).reshape(groups, c_out // groups, inner).swapaxes(1, 2)
    dy = dy.reshape(n, groups, c_out // groups, prod(out))
    dx = xp.zeros(tuple(x_shape), dtype=total)
    with np.errstate(all="ignore"):
        for some in _few_images(n, groups * inner * prod(out) * total.itemsize):
            d = dy[some].astype(total, copy=False)
            columns = xp.matmul(filters, d).reshape(len(d), groups * c_in, *kernel, *out)
            for cell, outputs, inputs in taps(sizes, out, kernel, stride, padding, dilation):
                dx[some][inputs] += columns[(slice(None), slice(None), *cell)][outputs]
        return dx.astype(dtype, copy=False)


def conv_weight_gradient(
    x: Array,
    dy: Array,
    w_shape: Sequence[int],
    stride: Sequence[int],
    padding: Padding,
    dilation: Sequence[int],
    groups: int,
) -> Array:
    """Carry the gradient of a convolution's result back to its kernels.

        dw[f, c, k] = sum over n, o of  dy[n, f, o] * x[n, c, o * stride + k * dilation - padding]

    Here the sum runs over images and positions, so they lie together as the inner dimension of the product:
    dw = dy (C_out, N * prod(O)) @ columns (N * prod(O), C_in * prod(K)).

    Gradient: with respect to `x` it is `conv_input_gradient(dy, g)`, with respect to `dy` `conv_forward(x, g)`.

    Parameters
    ----------
    x : array, shape (N, C_in, *S)
    dy : array, shape (N, C_out, *O)
        Of the dtype of `x`.
    w_shape : (C_out, C_in / groups, *K)
        The shape to return.
    stride, padding, dilation, groups
        Those of the convolution.

    Returns
    -------
    array, shape `w_shape`
        Of the dtype of `x`.

    Raises
    ------
    ValueError
        If no convolution takes `x` and `w_shape` to the shape of `dy`.

    Examples
    --------
    >>> x, dy = np.array([[[1.0, 2.0, 3.0, 4.0]]]), np.array([[[1.0, 0.0, 10.0]]])
    >>> conv_weight_gradient(x, dy, (1, 1, 2), stride=[1], padding=[0], dilation=[1], groups=1)
    array([[[31., 42.]]])
    """
    xp = array_namespace(x)
    n, c_out, *out = _check_dy("conv_weight_gradient", dy, x.shape, w_shape, stride, padding, dilation, groups)
    dtype, total = x.dtype, accumulator(x.dtype)
    _, c_in, *kernel = w_shape
    inner = c_in * prod(kernel)
    o_axes, k_axes = _window_axes(len(out))
    dy = dy.reshape(n, groups, c_out // groups, prod(out))
    dw = xp.zeros((groups, c_out // groups, inner), dtype=total)
    with np.errstate(all="ignore"):
        for some in _few_images(n, groups * inner * prod(out) * total.itemsize):
            images = pad(x[some].astype(total, copy=False), padding)
            windows = sliding_windows(images, kernel, stride, dilation)
            positions = len(images) * prod(out)
            columns = windows.transpose(1, *k_axes, 0, *o_axes).reshape(groups, inner, positions)
            d = dy[some].astype(total, copy=False).transpose(1, 2, 0, 3).reshape(groups, c_out // groups, positions)
            dw += xp.matmul(d, columns.swapaxes(1, 2))
        return dw.reshape(tuple(w_shape)).astype(dtype, copy=False)


def _check_dy(
    name: str,
    dy: Array,
    x_shape: Sequence[int],
    w_shape: Sequence[int],
    stride: Sequence[int],
    padding: Padding,
    dilation: Sequence[int],
    groups: int,
) -> tuple[int, ...]:
    """Return the shape of `dy`, which must be that of the convolution's result."""
    expected = conv_output_shape(x_shape, w_shape, stride, padding, dilation, groups)
    if dy.shape != expected:
        raise ValueError(
            f"{name}: expected dy {expected}, the result's shape for x {tuple(x_shape)} and w {tuple(w_shape)}, "
            f"got {dy.shape}"
        )
    return expected


def _few_images(n: int, column_bytes: int) -> Iterator[slice]:
    """Cut a batch of `n` into runs of images whose columns, `column_bytes` an image, stay within COLUMN_BYTES."""
    step = max(1, COLUMN_BYTES // max(1, column_bytes))
    return (slice(start, start + step) for start in range(0, n, step))


def _window_axes(spatial: int) -> tuple[range, range]:
    """Return which axes of the windows (N, C, *O, *K) are O and which are K."""
    return range(2, 2 + spatial), range(2 + spatial, 2 + 2 * spatial)
