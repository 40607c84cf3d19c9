"""Anomaly mode's examination: who made the first nan or inf?"""

from __future__ import annotations

from typing import Any

from ..backend import array_namespace
from ..errors import GradError
from .variable import place


def flaw(value: Any) -> str | None:
    """``"nan"``, ``"inf"`` or None: the worst that an array or number holds."""
    if hasattr(value, "dtype"):
        if value.dtype.kind in "biu":
            return None
        xp = array_namespace(value)
        if bool(xp.isfinite(value).all()):
            return None
        return "nan" if bool(xp.isnan(value).any()) else "inf"
    if isinstance(value, float) and value - value != 0:
        return "nan" if value != value else "inf"
    return None


def examine_forward(op: Any, arrays: list, outputs: Any) -> None:
    """Raise where a result is not finite though every input is: the value was made here."""
    for out in outputs if type(outputs) is tuple else (outputs,):
        found = flaw(out.array)
        if found and not any(flaw(a) for a in arrays):
            raise GradError(f"{op.name}: the forward at {place(op.where)} made the first {found}")


def examine_backward(op: Any, grads: tuple, dy: Any) -> None:
    """Raise where a gradient is not finite though the one that came in is."""
    given = dy if isinstance(dy, list | tuple) else (dy,)
    for i, g in enumerate(grads):
        found = None if g is None else flaw(getattr(g, "array", g))
        if found and not any(flaw(getattr(d, "array", d)) for d in given if d is not None):
            at = place(op.where) if getattr(op, "where", None) else "a line recorded outside detect_anomaly"
            raise GradError(f"{op.name}: backward made the first {found}, in the gradient of input {i}; forward at {at}")
