"""Initial values: their distributions, by their moments and bounds."""

import math

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.nn import init

SHAPE = (64, 32, 5, 5)  # fan_in 800, fan_out 1600

NORMAL = {
    "xavier_normal_": (lambda w: init.xavier_normal_(w, gain=2.0), 2 * math.sqrt(2 / 2400)),
    "kaiming_normal_": (lambda w: init.kaiming_normal_(w, nonlinearity="relu"), math.sqrt(2 / 800)),
    "kaiming_normal_ fan_out": (
        lambda w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"),
        math.sqrt(2 / 1600),
    ),
    "normal_": (lambda w: init.normal_(w, 0.0, 3.0), 3.0),
}
UNIFORM = {
    "xavier_uniform_": (init.xavier_uniform_, math.sqrt(6 / 2400)),
    "kaiming_uniform_": (lambda w: init.kaiming_uniform_(w, a=math.sqrt(5)), 1 / math.sqrt(800)),
    "uniform_": (lambda w: init.uniform_(w, -2.0, 2.0), 2.0),
}


@pytest.mark.parametrize("name", NORMAL)
def test_normal_values_have_their_standard_deviation(name):
    tg.manual_seed(0)
    fill, std = NORMAL[name]
    w = fill(tg.empty(SHAPE)).numpy() / std
    assert abs(w.mean()) < 0.02
    assert abs(w.std() - 1) < 0.02
    assert 3 < np.abs(w).max() < 7


@pytest.mark.parametrize("name", UNIFORM)
def test_uniform_values_fill_their_interval(name):
    tg.manual_seed(0)
    fill, bound = UNIFORM[name]
    w = fill(tg.empty(SHAPE)).numpy() / bound
    assert np.abs(w).max() <= 1
    assert abs(w.mean()) < 0.02
    np.testing.assert_allclose(np.histogram(w, 10, (-1, 1))[0] / w.size, 0.1, rtol=0.05)


def test_he_keeps_the_variance_through_relu_layers():
    tg.manual_seed(0)
    x = tg.randn(512, 256)
    for _ in range(10):
        x = (x @ init.kaiming_normal_(tg.empty(256, 256), nonlinearity="relu").T).relu()
    assert 0.5 < (x * x).mean().item() < 2


@pytest.mark.parity
@pytest.mark.parametrize("name", ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains_are_pytorchs(name):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    assert init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name), rel=1e-12)
    assert init.calculate_gain("leaky_relu", 0.3) == pytest.approx(torch.nn.init.calculate_gain("leaky_relu", 0.3))


def test_constants():
    w = tg.empty(2, 3)
    assert init.constant_(w, 2.5) is w
    assert w.tolist() == [[2.5] * 3] * 2
    assert init.zeros_(w).sum().item() == 0
    assert init.ones_(w).sum().item() == 6


def test_parameters_are_filled_without_recording():
    p = nn.Parameter(tg.empty(4, 4))
    for fill in (init.kaiming_normal_, init.xavier_uniform_, init.uniform_, init.zeros_):
        assert fill(p) is p
        assert p.is_leaf
        assert p.requires_grad


def test_filling_a_saved_value_is_noticed():
    p = nn.Parameter(tg.ones(2, 2))
    y = p * p
    init.zeros_(p)
    with pytest.raises(RuntimeError, match="changed in place by constant_"):
        y.sum().backward()


def test_a_generator_repeats():
    def drawn():
        return init.kaiming_normal_(tg.empty(3, 3), generator=tg.Generator().manual_seed(5)).tolist()

    assert drawn() == drawn()


def test_init_refuses():
    with pytest.raises(ValueError, match=r"at least 2 dimensions, got \(3,\)"):
        init.kaiming_normal_(tg.empty(3))
    with pytest.raises(TypeError, match="fan_in.*got 'fan'"):
        init.kaiming_normal_(tg.empty(3, 3), mode="fan")
    with pytest.raises(TypeError, match="expected one of .*, got 'swish'"):
        init.calculate_gain("swish")
