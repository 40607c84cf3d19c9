"""Checking gradients: of the library's own operations, and of anybody's.

``gradcheck`` and ``gradgradcheck`` examine a function at given inputs, ``check_op`` an operation from every side, and
``strategies`` draws inputs for them with Hypothesis (imported when first used).
"""

from . import strategies
from .check_op import check_op
from .failure import GradcheckError
from .gradcheck import gradcheck, gradgradcheck
from .layouts import LAYOUTS, laid_out

__all__ = ["LAYOUTS", "GradcheckError", "check_op", "gradcheck", "gradgradcheck", "laid_out", "strategies"]
