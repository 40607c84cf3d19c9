"""Parameter: a Tensor that a Module trains."""

from __future__ import annotations

from typing import Any

from ..autograd.variable import make
from ..creation import empty
from ..tensor import Tensor

__all__ = ["Parameter"]


class Parameter(Tensor):
    """A Tensor that requires a gradient and, assigned to an attribute of a Module, is one of its parameters.

    What is computed from a Parameter is a plain Tensor.

    Parameters
    ----------
    data : Tensor, optional
        Whose memory it shares; its history is forgotten.
    requires_grad : bool, default True

    Examples
    --------
    >>> w = Parameter(tinygrad_edu.ones(2))
    >>> w
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    >>> type(w * 2).__name__
    'Tensor'
    """

    __slots__ = ()

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True):
        source = empty(0) if data is None else data.detach()
        self.array, self.version = source.array, source.version
        self.node = self.origin = None
        self.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{make(Tensor, self.array, self.node)!r}"

    __reduce__: Any = Tensor.__reduce__
