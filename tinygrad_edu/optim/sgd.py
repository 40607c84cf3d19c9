"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from ..autograd.variable import make
from ..backend import array_namespace
from ..tensor import Tensor
from .optimizer import Optimizer

__all__ = ["SGD"]


class SGD(Optimizer):
    """``p -= lr v``, where v is the gradient, or with momentum a decaying sum of gradients.

        g = grad + weight_decay p            (-grad to maximize)
        v = momentum v + (1 - dampening) g   (v = g the first time)
        p = p - lr v                         (with nesterov, p - lr (g + momentum v))

    Parameters
    ----------
    params : iterable
        See `Optimizer`.
    lr : float, default 0.001
    momentum, dampening, weight_decay : float, default 0
    nesterov, maximize : bool, default False

    Notes
    -----
    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, in PyTorch's form.

    Examples
    --------
    >>> x = tinygrad_edu.tensor([1.0], requires_grad=True)
    >>> optimizer = SGD([x], lr=0.1)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([0.8000], requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ):
        settings = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, settings)

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        if not group["momentum"] >= 0:
            raise ValueError(f"SGD: expected momentum >= 0, got {group['momentum']}")
        if group["nesterov"] and (not group["momentum"] or group["dampening"]):
            raise ValueError(
                "SGD: nesterov is for a momentum above 0 and no dampening, got "
                f"momentum={group['momentum']} and dampening={group['dampening']}"
            )

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One step of one parameter."""
        momentum = group["momentum"]
        g = -grad if group["maximize"] else grad
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if momentum:
            if "momentum_buffer" not in state:
                v = array_namespace(p).array(g)
                state["momentum_buffer"] = make(Tensor, v)
            else:
                v = state["momentum_buffer"].array
                v *= momentum
                v += g if not group["dampening"] else (1 - group["dampening"]) * g
            g = g + momentum * v if group["nesterov"] else v
        p -= group["lr"] * g
