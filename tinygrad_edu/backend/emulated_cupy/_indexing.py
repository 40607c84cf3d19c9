"""Indices: what CuPy takes, and which assignments it leaves undefined."""

from __future__ import annotations

from typing import Any

import numpy as np

_BASIC = frozenset({int, slice, type(None), type(Ellipsis), np.int64, np.int32, np.intp})


def is_basic(index: Any) -> bool:
    """Whether an index is made of integers, slices, None and Ellipsis alone, so that it selects a view."""
    if type(index) is tuple:
        return _BASIC.issuperset(map(type, index))
    return type(index) in _BASIC


def has_duplicates(shape: tuple[int, ...], index: Any) -> bool:
    """Whether an index with integer arrays (as NumPy arrays) selects some element more than once.

    Parameters
    ----------
    shape : tuple of int
        The shape of the indexed array.
    index : index or tuple of indices
        As NumPy takes it; masks count as the integers where they are true.
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    taken = sum(_axes(part) for part in parts)
    if not any(part is Ellipsis for part in parts):
        parts.append(Ellipsis)
    columns: list[np.ndarray] = []
    lengths: list[int] = []
    axis = 0
    for part in parts:
        if part is Ellipsis:
            axis += len(shape) - taken
            continue
        if isinstance(part, np.ndarray) and part.dtype == bool:
            columns += part.nonzero()
            lengths += part.shape
        elif isinstance(part, np.ndarray):
            columns.append(part % shape[axis] if shape[axis] else part)
            lengths.append(shape[axis])
        axis += _axes(part)
    flat: Any = 0
    for column, length in zip(columns, lengths, strict=True):
        flat = flat * length + column
    return np.unique(flat).size != flat.size


def _axes(part: Any) -> int:
    """How many axes of the array one part of an index uses up."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return part.ndim if isinstance(part, np.ndarray) and part.dtype == bool else 1
