import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.agreement import assert_agrees
from tests.ops.drawn import arrays, dim_of
from tinygrad_edu.errors import DimError, DTypeError, GradError, ShapeError
from tinygrad_edu.ops.gathering import one_hot

REDUCTIONS = ["sum", "prod", "mean", "amax", "amin"]


@st.composite
def gathered(draw, kind="normal", distinct=False):
    """An array, a dim, an index into it along the dim, and an array of the shape of the index."""
    x = draw(arrays(max_dims=3, max_side=4, kind=kind))
    dim = draw(dim_of(x))
    d = dim % x.ndim if x.ndim else 0
    n = x.shape[d] if x.ndim else 1
    shape = [draw(st.integers(0, m)) for m in x.shape]
    if x.ndim:
        shape[d] = draw(st.integers(0, n if distinct else 5)) if n else 0
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    if distinct and x.ndim:
        index = np.argsort(rng.random([n if i == d else m for i, m in enumerate(shape)]), axis=d)
        index = np.take(index, np.arange(shape[d]), axis=d)
    else:
        index = rng.integers(0, max(n, 1), shape)
    src = rng.integers(-1, 2, shape).astype(float) if kind == "ties" else rng.standard_normal(shape)
    return x, dim, np.asarray(index), np.asarray(src)


# Against PyTorch


@pytest.mark.parity
@given(data=st.data())
def test_gather_agrees_with_pytorch(data):
    x, dim, index, _ = data.draw(gathered())
    assert_agrees(lambda lib, x: x.gather(dim, lib.tensor(index)), x)
    assert_agrees(lambda lib, x: lib.gather(x, dim, lib.tensor(index - 1)), x)  # some are out of range


@pytest.mark.parity
@given(data=st.data())
def test_scatter_agrees_with_pytorch(data):
    x, dim, index, src = data.draw(gathered(distinct=True))
    assert_agrees(lambda lib, x, src: x.scatter(dim, lib.tensor(index), src), x, src)
    assert_agrees(lambda lib, x: lib.scatter(x, dim, lib.tensor(index), 2.5), x)
    assert_agrees(lambda lib, x: lib.scatter(x, dim, lib.tensor(index), value=3), x)


@pytest.mark.parity
@given(data=st.data())
def test_scatter_add_agrees_with_pytorch(data):
    x, dim, index, src = data.draw(gathered())
    assert_agrees(lambda lib, x, src: x.scatter_add(dim, lib.tensor(index), src), x, src)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter:UserWarning")
@pytest.mark.parametrize("reduce", ["add", "multiply"])
@given(data=st.data())
def test_scatter_that_combines_agrees_with_pytorch(reduce, data):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    x, dim, index, src = data.draw(gathered())
    ours = tg.tensor(x).scatter(dim, tg.tensor(index), tg.tensor(src), reduce=reduce)
    theirs = torch.tensor(x.copy()).scatter(dim, torch.tensor(index), torch.tensor(src), reduce=reduce)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)
    if index.size:
        ours = tg.tensor(x).scatter(dim, tg.tensor(index), 2.0, reduce=reduce)
        theirs = torch.tensor(x.copy()).scatter(dim, torch.tensor(index), 2.0, reduce=reduce)
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:scatter_reduce:UserWarning")
@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", REDUCTIONS)
@given(data=st.data())
def test_scatter_reduce_agrees_with_pytorch(reduce, include_self, data):
    x, dim, index, src = data.draw(gathered())

    def call(lib, x, src):
        return x.scatter_reduce(dim, lib.tensor(index), src, reduce, include_self=include_self)

    assert_agrees(call, x, src)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:scatter_reduce:UserWarning")
@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", ["prod", "amax", "amin"])
@given(data=st.data())
def test_ties_and_zeros_share_gradients_as_in_pytorch(reduce, include_self, data):
    x, dim, index, src = data.draw(gathered(kind="ties"))

    def call(lib, x, src):
        return x.scatter_reduce(dim, lib.tensor(index), src, reduce, include_self=include_self)

    assert_agrees(call, x, src, order=1)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:scatter_reduce:UserWarning")
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.float32])
@pytest.mark.parametrize("reduce", REDUCTIONS)
def test_reduced_whole_numbers_agree_with_pytorch(reduce, dtype):
    x, index, src = np.array([1, 2, 3], dtype), np.array([0, 0, 1, 0]), np.array([4, 5, 6, 2], dtype)
    for include_self in (True, False):

        def call(lib, x, src, include_self=include_self):
            return x.scatter_reduce(0, lib.tensor(index), src, reduce, include_self=include_self)

        assert_agrees(call, x, src)


@pytest.mark.parity
@given(data=st.data())
def test_take_along_dim_agrees_with_pytorch(data):
    x, dim, index, _ = data.draw(gathered())
    index = index - data.draw(st.sampled_from([0, x.shape[dim] if x.ndim else 0]))
    assert_agrees(lambda lib, x: lib.take_along_dim(x, lib.tensor(index), dim), x)
    if x.ndim > 1:
        first = index[tuple([slice(None) if d == dim % x.ndim else slice(1) for d in range(x.ndim)])]
        assert_agrees(lambda lib, x: x.take_along_dim(lib.tensor(first), dim=dim), x)
    assert_agrees(lambda lib, x: lib.take_along_dim(x, lib.tensor(index)), x.copy("C"))  # PyTorch takes no other


@pytest.mark.parity
@given(data=st.data())
def test_masked_functions_agree_with_pytorch(data):
    x = data.draw(arrays(max_dims=3, max_side=3))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    mask = rng.integers(
        0, 2, [data.draw(st.sampled_from([n, 1])) for n in x.shape[data.draw(st.integers(0, x.ndim)) :]]
    )
    mask = np.asarray(mask, bool)
    source = rng.standard_normal(x.size + data.draw(st.integers(-1, 2)) if x.size else 1)
    assert_agrees(lambda lib, x: x.masked_fill(lib.tensor(mask), 2.5), x)
    assert_agrees(lambda lib, x, v: x.masked_fill(lib.tensor(mask), v), x, np.array(1.5))
    assert_agrees(lambda lib, x: x.masked_select(lib.tensor(mask)), x)
    assert_agrees(lambda lib, x, s: x.masked_scatter(lib.tensor(mask), s), x, source)


@pytest.mark.parity
@given(data=st.data())
def test_an_input_smaller_than_the_mask_is_broadcast_as_in_pytorch(data):
    x = data.draw(arrays(max_dims=1, max_side=2))
    mask = np.array([[True, False], [False, True], [True, True]])
    for call in (
        lambda lib, x: x.masked_fill(lib.tensor(mask), 2.5),
        lambda lib, x: x.masked_select(lib.tensor(mask)),
        lambda lib, x: x.masked_scatter(lib.tensor(mask), lib.tensor(np.arange(9.0))),
    ):
        assert_agrees(call, x)


@pytest.mark.parity
@given(data=st.data())
def test_nonzero_agrees_with_pytorch(data):
    x = data.draw(arrays(max_dims=3, max_side=3, kind="ties"))
    assert_agrees(lambda lib, x: lib.nonzero(x), x)
    assert_agrees(lambda lib, x: x.nonzero(as_tuple=True), x)
    assert_agrees(lambda lib, x: lib.argwhere(x), x)


@pytest.mark.parity
@pytest.mark.parametrize("classes", [-1, 0, 2, 5])
@pytest.mark.parametrize("numbers", [[0, 2, 1], [[1, 0]], 3, [], [-1], [4]])
def test_one_hot_agrees_with_pytorch(numbers, classes):
    def call(lib, x):
        return lib.nn.functional.one_hot(x, classes) if lib.__class__.__name__ == "module" else one_hot(x, classes)

    assert_agrees(call, np.array(numbers, np.int64))


@pytest.mark.parity
@pytest.mark.parametrize("value", [2, 2.0, 2.5, True, 300])
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.int8, np.bool_])
def test_filled_dtypes_agree_with_pytorch(dtype, value):
    x = np.arange(3).astype(dtype)
    assert_agrees(lambda lib, x: x.masked_fill(lib.tensor([True, False, True]), value), x, order=1)


# By themselves


def test_a_gathered_element_adds_up_gradients(device):
    x = tg.tensor([[1.0, 2.0]], device=device).requires_grad_()
    x.gather(1, tg.tensor([[0, 0, 1]], device=device)).sum().backward()
    assert x.grad.tolist() == [[2, 1]]


def test_gather_and_scatter_add_are_each_others_gradients(device):
    rng = np.random.default_rng(0)
    x, dy = tg.tensor(rng.standard_normal((3, 4)), device=device), tg.tensor(rng.standard_normal((3, 5)), device=device)
    index = tg.tensor(rng.integers(0, 4, (3, 5)), device=device)
    there = (x.gather(1, index) * dy).sum().item()
    back = (x * tg.zeros(3, 4, dtype=tg.float64, device=device).scatter_add(1, index, dy)).sum().item()
    assert there == pytest.approx(back, rel=1e-12)


def test_a_src_longer_than_the_index_has_a_gradient_of_its_own_shape(device):
    x, src = tg.zeros(2, 3, device=device).requires_grad_(), tg.zeros(3, 4, device=device).requires_grad_()
    index = tg.tensor([[0, 2]], device=device)
    for call in (x.scatter, x.scatter_add):
        (dsrc,) = tg.autograd.grad(call(1, index, src).sum(), src)
        assert dsrc.tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("reduce", REDUCTIONS)
def test_scatter_reduce_on_the_device(reduce, device):
    x = tg.tensor([1.0, 2.0, 3.0], device=device).requires_grad_()
    src = tg.tensor([4.0, 5.0, 6.0], device=device).requires_grad_()
    y = x.scatter_reduce(0, tg.tensor([0, 0, 1], device=device), src, reduce)
    expected = {
        "sum": ([10, 8, 3], [1, 1, 1], [1, 1, 1]),
        "prod": ([20, 12, 3], [20, 6, 1], [5, 4, 2]),
        "mean": ([10 / 3, 4, 3], [1 / 3, 0.5, 1], [1 / 3, 1 / 3, 0.5]),
        "amax": ([5, 6, 3], [0, 0, 1], [0, 1, 1]),
        "amin": ([1, 2, 3], [1, 1, 1], [0, 0, 0]),
    }[reduce]
    dx, dsrc = tg.autograd.grad(y.sum(), (x, src))
    for got, want in zip((y, dx, dsrc), expected, strict=True):
        np.testing.assert_allclose(got.detach().cpu().numpy(), want, rtol=1e-6)


def test_a_product_with_several_zeros_has_no_second_derivative():
    x = tg.tensor([3.0]).requires_grad_()
    src = tg.tensor([0.0, 0.0, 2.0]).requires_grad_()
    y = x.scatter_reduce(0, tg.tensor([0, 0, 0]), src, "prod")
    (g,) = tg.autograd.grad(y, src, create_graph=True)
    assert g.tolist() == [0, 0, 0]
    with pytest.raises(GradError, match="scatter_reduce: with several zeros of src in one product"):
        tg.autograd.grad(g.sum(), src)


@pytest.mark.parametrize(("x", "src"), [(0.0, [5.0, 2.0]), (3.0, [0.0, 2.0]), (0.0, [0.0, 2.0])])
def test_a_product_with_one_zero_has_its_second_derivatives(x, src):
    x, src = tg.tensor([x]).requires_grad_(), tg.tensor(src).requires_grad_()
    y = x.scatter_reduce(0, tg.tensor([0, 0]), src, "prod")
    dx, (da, db) = tg.autograd.grad(y, (x, src), create_graph=True)
    a, b = src.tolist()
    assert [h.tolist() for h in tg.autograd.grad(dx, (src,), retain_graph=True)] == [[b, a]]
    assert tg.autograd.grad(da, x, retain_graph=True)[0].item() == b
    assert tg.autograd.grad(db, src, retain_graph=True)[0].tolist() == [x.item(), 0]


def test_a_mask_hides_nan_and_inf_from_the_gradient():
    x = tg.tensor([np.nan, 2.0, np.inf]).requires_grad_()
    mask = tg.tensor([True, False, True])
    (x.masked_fill(mask, 0) ** 2).sum().backward()
    assert x.grad.tolist() == [0, 4, 0]


def test_a_saved_mask_or_index_that_was_changed_is_noticed():
    x = tg.zeros(3).requires_grad_()
    mask, index = tg.tensor([True, False, True]), tg.tensor([0, 1])
    for y, change in (
        (x.masked_fill(mask, 1), lambda: mask.fill_(False)),
        (x.gather(0, index), lambda: index.fill_(0)),
    ):
        change()
        with pytest.raises(RuntimeError, match="saved for backward.*changed in place by fill_"):
            y.sum().backward()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x, i: x.gather(1, i + 2), DimError, "gather: 3 is out of range for dim 1 of size 3"),
        (lambda x, i: x.gather(1, i[0]), ShapeError, "gather: expected an index of 2 dimensions"),
        (lambda x, i: x.gather(1, i.float()), DTypeError, "gather: expected an index of int32 or int64, got float32"),
        (lambda x, i: x.gather(1, i.repeat(3, 1)), ShapeError, r"no longer than the input \(2, 3\) but along dim 1"),
        (lambda x, i: x.scatter(1, i, x[:1]), ShapeError, r"scatter: expected a src at least as long as the index"),
        (lambda x, i: x.scatter(1, i, x.double()), DTypeError, "scatter: expected a src of float32 like the input"),
        (lambda x, i: x.scatter(1, i, 1, reduce="max"), ShapeError, 'scatter: expected reduce="add" or "multiply"'),
        (lambda x, i: x.scatter_reduce(1, i, x, "max"), ShapeError, 'scatter_reduce: expected reduce "sum"'),
        (lambda x, i: x.masked_fill(i, 1), DTypeError, "masked_fill: expected a mask of bools, got int64"),
        (lambda x, i: x.masked_fill(x == 0, x), ShapeError, "masked_fill: expected a number or a tensor without dim"),
        (lambda x, i: i.masked_fill(i == 0, 1e30), DTypeError, "masked_fill: 1e\\+30 is out of range for int64"),
        (lambda x, i: x.masked_fill((x == 0)[:, :2], 1), ShapeError, "maskedfill: expected shapes that broadcast"),
        (
            lambda x, i: x.masked_scatter(x == 0, x[0]),
            ShapeError,
            "6 elements of the mask are true, but the source has 3",
        ),
        (lambda x, i: x.take_along_dim(i[0], 1), ShapeError, "take_along_dim: expected as many dimensions"),
        (lambda x, i: one_hot(i, 1), DimError, "one_hot: 1 is out of range for dim -1 of size 1"),
        (lambda x, i: one_hot(x), DTypeError, "one_hot: expected class numbers of int64, got float32"),
    ],
)
def test_errors_name_the_rule(call, error, message):
    with pytest.raises(error, match=message):
        call(tg.zeros(2, 3), tg.tensor([[0, 1], [1, 0]]))
