import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.drawn import arrays, dim_of, dims_of
from tests.parity import assert_parity
from tinygrad_edu.errors import DimError, DTypeError, ShapeError
from tinygrad_edu.ops import extrema, reduction, softmax, statistics

# PyTorch warns where it divides by n - correction = 0; here the nan speaks for itself.
pytestmark = pytest.mark.filterwarnings("ignore:.*degrees of freedom is <= 0:UserWarning")

kinds = st.sampled_from(["normal", "ties"])
floats = st.sampled_from([np.float64, np.float64, np.float32])
whole_numbers = st.sampled_from([np.int64, np.int32, np.int16, np.int8, np.uint8, np.bool_])


def called(name, *args, **kwargs):
    """A function that calls the method ``name`` of a tensor, ours or PyTorch's."""
    return lambda x: getattr(x, name)(*args, **kwargs)


# Values and derivatives of orders 1 and 2, against PyTorch


@pytest.mark.parity
@pytest.mark.parametrize("name", ["sum", "mean", "nansum", "nanmean", "logsumexp", "amax", "amin", "var", "std"])
@given(data=st.data())
def test_reduction_agrees_with_pytorch(name, data):
    a = data.draw(arrays(kind=data.draw(kinds), dtype=data.draw(floats)))
    dim, keepdim = data.draw(dims_of(a)), data.draw(st.booleans())
    if name in ("var", "std") and dim == ():
        return  # PyTorch's gradient divides by 1 - correction here, though the variance is that of all elements
    if name in ("amax", "amin"):
        dim = () if dim is None else dim
        over = range(a.ndim) if dim == () else dim if isinstance(dim, tuple) else (dim,)
        if a.size == 0 and (dim == () or any(a.shape[d] == 0 for d in over if a.ndim)):
            return  # refused: see below
    if name == "logsumexp" and dim in (None, ()):
        dim = tuple(range(a.ndim)) or 0
    if name in ("var", "std") and dim is None:
        f = called(name, dim=dim, keepdim=keepdim, correction=1)
    else:
        f = called(name, dim, keepdim=keepdim)
    if dim is None and name in ("sum", "mean", "nansum", "nanmean"):
        f = called(name)
    assert_parity(f, f, a)


@pytest.mark.parity
@pytest.mark.parametrize(
    "name", ["sum", "mean", "nansum", "nanmean", "logsumexp", "amax", "amin", "max", "min", "prod"]
)
@given(data=st.data())
def test_reduction_of_inf_and_nan_agrees_with_pytorch(name, data):
    a = data.draw(arrays(min_dims=1, min_side=1, kind="special", dtype=data.draw(floats)))
    dim, keepdim = data.draw(dim_of(a)), data.draw(st.booleans())
    f = called(name, dim, keepdim)
    assert_parity(f, f, a, order=1 if name not in ("prod",) else 0)


@pytest.mark.parity
@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, 4.5, -1, -2.5, float("inf"), float("-inf"), "fro", None])
@given(data=st.data())
def test_norm_agrees_with_pytorch(p, data):
    dtype = data.draw(floats)
    a = data.draw(arrays(min_side=1, dtype=dtype))
    dim = data.draw(dims_of(a).filter(lambda d: p != "fro" or not isinstance(d, tuple) or len(d) < 3))
    f = called("norm", p, dim, data.draw(st.booleans()))
    # Of a single element the second derivative is 0, the difference of two large numbers; where p makes the norm
    # piecewise linear, PyTorch's is a tensor without memory.
    assert_parity(f, f, a, order=1 if dtype == np.float32 or p in (1, float("inf"), float("-inf")) else 2)


@pytest.mark.parity
@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3, -1, float("inf"), float("-inf")])
@given(data=st.data())
def test_norm_at_kinks_agrees_with_pytorch(p, data):
    a = data.draw(arrays(min_side=1, max_side=3, kind=data.draw(st.sampled_from(["ties", "special"]))))
    f = called("norm", p, data.draw(dims_of(a)), data.draw(st.booleans()))
    assert_parity(f, f, a, order=1)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["var", "std"])
@given(data=st.data())
def test_variance_takes_every_correction(name, data):
    a = data.draw(arrays(min_side=1, dtype=data.draw(floats)))
    dim, keepdim = data.draw(dims_of(a).filter(lambda d: d != ())), data.draw(st.booleans())
    f = called(name, dim=dim, correction=data.draw(st.sampled_from([0, 1, 2, 3, 0.5])), keepdim=keepdim)
    assert_parity(f, f, a, order=1)


@pytest.mark.parity
@given(data=st.data())
def test_var_mean_and_std_mean_agree_with_pytorch(data):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    a = data.draw(arrays(min_side=1))
    dim, keepdim = data.draw(dims_of(a).filter(lambda d: d != ())), data.draw(st.booleans())
    for name in ("var_mean", "std_mean"):
        assert_parity(
            lambda x, name=name: getattr(statistics, name)(x, dim, keepdim=keepdim, correction=0),
            lambda x, name=name: getattr(torch, name)(x, dim, keepdim=keepdim, correction=0),
            a,
        )


@pytest.mark.parity
def test_unbiased_comes_by_position_and_by_name():
    a = np.random.default_rng(0).standard_normal((3, 4))
    for f in (
        called("var", False),
        called("std", True),
        called("var", 0, False),
        called("std", 1, True, True),
        called("var", unbiased=False),
        called("std", dim=0, unbiased=False, keepdim=True),
    ):
        assert_parity(f, f, a)


@pytest.mark.parity
@given(data=st.data())
def test_prod_and_its_derivatives_are_right_with_zeros(data):
    a = data.draw(arrays(kind=data.draw(kinds), dtype=data.draw(floats)))
    f = called("prod") if data.draw(st.booleans()) else called("prod", data.draw(dim_of(a)), data.draw(st.booleans()))
    assert_parity(f, f, a)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["max", "min", "median", "nanmedian"])
@given(data=st.data())
def test_extreme_of_all_shares_the_gradient_among_equals(name, data):
    a = data.draw(arrays(min_side=1, kind=data.draw(st.sampled_from(["normal", "ties", "special"]))))
    assert_parity(called(name), called(name), a)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["max", "min"])
@given(data=st.data())
def test_extreme_along_a_dim_agrees_with_pytorch(name, data):
    a = data.draw(arrays(min_side=1, kind=data.draw(st.sampled_from(["normal", "ties", "special"]))))
    f = called(name, data.draw(dim_of(a)), data.draw(st.booleans()))
    assert_parity(f, f, a)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["argmax", "argmin"])
@given(data=st.data())
def test_argmax_and_argmin_agree_with_pytorch(name, data):
    a = data.draw(arrays(min_side=1, kind=data.draw(st.sampled_from(["normal", "ties", "special"]))))
    f = called(name, data.draw(st.none() | dim_of(a)), data.draw(st.booleans()))
    assert_parity(f, f, a)


@pytest.mark.parity
@given(data=st.data())
def test_aminmax_agrees_with_pytorch(data):
    a = data.draw(arrays(min_side=1, kind=data.draw(st.sampled_from(["normal", "ties", "special"]))))
    f = called("aminmax", dim=data.draw(st.none() | dim_of(a)), keepdim=data.draw(st.booleans()))
    assert_parity(f, f, a)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["sum", "prod", "amax", "amin", "all", "any", "nansum", "max", "min", "aminmax"])
@given(data=st.data())
def test_reduction_of_integers_and_bools_agrees_with_pytorch(name, data):
    a = data.draw(arrays(min_dims=1, min_side=1, kind="ties", dtype=data.draw(whole_numbers)))
    dim, keepdim = data.draw(dim_of(a)), data.draw(st.booleans())
    f = called(name, dim=dim, keepdim=keepdim)
    assert_parity(f, f, a)
    assert_parity(called(name), called(name), a)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["all", "any", "count_nonzero"])
@given(data=st.data())
def test_logical_reductions_agree_with_pytorch(name, data):
    a = data.draw(arrays(kind=data.draw(st.sampled_from(["ties", "special"]))))
    dim = data.draw(dims_of(a))
    f = called(name) if dim is None else called(name, dim)
    assert_parity(f, f, a)


@pytest.mark.parity
@pytest.mark.parametrize(
    ("name", "dtype"),
    [(n, d) for n in ("sum", "nansum", "prod") for d in ("float32", "float64", "int32", "bool")]
    + [(n, d) for n in ("mean", "nanmean") for d in ("float32", "float64")],
)
def test_dtype_casts_before_reducing(name, dtype):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    a = np.array([[1.7, -2.2, 3.5], [0.3, 1.0, 0.0]])
    x, t = tg.tensor(a), torch.from_numpy(a)
    y, u = getattr(x, name)(dim=0, dtype=dtype), getattr(t, name)(dim=0, dtype=getattr(torch, dtype))
    assert y.dtype == u.numpy().dtype
    np.testing.assert_allclose(y.numpy(), u.numpy(), rtol=1e-6)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@given(data=st.data())
def test_softmax_agrees_with_pytorch(name, data):
    a = data.draw(arrays(kind=data.draw(kinds), dtype=data.draw(floats)))
    f = called(name, data.draw(dim_of(a)))
    assert_parity(f, f, a * 3)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@given(data=st.data())
def test_softmax_of_inf_and_nan_agrees_with_pytorch(name, data):
    a = data.draw(arrays(kind="special", min_side=1))
    f = called(name, data.draw(dim_of(a)))
    assert_parity(f, f, a, order=1)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["sum", "mean", "std", "norm", "softmax", "logsumexp", "amax", "prod", "var"])
def test_half_precision_is_computed_in_float32(name):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((6, 5)).astype(np.float16)
    f = called(name, dim=1)
    assert_parity(f, f, a, order=1)


# Without PyTorch


def test_ten_million_ones_add_up_in_float32():
    x = tg.as_tensor(np.ones((5_000_000, 4), np.float32))
    assert reduction.sum(x, 0).numpy().tolist() == [5e6] * 4
    assert reduction.sum(x).item() == 2e7
    assert reduction.mean(x, 0).numpy().tolist() == [1.0] * 4


def test_var_of_a_constant_is_exactly_zero(device):
    x = tg.tensor(np.full((3, 7), 0.1), device=device, requires_grad=True)
    y = statistics.std(x, 1)
    assert y.detach().cpu().numpy().tolist() == [0.0] * 3
    y.sum().backward()
    assert x.grad.cpu().numpy().tolist() == np.zeros((3, 7)).tolist()


def test_var_keeps_its_digits_beside_a_large_mean():
    rng = np.random.default_rng(0)
    a = (rng.standard_normal(5000) + 3000).astype(np.float32)
    expected = a.astype(np.float64).var(ddof=1)
    np.testing.assert_allclose(statistics.var(tg.tensor(a)).item(), expected, rtol=1e-5)


def test_second_derivative_of_prod_with_one_zero_is_the_product_of_the_rest():
    x = tg.tensor([2.0, 0.0, 5.0, 3.0], requires_grad=True)
    (g,) = tg.autograd.grad(x.prod(), [x], create_graph=True)
    assert g.detach().numpy().tolist() == [0.0, 30.0, 0.0, 0.0]
    (h,) = tg.autograd.grad(g[1], [x])
    assert h.numpy().tolist() == [15.0, 0.0, 6.0, 10.0]


def test_numpy_names_of_arguments_are_taken(device):
    x = tg.tensor([[1.0, 2.0], [3.0, 4.0]], device=device)
    assert reduction.sum(x, axis=(0, 1), keepdims=True).shape == (1, 1)
    assert extrema.max(x, axis=1).indices.cpu().numpy().tolist() == [1, 1]
    assert softmax.softmax(x, axis=0).shape == (2, 2)


def test_max_of_two_tensors_is_elementwise(device):
    x, y = tg.tensor([1.0, 5.0], device=device), tg.tensor([3.0, 2.0], device=device)
    assert extrema.max(x, y).cpu().numpy().tolist() == [3.0, 5.0]
    assert extrema.min(x, other=y).cpu().numpy().tolist() == [1.0, 2.0]


def test_results_with_several_parts_have_names():
    x = tg.tensor([[1.0, 5.0], [7.0, 2.0]])
    values, indices = x.max(1)
    assert x.max(dim=1).values.numpy().tolist() == values.numpy().tolist() == [5.0, 7.0]
    assert indices.dtype == tg.int64
    assert x.aminmax().min.item() == 1.0


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "var", "std", "logsumexp", "norm", "nansum", "any", "all"])
def test_reduction_refuses_a_dim_twice_and_a_dim_out_of_range(name):
    x = tg.zeros(2, 3)
    with pytest.raises(DimError, match=name):
        getattr(x, name)(dim=(0, -2))
    with pytest.raises(DimError, match=f"{name}: expected a dim from -2 to 1"):
        getattr(x, name)(dim=2)
    with pytest.raises(IndexError):
        getattr(tg.tensor(1.0), name)(dim=1)


@pytest.mark.parametrize("name", ["mean", "var", "std", "nanmean", "norm", "softmax", "log_softmax"])
def test_functions_of_floats_refuse_integers(name):
    with pytest.raises(DTypeError, match=f"{name}: expected floats, got int64"):
        getattr(tg.tensor([1, 2]), name)(dim=0)


@pytest.mark.parametrize("name", ["amax", "amin", "aminmax", "max", "min", "argmax", "argmin"])
def test_extreme_of_nothing_is_refused(name):
    x = tg.zeros(0, 3)
    with pytest.raises(DimError, match=f"{name}: expected at least one element"):
        getattr(x, name)(dim=0)
    with pytest.raises(DimError, match=f"{name}: expected at least one element"):
        getattr(x, name)()
    assert getattr(x, name)(dim=1) is not None


def test_argmax_refuses_bools():
    with pytest.raises(DTypeError, match="argmax: bool has no order"):
        tg.tensor([True]).argmax()


def test_unbiased_and_correction_together_are_refused():
    with pytest.raises(DTypeError, match="two names of one argument"):
        tg.zeros(3).var(unbiased=True, correction=1)


def test_norm_refuses_what_it_does_not_know():
    with pytest.raises(DTypeError, match="norm: expected p to be a number"):
        tg.zeros(2, 2).norm("spectral")
    with pytest.raises(ShapeError, match='expected one or two dims for p="fro"'):
        tg.zeros(2, 2, 2).norm("fro", (0, 1, 2))
    with pytest.raises(ShapeError, match="no elements"):
        tg.zeros(0).norm(float("inf"))


def test_keepdim_without_dim_is_refused_where_it_has_no_meaning():
    for name in ("max", "min", "median", "nanmedian", "prod"):
        with pytest.raises(DTypeError, match=f"{name}: expected a dim with keepdim=True"):
            getattr(tg.zeros(2, 3), name)(keepdim=True)


def test_prod_takes_one_dim_only():
    with pytest.raises(DTypeError, match="prod: expected an integer"):
        tg.zeros(2, 3).prod((0, 1))


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "amax", "max", "var", "std", "norm", "softmax", "logsumexp"])
def test_reduction_runs_on_the_device(name, device):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((4, 5))
    x = tg.tensor(a, device=device, requires_grad=True)
    y = getattr(x, name)(dim=0)
    y = y.values if name == "max" else y
    assert y.device == x.device
    y.sum().backward()
    host = tg.tensor(a, requires_grad=True)
    z = getattr(host, name)(dim=0)
    (z.values if name == "max" else z).sum().backward()
    np.testing.assert_allclose(x.grad.cpu().numpy(), host.grad.numpy(), rtol=1e-12)
