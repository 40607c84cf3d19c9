"""Datasets: things with a length and an item for each index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..creation import as_tensor
from ..errors import DimError, ShapeError
from ..ops.random import Generator, randperm
from ..tensor import Tensor

__all__ = ["Dataset", "IterableDataset", "Subset", "TensorDataset", "random_split"]


class Dataset:
    """Subclass it with ``__getitem__(index)`` and ``__len__()``.

    A dataset that can take many items at once also defines ``batch(indices)``: the list that collating the items of an
    integer array of indices would give, made without a Python step for each item. ``DataLoader`` uses it where it is
    there.
    """

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: define __getitem__(self, index)")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__}: define __len__(self)")


class IterableDataset(Dataset):
    """A stream: subclass it with ``__iter__()``. There are no indices, so it can't be shuffled or sampled."""

    def __iter__(self) -> Iterator:
        raise NotImplementedError(f"{type(self).__name__}: define __iter__(self)")


class TensorDataset(Dataset):
    """Tensors that belong together along their first dimension; item i is ``(x[i], y[i], ...)``.

    Parameters
    ----------
    *tensors : Tensor (N, ...)

    Raises
    ------
    ShapeError
        If their first dimensions differ.

    Examples
    --------
    >>> pairs = TensorDataset(tinygrad_edu.tensor([[1.0], [2.0]]), tinygrad_edu.tensor([0, 1]))
    >>> len(pairs), pairs[1]
    (2, (tensor([2.]), tensor(1)))
    """

    def __init__(self, *tensors: Tensor):
        if not tensors or any(t.ndim == 0 for t in tensors) or len({len(t.array) for t in tensors}) != 1:
            raise ShapeError(
                "TensorDataset: expected tensors (N, ...) with the same N, got "
                + (" and ".join(str(tuple(t.shape)) for t in tensors) or "none")
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple([t[index] for t in self.tensors])

    def __len__(self) -> int:
        return len(self.tensors[0].array)

    def batch(self, indices: np.ndarray) -> list[Tensor]:
        """The items of an array of indices, stacked."""
        return [t[as_tensor(indices, device=t.device)] for t in self.tensors]


class Subset(Dataset):
    """The items of a dataset at some indices, in their order."""

    def __init__(self, dataset: Any, indices: Sequence[int]):
        self.dataset = dataset
        self.indices = indices
        if hasattr(dataset, "batch"):
            self.batch = self._batch

    def __getitem__(self, index: int) -> Any:
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)

    def _batch(self, indices: np.ndarray) -> Any:
        return self.dataset.batch(np.asarray(self.indices)[indices])


def random_split(dataset: Any, lengths: Sequence[float], generator: Generator | None = None) -> list[Subset]:
    """Divide a dataset at random into parts that don't overlap.

    Parameters
    ----------
    dataset : Dataset
    lengths : sequence of int, or of float
        How many items each part gets, adding up to ``len(dataset)``; or fractions adding up to 1, where items left
        over by rounding go one each to the first parts.
    generator : Generator, optional
        The default one of the CPU where none is given.

    Returns
    -------
    list of Subset

    Examples
    --------
    >>> [len(part) for part in random_split(range(10), [0.7, 0.2, 0.1])]
    [7, 2, 1]
    """
    size = len(dataset)
    if all(0 <= n <= 1 for n in lengths) and abs(sum(lengths) - 1) < 1e-6:
        counts = [int(size * n) for n in lengths]
        for i in range(size - sum(counts)):
            counts[i % len(counts)] += 1
    elif all(int(n) == n and n >= 0 for n in lengths) and sum(lengths) == size:
        counts = [int(n) for n in lengths]
    else:
        raise DimError(
            f"random_split: expected lengths that add up to {size}, the length of the dataset, or fractions that add up "
            f"to 1, got {list(lengths)}"
        )
    order = randperm(size, generator=generator).tolist()
    ends = np.cumsum(counts).tolist()
    return [Subset(dataset, order[end - n : end]) for n, end in zip(counts, ends, strict=True)]
