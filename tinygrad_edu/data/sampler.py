"""Samplers: the order in which a loader takes the items of a dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import DimError
from ..ops.random import Generator, randint, randperm

__all__ = ["BatchSampler", "RandomSampler", "Sampler", "SequentialSampler"]


class Sampler:
    """Subclass it with ``__iter__()``, which gives indices, and ``__len__()``."""

    def __iter__(self) -> Iterator:
        raise NotImplementedError(f"{type(self).__name__}: define __iter__(self)")


class SequentialSampler(Sampler):
    """The indices 0 ... N - 1 in order."""

    def __init__(self, data_source: Any):
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """The indices in random order, a new one each time; with ``replacement`` each drawn independently of the others."""

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ):
        self.data_source = data_source
        self.replacement = replacement
        self.generator = generator
        self._num_samples = num_samples
        if self.num_samples < 0 or (self.num_samples and not len(data_source)):
            raise DimError(f"RandomSampler: can't draw {self.num_samples} samples from {len(data_source)} items")

    @property
    def num_samples(self) -> int:
        """How many indices a pass gives: one for each item unless told otherwise."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        size, wanted = len(self.data_source), self.num_samples
        if self.replacement:
            yield from randint(size, (wanted,), generator=self.generator).tolist() if wanted else []
            return
        while wanted > 0:  # more samples than items: one order after the other
            order = randperm(size, generator=self.generator).tolist()[:wanted]
            wanted -= len(order)
            yield from order

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """The indices of a sampler in lists of ``batch_size``; the last is shorter, or left out with ``drop_last``.

    >>> list(BatchSampler(SequentialSampler(range(5)), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool):
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size < 1:
            raise DimError(f"BatchSampler: expected a batch_size of at least 1, got {batch_size!r}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        batch = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        size = len(self.sampler)  # type: ignore[arg-type]
        return size // self.batch_size if self.drop_last else -(-size // self.batch_size)
