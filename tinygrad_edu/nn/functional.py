"""The functions behind the layers, as in PyTorch: ``import tinygrad_edu.nn.functional as F``."""

from __future__ import annotations

import warnings
from typing import Any

from ..errors import DTypeError
from ..ops import dropout as _dropout
from ..ops import elementwise as _elementwise
from ..ops.convolution import conv1d, conv2d, conv3d
from ..ops.elementwise import sigmoid
from ..ops.gathering import one_hot
from ..ops.inplace import write
from ..ops.loss import REDUCTIONS, cross_entropy, nll_loss
from ..ops.matmul import linear
from ..ops.padding import pad
from ..ops.pooling import avg_pool1d, avg_pool2d, avg_pool3d, max_pool1d, max_pool2d, max_pool3d
from ..ops.softmax import log_softmax, softmax
from ..ops.trigonometry import tanh

__all__ = [
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "conv1d",
    "conv2d",
    "conv3d",
    "cross_entropy",
    "dropout",
    "linear",
    "log_softmax",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "pad",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]


def relu(input: Any, inplace: bool = False) -> Any:
    """``max(input, 0)``; with ``inplace`` into the memory of the input."""
    y = _elementwise.relu(input)
    return write(input, y, "relu_") if inplace else y


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Set elements to 0 with probability p, scale the others by 1 / (1 - p). See `tinygrad_edu.dropout`."""
    y = _dropout.dropout(input, p, training)
    return write(input, y, "dropout_") if inplace and y is not input else y


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """``(input - target)^2``, averaged or summed.

    Parameters
    ----------
    input, target : Tensor
        Of one shape.
    reduction : "mean", "sum" or "none"

    Notes
    -----
    Gradient: ``dx = 2 dy (x - target) / N``.

    >>> mse_loss(tinygrad_edu.tensor([1.0, 2.0]), tinygrad_edu.tensor([1.0, 4.0]))
    tensor(2.)
    """
    if reduction not in REDUCTIONS:
        raise DTypeError(f"mse_loss: expected a reduction of {', '.join(REDUCTIONS)}, got {reduction!r}")
    if tuple(input.shape) != tuple(target.shape):
        warnings.warn(
            f"mse_loss: input {tuple(input.shape)} and target {tuple(target.shape)} are broadcast, which is seldom meant; "
            "reshape one of them",
            stacklevel=2,
        )
    difference = input - target
    loss = difference * difference
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()
