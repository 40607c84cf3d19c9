"""Hooks on tensors, retain_grad, and hooks after accumulation."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.errors import GradError


def test_a_hook_sees_and_replaces_the_whole_gradient_of_a_leaf():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    seen = []
    x.register_hook(lambda g: seen.append(g.numpy().copy()))
    x.register_hook(lambda g: g * 10.0)
    (x * x + x).sum().backward()
    assert len(seen) == 1
    np.testing.assert_array_equal(seen[0], [3, 5])
    np.testing.assert_array_equal(x.grad.numpy(), [30, 50])


def test_a_hook_on_an_intermediate_value():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2.0
    y.register_hook(lambda g: g * 0.0)
    (y * y + x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1, 1])


def test_a_removed_hook_is_not_called():
    x = tg.tensor([1.0], requires_grad=True)
    handle = x.register_hook(lambda g: g * 5.0)
    handle.remove()
    handle.remove()
    (x * 1.0).sum().backward()
    assert x.grad.item() == 1.0
    with x.register_hook(lambda g: g * 5.0):
        (x * 1.0).sum().backward()
    (x * 1.0).sum().backward()
    assert x.grad.item() == 7.0


def test_retain_grad_keeps_what_the_hooks_made():
    x = tg.tensor([3.0], requires_grad=True)
    y = x * 2.0
    y.retain_grad()
    y.register_hook(lambda g: g * 10.0)
    (y * y).sum().backward()
    assert y.grad.item() == 120.0
    assert x.grad.item() == 240.0


def test_grad_of_an_intermediate_value_is_none_without_retain_grad():
    x = tg.tensor([3.0], requires_grad=True)
    y = x * 2.0
    y.sum().backward()
    assert y.grad is None


def test_hooks_work_under_create_graph():
    x = tg.tensor([3.0], requires_grad=True)
    y = x * x
    handle = y.register_hook(lambda g: g * y)
    (g,) = tg.autograd.grad((y * 1.0).sum(), x, create_graph=True)  # 2x . x^2
    assert g.item() == 54.0
    handle.remove()
    (g,) = tg.autograd.grad(g.sum(), x)
    assert g.item() == 54.0


def test_a_hook_after_accumulation_gets_the_tensor():
    x = tg.tensor([3.0], requires_grad=True)
    seen = []

    def step(p):
        seen.append(p.grad.item())
        p.grad = None

    handle = x.register_post_accumulate_grad_hook(step)
    (x * 2.0).sum().backward()
    (x * 2.0).sum().backward()
    handle.remove()
    (x * 2.0).sum().backward()
    assert seen == [2.0, 2.0]
    assert x.grad.item() == 2.0


def test_hooks_need_a_gradient():
    with pytest.raises(GradError, match="register_hook"):
        tg.ones(2).register_hook(print)
    with pytest.raises(GradError, match="retain_grad"):
        tg.ones(2).retain_grad()
    with pytest.raises(GradError, match="register_post_accumulate_grad_hook"):
        (tg.ones(2).requires_grad_() * 1.0).register_post_accumulate_grad_hook(print)


def test_a_hook_on_one_of_several_outputs():
    x = tg.tensor([1.0, 3.0, 2.0], requires_grad=True)
    values, _ = x.sort()
    values.register_hook(lambda g: g * 2.0)
    (values * tg.tensor([1.0, 10.0, 100.0])).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2, 200, 20])
