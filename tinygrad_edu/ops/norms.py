"""Norms of vectors and of matrices, as ``linalg`` has them."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.op import Op
from ..backend import array_namespace
from ..backend.dtypes import as_dtype, is_floating, is_half, promote_types
from ..errors import DTypeError, ShapeError
from .dims import several_dims
from .factorizations import svdvals
from .promotion import cast
from .reduction import kept

__all__ = ["matrix_norm", "norm", "vector_norm"]


class VectorNorm(Op):
    """y = (sum of |x|^p)^(1/p) over dims.   dx = dy sign(x) (|x| / y)^(p-1), and 0 where y is 0.

    p = 0 counts the elements that are not 0, p = inf is the largest |x| and p = -inf the smallest: there the gradient is
    shared equally among the elements that attain it. Where p < 1 the slope at 0 would be infinite; it is 0 by convention.
    """

    keeps = ("inputs", "output")

    def __init__(self, p: float, dims: tuple[int, ...], keepdim: bool):
        self.p, self.dims, self.keepdim = p, dims, keepdim

    def forward(self, x: Any) -> Any:
        xp, p, how = array_namespace(x), self.p, {"axis": self.dims, "keepdims": self.keepdim}
        if p == 0:
            return (x != 0).sum(**how).astype(x.dtype)
        if p == 2:
            return xp.sqrt((x * x).sum(**how))
        size = abs(x)
        if p == 1:
            return size.sum(**how)
        if math.isinf(p):
            return size.max(**how) if p > 0 else size.min(**how)
        return (size**p).sum(**how) ** (1 / p)

    def backward(self, dy: Any) -> Any:
        x, y, p = self.inputs[0], self.output, self.p
        whole = kept(x.shape, self.dims)
        y, dy = y.reshape(whole), dy.reshape(whole)
        if p == 0:
            return None
        if p == 1:
            return x.sign() * dy
        if p == 2:
            return (x / y).masked_fill(y == 0, 0) * dy
        if math.isinf(p):
            attains = (x.abs() == y) | (x.isnan() & y.isnan())
            return (x.sign() * self.shared(dy, attains)).masked_fill(~attains, 0)
        if p < 1:
            slope = (x.sign() * x.abs() ** (p - 1)).masked_fill(x == 0, 0)
            return slope * (dy * y ** (1 - p))
        slope = x.sign() * x.abs() ** (p - 1) if p < 2 else x * x.abs() ** (p - 2)
        return slope * (dy / y ** (p - 1)).masked_fill(y == 0, 0)

    def shared(self, dy: Any, attains: Any) -> Any:
        """What each of the elements gets that attain the largest or the smallest."""
        return dy / attains.sum(self.dims, keepdim=True)


def vector_norm(x: Any, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """``(sum of |x|^ord)^(1/ord)`` over some dimensions, or over all elements.

    Parameters
    ----------
    x : Tensor
    ord : float
        Any number; inf is the largest ``|x|``, -inf the smallest, 0 the count of elements other than 0.
    dim : int or sequence of int, optional
    keepdim : bool
    dtype : dtype, optional
        What to compute and return in; not narrower than that of ``x``.

    Returns
    -------
    Tensor

    Raises
    ------
    ShapeError
        Where a norm without a value for no elements (inf, negative) is asked over none.

    Notes
    -----
    Gradient: ``sign(x) (|x| / y)^(ord - 1)``; 0 where the norm is 0, shared equally among ties for inf and -inf.

    Examples
    --------
    >>> x = tinygrad_edu.tensor([3.0, -4.0])
    >>> vector_norm(x), vector_norm(x, 1), vector_norm(x, float("inf"))
    (tensor(5.), tensor(7.), tensor(4.))
    """
    if isinstance(ord, str):
        raise DTypeError(f"vector_norm: expected a number, got ord={ord!r}; matrix_norm takes 'fro' and 'nuc'")
    x = _in_dtype("vector_norm", x, dtype)
    ndim = len(x.shape)
    dims = tuple(range(ndim)) if dim is None or dim == () or dim == [] else several_dims("vector_norm", dim, ndim)
    if not ndim:
        dims = ()
    if (ord < 0 or math.isinf(ord)) and any(x.shape[d] == 0 for d in dims):
        raise ShapeError(f"vector_norm: ord={ord} has no value over no elements, got shape {tuple(x.shape)}, dim {dim}")
    return VectorNorm(ord, dims, keepdim)(x)


def matrix_norm(A: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Norm of matrices.

    Parameters
    ----------
    A : Tensor (..., M, N)
    ord : {"fro", "nuc", inf, -inf, 1, -1, 2, -2}
        ``"fro"`` root of the sum of squares; ``"nuc"`` sum of the singular values; 2 and -2 largest and smallest of
        them; 1 and -1 largest and smallest sum of ``|A|`` in a column; inf and -inf in a row.
    dim : two ints
        The dimensions of the rows and of the columns.
    keepdim : bool
    dtype : dtype, optional
        What to compute and return in; not narrower than that of ``A``.

    Returns
    -------
    Tensor (...)

    Examples
    --------
    >>> A = tinygrad_edu.tensor([[1.0, -2.0], [3.0, 4.0]])
    >>> matrix_norm(A, 1), matrix_norm(A, float("inf"))
    (tensor(6.), tensor(7.))
    """
    A = _in_dtype("matrix_norm", A, dtype)
    ndim = len(A.shape)
    if ndim < 2:
        raise ShapeError(f"matrix_norm: expected A (..., M, N), got {tuple(A.shape)}; for a vector use vector_norm")
    dims = several_dims("matrix_norm", dim, ndim)
    if len(dims) != 2:
        raise ShapeError(f"matrix_norm: expected two dims, got {dim!r}")
    if ord not in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf):
        raise DTypeError(f"matrix_norm: expected ord 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2, got {ord!r}")
    if ord == "fro":
        return vector_norm(A, 2, dims, keepdim)
    if ord in ("nuc", 2, -2) and is_half(A.dtype):
        raise DTypeError(f"matrix_norm: ord={ord!r} needs float32 or float64, got {A.dtype}; cast it, or give dtype")
    along, across = dims if ord in (1, -1) else dims[::-1]
    if 0 in (A.shape[along], A.shape[across]):
        if ord == -2 or (ord in (-1, -math.inf) and A.shape[across] == 0):
            raise ShapeError(f"matrix_norm: ord={ord} has no value for no elements, got {tuple(A.shape)}")
        return A.abs().sum(dims, keepdim=keepdim)  # zeros
    if ord in ("nuc", 2, -2):
        s = svdvals(A.movedim(dims, (-2, -1)))
        y = s.sum(-1) if ord == "nuc" else s.amax(-1) if ord == 2 else s.amin(-1)
        return y.reshape(kept(A.shape, dims)) if keepdim else y
    sums = A.abs().sum(along, keepdim=True)
    y = sums.amax(across, keepdim=True) if ord > 0 else sums.amin(across, keepdim=True)
    return y if keepdim else y.squeeze(dims)


def norm(A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """``vector_norm`` or ``matrix_norm``, by what is given.

    Without ``ord``: the root of the sum of squares, over ``dim`` or all elements. With ``ord``: of a vector where ``dim``
    is one dimension or ``A`` has one; of a matrix where ``dim`` is two or ``A`` has two.
    """
    if dim is not None:
        count = len(dim) if isinstance(dim, tuple | list) else 1
        if count not in (1, 2):
            raise ShapeError(f"norm: expected one dim for a vector norm or two for a matrix norm, got {dim!r}")
    else:
        count = len(A.shape)
        if ord is not None and count not in (1, 2):
            raise ShapeError(
                f"norm: expected a vector or a matrix where ord is given without dim, got {tuple(A.shape)}"
            )
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if count == 1 and not isinstance(ord, str):
        return vector_norm(A, ord, dim, keepdim, dtype=dtype)
    return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)


def _in_dtype(what: str, x: Any, dtype: Any) -> Any:
    if not is_floating(x.dtype):
        raise DTypeError(f"{what}: expected a floating tensor, got {x.dtype}; cast it with .float() first")
    if dtype is None:
        return x
    dtype = as_dtype(dtype)
    if not is_floating(dtype) or promote_types(x.dtype, dtype) != dtype:
        raise DTypeError(f"{what}: expected a dtype that holds {x.dtype}, got {dtype}")
    return cast(x, dtype)
