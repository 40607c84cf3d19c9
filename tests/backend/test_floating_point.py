"""IEEE arithmetic without warnings, by NumPy's internals or by its public functions."""

import numpy as np
import pytest

from tinygrad_edu.backend import floating_point


def test_silent_inside_and_as_before_outside():
    with floating_point.silent():
        assert np.isinf(np.float64(1.0) / np.zeros(1))
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        np.ones(1) / np.zeros(1)


def test_the_public_way_does_the_same():
    before = np.geterr()
    token = floating_point._public_ignore("ignore")
    assert np.isinf(np.ones(1) / np.zeros(1))
    floating_point._public_restore(token)
    assert np.geterr() == before


def test_the_callers_settings_survive_an_error_inside():
    before = np.geterr()
    with pytest.raises(ZeroDivisionError), floating_point.silent():
        1 / 0  # noqa: B018
    assert np.geterr() == before
