"""Views: results that share the memory of their input, and what that asks of the graph.

After ``v = x[0]; x.mul_(2)`` the memory of v is right by itself, but its gradient must go through the multiplication:
the node of v is made anew from that of x. The other way round, changing v changes the history of x (``inplace``).
"""

from __future__ import annotations

from typing import Any

from ..autograd.modes import OFF, ON, mode, set_recording
from ..autograd.op import Node, Op
from ..autograd.variable import Variable, version_of


class ViewOp(Op):
    """An operation whose result shares the memory of its input. Its settings say all there is to repeat it."""

    half_as_stored = True

    def __init__(self, *settings: Any):
        self.settings = settings

    def __call__(self, x: Variable) -> Any:
        out = super().__call__(x)
        out.version = version_of(x)
        base, path = (x, ()) if x.origin is None else (x.origin.base, x.origin.path)
        out.origin = Origin(base, None if mode.recording == OFF or path is None else (path, self), out.version[0])
        return out

    def again(self) -> Any:
        """The same operation, as a node not yet used."""
        return type(self)(*self.settings)


class Origin:
    """How a view came from its base."""

    __slots__ = ("base", "path", "seen")

    def __init__(self, base: Variable, path: tuple | None, seen: int):
        self.base = base
        self.path = (
            path  # ((((), first), second), ...): a chain of views shares its beginning; None if made under no_grad
        )
        self.seen = seen  # the version at which the view's node was right

    def node_of(self, view: Variable) -> Node | None:
        """The node of the view; made anew where the memory was changed in place since it was made."""
        if self.path is not None and self.seen != view.version[0]:
            before = set_recording(max(mode.recording, ON))
            try:
                view.node = replay(self.path, self.base).node
            finally:
                set_recording(before)
            self.seen = view.version[0]
        return view.node


def replay(path: tuple, x: Any) -> Any:
    """Do to x what made a view of its base."""
    ops = []
    while path:
        path, op = path
        ops.append(op)
    for op in reversed(ops):
        x = op.again()(x)
    return x
