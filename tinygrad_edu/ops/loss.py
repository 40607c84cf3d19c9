"""Losses over classes: cross-entropy from logits, and negative log-likelihood.

For class indices they are one operation each. The loss is linear in the log-probabilities, so everything about targets,
weights, smoothing and averaging goes into a few coefficients for each sample, computed once (``Coefficients``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import array_namespace
from ..backend.dtypes import BOOL, category, int64, is_floating
from ..errors import DeviceError, DimError, DTypeError, GradError, ShapeError
from .promotion import cast, constant
from .softmax import log_softmax, softmax

REDUCTIONS = ("mean", "sum", "none")


class Coefficients(NamedTuple):
    """The loss of sample n is  -hit[n] logp[n, target[n]] - sum over c of  spread[c] logp[n, c],  and 0 if it is ignored.

    ``target``, ``kept`` and ``hit`` have the shape of the targets, ``spread`` is (C,), ``total`` is ().
    """

    target: Any  # class indices, those that are ignored replaced by 0
    ignored: Any  # mask; None where no sample is ignored
    hit: Any
    spread: Any  # None without label smoothing
    total: Any  # the mean divides by it; None where there is no mean

    def as_tensors(self, like: Any) -> tuple[Any, ...]:
        """The fields as Tensors without a gradient."""
        return tuple([None if array is None else constant(array, like) for array in self])


class CrossEntropy(Op):
    """loss = -(weighted) log softmax(x)[target].   dx = dloss (softmax(x) - onehot(target)), weighted alike.

    One pass instead of two for log_softmax and the pick, and no second (N, C) array kept: backward computes the softmax
    again from the logits. x (N, C, ...), target (N, ...) -> () or (N, ...)
    """

    keeps = ("inputs", "coefficients")

    def __init__(self, coefficients: Coefficients, reduction: str):
        self.coefficients, self.reduction = coefficients, reduction

    def forward(self, x: Any) -> Any:
        xp, (target, ignored, hit, spread, total) = array_namespace(x), self.coefficients
        top = x.max(axis=1, keepdims=True)
        log_sum = xp.log(xp.exp(x - top).sum(axis=1)) + top[:, 0]
        loss = hit * (log_sum - xp.take_along_axis(x, target[:, None], axis=1)[:, 0])
        if spread is not None:
            loss += log_sum * spread.sum() - (x * _along_classes(spread, x.ndim)).sum(axis=1)
        if ignored is not None:
            loss = xp.where(ignored, x.dtype.type(0), loss)
        if self.reduction == "none":
            return loss
        return loss.sum() if total is None else loss.sum() / total

    def backward(self, dy: Any) -> Any:
        given = self.inputs[0]
        target, ignored, hit, spread, total = self.coefficients.as_tensors(given)
        x, dy = cast(given, hit.dtype), cast(dy, hit.dtype)
        each = dy if total is None else dy / total
        picked = each * hit
        dx = softmax(x, 1) * (picked if spread is None else picked + each * spread.sum()).unsqueeze(1)
        dx = dx.scatter_add(1, target.unsqueeze(1), -picked.unsqueeze(1))
        if spread is not None:
            dx = dx - (each.unsqueeze(1) if each.ndim else each) * _along_classes(spread, x.ndim)
        if ignored is not None:
            dx = dx.masked_fill(ignored.unsqueeze(1), 0)
        return cast(dx, given.dtype)


def _along_classes(weights: Any, ndim: int) -> Any:
    return weights.reshape(1, -1, *[1] * (ndim - 2))


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """How badly the logits predict the classes: ``-log softmax(input)[target]``.

    Parameters
    ----------
    input : Tensor (N, C), (N, C, d1, ...) or (C,)
        Logits: any real numbers.
    target : Tensor (N,), (N, d1, ...) or ()
        Class indices from 0 to C - 1; or probabilities, floating and of the shape of the input.
    weight : Tensor (C,), optional
        The weight of each class.
    ignore_index : int
        Samples with this target don't count. For class indices only.
    reduction : "mean", "sum" or "none"
        The mean is over the weights of the samples' classes.
    label_smoothing : float, from 0 to 1
        The part of each target that is spread over all classes: Szegedy et al., "Rethinking the Inception architecture
        for computer vision", 2016.

    Returns
    -------
    Tensor (), or of the shape of the class indices for "none"

    Raises
    ------
    ShapeError, DTypeError
        Where input and target don't fit each other.
    DimError
        For a class index out of range.

    Notes
    -----
    Gradient for class indices: ``dx = dy (softmax(x) - onehot(target)) / N``.

    Examples
    --------
    >>> cross_entropy(tinygrad_edu.tensor([[2.0, 0.0], [0.0, 0.0]]), tinygrad_edu.tensor([0, 1]))
    tensor(0.4100)
    """
    _check("cross_entropy", input, target, weight, reduction)
    if not 0 <= label_smoothing <= 1:
        raise DTypeError(f"cross_entropy: expected label_smoothing from 0 to 1, got {label_smoothing}")
    x, y = (input.unsqueeze(0), target.unsqueeze(0)) if input.array.ndim == 1 else (input, target)
    if is_floating(target.array.dtype):
        loss = _soft(x, y, weight, reduction, label_smoothing)
    else:
        loss = CrossEntropy(
            _coefficients("cross_entropy", x, y, weight, ignore_index, reduction, label_smoothing), reduction
        )(x)
    return loss.squeeze(0) if input.array.ndim == 1 and reduction == "none" else loss


def nll_loss(input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> Any:
    """Negative log-likelihood: ``-input[target]`` for log-probabilities, as `log_softmax` gives them.

    Parameters are those of `cross_entropy`, with class indices only.

    >>> logp = log_softmax(tinygrad_edu.tensor([[2.0, 0.0], [0.0, 0.0]]), dim=1)
    >>> nll_loss(logp, tinygrad_edu.tensor([0, 1]))
    tensor(0.4100)
    """
    _check("nll_loss", input, target, weight, reduction)
    if is_floating(target.array.dtype):
        raise DTypeError(f"nll_loss: expected class indices, got a target of {target.array.dtype}")
    x, y = (input.unsqueeze(0), target.unsqueeze(0)) if input.array.ndim == 1 else (input, target)
    coefficients = _coefficients("nll_loss", x, y, weight, ignore_index, reduction, 0.0)
    target, ignored, hit, _, total = coefficients.as_tensors(x)
    loss = -x.gather(1, target.unsqueeze(1)).squeeze(1) * cast(hit, x.dtype)
    if ignored is not None:
        loss = loss.masked_fill(ignored, 0)
    if reduction == "none":
        return loss.squeeze(0) if input.array.ndim == 1 else loss
    return loss.sum() if total is None else loss.sum() / cast(total, x.dtype)


def _soft(x: Any, target: Any, weight: Any, reduction: str, smoothing: float) -> Any:
    """Cross-entropy with probabilities as targets, which may have gradients too."""
    classes = x.array.shape[1]
    q = target * (1 - smoothing) + smoothing / classes if smoothing else target
    if weight is not None:
        q = q * _along_classes(weight, x.ndim)
    loss = -(log_softmax(x, 1) * q).sum(1)
    return loss if reduction == "none" else loss.sum() / (loss.numel() if reduction == "mean" else 1)


def _check(name: str, x: Any, target: Any, weight: Any, reduction: str) -> None:
    for t in (x, target) if weight is None else (x, target, weight):
        if not isinstance(t, Variable):
            raise DTypeError(f"{name}: expected Tensors, got {type(t).__name__}")
        if type(t.array) is not type(x.array):
            raise DeviceError(f"{name}: expected all tensors on one device; move them with .to(...)")
    if reduction not in REDUCTIONS:
        raise DTypeError(f"{name}: expected a reduction of {', '.join(REDUCTIONS)}, got {reduction!r}")
    if not is_floating(x.array.dtype):
        raise DTypeError(f"{name}: expected floating input, got {x.array.dtype}")
    shape = tuple(x.array.shape)
    if not shape:
        raise ShapeError(f"{name}: expected an input (N, C, ...) or (C,), got a tensor without dimensions")
    expected = () if len(shape) == 1 else (shape[0], *shape[2:])
    soft = is_floating(target.array.dtype)
    if tuple(target.array.shape) != (shape if soft else expected):
        raise ShapeError(
            f"{name}: expected targets of shape {expected} as class indices, or {shape} as floating probabilities, for an "
            f"input (N, C, ...) of shape {shape}, got {target.array.dtype} of shape {tuple(target.array.shape)}"
        )
    if not soft and category(target.array.dtype) == BOOL:
        raise DTypeError(f"{name}: expected class indices, got a target of bool; use .long()")
    classes = shape[0] if len(shape) == 1 else shape[1]
    if weight is not None and tuple(weight.array.shape) != (classes,):
        raise ShapeError(
            f"{name}: expected a weight for each of {classes} classes, got shape {tuple(weight.array.shape)}"
        )
    if weight is not None and weight.array.dtype != x.array.dtype:
        raise DTypeError(f"{name}: expected a weight of {x.array.dtype} like the input, got {weight.array.dtype}")
    if weight is not None and weight.requires_grad:
        raise GradError(f"{name}: the weights of the classes have no gradient here; use weight.detach()")


def _coefficients(
    name: str, x: Any, target: Any, weight: Any, ignore_index: int, reduction: str, smoothing: float
) -> Coefficients:
    xp, y, classes = array_namespace(x.array), target.array, x.array.shape[1]
    ignored = y == ignore_index
    wrong = ((y < 0) | (y >= classes)) & ~ignored
    if bool(wrong.any()):
        raise DimError(f"{name}: expected class indices from 0 to {classes - 1}, got {y[wrong][0].item()}")
    y = xp.where(ignored, 0, y).astype(int64)
    wide = xp.float64 if x.array.dtype == xp.float64 else xp.float32
    weights = xp.ones(classes, wide) if weight is None else weight.array.astype(wide)
    hit = xp.where(ignored, weights.dtype.type(0), weights[y])
    total = hit.sum() if reduction == "mean" else None
    mask = ignored if bool(ignored.any()) else None
    if not smoothing:
        return Coefficients(y, mask, hit, None, total)
    return Coefficients(y, mask, hit * (1 - smoothing), weights * (smoothing / classes), total)
