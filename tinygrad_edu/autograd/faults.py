"""What can go wrong with a graph, and how it is said: which operation, recorded at which line, and what to do."""

from __future__ import annotations

import os
import sys
from contextlib import ContextDecorator
from types import CodeType
from typing import Any

from ..backend import array_namespace
from ..errors import GradError
from .modes import OFF, WATCH, mode, set_recording

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def caller() -> tuple[CodeType, int]:
    """Where outside this package Python is now: the line of the user's that an error can name, worked out by ``place``."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        code = frame.f_code
        if code not in _inside:
            if not code.co_filename.startswith(PACKAGE):
                break
            _inside.add(code)
        frame = frame.f_back
    return frame.f_code, frame.f_lasti


_inside: set[CodeType] = set()  # pieces of code of this package that were seen


def place(where: tuple[CodeType, int]) -> str:
    """``file:line`` of what ``caller`` saw."""
    code, instruction = where
    line = next((n for start, end, n in code.co_lines() if start <= instruction < end), None)
    return f"{code.co_filename}:{line}"


def recorded(op: Any) -> str:
    """Where an operation was recorded; of ``+ - * /`` the line is known in anomaly mode alone, for speed."""
    where = getattr(op, "where", None)
    return f"at {place(where)}" if where else f"as operation number {op.sequence} (detect_anomaly() names its line)"


def used_twice(op: Any) -> GradError:
    """The error of a second backward pass through saved values that the first has freed."""
    return GradError(
        f"{op.name}: backward a second time through the graph, recorded {recorded(op)}, whose saved values were freed by "
        "the first; give retain_graph=True to the first"
    )


def changed_since(op: Any, what: str, array: Any, cell: list, count: int) -> GradError:
    """The error of a saved value that was changed in place: names where it was saved, and where it was changed."""
    return GradError(
        f"{op.name}: {what} ({array.dtype}, shape {tuple(array.shape)}) was saved for backward {recorded(op)} (version "
        f"{count}) and then changed in place by {cell[1]} at {place(cell[2])} (version {cell[0]}); change a .clone(), or "
        "use the operation that is not in place"
    )


def flaw(value: Any) -> str | None:
    """``"nan"``, ``"inf"`` or None: the worst that a Variable, an array or a number holds."""
    value = getattr(value, "array", value)
    if isinstance(value, float):
        return None if value - value == 0 else "nan" if value != value else "inf"
    if not hasattr(value, "dtype") or value.dtype.kind in "biu":
        return None
    xp = array_namespace(value)
    return None if bool(xp.isfinite(value).all()) else "nan" if bool(xp.isnan(value).any()) else "inf"


def examine_forward(op: Any, arrays: list, outputs: Any) -> None:
    """In anomaly mode: raise where a result is not finite though every input is: it was made here."""
    op.where = caller()
    for out in outputs if type(outputs) is tuple else (outputs,):
        if (found := flaw(out)) and not any(map(flaw, arrays)):
            raise GradError(f"{op.name}: the forward at {place(op.where)} made the first {found}")


def examine_backward(op: Any, grads: Any, dy: list) -> None:
    """In anomaly mode: raise where a gradient is not finite though those that came in are."""
    for i, g in enumerate(grads):
        if (found := flaw(g)) and not any(map(flaw, dy)):
            raise GradError(
                f"{op.name}: backward made the first {found}, in the gradient of input {i}; forward {recorded(op)}"
            )


class detect_anomaly(ContextDecorator):
    """Stop at the first nan or inf, naming the line that made it.

    Forward: an operation whose inputs are finite and whose result is not raises at once. Backward: so does one whose
    gradient is not finite, naming the line of its forward. Slow: for hunting a fault, not for training.
    """

    def __enter__(self) -> None:
        self.before = mode.watching, mode.recording
        mode.watching = True
        set_recording(WATCH if mode.recording != OFF else OFF)

    def __exit__(self, *error: object) -> None:
        mode.watching, recording = self.before
        set_recording(recording)
