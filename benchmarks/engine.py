"""What recording costs: chains of small operations, forward and backward, where Python is all there is to pay for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch

import tinygrad_edu as tg

from .measure import Timing, interleaved

LENGTH, SIZE = 200, 64


def _chain(operation: str, x: object, y: object) -> object:
    for _ in range(LENGTH):
        x = x + y if operation == "add" else x * y  # type: ignore[operator]
    return x


def _step(operation: str, x: object, y: object, dz: object) -> Callable[[], object]:
    def step() -> None:
        _chain(operation, x, y).backward(dz)  # type: ignore[attr-defined]
        x.grad = y.grad = None  # type: ignore[attr-defined]

    return step


def results(rounds: int) -> Iterator[tuple[str, Timing]]:
    """Time of one operation, forward and backward, in a chain of 200 on 64 elements."""
    a, b = np.random.default_rng(0).standard_normal(SIZE).astype(np.float32), np.ones(SIZE, np.float32)
    for operation in ("add", "mul"):
        for both in (False, True):
            steps = []
            for lib in (tg, torch):
                x = lib.from_numpy(a.copy()).requires_grad_()
                y = lib.from_numpy(b.copy()).requires_grad_(both)
                steps.append(_step(operation, x, y, lib.ones(SIZE)))
            timing = interleaved(*steps, rounds=rounds)
            name = f"{operation}, gradient of {'both operands' if both else 'one operand'}"
            yield name, Timing(*[t / LENGTH for t in timing])
