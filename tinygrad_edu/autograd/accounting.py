"""What a graph keeps in memory for its backward pass."""

from __future__ import annotations

from typing import Any

from .gradients import listed
from .op import Node, Op
from .variable import node_of


def graph(tensors: Any) -> list[Node]:
    """All nodes that the tensors were computed by, newest first, the leaves at the end."""
    stack = [node for node in map(node_of, listed(tensors)) if node is not None]
    seen: set[Node] = set()
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend([e for e in node.edges if e is not None])
    return sorted(seen, key=lambda n: -n.sequence)


def saved_bytes(tensors: Any) -> dict[str, int]:
    """Bytes that each kind of operation in the graph of the tensors keeps for backward; an array counts once.

    >>> x = tinygrad_edu.ones(100, requires_grad=True)
    >>> saved_bytes((x * x).exp())
    {'Exp': 400, 'Mul': 400}
    """
    counted: set[int] = set()
    report: dict[str, int] = {}
    for op in graph(tensors):
        if not isinstance(op, Op):
            continue
        saved = [*(op.saved or ())[::3], *[k[0] for k in getattr(op, "kept", None) or ()]]
        saved += [getattr(op, name, None) for name in op.extras]
        fresh = [a for a in saved if hasattr(a, "nbytes") and id(a) not in counted]
        counted.update(map(id, fresh))
        total = sum({id(a): int(a.nbytes) for a in fresh}.values())
        if total:
            report[op.name] = report.get(op.name, 0) + total
    return report
