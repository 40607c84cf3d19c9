"""What a gradient check says when it fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Failure:
    """One mistake: what is wrong, where, the numbers, and why it is likely so."""

    headline: str  # "the gradient of input 0 (x) is wrong"
    cause: str  # a word for programs: "sign", "factor", "transposed" ...
    likely: str  # the same for people, with what speaks for it
    facts: dict[str, str] = field(default_factory=dict)  # element, analytic, numeric ...
    case: str = ""  # the inputs it was found on, shrunk where that was possible

    def text(self, what: str) -> str:
        """The message: a headline, and a line for each fact."""
        lines = [f"{what}: {self.headline}"]
        for name, value in {**self.facts, "likely": self.likely, "case": self.case}.items():
            if value:
                lines.append(f"  {name:<9} " + value.replace("\n", "\n" + " " * 12))
        return "\n".join(lines)


class GradcheckError(RuntimeError):
    """A gradient check failed. ``cause`` is the likely cause in a word, ``failure`` holds the parts of the message."""

    def __init__(self, failure: Failure, what: str = "gradcheck"):
        super().__init__(failure.text(what))
        self.failure = failure
        self.cause = failure.cause


def index_text(shape: tuple, flat: int) -> str:
    """The index of the ``flat``-th element, as one would write it: ``[1, 2]``; nothing for a single number."""
    return "[" + ", ".join(str(int(i)) for i in np.unravel_index(flat, shape)) + "]" if shape else ""


def values_text(array: np.ndarray) -> str:
    """Few numbers as they are, many as their shape."""
    if array.size > 12:
        return f"{array.dtype} of shape {array.shape}"
    return (
        np.array2string(array, separator=", ", floatmode="unique", max_line_width=96)
        if array.size
        else f"shape {array.shape}"
    )


def number_text(x: Any) -> str:
    """A number with the digits that a comparison needs."""
    return f"{float(x): .12g}"
