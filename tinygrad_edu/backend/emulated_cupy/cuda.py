"""The part of ``cupy.cuda`` that array code needs: devices, streams and events, on two devices that are not there."""

from __future__ import annotations

import gc
import time
from types import SimpleNamespace
from typing import Any

import numpy as np

from ._array import ndarray
from ._state import DEVICE_COUNT, current

__all__ = ["Device", "Event", "Stream", "get_current_stream", "get_elapsed_time", "is_available", "runtime"]


class Device:
    """A device, and a ``with`` block in which it is the current one.

    Parameters
    ----------
    device : int or Device, optional
        Its index; the current device unless given.
    """

    def __init__(self, device: int | Device | None = None):
        index = current.device if device is None else int(device)
        if not 0 <= index < DEVICE_COUNT:
            raise RuntimeError(f"cudaErrorInvalidDevice: invalid device ordinal {index}, there are {DEVICE_COUNT}")
        self.id = index
        self._before: list[int] = []

    def __int__(self) -> int:
        return self.id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<CUDA Device {self.id}>"

    def __enter__(self) -> Device:
        self._before.append(current.device)
        current.device = self.id
        return self

    def __exit__(self, *exception: Any) -> None:
        current.device = self._before.pop()

    def use(self) -> None:
        """Make this the current device."""
        current.device = self.id

    def synchronize(self) -> None:
        """Return at once: everything is computed when it is asked for."""


class Stream:
    """A queue of work; here all work is done when it is asked for."""

    null: Stream

    def __init__(self, null: bool = False, non_blocking: bool = False, ptds: bool = False):
        self.ptr = 0

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exception: Any) -> None:
        return None

    def use(self) -> Stream:
        """Make this the current stream."""
        return self

    def synchronize(self) -> None:
        """Return at once."""


Stream.null = Stream(null=True)


def get_current_stream(device_id: int = -1) -> Stream:
    """Return the stream that work goes to."""
    return Stream.null


class Event:
    """A moment in a stream."""

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False):
        self._time = 0.0

    def record(self, stream: Stream | None = None) -> None:
        """Note the time."""
        self._time = time.perf_counter()

    def synchronize(self) -> None:
        """Return at once."""


def get_elapsed_time(start_event: Event, end_event: Event) -> float:
    """Milliseconds between two events."""
    return (end_event._time - start_event._time) * 1e3


def is_available() -> bool:
    """Say yes: the devices are emulated."""
    return True


def _set_device(index: int) -> None:
    Device(index).use()


runtime = SimpleNamespace(
    getDeviceCount=lambda: DEVICE_COUNT,
    getDevice=lambda: current.device,
    setDevice=_set_device,
    deviceSynchronize=lambda: None,
    getDeviceProperties=lambda index: {"name": f"CPU in place of CUDA device {Device(index).id}".encode()},
)


class MemoryPool:
    """What the arrays of the current device hold, counted when asked."""

    def used_bytes(self) -> int:
        """Bytes of all live arrays on the current device; views of one memory count it once."""
        held: dict[int, int] = {}
        for x in gc.get_objects():
            if type(x) is ndarray and x._device == current.device:
                memory = x._a
                while isinstance(memory.base, np.ndarray):
                    memory = memory.base
                held[id(memory)] = memory.nbytes
        return sum(held.values())

    def free_all_blocks(self, stream: Any = None) -> None:
        """Do nothing: memory is not kept for later."""
