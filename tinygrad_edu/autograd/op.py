"""Op: one differentiable operation. An instance is one node of the graph.

    class Exp(Op):
        keeps = ("output",)

        def forward(self, x):             # arrays in, array out
            return array_namespace(x).exp(x)

        def backward(self, dy):           # Tensors in, Tensors out
            return dy * self.output

``Exp()(x)`` computes, and, where x wants a gradient, leaves the instance as the node of the result. A node refers to the
nodes before it (``edges``) and to the values that it ``keeps``, never to a Tensor: no cycles, so a graph that is dropped
is freed at once. Because backward is written in Tensor operations, its own derivative comes for free.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np

from ..backend import IGNORE, device_of, ignore, on_device_of, restore
from ..backend.dtypes import float32, is_half
from ..errors import DeviceError, GradError, ShapeError
from .faults import caller, changed_since, examine_forward, used_twice
from .modes import ON, WATCH, mode, special
from .variable import Variable, make, node_of, save

next_sequence = count(1).__next__
NEVER = [0]  # the version cell of what is not kept, or is a number: it never changes
NOTHING = (None, NEVER, 0) * 2  # saved by an operation on two inputs that keeps neither
LOOK: dict = {}  # hooks of a node that has none, and at which the walk stops to look all the same
FREED = (None, [1], 0) * 2  # in the place of saved values once a backward pass has used them


class Node:
    """A place where gradients arrive."""

    __slots__ = ("edges", "hooks", "sequence", "shape")
    edges: tuple  # the nodes that gradients go on to; None for an input that wants none
    sequence: int  # creation number: a node comes after all that it was computed from
    shape: tuple  # of the value here, and so of its gradient
    hooks: Any  # a dict of functions called with the gradient; None takes the walk's short way

    def __repr__(self) -> str:
        return f"<{getattr(self, 'name', type(self).__name__)}>"


class Leaf(Node):
    """Where the graph ends: it holds the gradient of a tensor that the user made."""

    __slots__ = ("after", "dtype", "grad")
    grad: Any
    after: Any  # a dict of functions called when a gradient has been added

    def __init__(self, array: Any):
        self.edges, self.sequence, self.hooks, self.after, self.grad = (), 0, None, None, None
        self.describe(array)

    def describe(self, array: Any) -> None:
        """Take the shape and the dtype of the gradient from the array that it belongs to."""
        self.shape, self.dtype = array.shape, array.dtype


class Output(Node):
    """One of the results of an operation that has several."""

    __slots__ = ("index",)

    def __init__(self, op: Op, index: int, shape: tuple):
        self.edges, self.index, self.shape, self.sequence = (op,), index, shape, next_sequence()
        self.hooks = LOOK


class Op(Node):
    """One differentiable operation: subclass it with ``forward`` and ``backward``.

    Settings go to the constructor (``Sum(dim)(x)``), inputs to the call: Tensors, or Python numbers, which stay numbers.
    ``keeps`` names what backward uses, and nothing else stays alive: ``"inputs"``; ``"others"`` (input i only if another
    input wants a gradient, as in a product); ``"output"``; and attributes that forward sets on ``self``.
    """

    __slots__ = ("kept", "saved", "where")
    saved: Any  # of each input: the array, the version cell of its memory, the version; one after the other
    kept: Any  # the same of each output
    where: Any  # the line of the user's that recorded this
    keeps: tuple[str, ...] = ()
    arithmetic = (
        False  # two inputs, and a backward of operators alone: ``gradients`` works on arrays too (ops.arithmetic)
    )
    half_as_stored = False  # computes on 16-bit floats as they are; the others compute in float32 and round once
    extras: tuple[str, ...] = ()  # the attributes among ``keeps``
    tensor_class: type  # of the values that backward is given; set where Tensor is defined

    def __init_subclass__(cls) -> None:
        cls.extras = tuple(name for name in cls.keeps if name not in ("inputs", "others", "output"))

    def forward(self, *arrays: Any) -> Any:
        """The value: arrays in, an array (or a tuple of them) out."""
        raise NotImplementedError(f"{self.name}: forward is not defined")

    def backward(self, *dy: Any) -> Any:
        """One gradient for each input (None for zero), from one for each output. Tensors in, Tensors out."""
        raise GradError(f"{self.name}: has no derivative")

    def rule(self, *arrays: Any) -> str | None:
        """Asked when forward failed: the rule that the arrays break, and how; None where none is broken."""
        return None

    def keeping(self, wanted: list[bool]) -> list[bool]:
        """Which inputs to keep, given which of them want a gradient."""
        if "others" in self.keeps:
            return [any(wanted[:i] + wanted[i + 1 :]) for i in range(len(wanted))]
        return ["inputs" in self.keeps] * len(wanted)

    @property
    def name(self) -> str:
        """The name that errors and pictures use."""
        return type(self).__name__

    def __call__(self, *inputs: Any) -> Any:
        """Compute, and record where an input wants a gradient. Returns one Tensor, or a tuple."""
        arrays, edges, first, wanted = [], [], None, False
        recording = mode.recording if special else ON
        for x in inputs:
            node = None
            if isinstance(x, Variable):
                if first is None:
                    first = x
                elif x.array.__class__ is not np.ndarray or first.array.__class__ is not np.ndarray:
                    self._same_device(first.array, x.array)
                if recording:
                    node = x.node if x.origin is None else node_of(x)
                    wanted = wanted or node is not None
                x = x.array
            arrays.append(x)
            edges.append(node)
        if first is None:
            raise TypeError(f"{self.name}: expected at least one Tensor, got {[type(x).__name__ for x in inputs]}")
        self.edges = given = tuple(edges)
        like, cls = first.array, first.result_class
        token = ignore(IGNORE)
        try:
            if like.__class__ is np.ndarray:
                out = self.forward(*arrays) if self.half_as_stored else self._forward_wide(arrays)
            else:
                with on_device_of(like):
                    out = self.forward(*arrays) if self.half_as_stored else self._forward_wide(arrays)
        except Exception as error:
            broken = self.rule(*arrays)
            if broken is None:
                raise
            raise ShapeError(f"{self.name.lower()}: {broken}") from error
        finally:
            restore(token)
        outputs = tuple([make(cls, _whole(o)) for o in out]) if type(out) is tuple else make(cls, _whole(out))
        if wanted or self.edges is not given:  # forward may find more that it depends on (checkpoint)
            self.record(inputs, arrays, outputs)
            if recording == WATCH:
                examine_forward(self, arrays, outputs)
        return outputs

    def _same_device(self, a: Any, b: Any) -> None:
        if device_of(a) != device_of(b):
            raise DeviceError(
                f"{self.name.lower()}: expected tensors on one device, got {device_of(a)} and {device_of(b)}; "
                "move one with .to(...)"
            )

    def _forward_wide(self, arrays: list) -> Any:
        for a in arrays:
            if hasattr(a, "dtype") and is_half(a.dtype):
                half = a.dtype
                break
        else:
            return self.forward(*arrays)
        wide = [a.astype(float32) if hasattr(a, "dtype") and a.dtype == half else a for a in arrays]
        out = self.forward(*wide)
        round_ = lambda o: o.astype(half) if o.dtype == float32 else o  # noqa: E731
        return tuple([round_(o) for o in out]) if type(out) is tuple else round_(out)

    def record(self, inputs: tuple, arrays: list, outputs: Any) -> None:
        """Become the node of the outputs, keeping what backward will use."""
        self.sequence, self.hooks, self.saved = next_sequence(), LOOK, None
        if outputs.__class__ is tuple:
            self.shape = (len(outputs),)
            for i, out in enumerate(outputs):
                if out.array.dtype.kind not in "biu":  # indices and masks have no gradient
                    out.node = Output(self, i, out.array.shape)
        else:
            self.shape = outputs.array.shape
            if outputs.array.dtype.kind not in "biu":
                outputs.node = self
        if self.arithmetic:
            self.saved = NOTHING
            same = all(e is None or e.shape == self.shape for e in self.edges)
            if same and arrays[0].__class__ is arrays[-1].__class__ is np.ndarray:
                self.hooks = None
        if not self.keeps:
            return
        self.where = caller()
        keep = self.keeping([e is not None for e in self.edges[: len(inputs)]])
        saved: list = []
        for k, x in zip(keep, inputs, strict=True):
            saved += (save(x) if isinstance(x, Variable) else (x, NEVER, 0)) if k else (None, NEVER, 0)
        self.saved = saved
        if "output" in self.keeps:
            self.kept = [save(x) for x in (outputs if outputs.__class__ is tuple else (outputs,))]

    def free(self) -> None:
        """Let go of the saved values; a second backward pass that needs them is an error."""
        self.saved, self.kept = FREED, None
        for name in self.extras:
            self.__dict__.pop(name, None)

    def __getattr__(self, name: str) -> Any:
        if name in type(self).extras and self.saved is FREED:
            raise used_twice(self)
        raise AttributeError(f"{self.name!r} has no attribute {name!r}")

    @property
    def needs(self) -> list[bool]:
        """For each input: does anybody ask for its gradient?"""
        asked = mode.asked
        return [e is not None and (asked is None or e in asked) for e in self.edges]

    @property
    def inputs(self) -> tuple:
        """The kept inputs as Tensors tied to the graph, so that backward can itself be differentiated."""
        if self.saved is FREED:
            raise used_twice(self)
        values, cells, counts = self.saved[::3], self.saved[1::3], self.saved[2::3]
        return tuple(
            [
                v if c is NEVER else self._again((v, c, n), e, f"input {i}")
                for i, (v, c, n, e) in enumerate(zip(values, cells, counts, self.edges, strict=False))
            ]
        )

    @property
    def output(self) -> Any:
        """The kept output as a Tensor tied to the graph; a tuple where there are several."""
        if self.saved is FREED:
            raise used_twice(self)
        if len(self.kept) == 1:
            return self._again(self.kept[0], self, "the output")
        return tuple([self._again(k, Output(self, i, k[0].shape), f"output {i}") for i, k in enumerate(self.kept)])

    def _again(self, saved: tuple, node: Node | None, what: str) -> Any:
        array, cell, count = saved
        if cell[0] != count:
            raise changed_since(self, what, array, cell, count)
        x = make(Op.tensor_class, array, node)
        x.version = cell
        return x


def _whole(out: Any) -> Any:
    return np.asarray(out) if isinstance(out, np.generic) else out  # NumPy has scalars for zero-dimensional results
