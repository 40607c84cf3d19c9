"""How the carried sample of MNIST was drawn: ``python make_mnist_sample.py FOLDER`` with the four IDX files in FOLDER.

10,000 of the 60,000 training digits and 2,000 of the 10,000 test digits. Each class keeps its share (the fractions that
are left over go to the classes with the largest), which digits of a class is chance with a fixed seed, and they stay in
the original order. Packed as a NumPy archive at the highest level of deflate, with a fixed date: the same bytes each time.
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import numpy as np

from tinygrad_edu.data.idx import read_idx

SEED = 0
SIZES = {"train": 10_000, "t10k": 2_000}


def stratified(labels: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Choose ``size`` indices such that each class keeps its share."""
    share = np.bincount(labels) * size / len(labels)
    take = np.floor(share).astype(int)
    take[np.argsort(take - share, kind="stable")[: size - take.sum()]] += 1
    chosen = [rng.choice(np.flatnonzero(labels == c), n, replace=False) for c, n in enumerate(take)]
    return np.sort(np.concatenate(chosen))


def make(folder: Path, target: Path) -> None:
    """Draw the sample from the files in ``folder`` and write it to ``target``."""
    rng = np.random.default_rng(SEED)
    with zipfile.ZipFile(target, "w") as archive:
        for split, size in SIZES.items():
            images = read_idx(folder / f"{split}-images-idx3-ubyte.gz")
            labels = read_idx(folder / f"{split}-labels-idx1-ubyte.gz")
            index = stratified(labels, size, rng)
            name = "train" if split == "train" else "test"
            for what, array in (("images", images[index]), ("labels", labels[index])):
                packed = io.BytesIO()
                np.lib.format.write_array(packed, array, allow_pickle=False)
                info = zipfile.ZipInfo(f"{name}_{what}.npy", date_time=(1998, 11, 1, 0, 0, 0))
                archive.writestr(info, packed.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(__file__).with_name("mnist_sample.npz"))
