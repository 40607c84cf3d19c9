"""Scatter: send values to places that an index names, and combine what arrives at the same place.

    scatter_add      y = x;  y[..., index[i], ...] += src[i]              one index for each value
    index_add        y = x;  y[..., index[k], ...] += source[..., k, ...]   one index for each slice
    scatter_reduce   the same as scatter_add, with sum, prod, mean, amax or amin

It is the gradient of gathering: a row that was read three times receives three gradients.

``y[index] += src`` does not do it: where an index repeats, the last value wins and the rest is lost. On the host
`ufunc.at` goes through the values in order and combines them one by one. A device has no order: many values arrive at
once, and atomic additions give sums whose last bits change from run to run. So there the values are sorted by
destination and combined in pairs, then pairs of pairs, within each run of equal destinations:

    destination  2 2 2 2 2 5 5        each value with its right neighbour, if that goes to the same place,
    values       a b c d e f g        then with the one two further on, then four: after log2(longest run) rounds
                                      the first of each run holds the whole run.

Either way the same input gives the same bits. 16-bit floats add up in float32; integers wrap around on overflow.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..namespace import array_namespace
from .floating import accumulator

__all__ = ["combine_at", "index_add", "scatter_add", "scatter_reduce"]

Array = Any


def combine_at(ufunc: Any, y: Array, keys: Array, values: Array) -> None:
    """Combine `values` into `y` in place: ``y[keys[i]] = ufunc(y[keys[i]], values[i])`` for every i.

    Parameters
    ----------
    ufunc : `add`, `multiply`, `maximum` or `minimum` of the array library of `y`
    y : array, shape (P,)
    keys : int64 array, shape (V,)
        Each from 0 to P - 1.
    values : array, shape (V,)
        Of the dtype of `y`.

    Examples
    --------
    >>> y = np.zeros(3)
    >>> combine_at(np.add, y, np.array([2, 0, 2]), np.array([1.0, 5.0, 10.0]))
    >>> y
    array([ 5.,  0., 11.])
    """
    with np.errstate(all="ignore"):
        if array_namespace(y) is np:
            ufunc.at(y, keys, values)
        else:
            _combine_sorted(ufunc, y, keys, values)


def _combine_sorted(ufunc: Any, y: Array, keys: Array, values: Array) -> None:
    """Do what `combine_at` does by sorting, with no order among the values of one key."""
    if keys.size == 0:
        return
    xp = array_namespace(y)
    order = xp.argsort(keys, kind="stable")
    keys, values = keys[order], values[order]
    step = 1
    while step < keys.size:
        same = keys[step:] == keys[:-step]
        if not bool(same.any()):
            break
        # Value i stands for values i ... i + step - 1 of its run, so its partner is the one `step` further on.
        pairs = xp.where(same, ufunc(values[:-step], values[step:]), values[:-step])
        values = xp.concatenate([pairs, values[-step:]])
        step *= 2
    first = xp.concatenate([xp.ones(1, dtype=bool), keys[1:] != keys[:-1]])
    places = keys[first]
    y[places] = ufunc(y[places], values[first])


def scatter_add(x: Array, dim: int, index: Array, src: Array) -> Array:
    """Add each value of `src` to the place in `x` that `index` names along `dim`.

    For three dimensions and ``dim=1``: ``y[i, index[i, j, k], k] += src[i, j, k]``, beginning with ``y = x``.
    Gradient: ``dx = dy``, ``dsrc[i, j, k] = dy[i, index[i, j, k], k]`` (a gather).

    Parameters
    ----------
    x : array, shape (*S)
    dim : int
    index : int64 array, shape (*I)
        As many dimensions as `x`; I at most S except along `dim`.
    src : array, shape (*R)
        Of the dtype of `x`; R at least I. What lies beyond I is not used.

    Returns
    -------
    array, shape (*S)
        `x` is left as it was.

    Raises
    ------
    IndexError
        If an index lies outside 0 ... S[dim] - 1.

    Examples
    --------
    >>> scatter_add(np.zeros((2, 3)), 1, np.array([[0, 0], [2, 1]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[3., 0., 0.],
           [0., 4., 3.]])
    """
    return _scatter("scatter_add", x, dim, index, src, "sum", include_self=True)


def index_add(x: Array, dim: int, index: Array, source: Array) -> Array:
    """Add each slice of `source` along `dim` to the slice of `x` that `index` names.

    For three dimensions and ``dim=1``: ``y[:, index[j], :] += source[:, j, :]``, beginning with ``y = x``.
    Gradient: ``dx = dy``, ``dsource = dy`` taken at `index` along `dim`.

    Parameters
    ----------
    x : array, shape (*S)
    dim : int
    index : int64 array, shape (V,)
    source : array, shape S with V in place of S[dim]
        Of the dtype of `x`.

    Returns
    -------
    array, shape (*S)
        `x` is left as it was.

    Raises
    ------
    IndexError
        If an index lies outside 0 ... S[dim] - 1.

    Examples
    --------
    >>> index_add(np.zeros((3, 2)), 0, np.array([2, 2]), np.array([[1.0, 2.0], [10.0, 20.0]]))
    array([[ 0.,  0.],
           [ 0.,  0.],
           [11., 22.]])
    """
    xp = array_namespace(x)
    along = [1] * max(1, x.ndim)
    along[dim] = index.size
    whole = xp.broadcast_to(index.reshape(along), source.shape if x.ndim else (index.size,))
    return _scatter("index_add", x, dim, whole, source, "sum", include_self=True)


def scatter_reduce(x: Array, dim: int, index: Array, src: Array, reduce: str, include_self: bool) -> Array:
    """Combine the values of `src` that go to the same place, and what stood there.

    For three dimensions and ``dim=1``: ``y[i, j, k]`` is the sum, product, mean, maximum or minimum of ``x[i, j, k]``
    (unless `include_self` is false) and of all ``src[i, m, k]`` with ``index[i, m, k] == j``.

    Gradient, with g = dy taken at `index`:

        sum         dx = dy                           dsrc = g
        mean        dx = dy / count                   dsrc = g / count      (taken at `index`)
        prod        dx = dy * y / x                   dsrc = g * y / src    (taken at `index`)
        amax, amin  shared equally among the values that equal the result

    Parameters
    ----------
    x, dim, index, src
        As in `scatter_add`.
    reduce : {"sum", "prod", "mean", "amax", "amin"}
        A mean of integers is rounded down; a nan wins every maximum and minimum.
    include_self : bool
        Whether the value of `x` takes part where something arrives. Where nothing arrives it stays in any case.

    Returns
    -------
    array, shape (*S)
        `x` is left as it was.

    Raises
    ------
    IndexError
        If an index lies outside 0 ... S[dim] - 1.

    Examples
    --------
    >>> x, index, src = np.array([1.0, 1.0, 1.0]), np.array([0, 0, 2]), np.array([4.0, 6.0, 9.0])
    >>> scatter_reduce(x, 0, index, src, "mean", include_self=False)
    array([5., 1., 9.])
    """
    return _scatter("scatter_reduce", x, dim, index, src, reduce, include_self)


def _scatter(name: str, x: Array, dim: int, index: Array, src: Array, reduce: str, include_self: bool) -> Array:
    """Do the work of the three functions above; `name` is the one that an error message names."""
    if index.size == 0:
        return x.copy()
    xp = array_namespace(x)
    dtype, total = x.dtype, accumulator(x.dtype)
    ufunc = {"sum": xp.add, "mean": xp.add, "prod": xp.multiply, "amax": xp.maximum, "amin": xp.minimum}[reduce]
    keys = _keys(name, x, dim, index)
    values = src[tuple(slice(n) for n in index.shape)].reshape(-1).astype(total, copy=False)
    with np.errstate(all="ignore"):
        y = x.astype(total).reshape(-1)
        if not include_self or reduce == "mean":
            count = xp.zeros(y.size, dtype=xp.int64)
            combine_at(xp.add, count, keys, xp.ones(keys.size, dtype=xp.int64))
        if not include_self:
            y = xp.where(count > 0, xp.asarray(_identity(reduce, total), dtype=total), y)
        combine_at(ufunc, y, keys, values)
        if reduce == "mean":
            parts = (count + 1 if include_self else xp.maximum(count, 1)).astype(total)
            y = y // parts if total.kind in "iu" else y / parts
        return y.reshape(x.shape).astype(dtype, copy=False)


def _keys(name: str, x: Array, dim: int, index: Array) -> Array:
    """Return the place in the flattened `x` that each value goes to, shape (V,)."""
    xp = array_namespace(x)
    shape, index = x.shape or (1,), index.reshape(index.shape or (1,))
    dim %= len(shape)
    if not 0 <= int(index.min()) <= int(index.max()) < shape[dim]:
        raise IndexError(
            f"{name}: expected indices from 0 to {shape[dim] - 1} along dim {dim} of x {tuple(x.shape)}, "
            f"got indices from {int(index.min())} to {int(index.max())}"
        )
    keys = xp.zeros((), dtype=xp.int64)
    for d, (size, length) in enumerate(zip(shape, index.shape, strict=True)):
        along = [1] * len(shape)
        along[d] = length
        keys = keys * size + (index if d == dim else xp.arange(length).reshape(along))
    return keys.reshape(-1)


def _identity(reduce: str, dtype: np.dtype) -> float | int:
    """Return the value that changes nothing when combined with another."""
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if dtype.kind == "b":
        return reduce == "amin"
    if dtype.kind in "iu":
        return np.iinfo(dtype).min if reduce == "amax" else np.iinfo(dtype).max
    return -np.inf if reduce == "amax" else np.inf
