"""The steps of a gradient check, in the order in which a mistake is told best: what would spoil later steps goes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..autograd import grad
from ..autograd.variable import make
from ..backend import as_array, device_of
from .diagnosis import Evidence, diagnose
from .failure import Failure, GradcheckError, index_text, number_text
from .layouts import LAYOUTS, laid_out
from .numeric import FIRST_STEP, derivative
from .problem import Problem, cotangent, is_real, on_host

FULL = 128  # input elements up to which every one is examined by itself
SAMPLE = 48  # elements of a large input that are examined once a mistake is known to be there
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
        self._against_numeric()
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
                raise self._failure(
                    f"{name} is {y.flat[at]} at these inputs", "not finite", "the inputs lie outside of the domain", where=at, of=y.shape
                )

    def _repeatable(self) -> None:
        again = [on_host(y.array) for y in self._forward(self.arrays)]
        for name, a, b in zip(self.names, self.here, again, strict=True):
            if a.shape != b.shape or (np.abs(a - b) > self.settings.nondet_tol).any():
                at = 0 if a.shape != b.shape else int(np.argmax(np.abs(a - b)))
                numbers = {} if a.shape != b.shape else {"first": number_text(a.flat[at]), "then": number_text(b.flat[at])}
                raise self._failure(
                    f"{name} differs between two calls with the same inputs",
                    "not deterministic",
                    "the forward draws random numbers or keeps a state between calls; seed it inside the function",
                    where=at,
                    of=a.shape,
                    **numbers,
                )

    def _gradients(self) -> None:
        """One backward pass, looked at closely, and the same again."""
        self.dys = [cotangent(y, self.rng) for y in self.outs]
        before = [on_host(v.array) for v in self.dys]
        seen: dict[int, tuple] = {}
        handles = [
            x.register_hook(lambda g, k=k: seen.update({k: (tuple(g.shape), g.dtype)})) for k, x in enumerate(self.problem.tensors)
        ]
        outs = self._forward(self.arrays)
        try:
            self.grads = self._pull(outs, self.dys, retain=True)
            self.missing = [g is None for g in self._raw]
            again = self._pull(outs, self.dys)
        finally:
            for handle in handles:
                handle.remove()
        self._unchanged("backward")
        for name, v, old in zip(self.names, self.dys, before, strict=True):
            if not np.array_equal(on_host(v.array), old):
                raise self._failure(
                    f"backward changes the gradient that it is given, that of {name}",
                    "changes dy",
                    "backward works in place on dy, which others may still need",
                )
        for k, (label, a, b) in enumerate(zip(self.labels, self.grads, again, strict=True)):
            if k in seen and self.settings.dtypes:
                self._is_like(label, *seen[k], self.arrays[k])
            at = differ(a, b, 0.0, self.settings.nondet_tol)
            if at is not None:
                raise self._failure(
                    f"the gradient of {label} differs between two backward passes over one graph",
                    "backward changes its state",
                    "backward changes what it saved, or draws random numbers",
                    where=at,
                    of=a.shape,
                    first=number_text(a.flat[at]),
                    then=number_text(b.flat[at]),
                )

    def _linear(self) -> None:
        """For gradients J^T dy: J^T(a u + b v) = a J^T u + b J^T v."""
        outs = self._forward(self.arrays)
        other = [cotangent(y, self.rng) for y in outs]
        blend = [_like(y, 1.7 * u.array - 0.6 * v.array) for y, u, v in zip(outs, self.dys, other, strict=True)]
        second, both = self._pull(outs, other, retain=True), self._pull(outs, blend)
        for k, label in enumerate(self.labels):
            want, got = 1.7 * self.grads[k] - 0.6 * second[k], both[k]
            size = np.abs(1.7 * self.grads[k]) + np.abs(0.6 * second[k]) + np.abs(got)
            off = np.abs(want - got) > EXACT * (size + np.max(size, initial=0)) + 1e-14
            if off.any():
                at = int(np.argmax(np.abs(want - got)))
                cause, likely = self._why_not_linear(k, at)
                raise self._failure(
                    f"the gradient of {label} is not linear in dy, the gradient of the output",
                    cause,
                    likely,
                    where=at,
                    of=got.shape,
                    label=label,
                    **{"for sum": number_text(got.flat[at]), "sum of": number_text(want.flat[at])},
                )

    def _why_not_linear(self, k: int, at: int) -> tuple[str, str]:
        def scaled(factor: float) -> float:
            outs = self._forward(self.arrays)
            return float(self._pull(outs, [_like(y, factor * v.array) for y, v in zip(outs, self.dys, strict=True)])[k].flat[at])

        once, twice, nothing = scaled(1.0), scaled(2.0), scaled(0.0)
        if twice == once and once == nothing:
            return "ignores dy", "backward does not use dy: it must multiply by the gradient that comes in"
        if abs(twice - 4 * once) < 1e-9 * abs(twice):
            return "not linear", "backward uses dy twice, as dy * dy"
        if nothing != 0:
            return "not linear", f"backward adds something that does not depend on dy: for dy = 0 it gives {nothing:.6g} instead of 0"
        return "not linear", "backward applies something other than a linear map to dy: a power, an absolute value, a clamp"

    def _against_numeric(self) -> None:
        size = sum(v.size for v in self.values)
        fast = size > FULL if self.settings.fast is None else self.settings.fast
        weights = np.concatenate([on_host(v.array).ravel() for v in self.dys] or [np.zeros(0)]) if self.chosen else None
        if weights is None:  # nothing is connected: then nothing may depend on the inputs
            weights, self.grads = np.ones(sum(y.size for y in self.here)), [np.zeros(v.shape) for v in self.values]
            self.missing = [True] * len(self.values)
        self.weights = weights
        for k in range(len(self.values)):
            if fast:
                self._along_a_line(k)
            else:
                self._compare(k, np.arange(self.values[k].size))

    def _each_output_alone(self) -> None:
        """A backward is given None for an output that nobody used: that must count as zero."""
        for j in range(len(self.outs)):
            outs = self._forward(self.arrays)
            zeros = [_like(o, 0 * v.array) if i != j else v for i, (o, v) in enumerate(zip(outs, self.dys, strict=True))]
            want, got = self._pull(outs, zeros, retain=True), self._pull([outs[j]], [self.dys[j]])
            for label, a, b in zip(self.labels, want, got, strict=True):
                self._equal(
                    a, b, f"the gradient of {label} is wrong where {self.names[j]} alone is used", label,
                    "unused output", "backward is given None for an output that nobody used, and must take it as zero",
                    ("given zero", "given None"),
                )  # fmt: skip

    def _independent_calls(self) -> None:
        outs = self._forward(self.arrays)
        try:
            self.problem([_like_array(a, 0.97 * v + 0.011) for a, v in zip(self.arrays, self.values, strict=True)])
        except Exception:  # the function may refuse these other numbers as it likes
            return
        for x, a in zip(self.problem.tensors, self.arrays, strict=True):
            x.array = a
        got = self._pull(outs, self.dys)
        for label, a, b in zip(self.labels, self.grads, got, strict=True):
            self._equal(
                a, b, f"the gradient of {label} is wrong once the function was called again before backward", label,
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
                        outs = self._forward(copies)
                        dense, grads = [on_host(y.array) for y in outs], self._pull(outs, self.dys)
                    except Exception:  # equal rows may lie outside of the domain: a singular matrix
                        continue
                    if [y.shape for y in dense] != [y.shape for y in self.here] or not all(np.isfinite(y).all() for y in [*dense, *grads]):
                        continue
                what = f"{self.labels[k]} lies in memory as {layout!r}"
                likely = (
                    "something reads the memory in its order instead of going by strides: a kernel that takes its input for contiguous, "
                    "or a buffer that is reshaped or raveled as if it were"
                )
                outs = self._forward(other)
                for name, a, y in zip(self.names, dense, outs, strict=True):
                    self._equal(a, on_host(y.array), f"{name} is wrong where {what}", None, "layout", likely, ("contiguous", layout))
                for label, a, b in zip(self.labels, grads, self._pull(outs, self.dys), strict=True):
                    self._equal(a, b, f"the gradient of {label} is wrong where {what}", label, "layout", likely, ("contiguous", layout))
        for layout in LAYOUTS[1:]:
            outs = self._forward(self.arrays)
            dys = [_like(y, laid_out(v.array, layout), keep=True) for y, v in zip(outs, self.dys, strict=True)]
            want = self.grads
            if layout == "expanded":
                want = self._pull(outs, [_like(y, laid_out(v.array, "C")) for y, v in zip(outs, dys, strict=True)], retain=True)
            for label, a, b in zip(self.labels, want, self._pull(outs, dys), strict=True):
                self._equal(
                    a, b, f"the gradient of {label} is wrong where dy lies in memory as {layout!r}", label, "layout",
                    "backward reads dy in the order of memory instead of going by strides; dy may be expanded or transposed",
                    ("contiguous", layout),
                )  # fmt: skip

    # -- numeric derivatives

    def _numbers(self, k: int, direction: np.ndarray) -> Callable[[float], np.ndarray]:
        """t -> all watched outputs in a row, where input k has moved by t along the direction."""

        def at(t: float) -> np.ndarray:
            moved = [v + t * direction if i == k else v for i, v in enumerate(self.values)]
            return np.concatenate([on_host(y.array).ravel() for y in self._forward(moved)] or [np.zeros(0)])

        return at

    def _column(self, k: int, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """The change of every output element along the direction, its error, and the first step that was taken."""
        moving = direction != 0
        size = float(np.max(np.maximum(np.abs(self.values[k][moving]), 1.0) / np.abs(direction[moving]), initial=1.0))
        step = self.settings.eps or FIRST_STEP * (size if moving.sum() == 1 else 1.0 / np.sqrt(max(moving.sum(), 1)))
        value, error = derivative(self._numbers(k, direction), step)
        return value, error, step

    def _compare(self, k: int, elements: np.ndarray) -> None:
        """The chosen elements of input k, one by one."""
        value = self.values[k]
        columns = [self._column(k, _unit(value.shape, j)) for j in elements]
        if not columns:
            return
        numeric, error = (np.stack([c[i] for c in columns], axis=1) for i in (0, 1))
        analytic = self.grads[k].ravel()[elements]
        w = self.weights[:, None]
        if not self.chosen:  # not a gradient at all: any dependence is a mistake
            w = np.where(numeric < 0, -1.0, 1.0)
        with np.errstate(all="ignore"):
            expected, size = (w * numeric).sum(0), np.abs(w * numeric).sum(0)
            uncertain = (np.abs(w) * error).sum(0)
            allowed = self.settings.atol + self.settings.rtol * size + 4 * uncertain + EXACT * np.max(size, initial=0)
            settled = uncertain <= self.settings.atol + max(1e-4, self.settings.rtol) * (size + np.max(size, initial=0))
            wrong = ~(np.abs(analytic - expected) <= allowed) | ~settled
        if wrong.any():
            self._explain(k, elements, numeric, expected, uncertain, wrong, settled)

    def _along_a_line(self, k: int) -> None:
        """Input k as a whole, along a random direction; on a mistake, halves of it until few elements are left."""
        value, grad = self.values[k], self.grads[k]

        def differs(elements: np.ndarray) -> bool:
            direction = np.zeros(value.size)
            direction[elements] = (self.rng.uniform(0.5, 1.0, len(elements)) * self.rng.choice([-1.0, 1.0], len(elements)))
            direction *= np.maximum(np.abs(value.ravel()), 1.0) if value.size else 1.0
            change, error, _ = self._column(k, direction.reshape(value.shape))
            analytic = float(direction @ grad.ravel())
            with np.errstate(all="ignore"):
                w = self.weights if self.chosen else np.where(change < 0, -1.0, 1.0)
                parts = w * change
                size = np.abs(parts).sum() + np.abs(direction * grad.ravel()).max(initial=0)
                uncertain = (np.abs(w) * error).sum()
                fits = abs(analytic - parts.sum()) <= self.settings.atol + self.settings.rtol * size + 4 * uncertain
                return not (fits and uncertain <= self.settings.atol + max(1e-4, self.settings.rtol) * size)

        elements = np.arange(value.size)
        if not value.size or not differs(elements):
            return
        while len(elements) > 1:
            half = elements[: len(elements) // 2]
            elements = half if differs(half) else elements[len(elements) // 2 :]
        near = np.linspace(0, value.size - 1, min(value.size, SAMPLE)).astype(int)
        self._compare(k, np.unique(np.concatenate([elements, near])))
        self._compare_worst(k)

    def _compare_worst(self, k: int) -> None:
        """Reached where the mistake along a line shows in no element that was looked at."""
        raise self._failure(
            f"the gradient of {self.labels[k]} is wrong along a random direction",
            "spread out",
            "small errors in many elements, or a function that is not smooth on the way; examine fewer elements with fast_mode=False",
        )

    def _explain(
        self, k: int, elements: np.ndarray, numeric: np.ndarray, expected: np.ndarray, uncertain: np.ndarray, wrong: np.ndarray, settled: np.ndarray
    ) -> None:
        """Gather what is known about a mistake, find its likely cause, and raise."""
        analytic = self.grads[k].ravel()[elements]
        with np.errstate(all="ignore"):
            distance = np.where(wrong, np.nan_to_num(np.abs(analytic - expected), nan=np.inf), -1.0)
        worst = int(np.argmax(distance))
        j = int(elements[worst])
        direction = _unit(self.values[k].shape, j)
        step = FIRST_STEP * max(1.0, abs(float(self.values[k].flat[j])))
        rows = self._rows(k, elements)
        evidence = Evidence(
            check=self, k=k, elements=elements, analytic=rows, numeric=numeric, settled=bool(settled[worst]),
            probe=self._numbers(k, direction), step=step, worst=worst, missing=self.missing[k],
        )  # fmt: skip
        cause, likely = diagnose(evidence)
        label = self.labels[k]
        facts = {"element": f"{index_text(self.values[k].shape, j)} of {label}, shape {self.values[k].shape}".strip()}
        a, n, within = float(analytic[worst]), float(expected[worst]), float(uncertain[worst])
        if rows is not None:
            gap = np.abs(rows[:, worst] - numeric[:, worst])
            if np.isfinite(gap).any():
                o = int(np.nanargmax(gap))
                facts["by"], a, n = self._output_element(o), float(rows[o, worst]), float(numeric[o, worst])
                within = within / max(abs(float(self.weights[o])), 1e-300)
        facts |= {"analytic": number_text(a), "numeric": f"{number_text(n)}   (to within {within:.1g})"}
        which = "all" if wrong.all() and len(elements) > 1 else f"{int(wrong.sum())} of"
        facts["extent"] = f"{which} {len(elements)} {'elements' if len(elements) > 1 else 'element'} looked at in {label}" + self._others(k)
        what = "derivative" if self.problem.order == 1 else "second derivative"
        raise self._failure(f"the {what} with respect to {label} is wrong", cause, likely, **facts)

    def _rows(self, k: int, elements: np.ndarray) -> np.ndarray | None:
        """The analytic derivatives of each output element by the chosen elements of input k."""
        if not self.chosen:
            return np.zeros((len(self.weights), len(elements)))
        if len(self.weights) > 2 * FULL:
            return None
        outs = self._forward(self.arrays)
        return np.stack([self._pull(outs, self._unit_dys(outs, o), retain=True)[k].ravel()[elements] for o in range(len(self.weights))])

    def _unit_dys(self, outs: list, o: int) -> list:
        flat = np.zeros(len(self.weights))
        flat[o] = 1
        parts = np.split(flat, np.cumsum([y.size for y in self.here])[:-1])
        return [_like(y, p.reshape(s)) for y, p, s in zip(outs, parts, self.shapes, strict=True)]

    def _others(self, k: int) -> str:
        """Are the other inputs right? Told where it is cheap to find out."""
        others = [i for i in range(len(self.values)) if i != k]
        right = [self.labels[i] for i in others if self.values[i].size and self.values[i].size <= FULL and self._is_right(i)]
        return f"; {' and '.join(right)} {'is' if len(right) == 1 else 'are'} right" if right else ""

    def _is_right(self, i: int) -> bool:
        for j in range(self.values[i].size):
            value, error, _ = self._column(i, _unit(self.values[i].shape, j))
            parts = self.weights * value
            if not abs(self.grads[i].flat[j] - parts.sum()) <= 1e-6 * np.abs(parts).sum() + 1e-8:
                return False
        return True

    # -- small things

    def _forward(self, arrays: Sequence[Any]) -> list:
        """The watched outputs of one call."""
        outs = self.problem(arrays)
        return [outs[i] for i in self.watched]

    def _pull(self, outs: list, dys: list, retain: bool = False) -> list[np.ndarray]:
        """The gradients as float64 on the host; zeros where there is none (``self._raw`` keeps the None)."""
        try:
            self._raw = grad(outs, self.problem.tensors, dys, retain_graph=retain, allow_unused=True)
        except Exception as error:  # whatever a backward raises is a mistake in it
            raise self._failure(
                f"backward raised {type(error).__name__}", "backward raises", str(error) or "see the error above"
            ) from error
        return [np.zeros(v.shape) if g is None else on_host(g.array) for v, g in zip(self.values, self._raw, strict=True)]

    def _unchanged(self, by: str) -> None:
        for label, array, old in zip(self.labels, self.arrays, self.values, strict=True):
            now = on_host(array)
            if not np.array_equal(now, old, equal_nan=True):
                at = int(np.argmax(now != old))
                raise self._failure(
                    f"{by} changes {label}",
                    "changes its input",
                    f"{by} works in place on the array that it is given; compute into a new one",
                    where=at,
                    of=old.shape,
                    label=label,
                    before=number_text(old.flat[at]),
                    after=number_text(now.flat[at]),
                )

    def _is_like(self, label: str, shape: tuple, dtype: Any, array: Any) -> None:
        if shape != tuple(array.shape):
            raise self._failure(
                f"the gradient of {label} has shape {shape}, its input {tuple(array.shape)}", "shape", "the gradient must be shaped as its input"
            )
        if dtype != array.dtype:
            raise self._failure(
                f"the gradient of {label} is {dtype}, its input {array.dtype}",
                "dtype",
                "backward computes in another precision; a constant array or a cast in it has its own dtype",
            )

    def _equal(
        self, want: np.ndarray, got: np.ndarray, headline: str, label: str | None, cause: str, likely: str, names: tuple[str, str]
    ) -> None:
        if want.shape != got.shape:
            raise self._failure(headline, cause, likely, **{n: f"shape {x.shape}" for n, x in zip(names, (want, got), strict=True)})
        at = differ(want, got, EXACT, self.settings.nondet_tol)
        if at is None:
            return
        numbers = {n: number_text(x.flat[at]) for n, x in zip(names, (want, got), strict=True)}
        raise self._failure(headline, cause, likely, where=at, of=want.shape, label=label, **numbers)

    def _failure(
        self, headline: str, cause: str, likely: str, where: int | None = None, of: tuple = (), label: str | None = None, **facts: str
    ) -> GradcheckError:
        if where is not None and of:
            facts = {"element": index_text(of, where) + (f" of {label}" if label else ""), **facts}
        return GradcheckError(Failure(headline, cause, likely, facts))

    def _output_name(self, i: int) -> str:
        names = self.problem.result.split("\n")
        return names[i] if len(names) > 1 or "{}" not in names[0] else names[0].format(i)

    def _output_element(self, o: int) -> str:
        for name, y in zip(self.names, self.here, strict=True):
            if o < y.size:
                return f"{index_text(y.shape, o)} of {name}, shape {y.shape}".strip()
            o -= y.size
        return ""


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


def _unit(shape: tuple, j: int) -> np.ndarray:
    direction = np.zeros(shape)
    direction.flat[j] = 1.0
    return direction


def _like(y: Any, array: Any, keep: bool = False) -> Any:
    """A gradient for the output y from an array; ``keep``: in the memory that it lies in."""
    return make(y.result_class, array if keep else as_array(array, y.array.dtype, device_of(y.array)))


def _like_array(a: Any, value: np.ndarray) -> Any:
    return as_array(value, a.dtype, device_of(a))
