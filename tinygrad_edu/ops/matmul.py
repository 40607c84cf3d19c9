"""Matrix products, and the products of vectors, matrices and batches that are made of them.

Everything here comes down to one operation, ``MatMul``, but for ``linear``, which fuses the product with the transpose
and the bias that a layer needs.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend.dtypes import bool_, is_floating
from ..errors import DTypeError, ShapeError
from ..kernels.reference.matmul import matmul as product
from .promotion import broadcast_rule, constant, first_tensor, namespace, operand, promoted

__all__ = [
    "addbmm",
    "addmm",
    "addmv",
    "addr",
    "baddbmm",
    "bmm",
    "dot",
    "ger",
    "inner",
    "kron",
    "linear",
    "matmul",
    "mm",
    "mv",
    "outer",
    "trace",
    "vdot",
]


def _times(a: Any, b: Any) -> Any:
    """``a @ b`` of arrays. Two matrices of float32 or float64 need nothing but the library's product."""
    plain = a.ndim == 2 == b.ndim and a.dtype.kind == "f" and a.dtype.itemsize > 2
    return a @ b if plain else product(a, b)


class MatMul(Op):
    """C = A @ B.   dA = dC @ B.mT, dB = A.mT @ dC.     A (..., M, K), B (..., K, N) -> C (..., M, N).

    A or B may be read transposed, as BLAS can without a copy; so the three products here are each other's gradients.
    Where B is one matrix for a whole batch, the batch is more rows: dB is one product over all of them, not one for
    each that would have to be added up.
    """

    __slots__ = ("ta", "tb")
    keeps = ("others",)
    half_as_stored = True  # the kernel adds up in float32 by itself

    def __init__(self, ta: bool = False, tb: bool = False):
        self.ta, self.tb = ta, tb

    def forward(self, a: Any, b: Any) -> Any:
        return _times(a.swapaxes(-1, -2) if self.ta else a, b.swapaxes(-1, -2) if self.tb else b)

    def rule(self, a: Any, b: Any) -> str | None:
        batch_a, batch_b = a.shape[:-2], b.shape[:-2]
        pairs = zip(reversed(batch_a), reversed(batch_b), strict=False)
        if a.shape[-1] == b.shape[-2] and all(m == n or 1 in (m, n) for m, n in pairs):
            return None
        batches = " and leading dimensions that broadcast" if batch_a and batch_b else ""
        return (
            f"expected a (..., M, K) and b (..., K, N) with the same K{batches}, got a {tuple(a.shape)} and b "
            f"{tuple(b.shape)}"
        )

    def backward(self, dc: Any) -> Any:
        a, b = self.inputs
        need_a, need_b = self.needs
        da = db = None
        if self.ta:  # C = A.T @ B
            return (MatMul(tb=True)(b, dc) if need_a else None), (MatMul()(a, dc) if need_b else None)
        if need_a:
            da = MatMul(tb=not self.tb)(dc, b)
        if need_b:
            if len(self.edges[1].shape) == 2:
                a, dc = rows(a), rows(dc)
            db = MatMul(ta=True)(dc, a) if self.tb else MatMul(ta=True)(a, dc)
        return da, db


def rows(x: Any) -> Any:
    """All leading dimensions as one: (..., K) -> (M, K). For arrays and Tensors."""
    return x if len(x.shape) == 2 else x.reshape(prod(x.shape[:-1]), x.shape[-1])


def matmul(input: Any, other: Any) -> Any:
    """Matrix product of the last two dimensions; leading dimensions are batches and broadcast. Also ``input @ other``.

    A vector on the left is a row and a vector on the right is a column; the result lacks the dimension that was added
    for it. Integers multiply exactly; 16-bit floats add up in float32. Gradient: ``dA = dC @ B.mT``, ``dB = A.mT @ dC``.

    Parameters
    ----------
    input : Tensor (..., M, K) or (K,)
    other : Tensor (..., K, N) or (K,)

    Returns
    -------
    Tensor (..., M, N), without M or N where a vector came

    Raises
    ------
    ShapeError
        Where the K differ, the batches don't broadcast, or one of the two has no dimensions.
    DTypeError
        Where the dtypes differ: PyTorch does not promote here either.

    Examples
    --------
    >>> matmul(tinygrad_edu.tensor([[1.0, 2.0], [3.0, 4.0]]), tinygrad_edu.tensor([10.0, 1.0]))
    tensor([12., 34.])
    """
    input, other = _factors("matmul", input, other)
    m, n = input.array.ndim, other.array.ndim
    if m > 1 and n > 1:
        return MatMul()(input, other)
    if not m or not n or input.shape[-1] != other.shape[0 if n == 1 else -2]:
        raise ShapeError(
            "matmul: expected a (..., M, K) or (K,) and b (..., K, N) or (K,) with the same K, got a "
            f"{tuple(input.shape)} and b {tuple(other.shape)}"
        )
    if m == n == 1:
        return MatMul()(input.unsqueeze(0), other.unsqueeze(1)).reshape(())
    if m == 1:
        return MatMul()(input.unsqueeze(0), other).squeeze(-2)
    return MatMul()(input, other.unsqueeze(1)).squeeze(-1)


def at(input: Any, other: Any) -> Any:
    return matmul(input, other) if isinstance(other, Variable | np.ndarray) else NotImplemented


def reflected_at(input: Any, other: Any) -> Any:
    return matmul(other, input) if isinstance(other, np.ndarray) else NotImplemented


def _factors(what: str, a: Any, b: Any) -> tuple[Any, Any]:
    """The two factors of a product: Tensors of one dtype, which is not bool."""
    if not (isinstance(a, Variable) and isinstance(b, Variable)):
        like = first_tensor(what, a, b)
        a, b = operand(a, like, what), operand(b, like, what)
        if not (isinstance(a, Variable) and isinstance(b, Variable)):
            raise DTypeError(f"{what}: expected two Tensors, got a number; multiply by a number with *")
    one_dtype(what, a=a, b=b)
    return a, b


def one_dtype(what: str, **tensors: Any) -> None:
    """Refuse dtypes that differ, and bool, which has no sum of products."""
    dtypes = [x.array.dtype for x in tensors.values()]
    if any(d != dtypes[0] for d in dtypes):
        came = ", ".join(f"{name} {d}" for name, d in zip(tensors, dtypes, strict=True))
        raise DTypeError(f"{what}: expected one dtype, got {came}; cast one of them with .to(dtype)")
    if dtypes[0] == bool_:
        raise DTypeError(f"{what}: expected numbers, got bool; cast with .int() or .float()")


def _dims(what: str, rule: str, *expected: int, **tensors: Any) -> None:
    """Refuse tensors whose number of dimensions is not the expected one."""
    if any(x.array.ndim != n for x, n in zip(tensors.values(), expected, strict=True)):
        raise ShapeError(f"{what}: expected {rule}, got {_shapes(**tensors)}")


def _shapes(**tensors: Any) -> str:
    return " and ".join(f"{name} {tuple(x.array.shape)}" for name, x in tensors.items())


def mm(input: Any, mat2: Any) -> Any:
    """``matmul`` of two matrices: (M, K) and (K, N) -> (M, N)."""
    a, b = _factors("mm", input, mat2)
    _dims("mm", "a (M, K) and b (K, N)", 2, 2, a=a, b=b)
    return MatMul()(a, b)


def bmm(input: Any, mat2: Any) -> Any:
    """``matmul`` of two batches of matrices of one size: (B, M, K) and (B, K, N) -> (B, M, N)."""
    a, b = _factors("bmm", input, mat2)
    _dims("bmm", "a (B, M, K) and b (B, K, N)", 3, 3, a=a, b=b)
    if a.shape[0] != b.shape[0]:
        raise ShapeError(f"bmm: expected a (B, M, K) and b (B, K, N) with the same B, got {_shapes(a=a, b=b)}")
    return MatMul()(a, b)


def mv(input: Any, vec: Any) -> Any:
    """``matmul`` of a matrix and a vector: (M, K) and (K,) -> (M,)."""
    a, b = _factors("mv", input, vec)
    _dims("mv", "a (M, K) and b (K,)", 2, 1, a=a, b=b)
    return matmul(a, b)


def dot(input: Any, other: Any) -> Any:
    """Sum of the products of two vectors: (K,) and (K,) -> ()."""
    a, b = _factors("dot", input, other)
    _dims("dot", "a (K,) and b (K,)", 1, 1, a=a, b=b)
    return matmul(a, b)


def vdot(input: Any, other: Any) -> Any:
    """``dot``: for real numbers the two are the same."""
    return dot(input, other)


def inner(input: Any, other: Any) -> Any:
    """Sum of products over the last dimension of both: (..., K) and (*, K) -> (..., *). A number multiplies."""
    if not input.array.ndim or not other.array.ndim:
        return input * other
    a, b = _factors("inner", input, other)
    if a.shape[-1] != b.shape[-1]:
        raise ShapeError(f"inner: expected a (..., K) and b (*, K) with the same K, got {_shapes(a=a, b=b)}")
    return MatMul(tb=True)(rows(a), rows(b)).reshape(a.shape[:-1] + b.shape[:-1])


def outer(input: Any, vec2: Any) -> Any:
    """All products of two vectors: (M,) and (N,) -> (M, N)."""
    _dims("outer", "a (M,) and b (N,)", 1, 1, a=input, b=vec2)
    return input.unsqueeze(1) * vec2


def ger(input: Any, vec2: Any) -> Any:
    """``outer``, by its name in BLAS."""
    return outer(input, vec2)


def kron(input: Any, other: Any) -> Any:
    """Kronecker product: each element of ``input`` times all of ``other``, laid out block by block.

    Size m_i by n_i in dimension i gives m_i n_i; of two numbers of dimensions, the smaller is filled up with 1 in front.

    >>> kron(tinygrad_edu.tensor([1.0, 10.0]), tinygrad_edu.tensor([1.0, 2.0, 3.0]))
    tensor([ 1.,  2.,  3., 10., 20., 30.])
    """
    ndim = max(input.array.ndim, other.array.ndim)
    m = (1,) * (ndim - input.array.ndim) + tuple(input.shape)
    n = (1,) * (ndim - other.array.ndim) + tuple(other.shape)
    a = input.reshape(tuple([size for k in m for size in (k, 1)]))
    b = other.reshape(tuple([size for k in n for size in (1, k)]))
    return (a * b).reshape(tuple([j * k for j, k in zip(m, n, strict=True)]))


def trace(input: Any) -> Any:
    """Sum of the diagonal of a matrix."""
    if input.array.ndim != 2 or input.array.dtype == bool_:
        raise ShapeError(f"trace: expected a matrix (M, N) of numbers, got {input.array.dtype} {tuple(input.shape)}")
    return input.diagonal().sum()


# -- a product and a sum: beta input + alpha product


def _added(what: str, input: Any, summand: Any, beta: Any, alpha: Any) -> Any:
    """``beta * input + alpha * summand``; where beta is 0, no number of the input is looked at, nan included."""
    shape = tuple(summand.shape)
    if broadcast_rule(input.array, summand.array) or np.broadcast_shapes(tuple(input.shape), shape) != shape:
        raise ShapeError(f"{what}: expected an input that broadcasts to the product {shape}, got {tuple(input.shape)}")
    if not is_floating(summand.dtype) and not (isinstance(beta, int) and isinstance(alpha, int)):
        raise DTypeError(f"{what}: expected integers beta and alpha for {summand.dtype}, got {beta!r} and {alpha!r}")
    if beta == 0:
        input = input.masked_fill(constant(namespace(input).ones((), dtype=bool), input), 0)
    elif beta != 1:
        input = input * beta
    return input + (summand if alpha == 1 else summand * alpha)


def addmm(input: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """``beta input + alpha mat1 @ mat2`` for matrices. The input broadcasts; beta = 0 ignores its numbers, nan included."""
    one_dtype("addmm", input=input, mat1=mat1, mat2=mat2)
    return _added("addmm", input, mm(mat1, mat2), beta, alpha)


def addmv(input: Any, mat: Any, vec: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """``beta input + alpha mat @ vec`` for a matrix and a vector. The input broadcasts; beta = 0 ignores its numbers."""
    one_dtype("addmv", input=input, mat=mat, vec=vec)
    return _added("addmv", input, mv(mat, vec), beta, alpha)


def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """``beta input + alpha batch1 @ batch2`` for batches of matrices. The input broadcasts; beta = 0 ignores its numbers."""
    one_dtype("baddbmm", input=input, batch1=batch1, batch2=batch2)
    return _added("baddbmm", input, bmm(batch1, batch2), beta, alpha)


def addbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """``beta input + alpha sum over b of batch1[b] @ batch2[b]``: (B, M, K) and (B, K, N) -> (M, N)."""
    one_dtype("addbmm", input=input, batch1=batch1, batch2=batch2)
    return _added("addbmm", input, bmm(batch1, batch2).sum(0), beta, alpha)


def addr(input: Any, vec1: Any, vec2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """``beta input + alpha outer(vec1, vec2)``. Dtypes are promoted; for bools, + is "or" and times is "and"."""
    _dims("addr", "vec1 (M,) and vec2 (N,)", 1, 1, vec1=vec1, vec2=vec2)
    input, vec1, vec2 = promoted("addr", input, vec1, vec2)
    if input.dtype == bool_:
        beta, alpha = bool(beta), bool(alpha)
    return _added("addr", input, outer(vec1, vec2), beta, alpha)


class Linear(Op):
    """y = x @ W.T + b.   dx = dy @ W, dW = dy.T @ x and db = sum of dy, both over all rows of the batch.

    One operation instead of three: the transpose is only how BLAS reads W, the bias is added into the product, and dW
    comes out in the layout of W. x (..., K), W (N, K), b (N,) -> y (..., N).
    """

    __slots__ = ()
    keeps = ("inputs",)

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [wanted[1], wanted[0], False][: len(wanted)]

    def forward(self, x: Any, w: Any, *bias: Any) -> Any:
        y = _times(x, w.T)
        for b in bias:
            y += b
        return y

    def rule(self, x: Any, w: Any, *bias: Any) -> str | None:
        if w.ndim == 2 and x.ndim and x.shape[-1] == w.shape[1]:
            return f"expected a bias that broadcasts to {x.shape[:-1] + w.shape[:1]}, got {tuple(bias[0].shape)}"
        return f"expected x (..., K) and a weight (N, K) with the same K, got x {tuple(x.shape)} and weight {tuple(w.shape)}"

    def backward(self, dy: Any) -> Any:
        x, w, *_ = self.inputs
        need_x, need_w, *_ = self.needs
        dx = dy @ w if need_x else None
        dw = MatMul(ta=True)(rows(dy), rows(x)) if need_w else None
        return (dx, dw, dy)[: len(self.edges)]


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """``input @ weight.T + bias``: what a fully connected layer computes.

    Parameters
    ----------
    input : Tensor (..., K)
    weight : Tensor (N, K) or (K,)
    bias : Tensor (N,), optional

    Returns
    -------
    Tensor (..., N), without N for a weight (K,)

    Raises
    ------
    ShapeError
        Where the K differ, or the bias does not fit.
    DTypeError
        Where the dtypes differ.

    Notes
    -----
    Gradient: ``dx = dy @ weight``; ``dweight = dy.T @ x`` and ``dbias = dy.sum(0)`` over all rows together.

    Examples
    --------
    >>> x, w = tinygrad_edu.tensor([[1.0, 2.0]]), tinygrad_edu.tensor([[3.0, 4.0], [5.0, 6.0]])
    >>> linear(x, w, tinygrad_edu.tensor([100.0, 200.0]))
    tensor([[111., 217.]])
    """
    given = {"x": input, "weight": weight} if bias is None else {"x": input, "weight": weight, "bias": bias}
    one_dtype("linear", **given)
    if weight.array.ndim == 1 and bias is None:
        return matmul(input, weight)
    if weight.array.ndim != 2 or not input.array.ndim:
        raise ShapeError(f"linear: expected x (..., K) and a weight (N, K), got {_shapes(**given)}")
    return Linear()(*given.values())
