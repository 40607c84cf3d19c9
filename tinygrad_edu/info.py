"""``tinygrad-edu info``: what this machine has, and what the library makes of it."""

from __future__ import annotations

import argparse
import os
import pkgutil
import platform
from collections.abc import Iterator
from importlib import metadata

import numpy as np

from . import kernels
from ._version import __version__
from .backend import cuda
from .backend.dtypes import get_default_dtype
from .data.download import cache_folder, data_folder

PACKAGES = ("numpy", "numba", "cupy-cuda12x", "cupy-cuda13x", "ml_dtypes", "matplotlib", "tqdm", "torch")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command takes none."""


def run(args: argparse.Namespace) -> int:
    """Print the table; returns 0."""
    for name, value in facts():
        print(f"{name:<14} {value}")
    return 0


def facts() -> Iterator[tuple[str, str]]:
    """The rows of the table."""
    yield "tinygrad_edu", f"{__version__}, from {os.path.dirname(os.path.abspath(__file__))}"
    yield "Python", f"{platform.python_version()} ({platform.python_implementation()}), {platform.platform()}"
    yield "packages", ", ".join(f"{name} {_version(name)}" for name in PACKAGES if _version(name))
    yield "device cpu", f"{_processor()}, {_cores()} cores for this process"
    if cuda.is_available():
        kind = (
            "emulated on the CPU"
            if cuda.is_emulated()
            else ", ".join(map(cuda.get_device_name, range(cuda.device_count())))
        )
        yield "device cuda", kind
    else:
        yield "device cuda", "none. " + cuda.unavailable_reason().removeprefix("cuda: ")
    for part in pkgutil.iter_modules(kernels.__path__):
        if part.ispkg:
            files = [f.name for f in pkgutil.iter_modules([os.path.join(p, part.name) for p in kernels.__path__])]
            yield f"kernels {part.name}", ", ".join(files)
    set_threads = [f"{name}={os.environ[name]}" for name in THREADS if name in os.environ]
    yield "BLAS", f"{_blas()}, threads {', '.join(set_threads) or 'as it chooses'}"
    yield "default dtype", str(get_default_dtype())
    yield "data folder", str(data_folder() or "TINYGRAD_EDU_DATA is not set")
    yield "cache folder", str(cache_folder())


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def _blas() -> str:
    config = np.show_config(mode="dicts") or {}
    found = config.get("Build Dependencies", {}).get("blas", {})
    return f"{found.get('name', 'unknown')} {found.get('version', '')}".strip()
