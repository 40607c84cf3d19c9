"""Along a dimension: cumulative sums, products and extrema, differences, and the trapezoidal rule."""

from __future__ import annotations

from typing import Any

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend.dtypes import FLOATING, as_dtype, bool_, category, float32, float64, int64
from ..errors import DTypeError, ShapeError
from ..kernels.reference.scan import linear_recurrence, log_cumulative_sum, running_extreme
from .comparison import answer
from .dims import integer, numpy_names, one_dim
from .joining import cat
from .promotion import cast, first_tensor, operand, promoted
from .results import ValuesIndices
from .sorting import as_line

__all__ = [
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "cumulative_trapezoid",
    "diff",
    "logcumsumexp",
    "trapezoid",
    "trapz",
]


class Recurrence(Op):
    """h_k = a_{k-1} h_{k-1} + b_k, or from the other end h_k = a_k h_{k+1} + b_k.

    db is the recurrence of dh from the other end; da_k = db_{k+1} h_k, or db_k h_{k+1}: there is no division by an a.
    """

    keeps = ("inputs", "output")

    def __init__(self, dim: int, reverse: bool = False):
        self.dim, self.reverse = dim, reverse

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [True, False]

    def forward(self, a: Any, b: Any) -> Any:
        return linear_recurrence(a, b, self.dim, self.reverse)

    def backward(self, dh: Any) -> Any:
        a, n = self.inputs[0], dh.shape[self.dim]
        db = Recurrence(self.dim, not self.reverse)(a, dh)
        if not self.needs[0]:
            return None, db
        later, earlier = (self.output, db) if self.reverse else (db, self.output)
        return later.narrow(self.dim, 1, n - 1) * earlier.narrow(self.dim, 0, n - 1), db


def products_before(x: Any, dim: int, reverse: bool = False) -> Any:
    """The product of the elements before each along a dim (after each, if ``reverse``)."""
    n = x.shape[dim]

    def one_at_the_start(xp: Any, a: Any) -> Any:
        start = xp.zeros_like(a)
        start[(*(slice(None),) * dim, slice(-1, None) if reverse else slice(1))] = 1
        return start

    return Recurrence(dim, reverse)(x.narrow(dim, 1 if reverse else 0, n - 1), answer("prod", one_at_the_start, x))


def products_of_the_others(x: Any, dim: int) -> Any:
    """For each element along a dim the product of the others, without dividing."""
    return products_before(x, dim) * products_before(x, dim, reverse=True)


def _along(x: Any, reverse: bool, dim: int) -> Any:
    """The array as a line at least, turned round for a cumulation from the end."""
    line = x.reshape(x.shape or (1,))
    return line[(*(slice(None),) * dim, slice(None, None, -1))] if reverse else line


class CumSum(Op):
    """y_k = x_0 + ... + x_k along a dim (x_k + ... + x_n if reverse).   dx is the same of dy, from the other end."""

    def __init__(self, dim: int, reverse: bool = False):
        self.dim, self.reverse = dim, reverse

    def forward(self, x: Any) -> Any:
        # Added one by one, so that float32 would lose digits: PyTorch's sums run in float64 here, too.
        y = (
            _along(x, self.reverse, self.dim)
            .astype(_wider(x.dtype), copy=False)
            .cumsum(axis=self.dim, dtype=_wider(x.dtype))
        )
        return _along(y, self.reverse, self.dim).astype(x.dtype, copy=False).reshape(x.shape)

    def backward(self, dy: Any) -> Any:
        return CumSum(self.dim, not self.reverse)(dy)


class CumProd(Op):
    """y_k = x_0 ... x_k along a dim.   dx_i = sum over k >= i of dy_k y_k / x_i."""

    keeps = ("inputs", "output")

    def __init__(self, dim: int):
        self.dim = dim

    def forward(self, x: Any) -> Any:
        return x.reshape(x.shape or (1,)).cumprod(axis=self.dim, dtype=_wider(x.dtype)).astype(x.dtype).reshape(x.shape)

    def backward(self, dy: Any) -> Any:
        (x,) = self.inputs
        if x.array.size <= 1:
            return dy
        if not (x == 0).any().item():
            return CumSum(self.dim, reverse=True)(dy * self.output) / x
        following = x.narrow(self.dim, 1, x.shape[self.dim] - 1)
        return products_before(x, self.dim) * Recurrence(self.dim, reverse=True)(following, dy)


def _wider(dtype: Any) -> Any:
    return float64 if dtype == float32 else dtype


class LogCumSumExp(Op):
    """y_k = log(e^x_0 + ... + e^x_k) along a dim.   dx_i = sum over k >= i of dy_k e^(x_i - y_k).

    As e^(x_i - y_i) s_i with s_i = dy_i + e^(y_i - y_{i+1}) s_{i+1}, in which no exponent is above 0.
    """

    keeps = ("inputs", "output")

    def __init__(self, dim: int):
        self.dim = dim

    def forward(self, x: Any) -> Any:
        line = x.reshape(x.shape or (1,)).astype(_wider(x.dtype), copy=False)
        return log_cumulative_sum(line, self.dim).astype(x.dtype, copy=False).reshape(x.shape)

    def backward(self, dy: Any) -> Any:
        (x,), y = self.inputs, self.output
        if x.array.size <= 1:
            return (x - y).exp() * dy
        n = x.shape[self.dim]
        earlier, later = y.narrow(self.dim, 0, n - 1), y.narrow(self.dim, 1, n - 1)
        a = (earlier - later).masked_fill((earlier == later) & earlier.isinf(), 0).exp()  # inf - inf would be nan
        return (x - y).exp() * Recurrence(self.dim, reverse=True)(a, dy)


@numpy_names
def cumsum(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """``y_k = x_0 + ... + x_k`` along a dim. Integers and bools add up to int64, unless ``dtype`` says otherwise.

    >>> cumsum(tinygrad_edu.tensor([1.0, 2.0, 3.0]), 0)
    tensor([1., 3., 6.])
    """
    x = _to_cumulate("cumsum", input, dtype)
    return CumSum(one_dim("cumsum", dim, x.array.ndim))(x)


@numpy_names
def cumprod(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """``y_k = x_0 x_1 ... x_k`` along a dim. The gradient is exact where factors are zero, too."""
    x = _to_cumulate("cumprod", input, dtype)
    return CumProd(one_dim("cumprod", dim, x.array.ndim))(x)


def _to_cumulate(what: str, input: Any, dtype: Any) -> Any:
    x = first_tensor(what, input)
    if dtype is not None:
        return cast(x, as_dtype(dtype))
    return x if category(x.array.dtype) == FLOATING else cast(x, int64)


@numpy_names
def logcumsumexp(input: Any, dim: int) -> Any:
    """``y_k = log(exp(x_0) + ... + exp(x_k))`` along a dim, without overflow."""
    x = first_tensor("logcumsumexp", input)
    if category(x.array.dtype) != FLOATING:
        raise DTypeError(f"logcumsumexp: expected floats, got {x.array.dtype}; call .float() first")
    return LogCumSumExp(one_dim("logcumsumexp", dim, x.array.ndim))(x)


@numpy_names
def cummax(input: Any, dim: int) -> ValuesIndices:
    """The largest element so far along a dim, and its index: the last of equal ones, and of nan.

    The gradient goes to the element at the index.
    """
    return _running("cummax", input, dim, largest=True)


@numpy_names
def cummin(input: Any, dim: int) -> ValuesIndices:
    """The smallest element so far along a dim, and its index: the last of equal ones, and of nan.

    The gradient goes to the element at the index.
    """
    return _running("cummin", input, dim, largest=False)


def _running(what: str, input: Any, dim: int, largest: bool) -> ValuesIndices:
    x = first_tensor(what, input)
    d = one_dim(what, dim, x.array.ndim)
    indices = answer(what, lambda xp, a: running_extreme(as_line(a), d, largest)[1].reshape(a.shape), x)
    return ValuesIndices(x.gather(d, indices), indices)


@numpy_names
def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """``y_k = x_{k+1} - x_k`` along a dim, n times over; of bools, whether they differ.

    ``prepend`` and ``append`` are put before and behind the input first.

    >>> diff(tinygrad_edu.tensor([1.0, 4.0, 9.0, 16.0]), n=2)
    tensor([2., 2.])
    """
    x, n = first_tensor("diff", input), integer("diff", n)
    if x.array.ndim == 0:
        raise ShapeError("diff: expected a tensor of at least one dimension, got none")
    if n < 0:
        raise ShapeError(f"diff: expected n of at least 0, got {n}")
    d = one_dim("diff", dim, x.array.ndim)
    ends = [operand(e, x, "diff") if e is not None else None for e in (prepend, append)]
    for name, e in zip(("prepend", "append"), ends, strict=True):
        if e is not None and (not isinstance(e, Variable) or e.array.ndim != x.array.ndim):
            raise ShapeError(
                f"diff: expected {name} to have {x.array.ndim} dimensions like the input, got {name} {e!r}"
            )
    parts = [part for part in (ends[0], x, ends[1]) if part is not None]
    x = x if len(parts) == 1 else cat(parts, d)
    for _ in range(n if x.shape[d] > n else x.shape[d]):
        later, earlier = x.narrow(d, 1, x.shape[d] - 1), x.narrow(d, 0, x.shape[d] - 1)
        x = later != earlier if x.array.dtype == bool_ else later - earlier
    return x


@numpy_names
def trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Any:
    """The integral of y along a dim by the trapezoidal rule: ``sum of (x_{k+1} - x_k) (y_k + y_{k+1}) / 2``.

    The points are ``x``, or equally spaced by ``dx`` (1 if not given).
    """
    return _trapezoids("trapezoid", y, x, dx, dim).sum(dim) / 2


trapz = trapezoid


@numpy_names
def cumulative_trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Any:
    """The integrals of y from the first point to each of the others, by the trapezoidal rule."""
    return _trapezoids("cumulative_trapezoid", y, x, dx, dim).cumsum(dim) / 2


def _trapezoids(what: str, y: Any, x: Any, dx: Any, dim: int) -> Any:
    """Twice the area of each trapezoid."""
    y = first_tensor(what, y)
    if y.array.ndim == 0:
        raise ShapeError(f"{what}: expected y of at least one dimension, got none")
    d = one_dim(what, dim, y.array.ndim)
    if y.array.dtype == bool_:
        raise DTypeError(f"{what}: expected numbers, got bool; call .int() first")
    n = y.shape[d]
    both = y.narrow(d, 1, n - 1) + y.narrow(d, 0, n - 1) if n else y
    if x is None:
        return both if dx is None else both * dx
    if dx is not None:
        raise DTypeError(f"{what}: expected x or dx, got both")
    x, _ = promoted(what, x, y)
    if x.array.ndim == 1:
        x = x.reshape([-1 if k == d else 1 for k in range(y.array.ndim)])
    elif x.array.ndim < y.array.ndim:
        x = x.reshape((1,) * (y.array.ndim - x.array.ndim) + tuple(x.shape))
    if x.shape[d] != n:
        raise ShapeError(f"{what}: expected a point x for each of the {n} y along dim {d}, got x {tuple(x.shape)}")
    return both * diff(x, dim=d)
