"""Which emulated device is current, and what was counted."""

from __future__ import annotations

import threading
from collections import Counter

DEVICE_COUNT = 2  # two, so that mixing them can be seen to fail

syncs: Counter[str] = Counter()
transfers: Counter[str] = Counter()


class _Current(threading.local):
    device = 0
    linalg = "ignore"


current = _Current()


def sync(kind: str) -> None:
    """Note that the host would now wait for the device."""
    syncs[kind] += 1


def transfer(direction: str, nbytes: int) -> None:
    """Note a copy between host and device; `direction` is "host_to_device" or "device_to_host"."""
    transfers[direction] += 1
    transfers[f"{direction}_bytes"] += nbytes


def sync_counts() -> dict[str, int]:
    """How often the host would have waited for the device, by what made it wait ("float", "mask", "nonzero", ...)."""
    return dict(syncs)


def transfer_counts() -> dict[str, int]:
    """How many copies and bytes went between host and device, by direction."""
    return dict(transfers)


def reset_counts() -> None:
    """Begin counting anew."""
    syncs.clear()
    transfers.clear()


def wrong_device(operation: str, device: int) -> ValueError:
    """The error for an array that is not on the current device."""
    return ValueError(
        f"{operation}: an array lies on cuda:{device} while the current device is cuda:{current.device}; "
        f"copy it there, or work inside `with on_device({device}):`"
    )
