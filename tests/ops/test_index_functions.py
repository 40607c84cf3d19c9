import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.agreement import assert_agrees
from tests.ops.drawn import arrays, dim_of
from tinygrad_edu.errors import DimError, DTypeError, ShapeError


@pytest.mark.parity
@given(data=st.data())
def test_index_functions_agree_with_pytorch(data):
    x = data.draw(arrays(max_dims=3, max_side=4))
    dim = data.draw(dim_of(x))
    n = x.shape[dim] if x.ndim else 1
    length = data.draw(st.integers(0, 4)) if n else 0
    places = np.array(data.draw(st.lists(st.integers(0, max(n - 1, 0)), min_size=length, max_size=length)), np.int64)
    distinct = np.unique(places)
    source = np.random.default_rng(2).standard_normal(
        [length if d == dim % x.ndim else m for d, m in enumerate(x.shape)]
    )
    once = np.random.default_rng(3).standard_normal(
        [distinct.size if d == dim % x.ndim else m for d, m in enumerate(x.shape)]
    )
    assert_agrees(lambda lib, x: x.index_select(dim, lib.tensor(places)), x)
    assert_agrees(lambda lib, x, s: x.index_add(dim, lib.tensor(places), s), x, source)
    assert_agrees(lambda lib, x, s: lib.index_add(x, dim, lib.tensor(places), s, alpha=-2.5), x, source)
    assert_agrees(lambda lib, x: x.index_fill(dim, lib.tensor(places - n), 2.5), x)
    if x.ndim:
        assert_agrees(lambda lib, x, v: x.index_fill(dim, lib.tensor(places), v), x, np.array(1.5))
        assert_agrees(lambda lib, x, s: x.index_copy(dim, lib.tensor(distinct), s), x, once)


@pytest.mark.parity
@given(data=st.data())
def test_index_put_agrees_with_pytorch(data):
    x = data.draw(arrays(min_dims=1, max_dims=3, min_side=1, max_side=3))
    count = data.draw(st.integers(1, x.ndim))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    places = [rng.integers(-n, n, data.draw(st.sampled_from([(2,), (3, 1), (1,), (2, 2)]))) for n in x.shape[:count]]
    assert_agrees(
        lambda lib, x, v: x.index_put(tuple([lib.tensor(p) for p in places]), v, accumulate=True), x, np.array(1.5)
    )
    assert_agrees(lambda lib, x: lib.index_put(x, tuple([lib.tensor(p) for p in places]), lib.tensor(np.array(1.5))), x)
    mask = rng.integers(0, 2, x.shape[:count]).astype(bool)
    for accumulate in (False, True):
        v = rng.standard_normal((int(mask.sum()), *x.shape[count:]))
        assert_agrees(
            lambda lib, x, v, accumulate=accumulate: x.index_put((lib.tensor(mask),), v, accumulate=accumulate), x, v
        )


@pytest.mark.parity
@given(data=st.data())
def test_take_agrees_with_pytorch(data):
    x = data.draw(arrays(max_dims=3, max_side=3))
    index = np.array(data.draw(st.lists(st.integers(-10, 9), max_size=4)), np.int64)
    assert_agrees(lambda lib, x: x.take(lib.tensor(index)), x)


# By themselves


def test_of_several_values_for_one_element_the_last_has_the_gradient(device):
    x, v = tg.zeros(3, device=device).requires_grad_(), tg.tensor([1.0, 2.0, 3.0], device=device).requires_grad_()
    index = tg.tensor([0, 2, 0], device=device)
    for put in (
        lambda: x.index_put((index,), v),
        lambda: x.index_copy(0, index, v),
        lambda: x.scatter(0, index, v),
    ):
        y = put()
        assert y.tolist() == [3, 0, 2]
        dx, dv = tg.autograd.grad(y.sum(), (x, v))
        assert dx.tolist() == [0, 1, 0]
        assert dv.tolist() == [0, 1, 1]
    (dv,) = tg.autograd.grad(x.index_fill(0, index, v[0]).sum(), v)
    assert dv.tolist() == [2, 0, 0]


def test_index_add_keeps_the_dtype_of_whole_numbers(device):
    x, index = tg.tensor([1, 2, 3], device=device), tg.tensor([0, 0], device=device)
    y = x.index_add(0, index, tg.tensor([1, 1], device=device), alpha=3)
    assert y.tolist() == [7, 2, 3]
    assert y.dtype == tg.int64


def test_in_place_forms_return_the_tensor(device):
    x, index = tg.zeros(3, device=device), tg.tensor([0, 2], device=device)
    v = tg.tensor([5.0, 7.0], device=device)
    assert x.index_add_(0, index, v) is x
    assert x.index_fill_(0, index[:1], 1) is x
    assert x.index_put_((index[1:],), v[:1], accumulate=True) is x
    assert x.index_copy_(0, index[:1], v[1:]) is x
    assert x.tolist() == [7, 0, 12]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x, i: x.index_select(0, i + 1), DimError, "index_select: 2 is out of range for dim 0 of size 2"),
        (lambda x, i: x.index_select(0, i - 1), DimError, "index_select: -1 is out of range for dim 0"),
        (lambda x, i: x.index_select(0, i.float()), DTypeError, "index_select: expected an index of int32 or int64"),
        (lambda x, i: x.index_select(0, i[None]), ShapeError, "index_select: expected a vector of indices"),
        (lambda x, i: x.index_add(0, i, x[:1]), ShapeError, r"index_add: expected a source of shape \(2, 3\)"),
        (lambda x, i: x.index_add(0, i, x.double()), DTypeError, "index_add: expected a source of float32"),
        (
            lambda x, i: x.index_fill(0, i, x),
            ShapeError,
            "index_fill: expected a number or a tensor without dimensions",
        ),
        (lambda x, i: x.index_put((i,), 1.0), DTypeError, "index_put: expected values of float32"),
        (lambda x, i: x.index_put(i, x), DTypeError, "index_put: expected a tuple of index tensors"),
        (lambda x, i: x.take(i + 9), DimError, "take: 10 is out of range for dim 0 of size 6"),
    ],
)
def test_errors_name_the_rule(call, error, message):
    with pytest.raises(error, match=message):
        call(tg.zeros(2, 3), tg.tensor([0, 1]))
