"""Datasets, samplers and loaders."""

from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
    default_collate,
    random_split,
)


class Squares(Dataset):
    """Without ``batch``: items one by one."""

    def __init__(self, size):
        self.size = size

    def __getitem__(self, index):
        return tg.tensor([float(index), float(index**2)]), index

    def __len__(self):
        return self.size


class Stream(IterableDataset):
    def __iter__(self):
        return iter(range(7))


def pairs(size):
    return TensorDataset(tg.arange(size).float(), tg.arange(size))


@given(size=st.integers(0, 40), batch=st.integers(1, 12), drop_last=st.booleans(), shuffle=st.booleans())
def test_loader_covers_each_item_once(size, batch, drop_last, shuffle):
    loader = DataLoader(pairs(size), batch_size=batch, drop_last=drop_last, shuffle=shuffle)
    batches = [y.tolist() for _, y in loader]
    seen = [i for ys in batches for i in ys]
    assert len(batches) == len(loader)
    assert all(len(ys) == batch for ys in batches[: len(batches) if drop_last else -1])
    assert len(set(seen)) == len(seen) == (size // batch * batch if drop_last else size)
    assert set(seen) <= set(range(size))
    if not shuffle:
        assert seen == list(range(len(seen)))


def test_shuffle_is_new_each_time_and_repeats_with_the_seed():
    loader = DataLoader(pairs(50), batch_size=50, shuffle=True)

    def orders():
        tg.manual_seed(3)
        return [next(iter(loader))[1].tolist() for _ in range(2)]

    first, second = orders()
    assert first != second
    assert first != list(range(50))
    assert orders() == [first, second]


def test_generator_shuffles_apart_from_the_default_one():
    def order():
        return next(iter(DataLoader(pairs(50), 50, shuffle=True, generator=tg.Generator().manual_seed(1))))[1].tolist()

    assert order() == order()


def test_items_one_by_one_collate_to_the_same_as_batches():
    x, y = next(iter(DataLoader(Squares(6), batch_size=4)))
    np.testing.assert_array_equal(x.numpy(), [[0, 0], [1, 1], [2, 4], [3, 9]])
    assert y.tolist() == [0, 1, 2, 3]
    assert y.dtype == tg.int64


def test_collate_fn_gets_the_items():
    batches = list(DataLoader(pairs(3), batch_size=2, collate_fn=lambda items: [y.item() for _, y in items]))
    assert batches == [[0, 1], [2]]


def test_samplers_choose_the_order():
    assert [y.tolist() for _, y in DataLoader(pairs(9), batch_size=2, sampler=[8, 1, 5])] == [[8, 1], [5]]
    assert [y.tolist() for _, y in DataLoader(pairs(9), batch_sampler=[[3], [2, 4, 6]])] == [[3], [2, 4, 6]]


def test_batch_size_none_gives_items():
    assert [y.item() for _, y in DataLoader(pairs(3), batch_size=None)] == [0, 1, 2]


def test_stream_is_cut_into_batches():
    assert [b.tolist() for b in DataLoader(Stream(), batch_size=3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert [b.tolist() for b in DataLoader(Stream(), batch_size=3, drop_last=True)] == [[0, 1, 2], [3, 4, 5]]
    assert list(DataLoader(Stream(), batch_size=None)) == list(range(7))
    with pytest.raises(TypeError, match="length of an IterableDataset"):
        len(DataLoader(Stream()))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"num_workers": 2}, "num_workers=0"),
        ({"batch_size": 0}, "batch_size of at least 1, got 0"),
        ({"shuffle": True, "sampler": [0]}, "one or the other"),
        ({"batch_sampler": [[0]], "drop_last": True}, "excludes"),
        ({"batch_size": None, "drop_last": True}, "no last batch"),
    ],
)
def test_loader_refuses_settings_that_contradict(settings, says):
    with pytest.raises(ValueError, match=says):
        DataLoader(pairs(3), **settings)


def test_stream_cannot_be_shuffled():
    with pytest.raises(ValueError, match="no indices to shuffle"):
        DataLoader(Stream(), shuffle=True)


def test_collate_goes_into_dicts_tuples_and_named_tuples():
    Pair = namedtuple("Pair", "x y")
    items = [{"a": 1.5, "b": (np.float32(2), "s"), "c": Pair(True, np.zeros(2))}] * 2
    batch = default_collate(items)
    assert batch["a"].tolist() == [1.5, 1.5]
    assert batch["a"].dtype == tg.float32
    assert batch["b"][0].dtype == tg.float32
    assert batch["b"][1] == ["s", "s"]
    assert isinstance(batch["c"], Pair)
    assert batch["c"].x.dtype == tg.bool
    assert batch["c"].y.shape == (2, 2)


@pytest.mark.parametrize(
    ("items", "says"),
    [
        ([tg.zeros(2), tg.zeros(3)], r"got \[\(2,\), \(3,\)\]"),
        ([(1, 2), (3,)], r"got lengths \[1, 2\]"),
        ([object()], "can't make a batch of object"),
    ],
)
def test_collate_refuses(items, says):
    with pytest.raises((ValueError, TypeError), match=says):
        default_collate(items)


def test_tensor_dataset_refuses_different_lengths():
    with pytest.raises(ValueError, match=r"same N, got \(3,\) and \(4, 2\)"):
        TensorDataset(tg.zeros(3), tg.zeros(4, 2))


def test_tensor_dataset_keeps_the_device(device):
    x, _ = next(
        iter(DataLoader(TensorDataset(tg.ones(4, 2, device=device), tg.arange(4, device=device)), batch_size=3))
    )
    assert x.device.type == device


def test_batches_of_a_tensor_with_a_gradient_pass_it_on():
    x = tg.ones(4, requires_grad=True)
    for (batch,) in DataLoader(TensorDataset(x), batch_size=3):
        (batch * 2).sum().backward()
    assert x.grad.tolist() == [2, 2, 2, 2]


def test_subset_takes_batches_where_its_dataset_does():
    part = Subset(pairs(10), [7, 3, 5])
    assert [y.item() for _, y in part] == [7, 3, 5]
    assert [y.tolist() for _, y in DataLoader(part, batch_size=2)] == [[7, 3], [5]]
    assert [y.tolist() for _, y in DataLoader(Subset(Squares(9), [7, 3]), batch_size=2)] == [[7, 3]]


@given(sizes=st.lists(st.integers(0, 9), min_size=1, max_size=4))
def test_random_split_divides_without_overlap(sizes):
    parts = random_split(range(sum(sizes)), sizes)
    assert [len(p) for p in parts] == sizes
    assert sorted(i for p in parts for i in p.indices) == list(range(sum(sizes)))


def test_random_split_by_fractions_and_seed():
    def split():
        return [p.indices for p in random_split(range(11), [0.5, 0.5], generator=tg.Generator().manual_seed(0))]

    assert [len(p) for p in split()] == [6, 5]
    assert split() == split()


def test_random_split_refuses_lengths_that_do_not_add_up():
    with pytest.raises(ValueError, match=r"add up to 10.*got \[3, 3\]"):
        random_split(range(10), [3, 3])


def test_random_sampler_with_replacement_and_with_more_samples_than_items():
    drawn = list(RandomSampler(range(3), replacement=True, num_samples=50))
    assert len(drawn) == 50
    assert set(drawn) == {0, 1, 2}
    again = list(RandomSampler(range(3), num_samples=7))
    assert sorted(again[:3]) == sorted(again[3:6]) == [0, 1, 2]
    assert len(again) == 7


def test_batch_sampler_counts_its_batches():
    assert len(BatchSampler(SequentialSampler(range(10)), 3, drop_last=False)) == 4
    assert len(BatchSampler(SequentialSampler(range(10)), 3, drop_last=True)) == 3
