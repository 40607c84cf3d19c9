"""How a tensor prints: PyTorch's format, four digits, aligned, the middle of long ones left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .backend import CPU, move
from .backend.dtypes import bool_, get_default_dtype, int64, is_floating

PRECISION, THRESHOLD, EDGE, WIDTH = 4, 1000, 3, 80


def describe(x: Any) -> str:
    """``tensor([1., 2.], requires_grad=True)`` and the like."""
    array = move(x.array, CPU)
    name = "tensor" if type(x) is x.result_class else type(x).__name__
    suffixes = []
    if x.device != CPU:
        suffixes.append(f"device='{x.device}'")
    if array.dtype not in (get_default_dtype(), int64, bool_) or (
        array.size == 0 and array.dtype != get_default_dtype()
    ):
        suffixes.append(f"dtype={array.dtype}")
    if array.size == 0:
        body = "[]"
        if array.ndim != 1:
            suffixes.insert(0, f"size={tuple(array.shape)}")
    else:
        body = numbers(array, len(name) + 1)
    if x.requires_grad:
        node = x.grad_fn
        if node is None:
            suffixes.append("requires_grad=True")
        else:
            op = node if hasattr(node, "name") else node.edges[0]
            suffixes.append(f"grad_fn=<{op.name}>")
    return _assemble(name + "(" + body, suffixes, len(name) + 1)


def _assemble(text: str, suffixes: list[str], indent: int) -> str:
    line = len(text) - text.rfind("\n") - 1
    for suffix in suffixes:
        if line + len(suffix) + 2 > WIDTH:
            text += ",\n" + " " * indent + suffix
            line = indent + len(suffix)
        else:
            text += ", " + suffix
            line += len(suffix) + 2
    return text + ")"


def numbers(array: np.ndarray, indent: int) -> str:
    """The numbers of an array, each as wide as the widest, the middle of long dimensions left out."""
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    shorten = array.size > THRESHOLD
    sample = _ends(array) if shorten else array
    form, width = _form(sample.ravel())
    return _layout(array, indent, shorten, width, lambda v: form(v).rjust(width))


def _layout(array: np.ndarray, indent: int, shorten: bool, width: int, form: Callable) -> str:
    if array.ndim == 0:
        return form(array.item())
    cut = shorten and array.shape[0] > 2 * EDGE
    kept = [*array[:EDGE], None, *array[-EDGE:]] if cut else list(array)
    if array.ndim > 1:
        rows = ["..." if row is None else _layout(row, indent + 1, shorten, width, form) for row in kept]
        return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(rows) + "]"
    words = [" ..." if v is None else form(v.item()) for v in kept]
    each = max(1, (WIDTH - indent) // (width + 2))
    lines = [", ".join(words[i : i + each]) for i in range(0, len(words), each)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _ends(array: np.ndarray) -> np.ndarray:
    for axis in range(array.ndim):
        if array.shape[axis] > 2 * EDGE:
            array = np.take(array, [*range(EDGE), *range(-EDGE, 0)], axis)
    return array


def _form(values: np.ndarray) -> tuple[Callable, int]:
    """How one number is written, and how wide the widest is.

    Floats: whole ones as ``1.``, others with four decimals, with exponents where magnitudes are far apart or extreme.
    """
    if not is_floating(values.dtype):
        return str, max(len(str(v)) for v in values.tolist())
    values = values.astype(np.float64)
    values = values[np.isfinite(values) & (values != 0)]
    low, high = (float(np.abs(values).min()), float(np.abs(values).max())) if values.size else (1.0, 1.0)
    whole = bool((values == np.ceil(values)).all())
    if high / low > 1000 or high > 1e8 or (low < 1e-4 and not whole):
        kind = f".{PRECISION}e"
    else:
        kind = ".0f" if whole else f".{PRECISION}f"

    def form(v: float) -> str:
        return f"{v:{kind}}" + ("." if kind == ".0f" and np.isfinite(v) else "")

    return form, max([len(form(v)) for v in values.tolist()], default=1)
