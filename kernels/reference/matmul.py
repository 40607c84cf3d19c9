"""Matrix product.

    C[..., m, n] = sum_k A[..., m, k] * B[..., k, n]          A (..., M, K), B (..., K, N) -> C (..., M, N)

Leading dimensions are batches and broadcast. A vector on the left is a row, on the right a column, and the dimension
that was added for it is taken away again.

The product is the library's (BLAS on the host, cuBLAS on a device). What is added here is how to ask for it:

- Many matrices times one matrix are one product: the batch is just more rows. A BLAS call costs about as much as a
  32 x 32 product, so (512, 8, 32) @ (32, 32) as 512 calls takes two to three times as long as one call.
- 16-bit floats multiply and add up in float32 and are rounded once.
- Integers multiply exactly, and wrap around on overflow as integers do.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..namespace import array_namespace
from .floating import accumulator

__all__ = ["matmul"]

Array = Any


def matmul(a: Array, b: Array) -> Array:
    """Multiply matrices, batches of matrices, or vectors.

    Gradient: ``da = dc @ b.mT`` and ``db = a.mT @ dc``, summed over the batch dimensions that broadcast.

    Parameters
    ----------
    a : array, shape (..., M, K) or (K,)
    b : array, shape (..., K, N) or (K,)
        Of the dtype of `a`.

    Returns
    -------
    array, shape (..., M, N), without M or N where a vector came
        Of the dtype of `a`.

    Examples
    --------
    >>> matmul(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 1.0]))
    array([12., 34.])
    """
    xp = array_namespace(a)
    dtype = a.dtype
    a, b = a.astype(accumulator(dtype), copy=False), b.astype(accumulator(dtype), copy=False)
    with np.errstate(all="ignore"):
        if a.ndim > 2 and b.ndim <= 2:
            rows = a.reshape(prod(a.shape[:-1]), a.shape[-1])
            c = xp.matmul(rows, b).reshape(a.shape[:-1] + b.shape[1:])
        else:
            c = xp.matmul(a, b)
        return xp.asarray(c, dtype=dtype)  # a vector times a vector comes as a NumPy scalar
