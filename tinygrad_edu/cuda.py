"""CUDA devices: are there any, how many, which; for device "cuda" see ``backend.cuda``."""

from typing import Any

from .backend import device as _device
from .backend.cuda import current_device, device_count, get_device_name, is_available, memory_allocated, synchronize
from .ops.random import default_generator

__all__ = [
    "current_device",
    "device_count",
    "get_device_name",
    "is_available",
    "manual_seed",
    "memory_allocated",
    "synchronize",
]


def manual_seed(seed: int) -> Any:
    """Seed the generator of the current CUDA device."""
    return default_generator(_device("cuda")).manual_seed(seed)
