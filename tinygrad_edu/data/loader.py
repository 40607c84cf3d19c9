"""DataLoader: a dataset in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from ..creation import as_tensor, tensor
from ..errors import DTypeError, ShapeError
from ..ops.joining import stack
from ..ops.random import Generator
from ..tensor import Tensor
from .dataset import IterableDataset
from .sampler import BatchSampler, RandomSampler, SequentialSampler

__all__ = ["DataLoader", "default_collate"]


class DataLoader:
    """Iterate over a dataset in batches, in a new random order each time with ``shuffle``.

    Parameters
    ----------
    dataset : Dataset, IterableDataset, or anything with ``__getitem__`` and ``__len__``
    batch_size : int or None, default 1
        None gives single items, not collated.
    shuffle : bool, default False
    sampler : iterable of indices, optional
        Instead of ``shuffle``.
    batch_sampler : iterable of lists of indices, optional
        Instead of ``batch_size``, ``shuffle``, ``sampler`` and ``drop_last``.
    num_workers : int, default 0
        Only 0: batches are made in this process.
    collate_fn : callable, optional
        Makes a batch from a list of items; `default_collate` where none is given.
    drop_last : bool, default False
        Leave out a last batch that is not full.
    generator : Generator, optional
        Shuffles; the default one of the CPU (`tinygrad_edu.manual_seed`) where none is given.

    Examples
    --------
    >>> from tinygrad_edu.data import TensorDataset
    >>> for (x,) in DataLoader(TensorDataset(tinygrad_edu.arange(5)), batch_size=2):
    ...     print(x)
    tensor([0, 1])
    tensor([2, 3])
    tensor([4])
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list], Any] | None = None,
        drop_last: bool = False,
        generator: Generator | None = None,
    ):
        if num_workers != 0:
            raise ValueError(f"DataLoader: expected num_workers=0, batches are made in this process; got {num_workers}")
        streaming = isinstance(dataset, IterableDataset)
        if streaming and (shuffle or sampler is not None or batch_sampler is not None):
            raise ValueError(
                "DataLoader: an IterableDataset has no indices to shuffle or sample; do it in its __iter__"
            )
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: shuffle is a sampler; give one or the other")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ValueError("DataLoader: a batch_sampler excludes batch_size, shuffle, sampler and drop_last")
        if batch_size is None and drop_last:
            raise ValueError("DataLoader: with batch_size=None there is no last batch to drop")
        self.dataset, self.drop_last, self.generator = dataset, drop_last, generator
        self.batch_size = batch_size if batch_sampler is None else None
        self.collate_fn = collate_fn
        if sampler is None and not streaming:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        self.sampler = sampler
        if batch_sampler is None and batch_size is not None:
            batch_sampler = BatchSampler(() if sampler is None else sampler, batch_size, drop_last)  # checks batch_size
        self.batch_sampler = batch_sampler

    def __iter__(self) -> Iterator:
        if isinstance(self.dataset, IterableDataset):
            return self._streamed(iter(self.dataset))
        if self.batch_sampler is None:
            alone = self.collate_fn or (lambda item: item)
            return (alone(self.dataset[i]) for i in self.sampler)  # type: ignore[union-attr]
        if self.collate_fn is None and hasattr(self.dataset, "batch"):
            return (self.dataset.batch(np.asarray(indices)) for indices in self.batch_sampler)
        collate = self.collate_fn or default_collate
        return (collate([self.dataset[i] for i in indices]) for indices in self.batch_sampler)

    def _streamed(self, items: Iterator) -> Iterator:
        if self.batch_size is None:
            yield from items if self.collate_fn is None else map(self.collate_fn, items)
            return
        while batch := list(islice(items, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield (self.collate_fn or default_collate)(batch)

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            raise DTypeError("DataLoader: the length of an IterableDataset is not known")
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]


def default_collate(batch: list) -> Any:
    """Items to a batch: Tensors, arrays and numbers are stacked along a new first dimension, inside tuples and dicts too.

    >>> default_collate([(1.0, "a"), (2.0, "b")])
    [tensor([1., 2.]), ['a', 'b']]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        if any(x.shape != first.shape for x in batch):
            raise ShapeError(
                f"DataLoader: items of different shapes don't stack, got {sorted({tuple(x.shape) for x in batch})}; "
                "give a collate_fn that pads them"
            )
        return stack(batch)
    if isinstance(first, np.ndarray | np.generic):
        return as_tensor(np.stack(batch))
    if isinstance(first, bool | int | float):
        return tensor(batch)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        return {key: default_collate([item[key] for item in batch]) for key in first}
    if isinstance(first, tuple | list):
        if any(len(item) != len(first) for item in batch):
            raise ShapeError(
                f"DataLoader: items of different lengths don't collate, got lengths {sorted({len(i) for i in batch})}; "
                "give a collate_fn"
            )
        columns = [default_collate(list(column)) for column in zip(*batch, strict=True)]
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    raise DTypeError(
        f"DataLoader: can't make a batch of {type(first).__name__}; give a collate_fn, or items of Tensors, arrays, "
        "numbers, strings, and tuples and dicts of them"
    )
