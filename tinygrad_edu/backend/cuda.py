"""The array module behind device "cuda": CuPy on a GPU, or its strict stand-in on a CPU.

Nothing happens at import. The first question looks for a GPU that really computes and remembers the answer; where there
is none, one sentence says why and what to do. With ``TINYGRAD_EDU_EMULATE_CUDA=1`` the answer is ``emulated_cupy``.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import DeviceError

__all__ = [
    "copy_to",
    "current_device",
    "device_count",
    "device_of",
    "from_host",
    "get_device_name",
    "is_available",
    "is_emulated",
    "linalg_errors",
    "memory_allocated",
    "module",
    "on_device",
    "synchronize",
    "to_host",
    "unavailable_reason",
]

_EMULATE = "or set TINYGRAD_EDU_EMULATE_CUDA=1 to run device 'cuda' on the CPU, slowly but strictly"


def module() -> ModuleType:
    """Return the array module of device "cuda".

    Returns
    -------
    module
        `cupy`, or ``tinygrad_edu.backend.emulated_cupy`` where ``TINYGRAD_EDU_EMULATE_CUDA`` is 1.

    Raises
    ------
    DeviceError
        Where no GPU can be used; the message is `unavailable_reason`.
    """
    found, reason = _find(is_emulated())
    if found is None:
        raise DeviceError(reason)
    return found


def is_available() -> bool:
    """Whether arrays can be put on device "cuda", emulated or not."""
    return _find(is_emulated())[0] is not None


def unavailable_reason() -> str:
    """Why device "cuda" cannot be used, and what to do about it, in one sentence; empty where it can."""
    return _find(is_emulated())[1]


def is_emulated() -> bool:
    """Whether device "cuda" is the stand-in on the CPU."""
    return os.environ.get("TINYGRAD_EDU_EMULATE_CUDA") == "1"


def device_count() -> int:
    """How many CUDA devices there are; 0 where none can be used."""
    return module().cuda.runtime.getDeviceCount() if is_available() else 0


def current_device() -> int:
    """The index of the device on which this thread makes its arrays."""
    return module().cuda.runtime.getDevice()


def on_device(index: int) -> AbstractContextManager:
    """Make another device the current one inside a ``with`` block.

    CuPy computes on the current device, not on the device of its operands: what works on arrays of ``cuda:1`` stands
    in ``with on_device(1):``.
    """
    return module().cuda.Device(index)


def device_of(array: Any) -> int:
    """The index of the device that a device array lies on."""
    return array.data.device_id


def synchronize(index: int | None = None) -> None:
    """Wait until a device (the current one unless given) has finished what was asked of it."""
    module().cuda.Device(index).synchronize()


def get_device_name(index: int | None = None) -> str:
    """The name of a device (the current one unless given), as its maker calls it."""
    if index is None:
        index = current_device()
    return module().cuda.runtime.getDeviceProperties(index)["name"].decode()


def memory_allocated() -> int:
    """Bytes held by arrays on the current device."""
    return module().get_default_memory_pool().used_bytes()


def to_host(array: Any) -> np.ndarray:
    """Copy a device array into a NumPy array. Waits for the device."""
    return array.get()


def from_host(array: np.ndarray, index: int) -> Any:
    """Copy a NumPy array to a device."""
    with on_device(index):
        return module().asarray(array)


def copy_to(array: Any, index: int) -> Any:
    """Copy a device array to a device, which may be the one it is on."""
    with on_device(device_of(array)):  # a copy between devices must be of one contiguous block
        block = array if array.flags.c_contiguous else array.copy()
    with on_device(index):
        return block.copy()


def linalg_errors() -> AbstractContextManager:
    """Have ``xp.linalg`` raise ``numpy.linalg.LinAlgError`` for singular or indefinite matrices in a ``with`` block.

    NumPy always does. CuPy by default returns whatever numbers are left, because looking would wait for the device.
    """
    if is_emulated():
        from .emulated_cupy.cupyx import errstate

        return errstate(linalg="raise")
    module()
    import cupyx

    return cupyx.errstate(linalg="raise")


@functools.cache
def _find(emulated: bool) -> tuple[ModuleType | None, str]:
    """Return the module and "", or None and the reason; both are looked for once in a process."""
    if emulated:
        from . import emulated_cupy

        return emulated_cupy, ""
    if importlib.util.find_spec("cupy") is None:
        install = "install it with: pip install 'tinygrad_edu[cuda12]' (or [cuda13], by the CUDA of your driver)"
        return None, f"cuda: CuPy is not installed; {install}, {_EMULATE}"
    try:
        import cupy

        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:
        return None, _explain(error)
    if count == 0:
        return None, f"cuda: no CUDA device is visible; check nvidia-smi and CUDA_VISIBLE_DEVICES, {_EMULATE}"
    try:
        x = cupy.arange(4, dtype=cupy.float32)  # compiles a kernel: a GPU that is there may still not compute
        total = float((x * x).sum())
    except Exception as error:
        return None, _explain(error)
    if total != 14.0:
        reason = f"cuda: a first kernel computed 0 + 1 + 4 + 9 = {total} on the GPU; check the driver and the hardware"
        return None, f"{reason}, {_EMULATE}"
    return cupy, ""


def _explain(error: Exception) -> str:
    """Say what an exception from CuPy's first steps means. They come in many types; their text tells them apart."""
    text = " ".join(str(error).split())
    if "cudaErrorInsufficientDriver" in text or "libcuda" in text:
        reason = "the NVIDIA driver is missing or older than CuPy's CUDA; install or update the driver"
    elif "cudaErrorNoDevice" in text:
        reason = "no CUDA device is visible; check nvidia-smi and CUDA_VISIBLE_DEVICES"
    elif isinstance(error, ImportError):
        reason = f"CuPy is installed but cannot be imported ({text}); reinstall it for the CUDA of your driver"
    else:
        reason = f"a GPU is there but a first kernel failed ({type(error).__name__}: {text}); check nvidia-smi"
    return f"cuda: {reason}, {_EMULATE}"
