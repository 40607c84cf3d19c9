"""Why is a gradient wrong? The likely cause, read off the analytic and the numeric derivatives side by side.

Each test below knows the trace that one kind of mistake leaves: a flipped sign leaves ``analytic == -numeric``, a
transposed gradient one that is right with its axes swapped. They are asked from the most particular to the vaguest, and
the first that recognises its trace answers.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .numeric import EPSILON, roughness

if TYPE_CHECKING:
    from .checking import Check
    from .comparing import Comparison

SAME = 1e-5  # relative: numbers that agree to this are taken for equal while looking for a cause

Cause = tuple[str, str]  # in a word, in a sentence


@dataclass
class Evidence:
    """What is known about a mistake in the gradient of input k.

    ``analytic`` and ``numeric`` hold the derivative of each output element (rows) by each examined element of the input
    (columns); ``analytic`` is None where there are too many outputs to go through.
    """

    check: Check
    comparison: Comparison
    k: int
    elements: np.ndarray
    analytic: np.ndarray | None
    numeric: np.ndarray
    settled: bool
    worst: int  # the column that is furthest off
    row: int  # and the output element there
    probe: Callable[[float], np.ndarray]  # the outputs along the worst element
    step: float

    def __post_init__(self) -> None:
        self.value = self.check.values[self.k]
        self.label = self.check.labels[self.k]
        self.gradient = self.comparison.grads[self.k].ravel()[self.elements]
        self.expected = self.comparison.weights @ self.numeric
        self.whole = len(self.elements) == self.value.size
        # Where the rows are not known, the weighted sums over them have to do.
        self.a = self.gradient[None, :] if self.analytic is None else self.analytic
        self.n = self.expected[None, :] if self.analytic is None else self.numeric
        self.scale = float(np.max(np.abs(self.n), initial=0.0))

    def same(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Elementwise: equal, as far as a cause is concerned."""
        return np.abs(a - b) <= SAME * (np.abs(a) + np.abs(b)) + 1e-7 * self.scale

    def zero(self, a: np.ndarray) -> np.ndarray:
        """Elementwise: nothing, beside the largest derivative."""
        return np.abs(a) <= 1e-7 * self.scale

    def equal(self, a: np.ndarray, b: np.ndarray) -> bool:
        """Equal in every element."""
        return a.shape == b.shape and bool(self.same(a, b).all())

    @property
    def input_shape(self) -> tuple:
        """The shape of the input."""
        return self.value.shape

    @property
    def output_shape(self) -> tuple | None:
        """The shape of the output, if there is one alone and its elements are the rows."""
        return self.check.shapes[0] if len(self.check.shapes) == 1 and self.analytic is not None else None


def diagnose(e: Evidence) -> Cause:
    """The likely cause of a wrong gradient, in a word and in a sentence."""
    for test in TESTS:
        found = test(e)
        if found:
            return found
    return _something_else(e)


def _not_finite(e: Evidence) -> Cause | None:
    flaws = ~np.isfinite(e.gradient)
    if not flaws.any():
        return None
    if not np.isfinite(e.expected[flaws]).all():
        return None
    kind = "nan" if np.isnan(e.gradient).any() else "inf"
    return kind, (
        f"backward makes {kind} where the derivative is finite: 0 * inf (use where(mask, dy, 0) instead of mask * dy, and keep "
        "the branch that is not taken away from its own singularity), or a division by 0"
    )


def _not_smooth(e: Evidence) -> Cause | None:
    for row in [e.row] if e.analytic is not None else range(min(len(e.numeric), 8)):
        rough, left, right = roughness(e.probe, e.step, row)
        if rough == "edge":
            return (
                "edge",
                "the function is not defined on one side of this input: it lies at the edge of the domain; move it inside",
            )
        if rough == "jump":
            return "jump", "the function jumps here: it has no derivative; move the input away from the jump"
        if rough == "kink":
            return "kink", (
                f"the function has a kink here: from the left its derivative is {left:.4g}, from the right {right:.4g}, and no number is "
                "right; move the input away from the kink"
            )
    return None


def _forward_in_single(e: Evidence) -> Cause | None:
    likely = "the forward computes in float32, in part or as a whole: a constant or a cast in it narrows float64"
    if _single(np.concatenate([y.ravel() for y in e.check.here])) and not _single(e.value):
        return "float32", likely
    near, far = e.step * 1e-8, e.step * 1e-2
    here, tiny, left, right = (e.probe(h) for h in (0.0, near, -far, far))
    moves = (left != here) & (right != here) & (np.abs(right - left) > 1e3 * EPSILON * np.abs(here) / 1e-6)
    if moves.any() and (tiny == here)[moves].all():
        return "float32", f"{likely} (a step of {near:.0g} changes nothing, one of {far:.0g} does)"
    return None


def _noise(e: Evidence) -> Cause | None:
    if e.settled:
        return None
    return "not settled", (
        "the numeric derivative does not settle as the step shrinks: the function is noisy (computed in float32 inside?), has a pole "
        "nearby, or changes too fast here"
    )


def _imprecise(e: Evidence) -> Cause | None:
    if e.equal(e.a, e.n) and e.equal(e.gradient, e.expected):
        return imprecise_gradient([e.a])
    return None


def imprecise_gradient(found: list[np.ndarray]) -> Cause:
    """The cause where gradients are right to some digits, but no more."""
    if _single(np.concatenate([g.ravel() for g in found])):
        return (
            "float32",
            "right to seven digits, and each number of the gradient is a float32: backward computes in float32 or casts to it",
        )
    return (
        "imprecise",
        "right to five digits only: an approximation, a constant with too few digits, or float32 somewhere in backward",
    )


def _nothing(e: Evidence) -> Cause | None:
    if not (e.zero(e.a).all() and (e.gradient == 0).all()):
        return None
    if e.check.problem.order == 2:
        return "no second derivative", (
            f"no second derivative reaches {e.label}: backward is not recorded, being computed on raw arrays, on .detach() or on .data; "
            "write it in Tensor operations on self.inputs and self.output"
        )
    if not e.comparison.connected:
        return "disconnected", (
            "the result is not connected to the inputs, though it depends on them: computed on raw arrays, under no_grad, or from "
            ".detach(), .data or .numpy()"
        )
    if e.comparison.missing[e.k]:
        return (
            "no gradient",
            f"backward gives None for {e.label}, or the function takes it out of the graph (.detach(), .data, .numpy())",
        )
    return "no gradient", f"backward gives zeros for {e.label}, which the output depends on"


def _sign(e: Evidence) -> Cause | None:
    if e.equal(e.a, -e.n):
        return "sign", "the sign is flipped: analytic = -numeric everywhere"
    return None


def _factor(e: Evidence) -> Cause | None:
    factor = _common_ratio(e, e.a, e.n)
    if factor is None:
        return None
    if abs(factor - 2) < SAME:
        return (
            "factor 2",
            "twice as large as it should be: a factor 1/2 is missing, or the gradient is accumulated twice",
        )
    if abs(factor - 0.5) < SAME:
        return "factor 1/2", (
            "half of what it should be: a factor 2 is missing, or an input that is used twice is differentiated through one use alone"
        )
    for size, what in _sizes(e):
        if size > 2 and abs(factor - size) < SAME * size:
            return (
                "factor n",
                f"{size} times as large as it should be, and {size} is {what}: a sum where a mean belongs",
            )
        if size > 2 and abs(factor - 1 / size) < SAME / size:
            return "factor n", (
                f"1/{size} of what it should be, and {size} is {what}: a mean where a sum belongs, or no sum over the copies that "
                "broadcasting made"
            )
    fraction = Fraction(factor).limit_denominator(24)
    shown = f"{fraction}" if abs(float(fraction) - factor) < SAME * abs(factor) else f"{factor:.6g}"
    return "factor", f"{shown} times what it should be everywhere: a constant factor is wrong or missing"


def _swapped(e: Evidence) -> Cause | None:
    for i, other in enumerate(e.comparison.grads):
        if i == e.k or other.shape != e.input_shape or not e.whole:
            continue
        if (
            e.equal(other.ravel(), e.expected)
            and not e.equal(other.ravel(), e.gradient)
            and not e.comparison.is_right(i)
        ):
            return (
                "swapped",
                f"this is the gradient of {e.check.labels[i]}: backward returns its gradients in the wrong order",
            )
    return None


def _moved(e: Evidence) -> Cause | None:
    """Right numbers in the wrong places."""
    shape = e.input_shape
    if not e.whole or not shape or e.value.size < 2:
        return None
    a, n = e.a.reshape(-1, *shape), e.n.reshape(-1, *shape)
    axes = range(len(shape))
    for order in itertools.islice(itertools.permutations(axes), 1, 24):
        if tuple(shape[d] for d in order) == shape and e.equal(a, n.transpose(0, *(d + 1 for d in order))):
            return (
                "transposed",
                f"right with its dims in the order {order}: the gradient is transposed, or belongs to another dim",
            )
    for order in itertools.islice(itertools.permutations(axes), 1, 24):
        if e.output_shape == shape and tuple(shape[d] for d in order) == shape:
            both = e.n.reshape(*shape, *shape).transpose(*order, *(d + len(shape) for d in order))
            if e.equal(e.a.reshape(both.shape), both):
                return (
                    "wrong dim",
                    f"this is the gradient for the dims in the order {order}: backward works along the wrong dim",
                )
    for d in axes:
        if shape[d] < 2:
            continue
        if e.equal(a, np.flip(n, d + 1)):
            return "reversed", f"right from back to front along dim {d}: the gradient is not flipped back"
        for by in (1, -1):
            if e.equal(a, np.roll(n, by, d + 1)):
                return "shifted", f"right, but shifted by one along dim {d}: an index or a slice is off by one"
    return None


def _mixing(e: Evidence) -> Cause | None:
    """Along which dims do elements influence each other? In the function and in its gradient it must be the same ones."""
    if not e.whole or e.output_shape != e.input_shape or len(e.input_shape) == 0:
        return None
    truth, claim = _mixed_dims(e, e.n), _mixed_dims(e, e.a)
    if truth == claim or not claim - truth:
        return None
    names = lambda dims: " and ".join(map(str, sorted(dims))) or "none"  # noqa: E731
    return "wrong dim", (
        f"the function mixes elements along dims: {names(truth)}; its gradient does along dims: {names(claim)}. Backward sums or "
        "shifts along the wrong dim"
    )


def _mixed_dims(e: Evidence, jacobian: np.ndarray) -> set[int]:
    rows, columns = np.nonzero(~e.zero(jacobian))
    into, of = np.unravel_index(rows, e.input_shape), np.unravel_index(columns, e.input_shape)
    return {d for d, (i, j) in enumerate(zip(into, of, strict=True)) if (i != j).any()}


def _mask(e: Evidence) -> Cause | None:
    """Zeros in the wrong places."""
    a0, n0, right = e.zero(e.a), e.zero(e.n), e.same(e.a, e.n)
    lost, extra = n0 < a0, a0 < n0  # boolean <: a zero that the other is not
    if not (right | lost | extra).all():
        return None
    columns_lost = lost.any(0) & a0.all(0)
    if lost.any() and extra.any() and not (right & ~n0).any():
        return "mask", (
            "zero exactly where it should not be, and not zero where it should be: the mask is inverted, or taken from the wrong side"
        )
    if lost.any() and not extra.any():
        if columns_lost.any() and (columns_lost | ~lost.any(0)).all():
            return (
                "zeros",
                f"zero where it should not be: {_places(e, columns_lost)}; a mask or a slice leaves them out",
            )
        if e.analytic is None:
            return None
        return "not summed", (
            "each element acts on several elements of the output, and only some of them send a gradient back: not summed over a broadcast, "
            "over repeated indices or over every use"
        )
    if extra.any() and not lost.any():
        return (
            "not zero",
            f"not zero where the function does not change: {_places(e, extra.any(0))}; a mask is missing in backward",
        )
    return None


def _one_use(e: Evidence) -> Cause | None:
    """Euler: where f(t x) = t^k f(x), the gradient has x . grad = k f . dy; each of the k uses of x gives one."""
    if not e.whole:
        return None
    total = sum(float((v * y).sum()) for v, y in zip(_dys(e), e.check.here, strict=True))
    if not total:
        return None
    given, true = float(e.value.ravel() @ e.gradient) / total, float(e.value.ravel() @ e.expected) / total
    j, k = round(given), round(true)
    if 0 < j < k <= 6 and abs(given - j) < 1e-6 and abs(true - k) < 1e-6:
        return "accumulation", (
            f"the function uses {e.label} {k} times as a factor, and the gradient goes through {j} of these uses: the contributions of the "
            "others are not added"
        )
    return None


def _dys(e: Evidence) -> list[np.ndarray]:
    parts = np.split(e.comparison.weights, np.cumsum([y.size for y in e.check.here])[:-1])
    return [p.reshape(y.shape) for p, y in zip(parts, e.check.here, strict=True)]


def _missing_factor(e: Evidence) -> Cause | None:
    """Is what lies between analytic and numeric a power of one of the inputs or of the output?"""
    known = ~e.zero(e.n) & ~e.zero(e.a)
    if known.sum() < 2 or not (e.same(e.a, e.n) | known).all():
        return None
    ratio = np.where(known, e.a / np.where(known, e.n, 1), np.nan)
    candidates = [*zip(e.check.labels, e.check.values, strict=True), *zip(e.check.names, e.check.here, strict=True)]
    for name, values in candidates:
        for along, shape in ((1, e.input_shape), (0, e.output_shape)):
            field = _spread(values, shape)
            if field is None or (along == 1 and not e.whole):
                continue
            field = field[None, :] if along else field[:, None]
            for power in (-2, -1, 1, 2):
                constant = (ratio / field**power)[known]
                if (
                    np.ptp(np.abs(field)) > 1e-6
                    and np.isfinite(constant).all()
                    and np.ptp(constant) <= 10 * SAME * abs(constant[0])
                ):
                    times = "" if abs(constant[0] - 1) < SAME else f"{constant[0]:.6g} * "
                    return "factor " + ("missing" if power == -1 else "too many" if power == 1 else "inverted"), (
                        f"analytic = numeric * {times}({name})^{power}: "
                        + {
                            -1: "it lacks this factor, as of an inner derivative that the chain rule asks for",
                            1: "it has this factor once too often",
                            -2: "it divides where it should multiply",
                            2: "it multiplies where it should divide",
                        }[power]
                    )
    return None


def _spread(values: np.ndarray, shape: tuple | None) -> np.ndarray | None:
    try:
        return None if shape is None else np.broadcast_to(values, shape).ravel()
    except ValueError:
        return None


def _few(e: Evidence) -> Cause | None:
    """Right in most places."""
    wrong: Any = ~e.same(e.a, e.n).all(0)
    if wrong.sum() * 2 > len(wrong) or not e.input_shape:
        return None
    return (
        "some elements",
        f"right in most elements, wrong in {_places(e, wrong)}: a boundary, a tie, or a branch that is treated wrongly",
    )


def _places(e: Evidence, chosen: Any) -> str:
    """Which elements: said by what they have in common, where they have."""
    flat = e.elements[chosen]
    if not e.input_shape:
        return "the one element"
    index = np.unravel_index(flat, e.input_shape)
    for d, i in enumerate(index):
        if (
            len(set(i.tolist())) == 1
            and e.whole
            and len(flat) == e.value.size // e.input_shape[d]
            and e.input_shape[d] > 1
        ):
            return f"all with index {i[0]} in dim {d}"
    shown = ", ".join("[" + ", ".join(str(int(i[j])) for i in index) + "]" for j in range(min(len(flat), 4)))
    return f"{len(flat)} of {len(e.elements)} elements ({shown}{', ...' if len(flat) > 4 else ''})"


def _something_else(e: Evidence) -> Cause:
    second = e.check.problem.order == 2
    kept = (
        "; a part of backward may be computed outside of the graph (on raw arrays, .detach() or .data), which loses its derivative"
        if second
        else ""
    )
    known = ~e.zero(e.n)
    if not known.any():
        return "not zero", "not zero where the function does not change" + kept
    ratio = (e.a / e.n)[known]
    return ("second derivative" if second else "term"), (
        f"no simple relation: analytic / numeric goes from {np.nanmin(ratio):.4g} to {np.nanmax(ratio):.4g}. A term is missing or wrong, or "
        f"backward uses a value that was changed after it was saved{kept}"
    )


def _common_ratio(e: Evidence, a: np.ndarray, n: np.ndarray) -> float | None:
    """c where a = c n everywhere, and c is not 0."""
    if n.size == 0 or not e.scale:
        return None
    at = int(np.argmax(np.abs(n)))
    factor = float(a.flat[at] / n.flat[at])
    return factor if factor and np.isfinite(factor) and e.equal(a, factor * n) else None


def _sizes(e: Evidence) -> list[tuple[int, str]]:
    found = [(n, f"the size of its dim {d}") for d, n in enumerate(e.input_shape)]
    found.append((e.value.size, f"the number of elements of {e.label}"))
    for name, shape in zip(e.check.names, e.check.shapes, strict=True):
        size = int(np.prod(shape))
        found += [(n, f"the size of dim {d} of {name}") for d, n in enumerate(shape)] + [
            (size, f"the number of elements of {name}")
        ]
        if e.value.size and size % e.value.size == 0:
            found.append((size // e.value.size, f"how many elements of {name} there are for each of {e.label}"))
    return found


def _single(a: np.ndarray) -> bool:
    """Is every number a float32, in a way that is no accident?"""
    a = a[np.isfinite(a) & (a != 0)]
    fits = a.astype(np.float32) == a
    plain = np.frexp(a)[0] * 2**12 % 1 == 0  # small integers and fractions are float32 anyway
    return bool(len(a) and fits.all() and not plain.all())


TESTS = (
    _not_finite,
    _forward_in_single,
    _not_smooth,
    _noise,
    _nothing,
    _imprecise,
    _sign,
    _factor,
    _swapped,
    _moved,
    _mixing,
    _mask,
    _one_use,
    _missing_factor,
    _few,
)
