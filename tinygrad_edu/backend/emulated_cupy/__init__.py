"""A stand-in for CuPy that runs on a CPU and is stricter than CuPy. The package itself poses as the module `cupy`.

It exists so that array code written for both NumPy and CuPy can be tested, and studied, without a GPU. It has the names
and parameters that CuPy's recorded table lists (``cupy_surface.json``) and no others, keeps its arrays apart from
NumPy's, gives arrays of no dimensions where NumPy gives scalars, and refuses what CuPy refuses. Where CuPy would go on
with a result that depends on luck, it raises: an index out of bounds, an element assigned twice, an assignment that
overlaps its source, memory that was never written (which is full of nan). It has two devices, to tell code that mixes
them. It counts what makes a host wait for its device, and what goes between the two.

What it cannot show: speed, rounding of a GPU's own (its exp, its order of summation), and conversions that CUDA defines
otherwise (nan to an integer).

Read ``_array.py`` for the array, ``_calls.py`` for the check of a call, ``_differences.py`` and ``_linalg.py`` for what
CuPy does otherwise than NumPy.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from . import (  # noqa: F401  each attaches or registers what it makes
    _differences,
    _functions,
    _linalg,
    _operators,
    _random,
    cuda,
    cupyx,
)
from ._array import ndarray
from ._state import reset_counts, sync_counts, transfer_counts
from ._surface import SURFACE, VERSION

__all__ = ["cuda", "cupyx", "ndarray", "reset_counts", "sync_counts", "transfer_counts"]
__version__ = VERSION


class _Module(ModuleType):
    """A module within the module: `linalg`, `random`, `fft`, `lib`, `lib.stride_tricks`."""

    def __init__(self, path: str):
        super().__init__(f"{__name__}.{path}")
        self._path = path

    def __getattr__(self, name: str) -> Any:
        value = _find(f"{self._path}.{name}", name)
        setattr(self, name, value)
        return value


_memory_pool = cuda.MemoryPool()


def get_default_memory_pool() -> cuda.MemoryPool:
    """Return the pool that memory comes from."""
    return _memory_pool


def is_available() -> bool:
    """Say yes: the devices are emulated."""
    return True


def _find(path: str, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Module(path) if path in SURFACE["modules"] else _functions.resolve(path)


def __getattr__(name: str) -> Any:
    value = _find(name, name)
    globals()[name] = value  # a name is looked for once
    return value
