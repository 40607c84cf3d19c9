"""Are the trained network's gradients right? Its own loss tells: change one weight a little, and see how it changes.

    dL/dw  =  (L(w + h) - L(w - h)) / 2h     to an error of the order of h^2

In float64, and on digits that the network finds hard, where gradients are large.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..autograd.modes import no_grad
from ..nn import CrossEntropyLoss, Module

STEPS = 1e-4, 1e-5, 1e-6, 1e-7
AGREE = 1e-8  # of two steps: then neither rounding nor curvature nor a kink of ReLU or max-pooling disturbs them


@dataclass
class Checked:
    """The largest disagreement among some elements of one parameter."""

    name: str
    shape: tuple[int, ...]
    elements: int
    error: float


def check_gradients(
    net: Module,
    images: Any,
    labels: Any,
    *,
    elements: int,
    rng: np.random.Generator,
    go_on: Callable[[], None],
    results: list[Checked],
) -> None:
    """Hold backward against differences of the loss, for some elements of every parameter.

    Half of them are those with the largest gradients, half are chosen at random. The error of an element is
    ``|backward - difference|`` divided by the larger of the two, or by a hundredth of the largest gradient of the
    parameter where both are smaller than that. ``results`` gets one entry for each parameter.
    """
    net = deepcopy(net).double().eval()
    images, criterion = images.double(), CrossEntropyLoss()
    net.zero_grad()
    criterion(net(images), labels).backward()

    def loss() -> float:
        go_on()
        with no_grad():
            return criterion(net(images), labels).item()

    for name, parameter in net.named_parameters():
        gradient = parameter.grad.cpu().numpy()
        size = np.abs(gradient)
        flat = np.argsort(size, axis=None)[::-1][: (elements + 1) // 2]
        others = rng.choice(size.size, min(elements // 2, size.size), replace=False)
        worst, floor = 0.0, 0.01 * float(size.max())
        chosen = np.unique(np.concatenate([flat, others]))
        for place in chosen:
            index = np.unravel_index(place, gradient.shape)
            scale = max(float(size[index]), floor, np.finfo(np.float64).tiny)
            expected = _difference(loss, parameter, index, scale)
            scale = max(scale, abs(expected))
            worst = max(worst, abs(expected - float(gradient[index])) / scale)
        results.append(Checked(name, tuple(parameter.shape), len(chosen), worst))


def _difference(loss: Callable[[], float], parameter: Any, index: tuple, scale: float) -> float:
    """The central difference at one element, by the step that agrees best with the next smaller one.

    A large step may cross a kink, where there is no derivative; a small one is lost in rounding.
    """
    array, before = parameter.array, parameter.array[index].item()
    slopes: list[float] = []
    try:
        for step in STEPS:
            array[index] = before + step
            above = loss()
            array[index] = before - step
            slopes.append((above - loss()) / (2 * step))
            if len(slopes) > 1 and abs(slopes[-2] - slopes[-1]) <= AGREE * scale:
                break
    finally:
        array[index] = before
    _, best = min((abs(a - b), a) for a, b in zip(slopes, slopes[1:], strict=False))
    return best
