"""How two libraries are timed fairly: in one process, in turn, with the same number of threads."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Timing(NamedTuple):
    """Microseconds of one call of each side: medians and minima over the rounds, and their ratios."""

    ours: float
    theirs: float
    ours_best: float
    theirs_best: float

    @property
    def ratio(self) -> float:
        """Ours / theirs, medians: below 1 is faster."""
        return self.ours / self.theirs

    @property
    def ratio_best(self) -> float:
        """Ours / theirs, minima."""
        return self.ours_best / self.theirs_best


def interleaved(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 200, pause: float = 0.0
) -> Timing:
    """Call the two in turn; the first two rounds warm up and do not count.

    ``pause`` seconds between the sides let the threads of one library fall asleep before the other runs.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for i in range(rounds + 2):
        for side, call in enumerate((ours, theirs)):
            if pause:
                time.sleep(pause)
            start = time.perf_counter()
            call()
            if i > 1:
                times[side].append((time.perf_counter() - start) * 1e6)
    return Timing(statistics.median(times[0]), statistics.median(times[1]), min(times[0]), min(times[1]))
