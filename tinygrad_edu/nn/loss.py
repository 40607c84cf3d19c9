"""Losses as modules."""

from __future__ import annotations

from ..errors import DTypeError
from ..ops.loss import REDUCTIONS
from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = ["CrossEntropyLoss", "MSELoss", "NLLLoss"]


class _Loss(Module):
    def __init__(self, reduction: str = "mean"):
        super().__init__()
        if reduction not in REDUCTIONS:
            expected = ", ".join(REDUCTIONS)
            raise DTypeError(f"{type(self).__name__}: expected a reduction of {expected}, got {reduction!r}")
        self.reduction = reduction


class MSELoss(_Loss):
    """The mean (or sum) of ``(input - target)^2``."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two Tensors of one shape -> a number, or their shape for reduction "none"."""
        return F.mse_loss(input, target, self.reduction)


class _ClassLoss(_Loss):
    """A loss with a weight for each class and a target that doesn't count."""

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"):
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index


class NLLLoss(_ClassLoss):
    """Negative log-likelihood of log-probabilities. See `tinygrad_edu.nn.functional.nll_loss`."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Log-probabilities (N, C, ...) and class indices (N, ...) -> the loss."""
        return F.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class CrossEntropyLoss(_ClassLoss):
    """Cross-entropy of logits: the log-softmax and the negative log-likelihood in one.

    Parameters
    ----------
    weight : Tensor (C,), optional
        The weight of each class.
    ignore_index : int, default -100
        A target that doesn't count.
    reduction : "mean", "sum" or "none"
    label_smoothing : float, default 0
        The part of each target that is spread over all classes.

    See Also
    --------
    tinygrad_edu.nn.functional.cross_entropy : the function, with its formula and gradient.

    Examples
    --------
    >>> CrossEntropyLoss()(tinygrad_edu.zeros(3, 10), tinygrad_edu.tensor([0, 5, 9]))
    tensor(2.3026)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ):
        super().__init__(weight, ignore_index, reduction)
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Logits (N, C, ...), and class indices (N, ...) or probabilities (N, C, ...) -> the loss."""
        return F.cross_entropy(input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing)
