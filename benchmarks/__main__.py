"""``python -m benchmarks [--quick]``: a table of ours beside PyTorch's."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from datetime import date


def _import_seconds(module: str) -> float:
    """The best of five imports in fresh processes."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return min(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout) for _ in range(5)
    )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    args = parser.parse_args()
    try:
        import torch
    except ImportError:
        print("benchmarks: PyTorch is what ours is measured against; pip install -e '.[bench]'", file=sys.stderr)
        return 1
    import numpy as np

    from . import engine

    print(
        f"{date.today()}  {platform.machine()} {platform.processor()}  {os.cpu_count()} cores  "
        f"Python {platform.python_version()}  NumPy {np.__version__}  PyTorch {torch.__version__}"
    )
    print("\nmicroseconds for one operation, forward and backward, float32[64]; ratio below 1 is faster than PyTorch\n")
    print(f"{'':36}{'ours':>8}{'torch':>8}{'ratio':>8}{'of minima':>11}")
    for name, t in engine.results(50 if args.quick else 300):
        print(f"{name:36}{t.ours:8.2f}{t.theirs:8.2f}{t.ratio:8.2f}{t.ratio_best:11.2f}")
    print(f"\nimport: tinygrad_edu {_import_seconds('tinygrad_edu'):.2f} s, torch {_import_seconds('torch'):.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
