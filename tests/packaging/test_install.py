"""Every way of installing gives the same package, with the kernels inside it. No network is needed."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("setuptools", "77", reason="builds with setuptools: pip install '.[test]'")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
LINK = Path("tinygrad_edu/kernels")
SITE_PACKAGES = Path(sysconfig.get_path("purelib"))  # numpy and setuptools come from here

# Prints where the kernels came from, whether a gradient flows, and whether a top-level `kernels` was left behind.
PROGRAM = """
import importlib.util, os, tinygrad_edu, tinygrad_edu.kernels, tinygrad_edu.kernels.reference
x = tinygrad_edu.tensor([3.0], requires_grad=True)
(x * x).sum().backward()
print(os.path.realpath(os.path.dirname(tinygrad_edu.kernels.__file__)))
print(x.grad.tolist(), tinygrad_edu.__version__, importlib.util.find_spec("kernels"))
"""


def run(*command: object, cwd: Path, **environment: str) -> str:
    result = subprocess.run(
        [str(c) for c in command], cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def files_of_the_package(checkout: Path) -> set[str]:
    """What an installation must hold: every file of tinygrad_edu/ and of kernels/, under its installed name."""
    found = set()
    for top, installed in (("tinygrad_edu", "tinygrad_edu"), ("kernels", "tinygrad_edu/kernels")):
        for folder, _, names in os.walk(checkout / top):  # does not follow the link
            inside = Path(folder).relative_to(checkout / top)
            found |= {str(Path(installed, inside, n)) for n in names if Path(installed, inside, n) != LINK}
    return found


def copy_of_the_checkout(to: Path, link: bool) -> Path:
    """What git holds, at ``to``; without the link, the text file that git writes where it cannot make one."""
    names = [n for n in os.listdir(ROOT) if n.startswith(".ci") or not n.startswith(".")]
    skip = ["--exclude=" + pattern for pattern in ("__pycache__", "*.egg-info", "./build", "./dist", "docs/_build")]
    to.mkdir()
    archive = to.with_suffix(".tar")
    run("tar", "-cf", archive, *skip, *names, cwd=ROOT)
    run("tar", "-xf", archive, cwd=to)
    kernels = to / LINK
    if kernels.is_symlink() and not link:
        kernels.unlink()
        kernels.write_text("../kernels")
    return to


def pip(*arguments: object, cwd: Path) -> None:
    run(sys.executable, "-m", "pip", *arguments, "--no-build-isolation", "--no-deps", "--no-index", "-q", cwd=cwd)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return copy_of_the_checkout(tmp_path_factory.mktemp("with link") / "tinygrad_edu-main", link=True)


@pytest.fixture(scope="module")
def checkout_without_link(tmp_path_factory):
    return copy_of_the_checkout(tmp_path_factory.mktemp("without link") / "tinygrad_edu-main", link=False)


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """What is installed beside the project, for an environment that has nothing: the project itself is not among it."""
    folder = tmp_path_factory.mktemp("packages")
    for entry in SITE_PACKAGES.iterdir():
        if "tinygrad" not in entry.name:
            (folder / entry.name).symlink_to(entry)
    return folder


@pytest.fixture(scope="module")
def wheel(checkout, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "-w", folder, ".", cwd=checkout)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def sdist(checkout, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdist")
    program = f"from setuptools.build_meta import build_sdist; build_sdist({str(folder)!r})"
    run(sys.executable, "-c", program, cwd=checkout)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def unpacked_sdist(sdist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    run("tar", "-xf", sdist, cwd=folder)
    return next(folder.iterdir())


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert len(names) == len(set(names)), "a file stands in the wheel twice"
    return {name for name in names if ".dist-info/" not in name}


def test_wheel_holds_every_file_of_the_package(checkout, wheel):
    assert contents(wheel) == files_of_the_package(checkout)


def test_wheel_has_the_kernels_inside_the_package_only(wheel):
    names = contents(wheel)
    assert {name.split("/")[0] for name in names} == {"tinygrad_edu"}
    assert {"tinygrad_edu/kernels/__init__.py", "tinygrad_edu/py.typed"} <= names


def test_wheel_names_its_command_and_its_requirements(wheel):
    with zipfile.ZipFile(wheel) as archive:
        info = next(n for n in archive.namelist() if n.endswith("/METADATA")).rpartition("/")[0]
        entry_points = archive.read(f"{info}/entry_points.txt").decode()
        metadata = archive.read(f"{info}/METADATA").decode()
    assert "tinygrad-edu = tinygrad_edu.cli:main" in entry_points
    required = re.findall(r"^Requires-Dist: (\w+)[^;\n]*$", metadata, re.MULTILINE)  # with a ";": of an extra only
    assert sorted(required) == ["numba", "numpy"]


def test_sdist_builds_the_same_wheel(unpacked_sdist, wheel, tmp_path):
    pip("wheel", "-w", tmp_path, ".", cwd=unpacked_sdist)
    assert contents(next(tmp_path.glob("*.whl"))) == contents(wheel)


def test_checkout_without_link_builds_the_same_wheel(checkout_without_link, wheel, tmp_path):
    pip("wheel", "-w", tmp_path, ".", cwd=checkout_without_link)
    assert contents(next(tmp_path.glob("*.whl"))) == contents(wheel)


def test_sdist_holds_the_project_once(sdist):
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert len(names) == len(set(names))
    assert not [name for name in names if name.startswith("tinygrad_edu/kernels/")]
    assert {"kernels/__init__.py", "tests/conftest.py", "docs/conf.py", ".ci/run"} <= set(names)
    assert {"Makefile", "LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"} <= set(names)


@pytest.mark.parametrize("way", ["checkout", "checkout_without_link", "unpacked_sdist"])
def test_runs_without_installing(way, request):
    folder = request.getfixturevalue(way)
    kernels, rest = run(sys.executable, "-c", PROGRAM, cwd=folder).splitlines()
    assert Path(kernels) == (folder / "kernels").resolve()
    assert rest.startswith("[6.0] ")


@pytest.mark.parametrize("what", ["wheel", "sdist", "checkout"])
def test_runs_installed(what, request, tmp_path):
    target = tmp_path / "site"
    pip("install", "--target", target, request.getfixturevalue(what), cwd=tmp_path)
    kernels, rest = run(sys.executable, "-c", PROGRAM, cwd=tmp_path, PYTHONPATH=str(target)).splitlines()
    assert Path(kernels) == (target / LINK).resolve()
    assert rest.startswith("[6.0] ")
    assert rest.endswith(" None"), "a top-level `kernels` was installed"


@pytest.mark.parametrize("what", ["checkout", "checkout_without_link"])
def test_runs_editable(what, request, packages, tmp_path):
    folder = request.getfixturevalue(what)
    environment = tmp_path / "env"
    venv.create(environment, with_pip=False, symlinks=os.name != "nt")
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "-q", "-e", folder),
        *("--no-build-isolation", "--no-deps", "--no-index"),
        cwd=tmp_path,
        PYTHONPATH=str(packages),
    )
    kernels, rest = run(python, "-c", PROGRAM, cwd=tmp_path, PYTHONPATH=str(packages)).splitlines()
    assert Path(kernels) == (folder / "kernels").resolve()
    assert rest.startswith("[6.0] ")
    assert rest.endswith(" None"), "a top-level `kernels` was installed"
