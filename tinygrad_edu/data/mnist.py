"""MNIST: 70,000 handwritten digits, of which 12,000 come with the package."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from ..backend.dtypes import float32, int64
from ..creation import as_tensor
from ..tensor import Tensor
from .dataset import Dataset
from .download import cache_folder, data_folder, download
from .idx import open_packed, read_idx

__all__ = ["MNIST"]

SAMPLE = Path(__file__).with_name("mnist_sample.npz")  # whose terms are in MNIST_LICENSE.txt, beside it
SAMPLE_SIZE = {"train": 10_000, "test": 2_000}

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
FILES: dict[
    str, tuple[tuple[str, tuple[int, ...], str], ...]
] = {  # split: (images, labels); each a name, the shape inside, and the SHA-256 of the unpacked file
    "train": (
        (
            "train-images-idx3-ubyte",
            (60_000, 28, 28),
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        ("train-labels-idx1-ubyte", (60_000,), "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    ),
    "test": (
        (
            "t10k-images-idx3-ubyte",
            (10_000, 28, 28),
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        ("t10k-labels-idx1-ubyte", (10_000,), "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ),
}


class MNIST(Dataset):
    """Handwritten digits 0 to 9, white on black. Item i is an image, a float32 Tensor (1, 28, 28) in [0, 1], and its label.

    Without ``full``, 10,000 training or 2,000 test digits that come with the package, drawn such that each class keeps
    its share: no network, no waiting. With ``full`` all 60,000 or 10,000, from the four original files: in ``root``, or
    in the ``mnist`` folder of ``TINYGRAD_EDU_DATA``, or in that of the cache, or else downloaded there.

    Parameters
    ----------
    train : bool, default True
        The training digits, else the test digits.
    full : bool, default False
    root : path, optional
        The folder that holds the files; means ``full``.

    Attributes
    ----------
    data : Tensor (N, 28, 28), uint8
    targets : Tensor (N,), int64

    Raises
    ------
    ValueError
        If a file is damaged.
    FileNotFoundError
        If ``root`` does not hold the files.
    ConnectionError
        If they are nowhere and can't be downloaded; the message says where to put them by hand.

    Notes
    -----
    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", 1998.

    Examples
    --------
    >>> digits = MNIST(train=False)
    >>> image, label = digits[0]
    >>> len(digits), image.shape, label
    (2000, (1, 28, 28), 7)
    """

    classes = tuple("0123456789")

    def __init__(self, train: bool = True, full: bool = False, root: str | Path | None = None):
        split = "train" if train else "test"
        images, labels = _full(split, root) if full or root is not None else _sample(split)
        self.data = as_tensor(images)
        self.targets = as_tensor(labels, dtype=int64)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image, label = self.batch(np.asarray(index))
        return image, label.item()

    def __len__(self) -> int:
        return len(self.data.array)

    def batch(self, indices: np.ndarray) -> list[Tensor]:
        """The images (B, 1, 28, 28) and the labels (B,) of an array of indices."""
        images = self.data.array[indices][..., None, :, :].astype(float32)
        images /= 255
        return [as_tensor(images), as_tensor(np.asarray(self.targets.array[indices]))]


def _sample(split: str) -> tuple[np.ndarray, np.ndarray]:
    """The digits that come with the package."""
    try:
        with open(SAMPLE, "rb") as file, np.load(file, allow_pickle=False) as archive:
            images, labels = archive[f"{split}_images"], archive[f"{split}_labels"]
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"MNIST: {SAMPLE} is damaged ({error}); install the package again") from None
    size = SAMPLE_SIZE[split]
    if images.shape != (size, 28, 28) or labels.shape != (size,):
        raise ValueError(
            f"MNIST: {SAMPLE} is damaged (shapes {images.shape}, {labels.shape}); install the package again"
        )
    return images, labels


def _full(split: str, root: str | Path | None) -> tuple[np.ndarray, np.ndarray]:
    """All digits of a split, from the original files."""
    images, labels = FILES[split]
    return _read(*images, root), _read(*labels, root)


def _read(name: str, shape: tuple[int, ...], sha256: str, root: str | Path | None) -> np.ndarray:
    path = _find(name, shape, sha256, root)
    array = read_idx(path)
    if array.shape != shape or (array.ndim == 1 and array.max() > 9):
        raise ValueError(
            f"MNIST: expected {name} of shape {shape}, got {array.shape} in {path}; delete it and fetch it again"
        )
    return array


def _find(name: str, shape: tuple[int, ...], sha256: str, root: str | Path | None) -> Path:
    cache = cache_folder() / "mnist"
    folders = [Path(root)] if root is not None else [cache]
    given = data_folder()
    if root is None and given is not None:
        folders.insert(0, given / "mnist")
    for folder in folders:
        for path in (folder / f"{name}.gz", folder / name):
            if path.is_file():
                return path
    if root is not None:
        raise FileNotFoundError(f"MNIST: expected {name}.gz in {root}")
    limit = int(np.prod(shape)) + 4096  # a byte for each element, and the headers of both formats
    return download([mirror + name + ".gz" for mirror in MIRRORS], cache / f"{name}.gz", sha256, limit, open_packed)
