"""``tinygrad-edu gradcheck mymodule:myfunction``: the gradient check from a shell."""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.function import Function
from ..autograd.op import Op
from ..autograd.variable import Variable
from ..backend import silent
from ..backend.dtypes import float64
from ..creation import as_tensor
from .checking import Settings
from .failure import GradcheckError
from .gradcheck import examine, steps

PASSED, WRONG, MISUSED = range(3)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        "target", help="module:function, found from the current directory; the name may have dots: module:Class.method"
    )
    parser.add_argument(
        "--shape",
        action="append",
        default=[],
        metavar="N,N",
        help='shape of an input, once for each: 3,4 (a number alone: "")',
    )
    parser.add_argument("--low", type=float, default=-2.0, help="smallest random input (default %(default)s)")
    parser.add_argument("--high", type=float, default=2.0, help="largest random input (default %(default)s)")
    parser.add_argument(
        "--order", type=int, choices=(1, 2), default=1, help="2: check the second derivatives too (default 1)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the random inputs (default %(default)s)")
    parser.add_argument("--rtol", type=float, default=Settings.rtol, help="relative tolerance (default %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Check the function and print a verdict for each step.

    Returns
    -------
    int
        0: nothing is wrong; 1: a gradient is; 2: the function was not found, or could not be called.
    """
    try:
        target, owner = _find(args.target)
        inputs = _inputs(target, owner, args)
    except _MisuseError as error:
        print(f"tinygrad-edu gradcheck: {error}", file=sys.stderr)
        return MISUSED
    print(f"gradcheck {args.target}")
    for i, x in enumerate(inputs):
        print(f"  input {i}   " + (f"{x.dtype} of shape {tuple(x.shape)}" if isinstance(x, Variable) else repr(x)))
    for order in range(1, args.order + 1):
        try:
            verdict = _print_steps(_callable(target), inputs, order, Settings(rtol=args.rtol, seed=args.seed))
        except Exception as error:  # whatever the user's function raises
            print(f"\ntinygrad-edu gradcheck: {args.target} raised {type(error).__name__}: {error}", file=sys.stderr)
            return MISUSED
        if verdict != PASSED:
            return verdict
    print("\nall right")
    return PASSED


def _print_steps(func: Callable, inputs: list, order: int, settings: Settings) -> int:
    print(f"\n{'first' if order == 1 else 'second'} derivatives")
    try:
        with silent():
            for step in steps(func, inputs, order, settings):
                print(f"  ok      {step}")
    except GradcheckError as error:
        print(f"  WRONG   {error.failure.headline}\n")
        smallest = examine(func, inputs, order, None, settings) or error.failure
        print(smallest.text("on the smallest inputs that show it"))
        if smallest.cause in ("not finite", "edge"):
            print("\nRandom inputs are drawn between --low and --high: keep them inside of the domain.")
        return WRONG
    return PASSED


class _MisuseError(Exception):
    """The command can't be carried out as it was given."""


def _find(target: str) -> tuple[Any, Any]:
    """What ``module:name`` names, and its module."""
    module_name, colon, name = target.partition(":")
    if not colon or not module_name or not name:
        raise _MisuseError(f"expected module:function, such as mymodule:myfunction, got {target!r}")
    if module_name.endswith(".py") or os.sep in module_name:
        right = module_name.removesuffix(".py").replace(os.sep, ".").strip(".")
        raise _MisuseError(f"expected the name of a module, not of a file; try {right}:{name}")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            raise _MisuseError(
                f"there is no module {module_name!r} here ({here}) or among the installed ones"
            ) from None
        raise _MisuseError(f"{module_name} can't be imported: {error}") from error
    except Exception as error:  # what a module does when imported is its own
        raise _MisuseError(f"{module_name} can't be imported: {type(error).__name__}: {error}") from error
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            have = [
                n
                for n, v in vars(module).items()
                if callable(v) and not n.startswith("_") and getattr(v, "__module__", "") == module_name
            ]
            raise _MisuseError(
                f"{module_name} has no {name!r}" + (f"; it has {', '.join(sorted(have))}" if have else "")
            )
        found = getattr(found, part)
    if not callable(found):
        raise _MisuseError(f"{target} is {type(found).__name__}, not a function")
    return found, module


def _callable(target: Any) -> Callable:
    """The function itself; of an Op or a Function, what applies it."""
    if isinstance(target, type) and issubclass(target, Op):
        return lambda *xs: target()(*xs)
    if isinstance(target, type) and issubclass(target, Function):
        return target.apply
    return target


def _inputs(target: Any, module: Any, args: argparse.Namespace) -> list:
    """Random inputs of the shapes that were asked for, or those that the function or its module brings along."""
    rng = np.random.default_rng(args.seed)
    if args.shape:
        if args.low >= args.high:
            raise _MisuseError(f"expected --low below --high, got {args.low} and {args.high}")
        return [
            as_tensor(rng.uniform(args.low, args.high, _shape(text)), float64).requires_grad_() for text in args.shape
        ]
    given = getattr(target, "inputs", None)
    if given is None or isinstance(target, type):  # an Op's own ``inputs`` are what backward reads
        given = getattr(module, "inputs", None)
    if given is None:
        raise _MisuseError(
            f"what should {args.target} be called with? Give {_wanted(target)}, or set an attribute `inputs` of the function or of its module"
        )
    given = given() if callable(given) and not isinstance(given, Variable) else given
    given = [given] if isinstance(given, Variable | np.ndarray) else list(given)
    return [_prepared(x) for x in given]


def _prepared(x: Any) -> Any:
    """Arrays of floats as Tensors that require a gradient; what is a Tensor already was made so by its author."""
    if isinstance(x, np.ndarray):
        return as_tensor(x, float64).requires_grad_() if x.dtype.kind == "f" else as_tensor(x)
    return x


def _shape(text: str) -> tuple[int, ...]:
    try:
        shape = tuple(int(n) for n in text.strip("() ").split(",") if n.strip())
    except ValueError:
        shape = (-1,)
    if any(n < 0 for n in shape):
        raise _MisuseError(f"expected --shape as sizes with commas between them, such as 3,4, got {text!r}")
    return shape


def _wanted(target: Any) -> str:
    try:
        needed = [
            p.name
            for p in inspect.signature(target).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty
        ]
    except (TypeError, ValueError):
        needed = []
    if not needed or isinstance(target, type):
        return "--shape for each input, such as --shape 3,4"
    return f"--shape for each of {', '.join(needed)}, such as " + " ".join(["--shape 3,4"] * len(needed))
