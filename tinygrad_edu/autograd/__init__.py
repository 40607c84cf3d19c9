"""Reverse-mode differentiation: what a derivative is, knowing nothing of any particular operation. Read this first.

In this order: ``variable`` (an array and its place in the graph), ``op`` (one operation is one node), ``engine`` (the
backward walk), ``modes`` (recording or not): under 600 lines that need no other file. ``gradients`` has ``backward`` and
``grad``, which a user calls, and ``faults`` the words of the errors and anomaly mode; the rest is built on these.
"""

from . import functional
from .accounting import graph, saved_bytes
from .checkpoint import checkpoint
from .faults import detect_anomaly
from .function import Function
from .functional import hessian, hvp, jacobian, jvp, vjp
from .gradients import backward, grad
from .modes import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from .op import Op
from .variable import Variable

__all__ = [
    "Function", "Op", "Variable", "backward", "checkpoint", "detect_anomaly", "enable_grad", "functional", "grad",
    "graph", "hessian", "hvp", "is_grad_enabled", "jacobian", "jvp", "no_grad", "saved_bytes", "set_grad_enabled",
    "vjp",
]  # fmt: skip
