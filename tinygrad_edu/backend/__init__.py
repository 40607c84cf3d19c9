"""Which array library: the one place that knows NumPy from CuPy.

``devices`` says where an array lies, ``dtypes`` what its elements are, ``cuda`` finds CuPy or its stand-in, and
``floating_point`` keeps NumPy's warnings away.
"""

from ..kernels.namespace import array_namespace
from .devices import CPU, as_array, device, device_of, move, on_device_of, placed
from .floating_point import IGNORE, ignore, restore, silent

__all__ = [
    "CPU",
    "IGNORE",
    "array_namespace",
    "as_array",
    "device",
    "device_of",
    "ignore",
    "move",
    "on_device_of",
    "placed",
    "restore",
    "silent",
]
