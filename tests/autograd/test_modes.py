"""no_grad and its kin, and anomaly mode."""

import threading

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.errors import GradError


@pytest.fixture
def x():
    return tg.tensor([1.0, 2.0], requires_grad=True)


def test_no_grad_records_nothing(x):
    with tg.no_grad():
        y = x * 2.0
        assert not tg.is_grad_enabled()
    assert not y.requires_grad
    assert tg.is_grad_enabled()


def test_enable_grad_inside_no_grad(x):
    with tg.no_grad():
        with tg.enable_grad():
            y = x * 2.0
        z = x * 2.0
    assert y.requires_grad
    assert not z.requires_grad


def test_modes_end_when_an_error_leaves_them(x):
    with pytest.raises(ZeroDivisionError), tg.no_grad():
        1 / 0  # noqa: B018
    assert (x * 2.0).requires_grad


@pytest.mark.parametrize("decorator", [tg.no_grad, tg.no_grad()])
def test_no_grad_as_a_decorator(x, decorator):
    @decorator
    def double(t):
        """Doc."""
        return t * 2.0

    assert not double(x).requires_grad
    assert double.__doc__ == "Doc."
    assert tg.is_grad_enabled()


def test_set_grad_enabled_as_function_and_as_block(x):
    tg.set_grad_enabled(False)
    assert not (x * 2.0).requires_grad
    tg.set_grad_enabled(True)
    assert (x * 2.0).requires_grad
    with tg.set_grad_enabled(False):
        assert not (x * 2.0).requires_grad
    assert (x * 2.0).requires_grad


def test_set_grad_enabled_as_a_decorator(x):
    @tg.set_grad_enabled(False)
    def double(t):
        return t * 2.0

    assert tg.is_grad_enabled()
    assert not double(x).requires_grad


def test_modes_belong_to_one_thread(x):
    seen = []
    with tg.no_grad():
        thread = threading.Thread(target=lambda: seen.append((x * 2.0).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


def test_anomaly_mode_names_the_forward_line_of_the_first_nan(x):
    with (
        tg.autograd.detect_anomaly(),
        pytest.raises(GradError, match=r"Log: the forward at .*test_modes.py:\d+ made the first nan"),
    ):
        (x - 3.0).log()


def test_anomaly_mode_names_the_forward_line_of_a_bad_gradient():
    x = tg.tensor([0.0], requires_grad=True)
    with tg.autograd.detect_anomaly():
        y = x.sqrt().sum()
        with pytest.raises(GradError, match=r"backward made the first inf, .*forward at .*test_modes.py:\d+"):
            y.backward()


def test_anomaly_mode_lets_pass_what_came_in_not_finite():
    x = tg.tensor([np.inf], requires_grad=True)
    with tg.autograd.detect_anomaly():
        y = x * 2.0
    assert y.item() == np.inf


def test_anomaly_mode_ends():
    x = tg.tensor([-1.0], requires_grad=True)
    with tg.autograd.detect_anomaly():
        pass
    assert np.isnan(x.log().item())


def test_anomaly_mode_keeps_quiet_about_masks():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    with tg.autograd.detect_anomaly():
        y = x.masked_fill(tg.tensor([True, False]), -np.inf)
        y.exp().sum().backward()
    assert x.grad.numpy()[0] == 0
