"""Pooling against loops that are the definition, its derivatives against each other, and all of it against PyTorch."""

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tinygrad_edu.kernels.reference.pooling import (
    avg_pool_backward,
    avg_pool_forward,
    max_pool_backward,
    max_pool_forward,
    max_pool_gather,
    pool_output_shape,
)

inf, nan = np.inf, np.nan


@st.composite
def poolings(draw, max_spatial=3, dilated=True):
    """Shape, kernel, stride, padding, dilation and ceil_mode of a pooling that exists."""
    spatial = draw(st.integers(1, max_spatial))

    def each(low, high):
        return [draw(st.integers(low, high)) for _ in range(spatial)]

    kernel, stride = each(1, 3), each(1, 4)
    dilation = each(1, 2) if dilated else [1] * spatial
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    padding = [draw(st.integers(0, k // 2)) for k in kernel]
    # At least the dilation, or a window might step over the input.
    sizes = [max(d, s - 2 * p) + draw(st.integers(0, 4)) for s, p, d in zip(spans, padding, dilation, strict=True)]
    return (
        (draw(st.integers(0, 2)), draw(st.integers(1, 2)), *sizes),
        kernel,
        stride,
        padding,
        dilation,
        draw(st.booleans()),
    )


def windows(x_shape, out, kernel, stride, padding, dilation):
    """Each output cell with the input cells of its window, in row-major order."""
    for o in np.ndindex(*out):
        cells = []
        for k in np.ndindex(*kernel):
            i = tuple(a * s + b * d - p for a, s, b, d, p in zip(o, stride, k, dilation, padding, strict=True))
            if all(0 <= a < size for a, size in zip(i, x_shape[2:], strict=True)):
                cells.append(i)
        yield o, cells


def ties(shape, dtype=np.float64):
    """Few different values, so that windows are full of ties."""
    return np.random.default_rng(sum(shape)).integers(-2, 3, shape).astype(dtype)


@given(poolings(max_spatial=2))
def test_max_pool_takes_the_first_largest_of_each_window(pooling):
    x_shape, *settings = pooling
    x = ties(x_shape)
    y, indices = max_pool_forward(x, *settings)
    assert y.shape == indices.shape == pool_output_shape(x_shape, *settings)
    assert indices.dtype == np.int64
    for o, cells in windows(x_shape, y.shape[2:], *settings[:-1]):
        for n, c in np.ndindex(*x_shape[:2]):
            best = cells[0]
            for i in cells[1:]:
                if x[(n, c, *i)] > x[(n, c, *best)]:
                    best = i
            assert y[(n, c, *o)] == x[(n, c, *best)]
            assert indices[(n, c, *o)] == np.ravel_multi_index(best, x_shape[2:])


@given(poolings(max_spatial=2, dilated=False), st.booleans(), st.sampled_from([None, None, 3, -2]))
def test_avg_pool_divides_the_sum_of_each_window(pooling, count_include_pad, divisor):
    x_shape, kernel, stride, padding, dilation, ceil_mode = pooling
    x = ties(x_shape)
    y = avg_pool_forward(x, kernel, stride, padding, ceil_mode, count_include_pad, divisor)
    assert y.shape == pool_output_shape(*pooling)
    for o, cells in windows(x_shape, y.shape[2:], kernel, stride, padding, dilation):
        padded = [
            range(a * s, min(a * s + k, n + 2 * p))
            for a, s, k, n, p in zip(o, stride, kernel, x_shape[2:], padding, strict=True)
        ]
        count = np.prod([len(r) for r in padded]) if count_include_pad else len(cells)
        for n, c in np.ndindex(*x_shape[:2]):
            assert y[(n, c, *o)] == pytest.approx(sum(x[(n, c, *i)] for i in cells) / (divisor or count), rel=1e-15)


@given(poolings())
def test_max_pool_backward_and_gather_are_transposes(pooling):
    x_shape, *settings = pooling
    y, indices = max_pool_forward(ties(x_shape), *settings)
    g, dy = ties(x_shape), ties(y.shape)[::-1]
    picked = max_pool_gather(g, indices)
    assert picked.shape == y.shape
    assert (picked * dy).sum() == (g * max_pool_backward(dy, indices, x_shape)).sum()
    np.testing.assert_array_equal(max_pool_gather(ties(x_shape), indices), y)


@given(poolings(dilated=False), st.booleans())
def test_avg_pool_backward_is_the_transpose_of_forward(pooling, count_include_pad):
    x_shape, kernel, stride, padding, _, ceil_mode = pooling
    settings = (kernel, stride, padding, ceil_mode, count_include_pad, None)
    x = ties(x_shape)
    y = avg_pool_forward(x, *settings)
    dy = ties(y.shape)[::-1]
    dx = avg_pool_backward(dy, x_shape, *settings)
    assert dx.shape == x_shape
    assert (x * dx).sum() == pytest.approx((y * dy).sum(), rel=1e-12, abs=1e-12)


@pytest.mark.parity
@given(poolings(), st.booleans())
def test_max_pool_agrees_with_torch(pooling, with_nan):
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install '.[torch]'")
    x_shape, kernel, stride, padding, dilation, ceil_mode = pooling
    x = ties(x_shape)
    x[x == -2] = -inf
    if with_nan:
        x[x == 2] = nan
    tx = torch.from_numpy(x).requires_grad_()
    function = getattr(torch.nn.functional, f"max_pool{len(kernel)}d")
    ty, expected = function(tx, kernel, stride, padding, dilation, ceil_mode, return_indices=True)
    y, indices = max_pool_forward(x, kernel, stride, padding, dilation, ceil_mode)
    np.testing.assert_array_equal(y, ty.detach().numpy(), strict=True)
    np.testing.assert_array_equal(indices, expected.numpy(), strict=True)
    dy = ties(y.shape)[::-1].copy()
    ty.backward(torch.from_numpy(dy))
    np.testing.assert_array_equal(max_pool_backward(dy, indices, x_shape), tx.grad.numpy(), strict=True)


@pytest.mark.parity
@given(poolings(dilated=False), st.booleans(), st.sampled_from([None, 5]))
def test_avg_pool_agrees_with_torch(pooling, count_include_pad, divisor):
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install '.[torch]'")
    x_shape, kernel, stride, padding, _, ceil_mode = pooling
    if len(kernel) == 3:  # there torch wants the kernel to fit without padding
        assume(all(k <= s for k, s in zip(kernel, x_shape[2:], strict=True)))
    x = np.random.default_rng(0).standard_normal(x_shape)
    tx = torch.from_numpy(x).requires_grad_()
    function = getattr(torch.nn.functional, f"avg_pool{len(kernel)}d")
    if len(kernel) == 1:  # torch has no divisor_override there
        divisor = None
    override = {} if divisor is None else {"divisor_override": divisor}
    ty = function(tx, kernel, stride, padding, ceil_mode, count_include_pad, **override)
    settings = (kernel, stride, padding, ceil_mode, count_include_pad, divisor)
    y = avg_pool_forward(x, *settings)
    np.testing.assert_allclose(y, ty.detach().numpy(), rtol=1e-13, atol=1e-15, strict=True)
    ty.backward(ty.detach())
    np.testing.assert_allclose(
        avg_pool_backward(y, x_shape, *settings), tx.grad.numpy(), rtol=1e-12, atol=1e-14, strict=True
    )


def test_nan_wins_and_padding_never_does():
    x = np.array([[[-5.0, -7.0, nan, 3.0, -inf, -inf, -inf]]])
    y, indices = max_pool_forward(x, [3], [2], [1], [1], False)
    np.testing.assert_array_equal(y, [[[-5.0, nan, 3.0, -inf]]])
    np.testing.assert_array_equal(indices, [[[0, 2, 3, 5]]])


@pytest.mark.parametrize("dtype", ["float16", "float32", "int64", "int8", "uint8", "bfloat16"])
def test_max_pool_keeps_the_dtype_down_to_its_lowest_value(dtype):
    if dtype == "bfloat16":
        dtype = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed: pip install '.[bf16]'").bfloat16
    dtype = np.dtype(dtype)
    lowest = np.iinfo(dtype).min if dtype.kind in "iu" else -inf
    x = np.array([[[lowest, lowest, 7, 1]]], dtype=dtype)
    y, indices = max_pool_forward(x, [2], [2], [0], [1], False)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, np.array([[[lowest, 7]]], dtype=dtype))
    np.testing.assert_array_equal(indices, [[[0, 2]]])


@pytest.mark.parametrize("name", ["float16", "float32", "bfloat16"])
def test_gradients_and_means_keep_the_dtype_and_add_up_in_float32(name):
    if name == "bfloat16":
        name = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed: pip install '.[bf16]'").bfloat16
    dy = np.ones((1, 1, 4096), dtype=name)
    dx = max_pool_backward(dy, np.zeros((1, 1, 4096), dtype=np.int64), (1, 1, 2))
    assert dx.dtype == np.dtype(name)
    np.testing.assert_array_equal(dx.astype(float), [[[4096.0, 0.0]]])
    y = avg_pool_forward(dy, [4096], [1], [0], False, True, 1)
    assert y.dtype == np.dtype(name)
    assert float(y[0, 0, 0]) == 4096.0
    assert avg_pool_backward(y, (1, 1, 4096), [4096], [1], [0], False, True, None).dtype == np.dtype(name)


def test_sharing_windows_add_their_gradients_up():
    x = np.array([[[1.0, 9.0, 2.0]]])
    _, indices = max_pool_forward(x, [2], [1], [0], [1], False)
    np.testing.assert_array_equal(max_pool_backward(np.array([[[3.0, 4.0]]]), indices, x.shape), [[[0.0, 7.0, 0.0]]])


def test_no_images_give_no_results():
    y, indices = max_pool_forward(np.ones((0, 2, 4, 4)), [2, 2], [2, 2], [0, 0], [1, 1], False)
    assert y.shape == indices.shape == (0, 2, 2, 2)
    assert max_pool_backward(y, indices, (0, 2, 4, 4)).shape == (0, 2, 4, 4)
    assert max_pool_gather(np.ones((0, 2, 4, 4)), indices).shape == (0, 2, 2, 2)
    assert avg_pool_forward(np.ones((0, 2, 4, 4)), [2, 2], [2, 2], [0, 0], False, True, None).shape == (0, 2, 2, 2)


REFUSED = [
    (
        (1, 1, 4, 4),
        [2],
        [2, 2],
        [0, 0],
        [1, 1],
        "pool2d: expected 2 values of kernel, one for each dimension after (N, C)",
    ),
    ((1, 1, 4), [0], [1], [0], [1], "pool1d: expected kernel of at least 1, got (0,)"),
    ((1, 1, 4), [2], [0], [0], [1], "pool1d: expected stride of at least 1, got (0,)"),
    ((1, 1, 4), [2], [1], [0], [0], "pool1d: expected dilation of at least 1, got (0,)"),
    ((1, 1, 4), [2], [1], [2], [1], "got padding 2 and a kernel that spans 2 (kernel 2, dilation 1)"),
    (
        (1, 1, 4),
        [2],
        [1],
        [-1],
        [1],
        "pool1d: expected padding from 0 to half of what the kernel spans, got padding -1",
    ),
    ((1, 1, 1), [2], [1], [1], [2], "pool1d: expected every window to see a cell of the input, got an input of 1 with"),
    ((1, 1, 4), [3], [1], [0], [2], "got a kernel that spans 5 (kernel 3, dilation 2) and an input of 4 + 0 (padding)"),
]


@pytest.mark.parametrize(("x", "kernel", "stride", "padding", "dilation", "message"), REFUSED)
def test_what_does_not_fit_is_refused_with_the_numbers(x, kernel, stride, padding, dilation, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        pool_output_shape(x, kernel, stride, padding, dilation, False)


def test_avg_pool_refuses_a_divisor_of_zero_and_a_dy_of_another_shape():
    with pytest.raises(ValueError, match="expected a divisor_override other than 0"):
        avg_pool_forward(np.ones((1, 1, 4)), [2], [2], [0], False, True, 0)
    with pytest.raises(ValueError, match=re.escape("avg_pool_backward: expected dy (1, 1, 2)")):
        avg_pool_backward(np.ones((1, 1, 3)), (1, 1, 4), [2], [2], [0], False, True, None)
