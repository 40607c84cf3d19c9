"""The backward walk: from the result to the leaves, each node once, in the reverse order of creation.

A node was created after all the nodes that it was computed from. So when nodes are taken by falling creation number,
every gradient that a node will ever receive has arrived before its turn: no recursion, no sorting of the whole graph.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np

from ..backend import IGNORE, ignore, on_device_of, restore
from ..backend.dtypes import float32, is_half
from ..errors import GradError
from ..kernels.reference.summation import total
from .faults import examine_backward
from .modes import OFF, ON, WATCH, mode, set_recording
from .op import FREED, NEVER, Node, Op, Output
from .variable import Variable, make


def walk(roots: list, targets: list | None, asked: Any, retain: bool, create: bool, terminal: bool = False) -> dict:
    """Run backward from roots, pairs of node and gradient; returns what arrived at the targets (None: at every leaf).

    Gradients are raw arrays unless ``create``: then they are Tensors, and every operation on them is recorded.
    ``asked`` are the nodes on the way to the targets: no other is visited. ``terminal`` goes no further than a target, though another target lies behind it.
    """
    recording = set_recording(OFF if not create else WATCH if mode.watching else ON)
    asked_before = mode.asked
    mode.asked = asked
    free, ndarray = not retain, np.ndarray
    plain = asked is None and not create and not mode.watching
    done: dict[Node, Any] = {}
    table: dict[Node, Any] = {}  # what has arrived at each node that has not had its turn
    own: set[Node] = set()  # nodes whose array in the table was made by an addition here, and may be added to in place
    heap: list[tuple[int, Node]] = []  # the nodes in the table, but for leaves, newest first
    token = ignore(IGNORE)
    try:
        for node, g in roots:
            if asked is None or node in asked:
                if node.sequence and node not in table:
                    heappush(heap, (-node.sequence, node))
                table[node] = g if node not in table else add(table[node], g)
        following: Any = None  # the newest node reached by the last step, with its gradient: in a chain, the next
        arrived: Any = None  #    node, which never touches the table and the heap
        while following is not None or heap:
            if heap and (following is None or following.sequence < -heap[0][0]):
                if following is not None:
                    heappush(heap, (-following.sequence, following))
                    table[following] = arrived
                following = heappop(heap)[1]
                arrived = table.pop(following)
                own.discard(following)
            node, dy, following = following, arrived, None
            if node.hooks is None and plain:  # arithmetic without hooks: the most frequent node, and the cheapest
                x, vx, nx, y, vy, ny = node.saved
                if vx[0] != nx or vy[0] != ny:
                    node.inputs  # noqa: B018 (raises: changed in place, or used twice)
                grads = node.gradients(dy, x, y)
                if free and (vx is not NEVER or vy is not NEVER):
                    node.saved = FREED
            else:
                if node.hooks:
                    dy = _call_hooks(node, dy, create)
                if targets is not None and node in targets:
                    done[node] = dy
                    if terminal:
                        continue
                if asked is not None and asked.isdisjoint(node.edges):
                    continue
                if node.__class__ is Output:  # its operation waits until all of its outputs have had their turn
                    op = node.edges[0]
                    if op not in table:
                        table[op] = [None] * op.shape[0]
                        heappush(heap, (-op.sequence, op))
                    slots = table[op]  # an output rebuilt from what was kept has a node of its own: add to the first
                    slots[node.index] = dy if slots[node.index] is None else add(slots[node.index], dy)
                    continue
                grads = _derive(node, dy, create)
                if not retain:
                    node.free()
            for edge, g in zip(node.edges, grads):  # noqa: B905 (the lengths were compared)
                if edge is None or g is None:
                    continue
                if edge is following:
                    arrived = add(arrived, g)
                elif table and edge in table:
                    old = table[edge]
                    if edge in own and old.__class__ is ndarray:
                        old += g
                    else:
                        table[edge] = add(old, g, edge in own)
                        if not create:
                            own.add(edge)
                elif asked is not None and edge not in asked:
                    continue
                elif not edge.sequence:
                    table[edge] = g  # a leaf: its gradient rests here until the end
                elif following is None:
                    following, arrived = edge, g
                elif following.sequence < edge.sequence:
                    heappush(heap, (-following.sequence, following))
                    table[following] = arrived
                    following, arrived = edge, g
                else:
                    heappush(heap, (-edge.sequence, edge))
                    table[edge] = g
        for leaf, g in table.items():
            done[leaf] = _call_hooks(leaf, g, create) if leaf.hooks else g
    finally:
        restore(token)
        set_recording(recording)
        mode.asked = asked_before
    return done


def _derive(op: Op, dy: Any, create: bool) -> tuple:
    """Call backward with Tensors; give back Tensors where the derivative is recorded, else arrays."""
    given = dy if dy.__class__ is list else [dy]
    if not create:
        given = [None if g is None else make(op.tensor_class, whole(g)) for g in given]
    grads = op.backward(*given)
    if not isinstance(grads, tuple | list):
        grads = (grads,)
    if len(grads) != len(op.edges):
        raise GradError(
            f"{op.name}: expected backward to give {len(op.edges)} gradients, one an input, got {len(grads)}"
        )
    if mode.watching:
        examine_backward(op, grads, given)
    if not create:
        grads = [None if g is None else g.array for g in grads]
    return tuple(
        [
            g if g is None or e is None or g.shape == e.shape else unbroadcast(g, e.shape, op)
            for g, e in zip(grads, op.edges, strict=True)
        ]
    )


def unbroadcast(g: Any, shape: tuple, op: Op) -> Any:
    """Sum a gradient over the axes that broadcasting stretched: y = x expanded, so dx = sum of dy over the copies."""
    extra = len(g.shape) - len(shape)
    axes = tuple(range(extra)) + tuple(i + extra for i, n in enumerate(shape) if n == 1 and g.shape[i + extra] != 1)
    if extra < 0 or any(n not in (1, m) for n, m in zip(shape, g.shape[extra:], strict=True)):
        raise GradError(f"{op.name}: backward gave a gradient of shape {tuple(g.shape)} for an input of shape {shape}")
    if isinstance(g, Variable):
        return g.sum(axis=axes, keepdims=True).reshape(shape)
    with on_device_of(g):
        wide = g.astype(float32) if is_half(g.dtype) else g
        return total(wide, axes, keepdims=True).reshape(shape).astype(g.dtype)


def add(a: Any, b: Any, in_place: bool = False) -> Any:
    """Two gradients of one node together, in the memory of the first where it was made here."""
    if isinstance(a, Variable):
        return a + b
    with on_device_of(a):
        if in_place and not isinstance(a, np.generic):
            a += b
            return a
        return a + b


def _call_hooks(node: Node, g: Any, create: bool) -> Any:
    """Give the gradient to each hook of the node; what one returns takes its place."""
    outer = g if create else make(Op.tensor_class, whole(g))
    for hook in list(node.hooks.values()):
        new = hook(outer)
        if new is not None:
            outer = new
    return outer if create else outer.array


def whole(g: Any) -> Any:
    """NumPy gives scalars where an operation on 0-d arrays has a 0-d result; make it an array again."""
    return np.asarray(g) if isinstance(g, np.generic) else g
