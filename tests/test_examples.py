"""Every example runs; those that read like PyTorch listings print what they print with PyTorch in the import line."""

import contextlib
import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
LISTINGS = [path for path in EXAMPLES if "import tinygrad_edu as torch" in path.read_text(encoding="utf-8")]


def printed(source: str, path: Path) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(source, str(path), "exec"), {"__name__": "__main__"})
    return out.getvalue()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example_runs(path, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(path), "1"])
    assert printed(path.read_text(encoding="utf-8"), path)


@pytest.mark.parity
@pytest.mark.parametrize("path", LISTINGS, ids=lambda p: p.stem)
def test_listing_prints_the_same_with_torch(path):
    source = path.read_text(encoding="utf-8")
    theirs = source.replace("import tinygrad_edu as torch", "import torch").replace(
        "from tinygrad_edu import", "from torch import"
    )
    a, b = printed(source, path), printed(theirs, path)
    number = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?")
    assert number.sub("#", a) == number.sub("#", b)
    x, y = ([float(n) for n in number.findall(text)] for text in (a, b))
    np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-8)
