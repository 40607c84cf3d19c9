"""Shrinking: the smallest case with the same cause."""

import numpy as np

from tinygrad_edu.testing.failure import Failure
from tinygrad_edu.testing.shrinking import shrink


def failing(cause):
    return Failure("wrong", cause, "because")


def test_dims_of_one_size_shrink_together():
    def find(values):
        a, b = values
        return failing("x") if a.shape[1] == b.shape[0] and a.size else None

    values, _ = shrink(find, [np.ones((4, 5)), np.ones((5, 3))], failing("x"))
    assert [v.shape for v in values] == [(1, 1), (1, 1)]


def test_another_cause_stops_it():
    def find(values):
        return failing("factor n" if values[0].size > 3 else "factor")

    values, failure = shrink(find, [np.ones(8)], failing("factor n"))
    assert values[0].shape == (4,)
    assert failure.cause == "factor n"


def test_numbers_get_rounder():
    values, _ = shrink(lambda values: failing("x") if values[0][0] > 0.6 else None, [np.array([0.61234])], failing("x"))
    np.testing.assert_array_equal(values[0], [1.0])
    values, _ = shrink(lambda values: failing("x") if values[0][0] % 1 else None, [np.array([0.61234])], failing("x"))
    np.testing.assert_array_equal(values[0], [0.6])


def test_what_can_not_shrink_stays():
    given = [np.array([0.123456])]
    values, _ = shrink(lambda values: None, given, failing("x"))
    assert values is given
