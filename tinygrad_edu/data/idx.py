"""The IDX format of MNIST and its kin: a header that gives type and shape, then the numbers.

    bytes 0, 1    zero
    byte  2       the type: 0x08 is uint8, the only one that these data sets use
    byte  3       the number of dimensions
    then          one big-endian 32-bit size for each dimension, and the elements in row-major order

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", 1998.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from math import prod
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

__all__ = ["open_packed", "read_idx"]

GZIP_MAGIC = b"\x1f\x8b"
LARGEST_RATIO = 1032  # deflate can't pack tighter: a header that claims more than this is lying
BLOCK = 1 << 20


def open_packed(path: Path) -> BinaryIO:
    """Open a file for reading what is in it, unpacking where it is gzip."""
    with open(path, "rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    return cast(BinaryIO, gzip.open(path, "rb") if packed else open(path, "rb"))


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file of bytes, packed by gzip or not.

    Parameters
    ----------
    path : Path

    Returns
    -------
    uint8 array, of the shape in the header

    Raises
    ------
    ValueError
        If the file is not IDX, is damaged, or holds less or more than its header says. Memory grows only with what
        is really there, whatever the header claims.
    """
    size = path.stat().st_size
    try:
        with open_packed(path) as file:
            head = file.read(4)
            if len(head) < 4 or head[:3] != b"\x00\x00\x08":
                raise ValueError(
                    f"expected an IDX file of bytes, which begins 00 00 08, got {head.hex(' ') or 'nothing'}"
                )
            sizes = file.read(4 * head[3])
            if len(sizes) < 4 * head[3]:
                raise ValueError("it ends inside the header")
            shape = struct.unpack(f">{head[3]}I", sizes)
            claimed = prod(shape)
            if claimed > size * LARGEST_RATIO:
                raise ValueError(f"its header claims shape {shape}, more than a file of {size} bytes can hold")
            data = bytearray()
            while len(data) < claimed and (block := file.read(min(BLOCK, claimed - len(data)))):
                data += block
            if len(data) < claimed:
                raise ValueError(f"its header says shape {shape}, {claimed} bytes, but it holds {len(data)}")
            if file.read(1):
                raise ValueError(f"it holds more than the {claimed} bytes of shape {shape} that its header says")
    except (ValueError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"read_idx: {path} is damaged: {error}; delete it and fetch it again") from None
    return np.frombuffer(data, np.uint8).reshape(shape)
