"""The computation graph as a picture: walked from the loss along ``edges``, laid out in layers, written as SVG.

Data flows down. An operation stands below everything that it was computed from, and as straight below its first input
as there is room; parameters stand beside the operation that they enter.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, NamedTuple

from ..autograd.op import Leaf, Op, Output, node_of
from ..tensor import Tensor

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 168, 46, 22, 34, 16
COLOURS = {
    "operation": ("#eef3fb", "#4a76b8"),
    "parameter": ("#fdf0e4", "#d9822b"),
    "data": ("#f4f4f4", "#9a9a9a"),
    "result": ("#e7f4ea", "#3c8d50"),
}


class Box(NamedTuple):
    """One node of the picture."""

    key: Any
    kind: str  # of COLOURS
    title: str
    shape: tuple[int, ...]
    inputs: tuple[Any, ...]  # keys


def collect(result: Tensor, names: Mapping[Any, str], data: Tensor) -> list[Box]:
    """The boxes of everything that a result was computed from, inputs first.

    ``names`` gives the names of leaves; ``data`` is what the first operation was given besides parameters.
    """
    root = node_of(result)
    boxes: dict[Any, Box] = {}
    stack = [root]
    while stack:
        node = stack.pop()
        node = node.edges[0] if isinstance(node, Output) else node
        if node is None or node in boxes:
            continue
        if isinstance(node, Leaf):
            boxes[node] = Box(node, "parameter", names.get(node, "leaf"), node.shape, ())
            continue
        assert isinstance(node, Op)
        edges = tuple(e.edges[0] if isinstance(e, Output) else e for e in node.edges)
        first_is_data = edges[0] is None and all(e is None or isinstance(e, Leaf) for e in edges)
        inputs = (*(["data"] if first_is_data else []), *[e for e in edges if e is not None])
        boxes[node] = Box(node, "result" if node is root else "operation", node.name, node.shape, inputs)
        stack.extend(edges)
    found = sorted(boxes.values(), key=lambda box: box.key.sequence)  # a leaf is 0, then by creation
    if any("data" in box.inputs for box in found):
        found.insert(0, Box("data", "data", "images", tuple(data.shape), ()))
    return found


def layers(boxes: list[Box]) -> dict[Any, int]:
    """The layer of each box: operations below all of their inputs, the others just above where they are used."""
    layer: dict[Any, int] = {}
    for box in boxes:
        above = [layer[key] for key in box.inputs if key in layer and _is_operation(key)]
        if box.inputs:
            layer[box.key] = 1 + max(above, default=0)
    for box in boxes:
        for key in box.inputs:
            if not _is_operation(key):
                layer[key] = min(layer[box.key] - 1, layer.get(key, layer[box.key]))
    return layer


def _is_operation(key: Any) -> bool:
    return isinstance(key, Op)


def place(boxes: list[Box]) -> dict[Any, tuple[float, int]]:
    """Where each box stands: its x in units of a box, and its layer."""
    layer = layers(boxes)
    at: dict[Any, tuple[float, int]] = {}
    for box in sorted(boxes, key=lambda b: layer[b.key]):
        if box.inputs:
            first = next((key for key in box.inputs if key in at and _is_operation(key)), None)
            at[box.key] = (_free(at[first][0] if first is not None else 0.0, layer[box.key], at), layer[box.key])
    for box in boxes:
        wanted = at[box.key][0] if box.inputs else 0.0
        for key in box.inputs:
            if key not in at:
                at[key] = (_free(wanted, layer[key], at), layer[key])
    return at


def _free(wanted: float, layer: int, at: Mapping[Any, tuple[float, int]]) -> float:
    """The free place in a layer that is nearest to the wanted one, the right side first."""
    taken = [x for x, other in at.values() if other == layer]
    offsets = (side * n for n in range(len(taken) + 1) for side in ((1,) if n == 0 else (1, -1)))
    return next(wanted + d for d in offsets if all(abs(wanted + d - x) >= 1 for x in taken))


def draw(result: Tensor, names: Mapping[Any, str], data: Tensor) -> str:
    """The graph of a result as a standalone SVG."""
    boxes = collect(result, names, data)
    at = place(boxes)
    left = min(x for x, _ in at.values())
    xs = {key: MARGIN + (x - left) * (WIDTH + GAP_X) for key, (x, _) in at.items()}
    ys = {key: MARGIN + layer * (HEIGHT + GAP_Y) for key, (_, layer) in at.items()}
    width = max(xs.values()) + WIDTH + MARGIN
    height = max(ys.values()) + HEIGHT + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" role="img">',
        "<title>The computation graph, from the images to the loss</title>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#888"/></marker></defs>',
        f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>',
    ]
    for box in boxes:
        for key in box.inputs:
            x1, y1 = xs[key] + WIDTH / 2, ys[key] + HEIGHT
            x2, y2 = xs[box.key] + WIDTH / 2 + _spread(xs[key], xs[box.key]), ys[box.key]
            bend = (y1 + y2) / 2
            parts.append(
                f'<path d="M{x1:g} {y1:g}C{x1:g} {bend:g} {x2:g} {bend:g} {x2:g} {y2 - 2:g}" fill="none" stroke="#888" '
                'stroke-width="1.4" marker-end="url(#tip)"/>'
            )
    for box in boxes:
        fill, line = COLOURS[box.kind]
        x, y, dash = xs[box.key], ys[box.key], ' stroke-dasharray="4 3"' if box.kind == "data" else ""
        middle = x + WIDTH / 2
        parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{fill}" stroke="{line}" '
            f'stroke-width="1.5"{dash}/>'
            f'<text x="{middle:g}" y="{y + 20:g}" text-anchor="middle" font-size="14" font-weight="600" fill="#222">'
            f"{escape(box.title)}</text>"
            f'<text x="{middle:g}" y="{y + 37:g}" text-anchor="middle" font-size="12" fill="#666">{_shape(box.shape)}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _spread(source: float, target: float) -> float:
    """Arrows from the side end beside the one from above."""
    return 0.0 if source == target else (WIDTH / 4 if source > target else -WIDTH / 4)


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) if shape else "one number"
