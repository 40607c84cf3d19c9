"""CuPy's functions and methods. Each is made from its recorded signature, a function when it is first asked for.

What differs from NumPy in more than the names of its parameters is written out in ``_differences.py``, ``_linalg.py``
and ``_random.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._array import host_array, ndarray
from ._calls import WRITTEN_OUT, checked, instead
from ._rules import LEFT_OUT_FUNCTIONS, NUMPY_NAMES, SHARED_TYPES
from ._surface import SURFACE, VERSION, parse
from ._ufunc import like_a_ufunc, ufunc


def resolve(path: str) -> Any:
    """Return what CuPy has under a name.

    Parameters
    ----------
    path : str
        The name below `cupy`: "sum", "linalg.inv", "float32".

    Raises
    ------
    AttributeError
        Where CuPy has no such name, or the stand-in has it not.
    """
    if path in WRITTEN_OUT:
        return WRITTEN_OUT[path]
    target = _numpy(path)
    if path in SURFACE["ufuncs"]:
        record = SURFACE["ufuncs"][path]
        return ufunc(path, target, record) if isinstance(target, np.ufunc) else like_a_ufunc(path, target)
    if path in SURFACE["functions"] and target is not None and path not in LEFT_OUT_FUNCTIONS:
        return checked(path, target, parse(SURFACE["functions"][path]))
    if path in SURFACE["types"] and isinstance(target, type) and issubclass(target, SHARED_TYPES):
        return target
    if path in SURFACE["constants"] and isinstance(target, float):
        return target
    if any(path in SURFACE[kind] for kind in ("functions", "types", "constants")):
        raise AttributeError(f"cupy.{path}: CuPy has it, its stand-in does not")
    raise AttributeError(f"CuPy {VERSION}: module 'cupy' has no attribute {path!r}")


def _numpy(path: str) -> Any:
    found: Any = np
    for name in NUMPY_NAMES.get(path, path).split("."):
        found = getattr(found, name, None)
    return found


_METHODS = (
    "all any argpartition argsort choose clip compress conj conjugate cumprod cumsum diagonal dot flatten max mean min"
    " nonzero partition prod ptp ravel repeat round searchsorted sort squeeze std sum take trace var"
)
for _name in _METHODS.split():
    _signature = parse(SURFACE["methods"]["ndarray"][_name])
    _target = np.ptp if _name == "ptp" else getattr(np.ndarray, _name)
    setattr(ndarray, _name, checked(f"ndarray.{_name}", _target, _signature))


def product_of(function: Callable) -> Callable:
    """Make a product of bfloat16 arrays bfloat16, as in CuPy; NumPy would give float32 or refuse."""

    def product(*args: Any, **kwargs: Any) -> Any:
        dtypes = {a.dtype for a in args if isinstance(a, np.ndarray)}
        if len(dtypes) != 1 or next(iter(dtypes)).name != "bfloat16":
            return function(*args, **kwargs)
        wide = [a.astype(np.float32) if isinstance(a, np.ndarray) else a for a in args]
        return np.asarray(function(*wide, **kwargs)).astype(*dtypes)

    return product


for _path, _text in {
    "matmul": "x1, x2, out=None, **kwargs",
    "dot": "a, b, out=None",
    "inner": "a, b",
    "tensordot": "a, b, axes=2",
    "vdot": "a, b",
}.items():
    instead(_path)(checked(_path, product_of(getattr(np, _path)), parse(_text)))
matmul = instead("linalg.matmul")(WRITTEN_OUT["matmul"])


def _matmul(self: ndarray, other: Any) -> Any:
    if isinstance(other, np.ndarray):
        raise host_array("matmul")
    return matmul(self, other) if type(other) is ndarray else NotImplemented


setattr(ndarray, "__matmul__", _matmul)  # noqa: B010
