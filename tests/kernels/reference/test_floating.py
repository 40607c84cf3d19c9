"""In which type sums run."""

import numpy as np
import pytest

from tinygrad_edu.kernels.reference.floating import accumulator


@pytest.mark.parametrize("name", ["float32", "float64", "int16", "uint16", "int64", "bool"])
def test_all_but_16_bit_floats_add_up_in_their_own_type(name):
    assert accumulator(np.dtype(name)) == np.dtype(name)


def test_16_bit_floats_add_up_in_float32():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed: pip install '.[bf16]'")
    assert accumulator(np.dtype("float16")) == accumulator(np.dtype(ml_dtypes.bfloat16)) == np.dtype("float32")
