import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.agreement import assert_agrees
from tests.ops.drawn import arrays
from tinygrad_edu.errors import DimError, ShapeError

dims = st.integers(-4, 3)  # in range or not
offsets = st.integers(-6, 6)


@pytest.mark.parity
@given(data=st.data())
def test_diagonal_agrees_with_pytorch(data):
    x, offset = data.draw(arrays(max_dims=4, max_side=4)), data.draw(offsets)
    i, j = data.draw(dims), data.draw(dims)
    assert_agrees(lambda lib, x: x.diagonal(offset, i, j), x)
    assert_agrees(lambda lib, x: x.diagonal(offset), x)


@pytest.mark.parity
@given(data=st.data())
def test_diag_embed_agrees_with_pytorch(data):
    x, offset = data.draw(arrays(max_dims=3, max_side=3)), data.draw(offsets)
    i, j = data.draw(dims), data.draw(dims)
    assert_agrees(lambda lib, x: lib.diag_embed(x, offset), x)
    assert_agrees(lambda lib, x: x.diag_embed(offset, i, j), x)


@pytest.mark.parity
@given(data=st.data())
def test_diag_and_diagflat_agree_with_pytorch(data):
    x, offset = data.draw(arrays(max_dims=3, max_side=4)), data.draw(offsets)
    assert_agrees(lambda lib, x: lib.diag(x, offset), x)
    assert_agrees(lambda lib, x: lib.diagflat(x, offset), x)


@pytest.mark.parity
@given(data=st.data())
def test_diagonal_scatter_agrees_with_pytorch(data):
    x, offset = data.draw(arrays(min_dims=2, max_dims=3, max_side=3)), data.draw(st.integers(-3, 3))
    i, j = data.draw(st.permutations(range(x.ndim)))[:2]
    src = np.random.default_rng(0).standard_normal(np.diagonal(x, offset, i, j).shape)
    if data.draw(st.booleans()):
        src = src[..., :1]
    assert_agrees(lambda lib, x, src: x.diagonal_scatter(src, offset, i, j), x, src)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["tril", "triu"])
@given(data=st.data())
def test_triangles_agree_with_pytorch(name, data):
    x, offset = data.draw(arrays(max_dims=4, max_side=4)), data.draw(offsets)
    x = x.astype(data.draw(st.sampled_from([np.float64, np.float32, np.int32, np.bool_])))
    assert_agrees(lambda lib, x: getattr(x, name)(offset), x)


def test_the_diagonal_is_a_view(device):
    x = tg.zeros(2, 3, device=device)
    x.diagonal(1).fill_(5)
    assert x.tolist() == [[0, 5, 0], [0, 0, 5]]
    tg.diag(x).fill_(7)  # a copy
    assert x.tolist() == [[0, 5, 0], [0, 0, 5]]


def test_a_triangle_hides_nan_from_the_gradient():
    x = tg.tensor([[1.0, np.nan], [2.0, 3.0]]).requires_grad_()
    y = x.tril()
    y.sum().backward()
    assert y.tolist() == [[1, 0], [2, 3]]
    assert x.grad.tolist() == [[1, 0], [1, 1]]


def test_triangles_in_place():
    x = tg.tensor([[1, 2], [3, 4]])
    assert x.triu_() is x
    assert x.tolist() == [[1, 2], [0, 4]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: x.diagonal(0, 1, 1), DimError, "diagonal: expected two different dims"),
        (lambda x: x.diagonal(0, 0, 2), DimError, "diagonal: expected a dim from -2 to 1"),
        (lambda x: tg.diag(x[None]), ShapeError, "diag: expected a vector or a matrix"),
        (
            lambda x: x.diagonal_scatter(x),
            ShapeError,
            r"diagonal_scatter: expected a src of shape \(2,\), got \(2, 3\)",
        ),
        (lambda x: x[0].tril(), ShapeError, "tril: expected a tensor of at least 2 dimensions"),
    ],
)
def test_errors_name_the_rule(call, error, message):
    with pytest.raises(error, match=message):
        call(tg.zeros(2, 3))
