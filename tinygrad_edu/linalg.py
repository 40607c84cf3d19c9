"""Linear algebra: what ``torch.linalg`` has, under its names (``ops.linalg``)."""

from .ops.linalg import *  # noqa: F403
from .ops.linalg import __all__ as __all__
