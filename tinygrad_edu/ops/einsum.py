"""Sums of products by named dimensions: einsum, and tensordot, which names them by position.

Both are one contraction of two tensors after another. A dimension of a contraction is in one of three places: in both
tensors and in the result (a batch), in both and not in the result (it is summed over), or in one alone. That is a batch
of matrix products, (batch, left, summed) @ (batch, summed, right), so BLAS does the work, and the gradient of the matrix
product, of transposes and of reshapes is the gradient of it all, to any order.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from math import prod
from typing import Any

from ..autograd.variable import Variable
from ..errors import ShapeError
from .dims import several_dims
from .matmul import one_dtype

__all__ = ["einsum", "tensordot"]

DOTS = "..."


def einsum(equation: Any, *operands: Any) -> Any:
    """Sum products of elements by Einstein's convention.

    ``"ij,jk->ik"`` reads: the first operand has dimensions i and j, the second j and k, the result i and k; products are
    summed over what the result does not have. A letter twice in one operand takes the diagonal. ``...`` stands for any
    leading, middle or last dimensions, which broadcast. Without ``->`` the result has ``...`` and then, in alphabetical
    order (capitals first), the letters that occur once.

    More than two operands are contracted in pairs, the pair with the smallest result first.

    Parameters
    ----------
    equation : str
        Letters for each operand, separated by commas; spaces are ignored.
    *operands : Tensor
        A dimension of size 1 broadcasts against others of the same letter. Also ``einsum(x, [0, 1], y, [1, 2], [0, 2])``,
        with numbers from 0 to 51 for letters and ``Ellipsis`` for dots.

    Returns
    -------
    Tensor

    Raises
    ------
    ShapeError
        Where the equation is not one, or does not fit the operands.

    Notes
    -----
    The gradient of an operand is an einsum too: of the result's gradient with the other operands, to its letters.

    Examples
    --------
    >>> x = tinygrad_edu.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> einsum("ii", x), einsum("ij->j", x), einsum("ij,kj->ik", x, x)
    (tensor(5.), tensor([4., 6.]), tensor([[ 5., 11.],
            [11., 25.]]))
    """
    if isinstance(equation, Variable):
        equation, operands = _from_sublists((equation, *operands))
    elif len(operands) == 1 and isinstance(operands[0], Sequence):
        operands = tuple(operands[0])
    inputs, output, sizes = _read(equation, tuple([tuple(x.shape) for x in operands]))
    terms = [_without_repeats(x, labels, sizes) for x, labels in zip(operands, inputs, strict=True)]
    while len(terms) > 1:
        i, j = _cheapest_pair(terms, output, sizes)
        right, left = terms.pop(j), terms.pop(i)
        terms.append(_contract(left, right, _used(terms, output), "einsum"))
    x, labels = terms[0]
    summed = [d for d, label in enumerate(labels) if label not in output]
    if summed:
        x, labels = x.sum(tuple(summed)), [label for label in labels if label in output]
    return _arranged(x, labels, output)


def tensordot(a: Any, b: Any, dims: Any = 2) -> Any:
    """Sum products over some dimensions of each tensor; the result has the others of ``a``, then those of ``b``.

    Parameters
    ----------
    a, b : Tensor
    dims : int, or two sequences of int
        That many last dimensions of ``a`` with the first of ``b``; or which of ``a`` with which of ``b``.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> x = tinygrad_edu.ones(2, 3, 4)
    >>> tensordot(x, tinygrad_edu.ones(4, 3, 5), dims=([1, 2], [1, 0])).shape
    (2, 5)
    """
    m, n = len(a.shape), len(b.shape)
    if isinstance(dims, Variable):
        dims = dims.array.tolist()
    if isinstance(dims, int):
        if not 0 <= dims <= min(m, n):
            raise ShapeError(f"tensordot: expected 0 to {min(m, n)} dims for {m} and {n} dimensions, got {dims}")
        dims_a, dims_b = tuple(range(m - dims, m)), tuple(range(dims))
    else:
        dims_a, dims_b = (several_dims("tensordot", d, k) for d, k in zip(dims, (m, n), strict=True))
    sizes_a, sizes_b = [a.shape[d] for d in dims_a], [b.shape[d] for d in dims_b]
    if len(dims_a) != len(dims_b) or any(p != q and 1 not in (p, q) for p, q in zip(sizes_a, sizes_b, strict=True)):
        raise ShapeError(
            f"tensordot: expected the dims of a and b to have the same sizes, got dims {dims_a} of a {tuple(a.shape)} and "
            f"{dims_b} of b {tuple(b.shape)}"
        )
    one_dtype("tensordot", a=a, b=b)
    labels_a: list[Any] = list(range(m))
    labels_b: list[Any] = [m + d for d in range(n)]
    for p, q in zip(dims_a, dims_b, strict=True):
        labels_b[q] = p
    output = [label for label in labels_a + labels_b if label not in dims_a]
    sizes = {p: max(k, l) if 0 not in (k, l) else 0 for p, k, l in zip(dims_a, sizes_a, sizes_b, strict=True)}
    left, right = _without_stretched(a, labels_a, sizes), _without_stretched(b, labels_b, sizes)
    x, labels = _contract(left, right, output, "tensordot")
    return _arranged(x, labels, output)


# -- reading an equation


@lru_cache(maxsize=1024)
def _read(equation: str, shapes: tuple) -> tuple[list[list], list, dict]:
    """The labels of each operand and of the result, and the size of each.

    A label is a letter, or a number -1, -2, ... for a dotted dimension.
    """
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    letters = set((left + right).replace(",", "").replace(DOTS, ""))
    if not letters <= set(string.ascii_letters) or any(t.count(DOTS) > 1 for t in [*terms, right]) or "," in right:
        raise ShapeError(f"einsum: expected an equation like 'ij,jk->ik' or '...ij,...jk->...ik', got {equation!r}")
    if len(terms) != len(shapes):
        raise ShapeError(f"einsum: {equation!r} is for {len(terms)} operands, got {len(shapes)}")
    inputs = []
    for i, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        dotted = len(shape) - len(term.replace(DOTS, ""))
        if dotted < 0 or (dotted and DOTS not in term):
            raise ShapeError(
                f"einsum: expected operand {i} to have the dimensions {term!r} of {equation!r}, got shape {shape}"
            )
        inputs.append(_labels(term, dotted))
    dotted = max([sum(isinstance(label, int) for label in labels) for labels in inputs])
    sizes = _sizes(equation, inputs, shapes)
    if arrow:
        output = _labels(right, dotted)
        if len(set(output)) != len(output) or not sizes.keys() >= set(output):
            raise ShapeError(
                f"einsum: expected each letter of the result once, and in an operand too, got {equation!r}"
            )
        return inputs, output, sizes
    every = "".join(terms)
    return inputs, _labels(DOTS + "".join(sorted(c for c in letters if every.count(c) == 1)), dotted), sizes


def _sizes(equation: str, inputs: list[list], shapes: tuple) -> dict:
    """One size a label: equal in all operands but for a 1, which broadcasts; within one operand, equal."""
    sizes: dict = {}
    for labels, shape in zip(inputs, shapes, strict=True):
        own = dict(zip(labels, shape, strict=True))
        for label, n in zip(labels, shape, strict=True):
            known = sizes.get(label, 1)
            if own[label] != n or (n != 1 and known not in (1, n)):
                name = repr(label) if isinstance(label, str) else f"{label} of '...'"
                raise ShapeError(
                    f"einsum: expected one size for dimension {name} in {equation!r}, got "
                    f"{known if own[label] == n else own[label]} and {n}: shapes {', '.join(map(str, shapes))}"
                )
        sizes |= {label: n if n != 1 else sizes.get(label, 1) for label, n in own.items()}
    return sizes


def _labels(term: str, dotted: int) -> list:
    before, dots, after = term.partition(DOTS)
    return [*before, *(range(-dotted, 0) if dots else ()), *after]


def _from_sublists(args: tuple) -> tuple[str, tuple]:
    """``(x, [0, 1], y, [1, 2], [0, 2])`` as an equation and operands."""
    letters = string.ascii_uppercase + string.ascii_lowercase  # sorted, as their numbers are
    *pairs, last = args if len(args) % 2 else (*args, None)
    lists = [*pairs[1::2], *([] if last is None else [last])]
    if not all(label is Ellipsis or label in range(len(letters)) for labels in lists for label in labels):
        raise ShapeError(f"einsum: expected lists of numbers from 0 to {len(letters) - 1} and Ellipsis, got {lists}")
    terms = ["".join(DOTS if label is Ellipsis else letters[label] for label in labels) for labels in lists]
    equation = ",".join(terms[: len(pairs) // 2]) + ("" if last is None else "->" + terms[-1])
    return equation, tuple(pairs[::2])


# -- contracting


def _without_repeats(x: Any, labels: list, sizes: dict) -> tuple[Any, list]:
    """The diagonal where a label comes twice."""
    for label in set(labels):
        while labels.count(label) > 1:
            i = labels.index(label)
            j = labels.index(label, i + 1)
            x = x.diagonal(0, i, j)
            labels = [k for n, k in enumerate(labels) if n not in (i, j)] + [label]
    return _without_stretched(x, labels, sizes)


def _without_stretched(x: Any, labels: list, sizes: dict) -> tuple[Any, list]:
    """Without dimensions of size 1 that another operand stretches: broadcasting is leaving them away."""
    kept = [d for d, label in enumerate(labels) if x.shape[d] == sizes.get(label, x.shape[d])]
    if len(kept) == len(labels):
        return x, labels
    return x.reshape(tuple([x.shape[d] for d in kept])), [labels[d] for d in kept]


def _used(terms: list, output: Sequence) -> set:
    """The labels that somebody still needs."""
    return set(output).union(*[labels for _, labels in terms])


def _cheapest_pair(terms: list, output: list, sizes: dict) -> tuple[int, int]:
    """The pair whose contraction adds the fewest elements to what must be held."""

    def growth(pair: tuple) -> int:
        i, j = pair
        (_, left), (_, right) = terms[i], terms[j]
        needed = _used([t for k, t in enumerate(terms) if k not in pair], output)
        size = lambda labels: prod([sizes[label] for label in labels])  # noqa: E731
        return size((set(left) | set(right)) & needed) - size(left) - size(right)

    return min(combinations(range(len(terms)), 2), key=growth) if len(terms) > 2 else (0, 1)


def _contract(left: tuple, right: tuple, needed: Any, what: str) -> tuple[Any, list]:
    """Sum the products of two terms over the labels that nobody needs: one batch of matrix products."""
    (x, in_x), (y, in_y) = _summed_alone(left, right[1], needed), _summed_alone(right, left[1], needed)
    both = [label for label in in_x if label in in_y]
    batch, summed = [k for k in both if k in needed], [k for k in both if k not in needed]
    rows, columns = [k for k in in_x if k not in in_y], [k for k in in_y if k not in in_x]
    sizes = {**dict(zip(in_y, y.shape, strict=True)), **dict(zip(in_x, x.shape, strict=True))}
    if not summed:  # nothing to add up: a product of elements, for any dtypes
        x = _arranged(x, in_x, batch + rows)
        y = _arranged(y, in_y, batch + columns)
        x = x.reshape(tuple(x.shape) + (1,) * len(columns))
        y = y.reshape(tuple(y.shape[: len(batch)]) + (1,) * len(rows) + tuple(y.shape[len(batch) :]))
        return x * y, batch + rows + columns
    one_dtype(what, a=x, b=y)
    size = lambda labels: prod([sizes[label] for label in labels])  # noqa: E731
    batches = (size(batch),) if batch else ()
    x = _shaped(_arranged(x, in_x, batch + rows + summed), (*batches, size(rows), size(summed)))
    y = _shaped(_arranged(y, in_y, batch + summed + columns), (*batches, size(summed), size(columns)))
    kept = batch + rows + columns
    return _shaped(x @ y, tuple([sizes[label] for label in kept])), kept


def _summed_alone(term: tuple, others: list, needed: Any) -> tuple[Any, list]:
    """Summed over the labels that this term has alone and nobody needs."""
    x, labels = term
    alone = [d for d, label in enumerate(labels) if label not in others and label not in needed]
    if not alone:
        return term
    return x.sum(tuple(alone)), [k for d, k in enumerate(labels) if d not in alone]


def _arranged(x: Any, labels: list, order: list) -> Any:
    """With the dimensions in another order."""
    return x if labels == order else x.permute(tuple([labels.index(label) for label in order]))


def _shaped(x: Any, shape: tuple) -> Any:
    return x if x.shape == shape else x.reshape(shape)
