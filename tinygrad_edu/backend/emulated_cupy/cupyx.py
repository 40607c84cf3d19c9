"""The part of `cupyx`, CuPy's second package, that array code needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ._state import current

__all__ = ["errstate"]


@contextmanager
def errstate(*, linalg: str | None = None) -> Iterator[None]:
    """Say whether ``linalg`` raises on a singular matrix ("raise") or returns what is left ("ignore")."""
    if linalg not in (None, "ignore", "raise"):
        raise NotImplementedError(f"cupyx.errstate: linalg is 'ignore' or 'raise', got {linalg!r}")
    before = current.linalg
    current.linalg = before if linalg is None else linalg
    try:
        yield
    finally:
        current.linalg = before
