"""check_op: one operation from every side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..autograd import grad
from ..autograd.functional import jvp, vjp
from ..autograd.modes import enable_grad
from ..autograd.variable import Variable
from ..backend import CPU, device_of, move
from ..backend.dtypes import float32, float64, is_floating
from ..creation import as_tensor
from ..errors import GradError, ShapeError
from .checking import EXACT, Settings, differ, element
from .failure import Failure, GradcheckError, number_text
from .gradcheck import examine
from .layouts import LAYOUTS, laid_out
from .problem import cotangent, is_real, on_host, outputs

SINGLE = 1e-3  # float32 against float64, relative to the largest: more is no rounding


def check_op(
    func: Callable,
    inputs: Sequence[Any],
    reference: Callable | None = None,
    *,
    order: int = 2,
    atol: float = 1e-10,
    rtol: float = 1e-7,
    fast_mode: bool | None = None,
    device: Any = None,
) -> None:
    """Examine an operation: values, derivatives, dtypes, layouts, and its manners.

    - the outputs are those of the reference;
    - ``gradcheck`` and, for order 2, ``gradgradcheck`` find nothing: numeric derivatives, linearity of the vjp, layouts
      of inputs and dy, determinism;
    - products with the Jacobian from both sides agree: u (J v) = (u J) v;
    - inputs that have no gradient (indices, masks) may lie in any layout as well, and no input is changed;
    - float32 inputs give float32 outputs and float32 gradients, near those of float64;
    - a change of the output in place leaves the gradient right, or raises.

    Parameters
    ----------
    func
        Takes Tensors, returns a Tensor or a tuple of them.
    inputs
        NumPy arrays or Tensors; whatever else is among them is handed on as it is. Floats are checked in float64.
    reference
        The same function of NumPy arrays.
    order
        The highest order of derivatives that is checked: 1 or 2.
    atol, rtol, fast_mode
        As for ``gradcheck``.
    device
        Where to compute; by default where the inputs are.

    Raises
    ------
    GradcheckError
        On the first mistake, with its likely cause.

    Examples
    --------
    >>> from tinygrad_edu.testing import check_op
    >>> check_op(lambda x, y: x * y, [np.ones((2, 3)), np.arange(3.0)], np.multiply)
    """
    arrays = [_array(x, device) for x in inputs]
    run = _Run(func, arrays, list(inputs))
    if reference is not None:
        _matches(reference, run)
    _leaves_inputs(run)
    settings = Settings(rtol=rtol, atol=atol, fast=fast_mode)
    xs = run.tensors(float64)
    if any(isinstance(x, Variable) and x.requires_grad for x in xs):  # type: ignore[attr-defined]
        for n in range(1, order + 1):
            failure = examine(func, xs, n, None, settings)
            if failure is not None:
                raise GradcheckError(failure, f"check_op (order {n})")
        _both_products_agree(run)
        _survives_a_change_in_place(run)
    _layouts_of_the_others(run)
    _keeps_float32(run)


class _Run:
    """The operation and its inputs, to be computed in a dtype, in other layouts."""

    def __init__(self, func: Callable, arrays: list, inputs: list):
        self.func, self.arrays, self.inputs = func, arrays, inputs
        self.real = [i for i, a in enumerate(arrays) if a is not None and is_floating(a.dtype)]
        self.rng = np.random.default_rng(0)

    def tensors(self, dtype: np.dtype, arrays: list | None = None) -> list:
        """The inputs as fresh Tensors; floats in the dtype, requiring gradients."""
        out = []
        for i, (array, given) in enumerate(zip(arrays or self.arrays, self.inputs, strict=True)):
            if array is None:
                out.append(given)
            elif i in self.real:
                out.append(
                    as_tensor(
                        array if array.dtype == dtype else array.astype(dtype), device=device_of(array)
                    ).requires_grad_()
                )
            else:
                out.append(as_tensor(array, device=device_of(array)))
        return out

    def values(self, xs: list) -> list:
        """The outputs."""
        with enable_grad():
            return outputs(self.func(*xs), getattr(self.func, "__name__", "the operation"))

    def gradients(self, xs: list, dys: list | None = None) -> tuple[list, list, list]:
        """Outputs that have gradients, the dy given for each, and the gradients of the real inputs (None where none)."""
        ys = [y for y in self.values(xs) if y.requires_grad]
        if not ys:
            return [], [], [None] * len(self.real)
        dys = [cotangent(y, np.random.default_rng(1)) for y in ys] if dys is None else dys
        found = grad(ys, [xs[i] for i in self.real], dys, create_graph=True, allow_unused=True)
        return ys, dys, list(found)


def _array(x: Any, device: Any) -> Any:
    """The input as an array where the check is to run; None for what is no array."""
    array = x.array if isinstance(x, Variable) else x
    if not hasattr(array, "dtype") or not hasattr(array, "strides") or isinstance(array, np.generic):
        return None
    array = array if device is None else move(array, device)
    return array.astype(float64) if is_floating(array.dtype) and array.dtype != float64 else array


def _fail(headline: str, cause: str, likely: str, facts: dict[str, str] | None = None) -> GradcheckError:
    return GradcheckError(Failure(headline, cause, likely, facts or {}), "check_op")


def _compare(
    a: np.ndarray, b: np.ndarray, tolerance: float, headline: str, cause: str, likely: str, names: tuple[str, str]
) -> None:
    """Two arrays that should be equal: the first is as it should be."""
    if a.shape != b.shape:
        raise _fail(headline, cause, likely, {names[0]: f"shape {a.shape}", names[1]: f"shape {b.shape}"})
    at = differ(a, b, tolerance)
    if at is not None:
        numbers = {names[0]: number_text(a.flat[at]), names[1]: number_text(b.flat[at])}
        raise _fail(headline, cause, likely, element(a.shape, at) | numbers)


def _matches(reference: Callable, run: _Run) -> None:
    hosts = [x if a is None else np.array(move(a, CPU)) for a, x in zip(run.arrays, run.inputs, strict=True)]
    with np.errstate(all="ignore"):
        want = reference(*hosts)
    wants = list(want) if isinstance(want, tuple | list) else [want]
    got = run.values(run.tensors(float64))
    if len(wants) != len(got):
        raise _fail(
            f"{len(got)} outputs where the reference has {len(wants)}",
            "forward",
            "an output is missing, or one too many",
        )
    for i, (a, y) in enumerate(zip(wants, got, strict=True)):
        a, b = np.asarray(a), np.asarray(move(y.array, CPU))
        _compare(
            a,
            b,
            EXACT,
            f"output {i} is not that of the reference",
            "forward",
            "the forward is wrong",
            ("reference", "output"),
        )


def _leaves_inputs(run: _Run) -> None:
    before = [None if a is None else np.array(move(a, CPU)) for a in run.arrays]
    run.gradients(run.tensors(float64))
    for i, (old, a) in enumerate(zip(before, run.arrays, strict=True)):
        if old is not None and not np.array_equal(old, move(a, CPU), equal_nan=old.dtype.kind == "f"):
            raise _fail(
                f"input {i} is changed",
                "changes its input",
                "the operation works in place on the array that it is given; compute into a new one",
            )


def _both_products_agree(run: _Run) -> None:
    """u (J v), by differentiating u J with respect to u, against (u J) v."""
    xs = run.tensors(float64)
    reals = [xs[i].detach() for i in run.real]

    def func(*values: Any) -> tuple:
        args = list(xs)
        for i, x in zip(run.real, values, strict=True):
            args[i] = x
        return tuple([y for y in run.values(args) if is_real(y)])

    ys = func(*reals)
    if not ys:
        return
    v, u = (tuple([cotangent(t, run.rng) for t in ts]) for ts in (reals, ys))
    forward, backward = jvp(func, tuple(reals), v)[1], vjp(func, tuple(reals), u)[1]
    left = sum(float((on_host(a.array) * on_host(b.array)).sum()) for a, b in zip(u, forward, strict=True))
    right = sum(float((on_host(a.array) * on_host(b.array)).sum()) for a, b in zip(backward, v, strict=True))
    size = sum(float(np.abs(on_host(a.array) * on_host(b.array)).sum()) for a, b in zip(backward, v, strict=True))
    if np.isfinite(size) and not abs(left - right) <= 1e-9 * (size + abs(left)) + 1e-14:
        raise _fail(
            "jvp and vjp disagree: u (J v) is not (u J) v",
            "jvp",
            "the derivative of backward with respect to dy is wrong: a part of it is computed on raw arrays",
            {"u (J v)": number_text(left), "(u J) v": number_text(right)},
        )


def _survives_a_change_in_place(run: _Run) -> None:
    """z = 3 y, written into y: the gradient of z is 3 times that of y, unless a saved y makes it an error."""
    ys, dys, want = run.gradients(run.tensors(float64))
    if len(ys) != 1:
        return
    xs = run.tensors(float64)
    (y,) = (y for y in run.values(xs) if y.requires_grad)
    if _shares_cells(y.array):  # what a change in place means for the others is nobody's to say
        return
    try:
        got = grad(y.mul_(3.0), [xs[i] for i in run.real], dys, allow_unused=True)
    except (GradError, ShapeError):  # a leaf, an expanded result, or noticed: the saved value was changed
        return
    for i, a, b in zip(run.real, want, got, strict=True):
        if a is not None and b is not None:
            _compare(
                3 * on_host(a.array),
                on_host(b.array),
                EXACT,
                f"the gradient of input {i} is wrong where the output is changed in place before backward",
                "saved value changed",
                "backward uses an array that it saved unseen by the engine, and that shares memory with the output; save it as "
                '"output" in keeps, or save a copy',
                ("right", "got"),
            )


def _shares_cells(array: Any) -> bool:
    """Do several elements lie in one place, as in the windows that ``as_strided`` and ``unfold`` make?"""
    places = np.zeros(array.shape, np.int64)
    for d, (n, stride) in enumerate(zip(array.shape, array.strides, strict=True)):
        places += (np.arange(n) * stride).reshape([-1 if i == d else 1 for i in range(array.ndim)])
    return len(np.unique(places)) < array.size


def _layouts_of_the_others(run: _Run) -> None:
    """Indices and masks, too, may lie anywhere."""
    others = [i for i, a in enumerate(run.arrays) if a is not None and i not in run.real]
    if not others:
        return
    _, dys, want = run.gradients(run.tensors(float64))
    values = [on_host(y.array) for y in run.values(run.tensors(float64))]
    for i in others:
        for layout in LAYOUTS[1:-1]:
            arrays = [laid_out(a, layout) if j == i else a for j, a in enumerate(run.arrays)]
            likely = "the memory of the input is read in its order instead of going by strides"
            where = f"is wrong where input {i} lies in memory as {layout!r}"
            for j, (a, y) in enumerate(zip(values, run.values(run.tensors(float64, arrays)), strict=True)):
                _compare(a, on_host(y.array), EXACT, f"output {j} {where}", "layout", likely, ("contiguous", layout))
            for j, a, b in zip(
                run.real, want, run.gradients(run.tensors(float64, arrays), dys or None)[2], strict=True
            ):
                if a is not None:
                    _compare(
                        on_host(a.array), on_host(b.array), EXACT, f"the gradient of input {j} {where}", "layout", likely,
                        ("contiguous", layout),
                    )  # fmt: skip


def _keeps_float32(run: _Run) -> None:
    if not run.real:
        return
    rounded = [a.astype(float32) if i in run.real else a for i, a in enumerate(run.arrays)]
    wide = [a.astype(float64) if i in run.real else a for i, a in enumerate(rounded)]
    narrow_xs = run.tensors(float32, rounded)
    seen: dict[int, Any] = {}
    for i in run.real:
        narrow_xs[i].register_hook(lambda g, i=i: seen.update({i: g.dtype}))
    ys = run.values(narrow_xs)
    for j, y in enumerate(ys):
        if is_real(y) and y.dtype != float32:
            raise _fail(
                f"output {j} is {y.dtype} for float32 inputs",
                "dtype",
                "an array of float64, or a NumPy number, in the forward raises the precision; Python numbers don't",
            )
    _, dys, want = run.gradients(run.tensors(float64, wide))
    _, _, got = run.gradients(narrow_xs, [d.float() for d in dys])
    for i, a, b in zip(run.real, want, got, strict=True):
        if b is None:
            continue
        if seen.get(i, b.dtype) != float32 or b.dtype != float32:
            raise _fail(
                f"the gradient of input {i} is {seen.get(i, b.dtype)} for a float32 input",
                "dtype",
                "backward computes in another precision: an array of float64 or a NumPy number in it raises float32",
            )
        if a is not None and np.isfinite(on_host(a.array)).all():
            _compare(
                on_host(a.array), on_host(b.array), SINGLE, f"the gradient of input {i} in float32 is not that in float64", "float32",
                "a branch for float32 is wrong, or loses its digits in a difference of large numbers", ("float64", "float32"),
            )  # fmt: skip
