"""Sums of float32 held against float64: exact to a few units in the last place, in every layout and over every axis."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu.kernels.reference.summation import total

BASE = np.random.default_rng(0).random((300_000, 3), dtype=np.float32)
LAYOUTS = {
    "rows": (BASE, (0,)),
    "all": (BASE, (0, 1)),
    "transposed": (BASE.T, (1,)),
    "columns": (BASE.T.copy(), (1,)),
    "several short axes": (BASE.reshape(60, 50, 100, 3), (0, 1, 2)),
    "outer axes": (BASE.reshape(60, 50, 100, 3), (0, 2)),
    "strided line": (BASE.reshape(-1)[::2], (0,)),
    "part of each row": (BASE[:, :2], (0, 1)),
    "reversed": (BASE[::-1], (0,)),
    "repeated": (np.broadcast_to(BASE[:500, None], (500, 700, 3)), (0, 1)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_total_is_exact_in_any_layout(layout):
    x, axes = LAYOUTS[layout]
    np.testing.assert_allclose(total(x, axes), x.sum(axis=axes, dtype=np.float64), rtol=5e-7)


@given(data=st.data())
def test_total_matches_float64_for_any_shape_and_axes(data):
    shape = data.draw(st.lists(st.integers(0, 300), min_size=1, max_size=4).filter(lambda s: np.prod(s) < 60_000))
    x = np.random.default_rng(len(shape)).random(shape, dtype=np.float32)
    x = x.transpose(data.draw(st.permutations(range(x.ndim))))
    axes = tuple(data.draw(st.lists(st.integers(0, x.ndim - 1), unique=True)))
    keepdims = data.draw(st.booleans())
    before = x.copy()
    y, expected = total(x, axes, keepdims), x.sum(axis=axes, dtype=np.float64, keepdims=keepdims)
    assert y.shape == expected.shape
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, expected, rtol=5e-7)
    np.testing.assert_array_equal(x, before)


def test_total_keeps_the_dtype_of_integers_and_bools():
    assert total(np.array([100, 100], np.int8), (0,)) == -56
    assert total(np.array([True, True]), (0,)).dtype == bool


def test_total_of_infinities_is_theirs():
    x = np.zeros((1000, 2), np.float32)
    x[500, 0], x[3, 1], x[900, 1] = np.inf, np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(total(x, (0,)), [np.inf, np.nan])
