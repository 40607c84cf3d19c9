"""What every test shares: Hypothesis profiles, the device under test, and which tests run."""

import importlib.util
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.parity")  # its assertions should explain themselves like a test's

# "ci" draws the same examples on every run, so that a red test is a red test for everybody. "dev" looks elsewhere each
# time, and "thorough" looks long. No deadlines: a first call compiles a kernel, and other work may share the machine.
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=30, print_blob=True)
settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile(
    "thorough",
    deadline=None,
    max_examples=1000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# Larger data sets may lie beside the checkout. Tests that need one that is absent skip and say so.
_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
if _DATA.is_dir():
    os.environ.setdefault("TINYGRAD_EDU_DATA", str(_DATA))

EMULATED = os.environ.get("TINYGRAD_EDU_EMULATE_CUDA") == "1"


@pytest.fixture(scope="session")
def device():
    """The device the suite runs on: "cuda" when the CUDA path is emulated, else "cpu"."""
    return "cuda" if EMULATED else "cpu"


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the tests marked slow as well")


def pytest_collection_modifyitems(config, items):
    without_torch = importlib.util.find_spec("torch") is None
    for item in items:
        if item.get_closest_marker("parity") and without_torch:
            item.add_marker(pytest.mark.skip(reason="torch is not installed: pip install '.[torch]'"))
        if item.get_closest_marker("slow") and not config.getoption("--slow"):
            item.add_marker(pytest.mark.skip(reason="slow: runs with --slow"))


def pytest_terminal_summary(terminalreporter):
    """Say why tests were skipped: one line a reason, not one a place."""
    skipped = terminalreporter.stats.get("skipped", [])
    for reason, count in Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped).most_common():
        terminalreporter.write_line(f"skipped {count}: {reason}")
