"""Inverses, linear systems and factorisations of matrices: the operations that ``linalg`` is made of.

All work on batches of matrices (..., M, N) of float32 or float64. Forward is the array library's (LAPACK on the host,
cuSOLVER on a device). Backward is the differential of the defining equations, solved for the gradient; written in matrix
products, it can be differentiated again. Notation: dX is the gradient of the result with respect to X. Sources:

- M. B. Giles, "An extended collection of matrix derivative results for forward and reverse mode automatic
  differentiation", 2008 (inverse, solve, Cholesky, eigenvalues, singular values);
- J. Townsend, "Differentiating the singular value decomposition", 2016;
- F. Walter and L. Lehmann, "On algorithmic differentiation of the QR and LQ decompositions", 2018;
- G. H. Golub and V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
  variables separate", 1973.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..autograd.op import Op
from ..backend import array_namespace, cuda
from ..errors import GradError, LinAlgError
from .joining import cat
from .promotion import constant

# -- asking the library, and saying which matrix it could not take


@contextmanager
def _raising(xp: Any) -> Iterator[None]:
    """NumPy raises for a matrix without a factorisation; CuPy is told to."""
    if xp is np:
        yield
    else:
        with cuda.linalg_errors():
            yield


def factored(what: str, why: str, function: Callable, *stacks: Any) -> Any:
    """``function`` on stacks of matrices with equal batches; a failure names the first matrix that is to blame."""
    with _raising(array_namespace(stacks[0])):
        try:
            return function(*stacks)
        except np.linalg.LinAlgError:
            batch = stacks[0].shape[:-2]
            for index in np.ndindex(batch):
                try:
                    function(*[stack[index] for stack in stacks])
                except np.linalg.LinAlgError:
                    whose = f"matrix {index if len(index) > 1 else index[0]} of the batch" if batch else "the matrix"
                    raise LinAlgError(f"{what}: {whose} {why}") from None
            raise


def _same_batch(xp: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """Two stacks of matrices with their batches broadcast, which CuPy's solve does not do."""
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return xp.broadcast_to(a, batch + a.shape[-2:]), xp.broadcast_to(b, batch + b.shape[-2:])


# -- inverses and linear systems


class Inverse(Op):
    """Y = A^-1.   dA = -Y.T dY Y.T, from dY = -Y (dA) Y."""

    keeps = ("output",)

    def forward(self, a: Any) -> Any:
        why = "is singular; pinv gives the inverse where there is one"
        return factored("inv", why, array_namespace(a).linalg.inv, a)

    def backward(self, dy: Any) -> Any:
        y = self.output.mT
        return -(y @ dy @ y)


class Solve(Op):
    """X = A^-1 B.   dB = A^-T dX, dA = -dB X.T.    A (..., N, N), B (..., N, K); batches broadcast."""

    keeps = ("inputs", "output")

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [True, False]

    def forward(self, a: Any, b: Any) -> Any:
        xp = array_namespace(a)
        return factored("solve", "is singular; use lstsq for a best fit", xp.linalg.solve, *_same_batch(xp, a, b))

    def backward(self, dx: Any) -> Any:
        db = Solve()(self.inputs[0].mT, dx)
        return (-(db @ self.output.mT) if self.needs[0] else None), db


class SolveTriangular(Op):
    """X = A^-1 B for a triangular A.   dB = A^-T dX, dA = -dB X.T in the triangle, 0 elsewhere.

    Only the triangle is looked at, and with ``unitriangular`` not its diagonal either, which counts as ones.
    """

    keeps = ("inputs", "output")

    def __init__(self, upper: bool, unitriangular: bool = False):
        self.upper, self.unitriangular = upper, unitriangular

    def keeping(self, wanted: list[bool]) -> list[bool]:
        return [True, False]

    def forward(self, a: Any, b: Any) -> Any:
        xp = array_namespace(a)
        a, b = _same_batch(xp, a, b)
        if not self.upper:
            a, b = a[..., ::-1, ::-1], b[..., ::-1, :]
        a = xp.triu(a, 1) + xp.eye(a.shape[-1], dtype=a.dtype) if self.unitriangular else xp.triu(a)
        regular = bool((a.diagonal(0, -2, -1) != 0).all())
        x = _substituted(a, b, 64 if regular else 1)
        return x if self.upper else x[..., ::-1, :]

    def backward(self, dx: Any) -> Any:
        db = SolveTriangular(not self.upper, self.unitriangular)(self.inputs[0].mT, dx)
        if not self.needs[0]:
            return None, db
        da = -(db @ self.output.mT)
        return (da.triu(int(self.unitriangular)) if self.upper else da.tril(-int(self.unitriangular))), db


def _substituted(a: Any, b: Any, small: int) -> Any:
    """A^-1 B for an upper triangular A: the last unknowns first, and with them known, the others.

    A small matrix is left to the library: the LU decomposition of A is A itself, so what it does is the substitution.
    """
    n = a.shape[-1]
    if n <= small:
        return array_namespace(a).linalg.solve(a, b) if small > 1 else b / a if n else b.copy()
    h = n // 2
    last = _substituted(a[..., h:, h:], b[..., h:, :], small)
    first = _substituted(a[..., :h, :h], b[..., :h, :] - a[..., :h, h:] @ last, small)
    return array_namespace(a).concatenate([first, last], -2)


class PseudoInverse(Op):
    """Y = A^+, by the singular values above a cut.   dA by Golub and Pereyra, where the rank is constant nearby.

    dY = -Y (dA) Y + Y Y.T (dA).T (I - A Y) + (I - Y A) (dA).T Y.T Y.
    """

    keeps = ("inputs", "output")

    def __init__(self, cut: Callable, hermitian: bool):
        self.cut, self.hermitian = cut, hermitian

    def forward(self, a: Any) -> Any:
        xp = array_namespace(a)
        if self.hermitian:
            s, u = factored("pinv", FAILED, xp.linalg.eigh, a)
            v = u
        else:
            u, s, vh = factored("pinv", FAILED, lambda x: xp.linalg.svd(x, full_matrices=False), a)
            v = vh.swapaxes(-1, -2)
        counts = abs(s) > self.cut(abs(s))[..., None]
        inverse = xp.where(counts, 1 / xp.where(counts, s, 1), 0)
        return (v * inverse[..., None, :].astype(a.dtype)) @ u.swapaxes(-1, -2)

    def backward(self, dy: Any) -> Any:
        a, y, yt, g = self.inputs[0], self.output, self.output.mT, dy.mT
        if a.shape[-2] <= a.shape[-1]:
            k = g @ y
            kyt = k @ yt
            return -(y @ k).mT + kyt - (a @ y) @ kyt + (yt @ y) @ (g - k @ a)
        k = y @ g
        ytk = yt @ k
        return -(k @ y).mT + (g - a @ k) @ y @ yt + ytk - (ytk @ y) @ a


# -- factorisations

FAILED = "did not converge; does it hold nan or inf?"


class Cholesky(Op):
    """A = L L.T, L lower triangular; A's lower triangle is read.   dA = L^-T sym(tril(L.T dL)) L^-1.

    sym(M) = (M + M.T) / 2 of a lower triangular M: its diagonal once, and half of what is below on either side.
    """

    keeps = ("output",)

    def forward(self, a: Any) -> Any:
        return factored("cholesky", "is not positive definite", array_namespace(a).linalg.cholesky, a)

    def backward(self, dl: Any) -> Any:
        l = self.output
        m = (l.mT @ dl).tril()
        m = (m + m.tril(-1).mT) * 0.5
        right = SolveTriangular(True)(l.mT, m)
        return SolveTriangular(True)(l.mT, right.mT).mT


class QR(Op):
    """A = Q R, Q.T Q = I, R upper triangular.   dA = (dQ + Q sym(triu(M))) R^-T with M = dR R.T - Q.T dQ, for M >= N.

    Here sym(M) = M + M.T with the diagonal once. A wide A = (A1 A2) is that for A1, beside A2 = Q R2.
    """

    keeps = ("output",)

    def __init__(self, mode: str):
        self.mode = mode

    def forward(self, a: Any) -> Any:
        xp = array_namespace(a)
        if self.mode == "r":
            return xp.zeros((0,), a.dtype), xp.linalg.qr(a, mode="r")
        return tuple(xp.linalg.qr(a, mode=self.mode))

    def backward(self, dq: Any, dr: Any) -> Any:
        if self.mode == "r":
            raise GradError("qr: the gradient needs Q, which mode='r' does not compute; use mode='reduced'")
        q, r = self.output
        m, n = q.shape[-2], r.shape[-1]
        if self.mode == "complete" and m > n:
            raise GradError(f"qr: mode='complete' has no gradient for M > N, got ({m}, {n}); use mode='reduced'")
        dq, dr = _zeros_for(dq, q), _zeros_for(dr, r)
        if m >= n:
            return self._tall(q, r, dq, dr)
        r1, r2, dr1, dr2 = r[..., :m], r[..., m:], dr[..., :m], dr[..., m:]
        return cat([self._tall(q, r1, dq + q @ r2 @ dr2.mT, dr1), q @ dr2], -1)

    def _tall(self, q: Any, r: Any, dq: Any, dr: Any) -> Any:
        m = (dr @ r.mT - q.mT @ dq).triu()
        right = dq + q @ (m + m.triu(1).mT)
        return SolveTriangular(True)(r, right.mT).mT


class SVD(Op):
    """A = U diag(s) V.T.   dA = U (K(U.T dU) S + S K(V.T dV) + diag(ds)) V.T, and what is outside the spans of U and V.

    K(X) = (X - X.T) / E with E_ij = s_j^2 - s_i^2: it is infinite where two singular values are equal, because the
    vectors then are any basis of a plane. U and V are also free in their signs: only a function that does not change
    with these choices has a gradient. Rows and columns beyond min(M, N) (``full_matrices``) are constants here.
    """

    keeps = ("output",)

    def __init__(self, full_matrices: bool):
        self.full_matrices = full_matrices

    def forward(self, a: Any) -> Any:
        svd = array_namespace(a).linalg.svd
        return tuple(factored("svd", FAILED, lambda x: svd(x, full_matrices=self.full_matrices), a))

    def backward(self, du: Any, ds: Any, dvh: Any) -> Any:
        u, s, vh = self.output
        k = s.shape[-1]
        u, vt = u[..., :k], vh[..., :k, :]
        middle = None if ds is None else ds.diag_embed()
        if du is None and dvh is None:
            return u @ middle @ vt
        s2 = s * s
        e = s2.unsqueeze(-2) - s2.unsqueeze(-1)
        e = e.masked_fill(_diagonal(e), 1)
        rows, columns = s.unsqueeze(-1), s.unsqueeze(-2)
        outside = None
        if du is not None:
            du = du[..., :k]
            inside = u.mT @ du
            part = (inside - inside.mT) / e * columns
            middle = part if middle is None else middle + part
            if u.shape[-2] > k:
                outside = (du - u @ inside) / columns @ vt
        if dvh is not None:
            dv = dvh[..., :k, :].mT
            inside = vt @ dv
            part = (inside - inside.mT) / e * rows
            middle = part if middle is None else middle + part
            if vt.shape[-1] > k:
                part = u @ ((dv - vt.mT @ inside) / columns).mT
                outside = part if outside is None else outside + part
        da = u @ middle @ vt
        return da if outside is None else da + outside


class Eigh(Op):
    """A = V diag(w) V.T for a symmetric A, of which one triangle is read.   dA = V (diag(dw) + K(V.T dV)) V.T.

    K(X)_ij = (X_ij - X_ji) / 2 (w_j - w_i): as in ``SVD``, the vectors of equal eigenvalues have no gradient, and no
    vector has one in its sign.
    """

    keeps = ("output",)

    def __init__(self, uplo: str):
        self.uplo = uplo

    def forward(self, a: Any) -> Any:
        eigh = array_namespace(a).linalg.eigh
        return tuple(factored("eigh", FAILED, lambda x: eigh(x, UPLO=self.uplo), a))

    def backward(self, dw: Any, dv: Any) -> Any:
        w, v = self.output
        middle = None if dw is None else dw.diag_embed()
        if dv is not None:
            e = 2 * (w.unsqueeze(-2) - w.unsqueeze(-1))
            inside = v.mT @ dv
            part = (inside - inside.mT) / e.masked_fill(_diagonal(e), 1)
            middle = part if middle is None else middle + part
        return v @ middle @ v.mT


def _diagonal(x: Any) -> Any:
    """True on the diagonal of square matrices."""
    xp = array_namespace(x.array)
    return constant(xp.eye(x.shape[-1], dtype=bool), x)


def _zeros_for(d: Any, x: Any) -> Any:
    """The gradient of x: zeros where nothing arrived."""
    return constant(array_namespace(x.array).zeros_like(x.array), x) if d is None else d
