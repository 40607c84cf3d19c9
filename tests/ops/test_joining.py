import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.agreement import assert_agrees
from tests.ops.drawn import arrays, dim_of
from tinygrad_edu.errors import DimError, DTypeError, ShapeError

small = st.integers(-1, 6)
dims = st.integers(-4, 3)  # in range or not


@st.composite
def alike(draw, dim=None, count=st.integers(1, 3)):
    """Several arrays of one shape, but for the size of one dim if it is given."""
    first = draw(arrays(min_dims=1, max_dims=3, max_side=3))
    shapes = [list(first.shape) for _ in range(draw(count))]
    for shape in shapes[1:] if dim is not None else ():
        shape[dim % len(shape)] = draw(st.integers(0, 3))
    rng = np.random.default_rng(len(shapes))
    return [first, *[rng.standard_normal(shape) for shape in shapes[1:]]]


# Against PyTorch


@pytest.mark.parity
@pytest.mark.parametrize("name", ["cat", "concat", "concatenate"])
@given(data=st.data())
def test_cat_agrees_with_pytorch(name, data):
    dim = data.draw(st.integers(-1, 1))
    xs = data.draw(alike(dim))
    assert_agrees(lambda lib, *xs: getattr(lib, name)(xs, dim), *xs)


@pytest.mark.parity
@given(data=st.data())
def test_stack_agrees_with_pytorch(data):
    xs, dim = data.draw(alike()), data.draw(dims)
    assert_agrees(lambda lib, *xs: lib.stack(xs, dim), *xs)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["hstack", "vstack", "row_stack", "dstack", "column_stack"])
@given(data=st.data())
def test_stacks_agree_with_pytorch(name, data):
    xs = data.draw(alike(data.draw(st.integers(0, 1))) | st.lists(arrays(max_dims=1), min_size=1, max_size=3))
    assert_agrees(lambda lib, *xs: getattr(lib, name)(xs), *xs)


@pytest.mark.parity
@given(data=st.data())
def test_unbind_and_chunk_agree_with_pytorch(data):
    x, dim, n = data.draw(arrays(max_dims=3)), data.draw(dims), data.draw(small)
    assert_agrees(lambda lib, x: x.unbind(dim), x)
    assert_agrees(lambda lib, x: lib.chunk(x, n, dim), x)


@pytest.mark.parity
@given(data=st.data())
def test_split_agrees_with_pytorch(data):
    x, dim = data.draw(arrays(max_dims=3)), data.draw(dims)
    sizes = data.draw(small | st.lists(st.integers(-1, 3), max_size=3))
    assert_agrees(lambda lib, x: x.split(sizes, dim), x)
    if isinstance(sizes, list):
        assert_agrees(lambda lib, x: lib.split_with_sizes(x, sizes, dim=dim), x)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["tensor_split", "hsplit", "vsplit", "dsplit"])
@given(data=st.data())
def test_splits_at_indices_agree_with_pytorch(name, data):
    x = data.draw(arrays(max_dims=4, max_side=4))
    where = data.draw(small | st.lists(st.integers(-5, 6), max_size=3).map(tuple))
    assert_agrees(lambda lib, x: getattr(lib, name)(x, where), x)
    if name == "tensor_split" and x.ndim:
        dim = data.draw(dim_of(x))
        assert_agrees(lambda lib, x: x.tensor_split(lib.tensor(where).to(lib.int64).cpu(), dim), x)


@pytest.mark.parity
@given(data=st.data())
def test_block_diag_agrees_with_pytorch(data):
    xs = data.draw(st.lists(arrays(max_dims=2, min_side=1, max_side=3), min_size=1, max_size=3))
    assert_agrees(lambda lib, *xs: lib.block_diag(*xs), *xs)


@pytest.mark.parity
@given(data=st.data())
def test_meshgrid_agrees_with_pytorch(data):
    xs = data.draw(st.lists(arrays(max_dims=1, max_side=3), min_size=1, max_size=3))
    indexing = data.draw(st.sampled_from(["ij", "xy"]))
    assert_agrees(lambda lib, *xs: lib.meshgrid(*xs, indexing=indexing), *xs)


@pytest.mark.parity
@given(data=st.data())
def test_cartesian_prod_agrees_with_pytorch(data):
    xs = data.draw(st.lists(arrays(min_dims=1, max_dims=1, max_side=3), min_size=1, max_size=3))
    assert_agrees(lambda lib, *xs: lib.cartesian_prod(*xs), *xs)


@pytest.mark.parity
@pytest.mark.parametrize("one", ["float32", "float64", "int32", "bool", "uint8"])
@pytest.mark.parametrize("two", ["float32", "float64", "int64", "int8"])
@pytest.mark.parametrize("shape", [(2,), ()])
def test_joined_dtypes_are_pytorchs(one, two, shape):
    xs = np.ones(2, one), np.full(shape, 2, two)
    if shape:
        assert_agrees(lambda lib, *xs: lib.cat(xs), *xs, order=1)
        assert_agrees(lambda lib, *xs: lib.cat((xs[0], xs[1][:0])), *xs, order=1)
    else:
        assert_agrees(lambda lib, *xs: lib.stack((xs[0][0], xs[1])), *xs, order=1)


@pytest.mark.parity
def test_cat_passes_over_empty_vectors_as_pytorch_does():
    for shapes in ([(0,), (2, 3)], [(2, 3), (0,), (2, 1)], [(0,), (0,)], [(0, 3), (2, 3)]):
        for dim in (0, 1, -1, 2):
            assert_agrees(lambda lib, *xs, dim=dim: lib.cat(xs, dim), *[np.ones(s) for s in shapes])


# By themselves


def test_cat_and_stack_take_numpys_axis(device):
    x = tg.tensor([[1, 2]], device=device)
    assert tg.cat([x, x], axis=1).tolist() == [[1, 2, 1, 2]]
    assert tg.stack([x, x], axis=-1).tolist() == [[[1, 1], [2, 2]]]


def test_pieces_are_views(device):
    x = tg.zeros(4, device=device)
    for piece in (*x.split(3), *x.chunk(2), *x.tensor_split(3), *x.unbind()):
        piece.add_(1)
    assert x.tolist() == [4, 4, 4, 4]


def test_an_operand_that_requires_no_gradient_gets_none():
    x, y = tg.zeros(2).requires_grad_(), tg.zeros(2)
    z = tg.cat([x, y, x])
    z.sum().backward()
    assert x.grad.tolist() == [2, 2]
    assert y.grad is None


def test_gradients_of_pieces_come_together(device):
    x = tg.tensor([1.0, 2.0, 3.0, 4.0], device=device).requires_grad_()
    a, b = x.split([1, 3])
    (a * 10 + b.sum()).sum().backward()
    assert x.grad.tolist() == [10, 1, 1, 1]


def test_half_precision_is_joined_as_it_is():
    x = tg.zeros(2, dtype=tg.float16)
    assert tg.cat([x, x]).dtype == tg.float16
    assert tg.cat([x, tg.zeros(1)]).dtype == tg.float32


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: tg.cat([]), ShapeError, "cat: expected a non-empty sequence"),
        (lambda x: tg.cat(x), ShapeError, "cat: expected a non-empty sequence of tensors, got Tensor"),
        (lambda x: tg.cat([x, 1]), DTypeError, "cat: expected a sequence of tensors, got one with int"),
        (
            lambda x: tg.cat([x, x.T]),
            ShapeError,
            r"cat: expected shapes equal but for dim 0, got \(2, 3\) and \(3, 2\)",
        ),
        (lambda x: tg.cat([x.sum(), x.sum()]), ShapeError, "cat: tensors without dimensions .* use stack"),
        (lambda x: tg.stack([x, x.T]), ShapeError, "stack: expected tensors of one shape"),
        (lambda x: x.split(0), ShapeError, "split: expected pieces of a size of at least 1"),
        (lambda x: x.split([1, 2]), ShapeError, "split: expected sizes .* that add up to 2"),
        (lambda x: x.chunk(0), ShapeError, "chunk: expected at least 1 chunk"),
        (lambda x: x.hsplit(2), ShapeError, "hsplit: dim 1 of size 3 can't be split into 2 equal pieces"),
        (lambda x: x.sum().unbind(), DimError, "unbind: expected a tensor of at least 1 dimension"),
        (lambda x: tg.block_diag(x[None]), ShapeError, "block_diag: expected tensors of at most 2 dimensions"),
        (lambda x: tg.meshgrid(x), ShapeError, "meshgrid: expected vectors"),
        (lambda x: tg.meshgrid(x[0], indexing="yx"), ShapeError, "meshgrid: expected indexing"),
        (lambda x: tg.cat([x, x.cpu().numpy()]), DTypeError, "cat: expected a sequence of tensors"),
    ],
)
def test_errors_name_the_rule(call, error, message):
    with pytest.raises(error, match=message):
        call(tg.zeros(2, 3))
