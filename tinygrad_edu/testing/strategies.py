"""Hypothesis strategies: shapes, dtypes, memory layouts, dims, indices, and numbers that a derivative exists at.

Each function returns a strategy. Hypothesis is imported when the first one is asked for.

>>> from hypothesis import given
>>> from tinygrad_edu.testing import gradcheck, strategies
>>> @given(strategies.tensors(away_from=(0.0,)))
... def test_abs(x):
...     assert gradcheck(lambda x: x.abs(), x)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backend.dtypes import bool_, float16, float32, float64, int8, int16, int32, int64, uint8
from ..creation import as_tensor
from .layouts import LAYOUTS, laid_out

KINDS = {
    "floating": (float64, float32, float16),
    "integer": (int64, int32, int16, int8, uint8),
    "bool": (bool_,),
}
STEPS = 1000  # numbers are drawn from as many places between their bounds: few digits, and never a hair from a kink


def _hypothesis() -> tuple[Any, Any]:
    try:
        from hypothesis import strategies
        from hypothesis.extra import numpy
    except ImportError:
        raise ImportError(
            "tinygrad_edu.testing.strategies: drawing inputs needs the package hypothesis; install it with: pip install hypothesis"
        ) from None
    return strategies, numpy


def shapes(*, min_dims: int = 0, max_dims: int = 4, min_side: int = 1, max_side: int = 4) -> Any:
    """Shapes; ``min_side=0`` includes those with no element."""
    _, numpy = _hypothesis()
    return numpy.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)


def broadcastable_shapes(count: int = 2, *, max_dims: int = 4, min_side: int = 1, max_side: int = 4) -> Any:
    """Tuples of ``count`` shapes that broadcast with each other."""
    _, numpy = _hypothesis()
    groups = numpy.mutually_broadcastable_shapes(
        num_shapes=count, min_dims=0, max_dims=max_dims, min_side=min_side, max_side=max_side
    )
    return groups.map(lambda group: group.input_shapes)


def dtypes(*kinds: str) -> Any:
    """dtypes of the given kinds: ``"floating"``, ``"integer"``, ``"bool"``; floating ones where none is given."""
    st, _ = _hypothesis()
    return st.sampled_from([d for kind in kinds or ("floating",) for d in KINDS[kind]])


def layouts(*, keep_values: bool = False) -> Any:
    """Names of memory layouts, for ``laid_out``; ``keep_values`` leaves out the expanded one, which repeats numbers."""
    st, _ = _hypothesis()
    return st.sampled_from([name for name in LAYOUTS if name != "expanded" or not keep_values])


def dims(ndim: int) -> Any:
    """One dim of a tensor with ``ndim`` dims, counted from the front or from the back; 0 and -1 where it has none."""
    st, _ = _hypothesis()
    return st.integers(-max(ndim, 1), max(ndim, 1) - 1)


def several_dims(ndim: int) -> Any:
    """What reductions take: None, one dim, or a tuple of different ones, each counted from the front or from the back."""
    st, _ = _hypothesis()
    signed = st.lists(st.integers(0, max(ndim, 1) - 1), unique=True, min_size=1).flatmap(
        lambda chosen: st.tuples(*[st.sampled_from([d, d - max(ndim, 1)]) for d in chosen])
    )
    return st.one_of(st.none(), dims(ndim), signed)


def numbers(*, low: float = -3.0, high: float = 3.0, away_from: Sequence[float] = (), distance: float = 0.1) -> Any:
    """Floats of few digits in [low, high], at least ``distance`` from each of ``away_from``: kinks, poles, jumps.

    Give bounds inside of the domain: ``numbers(low=0.1)`` for a logarithm.
    """
    st, _ = _hypothesis()
    grid = (round(low + (high - low) * i / STEPS, 9) for i in range(STEPS + 1))
    allowed = [x for x in grid if all(abs(x - kink) >= distance for kink in away_from)]
    return st.sampled_from(sorted(allowed, key=abs))  # Hypothesis shrinks toward the first


def arrays(
    shape: Any = None,
    *,
    dtype: Any = float64,
    low: float = -3.0,
    high: float = 3.0,
    away_from: Sequence[float] = (),
    distance: float = 0.1,
    distinct: bool = False,
    layout: Any = "C",
) -> Any:
    """NumPy arrays of numbers that a derivative exists at.

    Parameters
    ----------
    shape
        A shape or a strategy for one; ``shapes()`` by default.
    dtype
        A dtype or a strategy for one. Integers are drawn between the bounds too; bools ignore them.
    low, high, away_from, distance
        As for ``numbers``.
    distinct
        No two elements equal or close: for sorting and for the largest element, which have kinks at ties.
    layout
        A memory layout or a strategy for one, as ``layouts()``.
    """
    st, _ = _hypothesis()
    shape, dtype, layout = (
        x if isinstance(x, st.SearchStrategy) else st.just(x)
        for x in (shapes() if shape is None else shape, dtype, layout)
    )

    @st.composite
    def draw_array(draw: Callable) -> np.ndarray:
        size, kind = draw(shape), np.dtype(draw(dtype))
        count = int(np.prod(size))
        if kind.kind == "b":
            flat = draw(st.lists(st.booleans(), min_size=count, max_size=count))
        elif kind.kind in "iu":
            least = max(int(np.ceil(low)), 0 if kind.kind == "u" else -128)
            flat = draw(st.lists(st.integers(least, int(high)), min_size=count, max_size=count, unique=distinct))
        elif distinct:
            grid = np.round(np.linspace(low, high, 4 * count + 1), 9)
            allowed = [x for x in grid.tolist() if all(abs(x - kink) >= distance for kink in away_from)]
            flat = draw(st.permutations(allowed))[:count]
        else:
            one = numbers(low=low, high=high, away_from=away_from, distance=distance)
            flat = draw(st.lists(one, min_size=count, max_size=count))
        return laid_out(np.array(flat, kind).reshape(size), draw(layout))

    return draw_array()


def tensors(shape: Any = None, *, requires_grad: bool = True, device: Any = None, **options: Any) -> Any:
    """Tensors made from ``arrays`` (which see for the options); those of floats require a gradient unless told otherwise."""

    def wrap(array: np.ndarray) -> Any:
        x = as_tensor(array, device=device)
        return x.requires_grad_() if requires_grad and array.dtype.kind == "f" else x

    return arrays(shape, **options).map(wrap)


def groups(count: int = 2, *, max_dims: int = 3, max_side: int = 3, **options: Any) -> Any:
    """Tuples of ``count`` arrays whose shapes broadcast; options as for ``arrays``."""
    st, _ = _hypothesis()
    return broadcastable_shapes(count, max_dims=max_dims, max_side=max_side).flatmap(
        lambda found: st.tuples(*[arrays(shape, **options) for shape in found])
    )


def indices(shape: tuple, *, kinds: Sequence[str] = ("basic", "advanced", "boolean", "mixed")) -> Any:
    """Indices that are valid for an array of a shape, as they stand in brackets.

    Parameters
    ----------
    shape
        The shape of what is indexed.
    kinds
        ``"basic"``: integers, slices, None and an ellipsis; ``"advanced"``: arrays of integers, that broadcast with each
        other, for some of the dims; ``"boolean"``: a mask of the first dims; ``"mixed"``: arrays, integers and slices together.
    """
    st, numpy = _hypothesis()

    def within(n: int) -> Any:
        return st.integers(-n, n - 1)

    @st.composite
    def advanced(draw: Callable) -> tuple:
        some = draw(st.integers(1, len(shape)))
        found = draw(
            numpy.mutually_broadcastable_shapes(num_shapes=some, min_dims=0, max_dims=2, max_side=3)
        ).input_shapes
        return tuple(draw(numpy.arrays(np.int64, s, elements=within(n))) for s, n in zip(found, shape, strict=False))

    @st.composite
    def boolean(draw: Callable) -> np.ndarray:
        return draw(numpy.arrays(np.bool_, shape[: draw(st.integers(1, len(shape)))]))

    @st.composite
    def mixed(draw: Callable) -> tuple:
        length = draw(st.integers(1, 3))
        parts = []
        for n in shape:
            part = draw(st.sampled_from(["slice", "array", "integer"] if n else ["slice"]))
            if part == "slice":
                parts.append(draw(st.slices(n)))
            else:
                parts.append(
                    draw(within(n) if part == "integer" else numpy.arrays(np.int64, length, elements=within(n)))
                )
        return tuple(parts)

    offers = {"basic": numpy.basic_indices(shape, allow_newaxis=True)}
    if shape:
        offers |= {"boolean": boolean(), "mixed": mixed()}
        if 0 not in shape:
            offers["advanced"] = advanced()
    return st.one_of([offers[kind] for kind in kinds if kind in offers])
