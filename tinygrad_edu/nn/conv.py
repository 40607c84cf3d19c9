"""Convolution layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..creation import empty
from ..errors import DTypeError, ShapeError
from ..ops.convolution import per_dimension, sides_of
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["Conv1d", "Conv2d", "Conv3d"]

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _Conv(Module):
    """What convolutions over 1, 2 and 3 spatial dimensions share."""

    spatial: int
    slide: Callable

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        name = type(self).__name__
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ShapeError(
                f"{name}: expected in_channels and out_channels that are multiples of groups, got {in_channels}, "
                f"{out_channels} and groups={groups}"
            )
        if padding_mode not in PADDING_MODES:
            raise DTypeError(f"{name}: expected padding_mode of {', '.join(PADDING_MODES)}, got {padding_mode!r}")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = per_dimension(name, "kernel_size", kernel_size, self.spatial)
        self.stride = per_dimension(name, "stride", stride, self.spatial)
        self.padding = padding if isinstance(padding, str) else per_dimension(name, "padding", padding, self.spatial)
        self.dilation = per_dimension(name, "dilation", dilation, self.spatial)
        self.groups = groups
        self.padding_mode = padding_mode
        self.weight = Parameter(
            empty(out_channels, in_channels // groups, *self.kernel_size, device=device, dtype=dtype)
        )
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        init.default_(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Input (N, in_channels, *S) or (in_channels, *S) -> (N, out_channels, *O)."""
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            borders = sides_of(type(self).__name__, padding, self.kernel_size, self.stride, self.dilation)
            input, padding = F.pad(input, [n for pair in reversed(borders) for n in pair], self.padding_mode), 0
        return self.slide(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * self.spatial:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self.spatial:
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        return text if self.padding_mode == "zeros" else text + f", padding_mode={self.padding_mode}"


class Conv1d(_Conv):
    """Convolution over sequences (N, C, L). Settings and initial values as `Conv2d`."""

    spatial = 1
    slide = staticmethod(F.conv1d)


class Conv2d(_Conv):
    """Convolution over images (N, C, H, W): every filter sees all input channels (of its group) through a small window.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or (int, int)
    padding : int, (int, int), "valid" or "same"
        Around the input.
    groups : int
        Into how many sets the channels fall, which don't see each other; ``in_channels`` is a depthwise convolution.
    bias : bool, default True
    padding_mode : "zeros", "reflect", "replicate" or "circular"
    device, dtype : optional

    Attributes
    ----------
    weight : Parameter (out_channels, in_channels / groups, K_h, K_w)
    bias : Parameter (out_channels,) or None
        Both begin uniform in [-b, b], b = 1 / sqrt(in_channels / groups * K_h * K_w).

    Examples
    --------
    >>> Conv2d(1, 32, 3)
    Conv2d(1, 32, kernel_size=(3, 3), stride=(1, 1))
    >>> Conv2d(1, 32, 3, padding="same")(tinygrad_edu.zeros(8, 1, 28, 28)).shape
    (8, 32, 28, 28)
    """

    spatial = 2
    slide = staticmethod(F.conv2d)


class Conv3d(_Conv):
    """Convolution over volumes (N, C, D, H, W). Settings and initial values as `Conv2d`."""

    spatial = 3
    slide = staticmethod(F.conv3d)
