"""``tinygrad-edu demo``: train, measure, check, draw."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import numpy as np

from ..backend import device as as_device
from ..backend import placed
from ..data import MNIST, Subset
from ..errors import DeviceError
from ..nn import CrossEntropyLoss
from ..ops.random import manual_seed
from . import graph, pictures
from .check import Checked, check_gradients
from .page import SECTIONS, write_page
from .training import Answers, History, StoppedError, evaluate, make_network, train

DONE, MISUSED, STOPPED = 0, 2, 130
EPOCHS, QUICK_DIGITS = 6, 4000
HARD_DIGITS, ELEMENTS = 16, 8  # digits that the gradients are checked on, and weights of each parameter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        "--epochs", type=int, help=f"passes over the training digits (default {EPOCHS}; 1 with --quick)"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--full", action="store_true", help="all 70,000 digits: from TINYGRAD_EDU_DATA, the cache, or downloaded"
    )
    size.add_argument("--quick", action="store_true", help=f"{QUICK_DIGITS} digits and one epoch, to see that it works")
    parser.add_argument(
        "--out", type=Path, default=Path("demo-output"), help="folder for the pictures (default %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and dropout (default %(default)s)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:1 (default %(default)s)")


class Interrupt:
    """Ctrl-C in a ``with`` block: the first asks to stop at the next safe place, one more stops at once.

    Between two batches everything is in order, which in the middle of a step it is not.
    """

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Interrupt:
        self.before = signal.signal(signal.SIGINT, self._caught)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        signal.signal(signal.SIGINT, self.before)

    def _caught(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        print("\nstopping: drawing what was done so far (Ctrl-C again stops at once)", file=sys.stderr, flush=True)

    def go_on(self) -> None:
        """Raise where the user asked to stop."""
        if self.asked:
            raise StoppedError


class Demo:
    """One run: what it works on, and what it found so far."""

    def __init__(self, args: argparse.Namespace):
        self.args = args
        self.epochs = args.epochs or (1 if args.quick else EPOCHS)
        self.history, self.checked = History(), list[Checked]()
        self.answers: Answers | None = None
        self.seconds = 0.0
        manual_seed(args.seed)
        self.train_data: Any = MNIST(full=args.full)
        self.test_data = MNIST(train=False, full=args.full)
        if args.quick:
            self.train_data = Subset(self.train_data, range(QUICK_DIGITS))
        self.net = make_network().to(args.device)
        self.first_filters = self.net.conv1.weight.detach().cpu().numpy().copy()

    def work(self, interrupt: Interrupt) -> None:
        """Train, evaluate, check the gradients; may stop anywhere."""
        device, go_on, began = self.args.device, interrupt.go_on, time.perf_counter()
        print(
            f"{len(self.train_data):,} training digits, {len(self.test_data):,} test digits, "
            f"{sum(p.numel() for p in self.net.parameters()):,} parameters, on {as_device(device)}"
        )
        try:
            train(
                self.net, self.train_data, self.test_data, self.history, epochs=self.epochs, device=device, go_on=go_on
            )
        finally:
            self.seconds = time.perf_counter() - began
        self.answers = evaluate(self.net, self.test_data, device=device, go_on=go_on)
        print(f"test accuracy {self.answers.accuracy:.2%}, {int((self.answers.guesses != self.answers.labels).sum())} wrong "
              f"of {len(self.answers.labels):,}; {self.seconds:.0f} s of training")  # fmt: skip
        images, labels = self.test_data.batch(np.argsort(self.answers.losses)[::-1][:HARD_DIGITS].copy())
        check_gradients(
            self.net, images.to(device), labels.to(device), elements=ELEMENTS // 2 if self.args.quick else ELEMENTS,
            rng=np.random.default_rng(self.args.seed), go_on=go_on, results=self.checked,
        )  # fmt: skip
        worst = max(self.checked, key=lambda c: c.error)
        print(
            f"gradients agree with differences of the loss: largest relative error {worst.error:.1e} (in {worst.name}), "
            f"{sum(c.elements for c in self.checked)} weights of {len(self.checked)} parameters tried"
        )

    def draw(self, stopped: bool) -> Path:
        """Write the pictures and the page of what there is; returns the page."""
        out, notes = self.args.out, []
        for name, *_ in SECTIONS:  # of an earlier run, which this page is not about
            (out / name).unlink(missing_ok=True)
        if stopped:
            notes.append(f"Stopped after {len(self.history.losses)} steps: the pictures show what was done by then.")
        answers = self.answers
        if answers is None:
            answers = evaluate(self.net, self.test_data, device=self.args.device, go_on=lambda: None)
        image, label = self.test_data[0]
        if pictures.available():
            if self.history.losses:
                pictures.draw_curves(out / "curves.png", self.history)
            pictures.draw_filters(out / "filters.png", self.first_filters, self.net.conv1.weight.detach().cpu().numpy())
            pictures.draw_feature_maps(
                out / "feature_maps.png", self.net, image.unsqueeze(0).to(self.args.device), label
            )
            pictures.draw_mistakes(out / "mistakes.png", self.test_data.data.numpy(), answers)
            pictures.draw_confusion(out / "confusion.png", answers)
        else:
            notes.append("The pictures need matplotlib: pip install 'tinygrad_edu[demo]'.")
            print(notes[-1], file=sys.stderr)
        self._draw_graph(out / "graph.svg")
        return write_page(out, self._facts(answers), self.history, self.checked, repr(self.net), notes)

    def _draw_graph(self, path: Path) -> None:
        self.net.train()
        images, labels = (t.to(self.args.device) for t in self.train_data.batch(np.arange(64)))
        loss = CrossEntropyLoss()(self.net(images), labels)
        names = {parameter.node: name for name, parameter in self.net.named_parameters()}
        path.write_text(graph.draw(loss, names, images), "utf-8")

    def _facts(self, answers: Answers) -> list[tuple[str, str]]:
        facts = [
            ("test accuracy", f"{answers.accuracy:.2%}"),
            ("test digits, wrong", f"{int((answers.guesses != answers.labels).sum())} of {len(answers.labels):,}"),
            ("training digits", f"{len(self.train_data):,}"),
            ("parameters", f"{sum(p.numel() for p in self.net.parameters()):,}"),
            (f"training time, epochs: {len(self.history.epochs)}", f"{self.seconds:.0f} s"),
        ]
        if self.checked:
            facts.append(("gradients, largest error", f"{max(c.error for c in self.checked):.0e}"))
        return facts


def run(args: argparse.Namespace) -> int:
    """Run the demo.

    Returns
    -------
    int
        0 when it went to its end, 2 where it could not begin, 130 where the user stopped it.
    """
    try:
        demo = _begin(args)
        with Interrupt() as interrupt:
            with suppress(StoppedError):
                demo.work(interrupt)
            page = demo.draw(stopped=interrupt.asked)
    except _CannotBeginError as error:
        print(f"tinygrad-edu demo: {error}", file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return STOPPED
    print(f"pictures: {page}")
    return STOPPED if interrupt.asked else DONE


class _CannotBeginError(Exception):
    """What keeps the demo from beginning, in a sentence."""


def _begin(args: argparse.Namespace) -> Demo:
    if args.epochs is not None and args.epochs < 1:
        raise _CannotBeginError(f"expected --epochs of at least 1, got {args.epochs}")
    try:
        with placed(args.device):
            pass  # there is such a device
    except DeviceError as error:
        raise _CannotBeginError(str(error)) from None
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=args.out).close()
    except OSError as error:
        raise _CannotBeginError(
            f"can't write into {args.out} ({error.strerror}); choose another folder with --out"
        ) from None
    try:
        return Demo(args)
    except (OSError, ValueError) as error:  # digits that are not there, or damaged
        raise _CannotBeginError(str(error)) from None
