"""Dropout: what it keeps, in forward and in both derivatives."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.errors import DTypeError
from tinygrad_edu.ops.dropout import dropout


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_share_and_the_expectation(p, device):
    tg.manual_seed(0)
    y = dropout(tg.ones(200, 200, device=device), p).cpu().numpy()
    kept = y != 0
    assert abs(kept.mean() - (1 - p)) < 0.01  # a standard deviation is at most 0.0025
    np.testing.assert_array_equal(y[kept], np.float32(1 / (1 - p)))


def test_dropout_repeats_with_the_seed_and_differs_without():
    x = tg.ones(100)
    tg.manual_seed(1)
    first, second = dropout(x), dropout(x)
    tg.manual_seed(1)
    assert dropout(x).tolist() == first.tolist() != second.tolist()


def test_gradients_pass_where_the_values_passed(device):
    x = tg.randn(50, device=device).requires_grad_()
    y = dropout(x, 0.4)
    (g,) = tg.autograd.grad((y * y).sum(), x, create_graph=True)
    scale = (y.detach() / x.detach()).cpu().numpy()  # 0 or 1 / 0.6
    np.testing.assert_allclose(g.detach().cpu().numpy(), 2 * scale**2 * x.detach().cpu().numpy(), rtol=1e-5)
    g.sum().backward()
    np.testing.assert_allclose(x.grad.cpu().numpy(), 2 * scale**2, rtol=1e-5)


def test_dropped_infinities_are_zero():
    x = tg.full((64,), float("inf"), requires_grad=True)
    y = dropout(x)
    y.backward(tg.full((64,), float("inf")))
    assert set(y.tolist()) == set(x.grad.tolist()) == {0.0, float("inf")}


def test_nothing_happens_in_evaluation_or_with_p_zero():
    x = tg.randn(5)
    assert dropout(x, 0.5, training=False) is x
    assert dropout(x, 0.0) is x


def test_everything_goes_with_p_one():
    assert dropout(tg.ones(5), 1.0).tolist() == [0.0] * 5


def test_dropout_refuses_what_is_no_probability():
    with pytest.raises(DTypeError, match="probability p from 0 to 1, got 1.5"):
        dropout(tg.ones(5), 1.5)
