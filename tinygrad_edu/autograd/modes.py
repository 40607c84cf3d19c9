"""Modes of recording, one state for each thread: no_grad and its kin."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ContextDecorator
from typing import Any

OFF, ON, WATCH = range(3)  # WATCH records and examines every result for nan and inf


class Mode(threading.local):
    """What this thread does with an operation."""

    recording = ON
    watching = False  # in anomaly mode, ON becomes WATCH
    asked: Any = None  # while a backward pass for chosen inputs runs: the nodes that lead to them


mode = Mode()

# The threads that do anything but ON: the most frequent operations ask this set before they ask for a thread's state.
special: set[int] = set()


def set_recording(level: int) -> int:
    """Set what this thread does; returns what it did before."""
    before = mode.recording
    mode.recording = level
    (special.discard if level == ON else special.add)(threading.get_ident())
    return before


def _record(enabled: bool) -> int:
    return set_recording((WATCH if mode.watching else ON) if enabled else OFF)


class _Recording(ContextDecorator):
    enabled: bool
    before: list[int]

    def __new__(cls, function: Callable | None = None) -> Any:
        self = super().__new__(cls)
        self.before = []
        return self if function is None else self(function)  # ``@no_grad`` and ``@no_grad()`` both decorate

    def __enter__(self) -> None:
        self.before.append(_record(self.enabled))

    def __exit__(self, *error: object) -> None:
        set_recording(self.before.pop())

    def _recreate_cm(self) -> Any:
        return type(self)()  # a decorated function may run in several threads at once


class no_grad(_Recording):
    """Record nothing: results want no gradient. A ``with`` block or a decorator."""

    enabled = False


class enable_grad(_Recording):
    """Record again inside a ``no_grad`` block."""

    enabled = True


class set_grad_enabled(_Recording):
    """Record or not, by a flag: from now on when called, until the end of the block in a ``with``."""

    def __new__(cls, enabled: bool) -> Any:
        self = ContextDecorator.__new__(cls)
        self.enabled, self.before = enabled, [_record(enabled)]
        return self

    def __enter__(self) -> None:
        _record(self.enabled)

    def __call__(self, function: Callable) -> Any:
        self.__exit__()  # a decorator acts when the function runs, not now
        return super().__call__(function)

    def _recreate_cm(self) -> Any:
        return set_grad_enabled(self.enabled)


def is_grad_enabled() -> bool:
    """True where operations on tensors that require a gradient are recorded."""
    return mode.recording != OFF
