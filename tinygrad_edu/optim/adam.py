"""Adam: steps of about the same size for every parameter."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.variable import make
from ..backend import array_namespace
from ..tensor import Tensor
from .optimizer import Optimizer

__all__ = ["Adam"]


class Adam(Optimizer):
    """Divide a running mean of the gradient by the root of a running mean of its square.

        g = grad + weight_decay p                      (-grad to maximize)
        m = beta1 m + (1 - beta1) g                    v = beta2 v + (1 - beta2) g^2
        p = p - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    The divisions by 1 - beta^t make up for m and v beginning at zero. With ``amsgrad`` the largest v so far is used.

    Parameters
    ----------
    params : iterable
        See `Optimizer`.
    lr : float, default 0.001
    betas : (float, float), default (0.9, 0.999)
    eps : float, default 1e-8
    weight_decay : float, default 0
        Added to the gradient (AdamW takes it off the parameter instead).
    amsgrad, maximize : bool, default False

    Notes
    -----
    Sources: Kingma and Ba, "Adam: a method for stochastic optimization", 2015; amsgrad: Reddi, Kale and Kumar, "On the
    convergence of Adam and beyond", 2018.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ):
        settings = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
        }
        super().__init__(params, settings)

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        if not all(0 <= beta < 1 for beta in group["betas"]):
            raise ValueError(f"Adam: expected betas of at least 0 and below 1, got {group['betas']}")
        if not group["eps"] >= 0:
            raise ValueError(f"Adam: expected eps >= 0, got {group['eps']}")

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One step of one parameter."""
        xp = array_namespace(p)
        if not state:
            names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if group["amsgrad"] else ("exp_avg", "exp_avg_sq")
            state["step"] = 0
            state.update({name: make(Tensor, xp.zeros_like(p)) for name in names})
        state["step"] += 1
        beta1, beta2 = group["betas"]
        m, v = state["exp_avg"].array, state["exp_avg_sq"].array
        g = -grad if group["maximize"] else grad
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        work = xp.empty_like(p)  # the one temporary; every pass below is in place
        xp.subtract(g, m, out=work)
        work *= 1 - beta1
        m += work
        xp.multiply(g, g, out=work)
        work *= 1 - beta2
        v *= beta2
        v += work
        if group["amsgrad"]:
            largest = state["max_exp_avg_sq"].array
            xp.maximum(largest, v, out=largest)
            v = largest
        xp.sqrt(v, out=work)
        work /= math.sqrt(1 - beta2 ** state["step"])
        work += group["eps"]
        xp.divide(m, work, out=work)
        work *= group["lr"] / (1 - beta1 ** state["step"])
        p -= work
