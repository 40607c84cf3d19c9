"""Reading dims and sizes as PyTorch does: negative dims count from the end, sizes come one by one or as one sequence."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import DimError, DTypeError, ShapeError


def integer(what: str, value: Any) -> int:
    """A Python integer from anything that is one."""
    if value.__class__ is int:
        return value
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise DTypeError(f"{what}: expected an integer, got {value!r} ({type(value).__name__})") from None


def one_dim(what: str, dim: Any, ndim: int) -> int:
    """A dim as 0 ... ndim - 1. A tensor without dimensions counts as having one."""
    number = integer(what, dim)
    n = ndim or 1
    if not -n <= number < n:
        raise DimError(f"{what}: expected a dim from {-n} to {n - 1} for a tensor of {ndim} dimensions, got {number}")
    return number + n if number < 0 else number


def several_dims(what: str, dims: Any, ndim: int) -> tuple[int, ...]:
    """One dim, or a sequence of different dims, as a tuple of 0 ... ndim - 1."""
    if not isinstance(dims, Sequence):
        return (one_dim(what, dims, ndim),)
    found = tuple([one_dim(what, d, ndim) for d in dims])
    if len(set(found)) != len(found):
        raise DimError(f"{what}: expected different dims, got {tuple(dims)}")
    return found


def some_dims(what: str, dim: Any, ndim: int) -> tuple[int, ...]:
    """The dims that a reduction runs over: one, several, or all of them for None and for ()."""
    if dim is None or dim == () or dim == []:
        return tuple(range(ndim))
    dims = several_dims(what, dim, ndim)
    return dims if ndim else ()


def numpy_names(function: Callable) -> Callable:
    """Let a function that takes ``dim`` and ``keepdim`` take NumPy's ``axis`` and ``keepdims`` too."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if "axis" in kwargs:
            kwargs["dim"] = kwargs.pop("axis")
        if "keepdims" in kwargs:
            kwargs["keepdim"] = kwargs.pop("keepdims")
        return function(*args, **kwargs)

    return call


def as_sizes(what: str, sizes: tuple) -> tuple[int, ...]:
    """The sizes of ``f(x, 2, 3)`` and of ``f(x, (2, 3))`` alike."""
    if len(sizes) == 1 and isinstance(sizes[0], Sequence):
        sizes = tuple(sizes[0])
    return tuple([s if s.__class__ is int else integer(what, s) for s in sizes])


def inferred(what: str, shape: tuple[int, ...], size: int) -> tuple[int, ...]:
    """A shape for ``size`` elements, its -1 (at most one) worked out."""
    known, unknown = 1, None
    for i, n in enumerate(shape):
        if n == -1 and unknown is None:
            unknown = i
        elif n < 0:
            raise ShapeError(f"{what}: expected sizes of at least 0 and at most one -1, got {shape}")
        else:
            known *= n
    if unknown is not None and known and size % known == 0:
        return (*shape[:unknown], size // known, *shape[unknown + 1 :])
    if unknown is not None and known == 0 and size == 0:
        raise ShapeError(f"{what}: the -1 in {shape} could be any number, for a tensor of 0 elements")
    if unknown is not None or known != size:
        raise ShapeError(f"{what}: a tensor of {size} elements does not fit into shape {shape}")
    return shape
