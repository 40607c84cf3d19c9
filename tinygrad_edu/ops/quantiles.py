"""Order statistics: the median, the mode, and quantiles."""

from __future__ import annotations

from typing import Any

from ..autograd.variable import Variable
from ..backend import array_namespace
from ..backend.dtypes import bool_, float32, float64
from ..errors import DimError, DTypeError, ShapeError
from ..kernels.reference.scan import scan
from .comparison import answer
from .dims import numpy_names, one_dim
from .extrema import Shared
from .promotion import first_tensor, is_number
from .reduction import kept, no_keepdim
from .results import ValuesIndices
from .sorting import as_line, at_index, order, removed

__all__ = ["median", "mode", "nanmedian", "nanquantile", "quantile"]


class Middle(Shared):
    """y = the middle one of x, the lower of two. The gradient is shared among equals."""

    def __init__(self, ndim: int, skip_nan: bool):
        super().__init__(tuple(range(ndim)), False, nan_equals_nan=True)
        self.skip_nan = skip_nan

    def forward(self, x: Any) -> Any:
        xp = array_namespace(x)
        if x.size == 0:
            return xp.full((), xp.nan, dtype=x.dtype)
        flat = xp.sort(x.reshape(-1))  # nan come last
        numbers = (flat == flat).sum()
        middle = xp.maximum((numbers - 1) // 2, 0)
        if not self.skip_nan:
            middle = xp.where(numbers == flat.size, middle, flat.size - 1)
        return flat[middle]


@numpy_names
def median(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element (the lower of two) of all, or along a dim with its index. With a nan among them, nan.

    ``median(x)`` is a tensor without dimensions; equal elements share the gradient. ``median(x, dim)`` is a tuple
    ``(values, indices)``; the gradient goes to the element at the index.

    >>> median(tinygrad_edu.tensor([5.0, 1.0, 4.0, 2.0]))
    tensor(2.)
    """
    return _median("median", input, dim, keepdim, skip_nan=False)


@numpy_names
def nanmedian(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element, as ``median``, but of those that are not nan; nan where there are none."""
    return _median("nanmedian", input, dim, keepdim, skip_nan=True)


def _median(what: str, input: Any, dim: int | None, keepdim: bool, skip_nan: bool) -> Any:
    x = first_tensor(what, input)
    if x.array.dtype == bool_:
        raise DTypeError(f"{what}: bool has no order here; call .int() first")
    if dim is None:
        no_keepdim(what, keepdim)
        return Middle(x.array.ndim, skip_nan)(x)
    d = one_dim(what, dim, x.array.ndim)
    _not_empty_along(what, x, d)

    def place(xp: Any, a: Any) -> Any:
        line = as_line(a)
        numbers = (line == line).sum(axis=d, keepdims=True)
        middle = xp.maximum((numbers - 1) // 2, 0)
        if not skip_nan:
            middle = xp.where(numbers == line.shape[d], middle, numbers)  # the first nan
        return xp.take_along_axis(order(line, d), middle, d)

    return at_index(x, d, answer(what, place, x), keepdim)


def _not_empty_along(what: str, x: Any, dim: int) -> None:
    if x.array.ndim and x.array.shape[dim] == 0:
        raise DimError(f"{what}: expected at least one element along dim {dim}, got shape {tuple(x.shape)}")


@numpy_names
def mode(input: Any, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The most frequent element along a dim (the smallest of several), and the index of its last occurrence.

    >>> mode(tinygrad_edu.tensor([3, 1, 3, 1, 1, 3])).values
    tensor(1)
    """
    x = first_tensor("mode", input)
    d = one_dim("mode", dim, x.array.ndim)
    _not_empty_along("mode", x, d)
    return at_index(x, d, answer("mode", lambda xp, a: _last_of_longest_run(as_line(a), d), x), keepdim)


def _last_of_longest_run(x: Any, dim: int) -> Any:
    """Where the most frequent element occurs last along a dim."""
    xp, places = array_namespace(x), order(x, dim)
    a = xp.take_along_axis(x, places, dim)
    before, along = (slice(None),) * dim, [1] * a.ndim
    along[dim] = a.shape[dim]
    at = xp.arange(a.shape[dim]).reshape(along)
    begins = xp.ones(a.shape, dtype=bool)  # a run of equal elements
    begins[(*before, slice(1, None))] = a[(*before, slice(1, None))] != a[(*before, slice(-1))]
    (start,) = scan(lambda earlier, later: (xp.maximum(earlier[0], later[0]),), (xp.where(begins, at, 0),), dim)
    return xp.take_along_axis(places, (at - start).argmax(axis=dim, keepdims=True), dim)


@numpy_names
def quantile(
    input: Any, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Any:
    """The value below which a fraction q of the elements lies.

    The sorted elements stand at positions 0, 1 ... n - 1; the quantile stands at q (n - 1), between two of them.

    Parameters
    ----------
    input : Tensor
        Of float32 or float64. A nan among the elements makes the quantile nan.
    q : float or Tensor, shape () or (Q,)
        From 0 to 1; a Tensor has the dtype of the input.
    dim : int
        The dim to sort along; all elements where it is not given.
    interpolation : {"linear", "lower", "higher", "midpoint", "nearest"}
        What to make of the two neighbours.

    Returns
    -------
    Tensor
        The quantiles, with a dim of size Q in front where q has one.

    Examples
    --------
    >>> quantile(tinygrad_edu.tensor([4.0, 1.0, 3.0, 2.0]), 0.4)
    tensor(2.2000)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, skip_nan=False)


@numpy_names
def nanquantile(
    input: Any, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Any:
    """The quantile, as ``quantile``, of the elements that are not nan; nan where there are none."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, skip_nan=True)


def _quantile(what: str, input: Any, q: Any, dim: Any, keepdim: bool, interpolation: str, skip_nan: bool) -> Any:
    x = first_tensor(what, input)
    if x.array.dtype not in (float32, float64):
        raise DTypeError(f"{what}: expected float32 or float64, got {x.array.dtype}")
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise ShapeError(
            f'{what}: expected "linear", "lower", "higher", "midpoint" or "nearest", got {interpolation!r}'
        )
    if x.array.size == 0:
        raise ShapeError(f"{what}: expected at least one element, got shape {tuple(x.shape)}")
    ndim = x.array.ndim
    if isinstance(q, Variable):
        if q.array.dtype != x.array.dtype:
            raise DTypeError(f"{what}: expected q of the input's dtype {x.array.dtype}, got {q.array.dtype}")
    elif is_number(q):
        q = answer(what, lambda xp, a: xp.full((), q, dtype=a.dtype), x)
    else:
        raise DTypeError(f"{what}: expected q to be a float or a Tensor, got {type(q).__name__}")
    if q.array.ndim > 1 or not ((q >= 0) & (q <= 1)).all().item():
        raise ShapeError(f"{what}: expected q from 0 to 1, one or several in a line, got {q.array}")
    if dim is None or not ndim:
        lines, shape = x.reshape(-1), (1,) * ndim if keepdim else ()
        if dim is not None:
            one_dim(what, dim, ndim)
    else:
        d = one_dim(what, dim, ndim)
        lines = x.permute([k for k in range(ndim) if k != d] + [d])
        shape = kept(x.shape, (d,)) if keepdim else removed(x.shape, d)
    y = _between(lines, q.reshape(-1), interpolation, skip_nan)
    y = y.permute([y.array.ndim - 1, *range(y.array.ndim - 1)])
    return y.reshape(tuple(q.shape) + tuple(shape))


def _between(x: Any, q: Any, interpolation: str, skip_nan: bool) -> Any:
    """The quantiles (..., Q) of the lines (..., N) of x."""
    n, last_dim = x.shape[-1], x.array.ndim - 1
    a = at_index(x, last_dim, answer("quantile", lambda xp, a: order(a, last_dim), x)).values
    numbers = (a == a).sum(last_dim, keepdim=True)
    if skip_nan:
        rank = q * (numbers - 1).clamp(0)
    else:
        rank = (q * (n - 1)).expand(*numbers.shape[:-1], q.shape[0]).masked_fill(numbers < n, n - 1)  # a nan is last
    position = rank.detach()
    if interpolation in ("lower", "higher", "nearest"):
        rounded = {"lower": position.floor, "higher": position.ceil, "nearest": position.round}[interpolation]()
        return a.gather(last_dim, rounded.long())
    below = position.floor()
    low, high = a.gather(last_dim, below.long()), a.gather(last_dim, position.ceil().long())
    return low.lerp(high, 0.5 if interpolation == "midpoint" else rank - below)
