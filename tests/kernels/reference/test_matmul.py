"""The matrix product against its definition and against PyTorch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu.kernels.reference.matmul import matmul

inf, nan = np.inf, np.nan


def by_definition(a, b):
    """Sum products of whole numbers, one element of the result at a time, with rows and columns for vectors."""
    row, column = a.ndim == 1, b.ndim == 1
    a, b = (a[None, :] if row else a), (b[:, None] if column else b)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = np.broadcast_to(a, batch + a.shape[-2:]), np.broadcast_to(b, batch + b.shape[-2:])
    c = np.zeros((*batch, a.shape[-2], b.shape[-1]), dtype=object)
    for i in np.ndindex(*batch, a.shape[-2], b.shape[-1]):
        *n, m, j = i
        for k in range(a.shape[-1]):
            c[i] += int(a[(*n, m, k)]) * int(b[(*n, k, j)])
    c = c.astype(np.int64)[..., 0, :] if row else c.astype(np.int64)
    return c[..., 0] if column else c


SHAPES = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3, 4)),
    ((5, 2, 3), (3,)),
    ((2, 3), (5, 3, 4)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (4, 3, 2)),
    ((0, 3), (3, 4)),
    ((2, 0), (0, 4)),
    ((4, 2, 0), (0, 3)),
    ((0,), (0,)),
    ((0, 2, 3), (3, 4)),
    ((3, 2, 3), (3, 0)),
]


@pytest.mark.parametrize(("a", "b"), SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int8"])
def test_matmul_is_the_sum_of_products(a, b, dtype):
    rng = np.random.default_rng(0)
    a, b = rng.integers(-9, 9, a).astype(dtype), rng.integers(-9, 9, b).astype(dtype)
    c = matmul(a, b)
    assert isinstance(c, np.ndarray)
    assert c.dtype == a.dtype
    np.testing.assert_array_equal(c, by_definition(a, b).astype(dtype), strict=True)  # int8 wraps around


def test_integers_beyond_the_reach_of_float64_are_exact():
    a = np.array([[2**53 + 1, 1]])
    np.testing.assert_array_equal(matmul(a, np.array([[1], [0]])), [[2**53 + 1]])


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_16_bit_floats_add_up_in_float32(name):
    if name == "bfloat16":
        name = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed: pip install '.[bf16]'").bfloat16
    a = np.ones((2, 4096), dtype=name)  # adding ones in float16 stops at 2048, in bfloat16 at 256
    c = matmul(a, a.T)
    assert c.dtype == np.dtype(name)
    np.testing.assert_array_equal(c.astype(np.float64), 4096)


def test_16_bit_overflow_is_inf_without_a_warning():
    a = np.full((1, 2), 300, dtype=np.float16)
    np.testing.assert_array_equal(matmul(a, a.T), np.array([[inf]], dtype=np.float16))


def test_inf_and_nan_pass_through_without_a_warning():
    a = np.array([[inf, 1.0], [nan, 1.0]])
    np.testing.assert_array_equal(matmul(a, np.array([[0.0], [1.0]])), [[nan], [nan]])
    np.testing.assert_array_equal(matmul(a, np.array([[1.0], [1.0]])), [[inf], [nan]])


@pytest.mark.parity
@given(st.data())
def test_matmul_agrees_with_torch_on_any_layout(data):
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install '.[torch]'")
    m, k, n = (data.draw(st.integers(0, 5)) for _ in range(3))
    batch_a, batch_b = data.draw(st.sampled_from([((), ()), ((2,), ()), ((), (3,)), ((2, 1), (3,)), ((1,), (4, 1))]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    # The same numbers as views: transposed in memory, and every other element of a larger array.
    a, b = rng.standard_normal((*batch_a, k, m)).swapaxes(-1, -2), rng.standard_normal((*batch_b, k, 2 * n))[..., ::2]
    expected = torch.matmul(torch.from_numpy(a.copy()), torch.from_numpy(b.copy())).numpy()
    np.testing.assert_allclose(matmul(a, b), expected, rtol=1e-12, atol=1e-14, strict=True)
