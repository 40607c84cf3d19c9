"""The steps of a gradient check, in the order in which a mistake is told best: what would spoil later steps goes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..autograd import grad
from ..autograd.variable import make
from ..backend import as_array, device_of
from .comparing import Comparison
from .diagnosis import imprecise_gradient
from .failure import Failure, GradcheckError, index_text, number_text
from .layouts import LAYOUTS, laid_out
from .problem import Problem, cotangent, dy_like, is_real, on_host

EXACT = 1e-10  # relative difference between two ways of computing the same thing


@dataclass(frozen=True)
class Settings:
    """How strict a check is."""

    eps: float | None = None  # the first step; relative to the input where None
    rtol: float = 1e-7
    atol: float = 1e-10
    nondet_tol: float = 0.0
    undefined: bool = True
    dtypes: bool = True
    fast: bool | None = None
    seed: int = 0


class Check:
    """One function at one point. ``steps`` runs the examinations one by one; each raises GradcheckError or returns."""

    def __init__(self, problem: Problem, arrays: Sequence[Any], settings: Settings):
        self.problem, self.arrays, self.settings = problem, list(arrays), settings
        self.values = [on_host(a) for a in self.arrays]
        self.labels = problem.labels
        self.rng = np.random.default_rng(settings.seed)

    def run(self) -> Failure | None:
        """The first mistake, or None."""
        try:
            for _ in self.steps():
                pass
        except GradcheckError as error:
            return error.failure
        return None

    def steps(self) -> Iterator[str]:
        """Do each step and yield what it has shown."""
        self._first_run()
        yield "the inputs are left as they were"
        self._repeatable()
        yield "the same inputs give the same outputs"
        if not self.outs:
            return
        if self.chosen:
            self._gradients()
            yield "the gradients have the shape and the dtype of their inputs"
            self._linear()
            yield "the gradients are linear in dy"
        Comparison(self).run()
        yield "the gradients agree with the numeric ones"
        if self.chosen:
            if self.settings.undefined and len(self.chosen) > 1:
                self._each_output_alone()
                yield "each output alone gives the right gradients"
            self._independent_calls()
            yield "what one call saved, another leaves alone"
            self._layouts()
            yield "the layout in memory makes no difference"

    # -- the steps

    def _first_run(self) -> None:
        outs = self.problem(self.arrays)
        self._unchanged("forward")
        self.chosen = [i for i, y in enumerate(outs) if y.requires_grad]
        self.watched = self.chosen or [i for i, y in enumerate(outs) if is_real(y)]
        self.outs = [outs[i] for i in self.watched]
        self.shapes = [tuple(y.shape) for y in self.outs]
        self.names = [self._output_name(i) for i in self.watched]
        self.here = [on_host(y.array) for y in self.outs]
        for name, y in zip(self.names, self.here, strict=True):
            if not np.isfinite(y).all():
                at = int(np.argmin(np.isfinite(y)))
                likely = "the inputs lie outside of the domain"
                raise self.failure(
                    f"{name} is {y.flat[at]} at these inputs", "not finite", likely, element(y.shape, at)
                )

    def _repeatable(self) -> None:
        likely = "the forward draws random numbers or keeps a state between calls; seed it inside the function"
        for name, a, y in zip(self.names, self.here, self.forward(self.arrays), strict=True):
            headline = f"{name} differs between two calls with the same inputs"
            self._equal(a, on_host(y.array), headline, "not deterministic", likely, ("first", "then"), tolerance=0.0)

    def _gradients(self) -> None:
        """One backward pass, looked at closely, and the same again."""
        self.dys = [cotangent(y, self.rng) for y in self.outs]
        before = [on_host(v.array) for v in self.dys]
        seen: dict[int, tuple[tuple, Any]] = {}
        handles = [
            x.register_hook(lambda g, k=k: seen.update({k: (tuple(g.shape), g.dtype)}))
            for k, x in enumerate(self.problem.tensors)
        ]
        outs = self.forward(self.arrays)
        try:
            self.grads = self.pull(outs, self.dys, retain=True)
            self.missing = [g is None for g in self._raw]
            again = self.pull(outs, self.dys)
        finally:
            for handle in handles:
                handle.remove()
        self._unchanged("backward")
        for name, v, old in zip(self.names, self.dys, before, strict=True):
            if not np.array_equal(on_host(v.array), old):
                raise self.failure(
                    f"backward changes the gradient that it is given, that of {name}",
                    "changes dy",
                    "backward works in place on dy, which others may still need",
                )
        for k, (label, a, b) in enumerate(zip(self.labels, self.grads, again, strict=True)):
            if k in seen and self.settings.dtypes:
                self._is_like(label, *seen[k], self.arrays[k])
            self._equal(
                a, b, f"the gradient of {label} differs between two backward passes over one graph",
                "backward changes its state", "backward changes what it saved, or draws random numbers", ("first", "then"),
                tolerance=0.0,
            )  # fmt: skip

    def _linear(self) -> None:
        """For gradients J^T dy: J^T(a u + b v) = a J^T u + b J^T v."""
        outs = self.forward(self.arrays)
        other = [cotangent(y, self.rng) for y in outs]
        blend = [dy_like(y, 1.7 * u.array - 0.6 * v.array) for y, u, v in zip(outs, self.dys, other, strict=True)]
        second, both = self.pull(outs, other, retain=True), self.pull(outs, blend)
        for k, label in enumerate(self.labels):
            want, got = 1.7 * self.grads[k] - 0.6 * second[k], both[k]
            size = np.abs(1.7 * self.grads[k]) + np.abs(0.6 * second[k]) + np.abs(got)
            off = np.abs(want - got) > EXACT * (size + np.max(size, initial=0)) + 1e-14
            if off.any():
                at = int(np.argmax(np.abs(want - got)))
                small = float(np.max(np.abs(want - got) / np.where(size > 0, size, 1.0))) < 1e-5
                cause, likely = (
                    imprecise_gradient([got, second[k], self.grads[k]]) if small else self._why_not_linear(k, at)
                )
                numbers = {"for sum": number_text(got.flat[at]), "sum of": number_text(want.flat[at])}
                headline = f"the gradient of {label} is not linear in dy, the gradient of the output"
                raise self.failure(headline, cause, likely, element(got.shape, at) | numbers)

    def _why_not_linear(self, k: int, at: int) -> tuple[str, str]:
        def scaled(factor: float) -> float:
            outs = self.forward(self.arrays)
            return float(
                self.pull(outs, [dy_like(y, factor * v.array) for y, v in zip(outs, self.dys, strict=True)])[k].flat[at]
            )

        once, twice, nothing = scaled(1.0), scaled(2.0), scaled(0.0)
        if twice == once and once == nothing:
            return "ignores dy", "backward does not use dy: it must multiply by the gradient that comes in"
        if abs(twice - 4 * once) < 1e-9 * abs(twice):
            return "not linear", "backward uses dy twice, as dy * dy"
        if nothing != 0:
            return (
                "not linear",
                f"backward adds something that does not depend on dy: for dy = 0 it gives {nothing:.6g} instead of 0",
            )
        return (
            "not linear",
            "backward applies something other than a linear map to dy: a power, an absolute value, a clamp",
        )

    def _each_output_alone(self) -> None:
        """A backward is given None for an output that nobody used: that must count as zero."""
        for j in range(len(self.outs)):
            outs = self.forward(self.arrays)
            zeros = [
                dy_like(o, 0 * v.array) if i != j else v for i, (o, v) in enumerate(zip(outs, self.dys, strict=True))
            ]
            want, got = self.pull(outs, zeros, retain=True), self.pull([outs[j]], [self.dys[j]])
            for label, a, b in zip(self.labels, want, got, strict=True):
                self._equal(
                    a, b, f"the gradient of {label} is wrong where {self.names[j]} alone is used",
                    "unused output", "backward is given None for an output that nobody used, and must take it as zero",
                    ("given zero", "given None"),
                )  # fmt: skip

    def _independent_calls(self) -> None:
        outs = self.forward(self.arrays)
        try:
            self.problem([_array_like(a, 0.97 * v + 0.011) for a, v in zip(self.arrays, self.values, strict=True)])
        except Exception:  # the function may refuse these other numbers as it likes
            return
        for x, a in zip(self.problem.tensors, self.arrays, strict=True):
            x.array = a
        got = self.pull(outs, self.dys)
        for label, a, b in zip(self.labels, self.grads, got, strict=True):
            self._equal(
                a, b, f"the gradient of {label} is wrong once the function was called again before backward",
                "shared state", "what forward saves is kept in one place for all calls (a class attribute, a buffer that is used "
                "again), and the second call overwrites it; save it on self, a new instance for each call",
                ("before", "after"),
            )  # fmt: skip

    def _layouts(self) -> None:
        """Every input in every layout, and dy too: same outputs, same gradients."""
        for k, array in enumerate(self.arrays):
            for layout in LAYOUTS:
                other = [laid_out(a, layout) if i == k else a for i, a in enumerate(self.arrays)]
                dense, grads = (self.here, self.grads)
                if layout == "expanded":  # other numbers: compared with a dense copy of themselves
                    if array.size < 2:
                        continue
                    copies = [laid_out(a, "C") if i == k else a for i, a in enumerate(other)]
                    try:
                        outs = self.forward(copies)
                        dense, grads = [on_host(y.array) for y in outs], self.pull(outs, self.dys)
                    except Exception:  # equal rows may lie outside of the domain: a singular matrix
                        continue
                    if [y.shape for y in dense] != [y.shape for y in self.here] or not all(
                        np.isfinite(y).all() for y in [*dense, *grads]
                    ):
                        continue
                what = f"{self.labels[k]} lies in memory as {layout!r}"
                likely = (
                    "something reads the memory in its order instead of going by strides: a kernel that takes its input for contiguous, "
                    "or a buffer that is reshaped or raveled as if it were"
                )
                outs, names = self.forward(other), ("contiguous", layout)
                for name, a, y in zip(self.names, dense, outs, strict=True):
                    self._equal(a, on_host(y.array), f"{name} is wrong where {what}", "layout", likely, names)
                for label, a, b in zip(self.labels, grads, self.pull(outs, self.dys), strict=True):
                    self._equal(a, b, f"the gradient of {label} is wrong where {what}", "layout", likely, names)
        for layout in LAYOUTS[1:]:
            outs = self.forward(self.arrays)
            dys = [make(y.result_class, laid_out(v.array, layout)) for y, v in zip(outs, self.dys, strict=True)]
            want = self.grads
            if layout == "expanded":
                want = self.pull(
                    outs, [dy_like(y, laid_out(v.array, "C")) for y, v in zip(outs, dys, strict=True)], retain=True
                )
            for label, a, b in zip(self.labels, want, self.pull(outs, dys), strict=True):
                self._equal(
                    a, b, f"the gradient of {label} is wrong where dy lies in memory as {layout!r}", "layout",
                    "backward reads dy in the order of memory instead of going by strides; dy may be expanded or transposed",
                    ("contiguous", layout),
                )  # fmt: skip

    # -- small things

    def forward(self, arrays: Sequence[Any]) -> list:
        """The watched outputs of one call."""
        outs = self.problem(arrays)
        return [outs[i] for i in self.watched]

    def pull(self, outs: list, dys: list, retain: bool = False) -> list[np.ndarray]:
        """The gradients as float64 on the host; zeros where there is none (``self._raw`` keeps the None)."""
        try:
            self._raw = grad(outs, self.problem.tensors, dys, retain_graph=retain, allow_unused=True)
        except Exception as error:  # whatever a backward raises is a mistake in it
            raise self.failure(
                f"backward raised {type(error).__name__}", "backward raises", str(error) or "see the error above"
            ) from error
        return [
            np.zeros(v.shape) if g is None else on_host(g.array) for v, g in zip(self.values, self._raw, strict=True)
        ]

    def _unchanged(self, by: str) -> None:
        for label, array, old in zip(self.labels, self.arrays, self.values, strict=True):
            now = on_host(array)
            if not np.array_equal(now, old, equal_nan=True):
                at = int(np.argmax(now != old))
                numbers = {"before": number_text(old.flat[at]), "after": number_text(now.flat[at])}
                likely = f"{by} works in place on the array that it is given; compute into a new one"
                raise self.failure(
                    f"{by} changes {label}", "changes its input", likely, element(old.shape, at) | numbers
                )

    def _is_like(self, label: str, shape: tuple, dtype: Any, array: Any) -> None:
        if shape != tuple(array.shape):
            raise self.failure(
                f"the gradient of {label} has shape {shape}, its input {tuple(array.shape)}",
                "shape",
                "the gradient must be shaped as its input",
            )
        if dtype != array.dtype:
            raise self.failure(
                f"the gradient of {label} is {dtype}, its input {array.dtype}",
                "dtype",
                "backward computes in another precision; a constant array or a cast in it has its own dtype",
            )

    def _equal(
        self,
        want: np.ndarray,
        got: np.ndarray,
        headline: str,
        cause: str,
        likely: str,
        names: tuple[str, str],
        tolerance: float = EXACT,
    ) -> None:
        facts = {}
        if want.shape != got.shape:
            facts = {name: f"shape {x.shape}" for name, x in zip(names, (want, got), strict=True)}
        else:
            at = differ(want, got, tolerance, self.settings.nondet_tol)
            if at is None:
                return
            facts = {name: number_text(x.flat[at]) for name, x in zip(names, (want, got), strict=True)}
            facts = element(want.shape, at) | facts
        raise self.failure(headline, cause, likely, facts)

    def failure(self, headline: str, cause: str, likely: str, facts: dict[str, str] | None = None) -> GradcheckError:
        """The error to raise."""
        return GradcheckError(Failure(headline, cause, likely, facts or {}))

    def _output_name(self, i: int) -> str:
        names = self.problem.result.split("\n")
        return names[i] if len(names) > 1 or "{}" not in names[0] else names[0].format(i)


def element(shape: tuple, at: int) -> dict[str, str]:
    """The fact that says where."""
    return {"element": index_text(shape, at)}


def differ(a: np.ndarray, b: np.ndarray, tolerance: float, more: float = 0.0) -> int | None:
    """Where b is furthest from a, counting elements; None where it is within the tolerance, relative to the
    largest in a, and ``more``. Equal infinities agree, and nan in the same place.
    """
    if not a.size:
        return None
    with np.errstate(all="ignore"):
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
        size = np.max(np.abs(a[np.isfinite(a)]), initial=0.0)
        apart = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.nan_to_num(np.abs(a - b), nan=np.inf))
        at = int(np.argmax(apart))
        return at if apart.flat[at] > tolerance * size + 1e-14 + more else None


def _array_like(a: Any, value: np.ndarray) -> Any:
    return as_array(value, a.dtype, device_of(a))
