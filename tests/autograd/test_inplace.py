"""Changes in place: versions, what they mean for the graph, and the errors that name both places."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.errors import DTypeError, GradError, ShapeError


def test_a_value_changed_after_it_was_saved_is_an_error_naming_both_places():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2.0
    z = y.exp()
    w = z * z
    z.add_(1.0)
    with pytest.raises(
        GradError,
        match=r"Mul: input 0 \(float32, shape \(2,\)\) was saved .* changed in place by add_ at .*test_inplace.py:\d+",
    ):
        w.sum().backward()


def test_an_output_changed_after_it_was_saved_is_an_error():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    y.mul_(2.0)
    with pytest.raises(
        GradError, match=r"Exp: the output .* saved for backward at .*test_inplace.py:\d+ .* by mul_ at"
    ):
        y.sum().backward()


def test_a_change_of_what_nobody_saved_is_followed():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x + 1.0
    y.mul_(3.0)
    y += x
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [4, 4])
    np.testing.assert_array_equal(y.detach().numpy(), [7, 11])


def test_a_leaf_cannot_be_changed_in_place_while_recording():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(GradError, match="add_: a leaf tensor that requires a gradient"):
        x.add_(1.0)
    with pytest.raises(GradError, match="a view of a leaf"):
        x[0].add_(1.0)
    with tg.no_grad():
        x.add_(1.0)
        x[0] = 5.0
    np.testing.assert_array_equal(x.detach().numpy(), [5, 3])


def test_a_change_under_no_grad_still_counts():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    with tg.no_grad():
        x.mul_(2.0)
    with pytest.raises(GradError, match="changed in place by mul_"):
        y.sum().backward()


def test_a_detached_tensor_shares_memory_and_version():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    x.detach().add_(1.0)
    assert x._version == 1
    with pytest.raises(GradError, match="changed in place by add_"):
        y.sum().backward()


def test_data_is_changed_without_counting():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    x.data.mul_(0.0)
    y.sum().backward()  # of the new value, as whoever writes .data wants it
    np.testing.assert_array_equal(x.grad.numpy(), [0, 0])


def test_a_result_must_fit_in_place():
    x = tg.ones(3)
    with pytest.raises(ShapeError, match=r"add_: the result has shape \(2, 3\)"):
        x.add_(tg.ones(2, 3))
    with pytest.raises(DTypeError, match="mul_: a result of float32 can't be stored in x of int64"):
        tg.tensor([1, 2]).mul_(1.5)
    with pytest.raises(ShapeError, match="share one memory cell"):
        tg.ones(1).expand(3).add_(1.0)


def test_filling_a_buffer_row_by_row_is_differentiable():
    x = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    buffer = tg.zeros(3)
    for i in range(3):
        buffer[i] = x[i] * float(i + 1)
    (buffer * buffer).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2, 16, 54])


def test_operators_in_place_keep_the_object():
    x = tg.tensor([1.0, 2.0])
    y = x
    y += 1.0
    y *= 2.0
    y -= 1.0
    y /= 3.0
    assert y is x
    np.testing.assert_allclose(x.numpy(), [1, 5 / 3])


def test_the_shape_changes_in_place_where_nothing_shares_the_memory():
    x = tg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = x + 1.0
    assert y.t_() is y
    y.unsqueeze_(0).squeeze_(0)
    (y * tg.tensor([[1.0, 10.0], [100.0, 1000.0]])).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[1, 100], [10, 1000]])
    z = tg.ones(2, 3)
    z.transpose_(0, 1)
    assert z.shape == (3, 2)
    with pytest.raises(GradError, match="transpose_: a leaf"):
        x.transpose_(0, 1)


def test_the_shape_of_shared_memory_stays():
    x = tg.ones(2, 3)
    view = x[0]
    with pytest.raises(GradError, match=r"t_: the memory of x is shared or saved for backward; use x = x.t\(...\)"):
        x.t_()
    with pytest.raises(GradError, match="unsqueeze_"):
        view.unsqueeze_(0)
