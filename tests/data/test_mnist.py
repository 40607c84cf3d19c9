"""MNIST: the carried digits, the original files, and what happens to damaged ones."""

import gzip
import hashlib
import os
import struct
from pathlib import Path

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.data import MNIST, DataLoader
from tinygrad_edu.data import mnist as module
from tinygrad_edu.data.make_mnist_sample import make, stratified

ORIGINALS = Path(os.environ.get("TINYGRAD_EDU_DATA", ".")) / "mnist"
with_originals = pytest.mark.skipif(
    not (ORIGINALS / "train-images-idx3-ubyte.gz").is_file(),
    reason="the original files are not in TINYGRAD_EDU_DATA/mnist",
)


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No data folder, an empty cache, and no address that answers."""
    monkeypatch.delenv("TINYGRAD_EDU_DATA", raising=False)
    monkeypatch.setenv("TINYGRAD_EDU_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "MIRRORS", ((tmp_path / "mirror").as_uri() + "/",))
    return tmp_path


def idx(array):
    return b"\x00\x00\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def small(nowhere, monkeypatch):
    """Files of the MNIST format with 5 digits, on the "mirror" that the fixture ``nowhere`` names."""
    mirror = nowhere / "mirror"
    mirror.mkdir()
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (5, 28, 28), np.uint8), np.array([3, 1, 4, 1, 5], np.uint8)
    files = {}
    for split in ("train", "test"):
        files[split] = []
        for what, array in (("images", images), ("labels", labels)):
            name = f"{split}-{what}"
            (mirror / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
            files[split].append((name, array.shape, hashlib.sha256(idx(array)).hexdigest()))
    monkeypatch.setattr(module, "FILES", files)
    return mirror, images, labels


def test_carried_digits_need_no_network_and_no_data_folder(nowhere):
    train, test = MNIST(), MNIST(train=False)
    assert (len(train), len(test)) == (10_000, 2_000)
    assert train.data.shape == (10_000, 28, 28)
    assert train.data.dtype == tg.uint8
    assert train.targets.dtype == tg.int64
    assert not (nowhere / "cache").exists()


def test_carried_classes_have_the_shares_of_the_original():
    original = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    counts = np.bincount(MNIST().targets.numpy())
    assert np.abs(counts - original / 6).max() < 1
    assert counts.sum() == 10_000


def test_sample_is_small():
    assert module.SAMPLE.stat().st_size < 2_000_000


def test_items_and_batches_agree():
    digits = MNIST(train=False)
    images, labels = digits.batch(np.array([5, 0, 1999]))
    assert images.shape == (3, 1, 28, 28)
    assert images.dtype == tg.float32
    assert (images.min().item(), images.max().item()) == (0.0, 1.0)
    for place, index in enumerate([5, 0, 1999]):
        image, label = digits[index]
        assert label == labels[place].item() == digits.targets[index].item()
        np.testing.assert_array_equal(image.numpy(), images[place].numpy())
        np.testing.assert_array_equal(image.numpy()[0], digits.data[index].numpy() / np.float32(255))


def test_loader_gives_whole_batches():
    x, y = next(iter(DataLoader(MNIST(train=False), batch_size=32)))
    assert (x.shape, y.shape) == ((32, 1, 28, 28), (32,))


@with_originals
def test_sample_is_drawn_from_the_original_files(tmp_path):
    make(ORIGINALS, tmp_path / "again.npz")
    with np.load(tmp_path / "again.npz") as again, np.load(module.SAMPLE) as carried:
        assert set(again) == set(carried)
        for name in again:
            np.testing.assert_array_equal(again[name], carried[name])


def test_stratified_takes_the_size_that_it_is_asked_for():
    labels = np.repeat(np.arange(7), 11)
    index = stratified(labels, 20, np.random.default_rng(0))
    assert len(set(index.tolist())) == 20
    assert set(np.bincount(labels[index]).tolist()) == {2, 3}


@with_originals
def test_full_reads_the_data_folder():
    train, test = MNIST(full=True), MNIST(train=False, full=True)
    assert (len(train), len(test)) == (60_000, 10_000)
    assert train.targets[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]


def test_full_downloads_into_the_cache_and_then_needs_no_network(small):
    mirror, images, labels = small
    digits = MNIST(full=True)
    np.testing.assert_array_equal(digits.data.numpy(), images)
    np.testing.assert_array_equal(digits.targets.numpy(), labels)
    for path in mirror.iterdir():
        path.unlink()
    np.testing.assert_array_equal(MNIST(full=True).data.numpy(), images)
    assert sorted(p.name for p in (mirror.parent / "cache" / "mnist").iterdir()) == [
        "train-images.gz",
        "train-labels.gz",
    ]


def test_unpacked_files_are_read_too(small):
    mirror, images, _ = small
    for path in list(mirror.iterdir()):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    np.testing.assert_array_equal(MNIST(root=mirror).data.numpy(), images)


def test_download_that_fails_says_where_to_put_the_file(nowhere):
    with pytest.raises(ConnectionError, match=r"train-images-idx3-ubyte.gz could not be fetched.*by hand into .*mnist"):
        MNIST(full=True)
    assert list((nowhere / "cache" / "mnist").iterdir()) == []


def test_download_with_a_wrong_checksum_is_refused(small):
    mirror, images, _ = small
    changed = images.copy()
    changed[2, 3, 4] ^= 1
    (mirror / "train-images.gz").write_bytes(gzip.compress(idx(changed)))
    with pytest.raises(ConnectionError, match=r"checksum .* instead of"):
        MNIST(full=True)
    assert list((mirror.parent / "cache" / "mnist").iterdir()) == []


def test_missing_root_names_the_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"expected train-images-idx3-ubyte.gz in "):
        MNIST(root=tmp_path)


def test_a_file_of_another_shape_is_refused(small):
    mirror, images, _ = small
    (mirror / "train-images.gz").write_bytes(gzip.compress(idx(images[:4])))
    with pytest.raises(ValueError, match=r"expected train-images of shape \(5, 28, 28\), got \(4, 28, 28\)"):
        MNIST(root=mirror)


def test_labels_above_nine_are_refused(small):
    mirror, _, labels = small
    (mirror / "train-labels.gz").write_bytes(gzip.compress(idx(labels + 7)))
    with pytest.raises(ValueError, match="train-labels"):
        MNIST(root=mirror)


def test_damaged_sample_is_refused(tmp_path, monkeypatch):
    damaged = tmp_path / "mnist_sample.npz"
    damaged.write_bytes(module.SAMPLE.read_bytes()[:100_000])
    monkeypatch.setattr(module, "SAMPLE", damaged)
    with pytest.raises(ValueError, match="is damaged"):
        MNIST()
