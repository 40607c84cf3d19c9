"""A call as CuPy would take it, computed by NumPy: the check of every argument, and what comes back."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..floating_point import IGNORE, ignore, restore
from ._array import host_array, lift, lower, ndarray
from ._rules import (
    DEVICE,
    HOST,
    HOST_IN,
    LEFT_OUT_PARAMETERS,
    RENAMED,
    SEQUENCES,
    SORTS,
    TAKES_NUMBERS,
    WAITS,
    WARNS,
)
from ._state import current, sync, wrong_device
from ._surface import VERSION, Signature

# Functions that are written out, by path: "put", "linalg.solve". Filled by `instead`.
WRITTEN_OUT: dict[str, Callable] = {}


def instead(*paths: str) -> Callable[[Callable], Callable]:
    """Register a function to stand for CuPy's of these names. Its parameters are exactly CuPy's."""

    def register(function: Callable) -> Callable:
        WRITTEN_OUT.update(dict.fromkeys(paths, function))
        return function

    return register


def checked(path: str, target: Callable, signature: Signature) -> Callable:
    """Make a function that takes what CuPy's takes, computes with NumPy's, and gives what CuPy's gives.

    Parameters
    ----------
    path : str
        CuPy's name, "sum" or "ndarray.sum".
    target : callable
        NumPy's function or method.
    signature : Signature
        CuPy's parameters.
    """
    operation = f"cupy.{path}"
    positional = [_reader(path, name, i < signature.required) for i, name in enumerate(signature.positional)]
    rest = (read_device if signature.variadic in SEQUENCES else lower) if signature.variadic else None
    named = {name: _reader(path, name, False) for name in signature.keywords - LEFT_OUT_PARAMETERS}
    named |= dict(zip(signature.positional, positional, strict=True))
    keywords = _Everything() if signature.any_keyword else signature.keywords - LEFT_OUT_PARAMETERS
    renamed = RENAMED.get(path, {})
    out_at = signature.positional.index("out") if "out" in signature.positional else None
    waits, warns, sorts = path in WAITS, path in WARNS, path in SORTS

    def call(*args: Any, **kwargs: Any) -> Any:
        if len(args) > len(positional) and rest is None:
            raise TypeError(f"{operation}() takes {len(positional)} positional arguments but {len(args)} were given")
        lowered = [read(value, operation) for read, value in zip(positional, args, strict=False)]
        if rest is not None:
            lowered += [rest(value, operation) for value in args[len(positional) :]]
        options = {}
        for name, value in kwargs.items():
            if name not in keywords:
                raise TypeError(f"{operation}() got an unexpected keyword argument {name!r}")
            options[renamed.get(name, name)] = named.get(name, lower)(value, operation)
        if sorts:  # CuPy always sorts stably
            if options.setdefault("kind", "stable") not in (None, "stable"):
                raise ValueError(f"{operation}: CuPy sorts stably, kind={options['kind']!r} is not to be had")
            options["kind"] = "stable"
        if waits:
            sync(path.rpartition(".")[2])
        result = _quietly(target, lowered, options) if warns else run(target, lowered, options)
        out = kwargs.get("out") if out_at is None or out_at >= len(args) else args[out_at]
        if out is not None:
            return out
        if lowered and result is lowered[0] and type(args[0]) is ndarray:
            return args[0]
        return lift(result, operation)

    call.__name__ = call.__qualname__ = path.rpartition(".")[2]
    call.__doc__ = f"cupy.{path} of CuPy {VERSION}, computed by NumPy."
    return call


def compute(operation: str, target: Callable, *args: Any, **options: Any) -> Any:
    """Call a NumPy function on device arrays and give device arrays: the body of what is written out."""
    lowered = [lower(value, operation) for value in args]
    return lift(run(target, lowered, {k: lower(v, operation) for k, v in options.items()}), operation)


def run(target: Callable, args: list, options: dict[str, Any]) -> Any:
    token = ignore(IGNORE)
    try:
        return target(*args, **options)
    finally:
        restore(token)


def _quietly(target: Callable, args: list, options: dict[str, Any]) -> Any:
    """Compute a mean of nothing without NumPy's warning. Catching it is slow, so only where there may be one."""
    few = options.get("ddof") or len(args) != 1 or args[0].size == 0 or target.__name__.startswith("nan")
    if not few:
        return run(target, args, options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return run(target, args, options)


class _Everything:
    """The names that **kwargs takes."""

    def __contains__(self, name: str) -> bool:
        return True


# Readers of one argument


def _reader(path: str, name: str, required: bool) -> Callable[[Any, str], Any]:
    """Return how a parameter is read: as a host value, a device array, a sequence of them, or any of these."""
    if name in HOST or name in HOST_IN.get(path, ()):
        return _read_host
    if name in DEVICE and required and path not in TAKES_NUMBERS:
        return read_device
    return _read_sequence if name in SEQUENCES else lower


def read_device(value: Any, operation: str) -> np.ndarray:
    if type(value) is not ndarray:
        if isinstance(value, np.ndarray):
            raise host_array(operation)
        raise TypeError(f"{operation}: expected a device array, got {type(value).__name__}")
    if value._device != current.device:
        raise wrong_device(operation, value._device)
    return value._a


def _read_sequence(value: Any, operation: str) -> Any:
    if type(value) is tuple or type(value) is list:
        return [read_device(v, operation) for v in value]
    return read_device(value, operation)


def _read_host(value: Any, operation: str) -> Any:
    if type(value) is ndarray:
        raise TypeError(
            f"{operation}: expected a Python value where a device array came; "
            "the host would have to wait for it, say int(x) if that is meant"
        )
    if isinstance(value, np.ndarray):
        raise host_array(operation)
    return value
