import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.drawn import arrays, dim_of
from tests.parity import assert_parity
from tinygrad_edu.errors import DimError, DTypeError, ShapeError
from tinygrad_edu.ops import cumulative

kinds = st.sampled_from(["normal", "ties"])
floats = st.sampled_from([np.float64, np.float64, np.float32])
whole_numbers = st.sampled_from([np.int64, np.int32, np.int16, np.int8, np.uint8, np.bool_])


def called(name, *args, **kwargs):
    """A function that calls the method ``name`` of a tensor, ours or PyTorch's."""
    return lambda x: getattr(x, name)(*args, **kwargs)


def pairs(name, *args, **kwargs):
    """The function ``name`` of ours and of PyTorch's."""
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    return (
        lambda *xs: getattr(cumulative, name)(*xs, *args, **kwargs),
        lambda *xs: getattr(torch, name)(*xs, *args, **kwargs),
    )


# Values and derivatives of orders 1 and 2, against PyTorch


@pytest.mark.parity
@pytest.mark.parametrize("name", ["cumsum", "cumprod", "cummax", "cummin", "logcumsumexp"])
@given(data=st.data())
def test_cumulation_agrees_with_pytorch(name, data):
    a = data.draw(arrays(kind=data.draw(kinds), dtype=data.draw(floats)))
    f = called(name, data.draw(dim_of(a)))
    assert_parity(f, f, a)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["cumsum", "cummax", "cummin"])
@given(data=st.data())
def test_cumulation_of_inf_and_nan_agrees_with_pytorch(name, data):
    a = data.draw(arrays(kind="special"))
    f = called(name, data.draw(dim_of(a)))
    assert_parity(f, f, a)


@pytest.mark.parity
@given(data=st.data())
def test_logcumsumexp_of_infinities_agrees_with_pytorch(data):
    a = data.draw(arrays(min_dims=1, max_dims=2, kind="special"))
    a = np.where(np.isnan(a), 0.5, a)
    f = called("logcumsumexp", data.draw(dim_of(a)))
    assert_parity(f, f, a, order=1)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["cumsum", "cumprod", "cummax", "cummin"])
@given(data=st.data())
def test_cumulation_of_integers_and_bools_agrees_with_pytorch(name, data):
    a = data.draw(arrays(kind="ties", dtype=data.draw(whole_numbers)))
    f = called(name, data.draw(dim_of(a)))
    assert_parity(f, f, a)


@pytest.mark.parity
@given(data=st.data())
def test_diff_agrees_with_pytorch(data):
    a = data.draw(arrays(min_dims=1, dtype=data.draw(floats)))
    dim, n = data.draw(dim_of(a)), data.draw(st.integers(0, 6))
    assert_parity(*pairs("diff", n, dim), a)


@pytest.mark.parity
@given(data=st.data())
def test_diff_puts_prepend_and_append_on_the_ends(data):
    a = data.draw(arrays(min_dims=1, max_dims=3))
    dim, n = data.draw(dim_of(a)), data.draw(st.integers(1, 3))
    shapes = [[data.draw(st.integers(0, 3)) if d == dim % a.ndim else s for d, s in enumerate(a.shape)] for _ in "pa"]
    ends = [np.random.default_rng(i).standard_normal(s) for i, s in enumerate(shapes)]
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    assert_parity(
        lambda x, p, q: cumulative.diff(x, n, dim, prepend=p, append=q),
        lambda x, p, q: torch.diff(x, n, dim, prepend=p, append=q),
        a,
        *ends,
    )


@pytest.mark.parity
@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_diff_of_integers_and_bools_agrees_with_pytorch(dtype):
    a = np.random.default_rng(0).integers(0, 3, (4, 6)).astype(dtype)
    assert_parity(*pairs("diff"), a)
    assert_parity(*pairs("diff", 2, 0), a)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["trapezoid", "cumulative_trapezoid"])
@given(data=st.data())
def test_trapezoid_agrees_with_pytorch(name, data):
    y = data.draw(arrays(min_dims=1, max_dims=3, min_side=1, dtype=data.draw(floats)))
    dim = data.draw(dim_of(y))
    assert_parity(*pairs(name, dim=dim), y)
    assert_parity(*pairs(name, dx=0.3, dim=dim), y)
    assert_parity(*pairs(name, dim=dim), y, np.random.default_rng(0).standard_normal(y.shape[dim]).astype(y.dtype))
    assert_parity(*pairs(name, dim=dim), y, np.random.default_rng(0).standard_normal(y.shape).astype(y.dtype))


@pytest.mark.parity
@pytest.mark.parametrize("name", ["trapezoid", "cumulative_trapezoid"])
def test_trapezoid_of_integers_and_of_nothing_agrees_with_pytorch(name):
    assert_parity(*pairs(name), np.arange(5))
    assert_parity(*pairs(name, dx=2), np.arange(5))
    assert_parity(*pairs(name, dim=1), np.zeros((3, 0)), order=0)
    assert_parity(*pairs(name, dim=0), np.zeros((3, 0)), order=0)


# Without PyTorch


def test_cumsum_of_float32_is_exact(device):
    a = np.random.default_rng(0).random(200_000, dtype=np.float32)
    got = cumulative.cumsum(tg.tensor(a, device=device), 0).cpu().numpy()
    np.testing.assert_allclose(got, a.cumsum(dtype=np.float64), rtol=1e-7)


def test_second_derivative_of_cumprod_with_zeros_is_exact(device):
    x = tg.tensor([2.0, 0.0, 0.0, 5.0], device=device, requires_grad=True)
    (g,) = tg.autograd.grad(x.cumprod(0).sum(), [x], create_graph=True)
    assert g.detach().cpu().numpy().tolist() == [1.0, 2.0, 0.0, 0.0]
    (h,) = tg.autograd.grad(g[2], [x])  # dy/dx_2 = x_0 x_1 (1 + x_3)
    assert h.cpu().numpy().tolist() == [0.0, 12.0, 0.0, 0.0]


def test_recurrence_solves_its_definition_from_both_ends(device):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((3, 8)), rng.standard_normal((3, 9))
    a[1, 4] = 0
    forward, back = b.copy(), b.copy()
    for k in range(1, 9):
        forward[:, k] += a[:, k - 1] * forward[:, k - 1]
        back[:, 8 - k] += a[:, 8 - k] * back[:, 9 - k]
    ta, tb = tg.tensor(a, device=device), tg.tensor(b, device=device)
    np.testing.assert_allclose(cumulative.Recurrence(1)(ta, tb).cpu().numpy(), forward, rtol=1e-12)
    np.testing.assert_allclose(cumulative.Recurrence(1, reverse=True)(ta, tb).cpu().numpy(), back, rtol=1e-12)


def test_logcumsumexp_does_not_overflow():
    x = tg.tensor([900.0, 1000.0, -1e30], dtype=tg.float64, requires_grad=True)
    y = x.logcumsumexp(0)
    assert y.detach().numpy().tolist() == [900.0, 1000.0, 1000.0]
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [1, 2, 0], atol=1e-40)


def test_cummax_takes_the_last_of_equals_and_keeps_nan(device):
    x = tg.tensor([1.0, 3.0, 3.0, 2.0, float("nan"), 5.0, float("nan")], device=device)
    values, indices = cumulative.cummax(x, 0)
    np.testing.assert_array_equal(values.cpu().numpy(), [1, 3, 3, 3, np.nan, np.nan, np.nan])
    assert indices.cpu().numpy().tolist() == [0, 1, 2, 2, 4, 4, 6]


def test_cumsum_in_place_keeps_the_dtype():
    x = tg.tensor([1, 2, 3], dtype=tg.int8)
    assert x.cumsum_(0) is x
    assert x.dtype == tg.int8
    assert x.numpy().tolist() == [1, 3, 6]


def test_cumulation_refuses_a_dim_out_of_range():
    for name in ("cumsum", "cumprod", "cummax", "cummin", "logcumsumexp"):
        with pytest.raises(DimError, match=f"{name}: expected a dim from -2 to 1"):
            getattr(tg.zeros(2, 3), name)(2)


def test_diff_and_trapezoid_refuse_what_does_not_fit():
    x = tg.zeros(2, 3)
    with pytest.raises(ShapeError, match="diff: expected n of at least 0"):
        x.diff(-1)
    with pytest.raises(ShapeError, match="diff: expected prepend to have 2 dimensions"):
        x.diff(prepend=tg.zeros(3))
    with pytest.raises(ShapeError, match="at least one dimension"):
        tg.tensor(1.0).diff()
    with pytest.raises(ShapeError, match="expected a point x for each of the 3 y"):
        cumulative.trapezoid(x, tg.zeros(2))
    with pytest.raises(DTypeError, match="expected x or dx, got both"):
        cumulative.trapezoid(x, tg.zeros(3), dx=1.0)
    with pytest.raises(DTypeError, match="logcumsumexp: expected floats"):
        tg.tensor([1]).logcumsumexp(0)
