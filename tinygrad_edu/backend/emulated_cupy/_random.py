"""Random numbers. They are NumPy's: CuPy's come from other generators, so the numbers differ, and only those."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._array import check_dtype, lift, lower
from ._calls import WRITTEN_OUT, instead
from ._surface import SURFACE, VERSION

_DEFAULTS = {"__builtins__": {"locals": locals}, "float": float, "int": int, "float64": np.float64, "int64": np.int64}
_RENAMED = {"shuffle": {"a": "x"}, "permutation": {"a": "x"}}


class _Distributions:
    """Draws what the recorded methods of one of CuPy's generators draw."""

    _path: str
    _rng: Any

    def __getattr__(self, name: str) -> Callable:
        text = SURFACE["methods"][self._path].get(name)
        draw = getattr(self._rng, name, None) if text is not None else None
        if text is None or draw is None or name == "multivariate_normal":
            has = f"CuPy {VERSION} has it not" if text is None else "CuPy has it, its stand-in does not"
            raise AttributeError(f"cupy.{self._path}.{name}: {has}")
        operation = f"cupy.{self._path}.{name}"
        bind = eval(f"lambda {text}: locals()", _DEFAULTS)  # a recorded signature, so Python itself checks the call
        renamed = _RENAMED.get(name, {})

        def method(*args: Any, **kwargs: Any) -> Any:
            given = bind(self, *args, **kwargs)
            del given["self"]
            dtype = given.pop("dtype", None)
            drawn = draw(**{renamed.get(key, key): lower(value, operation) for key, value in given.items()})
            if drawn is None:
                return None
            return lift(np.asarray(drawn, None if dtype is None else check_dtype(dtype, operation)), operation)

        self.__dict__[name] = method
        return method


@instead("random.RandomState")
class RandomState(_Distributions):
    """The older generator: all distributions of CuPy, each with ``size`` and ``dtype``."""

    _path = "random.RandomState"

    def __init__(self, seed: Any = None, method: Any = None):
        self._rng = np.random.RandomState(seed)

    def rand(self, *size: int, dtype: Any = float) -> Any:
        """Draw from [0, 1)."""
        return self.random_sample(size, dtype)

    def randn(self, *size: int, dtype: Any = float) -> Any:
        """Draw from the standard normal distribution."""
        return self.standard_normal(size, dtype)


@instead("random.Generator")
class Generator(_Distributions):
    """The newer generator."""

    _path = "random.Generator"

    def __init__(self, bit_generator: Any):
        self._rng = np.random.Generator(bit_generator)


@instead("random.default_rng")
def default_rng(seed: Any = None) -> Generator:
    """Make a generator from a seed."""
    return Generator(np.random.Philox(seed))


_state = RandomState()


@instead("random.get_random_state")
def get_random_state() -> RandomState:
    """Return the module's own generator."""
    return _state


def _of_the_module(method: str) -> Callable:
    def function(*args: Any, **kwargs: Any) -> Any:
        return getattr(_state, method)(*args, **kwargs)

    function.__name__ = method
    return function


for _path in SURFACE["functions"]:
    _module, _, _name = _path.rpartition(".")
    _name = {"random": "random_sample", "ranf": "random_sample", "sample": "random_sample"}.get(_name, _name)
    if _module == "random" and _path not in WRITTEN_OUT and _name in SURFACE["methods"]["random.RandomState"]:
        instead(_path)(_of_the_module(_name))
