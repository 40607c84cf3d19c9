"""Variable: what the engine knows of a Tensor. An array, and its place in the graph.

``x.array``    the numbers (NumPy or CuPy)
``x.node``     where gradients of x go: the Op that made x, a Leaf, or None where no gradient is wanted
``x.leaf``     the Leaf that holds ``x.grad``; not set until there is or may be one
``x.version``  a cell shared by all that share x's memory, counting changes in place; None until somebody asks
``x.origin``   how x came from another Variable whose memory it shares; None where it shares with none
"""

from __future__ import annotations

import os
import sys
from types import CodeType
from typing import Any

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Variable:
    """An array with a place in the graph; Tensor derives from it and adds everything that a user sees."""

    __slots__ = ("__weakref__", "array", "leaf", "node", "origin", "version")

    array: Any
    result_class: type  # what operations on this class return: Tensor, for Tensor and for Parameter alike


def make(cls: type, array: Any, node: Any = None) -> Any:
    """A bare Variable around an array. No constructor runs: this is paid once for every operation."""
    x = cls.__new__(cls)
    x.array = array
    x.node = node
    x.version = x.origin = None
    return x


def version_of(x: Variable) -> list:
    """The version cell of x's memory, made when first asked for: [number of changes], then who and where was the last."""
    if x.version is None:
        x.version = [0]
    return x.version


def changed(x: Variable, by: str) -> None:
    """Note that x's memory was changed in place. Whoever saved the old value finds out at backward."""
    cell = version_of(x)
    cell[:] = cell[0] + 1, by, caller()


def caller() -> tuple[CodeType, int]:
    """Where outside this package Python is now: the line of the user's that an error can name, worked out by ``place``."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return frame.f_code, frame.f_lasti


def place(where: tuple[CodeType, int]) -> str:
    """``file:line`` of what ``caller`` saw."""
    code, instruction = where
    line = next((n for start, end, n in code.co_lines() if start <= instruction < end), None)
    return f"{code.co_filename}:{line}"


class View:
    """How a view came from its base: the operations between them, replayed when the base's history has changed.

    After ``v = x[0]; x.mul_(2)`` the memory of v is right by itself, but its gradient must go through the
    multiplication: the node of v is made anew from that of x. Changing v changes the history of x (``ops.inplace``).
    """

    __slots__ = ("base", "path", "seen")

    def __init__(self, base: Variable, path: tuple | None, seen: int):
        self.base = base
        self.path = path  # ((((), first), second), ...): a chain of views shares its beginning; None if made under no_grad
        self.seen = seen  # the version at which the view's node was right


def replay(path: tuple, x: Any) -> Any:
    """Do to x what made a view of its base."""
    ops = []
    while path:
        path, op = path
        ops.append(op)
    for op in reversed(ops):
        x = op.again()(x)
    return x
