"""Scattering against a loop that is the definition, the device's way against the host's, and both against PyTorch."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu.kernels.reference import scatter
from tinygrad_edu.kernels.reference.scatter import combine_at, index_add, scatter_add, scatter_reduce

REDUCTIONS = ["sum", "prod", "mean", "amax", "amin"]


@st.composite
def scatters(draw, max_dims=3):
    """x, dim, index and src that fit together; index may be smaller than both, as PyTorch allows."""
    dims = draw(st.integers(1, max_dims))
    shape = [draw(st.integers(1, 4)) for _ in range(dims)]
    dim = draw(st.integers(-dims, dims - 1))
    length = [draw(st.integers(0 if d == 0 else 1, n)) for d, n in enumerate(shape)]
    length[dim] = draw(st.integers(0, 6))
    extra = [n + draw(st.integers(0, 1)) for n in length]
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x, src = rng.integers(-3, 4, shape).astype(np.float64), rng.integers(-3, 4, extra).astype(np.float64)
    return x, dim, rng.integers(0, shape[dim], length), src


def by_definition(x, dim, index, src, reduce, include_self):
    """Collect what arrives at each place, then combine it."""
    arrived = {i: [] for i in np.ndindex(*x.shape)}
    for i in np.ndindex(*index.shape):
        place = list(i)
        place[dim] = int(index[i])
        arrived[tuple(place)].append(src[i])
    combine = {"sum": np.sum, "prod": np.prod, "mean": np.mean, "amax": np.max, "amin": np.min}[reduce]
    y = x.copy()
    for place, values in arrived.items():
        if values:
            y[place] = combine([x[place], *values] if include_self else values)
    return y


@given(scatters(), st.sampled_from(REDUCTIONS), st.booleans())
def test_scatter_reduce_combines_what_arrives_at_each_place(case, reduce, include_self):
    x, dim, index, src = case
    before = x.copy()
    y = scatter_reduce(x, dim, index, src, reduce, include_self)
    np.testing.assert_allclose(y, by_definition(x, dim, index, src, reduce, include_self), rtol=1e-15, strict=True)
    np.testing.assert_array_equal(x, before)


@given(scatters())
def test_scatter_add_is_the_sum_with_what_was_there(case):
    np.testing.assert_array_equal(scatter_add(*case), by_definition(*case, "sum", True), strict=True)


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_index_add_adds_slices(dim):
    rng = np.random.default_rng(0)
    x, index = rng.integers(-9, 9, (4, 3, 5)).astype(float), np.array([2, 0, 2, 2])
    source_shape = list(x.shape)
    source_shape[dim] = 4
    source = rng.integers(-9, 9, source_shape).astype(float)
    expected = x.copy()
    for k, i in enumerate(index):
        np.moveaxis(expected, dim, 0)[i] += np.moveaxis(source, dim, 0)[k]
    np.testing.assert_array_equal(index_add(x, dim, index, source), expected, strict=True)


@given(st.lists(st.integers(0, 4), max_size=40), st.sampled_from(["add", "multiply", "maximum", "minimum"]))
def test_the_way_for_devices_gives_what_the_way_for_hosts_gives(keys, name):
    rng = np.random.default_rng(len(keys))
    ufunc, keys = getattr(np, name), np.array(keys, dtype=np.int64)
    # Whole numbers: sums and products are exact in any order. One nan, for the maximum must not lose it.
    values = rng.integers(1, 4, keys.size).astype(float)
    if keys.size > 5:
        values[3] = np.nan
    host, device = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    combine_at(ufunc, host, keys, values)
    scatter._combine_sorted(ufunc, device, keys, values)
    np.testing.assert_array_equal(device, host)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64"])
def test_integers_are_exact_and_wrap_around(dtype):
    top = np.iinfo(dtype).max
    x, index = np.array([top, 0], dtype=dtype), np.array([0, 1, 1])
    y = scatter_add(x, 0, index, np.array([1, top, 0], dtype=dtype))
    assert y.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(y, np.array([np.iinfo(dtype).min, top], dtype=dtype))


@pytest.mark.parametrize("sign", [1, -1])
def test_without_self_integers_begin_at_the_far_end_of_their_range(sign):
    x, index, src = np.zeros(1, dtype=np.int64), np.array([0, 0]), sign * np.array([5, 7])
    assert scatter_reduce(x, 0, index, src, "amax", False).item() == max(src)
    assert scatter_reduce(x, 0, index, src, "amin", False).item() == min(src)


def test_a_mean_of_integers_is_rounded_down():
    y = scatter_reduce(np.zeros(2, dtype=np.int64), 0, np.array([0, 0, 1]), np.array([-3, -4, 7]), "mean", True)
    np.testing.assert_array_equal(y, [-3, 3])  # -7 / 3 and 7 / 2


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_16_bit_floats_add_up_in_float32(name):
    if name == "bfloat16":
        name = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed: pip install '.[bf16]'").bfloat16
    y = scatter_add(np.zeros(2, dtype=name), 0, np.zeros(4096, dtype=np.int64), np.ones(4096, dtype=name))
    assert y.dtype == np.dtype(name)
    np.testing.assert_array_equal(y.astype(float), [4096.0, 0.0])


@pytest.mark.parametrize("reduce", ["amax", "amin"])
def test_nan_wins(reduce):
    y = scatter_reduce(np.zeros(2), 0, np.array([0, 0, 1]), np.array([np.nan, 5.0, -5.0]), reduce, False)
    np.testing.assert_array_equal(y, [np.nan, -5.0])


def test_without_self_a_place_where_nothing_arrives_keeps_its_value():
    x = np.array([10.0, 20.0, 30.0])
    for reduce in REDUCTIONS:
        np.testing.assert_array_equal(
            scatter_reduce(x, 0, np.array([1]), np.array([7.0]), reduce, False), [10.0, 7.0, 30.0]
        )


def test_zero_dimensional_and_empty():
    assert scatter_add(np.array(1.0), 0, np.array(0), np.array(2.0)).shape == ()
    assert scatter_add(np.array(1.0), 0, np.array([0, 0]), np.array([2.0, 3.0])).item() == 6.0
    x = np.ones((2, 3))
    y = scatter_add(x, 0, np.zeros((0, 3), dtype=np.int64), np.ones((2, 3)))
    np.testing.assert_array_equal(y, x)
    assert y is not x
    assert index_add(np.array(1.0), 0, np.array([0]), np.array([5.0])).item() == 6.0


@pytest.mark.parametrize("bad", [-1, 3])
def test_an_index_out_of_range_is_refused(bad):
    x, index, src = np.zeros((3, 2)), np.array([[0, bad]]), np.ones((1, 2))
    low, high = sorted([0, bad])
    message = f"expected indices from 0 to 2 along dim 0 of x (3, 2), got indices from {low} to {high}"
    with pytest.raises(IndexError, match=re.escape(f"scatter_add: {message}")):
        scatter_add(x, 0, index, src)
    with pytest.raises(IndexError, match=re.escape(f"scatter_reduce: {message}")):
        scatter_reduce(x, 0, index, src, "amax", True)
    with pytest.raises(IndexError, match=re.escape(f"index_add: {message}")):
        index_add(x, 0, index[0], np.ones((2, 2)))


@pytest.mark.parity
@given(scatters(), st.sampled_from(REDUCTIONS), st.booleans(), st.sampled_from(["float64", "float32", "int64"]))
def test_scatter_reduce_agrees_with_torch(case, reduce, include_self, dtype):
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install '.[torch]'")
    x, dim, index, src = case
    x, src = x.astype(dtype), src.astype(dtype)
    tx, ti, ts = torch.from_numpy(x), torch.from_numpy(index), torch.from_numpy(src)
    expected = tx.scatter_reduce(dim, ti, ts, reduce, include_self=include_self).numpy()
    y = scatter_reduce(x, dim, index, src, reduce, include_self)
    np.testing.assert_allclose(y, expected, rtol=1e-6 if dtype == "float32" else 1e-14, strict=True)
    if reduce == "sum" and include_self:
        np.testing.assert_allclose(scatter_add(x, dim, index, src), tx.scatter_add(dim, ti, ts).numpy(), rtol=1e-6)
