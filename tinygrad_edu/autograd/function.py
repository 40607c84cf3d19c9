"""Function: a custom operation in PyTorch's form, static methods and a context. Subclassing ``Op`` is the shorter way."""

from __future__ import annotations

from typing import Any

from ..backend import array_namespace
from .faults import caller, used_twice
from .modes import no_grad
from .op import FREED, NEVER, Op, Output
from .variable import Variable, make, save


class Function:
    """Subclass it with static ``forward(ctx, *args)`` and ``backward(ctx, *dy)``; call ``MyFunction.apply(*args)``.

    Both take and return Tensors. ``ctx.save_for_backward`` keeps inputs or outputs, ``ctx.saved_tensors`` gives them back.
    With ``setup_context(ctx, inputs, output)`` defined, ``forward`` takes the arguments without ctx, as in PyTorch.
    """

    setup_context: Any = None

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        """Compute the result."""
        raise NotImplementedError("Function: define a static method forward(ctx, *args)")

    @staticmethod
    def backward(ctx: Any, *dy: Any) -> Any:
        """One gradient for each argument of forward; None for what is not a Tensor."""
        raise NotImplementedError("Function: define a static method backward(ctx, *dy)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Compute, recording this Function as one node of the graph."""
        return _Applied(cls, args)(*[a for a in args if isinstance(a, Variable)])


class _Applied(Op):
    """The node of a Function; it is also the ``ctx``."""

    keeps = ("tensors",)
    half_as_stored = True

    def __init__(self, function: type[Function], args: tuple):
        self.function = function
        self.args = [None if isinstance(a, Variable) else a for a in args]
        self.places = [i for i, a in enumerate(args) if isinstance(a, Variable)]
        self.tensors: tuple = ()
        self.constant: tuple = ()
        self.materialize = True

    @property
    def name(self) -> str:
        """The name of the Function."""
        return self.function.__name__

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep inputs or outputs (None stays None)."""
        self.tensors = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Declare outputs that have no gradient."""
        self.constant = tuple(t.array for t in tensors)

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward is given zeros (the default) or None for an output that got no gradient."""
        self.materialize = value

    @property
    def needs_input_grad(self) -> tuple[bool, ...]:
        """For each argument of forward: is its gradient asked for?"""
        asked = dict(zip(self.places, self.needs, strict=True))
        return tuple([asked.get(i, False) for i in range(len(self.args))])

    @property
    def saved_tensors(self) -> tuple:
        """What save_for_backward kept, tied to the graph."""
        if self.saved is FREED:
            raise used_twice(self)
        tensors = []
        for i, owner in enumerate(self.owners):
            array, cell, count = self.saved[3 * i : 3 * i + 3]
            node: Any = None  # of what forward computed on the way and saved: a constant, as in PyTorch
            if owner is not None and owner < len(self.edges):
                node = self.edges[owner]
            elif owner is not None:
                node = Output(self, owner - len(self.edges), array.shape) if self.many else self
            tensors.append(None if array is None else self._again((array, cell, count), node, "a saved tensor"))
        return tuple(tensors)

    def forward(self, *arrays: Any) -> Any:
        args = list(self.args)
        for place, array in zip(self.places, arrays, strict=True):
            args[place] = make(self.tensor_class, array)
        with no_grad():
            if self.function.setup_context is None:
                out = self.function.forward(self, *args)
            else:
                out = self.function.forward(*args)
                self.function.setup_context(self, tuple(args), out)
        many = out if isinstance(out, tuple) else (out,)
        if not all(isinstance(o, Variable) for o in many):
            raise TypeError(f"{self.name}: forward must return a Tensor or a tuple of them, got {type(out).__name__}")
        copies = tuple([o.array.copy() if any(o.array is a for a in arrays) else o.array for o in many])
        return copies if isinstance(out, tuple) else copies[0]

    def record(self, inputs: tuple, arrays: list, outputs: Any) -> None:
        tensors = self.tensors
        super().record(inputs, arrays, outputs)
        self.where, self.saved, self.tensors = caller(), [], ()
        many = outputs if isinstance(outputs, tuple) else (outputs,)
        self.many, self.like = isinstance(outputs, tuple), [(o.array.shape, o.array.dtype) for o in many]
        for out in many:
            if any(out.array is c for c in self.constant):
                out.node = None
        ours = [*inputs, *many]
        self.owners: list[int | None] = []  # which of inputs and outputs each saved tensor is
        for t in tensors:
            owner = None if t is None else next((i for i, x in enumerate(ours) if x.array is t.array), None)
            self.owners.append(owner)
            self.saved += (None, NEVER, 0) if t is None else save(t if owner is None else ours[owner])

    def backward(self, *dy: Any) -> Any:
        if self.materialize:
            xp = array_namespace(next(g for g in dy if g is not None).array)
            dy = tuple(
                [
                    make(self.tensor_class, xp.zeros(*like)) if g is None else g
                    for g, like in zip(dy, self.like, strict=True)
                ]
            )
        grads = self.function.backward(self, *dy)
        grads = grads if isinstance(grads, tuple) else (grads,)
        if len(grads) != len(self.args):
            raise TypeError(
                f"{self.name}: forward took {len(self.args)} arguments, backward returned {len(grads)} gradients"
            )
        return tuple([grads[i] for i in self.places])
