"""Checkpointing: keep the inputs of a stretch of the network, and compute the stretch again at backward.

Memory for what lies inside is held for one stretch at a time instead of all; the price is a second forward.
Chen, Xu, Zhang, Guestrin, "Training deep nets with sublinear memory cost", 2016.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .engine import walk
from .gradients import leading_to
from .modes import OFF, enable_grad, mode
from .op import Node, Op, next_sequence
from .variable import Variable, make

# What else must be as it was in the second run: pairs (read the state, set the state), such as a random generator's.
states: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []


def checkpoint(function: Callable, *args: Any, use_reentrant: bool = False, preserve_rng_state: bool = True) -> Any:
    """``function(*args)``, keeping only the Tensors in ``args``; at backward the function runs once more.

    Gradients reach ``args`` and whatever else the function uses, such as a module's parameters, to any order.
    ``use_reentrant`` is accepted for PyTorch's sake: there is one implementation.
    """
    return _Checkpoint(function, args, preserve_rng_state)(*[a for a in args if isinstance(a, Variable)])


class _Entry(Op):
    """The identity: marks where the stretch begins, so that its backward stops there."""

    arithmetic = True

    def forward(self, x: Any) -> Any:
        return x

    def backward(self, dy: Any) -> Any:
        return dy


class _Checkpoint(Op):
    keeps = ("inputs",)
    half_as_stored = True

    def __init__(self, function: Callable, args: tuple, preserve: bool):
        self.function = function
        self.args = [None if isinstance(a, Variable) else a for a in args]
        self.places = [i for i, a in enumerate(args) if isinstance(a, Variable)]
        self.states = [(put, get()) for get, put in states] if preserve else []
        self.outside: list[Node] = []  # what the function uses besides its arguments

    def run(self, tensors: list) -> tuple[list, bool]:
        args = list(self.args)
        for place, x in zip(self.places, tensors, strict=True):
            args[place] = x
        out = self.function(*args)
        return (list(out), True) if isinstance(out, tuple) else ([out], False)

    def forward(self, *arrays: Any) -> Any:
        start = next_sequence()
        out, many = self.run([make(self.tensor_class, a) for a in arrays])
        if mode.recording != OFF:  # which nodes made before this run, or leaves, does its graph end in?
            seen: set[Node] = set()
            stack = [x.node for x in out if x.node is not None]
            while stack:
                node = stack.pop()
                if node not in seen:
                    seen.add(node)
                    if node.sequence < start:
                        self.outside.append(node)
                    else:
                        stack.extend([e for e in node.edges if e is not None])
            self.edges = (*self.edges, *self.outside)
        return tuple([x.array for x in out]) if many else out[0].array

    def backward(self, *dy: Any) -> Any:
        now = [get() for get, _ in states] if self.states else []
        for put, state in self.states:
            put(state)
        try:
            with enable_grad():
                entries = [x if e is None else _Entry()(x) for x, e in zip(self.inputs, self.edges, strict=False)]
                out, _ = self.run(entries)
        finally:
            for (put, _), state in zip(self.states, now, strict=True):
                put(state)
        create = mode.recording != OFF
        roots = [(x.node, g if create else g.array) for x, g in zip(out, dy, strict=True) if g is not None and x.node]
        ends = [None if e is None else x.node for x, e in zip(entries, self.edges, strict=False)] + self.outside
        targets = [e for e in ends if e is not None]
        arrived = walk(roots, targets, leading_to(targets, roots, terminal=True), create, create, terminal=True)
        grads = [arrived.get(e) for e in ends]
        return tuple([g if g is None or create else make(self.tensor_class, g) for g in grads])
