"""Names that the examples in docstrings use without importing them."""

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _doctest_names(doctest_namespace):
    import tinygrad_edu

    doctest_namespace.update(np=np, tinygrad_edu=tinygrad_edu)
