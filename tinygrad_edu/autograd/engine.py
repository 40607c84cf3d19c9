"""The backward walk: from the result to the leaves, each node once, in the reverse order of creation.

A node was created after all the nodes that it was computed from. So when nodes are taken by falling creation number,
every gradient that a node will ever receive has arrived before its turn: no recursion, no sorting of the whole graph.
"""

from __future__ import annotations

import sys
from heapq import heappop, heappush
from typing import Any

import numpy as np

from ..backend import IGNORE, array_namespace, ignore, on_device_of, restore
from ..backend.dtypes import float32, is_half
from ..errors import GradError, ShapeError
from .anomaly import examine_backward
from .modes import OFF, ON, WATCH, mode, set_recording
from .op import FREED, NEVER, Leaf, Node, Op, Output, node_of
from .variable import Variable, changed, make


def backward(
    tensors: Any, grad_tensors: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
) -> None:
    """Add the gradient of ``sum(tensors . grad_tensors)`` to the ``.grad`` of every leaf, or of ``inputs`` alone."""
    roots = start(tensors, grad_tensors, create_graph)
    inputs = None if inputs is None else listed(inputs)
    targets = None if inputs is None else _target_nodes(inputs, "backward")
    arrived = walk(roots, targets, create_graph if retain_graph is None else retain_graph, create_graph)
    for x in inputs or ():
        if getattr(x, "leaf", None) is None:  # not a leaf of the graph, but it is given a .grad
            x.leaf = Leaf(x.array)
        if x.node in arrived:
            _deposit(x.leaf, _own(arrived, x.node, x.array.dtype), x.result_class)
    leaves = list(arrived) if inputs is None else []
    for leaf in leaves:
        _deposit(leaf, _own(arrived, leaf, leaf.dtype), Op.tensor_class)
    for leaf in leaves:
        for after in list((leaf.after or {}).values()):
            after()


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple:
    """The gradients of ``sum(outputs . grad_outputs)`` with respect to ``inputs``, as a tuple; ``.grad`` stays as it is.

    ``create_graph`` records the backward pass itself, so that its result can be differentiated again, to any order.
    An input that the outputs do not depend on is an error, unless ``allow_unused`` (None) or ``materialize_grads`` (0).
    """
    inputs = listed(inputs)
    targets = _target_nodes(inputs, "grad")
    roots = start(outputs, grad_outputs, create_graph)
    arrived = walk(roots, targets, create_graph if retain_graph is None else retain_graph, create_graph)
    found: list[Any] = []
    for i, (x, node) in enumerate(zip(inputs, targets, strict=True)):
        if node in arrived and not isinstance(arrived[node], Variable):
            arrived[node] = make(x.result_class, _own(arrived, node, x.array.dtype))
        if node in arrived:
            found.append(arrived[node])
        elif materialize_grads:
            with on_device_of(x.array):
                found.append(make(x.result_class, array_namespace(x.array).zeros_like(x.array)))
        elif allow_unused:
            found.append(None)
        else:
            raise GradError(f"grad: the outputs do not depend on input {i}; give allow_unused=True to get None for it")
    return tuple(found)


def walk(roots: list, targets: list | None, retain: bool, create: bool, terminal: bool = False) -> dict:
    """Run backward from roots, pairs of node and gradient; returns what arrived at the targets (None: at every leaf).

    Gradients are raw arrays unless ``create``: then they are Tensors, and every operation on them is recorded.
    ``terminal`` goes no further than a target, though another target lies behind it.
    """
    recording = set_recording(OFF if not create else WATCH if mode.watching else ON)
    asked_before = mode.asked
    mode.asked = asked = None if targets is None else _leading_to(targets, [n for n, _ in roots], terminal)
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
                table[node] = g if node not in table else _sum(table[node], g)
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
                    table[op][node.index] = dy
                    continue
                grads = _derive(node, dy, create)
                if not retain:
                    node.free()
            for edge, g in zip(node.edges, grads):  # noqa: B905 (the lengths were compared)
                if edge is None or g is None:
                    continue
                if edge is following:
                    arrived = _sum(arrived, g)
                elif table and edge in table:
                    old = table[edge]
                    if edge in own and old.__class__ is ndarray:
                        old += g
                    else:
                        table[edge] = _sum(old, g, edge in own)
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
        raise GradError(f"{op.name}: expected backward to give {len(op.edges)} gradients, one an input, got {len(grads)}")
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
        return wide.sum(axis=axes, keepdims=True).reshape(shape).astype(g.dtype)


def _sum(a: Any, b: Any, in_place: bool = False) -> Any:
    """Two gradients of one node together, in the memory of the first where it was made here."""
    if isinstance(a, Variable):
        return a + b
    with on_device_of(a):
        if in_place and not isinstance(a, np.generic):
            a += b
            return a
        return a + b


def start(tensors: Any, grads: Any, create: bool) -> list[tuple[Node, Any]]:
    """The nodes where a walk begins, each with its gradient: given, or 1 for a scalar."""
    tensors = listed(tensors)
    grads = [None] * len(tensors) if grads is None else listed(grads)
    if len(grads) != len(tensors):
        raise GradError(f"backward: expected one gradient for each of {len(tensors)} tensors, got {len(grads)}")
    roots = []
    for x, g in zip(tensors, grads, strict=True):
        shape, node = tuple(x.array.shape), node_of(x)
        if node is None:
            raise GradError("backward: the tensor requires no gradient: nothing that it was computed from does")
        if g is None and x.array.size != 1:
            raise GradError(
                f"backward: a gradient is implied for a scalar only, got shape {shape}; reduce the tensor first "
                "(y.sum().backward()) or give the gradient (y.backward(dy))"
            )
        if g is None:
            with on_device_of(x.array):
                g = make(x.result_class, array_namespace(x.array).ones_like(x.array))
        if tuple(g.array.shape) != shape:
            raise ShapeError(f"backward: expected a gradient of shape {shape}, got {tuple(g.array.shape)}")
        roots.append((node, g if create else g.array))
    return roots


def listed(xs: Any) -> list:
    """One Variable, or several, as a list."""
    return [xs] if isinstance(xs, Variable) else list(xs)


def _target_nodes(inputs: list, what: str) -> list[Node]:
    nodes = []
    for i, x in enumerate(inputs):
        node = node_of(x)
        if node is None:
            raise GradError(f"{what}: input {i} does not require a gradient; call requires_grad_() on it first")
        nodes.append(node)
    return nodes


def _leading_to(targets: list[Node], roots: list[Node], terminal: bool) -> set[Node]:
    """The nodes on a path from the roots to a target: no other node is visited, nor its gradient computed."""
    leads = set(targets)
    seen: set[Node] = set()
    found: list[Node] = []
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            found.append(node)
            if not (terminal and node in leads):
                stack.extend([e for e in node.edges if e is not None])
    for node in sorted(found, key=lambda n: n.sequence):  # inputs before what was computed from them
        if not leads.isdisjoint(node.edges):
            leads.add(node)
    return leads


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


def _deposit(leaf: Leaf, g: Any, cls: type) -> None:
    """Add a gradient to what the leaf holds."""
    if isinstance(g, Variable):
        leaf.grad = g if leaf.grad is None else leaf.grad + g
    elif leaf.grad is None:
        leaf.grad = make(cls, g)
    else:
        held = leaf.grad
        if held.node is None:
            _sum(held.array, g, in_place=True)
            changed(held, "backward")
        else:
            leaf.grad = make(cls, _sum(held.array, g))


def _own(arrived: dict, node: Node, dtype: Any) -> Any:
    """Take a gradient out of the table, as an array that nothing else holds: the user may change it in place."""
    g = arrived.pop(node)
    if isinstance(g, Variable):
        return g
    alone = sys.getrefcount(g) == _ALONE and getattr(g, "base", None) is None
    if alone and g.dtype == dtype and not isinstance(g, np.generic):
        return g
    with on_device_of(g):
        return array_namespace(g).array(g, dtype)


def _count_alone() -> int:
    """What ``sys.getrefcount`` says in ``_own`` of an array that nothing else holds (it varies between Pythons)."""
    table = {0: np.empty(1)}
    g = table.pop(0)
    return sys.getrefcount(g)


_ALONE = _count_alone()
