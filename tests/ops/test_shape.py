import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.agreement import assert_agrees
from tests.ops.drawn import arrays, dim_of
from tinygrad_edu.errors import DimError, DTypeError, GradError, ShapeError

dims = st.integers(-5, 4)  # in range or not
whole_numbers = st.sampled_from([np.int64, np.int32, np.uint8, np.bool_])


@st.composite
def factors(draw, n):
    """Sizes whose product is n."""
    sizes = []
    while n > 1:
        size = draw(st.sampled_from([d for d in range(1, n + 1) if n % d == 0]))
        sizes.append(size)
        n //= size
    return sizes + ([0] if n == 0 else [])


# Against PyTorch


@pytest.mark.parity
@pytest.mark.parametrize("name", ["reshape", "view"])
@given(data=st.data())
def test_reshape_and_view_agree_with_pytorch(name, data):
    x = data.draw(arrays())
    sizes = data.draw(factors(x.size))
    sizes.insert(data.draw(st.integers(0, len(sizes))), 1)
    if data.draw(st.booleans()):
        sizes[data.draw(st.integers(0, len(sizes) - 1))] = -1
    packed = data.draw(st.booleans())
    assert_agrees(lambda lib, x: getattr(x, name)(*([tuple(sizes)] if packed else sizes)), x)


@pytest.mark.parity
@given(data=st.data())
def test_a_view_is_possible_where_it_is_in_pytorch(data):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    shape = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    order = data.draw(st.permutations(range(len(shape))))
    steps = data.draw(st.lists(st.sampled_from([1, 1, 2]), min_size=len(shape), max_size=len(shape)))
    index = tuple([slice(None, None, s) for s in steps])
    ours = tg.zeros(*shape).permute(order)[index]
    theirs = torch.zeros(*shape).permute(order)[index]
    sizes = data.draw(factors(math.prod(theirs.shape)))
    try:
        theirs = theirs.view(sizes)
    except RuntimeError:
        with pytest.raises(ShapeError, match="use .reshape"):
            ours.view(sizes)
        assert ours.reshape(sizes).shape == tuple(sizes)
    else:
        ours = ours.view(sizes)
        assert ours.stride() == theirs.stride() or 1 in sizes
        assert ours.storage_offset() == theirs.storage_offset()


@pytest.mark.parity
@pytest.mark.parametrize(
    "call",
    [
        lambda lib, x, i, j: x.flatten(),
        lambda lib, x, i, j: x.flatten(i, j),
        lambda lib, x, i, j: x.squeeze(),
        lambda lib, x, i, j: x.squeeze(i),
        lambda lib, x, i, j: x.squeeze((i, j)),
        lambda lib, x, i, j: x.unsqueeze(i),
        lambda lib, x, i, j: x.transpose(i, j),
        lambda lib, x, i, j: x.swapaxes(i, j),
        lambda lib, x, i, j: x.swapdims(i, j),
        lambda lib, x, i, j: x.movedim(i, j),
        lambda lib, x, i, j: x.moveaxis((i, 0), (0, j)),
        lambda lib, x, i, j: x.permute(i, j),
        lambda lib, x, i, j: x.unflatten(i, (1, -1)),
        lambda lib, x, i, j: x.unflatten(i, (-1, 2, 1)),
        lambda lib, x, i, j: x.ravel(),
        lambda lib, x, i, j: x.clone(),
        lambda lib, x, i, j: x.contiguous(),
        lambda lib, x, i, j: lib.atleast_1d(x),
        lambda lib, x, i, j: lib.atleast_2d(x),
        lambda lib, x, i, j: lib.atleast_3d(x, x),
        lambda lib, x, i, j: lib.atleast_2d([x]),
        lambda lib, x, i, j: x.expand_as(x.clone()),
        lambda lib, x, i, j: x.view_as(x.clone()),
        lambda lib, x, i, j: x.reshape_as(x.clone()),
    ],
)
@given(data=st.data())
def test_views_agree_with_pytorch(call, data):
    x = data.draw(arrays(max_side=3))
    i, j = data.draw(dims), data.draw(dims)
    assert_agrees(lambda lib, x: call(lib, x, i, j), x)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:.* deprecated:UserWarning")  # PyTorch's, where there are not two dims
@pytest.mark.parametrize("name", ["T", "H", "mT", "mH", "t", "adjoint"])
@given(data=st.data())
def test_transposes_of_a_matrix_agree_with_pytorch(name, data):
    x = data.draw(arrays(min_dims=1, max_dims=3))
    assert_agrees(lambda lib, x: getattr(x, name)() if name in ("t", "adjoint") else getattr(x, name), x)


@pytest.mark.parity
@given(data=st.data())
def test_permute_agrees_with_pytorch(data):
    x = data.draw(arrays())
    order = [d - x.ndim if data.draw(st.booleans()) else d for d in data.draw(st.permutations(range(x.ndim)))]
    assert_agrees(lambda lib, x: x.permute(tuple(order)), x)
    assert_agrees(lambda lib, x: lib.permute(x, order), x)


@pytest.mark.parity
@given(data=st.data())
def test_expand_agrees_with_pytorch(data):
    x = data.draw(arrays(max_dims=3, max_side=2))
    sizes = [data.draw(st.sampled_from([-1, n, n, 0, 3])) for n in x.shape]
    sizes = data.draw(st.lists(st.integers(-1, 3), max_size=2)) + sizes
    assert_agrees(lambda lib, x: x.expand(sizes), x)
    assert_agrees(lambda lib, x: x.expand(*sizes) if sizes else x.expand(()), x)
    assert_agrees(lambda lib, x: lib.broadcast_to(x, sizes), x)


@pytest.mark.parity
@given(data=st.data())
def test_broadcast_tensors_agrees_with_pytorch(data):
    x, y = data.draw(arrays(max_dims=3, max_side=2)), data.draw(arrays(max_dims=3, max_side=2))
    assert_agrees(lambda lib, x, y: lib.broadcast_tensors(x, y), x, y)


@pytest.mark.parity
@given(data=st.data())
def test_shapes_of_whole_numbers_agree_with_pytorch(data):
    x = data.draw(arrays(min_dims=2, max_dims=3, min_side=1)).astype(data.draw(whole_numbers))
    i, j = data.draw(dim_of(x)), data.draw(dim_of(x))
    assert_agrees(lambda lib, x: x.transpose(i, j).reshape(-1).unsqueeze(0).expand(2, -1).clone(), x)


# Memory


VIEWS = [
    lambda x: x.reshape(3, 2),
    lambda x: x.view(-1),
    lambda x: x.flatten(),
    lambda x: x.unsqueeze(1),
    lambda x: x.unsqueeze(1).squeeze(1),
    lambda x: x.transpose(0, 1),
    lambda x: x.permute(1, 0),
    lambda x: x.T,
    lambda x: x.mT,
    lambda x: x.expand(2, 2, 3)[1],
    lambda x: x.movedim(0, 1),
    lambda x: x.unflatten(1, (3, 1)),
    lambda x: x.detach(),
    lambda x: x.contiguous(),
    lambda x: x.T.T.contiguous(),
]


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_shares_memory_and_version(view, device):
    x = tg.zeros(2, 3, device=device)
    v = view(x)
    v.fill_(1)
    assert x.tolist() == [[1, 1, 1], [1, 1, 1]]
    assert x.version is v.version


@pytest.mark.parametrize(
    "copy", [lambda x: x.clone(), lambda x: x.T.contiguous(), lambda x: x.T.reshape(-1), lambda x: x.T.ravel()]
)
def test_a_copy_does_not_share_memory(copy, device):
    x = tg.zeros(2, 3, device=device)
    copy(x).fill_(1)
    assert x.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_a_copied_reshape_is_tied_to_x_by_its_gradient_alone():
    x = tg.tensor(np.arange(6.0).reshape(2, 3)).requires_grad_()
    y = (x * 1).T.reshape(-1)
    y.mul_(2)
    y.sum().backward()
    assert x.grad.tolist() == [[2, 2, 2], [2, 2, 2]]


def test_clone_keeps_the_order_of_the_dims_in_memory():
    x = tg.zeros(2, 3).T
    assert x.clone().stride() == x.stride() == (1, 3)
    assert x.contiguous().stride() == (2, 1)
    assert not x.is_contiguous()
    assert x.contiguous().is_contiguous()


def test_strides_offset_and_address_count_elements(device):
    x = tg.zeros(4, 5, device=device)
    y = x[1:, ::2]
    assert (y.stride(), y.stride(-1), y.storage_offset()) == ((5, 2), 2, 5)
    assert y.data_ptr() - x.data_ptr() == 5 * 4


def test_view_as_another_dtype_reads_the_same_bytes():
    x = tg.tensor([1.0, -2.0])
    assert x.view(tg.int32).tolist() == [0x3F800000, -0x40000000]
    assert x.view(tg.int32).view(tg.float32).tolist() == [1, -2]
    with pytest.raises(ShapeError, match="view: float32 of shape"):
        tg.zeros(2, 3).view(tg.float64)
    with pytest.raises(GradError, match="view: the bytes"):
        tg.zeros(2, 2).requires_grad_().view(tg.float64)


def test_half_precision_goes_through_views_unrounded():
    x = tg.tensor(np.array([[1.0, 2.0], [3.0, 4.0]], np.float16)).requires_grad_()
    y = x.T.reshape(-1).unsqueeze(0).expand(3, 4)
    assert y.dtype == tg.float16
    y.sum().backward()
    assert x.grad.dtype == tg.float16
    assert x.grad.tolist() == [[3, 3], [3, 3]]


# Errors


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: x.reshape(4), ShapeError, r"reshape: a tensor of 6 elements does not fit into shape \(4,\)"),
        (lambda x: x.reshape(-1, -1), ShapeError, "reshape: expected sizes of at least 0 and at most one -1"),
        (lambda x: x[:0].reshape(-1, 0), ShapeError, r"reshape: the -1 in \(-1, 0\) could be any number"),
        (lambda x: x.reshape(2.5), DTypeError, "reshape: expected an integer, got 2.5"),
        (lambda x: x.T.view(6), ShapeError, r"view: shape \(3, 2\) with strides \(1, 3\).*use .reshape"),
        (lambda x: x.transpose(0, 2), DimError, "transpose: expected a dim from -2 to 1 .* got 2"),
        (lambda x: x.permute(0, 0), DimError, "permute: expected different dims"),
        (lambda x: x.permute(0), DimError, "permute: expected each of the 2 dims once"),
        (lambda x: x[0].mT, ShapeError, "mT: expected a tensor of at least 2 dimensions"),
        (lambda x: x.unsqueeze(0).t(), ShapeError, "t: expected at most 2 dimensions"),
        (lambda x: x.unsqueeze(0).H, ShapeError, "H: expected a matrix"),
        (lambda x: x.expand(4, 3), ShapeError, r"expand: expected sizes that stretch dims of size 1 of \(2, 3\)"),
        (lambda x: x.flatten(1, 0), ShapeError, "flatten: expected start_dim before end_dim"),
        (lambda x: x.unflatten(1, (2, 2)), ShapeError, "unflatten: a tensor of 3 elements does not fit"),
        (lambda x: x.movedim((0, 1), 0), ShapeError, "movedim: expected as many destinations as sources"),
        (lambda x: tg.broadcast_tensors(x, x.T), ShapeError, "broadcast_tensors: expected shapes that broadcast"),
    ],
)
def test_errors_name_the_rule(call, error, message):
    with pytest.raises(error, match=message):
        call(tg.zeros(2, 3))
