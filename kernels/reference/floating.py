"""In which floating type the reference kernels add up.

A 16-bit float is a way to store a number, not to compute with one: adding 1 to a float16 that holds 2048 gives 2048.
So sums run in float32 and are rounded to 16 bits once, at the end, as tensor cores and PyTorch do.

Kernels that can meet 0 / 0 or an overflow work inside ``with np.errstate(all="ignore")``: nan and inf are the answer,
not a warning. The line concerns NumPy alone; a device never warns.
"""

from __future__ import annotations

import numpy as np

__all__ = ["accumulator"]


def accumulator(dtype: np.dtype) -> np.dtype:
    """Return the dtype to add up in: float32 for the two 16-bit floats, else `dtype` itself.

    Parameters
    ----------
    dtype : np.dtype
        Of the array that comes in and of the result that goes out.

    Returns
    -------
    np.dtype

    Examples
    --------
    >>> accumulator(np.dtype("float16")), accumulator(np.dtype("float64"))
    (dtype('float32'), dtype('float64'))
    """
    is_half = dtype == np.float16 or dtype.name == "bfloat16"
    return np.dtype(np.float32) if is_half else dtype
