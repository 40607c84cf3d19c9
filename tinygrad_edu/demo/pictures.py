"""What the network learnt, in pictures. The only place that needs matplotlib (the extra ``demo``)."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..autograd.modes import no_grad
from ..nn import Module
from ..nn.functional import softmax
from .training import CLASSES, Answers, History

BLUE, ORANGE, GREEN, GREY, RED = "#2f6fb5", "#e0792b", "#3c8d50", "#9a9a9a", "#c0392b"
STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "figure.facecolor": "white",
    "savefig.dpi": 130,
}


def available() -> bool:
    """Whether matplotlib can be imported."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        return False
    return True


@contextmanager
def figure(path: Path, width: float, height: float) -> Any:
    """A figure that is written to a file at the end of the block."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        fig = Figure(figsize=(width, height), layout="constrained")
        yield fig
        fig.savefig(path)


def bare(axis: Any) -> Any:
    """An axis without ticks, grid and frame, for an image."""
    axis.set_xticks([])
    axis.set_yticks([])
    axis.grid(False)
    for spine in axis.spines.values():
        spine.set_visible(False)
    return axis


def smooth(values: list[float], width: int) -> tuple[np.ndarray, np.ndarray]:
    """A running mean, and the steps at which its windows end."""
    width = max(1, min(width, len(values)))
    total = np.cumsum([0.0, *values])
    return np.arange(width, len(values) + 1), (total[width:] - total[:-width]) / width


def draw_curves(path: Path, history: History) -> None:
    """Loss and accuracy over the steps: each step, their running mean, and the test digits after each epoch."""
    width = max(5, history.steps_per_epoch // 5)
    ends = [history.steps_per_epoch * (i + 1) for i in range(len(history.epochs))]
    with figure(path, 10.5, 3.9) as fig:
        left, right = fig.subplots(1, 2)
        for axis, steps, tests, name in (
            (left, history.losses, [e.test_loss for e in history.epochs], "loss"),
            (right, [100 * h for h in history.hits], [100 * e.test_accuracy for e in history.epochs], "accuracy in %"),
        ):
            axis.plot(np.arange(1, len(steps) + 1), steps, color=BLUE, alpha=0.18, linewidth=0.8)
            axis.plot(*smooth(steps, width), color=BLUE, linewidth=1.8, label="training digits, with dropout")
            if tests:
                axis.plot(ends, tests, color=ORANGE, marker="o", linewidth=1.8, label="test digits")
                text = f"{tests[-1]:.2f} %" if axis is right else f"{tests[-1]:.3f}"
                axis.annotate(
                    text, (ends[-1], tests[-1]), (0, 9 if axis is left else -17), textcoords="offset points",
                    ha="right", color=ORANGE, fontweight="bold",
                )  # fmt: skip
            axis.set_title(name[0].upper() + name[1:], loc="left")
            axis.set_xlabel("step")
            for end in ends[:-1]:
                axis.axvline(end, color="#d0d0d0", linewidth=0.8, zorder=0)
            axis.margins(x=0.01)
        left.set_yscale("log")
        left.legend(frameon=False)
        floor = min([100 * e.test_accuracy for e in history.epochs] + list(smooth([100 * h for h in history.hits], width)[1]))
        right.set_ylim(max(0, floor - 5), 100.5)


def draw_filters(path: Path, before: np.ndarray, after: np.ndarray) -> None:
    """The filters (C, 1, K, K) of the first layer before and after training: red adds to the sum, blue takes off."""
    with figure(path, 10.5, 3.7) as fig:
        limit = float(np.abs(after).max()) or 1.0
        *parts, scale = fig.subfigures(1, 3, width_ratios=[10, 10, 1.2], wspace=0.03)
        image = None
        for part, filters, title in zip(parts, (before, after), ("Before: chance", "After training"), strict=True):
            part.suptitle(title, fontweight="bold", fontsize=11)
            for axis, kernel in zip(part.subplots(4, 8).flat, filters[:, 0], strict=True):
                image = bare(axis).imshow(kernel, cmap="RdBu_r", vmin=-limit, vmax=limit)
        scale.colorbar(image, cax=scale.add_axes((0.1, 0.12, 0.25, 0.7)))


def draw_feature_maps(path: Path, net: Module, image: Any, label: int) -> None:
    """One digit on its way through the network: the maps after each stage, and the probabilities at the end."""
    seen: dict[str, np.ndarray] = {}

    def note(name: str) -> Any:
        return lambda module, args, output: seen.update({name: output[0].cpu().numpy()})

    handles = [module.register_forward_hook(note(name)) for name, module in net.named_children()]
    net.eval()
    with no_grad():
        p = softmax(net(image), dim=1)[0].cpu().numpy()
    for handle in handles:
        handle.remove()
    stages = [("conv1 and ReLU", "relu1"), ("pool1", "pool1"), ("conv2 and ReLU", "relu2"), ("pool2", "pool2")]
    with figure(path, 12, 3.6) as fig:
        parts = fig.subfigures(1, 6, width_ratios=[1.5, 2, 2, 2, 2, 1.7], wspace=0.02)
        axis = bare(parts[0].subplots())
        axis.imshow(image[0, 0].cpu().numpy(), cmap="gray_r")
        parts[0].suptitle(f"A {label}\n28 × 28", fontsize=10)
        for part, (title, name) in zip(parts[1:5], stages, strict=True):
            maps = seen[name]
            strongest = np.sort(np.argsort(maps.max(axis=(1, 2)))[::-1][:16])
            for axis, channel in zip(part.subplots(4, 4, gridspec_kw={"wspace": 0.06, "hspace": 0.06}).flat, strongest, strict=True):
                bare(axis).imshow(maps[channel], cmap="magma", vmin=0, vmax=float(maps.max()) or 1.0)
            part.suptitle(f"{title}\n16 of {len(maps)} maps, {maps.shape[1]} × {maps.shape[2]}", fontsize=10)
        axis = parts[5].subplots()
        axis.barh(range(CLASSES), p, color=[GREEN if c == label else ORANGE for c in range(CLASSES)])
        axis.set_yticks(range(CLASSES))
        axis.invert_yaxis()
        axis.set_xlim(0, 1)
        axis.set_xticks([0, 1], ["0", "1"])
        axis.grid(False)
        parts[5].suptitle("fc1, fc2, softmax\nprobabilities", fontsize=10)


def draw_mistakes(path: Path, images: np.ndarray, answers: Answers) -> None:
    """The digits that the network is most wrong about, with what it says instead."""
    worst = [i for i in np.argsort(answers.losses)[::-1][:16] if answers.guesses[i] != answers.labels[i]]
    with figure(path, 10.5, 6.4) as fig:
        for part, i in zip(fig.subfigures(4, 4, wspace=0.03, hspace=0.03).flat, worst, strict=False):
            left, right = part.subplots(1, 2, gridspec_kw={"width_ratios": [1, 1.15]})
            right_digit, guess, p = answers.labels[i], answers.guesses[i], answers.probabilities[i]
            bare(left).imshow(images[i], cmap="gray_r")
            colours = [GREEN if c == right_digit else RED if c == guess else GREY for c in range(CLASSES)]
            right.bar(range(CLASSES), p, color=colours)
            right.set_ylim(0, 1)
            right.set_yticks([])
            right.set_xticks(range(CLASSES))
            right.tick_params(axis="x", labelsize=7, length=0)
            right.grid(False)
            right.spines["left"].set_visible(False)
            part.suptitle(f"a {right_digit}, taken for {guess} ({p[guess]:.0%})", fontsize=9.5)
        if not worst:
            fig.text(0.5, 0.5, "No mistakes.", ha="center", fontsize=14)


def draw_confusion(path: Path, answers: Answers) -> None:
    """How often each digit was taken for each other."""
    counts = np.zeros((CLASSES, CLASSES), int)
    np.add.at(counts, (answers.labels, answers.guesses), 1)
    wrong = np.where(np.eye(CLASSES, dtype=bool), 0, counts)
    with figure(path, 6.4, 5.6) as fig:
        axis = fig.subplots()
        axis.imshow(wrong, cmap="Oranges", vmin=0, vmax=max(int(wrong.max()), 1) * 1.3)
        for (row, column), count in np.ndenumerate(counts):
            if row == column:
                axis.add_patch(_square(row, "#e7f4ea"))
            if count:
                axis.text(
                    column, row, str(count), ha="center", va="center", color=GREEN if row == column else "#222",
                    fontweight="bold" if row == column else "normal", fontsize=10,
                )  # fmt: skip
        axis.set_xticks(range(CLASSES))
        axis.set_yticks(range(CLASSES))
        axis.tick_params(length=0)
        axis.grid(False)
        for spine in axis.spines.values():
            spine.set_visible(False)
        axis.set_xlabel("the network says")
        axis.set_ylabel("it is")
        right = int(np.trace(counts))
        axis.set_title(f"{right} of {len(answers.labels)} right, {len(answers.labels) - right} wrong", loc="left")


def _square(place: int, colour: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((place - 0.5, place - 0.5), 1, 1, color=colour)
