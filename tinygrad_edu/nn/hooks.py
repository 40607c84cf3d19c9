"""Hooks of modules: the handle that removes one, and the two places in the graph where backward hooks listen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd.op import Op
from ..tensor import Tensor

__all__ = ["BackwardHooks", "ModuleHook"]


class ModuleHook:
    """Removes a module's hook: ``handle.remove()``, or at the end of a ``with`` block."""

    def __init__(self, hooks: dict, hook: Callable, first: bool = False, with_kwargs: bool = False):
        self.hooks, self.hook, self.with_kwargs = hooks, hook, with_kwargs
        others = dict(hooks) if first else {}
        if first:
            hooks.clear()
        hooks[self] = hook
        hooks.update(others)

    def remove(self) -> None:
        """Take the hook away; a second time does nothing."""
        self.hooks.pop(self, None)

    def __enter__(self) -> ModuleHook:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


class BackwardHooks:
    """One call of a module, seen by its backward hooks.

    The module's tensors pass through `Entrance` on the way in and through `Exit` on the way out, which change nothing.
    Backward meets Exit first, with the gradient of the outputs, and Entrance last, with that of the inputs.
    """

    def __init__(self, module: Any, pre_hooks: dict, hooks: dict):
        self.module, self.pre_hooks, self.hooks = module, list(pre_hooks.values()), list(hooks.values())
        self.inputs = 0  # how many arguments the module got
        self.places: list[int] = []  # which of them are Tensors with a gradient
        self.dy: Any = None

    def enter(self, args: tuple) -> tuple:
        """The arguments of forward, of which those that want a gradient have passed the Entrance."""
        self.inputs = len(args)
        self.places = [i for i, x in enumerate(args) if isinstance(x, Tensor) and x.requires_grad]
        if not self.places or not self.hooks:
            self.places = []
            return args
        passed = list(args)
        for i, x in zip(self.places, Entrance(self)(*[args[i] for i in self.places]), strict=True):
            passed[i] = x
        return tuple(passed)

    def leave(self, result: Any) -> Any:
        """The result of forward: a Tensor, or a tuple, list or dict whose Tensors pass the Exit."""
        values = (
            result
            if isinstance(result, tuple | list)
            else list(result.values())
            if isinstance(result, dict)
            else [result]
        )
        tensors = [x for x in values if isinstance(x, Tensor)]
        if not any(x.requires_grad for x in tensors):
            return result
        passed = iter(Exit(self)(*tensors))
        new = [next(passed) if isinstance(x, Tensor) else x for x in values]
        if isinstance(result, dict):
            return dict(zip(result, new, strict=True))
        if isinstance(result, tuple | list):
            return type(result)(*new) if hasattr(result, "_fields") else type(result)(new)
        return new[0]

    def left(self, dy: tuple) -> tuple:
        """Backward at the Exit."""
        for hook in self.pre_hooks:
            dy = self._replaced(hook(self.module, dy), dy, "grad_output")
        self.dy = dy
        if self.hooks and not self.places:
            self.entered((None,) * self.inputs)
        return dy

    def entered(self, dx: tuple) -> tuple:
        """Backward at the Entrance; gradients of the arguments in their places."""
        dy, self.dy = self.dy, None
        for hook in self.hooks:
            dx = self._replaced(hook(self.module, dx, dy), dx, "grad_input")
        return dx

    def _replaced(self, given: Any, before: tuple, what: str) -> tuple:
        if given is None:
            return before
        given = given if isinstance(given, tuple) else (given,)
        if len(given) != len(before):
            raise ValueError(
                f"{type(self.module).__name__}: a backward hook gave {len(given)} values for the {len(before)} of {what}"
            )
        return given


class Entrance(Op):
    """The inputs of a module, copied, so that the gradients pass here on their way out of it."""

    half_as_stored = True

    def __init__(self, call: BackwardHooks):
        self.call = call

    def forward(self, *xs: Any) -> tuple:
        return tuple([x.copy() for x in xs])

    def backward(self, *dxs: Any) -> tuple:
        arguments: list[Any] = [None] * self.call.inputs
        for i, dx in zip(self.call.places, dxs, strict=True):
            arguments[i] = dx
        going_on = self.call.entered(tuple(arguments))
        return tuple([going_on[i] for i in self.call.places])


class Exit(Op):
    """The outputs of a module, copied, so that the gradients pass here on their way into it."""

    half_as_stored = True

    def __init__(self, call: BackwardHooks):
        self.call = call

    def forward(self, *ys: Any) -> tuple:
        return tuple([y.copy() for y in ys])

    def backward(self, *dys: Any) -> tuple:
        return self.call.left(dys)
