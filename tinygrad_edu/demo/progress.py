"""The moving line of a training run: tqdm where it is installed, else a plain one; nothing where nobody looks."""

from __future__ import annotations

import sys
import time
from typing import Any

WIDTH, INTERVAL = 30, 0.1  # characters of the bar; seconds between two pictures of it


class Progress:
    """A bar for a known number of steps, on standard error, with numbers that change. For use in a ``with`` block."""

    def __init__(self, title: str, total: int):
        self.title, self.total, self.done = title, total, 0
        self.shown = sys.stderr.isatty()
        self.began = self.drawn = time.perf_counter()
        self.bar = _tqdm_bar(title, total) if self.shown else None

    def step(self, **numbers: float) -> None:
        """One step is done; ``loss`` is shown as it is, ``accuracy`` in percent."""
        self.done += 1
        if not self.shown:
            return
        now = time.perf_counter()
        if self.bar is not None:
            self.bar.update()
        if now - self.drawn < INTERVAL and self.done < self.total:
            return
        self.drawn = now
        text = "  ".join(
            f"{name} {value:.1%}" if name == "accuracy" else f"{name} {value:.4f}" for name, value in numbers.items()
        )
        if self.bar is not None:
            self.bar.set_postfix_str(text, refresh=False)
            return
        full = WIDTH * self.done // max(self.total, 1)
        rate = self.done / max(now - self.began, 1e-9)
        bar = "#" * full + "." * (WIDTH - full)
        sys.stderr.write(f"\r{self.title} [{bar}] {self.done}/{self.total}  {text}  {rate:.0f} steps/s ")
        sys.stderr.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        """Wipe the line: what comes next says more."""
        if self.bar is not None:
            self.bar.close()
        elif self.shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _tqdm_bar(title: str, total: int) -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(total=total, desc=title, leave=False, dynamic_ncols=True, mininterval=INTERVAL)
