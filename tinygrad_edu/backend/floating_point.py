"""IEEE arithmetic without warnings.

``log(0)`` is -inf and ``0 / 0`` is nan, silently, as in PyTorch; NumPy would warn. ``numpy.errstate`` says so in public
but takes 1.5 us to enter and leave, five times a small addition, so the state itself (a context variable) is set here
where NumPy has it. Either way the caller's own NumPy settings are left as they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


def _public_ignore(how: Any) -> Any:
    return np.seterr(all=how)


def _public_restore(state: Any) -> None:
    np.seterr(**state)


IGNORE: Any = "ignore"
ignore: Any = _public_ignore  # token = ignore(IGNORE)
restore: Any = _public_restore  # restore(token)
try:
    from numpy._core.umath import _extobj_contextvar, _make_extobj

    IGNORE, ignore, restore = _make_extobj(all="ignore"), _extobj_contextvar.set, _extobj_contextvar.reset
except ImportError:  # a NumPy that keeps the state elsewhere: the public way does as well
    pass


@contextmanager
def silent() -> Iterator[None]:
    """Silence NumPy's floating-point warnings inside a ``with`` block."""
    token = ignore(IGNORE)
    try:
        yield
    finally:
        restore(token)
