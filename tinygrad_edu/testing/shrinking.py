"""Making a failing case small: fewer elements, then rounder numbers, as long as the same mistake is found."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from .failure import Failure

SECONDS = 5.0  # a slow function is not shrunk for longer than this


def shrink(
    find: Callable[[list[np.ndarray]], Failure | None], values: list[np.ndarray], failure: Failure
) -> tuple[list, Failure]:
    """Smaller values at which ``find`` finds the same cause, and what it says there.

    ``find`` returns None for values with no failure, and for those that the function refuses.
    """
    end = time.monotonic() + SECONDS
    found = True
    while found and time.monotonic() < end:
        found = False
        for candidate in _smaller(values):
            smaller = find(candidate)
            if smaller is not None and smaller.cause == failure.cause:
                values, failure, found = candidate, smaller, True
                break
            if time.monotonic() > end:
                break
    for digits in (0, 1, 2):
        candidate = [np.round(v, digits) for v in values]
        simpler = find(candidate) if time.monotonic() < end else None
        if simpler is not None and simpler.cause == failure.cause:
            return candidate, simpler
    return values, failure


def _smaller(values: list[np.ndarray]):
    """Dims of one size shrink together, since a function ties them to each other; then each by itself."""
    for size in sorted({n for v in values for n in v.shape if n > 1}, reverse=True):
        for less in sorted({1, 2, size - 1} - {size}):
            if less < size:
                yield [v[tuple(slice(less if n == size else n) for n in v.shape)].copy() for v in values]
    for k, v in enumerate(values):
        for d, n in enumerate(v.shape):
            for less in sorted({1, 2} - {n}):
                if less < n:
                    yield [w.take(range(less), axis=d) if i == k else w for i, w in enumerate(values)]


def inside_hypothesis() -> bool:
    """Hypothesis shrinks by itself, and better: it knows how the inputs were made."""
    hypothesis = sys.modules.get("hypothesis")
    return hypothesis is not None and hypothesis.currently_in_test_context()
