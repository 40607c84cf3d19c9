"""What a user calls: ``backward`` fills ``.grad``, ``grad`` returns gradients. Both start the engine's walk.

Here Tensors become nodes on the way in, and raw arrays become gradients that the user may keep on the way out.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ..backend import array_namespace, on_device_of
from ..errors import GradError, ShapeError
from .engine import add, walk
from .op import Leaf, Node, Op
from .variable import Variable, changed, make, node_of


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradient of ``sum(tensors . grad_tensors)`` to the ``.grad`` of every leaf, or of ``inputs`` alone."""
    roots = start(tensors, grad_tensors, create_graph)
    inputs = None if inputs is None else listed(inputs)
    targets = None if inputs is None else _target_nodes(inputs, "backward")
    asked = None if targets is None else leading_to(targets, roots)
    arrived = walk(roots, targets, asked, create_graph if retain_graph is None else retain_graph, create_graph)
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
    arrived = walk(
        roots, targets, leading_to(targets, roots), create_graph if retain_graph is None else retain_graph, create_graph
    )
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


def _deposit(leaf: Leaf, g: Any, cls: type) -> None:
    """Add a gradient to what the leaf holds."""
    if isinstance(g, Variable):
        leaf.grad = g.clone() if leaf.grad is None else leaf.grad + g  # type: ignore[attr-defined]
    elif leaf.grad is None:
        leaf.grad = make(cls, g)
    else:
        held = leaf.grad
        if held.node is None:
            add(held.array, g, in_place=True)
            changed(held, "backward")
        else:
            leaf.grad = make(cls, add(held.array, g))


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


def leading_to(targets: list[Node], roots: list, terminal: bool = False) -> set[Node]:
    """The nodes on a path from the roots to a target: no other node is visited, nor its gradient computed."""
    leads = set(targets)
    seen: set[Node] = set()
    found: list[Node] = []
    stack = [node for node, _ in roots]
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
