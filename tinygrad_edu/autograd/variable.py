"""Variable: what the engine knows of a Tensor. An array, and its place in the graph.

``x.array``    the numbers (NumPy or CuPy)
``x.node``     where gradients of x go: the Op that made x, a Leaf, or None where no gradient is wanted
``x.leaf``     the Leaf that holds ``x.grad``; not set until there is or may be one
``x.version``  a cell shared by all that share x's memory, counting changes in place; None until somebody asks
``x.origin``   how x came from a tensor whose memory it shares (``ops.view``); None where it shares with none
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .faults import caller


class Variable:
    """An array with a place in the graph; Tensor derives from it and adds everything that a user sees."""

    __slots__ = ("__weakref__", "array", "leaf", "node", "origin", "version")

    array: Any
    node: Any
    leaf: Any
    version: Any
    origin: Any
    result_class: type  # what operations on this class return: Tensor, for Tensor and for Parameter alike

    if TYPE_CHECKING:  # the methods of Tensor, which the engine's users call on what it hands them

        def __getattr__(self, name: str) -> Any: ...


def make(cls: Any, array: Any, node: Any = None) -> Any:
    """A bare Variable around an array. No constructor runs: this is paid once for every operation."""
    x = cls.__new__(cls)
    x.array = array
    x.node = node
    x.version = x.origin = None
    return x


def node_of(x: Variable) -> Any:
    """The node of x; that of a view is made anew where its memory was changed in place through another tensor."""
    return x.node if x.origin is None else x.origin.node_of(x)


def version_of(x: Variable) -> list:
    """The version cell of x's memory, made when first asked for: [number of changes], then who and where was the last."""
    if x.version is None:
        x.version = [0]
    return x.version


def changed(x: Variable, by: str) -> None:
    """Note that x's memory was changed in place. Whoever saved the old value finds out at backward."""
    cell = version_of(x)
    cell[:] = cell[0] + 1, by, caller()


def save(x: Variable) -> tuple:
    """A value for backward: the array, the version cell of its memory, and the version that backward must find there."""
    cell = x.version
    if cell is None:
        cell = version_of(x)
    return x.array, cell, cell[0]
