"""Checkpointing gives the same gradients and keeps less."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.autograd import checkpoint


def test_gradients_reach_arguments_and_what_the_function_closes_over():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    w = tg.tensor([3.0, 4.0], requires_grad=True)
    runs = []

    def block(t):
        runs.append(1)
        return (t * w).exp() * w

    def gradients(run):
        x.grad = w.grad = None
        run(x * 0.5).sum().backward()
        return x.grad.numpy().copy(), w.grad.numpy().copy()

    plain = gradients(block)
    runs.clear()
    kept = gradients(lambda t: checkpoint(block, t))
    assert len(runs) == 2
    for a, b in zip(plain, kept, strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_keeps_only_the_arguments():
    x = tg.tensor(np.ones(1000), requires_grad=True)

    def block(t):
        for _ in range(10):
            t = t.sin()
        return t

    assert sum(tg.autograd.saved_bytes(block(x).sum()).values()) == 80_000
    assert sum(tg.autograd.saved_bytes(checkpoint(block, x).sum()).values()) == 8_000


def test_second_derivatives():
    x = tg.tensor([0.3, 0.7], dtype=tg.float64, requires_grad=True)
    w = tg.tensor([1.5, 2.5], dtype=tg.float64, requires_grad=True)

    def twice(f):
        gx, gw = tg.autograd.grad(f(x * x).sum(), [x, w], create_graph=True)
        return tg.autograd.grad((gx * gw).sum(), [x, w])

    block = lambda t: (t * w).sin() * t  # noqa: E731
    for a, b in zip(twice(block), twice(lambda t: checkpoint(block, t)), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12)


def test_an_argument_that_the_function_also_closes_over_counts_once_each():
    w = tg.tensor([2.0], requires_grad=True)
    checkpoint(lambda t: t * w, w).sum().backward()
    assert w.grad.item() == 4.0


def test_random_numbers_repeat():
    x = tg.tensor(np.ones(100), requires_grad=True)
    tg.manual_seed(0)
    y = checkpoint(lambda t: t * tg.rand(100, dtype=tg.float64), x)
    after = tg.rand(3)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())
    tg.manual_seed(0)
    tg.rand(100, dtype=tg.float64)
    np.testing.assert_array_equal(after.numpy(), tg.rand(3).numpy())


def test_several_outputs_and_other_arguments():
    x = tg.tensor([2.0], requires_grad=True)
    a, b = checkpoint(lambda t, k: (t * k, t * t), x, 5.0)
    (a * b).sum().backward()
    assert x.grad.item() == 60.0


def test_under_no_grad_it_just_runs():
    x = tg.tensor([2.0], requires_grad=True)
    with tg.no_grad():
        assert not checkpoint(lambda t: t * t, x).requires_grad


def test_an_error_inside_passes_through():
    with pytest.raises(ZeroDivisionError):
        checkpoint(lambda t: 1 / 0, tg.ones(2).requires_grad_())
