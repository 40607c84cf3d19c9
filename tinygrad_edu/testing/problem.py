"""A function and its inputs, as a gradient check sees them: something to be called at other values and differentiated."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..autograd import grad
from ..autograd.modes import enable_grad
from ..autograd.variable import Variable, make
from ..backend import CPU, as_array, device_of, move
from ..backend.dtypes import float64, is_floating
from ..errors import GradError


class Problem:
    """A function with the inputs to check it at.

    The user's own tensors are given other values for the time of the check (``with problem:``), so that a function may
    reach them any way it likes: ``gradcheck(lambda *_: model(x), list(model.parameters()))``. Floats of fewer bits are
    widened: numeric derivatives need float64.
    """

    def __init__(self, func: Callable, inputs: Any, what: str, names: Sequence[str] = ()):
        self.func = func
        self.inputs = [inputs] if isinstance(inputs, Variable) else list(inputs)
        self.places = [i for i, x in enumerate(self.inputs) if isinstance(x, Variable) and x.requires_grad]  # type: ignore[attr-defined]
        if not self.places:
            raise GradError(
                f"{what}: no input requires a gradient; call requires_grad_() on those that should be checked"
            )
        self.tensors: list[Any] = [self.inputs[i] for i in self.places]
        labels = list(names) or _labels(func, len(self.inputs))
        self.labels = [labels[i] for i in self.places]
        self.result = "output {}"
        self.order = 1
        self._mine = [x.array for x in self.tensors]

    def __enter__(self) -> Problem:
        return self

    def __exit__(self, *error: object) -> None:
        for x, array in zip(self.tensors, self._mine, strict=True):
            _put(x, array)

    @property
    def arrays(self) -> list:
        """Copies of the inputs' numbers in float64, where they lie: an operation that spoils its input spoils a copy."""
        return [a.astype(float64) for a in self._mine]

    def __call__(self, arrays: Sequence[Any]) -> list:
        """The outputs at other values; arrays on the host are moved to where the inputs are."""
        for x, mine, array in zip(self.tensors, self._mine, arrays, strict=True):
            _put(x, as_array(array, None, device_of(mine)))
        with enable_grad():
            return outputs(self.func(*self.inputs), getattr(self.func, "__name__", "the function"))


def second_order(first: Problem, arrays: Sequence[Any], grad_outputs: Any, rng: np.random.Generator) -> Problem | None:
    """The gradient of a problem as a problem of its own, in the inputs and in the gradients of the outputs (dy).

    None where no output has a gradient.
    """
    outs = first(arrays)
    chosen = [i for i, y in enumerate(outs) if y.requires_grad]
    if not chosen:
        return None
    if grad_outputs is None:
        given = [cotangent(outs[i], rng) for i in chosen]
    else:
        given = [grad_outputs] if isinstance(grad_outputs, Variable) else list(grad_outputs)
    dys = [v if v.requires_grad else v.detach().requires_grad_() for v in given]
    count = len(first.inputs)

    def gradient(*args: Any) -> tuple:
        ys = outputs(first.func(*args[:count]), "the function")
        xs = [args[i] for i in first.places]
        found = grad([ys[i] for i in chosen], xs, args[count:], create_graph=True, allow_unused=True)
        return tuple([g for g in found if g is not None])

    first(arrays)
    labels = [*_labels(first.func, count), *(f"dy of output {i}" for i in chosen)]
    second = Problem(gradient, [*first.inputs, *dys], "gradgradcheck", labels)
    found = grad([outs[i] for i in chosen], first.tensors, dys, allow_unused=True)
    names = [f"the gradient of {label}" for label, g in zip(first.labels, found, strict=True) if g is not None]
    second.result, second.order = "\n".join(names), 2
    return second if names else None


def outputs(out: Any, what: str) -> list:
    """The Tensors among what a function returned."""
    found = [out] if isinstance(out, Variable) else [y for y in out if isinstance(y, Variable)] if _several(out) else []
    if not found and not (_several(out) and len(out) == 0):
        raise TypeError(
            f"{what}: expected a function that returns a Tensor or a tuple of them, got {type(out).__name__}"
        )
    return found


def _several(out: Any) -> bool:
    return isinstance(out, tuple | list)


def is_real(y: Any) -> bool:
    """Does an output have floating numbers, and so possibly a derivative?"""
    return is_floating(y.array.dtype)


def cotangent(y: Any, rng: np.random.Generator) -> Any:
    """A random gradient for an output: numbers of either sign, none near 0."""
    v = rng.uniform(0.5, 1.5, y.array.shape) * rng.choice([-1.0, 1.0], y.array.shape)
    return dy_like(y, v)


def dy_like(y: Any, array: Any) -> Any:
    """A gradient for an output, in its dtype and on its device, from an array."""
    return make(y.result_class, as_array(array, y.array.dtype, device_of(y.array)))


def on_host(array: Any) -> np.ndarray:
    """An independent float64 copy in NumPy, rows together."""
    return np.array(move(array, CPU), np.float64, order="C")


def _put(x: Any, array: Any) -> None:
    x.data = make(x.result_class, array)


def _labels(func: Callable, count: int) -> list[str]:
    """``input 0 (x)``, with the names of the function's parameters where it says them."""
    try:
        names = [
            p.name
            for p in inspect.signature(func).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):  # a builtin
        names = []
    return [f"input {i} ({names[i]})" if i < len(names) else f"input {i}" for i in range(count)]
