"""In-place operations: compute as ever, write the result into the old memory, and move the tensor's place in the graph.

``x.mul_(y)`` is ``r = x * y`` recorded as usual, then r's numbers in x's memory and r's node as x's node. The version of
the memory rises, so whoever saved the old numbers for backward finds out. Where x is a view, it is the history of its
base that changes: base = base with r put in the place of the view (``Assembled``), and every other view of that
memory finds its node anew when it is next used (``autograd.op.node_of``).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.modes import OFF, mode
from ..autograd.op import Leaf, Op, next_sequence
from ..autograd.variable import Variable, changed, make, node_of
from ..backend import array_namespace, on_device_of
from ..backend.dtypes import category
from ..errors import DTypeError, GradError, ShapeError
from .promotion import cast, constant
from .view import replay


def write(x: Any, value: Any, name: str) -> Any:
    """Give x the numbers and the history of ``value``, in place; returns x.

    Raises
    ------
    GradError
        Where x is a leaf that requires a gradient, or a view of one: its old value is what the gradient belongs to.
    ShapeError, DTypeError
        Where the value does not fit into x.
    """
    writable(x, name, value)
    if tuple(value.array.shape) != tuple(x.array.shape):
        raise ShapeError(
            f"{name}: the result has shape {tuple(value.array.shape)}, which x of shape {tuple(x.array.shape)} cannot "
            "hold in place; use the operation that is not in place"
        )
    if category(value.array.dtype) > category(x.array.dtype):
        raise DTypeError(
            f"{name}: a result of {value.array.dtype} can't be stored in x of {x.array.dtype}; cast x first, or use "
            "the operation that is not in place"
        )
    value = cast(value, x.array.dtype)
    store(x, value.array)
    return adopt(x, value, name)


def store(x: Any, new: Any) -> None:
    """Write an array into the memory of x."""
    if not isinstance(new, np.ndarray) and array_namespace(new).may_share_memory(new, x.array):
        new = new.copy()  # as x[1:] = x[:-1], which NumPy does in the right order and CuPy in none
    with on_device_of(x.array):
        x.array[...] = new


def writable(x: Any, name: str, value: Any = None) -> None:
    """Refuse what must not be changed in place: leaves, and memory that stands for several elements at once."""
    base = x if x.origin is None else x.origin.base
    if mode.recording != OFF:
        if isinstance(x.node, Leaf) or isinstance(base.node, Leaf):
            what = "a leaf tensor" if base is x else "a view of a leaf tensor"
            raise GradError(
                f"{name}: {what} that requires a gradient can't be changed in place; do it under no_grad(), or change a "
                ".clone()"
            )
        if base is not x and x.origin.path is None and (base.node or (isinstance(value, Variable) and node_of(value))):
            raise GradError(
                f"{name}: x is a view made under no_grad(), so what changes it can't be recorded for the tensor that it is "
                "a view of; make the view outside no_grad(), or change it inside"
            )
    if not x.array.flags.c_contiguous and any(
        s == 0 and n > 1 for s, n in zip(x.array.strides, x.array.shape, strict=True)
    ):
        raise ShapeError(f"{name}: several elements of x share one memory cell (it was expanded); change a .clone()")


def adopt(x: Any, value: Any, name: str) -> Any:
    """Give x, whose memory holds the numbers of ``value`` already, the history of ``value`` too; returns x."""
    old, new = node_of(x), node_of(value)
    changed(x, name)
    if mode.recording == OFF or (old is None and new is None):
        return x
    if x.origin is None:
        x.node = new
    else:
        base = x.origin.base
        before = constant(base.array, base)
        before.node = base.node
        base.node = Assembled(x.origin.path)(before, value).node
    return x


class Assembled(Op):
    """The base of a view after the view was given new values: the base elsewhere, the values in the place of the view.

    d base = dy with zeros in that place, d values = dy seen through the view.
    """

    half_as_stored = True

    def __init__(self, path: tuple):
        self.path = path

    def forward(self, base: Any, value: Any) -> Any:
        self.order = sorted(range(base.ndim), key=lambda d: -abs(base.strides[d]))
        return base  # the memory holds the new values already

    def backward(self, dy: Any) -> Any:
        return (Cleared(self.path, self.order)(dy) if self.needs[0] else None), replay(self.path, dy)


class Cleared(Op):
    """y = x with zeros in the place of a view. dx = dy with zeros there."""

    half_as_stored = True

    def __init__(self, path: tuple, order: list):
        self.path, self.order = path, order

    def forward(self, x: Any) -> Any:
        # What is a view of the base may be none of an array whose dims lie in memory in another order.
        y = array_namespace(x).empty([x.shape[d] for d in self.order], dtype=x.dtype)
        y = y.transpose([self.order.index(d) for d in range(x.ndim)])
        y[...] = x
        replay(self.path, make(Op.tensor_class, y)).array[...] = 0
        return y

    def backward(self, dy: Any) -> Any:
        return Cleared(self.path, self.order)(dy)


def in_place(name: str, function: Callable) -> Callable:
    """The method ``name`` (such as ``add_``) from the function that computes the result anew."""

    @functools.wraps(function)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if mode.recording == OFF:
            return write(self, function(self, *args, **kwargs), name)
        start = next_sequence()
        old = make(self.result_class, self.array, node_of(self))  # with a version cell of its own: who saves it, shows
        value = function(old, *[old if a is self else a for a in args], **kwargs)
        if old.version is not None:
            _keep_old_numbers(value.node, old.version, start)
        return write(self, value, name)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"``{function.__name__}``, in place: writes into the memory of ``self`` and returns it."
    return method


def _keep_old_numbers(node: Any, cell: list, start: int) -> None:
    """Copy what nodes created after ``start`` saved of the memory of a version cell, which is about to be overwritten."""
    copies: dict[int, tuple] = {}

    def kept(array: Any, version: list, count: int) -> tuple:
        if version is not cell:
            return array, version, count
        return copies.setdefault(id(array), (array.copy(), [0, None, None], 0))

    nodes, seen = [node], set()
    while nodes:
        op = nodes.pop()
        if op is None or op in seen or op.sequence <= start:
            continue
        seen.add(op)
        nodes.extend(op.edges)
        if getattr(op, "saved", None):
            op.saved = [part for i in range(0, len(op.saved), 3) for part in kept(*op.saved[i : i + 3])]
        if getattr(op, "kept", None):
            op.kept = [kept(*one) for one in op.kept]


def reshape_in_place(name: str, function: Callable) -> Callable:
    """The method ``name`` (such as ``transpose_``) from the function that gives a view of another shape.

    The memory stays as it is, so a tensor that shares it, or a graph that has saved it, would be left with the old shape:
    where there may be one, the change is refused.
    """

    @functools.wraps(function)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        writable(self, name)
        if self.version is not None or self.origin is not None:
            raise GradError(
                f"{name}: the memory of x is shared or saved for backward; use x = x.{function.__name__}(...)"
            )
        turned = function(self, *args, **kwargs)
        self.array = turned.array
        self.version = None  # what was made here is gone again, and nothing shares the memory
        if mode.recording != OFF:
            self.node = turned.node
        elif isinstance(self.node, Leaf):
            self.node.describe(self.array)
        return self

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"``{function.__name__}``, in place: the same memory seen in another shape. Returns ``self``."
    return method
