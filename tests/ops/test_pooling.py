"""Pooling: values, indices and derivatives of orders 1 and 2 against PyTorch, ties, and what is refused."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.parity import assert_parity
from tinygrad_edu.errors import DTypeError, ShapeError
from tinygrad_edu.ops import pooling


@st.composite
def problems(draw, spatial, average):
    """An array with ties in it, and settings that PyTorch accepts."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    one_or_each = lambda s: s | st.tuples(*[s] * spatial)  # noqa: E731
    kernel = draw(one_or_each(st.integers(1, 3)))
    stride = draw(st.none() | one_or_each(st.integers(1, 3)))
    each = lambda v: v if isinstance(v, tuple) else (v,) * spatial  # noqa: E731
    padding = draw(st.integers(0, min(each(kernel)) // 2))
    dilation = 1 if average else draw(one_or_each(st.integers(1, 2)))
    ceil_mode = draw(st.booleans())
    sizes = draw(st.lists(st.integers(1, 7), min_size=spatial, max_size=spatial))
    for s, k, d in zip(sizes, each(kernel), each(dilation), strict=True):
        assume(d * (k - 1) + 1 <= s + 2 * padding)
        assume(d == 1 or padding == 0)  # a dilated window that begins in the padding may see nothing at all
        assume(not average or spatial < 3 or k <= s)  # PyTorch's avg_pool3d wants a kernel that fits without padding
    x = rng.integers(-3, 4, (*draw(st.sampled_from([(2, 2), (1,), (0, 2)])), *sizes)).astype(np.float64)
    if average:
        return x, (kernel, stride, padding, ceil_mode, draw(st.booleans()))
    return x, (kernel, stride, padding, dilation, ceil_mode)


def both(name):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    return getattr(pooling, name), getattr(torch.nn.functional, name)


@pytest.mark.parity
@pytest.mark.parametrize("spatial", [1, 2, 3])
@given(data=st.data())
def test_max_pool_agrees_with_pytorch(spatial, data):
    x, settings = data.draw(problems(spatial, average=False))
    assume(x.size)  # PyTorch refuses some empty batches
    ours, theirs = both(f"max_pool{spatial}d")
    assert_parity(lambda x: ours(x, *settings), lambda x: theirs(x, *settings), x)
    assert_parity(lambda x: ours(x, *settings).exp(), lambda x: theirs(x, *settings).exp(), x)  # here dy depends on x
    assert_parity(lambda x: ours(x, *settings, True)[1], lambda x: theirs(x, *settings, True)[1], x, order=0)


@pytest.mark.parity
@pytest.mark.parametrize("spatial", [1, 2, 3])
@given(data=st.data())
def test_avg_pool_agrees_with_pytorch(spatial, data):
    x, settings = data.draw(problems(spatial, average=True))
    assume(x.size)
    ours, theirs = both(f"avg_pool{spatial}d")
    assert_parity(lambda x: ours(x, *settings), lambda x: theirs(x, *settings), x)
    assert_parity(lambda x: ours(x, *settings).exp(), lambda x: theirs(x, *settings).exp(), x)  # here dy depends on x


@pytest.mark.parity
def test_avg_pool_with_a_divisor_agrees_with_pytorch():
    ours, theirs = both("avg_pool2d")
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 5))
    assert_parity(lambda x: ours(x, 3, divisor_override=4), lambda x: theirs(x, 3, divisor_override=4), x)


def test_of_equal_values_the_first_gets_the_gradient(device):
    x = tg.ones(1, 1, 2, 4, device=device).requires_grad_()
    pooling.max_pool2d(x, 2).sum().backward()
    assert x.grad.cpu().tolist() == [[[[1, 0, 1, 0], [0, 0, 0, 0]]]]


def test_overlapping_windows_add_up(device):
    x = tg.tensor([[[0.0, 5.0, 1.0]]], device=device, requires_grad=True)
    pooling.max_pool1d(x, 2, stride=1).sum().backward()
    assert x.grad.cpu().tolist() == [[[0, 2, 0]]]


def test_nan_is_the_largest():
    y = pooling.max_pool1d(tg.tensor([[[1.0, float("nan"), 3.0, 4.0]]]), 2)
    assert str(y.tolist()) == "[[[nan, 4.0]]]"


def test_indices_find_the_values():
    x = tg.randn(2, 3, 6, 8)
    values, indices = pooling.max_pool2d(x, 2, return_indices=True)
    found = np.take_along_axis(x.numpy().reshape(2, 3, -1), indices.numpy().reshape(2, 3, -1), axis=2)
    np.testing.assert_array_equal(found, values.numpy().reshape(2, 3, -1))
    assert indices.dtype == tg.int64


def test_images_without_a_batch():
    x = tg.randn(3, 6, 8)
    np.testing.assert_array_equal(pooling.max_pool2d(x, 2).numpy(), pooling.max_pool2d(x.unsqueeze(0), 2)[0].numpy())
    np.testing.assert_array_equal(pooling.avg_pool2d(x, 2).numpy(), pooling.avg_pool2d(x.unsqueeze(0), 2)[0].numpy())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"kernel_size": 9}, "max_pool2d: expected a kernel that fits"),
        ({"kernel_size": 2, "padding": 2}, "padding from 0 to half"),
        ({"kernel_size": 2, "stride": 0}, "stride of at least 1"),
        ({"kernel_size": (2, 2, 2)}, "kernel_size to be an integer or 2 of them"),
        ({"kernel_size": 1.5}, "kernel_size to be an integer"),
    ],
)
def test_max_pool_refuses(settings, says):
    with pytest.raises(ShapeError, match=says):
        pooling.max_pool2d(tg.zeros(1, 1, 5, 5), **settings)


def test_pooling_refuses_the_wrong_number_of_dimensions():
    with pytest.raises(ShapeError, match=r"2 spatial dimensions, got \(5, 5\)"):
        pooling.avg_pool2d(tg.zeros(5, 5), 2)


def test_avg_pool_refuses_integers():
    with pytest.raises(DTypeError, match="expected a floating tensor, got int64"):
        pooling.avg_pool2d(tg.zeros(1, 1, 4, 4, dtype=tg.int64), 2)
