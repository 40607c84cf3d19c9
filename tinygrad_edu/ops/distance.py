"""Distances between all pairs of two sets of points."""

from __future__ import annotations

from typing import Any

from ..backend.dtypes import is_floating, is_half
from ..errors import DTypeError, ShapeError
from .joining import cat
from .matmul import one_dtype
from .norms import VectorNorm

__all__ = ["cdist"]

_MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")
_MANY = 25  # points from which on the matrix product pays


class Distance(VectorNorm):
    """The norm of a difference. For p = inf each coordinate that attains it has the whole gradient, as in PyTorch."""

    def shared(self, dy: Any, attains: Any) -> Any:
        return dy


def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: str = _MODES[0]) -> Any:
    """The p-norm of ``x1[..., i, :] - x2[..., j, :]`` for all i and j.

    For p = 2 and more than 25 points, ``|x|^2 + |y|^2 - 2 x y`` is used, where one matrix product does the work. It loses
    digits for points that lie close together; ``compute_mode="donot_use_mm_for_euclid_dist"`` avoids it.

    Parameters
    ----------
    x1 : Tensor (..., P, M)
    x2 : Tensor (..., R, M)
        Batches broadcast.
    p : float
        At least 0; 0 counts the coordinates that differ, inf is the largest difference.
    compute_mode : str
        ``"use_mm_for_euclid_dist_if_necessary"``, ``"use_mm_for_euclid_dist"`` or ``"donot_use_mm_for_euclid_dist"``.

    Returns
    -------
    Tensor (..., P, R)

    Notes
    -----
    The gradient is that of ``linalg.vector_norm``: 0 between points that coincide. For p = inf, several coordinates with
    the largest difference each have the whole of it.

    Examples
    --------
    >>> x = tinygrad_edu.tensor([[0.0, 0.0], [3.0, 4.0]])
    >>> cdist(x, x)
    tensor([[0., 5.],
            [5., 0.]])
    """
    one_dtype("cdist", x1=x1, x2=x2)
    if not is_floating(x1.dtype) or is_half(x1.dtype):
        raise DTypeError(f"cdist: expected float32 or float64, got {x1.dtype}; cast it with .float() first")
    if x1.array.ndim < 2 or x2.array.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        raise ShapeError(
            f"cdist: expected x1 (..., P, M) and x2 (..., R, M) with the same M, got {tuple(x1.shape)} and {tuple(x2.shape)}"
        )
    if p < 0 or compute_mode not in _MODES:
        raise DTypeError(f"cdist: expected p of at least 0 and one of the modes {_MODES}, got p={p}, {compute_mode!r}")
    many = max(x1.shape[-2], x2.shape[-2]) > _MANY
    if p == 2 and (compute_mode == _MODES[1] or (many and compute_mode == _MODES[0])):
        return _root(_squares(x1, x2))
    difference = x1.unsqueeze(-2) - x2.unsqueeze(-3)
    if not x1.shape[-1]:
        return difference.sum(-1)  # points without coordinates all coincide
    if p == 2:
        return _root(difference.square().sum(-1))
    return Distance(p, (difference.array.ndim - 1,), False)(difference)


def _squares(x: Any, y: Any) -> Any:
    """|x|^2 - 2 x y + |y|^2 by one product: of (-2 x, |x|^2, 1) and (y, 1, |y|^2)."""
    xx, yy = x.square().sum(-1, keepdim=True), y.square().sum(-1, keepdim=True)
    return cat([x * -2, xx, xx.detach() * 0 + 1], -1) @ cat([y, yy.detach() * 0 + 1, yy], -1).mT


def _root(squares: Any) -> Any:
    """The square root; where points coincide (rounding may have made it negative), 0 with derivatives 0."""
    together = squares <= 0
    return squares.masked_fill(together, 1).sqrt().masked_fill(together, 0)
