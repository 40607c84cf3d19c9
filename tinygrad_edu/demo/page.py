"""One HTML page that shows everything and needs nothing else: the pictures are inside it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

from .check import Checked
from .training import History

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #fafaf8; color: #222; line-height: 1.55;
  font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 2.5rem 1.2rem 4rem; }
h1 { font-size: 1.9rem; margin: 0 0 .3rem; line-height: 1.2; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .3rem; }
p { margin: .3rem 0 .9rem; max-width: 46rem; }
.facts { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.4rem 0; padding: 0; }
.facts div { background: #fff; border: 1px solid #e4e4de; border-radius: 10px; padding: .6rem 1rem; flex: 1 1 9rem; }
.facts dt { font-size: .82rem; color: #666; }
.facts dd { margin: 0; font-size: 1.2rem; font-weight: 650; white-space: nowrap; }
figure { margin: 0; background: #fff; border: 1px solid #e4e4de; border-radius: 10px; padding: .8rem; overflow-x: auto; }
figure img, figure svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
table { border-collapse: collapse; background: #fff; font-size: .95rem; }
th, td { padding: .3rem .9rem; border-bottom: 1px solid #e8e8e2; text-align: right; }
th:first-child, td:first-child { text-align: left; }
code, pre { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .92em; }
pre { background: #fff; border: 1px solid #e4e4de; border-radius: 10px; padding: .8rem 1rem; overflow-x: auto; }
.note { background: #fff6e0; border: 1px solid #ecd9a0; border-radius: 10px; padding: .6rem 1rem; }
"""

SECTIONS = (  # file, title, what to see
    (
        "curves.png",
        "Learning",
        "Pale: each step, on 64 digits; dark: the mean of many steps. The test digits, which the network never learns from, "
        "are measured after each epoch. At first they come out better than the training digits: dropout, which hides half "
        "of the features, is off when they are measured.",
    ),
    (
        "filters.png",
        "What the first layer looks for",
        "The 32 filters of the first convolution, 3 × 3 weights each: red adds to the sum, blue takes off. They begin as "
        "chance, and keep more of it than one might think: with enough filters some already see edges in every direction, "
        "and the layers behind learn to use them. On the right is what training changed, on a scale of its own.",
    ),
    (
        "feature_maps.png",
        "One digit on its way through",
        "From left to right: the image, the 16 strongest maps after each stage, and the probabilities at the end. Early maps "
        "still show strokes; later ones are small and say where something is rather than how it looks.",
    ),
    (
        "mistakes.png",
        "Most wrong",
        "The test digits with the largest loss. Green is what the digit is, red what the network says, by its probabilities. "
        "Some of them a person would get wrong, too.",
    ),
    (
        "confusion.png",
        "What is taken for what",
        "Each row is a digit as it is, each column what the network says. Right answers are on the diagonal.",
    ),
    (
        "graph.svg",
        "The computation graph",
        "Drawn from the graph that the library recorded, by walking from the loss along <code>grad_fn</code> and "
        "<code>edges</code>. The shapes are those of each result, and so of its gradient. <code>loss.backward()</code> goes "
        "through this picture from the bottom to the top, each operation once, and leaves a gradient in every parameter.",
    ),
)


def write_page(
    folder: Path,
    facts: Sequence[tuple[str, str]],
    history: History,
    checked: Sequence[Checked],
    network: str,
    notes: Sequence[str],
) -> Path:
    """Write ``index.html`` with the pictures that are in the folder.

    Parameters
    ----------
    folder : Path
    facts : sequence of (name, value)
        What stands at the top.
    history : History
    checked : sequence of Checked
        The gradient check, a row for each parameter.
    network : str
        The network, printed.
    notes : sequence of str
        What the reader has to know: that the run was stopped, that pictures are missing.
    """
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>tinygrad_edu: a CNN and handwritten digits</title><style>{STYLE}</style></head><body><main>",
        "<h1>A small network learns handwritten digits</h1>",
        "<p>Trained by tinygrad_edu, whose operations, gradients and optimizer are its own, from real digits of MNIST.</p>",
        *[f'<p class="note">{escape(note)}</p>' for note in notes],
        '<dl class="facts">',
        *[f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts],
        "</dl>",
    ]
    for name, title, text in SECTIONS:
        path = folder / name
        if path.is_file():
            parts.append(f"<h2>{title}</h2><p>{text}</p><figure>{_inline(path, title)}</figure>")
    if checked:
        rows = "".join(
            f"<tr><td><code>{escape(c.name)}</code></td><td>{' × '.join(map(str, c.shape))}</td><td>{c.elements}</td>"
            f"<td>{c.error:.1e}</td></tr>"
            for c in checked
        )
        parts.append(
            "<h2>Are the gradients right?</h2><p>For some weights of every parameter, the derivative that backward gives was "
            "compared with what the loss really does when that weight is changed a little, in float64. The error is relative."
            f"</p><table><tr><th>parameter</th><th>shape</th><th>weights tried</th><th>largest error</th></tr>{rows}</table>"
        )
    if history.epochs:
        rows = "".join(
            f"<tr><td>{i + 1}</td><td>{e.loss:.4f}</td><td>{e.accuracy:.2%}</td><td>{e.test_loss:.4f}</td>"
            f"<td>{e.test_accuracy:.2%}</td><td>{e.seconds:.1f} s</td></tr>"
            for i, e in enumerate(history.epochs)
        )
        parts.append(
            "<h2>Epochs</h2><table><tr><th>epoch</th><th>training loss</th><th>training accuracy</th><th>test loss</th>"
            f"<th>test accuracy</th><th>time</th></tr>{rows}</table>"
        )
    parts += [f"<h2>The network</h2><pre>{escape(network)}</pre>", "</main></body></html>"]
    page = folder / "index.html"
    page.write_text("\n".join(parts) + "\n", "utf-8")
    return page


def _inline(path: Path, title: str) -> str:
    if path.suffix == ".svg":
        return path.read_text("utf-8")
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<img alt="{escape(title)}" src="data:image/png;base64,{data}">'
