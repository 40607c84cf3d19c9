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
STYLE: Any = {
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
def figure(path: Path, width: float, height: float, layout: Any = "constrained") -> Any:
    """A figure that is written to a file at the end of the block."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        fig = Figure(figsize=(width, height), layout=layout)
        yield fig
        fig.savefig(path)


def mosaic(tiles: np.ndarray, columns: int, gap: float) -> np.ma.MaskedArray:
    """Images (N, H, W) side by side in rows, as one image, with a part of their size masked between them."""
    n, h, w = tiles.shape
    rows, fine = (
        -(-n // columns),
        max(1, round(24 / max(h, w))),
    )  # small tiles are enlarged, for gaps finer than a pixel
    h, w = h * fine, w * fine
    space = max(1, round(gap * w))
    out = np.ma.masked_array(np.zeros((rows * (h + space) - space, columns * (w + space) - space)), mask=True)
    for i, tile in enumerate(tiles):
        y, x = i // columns * (h + space), i % columns * (w + space)
        out[y : y + h, x : x + w] = tile.repeat(fine, 0).repeat(fine, 1)
    return out


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
            (left, history.losses, [e.test_loss for e in history.epochs], "Loss"),
            (right, [100 * h for h in history.hits], [100 * e.test_accuracy for e in history.epochs], "Accuracy in %"),
        ):
            at, means = smooth(steps, width)
            axis.plot(
                np.arange(1, len(steps) + 1), steps, color=BLUE, alpha=0.18 if axis is left else 0.1, linewidth=0.8
            )
            axis.plot(at, means, color=BLUE, linewidth=1.8, label="training digits, with dropout")
            if tests:
                axis.plot(ends, tests, color=ORANGE, marker="o", markersize=5, linewidth=1.8, label="test digits")
                axis.annotate(
                    f"{tests[-1]:.2f} %" if axis is right else f"{tests[-1]:.3f}", (ends[-1], tests[-1]), (0, -18),
                    textcoords="offset points", ha="right", color=ORANGE, fontweight="bold",
                    bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
                )  # fmt: skip
            axis.set_title(name, loc="left")
            axis.set_xlabel("step; each line is the end of an epoch" if len(ends) > 1 else "step")
            for end in ends:
                axis.axvline(end, color="#d0d0d0", linewidth=0.8, zorder=0)
            axis.grid(axis="x", visible=False)
            axis.margins(x=0.02)
        left.set_yscale("log")
        left.legend(frameon=False)
        lowest = min([float(np.percentile(means, 10)), *tests])  # the first steps, far below, would flatten the rest
        right.set_ylim(max(0.0, lowest - 2), 100.2 + (100 - lowest) / 50)


def draw_filters(path: Path, before: np.ndarray, after: np.ndarray) -> None:
    """The filters (C, 1, K, K) of the first layer before and after training, and what training changed."""
    panels = (("Before: chance", before), ("After training", after), ("What training changed", after - before))
    with figure(path, 10.5, 2.5, layout=None) as fig:
        for i, (title, filters) in enumerate(panels):
            limit = float(np.abs(filters if i == 2 else after).max()) or 1.0
            axis = bare(fig.add_axes((0.005 + 0.335 * i, 0.16, 0.31, 0.72)))
            image = axis.imshow(mosaic(filters[:, 0], 8, 0.2), cmap="RdBu_r", vmin=-limit, vmax=limit)
            axis.set_title(title)
            bar = fig.colorbar(image, cax=fig.add_axes((0.06 + 0.335 * i, 0.11, 0.2, 0.03)), orientation="horizontal")
            bar.outline.set_visible(False)
            bar.set_ticks([-limit, 0, limit], labels=[f"{-limit:.2f}", "0", f"{limit:.2f}"])
            bar.ax.tick_params(labelsize=8, length=0)


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
    stages = [("conv1, ReLU", "relu1"), ("pool1", "pool1"), ("conv2, ReLU", "relu2"), ("pool2", "pool2")]
    with figure(path, 12, 2.9, layout=None) as fig:
        axis = bare(fig.add_axes((0.005, 0.2, 0.12, 0.5)))
        axis.imshow(image[0, 0].cpu().numpy(), cmap="gray_r")
        fig.text(0.065, 0.86, f"a {label}\n28 × 28", ha="center", va="bottom")
        for i, (title, name) in enumerate(stages):
            maps = seen[name]
            strongest = np.sort(np.argsort(maps.max(axis=(1, 2)))[::-1][:16])
            left = 0.14 + 0.187 * i
            bare(fig.add_axes((left, 0.03, 0.18, 0.8))).imshow(mosaic(maps[strongest], 4, 0.06), cmap="magma", vmin=0)
            fig.text(
                left + 0.09, 0.86, f"{title}\n16 of {len(maps)} maps, {maps.shape[1]} × {maps.shape[2]}",
                ha="center", va="bottom",
            )  # fmt: skip
        axis = fig.add_axes((0.905, 0.05, 0.085, 0.77))
        axis.barh(range(CLASSES), p, color=[GREEN if c == label else ORANGE for c in range(CLASSES)])
        axis.set_yticks(range(CLASSES))
        axis.tick_params(length=0)
        axis.invert_yaxis()
        axis.set_xlim(0, 1)
        axis.set_xticks([])
        axis.spines["bottom"].set_visible(False)
        axis.grid(False)
        fig.text(0.947, 0.86, f"fc1, fc2, softmax\n{p.argmax()}: {p.max():.1%}", ha="center", va="bottom")


def draw_mistakes(path: Path, images: np.ndarray, answers: Answers) -> None:
    """The digits that the network is most wrong about, with what it says instead."""
    worst = [i for i in np.argsort(answers.losses)[::-1][:16] if answers.guesses[i] != answers.labels[i]]
    with figure(path, 10.5, 6.6, layout=None) as fig:
        for place, i in enumerate(worst):
            x, y = 0.25 * (place % 4), 0.75 - 0.25 * (place // 4)
            label, guess, p = int(answers.labels[i]), int(answers.guesses[i]), answers.probabilities[i]
            fig.text(
                x + 0.012, y + 0.215, f"a {label}, taken for {guess} ({p[guess]:.0%})", fontsize=10, fontweight="bold"
            )
            bare(fig.add_axes((x + 0.01, y + 0.03, 0.105, 0.17))).imshow(images[i], cmap="gray_r")
            bars = fig.add_axes((x + 0.125, y + 0.055, 0.105, 0.13))
            colours = [GREEN if c == label else RED if c == guess else GREY for c in range(CLASSES)]
            bars.bar(range(CLASSES), p, color=colours)
            bars.set_ylim(0, 1)
            bars.set_yticks([])
            bars.set_xticks(range(CLASSES))
            for tick, colour in zip(bars.get_xticklabels(), colours, strict=True):
                tick.set(color=colour, fontweight="normal" if colour is GREY else "bold")
            bars.tick_params(axis="x", labelsize=8, length=0, pad=2)
            bars.grid(False)
            bars.spines["left"].set_visible(False)
        if not worst:
            fig.text(0.5, 0.5, "No mistakes.", ha="center", fontsize=14)


def draw_confusion(path: Path, answers: Answers) -> None:
    """How often each digit was taken for each other."""
    from matplotlib.patches import Rectangle

    counts = np.zeros((CLASSES, CLASSES), int)
    np.add.at(counts, (answers.labels, answers.guesses), 1)
    right = np.eye(CLASSES, dtype=bool)
    wrong = np.where(right, 0, counts)
    with figure(path, 6.4, 5.6) as fig:
        axis = fig.subplots()
        axis.imshow(wrong, cmap="Oranges", vmin=0, vmax=max(int(wrong.max()), 1) * 1.7)
        for (row, column), count in np.ndenumerate(counts):
            if right[row, column]:
                axis.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, color="#e7f4ea"))
            if count:
                style = {"color": GREEN, "fontweight": "bold"} if right[row, column] else {"color": "#222"}
                axis.text(column, row, str(count), ha="center", va="center", **style)
        axis.set_xticks(range(CLASSES))
        axis.set_yticks(range(CLASSES))
        axis.tick_params(length=0)
        axis.grid(False)
        for spine in axis.spines.values():
            spine.set_visible(False)
        axis.set_xlabel("the network says")
        axis.set_ylabel("it is")
        axis.set_title(
            f"{int(counts[right].sum()):,} of {len(answers.labels):,} right, {int(wrong.sum())} wrong", loc="left"
        )
