"""Convolution and its gradients against loops that are the definition, against each other, and against PyTorch."""

import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu.kernels.reference import conv
from tinygrad_edu.kernels.reference.conv import (
    conv_forward,
    conv_input_gradient,
    conv_output_shape,
    conv_weight_gradient,
)


def terms(x_shape, w_shape, stride, padding, dilation, groups):
    """All index triples (y, w, x) of the sum that defines a convolution."""
    n, c_out, *out = conv_output_shape(x_shape, w_shape, stride, padding, dilation, groups)
    before = [p[0] if isinstance(p, tuple) else p for p in padding]
    for image, f, c in product(range(n), range(c_out), range(w_shape[1])):
        channel = f // (c_out // groups) * w_shape[1] + c
        for o, k in product(np.ndindex(*out), np.ndindex(*w_shape[2:])):
            i = tuple(a * s + b * d - p for a, s, b, d, p in zip(o, stride, k, dilation, before, strict=True))
            if all(0 <= a < size for a, size in zip(i, x_shape[2:], strict=True)):
                yield (image, f, *o), (f, c, *k), (image, channel, *i)


@st.composite
def convolutions(draw, max_spatial=3):
    """Shapes and settings of a convolution that exists."""
    spatial = draw(st.integers(1, max_spatial))

    def each(low, high):
        return [draw(st.integers(low, high)) for _ in range(spatial)]

    groups = draw(st.sampled_from([1, 1, 2, 3]))
    kernel, stride, dilation = each(1, 3), each(1, 3), each(1, 2)
    padding = [
        draw(st.one_of(st.integers(0, 2), st.tuples(st.integers(0, 2), st.integers(0, 2)))) for _ in range(spatial)
    ]
    # Large enough for the kernel without padding, by 0 to 3, so that some strides leave a rest at the end.
    sizes = [d * (k - 1) + 1 + draw(st.integers(0, 3)) for k, d in zip(kernel, dilation, strict=True)]
    x_shape = (draw(st.integers(0, 3)), groups * draw(st.integers(1, 2)), *sizes)
    w_shape = (groups * draw(st.integers(1, 2)), x_shape[1] // groups, *kernel)
    return x_shape, w_shape, (stride, padding, dilation, groups)


def whole_numbers(shape, dtype=np.float64):
    """Small integers as floats: their sums are exact, so results can be compared bit by bit."""
    return np.random.default_rng(sum(shape)).integers(-4, 5, shape).astype(dtype)


@given(convolutions(max_spatial=2))
def test_forward_is_the_sum_over_channels_and_kernel_cells(shapes):
    x_shape, w_shape, settings = shapes
    x, w = whole_numbers(x_shape), whole_numbers(w_shape)
    y = conv_forward(x, w, *settings)
    expected = np.zeros(conv_output_shape(x_shape, w_shape, *settings))
    for at_y, at_w, at_x in terms(x_shape, w_shape, *settings):
        expected[at_y] += w[at_w] * x[at_x]
    np.testing.assert_array_equal(y, expected, strict=True)


@given(convolutions(max_spatial=2))
def test_gradients_are_the_same_sum_over_the_other_indices(shapes):
    x_shape, w_shape, settings = shapes
    x, w, dy = (
        whole_numbers(x_shape),
        whole_numbers(w_shape),
        whole_numbers(conv_output_shape(x_shape, w_shape, *settings)),
    )
    dx, dw = np.zeros(x_shape), np.zeros(w_shape)
    for at_y, at_w, at_x in terms(x_shape, w_shape, *settings):
        dx[at_x] += w[at_w] * dy[at_y]
        dw[at_w] += x[at_x] * dy[at_y]
    np.testing.assert_array_equal(conv_input_gradient(dy, w, x_shape, *settings), dx, strict=True)
    np.testing.assert_array_equal(conv_weight_gradient(x, dy, w_shape, *settings), dw, strict=True)


@given(convolutions())
def test_the_three_are_one_trilinear_form(shapes):
    x_shape, w_shape, settings = shapes
    x, w, dy = (
        whole_numbers(x_shape),
        whole_numbers(w_shape),
        whole_numbers(conv_output_shape(x_shape, w_shape, *settings)),
    )
    form = (dy * conv_forward(x, w, *settings)).sum()
    assert form == (x * conv_input_gradient(dy, w, x_shape, *settings)).sum()
    assert form == (w * conv_weight_gradient(x, dy, w_shape, *settings)).sum()


@pytest.mark.parity
@given(convolutions())
def test_agrees_with_torch(shapes):
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install '.[torch]'")
    x_shape, w_shape, (stride, padding, dilation, groups) = shapes
    padding = [p[0] if isinstance(p, tuple) else p for p in padding]  # torch takes both sides alike only
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal(x_shape), rng.standard_normal(w_shape)
    dy = rng.standard_normal(conv_output_shape(x_shape, w_shape, stride, padding, dilation, groups))
    tx, tw = torch.from_numpy(x).requires_grad_(), torch.from_numpy(w).requires_grad_()
    function = getattr(torch.nn.functional, f"conv{len(stride)}d")
    ty = function(tx, tw, None, stride, padding, dilation, groups)
    ty.backward(torch.from_numpy(dy))
    close = {"rtol": 1e-10, "atol": 1e-12, "strict": True}
    settings = (stride, padding, dilation, groups)
    np.testing.assert_allclose(conv_forward(x, w, *settings), ty.detach().numpy(), **close)
    np.testing.assert_allclose(conv_input_gradient(dy, w, x_shape, *settings), tx.grad.numpy(), **close)
    np.testing.assert_allclose(conv_weight_gradient(x, dy, w_shape, *settings), tw.grad.numpy(), **close)


@pytest.mark.parity
@pytest.mark.parametrize("output_padding", [0, 1])
def test_input_gradient_is_torchs_transposed_convolution(output_padding):
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install '.[torch]'")
    rng = np.random.default_rng(0)
    dy, w = rng.standard_normal((2, 4, 5, 6)), rng.standard_normal((4, 3, 3, 3))
    expected = torch.conv_transpose2d(
        torch.from_numpy(dy), torch.from_numpy(w), stride=2, padding=1, output_padding=output_padding
    ).numpy()
    dx = conv_input_gradient(dy, w, expected.shape, [2, 2], [1, 1], [1, 1], 1)
    np.testing.assert_allclose(dx, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("images_at_a_time", [1, 2, 3, 100])
def test_the_result_does_not_depend_on_how_the_batch_is_cut(images_at_a_time, monkeypatch):
    x, w, settings = whole_numbers((7, 4, 6, 5)), whole_numbers((6, 2, 3, 2)), ([1, 2], [1, 1], [1, 1], 2)
    y = conv_forward(x, w, *settings)
    dx, dw = conv_input_gradient(y, w, x.shape, *settings), conv_weight_gradient(x, y, w.shape, *settings)
    one_image = 4 * 3 * 2 * y[0, 0].size * 8
    monkeypatch.setattr(conv, "COLUMN_BYTES", images_at_a_time * one_image)
    np.testing.assert_array_equal(conv_forward(x, w, *settings), y)
    np.testing.assert_array_equal(conv_input_gradient(y, w, x.shape, *settings), dx)
    np.testing.assert_array_equal(conv_weight_gradient(x, y, w.shape, *settings), dw)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "bfloat16"])
def test_dtype_is_kept_and_inputs_are_left_alone(dtype):
    if dtype == "bfloat16":
        dtype = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed: pip install '.[bf16]'").bfloat16
    x, w, settings = whole_numbers((2, 3, 6), dtype), whole_numbers((4, 3, 3), dtype), ([1], [1], [1], 1)
    before = x.copy(), w.copy()
    y = conv_forward(x, w, *settings)
    dx, dw = conv_input_gradient(y, w, x.shape, *settings), conv_weight_gradient(x, y, w.shape, *settings)
    assert {y.dtype, dx.dtype, dw.dtype} == {np.dtype(dtype)}
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(w, before[1])


def test_16_bit_floats_add_up_in_float32(monkeypatch):
    x = np.ones((1, 64, 64), dtype=np.float16)
    w = np.ones((1, 64, 64), dtype=np.float16)
    assert conv_forward(x, w, [1], [0], [1], 1).item() == 4096  # one by one in float16 it would stop at 2048
    monkeypatch.setattr(conv, "COLUMN_BYTES", 1)  # one image at a time: from image to image the sum is in float32, too
    batch = np.ones((4096, 1, 1), dtype=np.float16)
    assert conv_weight_gradient(batch, batch, (1, 1, 1), [1], [0], [1], 1).item() == 4096


def test_non_contiguous_arrays_give_what_their_copies_give():
    settings = ([1, 1], [0, 1], [1, 1], 1)
    x, w = whole_numbers((8, 6, 5, 4)).T, whole_numbers((2, 3, 3, 10))[:, :, ::-1, ::2].transpose(2, 3, 0, 1)
    assert not x.flags.c_contiguous
    assert not w.flags.c_contiguous
    y = conv_forward(x, w, *settings)
    np.testing.assert_array_equal(y, conv_forward(x.copy("C"), w.copy("C"), *settings))
    dy = np.asfortranarray(y)
    np.testing.assert_array_equal(
        conv_input_gradient(dy, w, x.shape, *settings), conv_input_gradient(y, w.copy("C"), x.shape, *settings)
    )
    np.testing.assert_array_equal(
        conv_weight_gradient(x, dy, w.shape, *settings), conv_weight_gradient(x.copy("C"), y, w.shape, *settings)
    )


def test_inf_and_nan_stay_in_the_windows_that_see_them_without_a_warning():
    x = np.array([[[np.inf, 1.0, 2.0, np.nan, 3.0]]])
    y = conv_forward(x, np.array([[[0.0, 1.0]]]), [1], [0], [1], 1)
    np.testing.assert_array_equal(y, [[[np.nan, 2.0, np.nan, np.nan]]])


def test_no_images_and_no_input_channels_give_empty_and_zero_results():
    settings = ([1], [0], [1], 1)
    w = np.ones((2, 3, 2))
    assert conv_forward(np.ones((0, 3, 5)), w, *settings).shape == (0, 2, 4)
    assert conv_input_gradient(np.ones((0, 2, 4)), w, (0, 3, 5), *settings).shape == (0, 3, 5)
    np.testing.assert_array_equal(
        conv_weight_gradient(np.ones((0, 3, 5)), np.ones((0, 2, 4)), (2, 3, 2), *settings), 0 * w
    )
    np.testing.assert_array_equal(conv_forward(np.ones((2, 0, 5)), np.ones((2, 0, 2)), *settings), np.zeros((2, 2, 4)))


REFUSED = [
    ((2, 3, 8), (4, 3, 3, 3), [1], [0], [1], 1, "conv2d: expected x (N, C_in, *S) and w (C_out, C_in / groups, *K)"),
    ((2, 3), (4, 3), [], [], [], 1, "conv: expected x (N, C_in, *S)"),
    ((2, 3, 8), (4, 3, 3), [1, 1], [0], [1], 1, "conv1d: expected 1 values of stride, one a dimension, got (1, 1)"),
    ((2, 3, 8), (4, 3, 3), [0], [0], [1], 1, "conv1d: expected stride of at least 1, got (0,)"),
    ((2, 3, 8), (4, 3, 3), [1], [0], [0], 1, "conv1d: expected dilation of at least 1, got (0,)"),
    ((2, 3, 8), (4, 3, 0), [1], [0], [1], 1, "conv1d: expected kernel of at least 1, got (0,)"),
    ((2, 3, 8), (4, 3, 3), [1], [0], [1], 0, "conv1d: expected groups of at least 1, got (0,)"),
    ((2, 3, 8), (4, 3, 3), [1], [(0, -1)], [1], 1, "conv1d: expected padding of at least 0, got ((0, -1),)"),
    ((2, 4, 8), (4, 3, 3), [1], [0], [1], 1, "w takes 3 * 1 = 3 input channels and x has 4"),
    (
        (2, 6, 8),
        (4, 2, 3),
        [1],
        [0],
        [1],
        3,
        "with C_out a multiple of groups, got x (2, 6, 8), w (4, 2, 3) and groups=3",
    ),
    (
        (2, 3, 8),
        (4, 3, 4),
        [1],
        [(0, 1)],
        [3],
        1,
        "a kernel that spans 10 = dilation 3 * (K 4 - 1) + 1 and an input of 8 + 1",
    ),
]


@pytest.mark.parametrize(("x", "w", "stride", "padding", "dilation", "groups", "message"), REFUSED)
def test_what_does_not_fit_is_refused_with_the_numbers(x, w, stride, padding, dilation, groups, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        conv_output_shape(x, w, stride, padding, dilation, groups)


def test_gradients_refuse_a_dy_of_another_shape():
    x, w, dy = np.ones((2, 3, 8)), np.ones((4, 3, 3)), np.ones((2, 4, 5))
    with pytest.raises(ValueError, match=re.escape("conv_input_gradient: expected dy (2, 4, 6)")):
        conv_input_gradient(dy, w, x.shape, [1], [0], [1], 1)
    with pytest.raises(ValueError, match=re.escape("conv_weight_gradient: expected dy (2, 4, 6)")):
        conv_weight_gradient(x, dy, w.shape, [1], [0], [1], 1)
