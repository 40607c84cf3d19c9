"""Derivatives of functions: products with the Jacobian from either side, the Jacobian itself, the Hessian.

For f from n numbers to m, the Jacobian J (m x n) is never needed whole to multiply by it: one backward pass gives v J
(``vjp``), and two give J v (``jvp``): v J is linear in v, and the derivative of a linear map is its transpose.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backend import array_namespace
from ..errors import GradError, ShapeError
from .gradients import grad, listed
from .modes import enable_grad
from .op import Op
from .variable import Variable


def _prepare(func: Callable, inputs: Any, create_graph: bool, what: str) -> tuple[list, Any, list]:
    """Fresh inputs that require gradients, and the function's outputs on them."""
    xs = [x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_() for x in listed(inputs)]
    out = func(*xs)
    outs = listed(out)
    if not all(isinstance(o, Variable) for o in outs):
        raise TypeError(f"{what}: expected the function to return a Tensor or a tuple of them")
    return xs, out, outs


def _matching(v: Any, like: list, what: str, name: str) -> list:
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise GradError(f"{what}: v is needed unless {name} is a single number")
        return [like[0].detach().new_ones(like[0].shape)]
    vs = listed(v)
    if [tuple(a.shape) for a in vs] != [tuple(b.shape) for b in like]:
        raise ShapeError(
            f"{what}: expected v shaped as {name}, {[tuple(b.shape) for b in like]}, got {[tuple(a.shape) for a in vs]}"
        )
    return vs


def _grads(outs: list, xs: list, vs: list, create: bool, retain: bool = False) -> list:
    """v J for each input; zeros where the outputs do not depend on it."""
    pairs = [(o, v) for o, v in zip(outs, vs, strict=True) if o.requires_grad]
    if not pairs:
        return [x.new_zeros(x.shape) for x in xs]
    ys, us = zip(*pairs, strict=True)
    return list(grad(ys, xs, us, retain_graph=retain or create, create_graph=create, materialize_grads=True))


def _as_given(values: list, given: Any) -> Any:
    return values[0] if isinstance(given, Variable) else tuple(values)


@enable_grad()
def vjp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False) -> tuple:
    """``(func(inputs), v J)``: the gradient of ``sum(v . func)``, one backward pass. v is shaped as the output."""
    xs, out, outs = _prepare(func, inputs, create_graph, "vjp")
    found = _grads(outs, xs, _matching(v, outs, "vjp", "the output"), create_graph)
    return _finished(out, create_graph), _as_given(found, inputs)


@enable_grad()
def jvp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False) -> tuple:
    """``(func(inputs), J v)``: the change of the output along v, which is shaped as the inputs. Two backward passes."""
    xs, out, outs = _prepare(func, inputs, create_graph, "jvp")
    vs = _matching(v, xs, "jvp", "the input")
    us = [o.detach().new_zeros(o.shape).requires_grad_() for o in outs]
    through = _grads(outs, xs, us, create=True)
    found = _grads(through, us, vs, create_graph)
    return _finished(out, create_graph), _as_given(found, out)


def _finished(out: Any, create_graph: bool) -> Any:
    if create_graph:
        return out
    return out.detach() if isinstance(out, Variable) else tuple(o.detach() for o in out)


class _Rows(Op):
    """The rows of a Jacobian, one above the other. d row i = dy[i]."""

    half_as_stored = True

    def forward(self, *rows: Any) -> Any:
        return array_namespace(rows[0]).stack(rows)

    def backward(self, dy: Any) -> Any:
        return tuple([dy[i] for i in range(dy.shape[0])])


@enable_grad()
def jacobian(func: Callable, inputs: Any, create_graph: bool = False) -> Any:
    """All derivatives of each output element by each input element: shape (*output, *input).

    A tuple over the inputs where they are several, within a tuple over the outputs where those are. One backward pass
    for each element of the output.
    """
    xs, out, outs = _prepare(func, inputs, create_graph, "jacobian")
    table = []
    for o in outs:
        rows: list[list] = [[] for _ in xs]
        for unit in o.detach().new_ones(o.numel()).diag().unbind(0) if o.numel() else ():
            for row, g in zip(rows, _grads([o], xs, [unit.reshape(o.shape)], create_graph, retain=True), strict=True):
                row.append(g)
        blocks = [
            _Rows()(*row).reshape((*o.shape, *x.shape)) if row else x.new_zeros((*o.shape, *x.shape))
            for row, x in zip(rows, xs, strict=True)
        ]
        table.append(_as_given(blocks, inputs))
    return _as_given(table, out)


@enable_grad()
def hessian(func: Callable, inputs: Any, create_graph: bool = False) -> Any:
    """All second derivatives of a function with one number as its value: shape (*input, *input)."""

    def gradient(*xs: Any) -> Any:
        found = _grads([_scalar(func(*xs), "hessian")], list(xs), [None], create=True)
        return _as_given(found, inputs)

    return jacobian(gradient, inputs, create_graph)


@enable_grad()
def hvp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False) -> tuple:
    """``(func(inputs), H v)`` for a function with one number as its value, without the Hessian H: two passes."""
    xs, out, _ = _prepare(func, inputs, create_graph, "hvp")
    vs = _matching(v, xs, "hvp", "the input")
    slopes = _grads([_scalar(out, "hvp")], xs, [None], create=True)
    found = _grads(slopes, xs, vs, create_graph)
    return _finished(out, create_graph), _as_given(found, inputs)


def _scalar(out: Any, what: str) -> Any:
    if not isinstance(out, Variable) or out.numel() != 1:
        raise GradError(f"{what}: expected a function whose value is a single number")
    return out
