"""Pooling in one to three dimensions: the largest or the mean of each window.

Maximum: once its places are known it is a selection, so its derivatives put back and pick again at the same places.
Average: linear, so its derivatives alternate between the transposed map and itself.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend.dtypes import is_floating
from ..errors import DTypeError, ShapeError
from ..kernels.reference import pooling as kernels
from .convolution import per_dimension
from .promotion import constant

__all__ = ["avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d", "max_pool2d", "max_pool3d"]


class MaxPool(Op):
    """y = the largest of each window of x.   dx = dy put back where the largest were.

    Of equals the first wins; nan is larger than every number. x (N, C, *S) -> y (N, C, *O)
    """

    keeps = ("indices",)

    def __init__(self, *settings: Any):
        self.settings = settings

    @property
    def name(self) -> str:
        """MaxPool1d, MaxPool2d or MaxPool3d."""
        return f"MaxPool{len(self.settings[0])}d"

    def forward(self, x: Any) -> Any:
        self.x_shape = x.shape
        y, self.indices = kernels.max_pool_forward(x, *self.settings)
        return y

    def backward(self, dy: Any) -> Any:
        return PutBack(self.indices, self.x_shape)(dy)


class PutBack(Op):
    """dx = dy at the places of the maxima, zero elsewhere.   ddy = ddx picked at those places."""

    keeps = ("indices",)

    def __init__(self, indices: Any, x_shape: tuple[int, ...]):
        self.indices, self.x_shape = indices, x_shape

    def forward(self, dy: Any) -> Any:
        return kernels.max_pool_backward(dy, self.indices, self.x_shape)

    def backward(self, ddx: Any) -> Any:
        return PickAgain(self.indices)(ddx)


class PickAgain(Op):
    """y = x at the places of the maxima.   dx = dy put back there."""

    keeps = ("indices",)
    half_as_stored = True

    def __init__(self, indices: Any):
        self.indices = indices

    def forward(self, x: Any) -> Any:
        self.x_shape = x.shape
        return kernels.max_pool_gather(x, self.indices)

    def backward(self, dy: Any) -> Any:
        return PutBack(self.indices, self.x_shape)(dy)


class AvgPool(Op):
    """y = the mean of each window of x.   dx = dy shared out among the cells of its window."""

    def __init__(self, *settings: Any):
        self.settings = settings

    @property
    def name(self) -> str:
        """AvgPool1d, AvgPool2d or AvgPool3d."""
        return f"AvgPool{len(self.settings[0])}d"

    def forward(self, x: Any) -> Any:
        self.x_shape = x.shape
        return kernels.avg_pool_forward(x, *self.settings)

    def backward(self, dy: Any) -> Any:
        return ShareOut(self.x_shape, *self.settings)(dy)


class ShareOut(Op):
    """dx = each dy shared out among the cells of its window.   ddy = the mean of each window of ddx."""

    def __init__(self, x_shape: tuple[int, ...], *settings: Any):
        self.x_shape, self.settings = x_shape, settings

    def forward(self, dy: Any) -> Any:
        return kernels.avg_pool_backward(dy, self.x_shape, *self.settings)

    def backward(self, ddx: Any) -> Any:
        return AvgPool(*self.settings)(ddx)


class Pooled(NamedTuple):
    """The largest values, and where each was: its index in the flattened spatial dimensions of the input."""

    values: Any
    indices: Any


def max_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest of each window of a sequence (N, C, L). See `max_pool2d`."""
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest of each window of an image.

        y[n, c, o] = max over k of  x[n, c, o * stride + k * dilation - padding]

    Parameters
    ----------
    input : Tensor (N, C, H, W) or (C, H, W)
    kernel_size : int or (int, int)
    stride : int or (int, int), optional
        `kernel_size` where none is given.
    padding : int or (int, int)
        Around the input, never a candidate; at most half of the kernel.
    dilation : int or (int, int)
    ceil_mode : bool
        Keep a last window that hangs over the edge.
    return_indices : bool
        Return where each maximum was, too: its index in the flattened H * W.

    Returns
    -------
    Tensor (N, C, H', W'), or a pair of it and the indices
        ``H' = (H + 2 * padding - dilation * (K - 1) - 1) // stride + 1``

    Raises
    ------
    ShapeError
        Where no window fits or a setting is out of range.

    Notes
    -----
    Gradient: dy goes to the place of each maximum, to the first where several are equal.

    Examples
    --------
    >>> max_pool2d(tinygrad_edu.arange(16.0).reshape(1, 1, 4, 4), 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest of each window of a volume (N, C, D, H, W). See `max_pool2d`."""
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def avg_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:  # fmt: skip
    """The mean of each window of a sequence (N, C, L). See `avg_pool2d`."""
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    """The mean of each window of an image.

    Parameters
    ----------
    input : Tensor (N, C, H, W) or (C, H, W)
    kernel_size : int or (int, int)
    stride : int or (int, int), optional
        `kernel_size` where none is given.
    padding : int or (int, int)
        Zeros around the input; at most half of the kernel.
    ceil_mode : bool
        Keep a last window that hangs over the edge.
    count_include_pad : bool
        Count the zeros of the padding in the mean.
    divisor_override : int, optional
        Divide the sums by this instead.

    Returns
    -------
    Tensor (N, C, H', W')

    Raises
    ------
    ShapeError
        Where no window fits or a setting is out of range.

    Notes
    -----
    Gradient: dy, divided like the sum, goes to every cell of its window.

    Examples
    --------
    >>> avg_pool2d(tinygrad_edu.arange(16.0).reshape(1, 1, 4, 4), 2)
    tensor([[[[ 2.5000,  4.5000],
              [10.5000, 12.5000]]]])
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    """The mean of each window of a volume (N, C, D, H, W). See `avg_pool2d`."""
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _max_pool(
    spatial: int,
    x: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    batch, windows = _read(f"max_pool{spatial}d", spatial, x, kernel_size, stride, padding, dilation, ceil_mode)
    op = MaxPool(*windows, bool(ceil_mode))
    y = op(batch)
    indices = constant(op.indices, x)
    if batch is not x:
        y, indices = y.squeeze(0), indices.squeeze(0)
    return Pooled(y, indices) if return_indices else y


def _avg_pool(
    spatial: int,
    x: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Any:
    name = f"avg_pool{spatial}d"
    batch, windows = _read(name, spatial, x, kernel_size, stride, padding, 1, ceil_mode)
    if not is_floating(x.array.dtype):
        raise DTypeError(f"{name}: expected a floating tensor, got {x.array.dtype}; use .float()")
    if divisor_override == 0:
        raise ShapeError(f"{name}: expected a divisor_override other than 0, got 0")
    y = AvgPool(*windows[:3], bool(ceil_mode), bool(count_include_pad), divisor_override)(batch)
    return y if batch is x else y.squeeze(0)


def _read(
    name: str, spatial: int, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple:
    """The input with a batch dimension, and kernel, stride, padding and dilation for each spatial dimension."""
    if not isinstance(x, Variable):
        raise DTypeError(f"{name}: expected a Tensor, got {type(x).__name__}")
    if x.array.ndim not in (spatial + 1, spatial + 2):
        raise ShapeError(
            f"{name}: expected an input (N, C, *S) or (C, *S) with {spatial} spatial dimensions, got {tuple(x.shape)}"
        )
    kernel = per_dimension(name, "kernel_size", kernel_size, spatial)
    unset = stride is None or (isinstance(stride, tuple | list) and not stride)
    windows = (
        kernel,
        kernel if unset else per_dimension(name, "stride", stride, spatial),
        per_dimension(name, "padding", padding, spatial),
        per_dimension(name, "dilation", dilation, spatial),
    )
    batch = x if x.array.ndim == spatial + 2 else x.unsqueeze(0)
    try:
        kernels.pool_output_shape(batch.array.shape, *windows, bool(ceil_mode))
    except ValueError as error:
        reason = str(error)
        raise ShapeError(f"{name}: {reason.split(': ', 1)[-1]}") from None
    return batch, windows
