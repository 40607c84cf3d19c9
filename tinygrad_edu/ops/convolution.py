"""Convolution in one to three dimensions.

Convolution, its input gradient and its weight gradient are three faces of one sum that is linear in x, w and dy
(``kernels/reference/conv.py``). So the derivative of each of them is made of the other two, and that closes the family:

    y  = Conv(x, w)          dx = InputGradient(dy, w)     dw = WeightGradient(x, dy)
    dx = InputGradient(dy, w)        its gradients:  Conv(ddx, w) and WeightGradient(ddx, dy)
    dw = WeightGradient(x, dy)       its gradients:  InputGradient(dy, ddw) and Conv(x, ddw)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..errors import DTypeError, ShapeError
from ..kernels.reference import conv as kernels

__all__ = ["conv1d", "conv2d", "conv3d"]


class Settings(NamedTuple):
    """One number, or pair, for each spatial dimension; padding in pairs (before, after)."""

    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int

    def __str__(self) -> str:
        return f"stride {self.stride}, padding {self.padding}, dilation {self.dilation}, groups {self.groups}"


class Conv(Op):
    """y = w slid over x, plus b.   dx = InputGradient(dy, w), dw = WeightGradient(x, dy), db = sum of dy.

    x (N, C_in, *S), w (C_out, C_in / groups, *K), b (C_out,) -> y (N, C_out, *O)
    """

    keeps = ("inputs",)

    def __init__(self, settings: Settings):
        self.settings = settings

    @property
    def name(self) -> str:
        """Conv1d, Conv2d or Conv3d."""
        return f"Conv{len(self.settings.stride)}d"

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [wanted[1], wanted[0], False][: len(wanted)]

    def forward(self, x: Any, w: Any, *bias: Any) -> Any:
        self.shapes = x.shape, w.shape
        y = kernels.conv_forward(x, w, *self.settings)
        for b in bias:
            y += b.reshape(-1, *[1] * (y.ndim - 2))
        return y

    def backward(self, dy: Any) -> Any:
        x, w, *_ = self.inputs
        dx = InputGradient(self.settings, self.shapes[0])(dy, w) if self.needs[0] else None
        dw = WeightGradient(self.settings, self.shapes[1])(x, dy) if self.needs[1] else None
        if len(self.edges) == 2:
            return dx, dw
        return dx, dw, (dy.sum((0, *range(2, dy.ndim))) if self.needs[2] else None)


class InputGradient(Op):
    """dx = dy carried back to the input of a convolution, a transposed convolution. Linear in dy and in w."""

    keeps = ("others",)

    def __init__(self, settings: Settings, x_shape: tuple[int, ...]):
        self.settings, self.x_shape = settings, x_shape

    def forward(self, dy: Any, w: Any) -> Any:
        self.w_shape = w.shape
        return kernels.conv_input_gradient(dy, w, self.x_shape, *self.settings)

    def backward(self, ddx: Any) -> Any:
        dy, w = self.inputs
        return (
            Conv(self.settings)(ddx, w) if self.needs[0] else None,
            WeightGradient(self.settings, self.w_shape)(ddx, dy) if self.needs[1] else None,
        )


class WeightGradient(Op):
    """dw = dy carried back to the weight of a convolution. Linear in x and in dy."""

    keeps = ("others",)

    def __init__(self, settings: Settings, w_shape: tuple[int, ...]):
        self.settings, self.w_shape = settings, w_shape

    def forward(self, x: Any, dy: Any) -> Any:
        self.x_shape = x.shape
        return kernels.conv_weight_gradient(x, dy, self.w_shape, *self.settings)

    def backward(self, ddw: Any) -> Any:
        x, dy = self.inputs
        return (
            InputGradient(self.settings, self.x_shape)(dy, ddw) if self.needs[0] else None,
            Conv(self.settings)(x, ddw) if self.needs[1] else None,
        )


def conv1d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Slide kernels over sequences: input (N, C_in, L), weight (C_out, C_in / groups, K). See `conv2d`."""
    return _conv(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Slide kernels over images.

        y[n, f, o] = b[f] + sum over c, k of  w[f, c, k] * x[n, c, o * stride + k * dilation - padding]

    Parameters
    ----------
    input : Tensor (N, C_in, H, W) or (C_in, H, W)
    weight : Tensor (C_out, C_in / groups, K_h, K_w)
    bias : Tensor (C_out,), optional
    stride, dilation : int or (int, int)
    padding : int, (int, int), "valid" or "same"
        Zeros around the input; "valid" is none, "same" keeps the size (for stride 1).
    groups : int
        Into how many sets the channels fall, which don't see each other.

    Returns
    -------
    Tensor (N, C_out, H', W'), without N for an input without
        ``H' = (H + 2 * padding - dilation * (K - 1) - 1) // stride + 1``

    Raises
    ------
    ShapeError
        Where the shapes don't fit, or the kernel is larger than the padded input.
    DTypeError
        Where the dtypes differ.

    Notes
    -----
    Gradient: of the input, dy spread by the kernels (a transposed convolution); of the weight, the correlation of the
    input with dy; of the bias, the sum of dy. Each is differentiable to any order.

    Examples
    --------
    >>> x, w = tinygrad_edu.ones(1, 1, 3, 3), tinygrad_edu.ones(1, 1, 2, 2)
    >>> conv2d(x, w)
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    return _conv(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Slide kernels over volumes: input (N, C_in, D, H, W), weight (C_out, C_in / groups, K_d, K_h, K_w). See `conv2d`."""
    return _conv(3, input, weight, bias, stride, padding, dilation, groups)


def _conv(spatial: int, x: Any, w: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    name = f"conv{spatial}d"
    given = [x, w] if bias is None else [x, w, bias]
    if not all(isinstance(t, Variable) for t in given):
        raise DTypeError(f"{name}: expected Tensors, got {', '.join(type(t).__name__ for t in given)}")
    if any(t.array.dtype != x.array.dtype for t in given):
        dtypes = " and ".join(str(t.array.dtype) for t in given)
        raise DTypeError(f"{name}: expected input, weight and bias of one dtype, got {dtypes}; cast one with .to(...)")
    if x.array.ndim not in (spatial + 1, spatial + 2) or w.array.ndim != spatial + 2:
        raise ShapeError(
            f"{name}: expected an input (N, C_in, *S) or (C_in, *S) and a weight (C_out, C_in / groups, *K) with {spatial} "
            f"spatial dimensions, got {tuple(x.shape)} and {tuple(w.shape)}"
        )
    if bias is not None and bias.array.shape != w.array.shape[:1]:
        raise ShapeError(f"{name}: expected a bias ({w.shape[0]},), one a filter, got {tuple(bias.shape)}")
    stride, dilation = (
        per_dimension(name, "stride", stride, spatial),
        per_dimension(name, "dilation", dilation, spatial),
    )
    settings = Settings(stride, sides_of(name, padding, w.shape[2:], stride, dilation), dilation, groups)
    batch = x if x.array.ndim == spatial + 2 else x.unsqueeze(0)
    try:
        kernels.conv_output_shape(batch.array.shape, w.array.shape, *settings)
    except ValueError as error:
        raise ShapeError(str(error)) from None
    y = Conv(settings)(batch, *given[1:])
    return y if batch is x else y.squeeze(0)


def per_dimension(name: str, what: str, value: Any, spatial: int) -> tuple[int, ...]:
    """One integer for each spatial dimension, from one for all of them or a sequence."""
    values = (value,) * spatial if isinstance(value, int) else tuple(value) if isinstance(value, Sequence) else (value,)
    if len(values) == 1:
        values *= spatial
    if len(values) != spatial or not all(isinstance(v, int) and not isinstance(v, bool) for v in values):
        raise ShapeError(f"{name}: expected {what} to be an integer or {spatial} of them, got {value!r}")
    return values


def sides_of(
    name: str, padding: Any, kernel: Sequence[int], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """Padding as a pair (before, after) for each spatial dimension, from a number, numbers or a name."""
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding == "same":
        if any(s != 1 for s in stride):
            raise ShapeError(f'{name}: expected stride 1 with padding="same", got {stride}')
        total = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return tuple((t // 2, t - t // 2) for t in total)
    if isinstance(padding, str):
        raise ShapeError(f'{name}: expected padding "valid", "same" or integers, got {padding!r}')
    return tuple((p, p) for p in per_dimension(name, "padding", padding, len(kernel)))
