"""Variance and standard deviation, and norms."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.op import Op
from ..backend import array_namespace
from ..backend.dtypes import FLOATING, as_dtype, category
from ..errors import DTypeError, ShapeError
from ..kernels.reference.summation import total
from .comparison import answer
from .dims import numpy_names, some_dims
from .promotion import cast, first_tensor
from .reduction import kept, mean

__all__ = ["norm", "std", "std_mean", "var", "var_mean"]


class Var(Op):
    """y = sum over dims of (x - mean)^2 / (n - correction).   dx = dy * 2 (x - mean) / (n - correction)."""

    keeps: tuple[str, ...] = ("inputs",)

    def __init__(self, dims: tuple[int, ...], keepdim: bool, correction: float, whole: bool):
        self.dims, self.keepdim, self.correction, self.whole = dims, keepdim, correction, whole

    def forward(self, x: Any) -> Any:
        n = math.prod([x.shape[d] for d in self.dims])
        if n == 0:
            return total(x, self.dims, self.keepdim) / x.dtype.type(0)
        # About the first element: what is constant has exactly no variance, and a large mean takes no digits away.
        x = x - x[tuple([slice(1) if d in self.dims else slice(None) for d in range(x.ndim)])]
        x -= total(x, self.dims, keepdims=True) / x.dtype.type(n)
        x *= x
        return total(x, self.dims, self.keepdim) / x.dtype.type(max(n - self.correction, 0))

    def backward(self, dy: Any) -> Any:
        (x,) = self.inputs
        n = math.prod([x.shape[d] for d in self.dims])
        freedom = n - self.correction
        away = x - x.mean(self.dims, keepdim=True)
        dy = dy.reshape(kept(x.shape, self.dims))
        if self.whole and freedom <= 0:  # PyTorch's answer where there is none
            return dy * answer("var", lambda xp, a: xp.where(a == 0, xp.nan, xp.inf).astype(a.dtype), away)
        return dy * (2 / freedom if freedom else math.inf) * away


class Std(Var):
    """y = sqrt(variance of x).   dx = dy (x - mean) / (y (n - correction)), and 0 where y is 0."""

    keeps = ("inputs", "output")

    def forward(self, x: Any) -> Any:
        return array_namespace(x).sqrt(super().forward(x))

    def backward(self, dy: Any) -> Any:
        y = self.output
        return super().backward((dy / (y * 2)).masked_fill(y == 0, 0))


@numpy_names
def var(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> Any:
    """Variance over ``dim``: the sum of ``(x - mean)^2`` divided by ``n - correction``.

    ``unbiased`` is another way to say ``correction=1`` (the default), and not unbiased ``correction=0``. A single
    element has variance nan.

    >>> var(tinygrad_edu.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """
    return _spread_of("var", Var, input, dim, unbiased, keepdim, correction)


@numpy_names
def std(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> Any:
    """Standard deviation over ``dim``: the square root of ``var``. Where it is 0, its gradient is taken as 0."""
    return _spread_of("std", Std, input, dim, unbiased, keepdim, correction)


@numpy_names
def var_mean(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> tuple:
    """Variance and mean over ``dim``. See ``var``."""
    y = _spread_of("var_mean", Var, input, dim, unbiased, keepdim, correction)
    return y, mean(input, None if isinstance(dim, bool) else dim, keepdim)


@numpy_names
def std_mean(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> tuple:
    """Standard deviation and mean over ``dim``. See ``std``."""
    y = _spread_of("std_mean", Std, input, dim, unbiased, keepdim, correction)
    return y, mean(input, None if isinstance(dim, bool) else dim, keepdim)


def _spread_of(what: str, kind: type[Var], input: Any, dim: Any, unbiased: Any, keepdim: bool, correction: Any) -> Any:
    x = first_tensor(what, input)
    if category(x.array.dtype) != FLOATING:
        raise DTypeError(f"{what}: expected floats, got {x.array.dtype}; call .float() first")
    if isinstance(dim, bool):  # var(x, False), where dim is left out
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise DTypeError(f"{what}: unbiased and correction are two names of one argument; give one")
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    dims = some_dims(what, dim, x.array.ndim)
    return kind(dims, keepdim, correction, whole=dim is None or x.array.ndim == 0)(x)


@numpy_names
def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """The norm ``(sum of |x|^p)^(1/p)`` over ``dim``.

    Parameters
    ----------
    input : Tensor
    p : number, "fro" or "nuc"
        2 (and "fro", and None) is the Euclidean norm, 1 the sum of ``|x|``, infinity and minus infinity the largest and
        smallest ``|x|``, 0 the number of elements that are not 0; "nuc" is the sum of the singular values of a matrix.
    dim : int or several
        All dimensions where it is not given; for "nuc" the last two. (For other norms of matrices see ``linalg``.)
    dtype : dtype
        Cast to it first.

    Examples
    --------
    >>> norm(tinygrad_edu.tensor([3.0, 4.0]))
    tensor(5.)
    """
    from .norms import matrix_norm, vector_norm  # large, and seldom used

    x = first_tensor("norm", input)
    x = x if dtype is None else cast(x, as_dtype(dtype))
    if category(x.array.dtype) != FLOATING:
        raise DTypeError(f"norm: expected floats, got {x.array.dtype}; call .float() first")
    if p == "nuc":
        return matrix_norm(x, "nuc", (-2, -1) if dim is None else dim, keepdim)
    if p not in ("fro", None) and isinstance(p, str):
        raise DTypeError(f'norm: expected p to be a number, "fro" or "nuc", got {p!r}')
    if p == "fro" and isinstance(dim, tuple | list) and len(dim) > 2:
        raise ShapeError(f'norm: expected one or two dims for p="fro", got {dim}; p=2 takes any number')
    return vector_norm(x, 2.0 if p in ("fro", None) else p, dim, keepdim)
