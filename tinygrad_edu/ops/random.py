"""Random numbers: generators with a seed, and the distributions that PyTorch offers.

The same seed gives the same numbers on every run. They are NumPy's streams (PCG64DXSM), so not PyTorch's numbers.
A random result has no gradient; in-place forms (``x.normal_()``) overwrite x and its history.
"""

from __future__ import annotations

import math
import os
import threading
from typing import Any

import numpy as np

from ..autograd.checkpoint import states
from ..autograd.modes import no_grad
from ..autograd.op import Op
from ..autograd.variable import Variable, make
from ..backend import array_namespace, device, device_of, placed
from ..backend.dtypes import FLOATING, as_dtype, category, float32, float64, get_default_dtype, int64, is_half
from ..errors import DeviceError, DTypeError, ShapeError
from .inplace import write

__all__ = [
    "Generator", "bernoulli", "default_generator", "get_rng_state", "initial_seed", "manual_seed", "multinomial",
    "normal", "poisson", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm", "seed",
    "set_rng_state",
]  # fmt: skip


def _entropy() -> int:
    return int.from_bytes(os.urandom(8), "little") >> 1


class Generator:
    """A stream of random numbers on one device.

    >>> g = Generator().manual_seed(3)
    >>> first = randn(2, generator=g)
    >>> bool((first == randn(2, generator=g.manual_seed(3))).all())
    True
    """

    def __init__(self, device: Any = "cpu"):
        self._place = device
        self.manual_seed(0)

    @property
    def device(self) -> device:
        """Where its numbers are made."""
        return device(self._place)

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream that belongs to a seed; returns the generator."""
        self._seed = int(seed) % 2**64
        self._start(self._seed)
        return self

    def seed(self) -> int:
        """Start a stream by a seed from the operating system; returns the seed."""
        return self.manual_seed(_entropy()).initial_seed()

    def initial_seed(self) -> int:
        """The seed that the stream started from."""
        return self._seed

    def _start(self, seed: int) -> None:
        self._restarts = 0
        with placed(self._place) as xp:
            self.stream = np.random.Generator(np.random.PCG64DXSM(seed)) if xp is np else xp.random.default_rng(seed)

    def get_state(self) -> Any:
        """What ``set_state`` takes to repeat the numbers that come next."""
        if isinstance(self.stream, np.random.Generator):
            return self._seed, self.stream.bit_generator.state
        # A stream on a device can't be read: go on with a new one, whose seed is the state.
        seed = np.random.SeedSequence([self._seed, self._restarts + 1]).generate_state(1, np.uint64).item()
        restarts = self._restarts + 1
        self._start(seed)
        self._restarts = restarts
        return self._seed, (seed, restarts)

    def set_state(self, state: Any) -> Generator:
        """Go back to a state; returns the generator."""
        self._seed, inner = state
        if isinstance(self.stream, np.random.Generator):
            self.stream.bit_generator.state = inner
        else:
            self._start(inner[0])
            self._restarts = inner[1]
        return self

    def __getstate__(self) -> Any:
        return self._place, self.get_state()

    def __setstate__(self, state: Any) -> None:
        self.__init__(state[0])  # type: ignore[misc]
        self.set_state(state[1])


class _Defaults:
    """The generator that functions use where they are given none: one a device, made when first used."""

    def __init__(self) -> None:
        self.seed = _entropy()
        self.made: dict[str, Generator] = {}
        self.lock = threading.Lock()

    def on(self, where: Any) -> Generator:
        name = str(device("cpu" if where is None else where))
        with self.lock:
            if name not in self.made:
                self.made[name] = Generator(name).manual_seed(self.seed)
            return self.made[name]


_defaults = _Defaults()


def default_generator(where: Any = "cpu") -> Generator:
    """The generator that random functions use on a device unless they are given another."""
    return _defaults.on(where)


def manual_seed(seed: int) -> Generator:
    """Seed the default generators of all devices; returns that of the CPU.

    >>> _ = manual_seed(0)
    >>> a = rand(3)
    >>> _ = manual_seed(0)
    >>> bool((a == rand(3)).all())
    True
    """
    _defaults.seed = int(seed) % 2**64
    for generator in _defaults.made.values():
        generator.manual_seed(seed)
    return _defaults.on("cpu")


def seed() -> int:
    """Seed the default generators from the operating system; returns the seed."""
    return manual_seed(_entropy()).initial_seed()


def initial_seed() -> int:
    """The seed of the CPU's default generator."""
    return _defaults.on("cpu").initial_seed()


def get_rng_state() -> Any:
    """The state of the CPU's default generator."""
    return _defaults.on("cpu").get_state()


def set_rng_state(state: Any) -> None:
    """Put the CPU's default generator back to a state."""
    _defaults.on("cpu").set_state(state)


def _all_states() -> dict:
    return {name: generator.get_state() for name, generator in _defaults.made.items()}


def _set_all_states(saved: dict) -> None:
    for name, state in saved.items():
        _defaults.on(name).set_state(state)


states.append((_all_states, _set_all_states))  # a checkpointed stretch draws the same numbers when it runs again


def _stream(generator: Generator | None, where: Any) -> Any:
    if generator is None:
        return _defaults.on(where).stream
    if generator.device.type != device("cpu" if where is None else where).type:
        raise DeviceError(f"random: the generator is on {generator.device}, the numbers are asked for on {where}")
    return generator.stream


def draw(kind: str, shape: tuple, dtype: np.dtype, where: Any, generator: Generator | None) -> Any:
    """An array of ``"random"`` (uniform in [0, 1)) or ``"standard_normal"`` numbers."""
    stream = _stream(generator, where)
    wide = float64 if dtype == float64 else float32
    with placed(where) as xp:
        values = xp.asarray(getattr(stream, kind)(shape, dtype=wide))
    if is_half(dtype) and kind == "random":  # rounding to 16 bits must not reach 1
        bits = 11 if dtype.kind == "f" else 8
        values = xp.floor(values * 2**bits) / 2**bits
    return values.astype(dtype) if values.dtype != dtype else values


def _made(array: Any, requires_grad: bool = False) -> Any:
    x = make(Op.tensor_class, array)
    return x.requires_grad_() if requires_grad else x  # type: ignore[attr-defined]


def _float_dtype(dtype: Any, what: str) -> np.dtype:
    dtype = get_default_dtype() if dtype is None else as_dtype(dtype)
    if category(dtype) != FLOATING:
        raise DTypeError(f"{what}: expected a floating dtype, got {dtype}")
    return dtype


def _shape(size: tuple, what: str) -> tuple[int, ...]:
    if len(size) == 1 and hasattr(size[0], "__iter__"):
        size = tuple(size[0])
    if not all(isinstance(n, int | np.integer) and n >= 0 for n in size):
        raise ShapeError(f"{what}: expected integer sizes >= 0, got {size}")
    return tuple(int(n) for n in size)


def rand(
    *size: Any, generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """Uniform in [0, 1)."""
    return _made(draw("random", _shape(size, "rand"), _float_dtype(dtype, "rand"), device, generator), requires_grad)


def randn(
    *size: Any, generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """Normal with mean 0 and standard deviation 1."""
    array = draw("standard_normal", _shape(size, "randn"), _float_dtype(dtype, "randn"), device, generator)
    return _made(array, requires_grad)


def rand_like(input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """Uniform in [0, 1), in the shape, dtype and device of ``input``."""
    return rand(input.shape, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad)


def randn_like(input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """Standard normal, in the shape, dtype and device of ``input``."""
    return randn(input.shape, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad)


def _integers(low: int, high: int, shape: tuple, dtype: np.dtype, where: Any, generator: Generator | None) -> Any:
    if high <= low:
        raise ShapeError(f"randint: expected low < high, got {low} and {high}")
    with placed(where) as xp:
        return xp.asarray(_stream(generator, where).integers(low, high, size=shape)).astype(dtype)


def randint(
    *bounds_and_size: Any,
    generator: Generator | None = None,
    dtype: Any = int64,
    device: Any = None,
    requires_grad: bool = False,
    low: int | None = None,
    high: int | None = None,
    size: Any = None,
) -> Any:
    """Integers in [low, high): ``randint(high, size)`` or ``randint(low, high, size)``."""
    given = list(bounds_and_size)
    if size is None:
        if not given:
            raise ShapeError("randint: expected randint(high, size) or randint(low, high, size)")
        size = given.pop()
    if high is None:
        if not given:
            raise ShapeError("randint: expected randint(high, size) or randint(low, high, size)")
        high = given.pop()
    if low is None:
        low = given.pop() if given else 0
    array = _integers(int(low), int(high), _shape((size,), "randint"), as_dtype(dtype), device, generator)
    return _made(array, requires_grad)


def randint_like(input: Any, low: int, high: int | None = None, *, dtype: Any = None, device: Any = None) -> Any:
    """Integers in [low, high), in the shape, dtype and device of ``input``; one bound alone is ``high``."""
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high, input.shape, dtype=dtype or input.dtype, device=device or input.device)


def randperm(
    n: int, *, generator: Generator | None = None, dtype: Any = int64, device: Any = None, requires_grad: bool = False
) -> Any:
    """The numbers 0 ... n - 1 in random order."""
    if n < 0:
        raise ShapeError(f"randperm: expected n >= 0, got {n}")
    keys = draw("random", (n,), float64, device, generator)
    return _made(array_namespace(keys).argsort(keys).astype(as_dtype(dtype)), requires_grad)


def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """Normal with the given mean and standard deviation: numbers with a size, or Tensors, one for each element."""
    tensors = [v for v in (mean, std) if isinstance(v, Variable)]
    if (isinstance(std, Variable) and bool((std.array < 0).any())) or (not isinstance(std, Variable) and std < 0):
        raise ShapeError(f"normal: expected a standard deviation >= 0, got {std}")
    if not tensors:
        x = randn(*(() if size is None else _shape((size,), "normal")), generator=generator, dtype=dtype, device=device)
        return _made((x * float(std) + float(mean)).array, requires_grad)
    if size is not None:
        raise ShapeError("normal: a size is for numbers; Tensors bring their own shape")
    shape = np.broadcast_shapes(*[v.array.shape for v in tensors])
    with no_grad():
        noise = _made(draw("standard_normal", shape, tensors[0].array.dtype, device_of(tensors[0].array), generator))
        return (noise * std + mean).detach()


def bernoulli(input: Any, p: float | None = None, *, generator: Generator | None = None) -> Any:
    """1 with the probability that the element of ``input`` says (or p), else 0; in the dtype of ``input``."""
    return _made(_bernoulli(input.array, input.array if p is None else p, generator))


def _bernoulli(like: Any, p: Any, generator: Generator | None) -> Any:
    low, high = (p, p) if isinstance(p, float | int) else (p.min(), p.max()) if p.size else (0, 1)
    if not (low >= 0 and high <= 1):
        raise ShapeError(f"bernoulli: expected probabilities in [0, 1], got {float(low)} to {float(high)}")
    return (draw("random", like.shape, float64, device_of(like), generator) < p).astype(like.dtype)


def multinomial(input: Any, num_samples: int, replacement: bool = False, *, generator: Generator | None = None) -> Any:
    """Indices drawn with the given weights: input (N,) or (M, N) -> (num_samples,) or (M, num_samples).

    Without replacement the k indices of the largest ``u^(1/w)`` (u uniform) are taken: Efraimidis and Spirakis 2006.
    """
    w = input.array
    if w.ndim not in (1, 2) or category(w.dtype) != FLOATING:
        raise ShapeError(
            f"multinomial: expected floating weights of shape (N,) or (M, N), got {w.dtype} {tuple(w.shape)}"
        )
    xp = array_namespace(w)
    w = w.astype(float64)
    if not bool(xp.isfinite(w).all()) or bool((w < 0).any()) or not bool((w.sum(-1) > 0).all()):
        raise ShapeError("multinomial: expected finite weights >= 0 with a positive sum")
    if num_samples < 1 or (not replacement and num_samples > int(xp.count_nonzero(w, axis=-1).min())):
        raise ShapeError(f"multinomial: can't draw {num_samples} of {w.shape[-1]} without replacement")
    where = device_of(w)
    if replacement:
        total = xp.cumsum(w, axis=-1)
        u = draw("random", (*w.shape[:-1], num_samples), float64, where, generator) * total[..., -1:]
        picked = (u[..., None] >= total[..., None, :]).sum(-1)
        last = w.shape[-1] - 1 - xp.argmax(w[..., ::-1] > 0, axis=-1)
        return _made(xp.minimum(picked, last[..., None]).astype(int64))
    u = draw("random", w.shape, float64, where, generator)
    with no_grad():
        keys = xp.where(w > 0, xp.log1p(-u) / xp.where(w > 0, w, 1), -math.inf)
    return _made(xp.argsort(-keys, axis=-1)[..., :num_samples].astype(int64))


def poisson(input: Any, generator: Generator | None = None) -> Any:
    """Poisson counts with the rates of ``input``, in its dtype."""
    rates = input.array
    if rates.size and not bool((rates >= 0).all()):
        raise ShapeError("poisson: expected rates >= 0")
    with placed(device_of(rates)) as xp:
        counts = xp.asarray(_stream(generator, device_of(rates)).poisson(rates.astype(float64)))
    return _made(counts.astype(rates.dtype))


def _overwrite(x: Any, array: Any, name: str) -> Any:
    return write(x, _made(array.astype(x.array.dtype) if array.dtype != x.array.dtype else array), name)


def _uniform(x: Any, generator: Generator | None) -> Any:
    return draw("random", x.array.shape, float64, device_of(x.array), generator)


def uniform_(input: Any, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None) -> Any:
    """Overwrite with numbers uniform in [a, b)."""
    _float_dtype(input.array.dtype, "uniform_")
    if not a <= b:
        raise ShapeError(f"uniform_: expected a <= b, got {a} and {b}")
    u = draw("random", input.array.shape, input.array.dtype, device_of(input.array), generator)
    return _overwrite(input, u * (b - a) + a, "uniform_")


def normal_(input: Any, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Any:
    """Overwrite with normal numbers."""
    _float_dtype(input.array.dtype, "normal_")
    if std < 0:
        raise ShapeError(f"normal_: expected a standard deviation >= 0, got {std}")
    z = draw("standard_normal", input.array.shape, input.array.dtype, device_of(input.array), generator)
    return _overwrite(input, z * std + mean, "normal_")


def bernoulli_(input: Any, p: Any = 0.5, *, generator: Generator | None = None) -> Any:
    """Overwrite with 1 (probability p, a number or a Tensor) and 0."""
    p = p.array if isinstance(p, Variable) else p
    return _overwrite(input, _bernoulli(input.array, p, generator), "bernoulli_")


def exponential_(input: Any, lambd: float = 1.0, *, generator: Generator | None = None) -> Any:
    """Overwrite with exponentially distributed numbers of rate ``lambd``."""
    u = _uniform(input, generator)
    return _overwrite(input, -array_namespace(u).log1p(-u) / lambd, "exponential_")


def log_normal_(input: Any, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Any:
    """Overwrite with numbers whose logarithm is normal."""
    z = draw("standard_normal", input.array.shape, float64, device_of(input.array), generator)
    return _overwrite(input, array_namespace(z).exp(z * std + mean), "log_normal_")


def cauchy_(input: Any, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Any:
    """Overwrite with Cauchy-distributed numbers."""
    u = _uniform(input, generator)
    return _overwrite(input, median + sigma * array_namespace(u).tan(math.pi * (u - 0.5)), "cauchy_")


def geometric_(input: Any, p: float, *, generator: Generator | None = None) -> Any:
    """Overwrite with the number of trials, from 1, until the first success of probability p."""
    if not 0 < p < 1:
        raise ShapeError(f"geometric_: expected 0 < p < 1, got {p}")
    u = _uniform(input, generator)
    xp = array_namespace(u)
    return _overwrite(input, xp.maximum(xp.ceil(xp.log1p(-u) / math.log1p(-p)), 1), "geometric_")


def random_(input: Any, from_: int = 0, to: int | None = None, *, generator: Generator | None = None) -> Any:
    """Overwrite with integers in [from_, to); up to what the dtype holds exactly where ``to`` is None."""
    dtype = input.array.dtype
    if to is None:
        to = 2**24 if dtype == float32 else 2**53 if dtype == float64 else 2**11 if dtype.kind == "f" else (
            2 if dtype.kind == "b" else int(np.iinfo(dtype).max)
        )  # fmt: skip
    return _overwrite(
        input, _integers(from_, to, input.array.shape, int64, device_of(input.array), generator), "random_"
    )
