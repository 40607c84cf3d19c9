"""Convolution: values and derivatives of orders 1 and 2 against PyTorch, closed forms, and what is refused."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.parity import assert_parity
from tinygrad_edu.errors import DTypeError, ShapeError
from tinygrad_edu.ops import convolution

# PyTorch warns that it pads a copy for an even kernel; the numbers are the same.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")


@st.composite
def problems(draw, spatial):
    """Arrays x, w, b (or None) and the settings of a convolution that exists."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    c_in, c_out = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    sizes = draw(st.lists(st.integers(1, 6), min_size=spatial, max_size=spatial))
    kernel = draw(st.lists(st.integers(1, 3), min_size=spatial, max_size=spatial))
    one_or_each = lambda low, high: (  # noqa: E731
        st.integers(low, high) | st.tuples(*[st.integers(low, high)] * spatial)
    )
    stride, dilation, padding = draw(one_or_each(1, 3)), draw(one_or_each(1, 2)), draw(one_or_each(0, 2))
    each = lambda v: v if isinstance(v, tuple) else (v,) * spatial  # noqa: E731
    for s, k, p, d in zip(sizes, kernel, each(padding), each(dilation), strict=True):
        assume(d * (k - 1) + 1 <= s + 2 * p)
    batch = draw(st.sampled_from([(), (0,), (1,), (2,)]))
    x = rng.standard_normal((*batch, c_in, *sizes))
    if draw(st.booleans()):
        x = np.asfortranarray(x)
    w = rng.standard_normal((c_out, c_in // groups, *kernel))
    b = rng.standard_normal(c_out) if draw(st.booleans()) else None
    return x, w, b, (stride, padding, dilation, groups)


def same_as_torch(name, x, w, b, settings, order=2):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    ours, theirs = getattr(convolution, name), getattr(torch.nn.functional, name)
    arrays = [x, w] if b is None else [x, w, b]
    with_bias = lambda f: lambda x, w, b=None: f(x, w, b, *settings)  # noqa: E731
    assert_parity(with_bias(ours), with_bias(theirs), *arrays, order=0)
    squared = lambda f: lambda *xs: f(*xs) * f(*xs)  # noqa: E731  (so that dy depends on x, and has a derivative too)
    assert_parity(squared(with_bias(ours)), squared(with_bias(theirs)), *arrays, order=order)


@pytest.mark.parity
@pytest.mark.parametrize("spatial", [1, 2, 3])
@given(data=st.data())
def test_convolution_agrees_with_pytorch(spatial, data):
    same_as_torch(f"conv{spatial}d", *data.draw(problems(spatial)))


@pytest.mark.parity
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 3), (4, 1)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_named_padding_agrees_with_pytorch(padding, kernel, dilation):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 3, 7, 8)), rng.standard_normal((4, 3, *kernel))
    same_as_torch("conv2d", x, w, None, (1, padding, dilation, 1))


@pytest.mark.parity
def test_float32_agrees_with_pytorch():
    rng = np.random.default_rng(0)
    x, w, b = (rng.standard_normal(s).astype(np.float32) for s in ((4, 8, 10, 9), (6, 4, 3, 3), (6,)))
    same_as_torch("conv2d", x, w, b, (2, 1, 1, 2))


def test_a_kernel_of_one_cell_is_a_matrix_product(device):
    rng = np.random.default_rng(0)
    x, w = (
        tg.tensor(rng.standard_normal((2, 3, 4, 5)), device=device),
        tg.tensor(rng.standard_normal((6, 3)), device=device),
    )
    y = convolution.conv2d(x, w.reshape(6, 3, 1, 1)).cpu().numpy()
    np.testing.assert_allclose(y, np.einsum("fc,nchw->nfhw", w.cpu().numpy(), x.cpu().numpy()), rtol=1e-12)


def test_gradient_of_the_images_is_not_computed_where_nobody_asks(monkeypatch):
    def refuse(*args):
        raise AssertionError("the gradient of the images was computed")

    monkeypatch.setattr(convolution.kernels, "conv_input_gradient", refuse)
    w = tg.randn(2, 1, 3, 3, requires_grad=True)
    convolution.conv2d(tg.randn(1, 1, 5, 5), w).sum().backward()
    assert w.grad.shape == (2, 1, 3, 3)


def test_only_what_backward_needs_is_kept(device):
    x = tg.randn(1, 1, 5, 5, device=device)
    w = tg.randn(2, 1, 3, 3, device=device, requires_grad=True)
    kept = convolution.conv2d(x, w).grad_fn.inputs
    assert kept[0] is not None
    assert kept[1] is None


def test_half_precision_adds_up_in_float32():
    ones = tg.ones(1, 4096, 1, dtype=tg.float16)
    assert convolution.conv1d(ones, ones).item() == 4096  # in float16, 2048 + 1 is 2048


@pytest.mark.parametrize(
    ("x", "w", "b", "settings", "says"),
    [
        ((1, 2, 5, 5), (4, 3, 3, 3), None, {}, r"conv2d: expected w .*w takes 3 \* 1 = 3 input channels and x has 2"),
        ((1, 2, 5, 5), (4, 2, 7, 3), None, {}, r"kernel that fits into the padded input.*spans 7"),
        ((1, 2, 5), (4, 2, 3), None, {}, r"2 spatial dimensions, got \(1, 2, 5\) and \(4, 2, 3\)"),
        ((1, 2, 5, 5), (4, 2, 3, 3), (3,), {}, r"expected a bias \(4,\), one a filter, got \(3,\)"),
        ((1, 2, 5, 5), (4, 2, 3, 3), None, {"stride": 0}, "stride of at least 1"),
        ((1, 2, 5, 5), (4, 2, 3, 3), None, {"padding": -1}, "padding of at least 0"),
        ((1, 2, 5, 5), (4, 2, 3, 3), None, {"padding": "full"}, r"\"valid\", \"same\" or integers, got 'full'"),
        ((1, 2, 5, 5), (4, 2, 3, 3), None, {"padding": "same", "stride": 2}, "stride 1 with padding"),
        ((1, 2, 5, 5), (4, 2, 3, 3), None, {"dilation": (1, 2, 3)}, r"dilation to be an integer or 2 of them"),
        ((1, 2, 5, 5), (3, 1, 3, 3), None, {"groups": 2}, "C_out a multiple of groups"),
    ],
)
def test_conv2d_refuses(x, w, b, settings, says):
    with pytest.raises(ShapeError, match=says):
        convolution.conv2d(tg.zeros(x), tg.zeros(w), None if b is None else tg.zeros(b), **settings)


def test_conv2d_refuses_mixed_dtypes():
    with pytest.raises(DTypeError, match="one dtype, got float32 and float64"):
        convolution.conv2d(tg.zeros(1, 1, 3, 3), tg.zeros(1, 1, 3, 3, dtype=tg.float64))


def test_a_weight_changed_before_backward_is_an_error():
    x, w = tg.randn(1, 1, 5, 5, requires_grad=True), tg.randn(1, 1, 3, 3, requires_grad=True)
    y = convolution.conv2d(x, w)
    with tg.no_grad():
        w.mul_(2)
    with pytest.raises(RuntimeError, match="Conv2d: input 1 .* changed in place by mul_"):
        y.sum().backward()
