"""Scans against the loop that defines them; the host's loops against the scan that a device runs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu.kernels.reference import scan as scans


class HostAsDevice:
    """A name for NumPy that is not NumPy, so that the kernels take a device's way."""

    def __getattr__(self, name):
        return getattr(np, name)


@st.composite
def lines(draw):
    shape = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    axis = draw(st.integers(0, len(shape) - 1))
    shape[axis] = draw(st.integers(1, 40))
    return np.random.default_rng(draw(st.integers(0, 99))).integers(-3, 4, shape).astype(float), axis


@given(lines(), st.booleans())
def test_scan_combines_in_order_from_either_end(drawn, reverse):
    x, axis = drawn
    # Maps h -> a h + b, one after the other: associative, but not commutative.
    follow = lambda e, f: (e[0] * f[0], f[0] * e[1] + f[1])  # noqa: E731
    a, b = np.sign(x) + 0.5, x
    got = scans.scan(follow, (a, b), axis, reverse)
    aa, bb = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    step = -1 if reverse else 1
    expected = [(aa[::step][0], bb[::step][0])]
    for pair in zip(aa[::step][1:], bb[::step][1:], strict=True):
        expected.append(follow(expected[-1], pair))
    for part, name in zip(range(2), "ab", strict=True):
        line = np.moveaxis(np.array([e[part] for e in expected])[::step], 0, axis)
        np.testing.assert_allclose(got[part], line, rtol=1e-12, err_msg=name)


@given(lines(), st.booleans())
def test_linear_recurrence_is_its_definition(drawn, reverse):
    b, axis = drawn
    b = np.moveaxis(b, axis, 0)
    a = np.roll(b, 1, 0)[1:] / 2
    h = b.copy()
    for k in range(1, len(b)):
        if reverse:
            h[-1 - k] += a[len(a) - k] * h[-k]
        else:
            h[k] += a[k - 1] * h[k - 1]
    got = scans.linear_recurrence(np.moveaxis(a, 0, axis), np.moveaxis(b, 0, axis), axis, reverse)
    np.testing.assert_allclose(got, np.moveaxis(h, 0, axis), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("largest", [True, False])
@given(drawn=lines(), with_nan=st.booleans())
def test_running_extreme_is_the_same_on_host_and_device(largest, drawn, with_nan):
    x, axis = drawn
    if with_nan:
        x = np.where(np.random.default_rng(0).random(x.shape) < 0.1, np.nan, x)
    host = scans.running_extreme(x, axis, largest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scans, "array_namespace", lambda x: HostAsDevice())
        device = scans.running_extreme(x, axis, largest)
    np.testing.assert_array_equal(host[0], device[0])
    np.testing.assert_array_equal(host[1], device[1])
    np.testing.assert_array_equal(host[0], np.take_along_axis(x, host[1], axis))


@given(lines())
def test_log_cumulative_sum_is_the_same_on_host_and_device(drawn):
    x, axis = drawn
    host = scans.log_cumulative_sum(x * 200, axis)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scans, "array_namespace", lambda x: HostAsDevice())
        device = scans.log_cumulative_sum(x * 200, axis)
    np.testing.assert_allclose(host, device, rtol=1e-13)
    np.testing.assert_allclose(
        scans.log_cumulative_sum(x, axis), np.log(np.exp(x).cumsum(axis)), rtol=1e-12, atol=1e-12
    )
