"""Which array library an array belongs to: the one question that array code asks before it computes.

Code that starts with `xp = array_namespace(x)` and says `xp.exp`, `xp.sum`, ... runs on the processor that holds
the array, and never moves data between host and device behind the caller's back.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np

__all__ = ["array_namespace"]


def array_namespace(x: Any) -> ModuleType:
    """Return the module whose functions compute on `x`.

    Parameters
    ----------
    x : np.ndarray, np.generic or a device array
        A device array is CuPy's, or the array of any module that names itself by ``__array_namespace__``.

    Returns
    -------
    module
        `numpy` for a host array, `cupy` for CuPy's.

    Raises
    ------
    TypeError
        If `x` is not an array.

    Notes
    -----
    CuPy is never imported here: whoever holds one of its arrays has imported it already.

    Examples
    --------
    >>> array_namespace(np.ones(3)).__name__
    'numpy'
    """
    if isinstance(x, (np.ndarray, np.generic)):
        return np
    named = getattr(x, "__array_namespace__", None)  # CuPy 14 has no such method on its arrays
    if named is not None:
        return named()
    cupy = sys.modules.get("cupy")
    if cupy is not None and isinstance(x, cupy.ndarray):
        return cupy
    raise TypeError(f"array_namespace: expected a NumPy or CuPy array, got {type(x).__name__}")
