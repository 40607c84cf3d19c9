"""Initial values of weights. Each function fills a Tensor in place, outside of the graph, and returns it.

The variance of a layer's output is fan_in times that of its weights (and of its input), that of the gradient fan_out
times. Xavier keeps both near 1 for a nonlinearity that is linear near 0; He (Kaiming) makes up for the half that ReLU
sets to zero.
"""

from __future__ import annotations

import math
from typing import Any

from ..autograd.modes import no_grad
from ..autograd.variable import changed
from ..backend import on_device_of
from ..errors import DTypeError, ShapeError
from ..ops.random import Generator
from ..tensor import Tensor

__all__ = [
    "calculate_gain",
    "constant_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

LINEAR = ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
GAINS = dict.fromkeys((*LINEAR, "sigmoid"), 1.0) | {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """How much larger weights should be because of the nonlinearity that follows; ``param`` is leaky_relu's slope.

    >>> calculate_gain("relu") == 2**0.5
    True
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in GAINS:
        raise DTypeError(f"calculate_gain: expected one of {', '.join([*GAINS, 'leaky_relu'])}, got {nonlinearity!r}")
    return GAINS[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs each output of a weight (out, in, *K) sees, and how many outputs each input reaches."""
    if tensor.ndim < 2:
        raise ShapeError(f"init: expected a weight (out, in, ...) of at least 2 dimensions, got {tuple(tensor.shape)}")
    cells = math.prod(tensor.shape[2:])
    return tensor.shape[1] * cells, tensor.shape[0] * cells


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform in [a, b)."""
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with the given mean and standard deviation."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """One number everywhere."""
    with on_device_of(tensor.array):
        tensor.array[...] = val
    changed(tensor, "constant_")
    return tensor


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros."""
    return constant_(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """Ones."""
    return constant_(tensor, 1)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform in [-b, b] with ``b = gain sqrt(6 / (fan_in + fan_out))``.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """
    bound = gain * math.sqrt(6 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with standard deviation ``gain sqrt(2 / (fan_in + fan_out))``. Source: as `xavier_uniform_`."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(fans(tensor))), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """He initialisation: uniform in [-b, b] with ``b = gain sqrt(3 / fan)``.

    Parameters
    ----------
    tensor : Tensor (out, in, ...)
    a : float
        The slope of leaky_relu for negative numbers: 0 is ReLU.
    mode : "fan_in" or "fan_out"
        Keep the variance forward, or that of the gradient backward.
    nonlinearity : str
        What follows the layer, see `calculate_gain`.
    generator : Generator, optional

    Returns
    -------
    Tensor
        ``tensor``, filled.

    Notes
    -----
    Source: He et al., "Delving deep into rectifiers", 2015.
    """
    bound = math.sqrt(3) * _he(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """He initialisation: normal with standard deviation ``gain / sqrt(fan)``. Parameters as `kaiming_uniform_`."""
    return normal_(tensor, 0.0, _he(tensor, a, mode, nonlinearity), generator)


def _he(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise DTypeError(f'init: expected mode "fan_in" or "fan_out", got {mode!r}')
    fan = fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan) if fan else 0.0


def default_(weight: Tensor, bias: Any = None) -> None:
    """What layers begin with: uniform in [-b, b] with ``b = 1 / sqrt(fan_in)``, weight and bias alike."""
    if not weight.numel():
        return
    kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in, _ = fans(weight)
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        uniform_(bias, -bound, bound)
