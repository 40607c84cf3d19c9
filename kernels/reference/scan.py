"""Scans: each element combined with all that come before it.

    y_k = x_0 + x_1 + ... + x_k        for any associative + (a product, a maximum, log(exp + exp), ...)

One after another that takes n steps, which is what the host does where NumPy has the loop (``ufunc.accumulate``). Else,
and on a device, it takes log2(n) steps on the whole array, each element with the one 1, then 2, then 4 ... before it:

    x           a   b    c     d      e
    step 1      a   ab   bc    cd     de
    step 2      a   ab   abc   abcd   bcde
    step 4      a   ab   abc   abcd   abcde

W. D. Hillis and G. L. Steele, "Data parallel algorithms", Communications of the ACM 29 (1986).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..namespace import array_namespace

__all__ = ["linear_recurrence", "log_cumulative_sum", "running_extreme", "scan"]

Array = Any


def scan(combine: Callable, parts: tuple[Array, ...], axis: int, reverse: bool = False) -> tuple[Array, ...]:
    """Combine along an axis: ``y_k = combine(combine(x_0, x_1), ... x_k)``. An element may consist of several parts.

    Parameters
    ----------
    combine : function
        Takes two tuples of arrays, of the earlier and of the later elements, and returns one. Associative.
    parts : tuple of array, each of shape (*S)
    axis : int
    reverse : bool
        Go from the last element to the first.

    Returns
    -------
    tuple of array, each of shape (*S)

    Examples
    --------
    >>> scan(lambda earlier, later: (earlier[0] * later[0],), (np.array([1, 2, 3, 4]),), 0)
    (array([ 1,  2,  6, 24]),)
    """
    xp = array_namespace(parts[0])
    before = (slice(None),) * axis
    turned = (*before, slice(None, None, -1 if reverse else 1))
    parts = tuple([p[turned] for p in parts])
    step = 1
    while step < parts[0].shape[axis]:
        first, earlier, later = [(*before, s) for s in (slice(step), slice(-step), slice(step, None))]
        together = combine(tuple([p[earlier] for p in parts]), tuple([p[later] for p in parts]))
        parts = tuple([xp.concatenate([p[first], t], axis=axis) for p, t in zip(parts, together, strict=True)])
        step *= 2
    return tuple([p[turned] for p in parts])


def linear_recurrence(a: Array, b: Array, axis: int, reverse: bool = False) -> Array:
    """``h_k = a_{k-1} h_{k-1} + b_k`` along an axis; from the other end (``h_k = a_k h_{k+1} + b_k``) if `reverse`.

    An element is the map h -> a h + b, and two maps one after the other are again such a map. There is no division, so
    zeros among the a are as good as any number.

    Parameters
    ----------
    a : array, shape (*S) but one shorter along the axis
    b : array, shape (*S)
    axis : int

    Returns
    -------
    array, shape (*S)

    Examples
    --------
    >>> linear_recurrence(np.array([2.0, 0.0]), np.array([1.0, 1.0, 5.0]), 0)
    array([1., 3., 5.])
    """
    xp = array_namespace(b)
    start = xp.zeros_like(b[(*(slice(None),) * axis, slice(1))])
    a = xp.concatenate([a, start] if reverse else [start, a], axis=axis)

    def follow(earlier: tuple, later: tuple) -> tuple:
        return earlier[0] * later[0], later[0] * earlier[1] + later[1]

    return scan(follow, (a, b), axis, reverse)[1]


def log_cumulative_sum(x: Array, axis: int) -> Array:
    """``y_k = log(exp(x_0) + ... + exp(x_k))`` along an axis, without overflow.

    Examples
    --------
    >>> log_cumulative_sum(np.array([1000.0, 1000.0]), 0) - 1000.0
    array([0.        , 0.69314718])
    """
    xp = array_namespace(x)
    if xp is np:
        return np.logaddexp.accumulate(x, axis)
    return scan(lambda earlier, later: (xp.logaddexp(earlier[0], later[0]),), (x,), axis)[0]


def running_extreme(x: Array, axis: int, largest: bool) -> tuple[Array, Array]:
    """The largest (or smallest) of x_0 ... x_k along an axis, and its place: of equal ones the last, and nan wins.

    Returns
    -------
    values : array, shape (*S)
    indices : int64 array, shape (*S)

    Examples
    --------
    >>> running_extreme(np.array([1, 3, 3, 2]), 0, largest=True)
    (array([1, 3, 3, 3]), array([0, 1, 2, 2]))
    """
    xp = array_namespace(x)

    def later_wins(earlier: tuple, later: tuple) -> tuple:
        e, f = earlier[0], later[0]
        wins = (f != f) | ((e == e) & ((f >= e) if largest else (f <= e)))
        return xp.where(wins, f, e), xp.where(wins, later[1], earlier[1])

    along = [1] * x.ndim
    along[axis] = x.shape[axis]
    places = xp.broadcast_to(xp.arange(x.shape[axis]).reshape(along), x.shape)
    if xp is np:
        y = (np.maximum if largest else np.minimum).accumulate(x, axis)
        return y, np.maximum.accumulate(np.where((x == y) | (x != x), places, 0), axis)
    return scan(later_wins, (x, places), axis)
