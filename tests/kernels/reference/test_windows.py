"""The sliding windows: both ways to go through them are the one line  i = o * stride + k * dilation - padding."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu.kernels.reference.windows import output_size, pad, sliding_windows, taps

SETTINGS = {
    "size": st.integers(1, 9),
    "kernel": st.integers(1, 4),
    "stride": st.integers(1, 3),
    "padding": st.tuples(st.integers(0, 3), st.integers(0, 3)),
    "dilation": st.integers(1, 3),
}


def meetings(size, kernel, stride, padding, dilation):
    """All (o, k, i) with i inside the input, found by trying."""
    grown = sum(padding) + size
    starts = [s for s in range(0, grown, stride) if s + (kernel - 1) * dilation < grown]
    for o, start in enumerate(starts):
        for k in range(kernel):
            i = start + k * dilation - padding[0]
            if 0 <= i < size:
                yield o, k, i


@given(**SETTINGS)
def test_output_size_counts_the_windows_that_fit(size, kernel, stride, padding, dilation):
    grown = sum(padding) + size
    fit = sum(s + (kernel - 1) * dilation < grown for s in range(0, grown, stride))
    assert max(0, output_size(size, kernel, stride, padding, dilation)) == fit


@given(**SETTINGS)
def test_taps_are_exactly_the_meetings_inside_the_input(size, kernel, stride, padding, dilation):
    out = max(0, output_size(size, kernel, stride, padding, dilation))
    found = []
    for (k,), (_, outputs), (_, inputs) in taps([size], [out], [kernel], [stride], [padding], [dilation]):
        o, i = np.arange(out)[outputs], np.arange(size)[inputs]
        assert o.size == i.size > 0
        found += [(int(a), k, int(b)) for a, b in zip(o, i, strict=True)]
    assert sorted(found) == sorted(meetings(size, kernel, stride, padding, dilation))


@given(**SETTINGS)
def test_sliding_windows_of_the_padded_input_hold_the_meetings_and_zeros(size, kernel, stride, padding, dilation):
    out = output_size(size, kernel, stride, padding, dilation)
    if out < 1:
        return
    x = np.arange(1, size + 1)
    windows = sliding_windows(pad(x, [padding]), [kernel], [stride], [dilation])
    expected = np.zeros((out, kernel), dtype=int)
    for o, k, i in meetings(size, kernel, stride, padding, dilation):
        expected[o, k] = x[i]
    np.testing.assert_array_equal(windows, expected)


def test_taps_of_two_dimensions_come_in_row_major_order():
    cells = [cell for cell, _, _ in taps([4, 4], [3, 2], [2, 3], [1, 1], [0, 0], [1, 1])]
    assert cells == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


def test_pad_without_padding_copies_nothing():
    x = np.ones((2, 3))
    assert pad(x, [0]) is x
    np.testing.assert_array_equal(pad(x, [(1, 0)]), [[0, 1, 1, 1], [0, 1, 1, 1]])
