"""Analytic against numeric: element by element for small inputs, along random lines for large ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .diagnosis import Evidence, diagnose
from .failure import index_text, number_text
from .numeric import FIRST_STEP, derivative
from .problem import dy_like, on_host

if TYPE_CHECKING:
    from .checking import Check

FULL = 128  # input elements up to which every one is examined by itself
SAMPLE = 48  # elements of a large input that are examined once a mistake is known to be there
FINER = (1e-2, 1e-4, 1e-6)  # beginnings for a second look, where the first says that something is wrong
SETTLED = 1e-6  # relative error beyond which a numeric derivative proves nothing
EXACT = 1e-10  # what rounding may do to a derivative, beside the largest


class Comparison:
    """The gradients of a check, held against numeric ones. Raises through ``check.failure``."""

    def __init__(self, check: Check):
        self.check, self.settings, self.values = check, check.settings, check.values
        self.connected = bool(check.chosen)
        if self.connected:
            self.weights = np.concatenate([on_host(v.array).ravel() for v in check.dys])
            self.grads, self.missing = check.grads, check.missing
        else:  # no output has a graph: then none may depend on an input
            self.weights = np.ones(sum(y.size for y in check.here))
            self.grads, self.missing = [np.zeros(v.shape) for v in self.values], [True] * len(self.values)

    def run(self) -> None:
        """Compare every input."""
        fast = sum(v.size for v in self.values) > FULL if self.settings.fast is None else self.settings.fast
        for k, value in enumerate(self.values):
            if fast:
                self._along_a_line(k)
            elif value.size:
                self._each(k, np.arange(value.size))

    # -- numeric derivatives

    def outputs_along(self, k: int, direction: np.ndarray) -> Callable[[float], np.ndarray]:
        """t -> all outputs in a row, where input k has moved by t along the direction."""

        def at(t: float) -> np.ndarray:
            moved = [v + t * direction if i == k else v for i, v in enumerate(self.values)]
            return np.concatenate([on_host(y.array).ravel() for y in self.check.forward(moved)])

        return at

    def _derivative(self, k: int, direction: np.ndarray, finer: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """The change of every output element along a direction of input k, and its error.

        A first step of a hundredth suits a function whose arguments are of size 1. The ``finer`` look begins with smaller
        steps too. Where a smaller step settles elsewhere it is right: what is flat, or periodic, from afar need not be so.
        """
        f, size = self.outputs_along(k, direction), np.abs(self.values[k][direction != 0])
        step = self.settings.eps or FIRST_STEP * (
            max(float(size[0]), 1.0) if size.size == 1 else 1 / np.sqrt(max(size.size, 1))
        )
        value, error = derivative(f, step)
        for factor in FINER if finer else ():
            other, doubt = derivative(f, step * factor)
            apart = np.abs(other - value)
            take = (doubt < error) | ((apart > 4 * (error + doubt)) & (doubt < 1e-3 * apart))
            value, error = np.where(take, other, value), np.where(take, doubt, error)
        return value, error

    def _weighted(self, numeric: np.ndarray) -> np.ndarray:
        """Each output's part in the gradient that numeric derivatives give."""
        w = self.weights.reshape(-1, *[1] * (numeric.ndim - 1))
        return w * numeric if self.connected else np.abs(numeric)

    # -- every element

    def _each(self, k: int, elements: np.ndarray) -> None:
        """The chosen elements of input k, one by one; the wrong ones are looked at again, finer."""
        columns = [self._derivative(k, unit(self.values[k].shape, j)) for j in elements]
        wrong = self._wrong(k, elements, columns)[0]
        if wrong.any():
            for c in np.nonzero(wrong)[0]:
                columns[c] = self._derivative(k, unit(self.values[k].shape, elements[c]), finer=True)
            wrong, settled = self._wrong(k, elements, columns)
            if wrong.any():
                self._explain(k, elements, columns, wrong, settled)

    def _wrong(self, k: int, elements: np.ndarray, columns: list) -> tuple[np.ndarray, np.ndarray]:
        """For each element: is its gradient wrong, and is the numeric one settled?"""
        numeric, error = (np.stack([c[i] for c in columns], axis=1) for i in (0, 1))
        analytic = self.grads[k].ravel()[elements]
        parts = self._weighted(numeric)
        size, uncertain = np.abs(parts).sum(0), (np.abs(self.weights)[:, None] * error).sum(0)
        floor = np.max(size[np.isfinite(size)], initial=0)
        allowed = self.settings.atol + self.settings.rtol * size + 4 * uncertain + EXACT * floor
        settled = self._settled(uncertain, size + floor)
        return ~(np.abs(analytic - parts.sum(0)) <= allowed) | ~settled, settled

    def _settled(self, uncertain: np.ndarray, size: np.ndarray) -> np.ndarray:
        """Does a numeric derivative prove anything? It is uncertain beside its own size, or the rounding of the outputs."""
        rounding = 1e-7 * float(np.abs(self.weights * np.concatenate([y.ravel() for y in self.check.here])).sum())
        return uncertain <= self.settings.atol + max(SETTLED, self.settings.rtol) * size + rounding

    def is_right(self, k: int) -> bool:
        """A quick look at another input, while one is known to be wrong."""
        for j in range(self.values[k].size):
            parts = self._weighted(self._derivative(k, unit(self.values[k].shape, j))[0])
            if not abs(self.grads[k].flat[j] - parts.sum()) <= 1e-6 * np.abs(parts).sum() + 1e-8:
                return False
        return True

    # -- along a line

    def _along_a_line(self, k: int) -> None:
        """Input k as a whole, along a random direction; on a mistake, halves of it until one element is left."""
        elements, size = np.arange(self.values[k].size), self.values[k].size
        if not size or not self._differs(k, elements):
            return
        while len(elements) > 1:
            half = elements[: len(elements) // 2]
            elements = half if self._differs(k, half) else elements[len(elements) // 2 :]
        spread = np.linspace(0, size - 1, min(size, SAMPLE)).astype(int)
        self._each(k, np.unique(np.concatenate([elements, spread])))
        raise self.check.failure(  # reached where the mistake shows in no element by itself
            f"the gradient of {self.check.labels[k]} is wrong along a random direction",
            "spread out",
            "small errors in many elements, or a function that is not smooth on the way; fast_mode=False looks at each element",
        )

    def _differs(self, k: int, elements: np.ndarray) -> bool:
        value, rng = self.values[k], self.check.rng
        direction = np.zeros(value.size)
        direction[elements] = rng.uniform(0.5, 1.0, len(elements)) * rng.choice([-1.0, 1.0], len(elements))
        direction *= np.maximum(np.abs(value.ravel()), 1.0)
        analytic = direction * self.grads[k].ravel()
        for finer in (False, True):
            numeric, error = self._derivative(k, direction.reshape(value.shape), finer)
            parts, uncertain = self._weighted(numeric), (np.abs(self.weights) * error).sum()
            size = np.abs(parts).sum() + np.abs(analytic).max(initial=0)
            fits = abs(analytic.sum() - parts.sum()) <= self.settings.atol + self.settings.rtol * size + 4 * uncertain
            if fits and self._settled(uncertain, size):
                return False
        return True

    # -- on a mistake

    def _explain(self, k: int, elements: np.ndarray, columns: list, wrong: np.ndarray, settled: np.ndarray) -> None:
        """Gather what is known about it, find its likely cause, and raise."""
        check, shape, label = self.check, self.values[k].shape, self.check.labels[k]
        numeric, error = (np.stack([c[i] for c in columns], axis=1) for i in (0, 1))
        analytic = self.grads[k].ravel()[elements]
        expected = self._weighted(numeric).sum(0)
        apart = np.where(wrong, np.nan_to_num(np.abs(analytic - expected), nan=np.inf), -1.0)
        worst = int(np.argmax(apart))
        j, rows = int(elements[worst]), self._rows(k, elements)
        by, a, n = "", analytic[worst], expected[worst]
        within = float((np.abs(self.weights) * error[:, worst]).sum())
        o = 0
        if rows is not None:
            o = int(np.argmax(np.nan_to_num(np.abs(rows[:, worst] - numeric[:, worst]), nan=np.inf)))
            by, a, n, within = self._output_element(o), rows[o, worst], numeric[o, worst], error[o, worst]
        cause, likely = diagnose(
            Evidence(
                check=check, comparison=self, k=k, elements=elements, analytic=rows, numeric=numeric, settled=bool(settled[worst]),
                worst=worst, row=o, probe=self.outputs_along(k, unit(shape, j)),
                step=FIRST_STEP * max(1.0, abs(float(self.values[k].flat[j]))),
            )
        )  # fmt: skip
        facts = {"element": f"{index_text(shape, j)} of {label}, shape {shape}".strip(), "by": by}
        facts |= {"analytic": number_text(a), "numeric": f"{number_text(n)}   (to within {within:.1g})"}
        count = "the only element" if len(elements) == 1 else f"{int(wrong.sum())} of {len(elements)} elements"
        facts["extent"] = f"{count} of {label}" + self._others(k)
        what = "derivative" if check.problem.order == 1 else "second derivative"
        raise check.failure(f"the {what} with respect to {label} is wrong", cause, likely, facts)

    def _rows(self, k: int, elements: np.ndarray) -> np.ndarray | None:
        """The analytic derivatives of each output element by the chosen elements; None where there are too many outputs."""
        if not self.connected:
            return np.zeros((len(self.weights), len(elements)))
        if len(self.weights) > 2 * FULL:
            return None
        outs, rows = self.check.forward(self.check.arrays), []
        for o in range(len(self.weights)):
            parts = np.split(unit((len(self.weights),), o), np.cumsum([y.size for y in self.check.here])[:-1])
            dys = [dy_like(y, p.reshape(y.shape)) for y, p in zip(outs, parts, strict=True)]
            rows.append(self.check.pull(outs, dys, retain=True)[k].ravel()[elements])
        return np.stack(rows)

    def _others(self, k: int) -> str:
        """Are the other inputs right? Said where it is cheap to find out."""
        right = [
            label
            for i, (label, v) in enumerate(zip(self.check.labels, self.values, strict=True))
            if i != k and 0 < v.size <= FULL and self.is_right(i)
        ]
        return f"; {' and '.join(right)} {'is' if len(right) == 1 else 'are'} right" if right else ""

    def _output_element(self, o: int) -> str:
        for name, y in zip(self.check.names, self.check.here, strict=True):
            if o < y.size:
                return f"{index_text(y.shape, o)} of {name}, shape {y.shape}".strip()
            o -= y.size
        return ""


def unit(shape: tuple, j: int) -> np.ndarray:
    """1 in the j-th element, else 0."""
    direction = np.zeros(shape)
    direction.flat[j] = 1.0
    return direction
