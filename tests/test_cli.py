"""The command ``tinygrad-edu``: its parts are tested where they are; here, that it finds them."""

import re
import subprocess
import sys

import pytest

import tinygrad_edu
from tinygrad_edu import cli, info


def test_info_names_versions_devices_kernels_and_folders(capsys):
    assert cli.main(["info"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["tinygrad_edu"].startswith(tinygrad_edu.__version__)
    rows = dict(info.facts())
    assert "numpy" in rows["packages"]
    assert "cores" in rows["device cpu"]
    assert "conv" in rows["kernels reference"]
    assert rows["default dtype"] == "float32"
    assert {"device cuda", "BLAS", "data folder", "cache folder"} <= set(rows)


def test_info_says_in_one_sentence_why_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(info.cuda, "is_available", lambda: False)
    monkeypatch.setattr(info.cuda, "unavailable_reason", lambda: "cuda: the driver is missing")
    assert dict(info.facts())["device cuda"] == "none. the driver is missing"


def test_info_says_that_cuda_is_emulated(monkeypatch):
    monkeypatch.setenv("TINYGRAD_EDU_EMULATE_CUDA", "1")
    assert dict(info.facts())["device cuda"] == "emulated on the CPU"


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["demo", "--full", "--quick"]])
def test_wrong_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage: tinygrad-edu" in capsys.readouterr().err


def test_help_lists_the_commands(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert all(re.search(rf"^ +{name}\b", text, re.MULTILINE) for name in ("demo", "info", "gradcheck"))


def test_the_module_runs_as_a_program():
    run = subprocess.run(
        [sys.executable, "-m", "tinygrad_edu", "--version"], capture_output=True, text=True, check=True
    )
    assert run.stdout == f"tinygrad_edu {tinygrad_edu.__version__}\n"
