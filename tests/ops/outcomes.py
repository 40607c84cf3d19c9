"""One call on both sides, here and in PyTorch: the same numbers in the same dtype, or a refusal from both.

And what such calls are made with: samples of each dtype, and arrays whose shapes broadcast.
"""

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import tinygrad_edu as tg
from tests.ops.drawn import SPECIAL
from tests.parity import to_numpy

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
NUMBERS = [True, False, 0, 1, 2, -1, -3, 300, 2.0, 0.5, -2.5, -0.0, float("inf"), float("nan")]
REFUSALS = (RuntimeError, TypeError, ValueError, ZeroDivisionError)

_WHOLE = [0, 1, 2, 3, 7, 100]
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 0.25, 1.5, 2.5, 7.25, -7.25, 40.0, -40.0, np.inf, -np.inf, np.nan]


def samples(dtype, *, zero=True):
    """A few elements of a dtype, with its ends and its special values."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        values = [True, False]
    elif dtype.kind == "f":
        values = FLOATS
    else:
        values = [*_WHOLE, 200, 255] if dtype.kind == "u" else [*_WHOLE, -1, -2, -3, -100, -128]
    a = np.array(values, dtype)
    return a if zero else a[a != 0]


def pairs(first, second):
    """Two arrays that meet every sample of one dtype with every sample of the other."""
    a, b = np.meshgrid(samples(first), samples(second), indexing="ij")
    return a.ravel(), b.ravel()


def assert_same_outcome(ours, theirs, *operands, rtol=None, what="", device="cpu"):
    """Arrays become tensors on both sides, numbers stay numbers."""
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    what = (
        f"{what} of {' and '.join(str(a.dtype) + str(a.shape) if hasattr(a, 'dtype') else repr(a) for a in operands)}"
    )
    try:
        expected = theirs(*[torch.from_numpy(np.array(a)) if isinstance(a, np.ndarray) else a for a in operands])
    except REFUSALS:
        try:
            y = ours(*[tg.tensor(a, device=device) if isinstance(a, np.ndarray) else a for a in operands])
        except REFUSALS:
            return
        pytest.fail(f"{what}: gave {y!r}, which PyTorch refuses")
    got = to_numpy(ours(*[tg.tensor(a, device=device) if isinstance(a, np.ndarray) else a for a in operands]))
    expected = to_numpy(expected)
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape), what
    if got.dtype.kind == "f":
        rtol = rtol or {2: 2e-3, 4: 2e-6, 8: 1e-12}[got.dtype.itemsize]
        atol = 0.01 * rtol  # what is close to 0 may be the difference of numbers that are not
        np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol, equal_nan=True, err_msg=what)
    else:
        np.testing.assert_array_equal(got, expected, err_msg=what)


@st.composite
def broadcasting(draw, n, kind="normal", dtype=np.float64):
    """``n`` arrays whose shapes broadcast together."""
    shapes = draw(
        mutually_broadcastable_shapes(num_shapes=n, min_dims=0, max_dims=3, min_side=0, max_side=4)
    ).input_shapes
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    draws = {
        "normal": rng.standard_normal,
        "ties": lambda shape: rng.integers(-2, 3, shape).astype(float),
        "special": lambda shape: rng.choice(SPECIAL, shape),
    }
    found = [np.asarray(draws[kind](s)).astype(dtype) for s in shapes]
    return [np.asfortranarray(a) if draw(st.booleans()) else a for a in found]
