"""Reading IDX files: untrusted, so every lie of a header is an error before it costs memory."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_edu.data.idx import read_idx


def idx(array):
    return b"\x00\x00\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@given(
    array=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5)), packed=st.booleans()
)
def test_read_idx_returns_what_was_written(tmp_path_factory, array, packed):
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(gzip.compress(idx(array), mtime=0) if packed else idx(array))
    result = read_idx(path)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, array)


DIGITS = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
GOOD = idx(DIGITS)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "got nothing"),
        (b"PK\x03\x04 some zip", "which begins 00 00 08, got 50 4b 03 04"),
        (b"\x00\x00\x0d" + GOOD[3:], "got 00 00 0d 03"),
        (GOOD[:10], "ends inside the header"),
        (GOOD[:-1], "60 bytes, but it holds 59"),
        (GOOD + b"x", "holds more than the 60 bytes"),
        (gzip.compress(GOOD, mtime=0)[:-12], "ended before the end-of-stream"),
        (gzip.compress(GOOD, mtime=0)[:-8] + b"\x00" * 8, "CRC check failed"),
        (b"\x00\x00\x08\x02" + struct.pack(">2I", 2**31, 2**31), "more than a file of 12 bytes can hold"),
        (gzip.compress(b"\x00\x00\x08\x01" + struct.pack(">I", 2**31), mtime=0), "more than a file of"),
    ],
)
def test_read_idx_refuses(tmp_path, content, says):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=says) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)
    assert "is damaged" in str(caught.value)
