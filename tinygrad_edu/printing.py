"""How a tensor prints: PyTorch's format, four digits, aligned, the middle of long ones left out."""

from __future__ import annotations

from typing import Any

import numpy as np

from .autograd.op import Leaf
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
    if array.dtype not in (get_default_dtype(), int64, bool_) or (array.size == 0 and array.dtype != get_default_dtype()):
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
    """The numbers of an array, each as wide as the widest."""
    if array.dtype.name == "bfloat16" or array.dtype == np.float16:
        array = array.astype(np.float32)
    shown = _shown(array) if array.size > THRESHOLD else array
    form = _float_form(shown) if is_floating(array.dtype) else str
    width = max(len(form(v)) for v in shown.ravel().tolist())
    if array.ndim == 0:
        return form(array.item())
    return np.array2string(
        array,
        formatter={"all": lambda v: form(v.item() if hasattr(v, "item") else v).rjust(width)},
        separator=", ",
        threshold=THRESHOLD,
        edgeitems=EDGE,
        max_line_width=WIDTH,
        prefix=" " * indent,
    )


def _shown(array: np.ndarray) -> np.ndarray:
    for axis in range(array.ndim):
        if array.shape[axis] > 2 * EDGE:
            array = np.take(array, [*range(EDGE), *range(-EDGE, 0)], axis)
    return array


def _float_form(array: np.ndarray) -> Any:
    """Integers as ``1.``, else four decimals, or exponents where the magnitudes are far apart, very large or small."""
    values = np.abs(array[np.isfinite(array) & (array != 0)].astype(np.float64))
    low, high = (float(values.min()), float(values.max())) if values.size else (1.0, 1.0)
    spread = high / low > 1000 or high > 1e8
    whole = bool((values == np.ceil(values)).all())
    if spread or (low < 1e-4 and not whole):
        return lambda v: f"{v:.{PRECISION}e}" if np.isfinite(v) else str(v)
    if whole:
        return lambda v: f"{v:.0f}." if np.isfinite(v) else str(v)
    return lambda v: f"{v:.{PRECISION}f}" if np.isfinite(v) else str(v)
