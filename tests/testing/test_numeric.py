"""The numeric derivative is the judge of all others: it is itself held against derivatives known in closed form."""

import numpy as np
import pytest

from tinygrad_edu.testing.numeric import FIRST_STEP, derivative, one_sided, roughness

KNOWN = [
    ("sin", np.sin, np.cos, 0.7),
    ("exp", np.exp, np.exp, 3.0),
    ("log", np.log, lambda x: 1 / x, 0.02),
    ("cube", lambda x: x**3, lambda x: 3 * x**2, -2.0),
    ("tanh of 50 x", lambda x: np.tanh(50 * x), lambda x: 50 / np.cosh(50 * x) ** 2, 0.01),
    ("flat", lambda x: x * 0 + 5.0, lambda x: 0 * x, 1.0),
    ("near a kink", np.abs, np.sign, 1e-4),
    ("large value", lambda x: 1e6 + x, lambda x: 1.0, 0.3),
]


@pytest.mark.parametrize(("name", "f", "df", "x"), KNOWN, ids=[k[0] for k in KNOWN])
def test_derivative_is_right_to_within_the_error_it_claims(name, f, df, x):
    value, error = derivative(lambda t: np.array([f(x + t)]), FIRST_STEP)
    assert abs(value[0] - df(x)) <= 4 * error[0] + 1e-15
    assert error[0] <= 1e-8 * (1 + abs(f(x)))


def test_derivative_of_many_numbers_settles_each_by_itself():
    x = np.array([0.5, 1e-3, 100.0])
    value, error = derivative(lambda t: np.concatenate([np.sin(x + t), np.abs(x + t)]), FIRST_STEP)
    np.testing.assert_allclose(value, [*np.cos(x), 1, 1, 1], rtol=1e-9)
    assert error.shape == (6,)


def test_noise_shows_in_the_error():
    rng = np.random.default_rng(0)
    value, error = derivative(lambda t: np.array([np.sin(1 + t) + 1e-6 * rng.normal()]), FIRST_STEP)
    assert 1e-8 < error[0] < 1e-2
    assert abs(value[0] - np.cos(1)) < 100 * error[0]


def test_where_the_function_is_undefined_the_error_is_infinite():
    _, error = derivative(lambda t: np.sqrt(np.array([0.0 + t])), FIRST_STEP)
    assert error[0] == np.inf


def test_one_sided_derivatives_at_a_kink():
    left, right = one_sided(lambda t: np.array([np.maximum(t, 0) + 3 * t]), 1e-3)
    np.testing.assert_allclose([left[0], right[0]], [3, 4], rtol=1e-9)


@pytest.mark.parametrize(
    ("f", "kind"),
    [
        (np.abs, "kink"),
        (np.floor, "jump"),
        (np.sqrt, "edge"),
        (np.sin, ""),
        (lambda t: t**2, ""),
        (lambda t: 0 * t, ""),
    ],
    ids=["kink", "jump", "edge", "smooth", "flat at a point", "flat"],
)
def test_roughness_names_what_it_finds(f, kind):
    assert roughness(lambda t: f(np.array([t])), FIRST_STEP, 0)[0] == kind


def test_extrapolation_settles_a_smooth_function_in_few_steps():
    calls = []
    derivative(lambda t: calls.append(t) or np.sin(np.array([0.7 + t])), FIRST_STEP)
    assert len(calls) <= 8
