"""Layouts: the same numbers, elsewhere in memory."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.testing import LAYOUTS, laid_out

SHAPES = [(), (1,), (4,), (2, 3), (2, 3, 4), (0, 3), (3, 1, 2)]


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "expanded"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "int64", "bool"])
def test_a_layout_keeps_the_numbers(layout, shape, dtype):
    array = (np.arange(np.prod(shape)).reshape(shape) % 3).astype(dtype)
    other = laid_out(array, layout)
    assert other.dtype == array.dtype
    np.testing.assert_array_equal(other, array)
    assert not np.shares_memory(other, array)


def test_each_layout_is_what_its_name_says():
    array = np.arange(24.0).reshape(2, 3, 4)
    assert laid_out(array, "C").flags.c_contiguous
    assert laid_out(array, "F").flags.f_contiguous
    assert laid_out(array, "transposed").strides == (8, 64, 16)
    assert laid_out(array, "sliced").strides == (9 * 7 * 16, 9 * 16, 16)
    assert laid_out(array, "reversed").strides == (-96, -32, -8)
    offset = laid_out(array, "offset")
    assert offset.flags.c_contiguous
    assert offset.base.size > array.size
    assert laid_out(array, "expanded").strides[0] == 0


def test_expanded_repeats_the_first_slice():
    np.testing.assert_array_equal(laid_out(np.array([[1.0, 2.0], [3.0, 4.0]]), "expanded"), [[1, 2], [1, 2]])
    np.testing.assert_array_equal(laid_out(np.array([[1.0, 2.0]]), "expanded"), [[1, 1]])


def test_what_lies_beside_a_sliced_array_is_nan():
    assert np.isnan(laid_out(np.ones(3), "sliced").base[::2]).all()


def test_an_unknown_layout_is_an_error():
    with pytest.raises(ValueError, match="layout: expected one of C, F, "):
        laid_out(np.ones(2), "diagonal")


def test_layouts_are_made_on_the_device(device):
    x = tg.tensor(np.arange(6.0).reshape(2, 3), device=device)
    for layout in LAYOUTS[:-1]:
        assert tg.as_tensor(laid_out(x.array, layout), device=device).tolist() == x.tolist()
