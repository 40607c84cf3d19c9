"""The same numbers in different places in memory: what an operation that forgets about strides stumbles over."""

from __future__ import annotations

from typing import Any

from ..backend import array_namespace
from ..errors import ShapeError

LAYOUTS = ("C", "F", "transposed", "sliced", "reversed", "offset", "expanded")


def laid_out(array: Any, layout: str) -> Any:
    """The array, copied into memory of the given layout.

    Parameters
    ----------
    array
        A NumPy or CuPy array of any shape.
    layout
        ``"C"`` (rows together), ``"F"`` (columns together), ``"transposed"`` (the first dim innermost, the others in
        order: what ``movedim(-1, 0)`` leaves), ``"sliced"`` (every second element of a larger array), ``"reversed"``
        (negative strides), ``"offset"`` (beginning inside a larger buffer), or ``"expanded"`` (stride 0): this one
        changes the numbers, repeating the first slice along the first dim that has several.

    Returns
    -------
    array
        A view into newly made memory.

    Examples
    --------
    >>> laid_out(np.arange(6.0).reshape(2, 3), "reversed").strides
    (-24, -8)
    """
    xp = array_namespace(array)
    shape, ndim = array.shape, array.ndim
    if layout == "expanded":
        dim = next((d for d, n in enumerate(shape) if n > 1), None)
        first = array.copy() if dim is None else array[(slice(None),) * dim + (slice(0, 1),)].copy()
        return xp.broadcast_to(first, shape)
    around = float("nan") if array.dtype.kind == "f" else 1  # whoever reads beside the array finds this
    if layout == "C":
        place = xp.empty(shape, array.dtype)
    elif layout == "F":
        place = xp.empty(shape[::-1], array.dtype).transpose()
    elif layout == "transposed":
        place = (
            xp.moveaxis(xp.empty(shape[1:] + shape[:1], array.dtype), -1, 0) if ndim else xp.empty(shape, array.dtype)
        )
    elif layout == "sliced":
        place = xp.full([2 * n + 1 for n in shape], around, array.dtype)[(..., *[slice(1, None, 2)] * ndim)]
    elif layout == "reversed":
        place = xp.empty(shape, array.dtype)[(..., *[slice(None, None, -1)] * ndim)]
    elif layout == "offset":
        place = xp.full(array.size + 3, around, array.dtype)[3:].reshape(shape)
    else:
        raise ShapeError(f"layout: expected one of {', '.join(LAYOUTS)}, got {layout!r}")
    place[...] = array
    return place
