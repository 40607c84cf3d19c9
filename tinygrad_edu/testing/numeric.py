"""Numeric derivatives that are good to ten digits and more, and that know how good they are.

The central difference (f(h) - f(-h)) / 2h is wrong by c2 h^2 + c4 h^4 + ... From its values at h, h/2, h/4 ... the powers
are eliminated one after another (Richardson), which gives a triangle of estimates; the one that moved least from its
neighbours is taken, and that movement is its error (Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", 1982).
Beginning with large steps keeps rounding small; going on to smaller ones until the estimate has settled gets past a
kink, a pole or the end of the domain that lies near.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

FIRST_STEP = 0.0117  # for a number near 1; no power of two, so that steps don't fall in with the period of a function
LEVELS = 20  # halvings of the step at most: to 1e-8
COLUMNS = 5  # powers of the step that are eliminated
SETTLED = 1e-11  # relative error at which no smaller step is tried
EPSILON = float(np.finfo(np.float64).eps)


def derivative(f: Callable[[float], np.ndarray], step: float) -> tuple[np.ndarray, np.ndarray]:
    """The derivative of ``f`` at 0, and its error.

    Parameters
    ----------
    f
        From a number to an array of float64, of one shape.
    step
        The first, largest step.

    Returns
    -------
    value, error
        Arrays shaped as the value of ``f``; where it never settled, an error as large as that says (inf: not finite).

    Examples
    --------
    >>> value, error = derivative(lambda t: np.sin(np.array([1.0 + t])), 0.01)
    >>> bool(abs(value[0] - np.cos(1.0)) < 1e-11)
    True
    """
    best = error = np.zeros(0)
    above: list = []  # the last row of the triangle
    with np.errstate(all="ignore"):
        for _ in range(LEVELS):
            right, left = f(step), f(-step)
            noise = EPSILON * (np.abs(right) + np.abs(left)) / step
            row = [(right - left) / (2 * step)]
            if not above:
                best, error = np.full_like(row[0], np.nan), np.full_like(row[0], np.inf)
            for k, last in enumerate(above[:COLUMNS]):
                row.append(row[k] + (row[k] - last) / (4.0 ** (k + 1) - 1))
                moved = np.maximum(np.maximum(np.abs(row[-1] - row[-2]), np.abs(row[-1] - last)), noise)
                better = moved < error  # never where it is nan
                best, error = np.where(better, row[-1], best), np.where(better, moved, error)
            if np.all(error <= SETTLED * np.abs(best) + 4 * noise):
                break
            above, step = row, step / 2
    return best, error


def one_sided(f: Callable[[float], np.ndarray], step: float) -> tuple[np.ndarray, np.ndarray]:
    """The derivatives of ``f`` at 0 from the left and from the right, to a few digits."""
    with np.errstate(all="ignore"):
        here = f(0.0)

        def slope(h: float) -> np.ndarray:
            first, half, quarter = ((f(s) - here) / s for s in (h, h / 2, h / 4))
            return (8 * quarter - 6 * half + first) / 3  # exact for a cubic

        return slope(-step), slope(step)


def roughness(f: Callable[[float], np.ndarray], step: float, i: int) -> tuple[str, float, float]:
    """What keeps element ``i`` of ``f`` from being smooth at 0, and its slopes on both sides.

    An ``"edge"``: undefined on one side. A ``"jump"``: one slope grows as the step shrinks, by just as much. A ``"kink"``:
    both settle, and differ. Else ``""``, as for noise, whose slopes grow anyhow.
    """
    (left1, right1), (left2, right2) = ([float(s[i]) for s in one_sided(f, h)] for h in (step / 8, step / 128))
    gap, size = abs(right2 - left2), abs(left2) + abs(right2)
    growth = [abs(small / large) if large else 1.0 for large, small in ((left1, left2), (right1, right2))]
    kind = ""
    if not np.isfinite([left2, right2]).all():
        kind = "edge"
    elif any(14 < g < 18 for g in growth) and all(g < 18 for g in growth) and all(not 4 < g < 14 for g in growth):
        kind = "jump"
    elif gap > 1e-3 * size and abs(left2 - left1) + abs(right2 - right1) < 0.5 * gap and size > 1e-9:
        kind = "kink"
    return kind, left2, right2
