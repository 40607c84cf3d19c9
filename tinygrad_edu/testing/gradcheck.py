"""gradcheck and gradgradcheck: are the gradients of a function right? Held against numeric derivatives, strictly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..backend import silent
from .checking import Check, Settings
from .failure import Failure, GradcheckError, values_text
from .problem import Problem, second_order
from .shrinking import inside_hypothesis, shrink


def gradcheck(
    func: Callable,
    inputs: Any,
    *,
    eps: float | None = None,
    atol: float = 1e-10,
    rtol: float = 1e-7,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = True,
    fast_mode: bool | None = None,
) -> bool:
    """Hold the gradients that backward gives against numeric ones.

    Every input that requires a gradient is checked in float64 (others are widened for the time of the check), with
    random gradients ``dy`` for the outputs. Beside the numbers it is checked that the function is deterministic and
    leaves its inputs alone, that the gradient is linear in dy and has the shape and dtype of its input, that each of
    several outputs works alone, that calls don't disturb each other, and that nothing changes where inputs and dy lie
    in memory transposed, sliced, reversed or expanded.

    Parameters
    ----------
    func
        Takes the inputs, returns a Tensor or a tuple of them. Outputs that require no gradient are passed over.
    inputs
        A Tensor or a sequence; what requires no gradient, or is no Tensor, is handed on as it is. The tensors are
        given other values while the check runs, so a function may use them without naming them as parameters.
    eps
        The largest step of the numeric derivative; by default a hundredth of the number, or 0.01 where it is small.
    atol, rtol
        Absolute tolerance, and relative to the sum of the magnitudes that a derivative is summed from. What the
        numeric derivative itself is uncertain of (typically 1e-11) is added.
    raise_exception
        False: return False on a mistake instead of raising.
    nondet_tol
        How far two calls with the same inputs may differ.
    check_undefined_grad
        Check each of several outputs alone, as where the others are not used.
    check_grad_dtypes
        Check that each gradient has the dtype of its input.
    fast_mode
        True: compare along one random direction for each input instead of every element. By default this is done
        where the inputs together have more than 128 elements; on a mistake, halving finds the element.

    Returns
    -------
    bool
        True where nothing is wrong.

    Raises
    ------
    GradcheckError
        Says which input, which element, both numbers and the likely cause, for the smallest inputs that show it.

    Examples
    --------
    >>> from tinygrad_edu.testing import gradcheck
    >>> x = tinygrad_edu.tensor([0.5, -1.5], dtype=tinygrad_edu.float64, requires_grad=True)
    >>> gradcheck(lambda x: x * x + 1 / x, x)
    True
    """
    settings = Settings(eps, rtol, atol, nondet_tol, check_undefined_grad, check_grad_dtypes, fast_mode)
    return _settle(examine(func, inputs, 1, None, settings), "gradcheck", raise_exception)


def gradgradcheck(
    func: Callable,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float | None = None,
    atol: float = 1e-10,
    rtol: float = 1e-7,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = True,
    fast_mode: bool | None = None,
) -> bool:
    """Hold the second derivatives against numeric derivatives of the first.

    The gradients of ``func`` are a function of its inputs and of the gradients dy of its outputs; ``gradcheck`` is run
    on that function. The first derivatives themselves are taken as they are: check them with ``gradcheck``.

    Parameters
    ----------
    func, inputs
        As for ``gradcheck``.
    grad_outputs
        The dy at which to check, one for each output that requires a gradient; random by default.
    eps, atol, rtol, raise_exception, nondet_tol, check_undefined_grad, check_grad_dtypes, fast_mode
        As for ``gradcheck``.

    Returns
    -------
    bool
        True where nothing is wrong.

    Raises
    ------
    GradcheckError
        As ``gradcheck`` does; the inputs that it speaks of are those of ``func`` and "dy of output 0".

    Examples
    --------
    >>> from tinygrad_edu.testing import gradgradcheck
    >>> x = tinygrad_edu.tensor([0.5, -1.5], dtype=tinygrad_edu.float64, requires_grad=True)
    >>> gradgradcheck(lambda x: x * x + 1 / x, x)
    True
    """
    settings = Settings(eps, rtol, atol, nondet_tol, check_undefined_grad, check_grad_dtypes, fast_mode)
    return _settle(examine(func, inputs, 2, grad_outputs, settings), "gradgradcheck", raise_exception)


def _settle(failure: Failure | None, what: str, raise_exception: bool) -> bool:
    if failure is not None and raise_exception:
        raise GradcheckError(failure, what)
    return failure is None


def examine(func: Callable, inputs: Any, order: int, grad_outputs: Any, settings: Settings) -> Failure | None:
    """The first mistake in the derivatives of one order, on the smallest inputs that show it."""
    with silent(), Problem(func, inputs, "gradcheck" if order == 1 else "gradgradcheck") as problem:
        failure = _run(problem, problem.arrays, order, grad_outputs, settings)
        if failure is None:
            return None
        values = [np.array(v) for v in Check(problem, problem.arrays, settings).values]
        given = values
        if grad_outputs is None and not inside_hypothesis() and all(x.is_leaf for x in problem.tensors):

            def again(candidate: list) -> Failure | None:
                try:
                    return _run(problem, candidate, order, None, settings)
                except Exception:  # the function may refuse a smaller input in any way it likes
                    return None

            extent = failure.facts.get("extent")
            values, failure = shrink(again, values, failure)
            if extent and failure.facts["extent"] != extent:
                failure.facts["extent"] = f"{extent}, before shrinking"
        failure.case = _case(problem.labels, given, values)
        return failure


def _run(problem: Problem, arrays: list, order: int, grad_outputs: Any, settings: Settings) -> Failure | None:
    if order == 1:
        return Check(problem, arrays, settings).run()
    try:
        second = second_order(problem, arrays, grad_outputs, np.random.default_rng(settings.seed + 1))
    except GradcheckError as error:
        return error.failure
    if second is None:
        return None
    with second:
        return Check(second, second.arrays, settings).run()


def steps(func: Callable, inputs: Any, order: int, settings: Settings) -> Iterator[str]:
    """The steps of a check of one order, each named when it is done; GradcheckError where one fails."""
    with Problem(func, inputs, "gradcheck") as problem:
        if order == 1:
            yield from Check(problem, problem.arrays, settings).steps()
            return
        second = second_order(problem, problem.arrays, None, np.random.default_rng(settings.seed + 1))
        if second is not None:
            with second:
                yield from Check(second, second.arrays, settings).steps()


def _case(labels: list[str], given: list[np.ndarray], values: list[np.ndarray]) -> str:
    before, after = ([v.shape for v in vs] for vs in (given, values))
    lines = [] if before == after else [f"shapes {', '.join(map(str, before))} shrunk to {', '.join(map(str, after))}"]
    return "\n".join([*lines, *(f"{label} = {values_text(v)}" for label, v in zip(labels, values, strict=True))])
