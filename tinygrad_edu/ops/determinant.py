"""Determinants, with a gradient that is right where the matrix is singular too.

    d det(A) = sum over ij of C_ij dA_ij,     C = det(A) A^-T  where A is invertible

C, the matrix of cofactors, is made of products of elements: it and all its derivatives are smooth everywhere, though its
usual formula is not. Where A is (nearly) singular, it is computed from A = U B V.T with the U and V of a singular value
decomposition held fixed. B is diagonal, but all of its elements vary with A. The large singular values are a block B11
that is safely inverted, and the small ones leave a small matrix S = B22 - B21 B11^-1 B12, whose determinant and adjugate
are computed without division:

    adj(B) = det(B11) ( [B11^-1 det(S)  0; 0  0] + [-B11^-1 B12; I] adj(S) [-B21 B11^-1  I] ),    C = det(U V) U adj(B).T V.T
"""

from __future__ import annotations

from typing import Any

from ..autograd.op import Op
from ..backend import array_namespace
from ..errors import LinAlgError
from .decompositions import Inverse
from .joining import cat
from .promotion import constant


class Det(Op):
    """y = det(A).   dA = dy C, the cofactors."""

    keeps = ("inputs", "output")

    def forward(self, a: Any) -> Any:
        return array_namespace(a).linalg.det(a)

    def backward(self, dy: Any) -> Any:
        return dy.unsqueeze(-1).unsqueeze(-1) * _cofactors(self.inputs[0], self.output)


class SlogDet(Op):
    """sign(det(A)) and log|det(A)|.   dA = d(log) A^-T."""

    keeps = ("inputs",)

    def forward(self, a: Any) -> Any:
        return tuple(array_namespace(a).linalg.slogdet(a))

    def backward(self, d_sign: Any, d_log: Any) -> Any:
        a = self.inputs[0]
        if d_log is None:
            return a * 0
        try:
            inverse = Inverse()(a).mT
        except LinAlgError:  # the logarithm is -inf there, and so is its slope
            det = Det()(a)
            inverse = _cofactors(a, det) / det.unsqueeze(-1).unsqueeze(-1)
        return d_log.unsqueeze(-1).unsqueeze(-1) * inverse


def _cofactors(a: Any, det: Any) -> Any:
    """The gradient of det(A), itself differentiable to any order."""
    limit = float(array_namespace(a.array).finfo(a.dtype).eps) ** 0.25  # half the digits are left after squaring it
    try:
        inverse = Inverse()(a)
    except LinAlgError:
        return _cofactors_by_parts(a, limit)
    size = lambda x: (x.array * x.array).sum((-2, -1)) ** 0.5  # noqa: E731
    well_conditioned = size(a) * size(inverse) < 1 / limit
    if bool(well_conditioned.all()):
        return det.unsqueeze(-1).unsqueeze(-1) * inverse.mT
    return _cofactors_by_parts(a, limit)


def _cofactors_by_parts(a: Any, limit: float) -> Any:
    xp = array_namespace(a.array)
    u, s, vh = xp.linalg.svd(a.array)
    sign = xp.sign(xp.linalg.det(u) * xp.linalg.det(vh))[..., None, None]
    large = s > limit * s[..., :1]
    k = int(large.sum(-1).min())  # as many in all matrices of the batch
    u, vt, sign = constant(u, a), constant(vh, a), constant(sign, a)
    b = u.mT @ a @ vt.mT
    b11, b12, b21, b22 = b[..., :k, :k], b[..., :k, k:], b[..., k:, :k], b[..., k:, k:]
    inverse = Inverse()(b11)
    left, right = inverse @ b12, b21 @ inverse
    det_s, adj_s = _adjugate(b22 - b21 @ left)
    top = cat([inverse * det_s + left @ adj_s @ right, -(left @ adj_s)], -1)
    adj = cat([top, cat([-(adj_s @ right), adj_s], -1)], -2) * Det()(b11).unsqueeze(-1).unsqueeze(-1)
    return sign * (u @ adj.mT @ vt)


def _adjugate(a: Any) -> tuple[Any, Any]:
    """The determinant (..., 1, 1) and the adjugate of small matrices, by Faddeev and LeVerrier: no division by elements.

    M_1 = I, c_k = -trace(A M_k) / k, M_k+1 = A M_k + c_k I. After n steps, adj = (-1)^(n-1) M_n and det = (-1)^n c_n.
    """
    n = a.shape[-1]
    xp = array_namespace(a.array)
    eye = constant(xp.eye(n, dtype=a.dtype), a)
    c = constant(xp.ones(a.shape[:-2] + (1, 1), a.dtype), a)
    m = c * 0 * eye
    for k in range(1, n + 1):
        m = a @ m + c * eye
        c = (a @ m).diagonal(0, -2, -1).sum(-1).unsqueeze(-1).unsqueeze(-1) * (-1 / k)
    return c * (-1) ** n, m * (-1) ** (n - 1)
