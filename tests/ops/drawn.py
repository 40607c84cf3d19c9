"""Hypothesis strategies that the tests of reductions, cumulations and sorting share."""

import numpy as np
from hypothesis import strategies as st

SPECIAL = np.array([0.0, -0.0, 1.0, 1.0, -1.0, 2.0, np.inf, -np.inf, np.nan])


@st.composite
def arrays(draw, min_dims=0, max_dims=4, min_side=0, max_side=5, kind="normal", dtype=np.float64, largest=400):
    """An array of any layout: contiguous, transposed, strided, reversed.

    ``kind``: "normal" (distinct numbers), "ties" (few different numbers, zeros too), "special" (inf and nan as well).
    """
    side = st.integers(min_side, max_side)
    shape = draw(
        st.lists(side, min_size=min_dims, max_size=max_dims).filter(lambda s: np.prod(s, dtype=int) <= largest)
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    layout = draw(st.sampled_from(["contiguous", "transposed", "strided", "reversed"]))
    stored = shape[::-1] if layout == "transposed" else [2 * n for n in shape] if layout == "strided" else shape
    if kind == "normal":
        a = rng.standard_normal(stored)
    elif kind == "ties":
        a = rng.integers(-2, 3, stored).astype(float)
    else:
        a = rng.choice(SPECIAL, stored)
    a = np.asarray(a).astype(dtype)
    if layout == "transposed":
        return a.T
    if layout == "strided":
        return a[tuple([slice(None, None, 2)] * a.ndim)]
    return a[tuple([slice(None, None, -1)] * a.ndim)] if layout == "reversed" else a


def dim_of(a):
    """One dim of an array, counted from either end; 0 and -1 for an array without dims."""
    n = a.ndim or 1
    return st.integers(-n, n - 1)


@st.composite
def dims_of(draw, a):
    """None, one dim, or several different dims, in any order and from either end."""
    if draw(st.booleans()):
        return draw(st.none() | dim_of(a))
    dims = draw(st.lists(st.integers(0, max(a.ndim - 1, 0)), unique=True, max_size=a.ndim))
    return tuple(d - a.ndim if draw(st.booleans()) and a.ndim else d for d in dims)
