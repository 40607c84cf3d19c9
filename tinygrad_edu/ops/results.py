"""What operations with several results return: tuples whose parts have names."""

from __future__ import annotations

from typing import Any, NamedTuple


class ValuesIndices(NamedTuple):
    """Elements that were chosen, and the indices that they had along the dimension."""

    values: Any
    indices: Any


class MinMax(NamedTuple):
    """The smallest and the largest element."""

    min: Any
    max: Any
