import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.drawn import arrays, dim_of
from tests.parity import assert_parity
from tinygrad_edu.errors import DimError, DTypeError, GradError, ShapeError
from tinygrad_edu.ops import distinct, quantiles, sorting

kinds = st.sampled_from(["normal", "ties", "special"])
floats = st.sampled_from([np.float64, np.float64, np.float32])
whole_numbers = st.sampled_from([np.int64, np.int32, np.int16, np.int8, np.uint8])


def called(name, *args, **kwargs):
    """A function that calls the method ``name`` of a tensor, ours or PyTorch's."""
    return lambda x: getattr(x, name)(*args, **kwargs)


def values_of(f):
    """The values alone: which of equal elements is chosen is not always specified."""
    return lambda x: f(x).values


# Values and derivatives of orders 1 and 2, against PyTorch


@pytest.mark.parity
@given(data=st.data())
def test_sort_agrees_with_pytorch(data):
    a = data.draw(arrays(kind=data.draw(kinds), dtype=data.draw(floats)))
    f = called("sort", dim=data.draw(dim_of(a)), descending=data.draw(st.booleans()), stable=True)
    assert_parity(f, f, a)


@pytest.mark.parity
@given(data=st.data())
def test_argsort_agrees_with_pytorch(data):
    a = data.draw(arrays(kind=data.draw(kinds)) | arrays(kind="ties", dtype=data.draw(whole_numbers)))
    f = called("argsort", dim=data.draw(dim_of(a)), descending=data.draw(st.booleans()), stable=True)
    assert_parity(f, f, a)


@pytest.mark.parity
@given(data=st.data())
def test_topk_agrees_with_pytorch(data):
    a = data.draw(arrays(max_dims=3, max_side=24, dtype=data.draw(floats)))
    dim = data.draw(dim_of(a))
    k = data.draw(st.integers(0, a.shape[dim])) if a.ndim else 1
    f = called("topk", k, dim, data.draw(st.booleans()))
    assert_parity(f, f, a)


@pytest.mark.parity
@given(data=st.data())
def test_topk_values_agree_with_pytorch_where_elements_are_equal(data):
    a = data.draw(arrays(min_dims=1, max_dims=2, max_side=24, kind=data.draw(st.sampled_from(["ties", "special"]))))
    dim = data.draw(dim_of(a))
    k = data.draw(st.integers(0, a.shape[dim]))
    f = values_of(called("topk", k, dim, data.draw(st.booleans())))
    assert_parity(f, f, a, order=0)


@pytest.mark.parity
@given(data=st.data())
def test_kthvalue_agrees_with_pytorch(data):
    a = data.draw(arrays(min_side=1, dtype=data.draw(floats)))
    dim = data.draw(dim_of(a))
    f = called("kthvalue", data.draw(st.integers(1, a.shape[dim] if a.ndim else 1)), dim, data.draw(st.booleans()))
    assert_parity(f, f, a)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["median", "nanmedian"])
@given(data=st.data())
def test_median_along_a_dim_agrees_with_pytorch(name, data):
    a = data.draw(arrays(min_side=1, dtype=data.draw(floats)))
    dim, keepdim = data.draw(dim_of(a)), data.draw(st.booleans())
    f = called(name, dim, keepdim)
    assert_parity(f, f, a)
    if a.ndim:
        a = np.where(np.random.default_rng(0).random(a.shape) < 0.3, np.nan, a)
        assert_parity(values_of(f), values_of(f), a, order=0)


@pytest.mark.parity
@given(data=st.data())
def test_mode_agrees_with_pytorch(data):
    a = data.draw(arrays(min_side=1, max_side=9, kind=data.draw(st.sampled_from(["normal", "ties"]))))
    f = called("mode", data.draw(dim_of(a)), data.draw(st.booleans()))
    assert_parity(f, f, a)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
@pytest.mark.parametrize("interpolation", ["linear", "lower", "higher", "midpoint", "nearest"])
@given(data=st.data())
def test_quantile_agrees_with_pytorch(name, interpolation, data):
    a = data.draw(arrays(min_side=1, dtype=data.draw(floats)))
    with_nan = data.draw(st.booleans())
    if with_nan:
        a = np.where(np.random.default_rng(0).random(a.shape) < 0.2, np.nan, a).astype(a.dtype)
    q = data.draw(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.7, 1.0]))
    f = called(name, q, data.draw(st.none() | dim_of(a)), data.draw(st.booleans()), interpolation=interpolation)
    assert_parity(f, f, a, order=0 if with_nan else 2)  # which of several nan has the gradient is not specified


@pytest.mark.parity
@given(data=st.data())
def test_quantiles_at_several_q_have_gradients_of_q_too(data):
    a = data.draw(arrays(min_side=1, max_dims=3))
    q = np.array(data.draw(st.lists(st.sampled_from([0.11, 0.3, 0.62, 0.9]), max_size=4)))
    assume(q.size)
    dim, keepdim = data.draw(st.none() | dim_of(a)), data.draw(st.booleans())
    f = lambda x, p: x.quantile(p, dim, keepdim)  # noqa: E731
    assert_parity(f, f, a, q)


@pytest.mark.parity
@given(data=st.data())
def test_unique_agrees_with_pytorch(data):
    a = data.draw(arrays(kind=data.draw(st.sampled_from(["ties", "special"]))) | arrays(kind="ties", dtype=np.int64))
    for name in ("unique", "unique_consecutive"):
        f = called(name, return_inverse=True, return_counts=True)
        assert_parity(f, f, np.where(np.isnan(a), 3, a) + 0, order=0)


@pytest.mark.parity
@given(data=st.data())
def test_unique_slices_agree_with_pytorch(data):
    a = data.draw(arrays(min_dims=1, min_side=1, max_side=4, kind="ties"))
    a = np.sign(a + 0.0) + 0.0
    dim = data.draw(dim_of(a))
    for name in ("unique", "unique_consecutive"):
        f = called(name, return_inverse=True, return_counts=True, dim=dim)
        assert_parity(f, f, a, order=0)


@pytest.mark.parity
@given(data=st.data())
def test_bincount_agrees_with_pytorch(data):
    a = np.array(data.draw(st.lists(st.integers(0, 9), max_size=20)), dtype=data.draw(whole_numbers))
    f = called("bincount", minlength=data.draw(st.integers(0, 12)))
    assert_parity(f, f, a)
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    w = np.random.default_rng(0).standard_normal(a.size).astype(data.draw(st.sampled_from(["f4", "f8", "i8"])))
    y = distinct.bincount(tg.tensor(a), tg.tensor(w)).numpy()
    u = torch.bincount(torch.from_numpy(a), torch.from_numpy(w)).numpy()
    assert y.dtype == u.dtype
    np.testing.assert_allclose(y, u, rtol=1e-6)


@pytest.mark.parity
@given(data=st.data())
def test_searchsorted_agrees_with_pytorch(data):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    lead = data.draw(st.lists(st.integers(0, 3), max_size=2))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    n, m = data.draw(st.integers(0, 9)), data.draw(st.integers(0, 9))
    a, v = np.sort(rng.integers(0, 6, (*lead, n)), -1), rng.integers(-1, 8, (*lead, m)).astype(float)
    v[rng.random(v.shape) < 0.1] = np.nan
    right, out_int32 = data.draw(st.booleans()), data.draw(st.booleans())
    y = sorting.searchsorted(tg.tensor(a), tg.tensor(v), right=right, out_int32=out_int32).numpy()
    u = torch.searchsorted(torch.from_numpy(a), torch.from_numpy(v), right=right, out_int32=out_int32).numpy()
    assert y.dtype == u.dtype
    np.testing.assert_array_equal(y, u)


@pytest.mark.parity
@given(data=st.data())
def test_histc_agrees_with_pytorch(data):
    a = data.draw(arrays(dtype=data.draw(floats)))
    f = called("histc", data.draw(st.integers(1, 9)), *data.draw(st.sampled_from([(0, 0), (-1, 1), (-0.5, 2)])))
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    y, u = f(tg.tensor(a)).numpy(), f(torch.from_numpy(np.array(a))).numpy()
    assert y.dtype == u.dtype
    np.testing.assert_array_equal(y, u)


# Without PyTorch


def test_sort_is_stable_both_ways_and_puts_nan_where_the_largest_goes(device):
    x = tg.tensor([1.0, float("nan"), 0.0, 1.0, float("nan")], device=device)
    assert sorting.sort(x).indices.cpu().numpy().tolist() == [2, 0, 3, 1, 4]
    assert sorting.sort(x, descending=True).indices.cpu().numpy().tolist() == [1, 4, 0, 3, 2]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_are_ordered_too(dtype):
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    x = tg.tensor([3.0, float("nan"), 1.0, 2.0], dtype=dtype)
    assert sorting.sort(x).indices.numpy().tolist() == [2, 3, 0, 1]
    assert sorting.sort(x).values.dtype == x.dtype
    assert x.max(0).indices.item() == 1
    assert x.kthvalue(2).indices.item() == 3
    assert x.nanmedian().dtype == x.dtype


@given(data=st.data())
def test_topk_of_a_long_line_equals_the_end_of_the_sorted_one(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    a = rng.integers(0, 50, (3, 100)).astype(float)
    k, largest = data.draw(st.integers(0, 20)), data.draw(st.booleans())
    values, indices = sorting.topk(tg.tensor(a), k, largest=largest)
    expected = np.sort(a, 1)[:, ::-1][:, :k] if largest else np.sort(a, 1)[:, :k]
    assert values.numpy().tolist() == expected.tolist()
    assert np.take_along_axis(a, indices.numpy(), 1).tolist() == expected.tolist()
    assert all(len(set(row)) == k for row in indices.numpy().tolist())


@pytest.mark.parametrize("name", ["sort", "topk", "kthvalue", "median", "mode", "max", "quantile"])
def test_gradient_of_a_chosen_element_is_its_own(name, device):
    arguments = {"topk": (3,), "kthvalue": (2,), "median": (0,), "max": (0,), "quantile": (0.5, 0)}.get(name, ())
    x = tg.tensor([4.0, 1.0, 3.0, 2.0, 5.0], device=device, requires_grad=True)
    y = getattr(x, name)(*arguments)
    y = y if name == "quantile" else y.values
    (y * y).sum().backward()
    a, expected = x.detach().cpu().numpy(), np.zeros(5)
    for v in np.atleast_1d(y.detach().cpu().numpy()):
        expected[a == v] = 2 * v
    assert x.grad.cpu().numpy().tolist() == expected.tolist()


def test_unique_counts_each_nan_by_itself(device):
    x = tg.tensor([float("nan"), 1.0, float("nan"), 1.0], device=device)
    values, inverse, counts = distinct.unique(x, return_inverse=True, return_counts=True)
    np.testing.assert_array_equal(values.cpu().numpy(), [1, np.nan, np.nan])
    assert inverse.cpu().numpy().tolist() == [1, 0, 2, 0]
    assert counts.cpu().numpy().tolist() == [2, 1, 1]


def test_unique_slices_and_the_empty_tensor(device):
    x = tg.tensor([[3, 1], [2, 1], [3, 1]], device=device)
    values, inverse = distinct.unique(x, return_inverse=True, dim=0)
    assert values.cpu().numpy().tolist() == [[2, 1], [3, 1]]
    assert inverse.cpu().numpy().tolist() == [1, 0, 1]
    assert distinct.unique(tg.zeros(0, device=device)).shape == (0,)
    assert distinct.unique(tg.zeros(0, 3, device=device), dim=0).shape == (0, 3)


def test_unique_has_no_derivative():
    x = tg.tensor([1.0, 2.0, 1.0], requires_grad=True)
    with pytest.raises(GradError, match="Unique: has no derivative"):
        distinct.unique(x).sum().backward()


def test_searchsorted_with_sorter_scalars_and_sides(device):
    a = tg.tensor([3, 1, 5], device=device)
    order = sorting.argsort(a)
    assert sorting.searchsorted(a, 3, sorter=order).item() == 1
    assert sorting.searchsorted(a, 3, sorter=order, side="right").item() == 2
    edges = tg.tensor([1.0, 3.0, 5.0], device=device)
    x = tg.tensor([[0.0, 1.0], [3.5, 9.0]], device=device)
    assert sorting.bucketize(x, edges).cpu().numpy().tolist() == [[0, 0], [2, 3]]
    assert sorting.bucketize(x, edges, right=True).cpu().numpy().tolist() == [[0, 1], [2, 3]]


def test_median_of_nothing_is_nan():
    assert np.isnan(quantiles.median(tg.zeros(0)).item())


def test_order_operations_say_what_they_refuse():
    x = tg.zeros(2, 3)
    with pytest.raises(DimError, match=r"topk: expected k from 0 to 3, the size of dim 1, got 4"):
        x.topk(4)
    with pytest.raises(DimError, match=r"kthvalue: expected k from 1 to 3"):
        x.kthvalue(0)
    with pytest.raises(DimError, match="median: expected at least one element along dim 0"):
        tg.zeros(0, 3).median(0)
    with pytest.raises(DTypeError, match="topk: bool has no order"):
        tg.tensor([True]).topk(1)
    with pytest.raises(ShapeError, match="quantile: expected q from 0 to 1"):
        x.quantile(1.5)
    with pytest.raises(DTypeError, match="quantile: expected float32 or float64"):
        tg.tensor([1, 2]).quantile(0.5)
    with pytest.raises(ShapeError, match="\"nearest\", got 'closest'"):
        x.quantile(0.5, interpolation="closest")
    with pytest.raises(ShapeError, match="searchsorted: expected a sequence"):
        sorting.searchsorted(x, tg.zeros(3))
    with pytest.raises(ShapeError, match="bucketize: expected boundaries"):
        sorting.bucketize(x, x)
    with pytest.raises(DTypeError, match="bincount: expected integers"):
        tg.zeros(3).bincount()
    with pytest.raises(ShapeError, match="bincount: expected integers of at least 0"):
        tg.tensor([-1]).bincount()
    with pytest.raises(ShapeError, match="histc: expected a finite interval"):
        tg.tensor([1.0, float("inf")]).histc()
