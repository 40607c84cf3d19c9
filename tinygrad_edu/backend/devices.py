"""Devices: where an array lies, and moving it.

``"cpu"`` is NumPy; ``"cuda"`` and ``"cuda:1"`` are CuPy (or its strict stand-in, see ``cuda.py``). An operation runs
where its data is; nothing moves by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from ..errors import DeviceError, DTypeError
from . import cuda


class device(NamedTuple("device", [("type", str), ("index", "int | None")])):
    """A place for arrays: ``device("cpu")``, ``device("cuda")``, ``device("cuda:1")``, ``device("cuda", 1)``.

    >>> device("cuda:1").index
    1
    """

    __slots__ = ()

    def __new__(cls, type: Any = "cpu", index: int | None = None) -> device:
        if isinstance(type, cls):
            return type
        if isinstance(type, int) and not isinstance(type, bool):
            return super().__new__(cls, "cuda", type)
        found = re.fullmatch(r"(cpu|cuda)(?::(\d+))?", type) if isinstance(type, str) else None
        if found is None or (found[2] is not None and index is not None):
            raise DeviceError(f'device: expected "cpu", "cuda" or "cuda:N", got {type!r}')
        kind = found[1]
        number = index if found[2] is None else int(found[2])
        if kind == "cpu" and number:
            raise DeviceError(f'device: there is one "cpu", got index {number}')
        return super().__new__(cls, kind, None if kind == "cpu" else number)

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"device({str(self)!r})"


CPU = device("cpu")


def device_of(array: Any) -> device:
    """The device that an array lies on."""
    return CPU if isinstance(array, (np.ndarray, np.generic)) else device("cuda", cuda.device_of(array))


def on_device_of(array: Any) -> AbstractContextManager:
    """Compute where an array lies: CuPy works on the current device, not on that of its operands."""
    if isinstance(array, np.ndarray | np.generic) or cuda.device_of(array) == cuda.current_device():
        return nullcontext()
    return cuda.on_device(cuda.device_of(array))


@contextmanager
def placed(where: Any) -> Iterator[ModuleType]:
    """Make arrays on a device: ``with placed("cuda:1") as xp: xp.zeros(3)``; None is the CPU."""
    target = device("cpu" if where is None else where)
    if target.type == "cpu":
        yield np
    else:
        with cuda.on_device(_index(target)):
            yield cuda.module()


def move(array: Any, where: Any) -> Any:
    """The array on a device: itself where it lies there already, else a copy."""
    target = device(where)
    if isinstance(array, np.ndarray):
        return array if target.type == "cpu" else cuda.from_host(array, _index(target))
    if target.type == "cpu":
        return cuda.to_host(array)
    return array if cuda.device_of(array) == _index(target) else cuda.copy_to(array, _index(target))


def _index(target: device) -> int:
    index = cuda.current_device() if target.index is None else target.index
    if index >= cuda.device_count():
        raise DeviceError(f"device: {target} asked for, but there are {cuda.device_count()} CUDA devices")
    return index


def as_array(data: Any, dtype: np.dtype | None, where: Any) -> Any:
    """An array on a device from an array, a number or nested lists of them. Copies only where it must."""
    if isinstance(data, (np.ndarray, np.generic)) or not hasattr(data, "__cuda_array_interface__"):
        try:
            data = np.asarray(data, dtype)
        except (ValueError, TypeError, OverflowError) as error:
            raise DTypeError(f"tensor: expected numbers in nested lists of equal lengths; {error}") from None
    elif dtype is not None and data.dtype != dtype:
        data = data.astype(dtype)
    return move(data, where)
