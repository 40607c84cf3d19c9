"""The demo on a handful of digits: what it writes, what it measures, and how it stops."""

import argparse
import os
import re
import signal
import sys
import threading
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import cli, nn
from tinygrad_edu.data import MNIST
from tinygrad_edu.demo import check, command, graph, pictures, progress, training
from tinygrad_edu.demo.page import SECTIONS

PICTURES = [name for name, *_ in SECTIONS]


class FewDigits(MNIST):
    """The first digits of each carried set."""

    def __init__(self, train=True, full=False):
        super().__init__(train)
        size = 192 if train else 60
        self.data, self.targets = self.data[:size], self.targets[:size]


@pytest.fixture
def small(monkeypatch, tmp_path, device):
    """Make the demo small; returns its arguments."""
    monkeypatch.setattr(command, "MNIST", FewDigits)
    monkeypatch.setattr(command, "QUICK_DIGITS", 128)
    monkeypatch.setattr(command, "HARD_DIGITS", 3)
    monkeypatch.setattr(command, "ELEMENTS", 4)
    return ["demo", "--epochs", "1", "--device", device, "--out", str(tmp_path / "out")]


class Links(HTMLParser):
    """Collects what a page would fetch, and checks that its tags close."""

    def __init__(self):
        super().__init__()
        self.fetched, self.open, self.images = [], [], 0

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.images += tag in ("img", "svg")
        self.fetched += [v for k, v in attributes.items() if k in ("src", "href") and not v.startswith("data:")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_demo_writes_pictures_and_a_page(small, tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="the pictures need it")
    assert cli.main(small) == 0
    out = tmp_path / "out"
    assert sorted(p.name for p in out.iterdir()) == sorted([*PICTURES, "index.html"])
    printed = capsys.readouterr().out
    assert "192 training digits, 60 test digits, 225,034 parameters" in printed
    assert re.search(r"epoch 1/1 .* train: loss .* test: loss .*, accuracy", printed)
    error = float(re.search(r"largest relative error ([0-9.e+-]+)", printed)[1])
    assert error < 1e-6
    assert printed.rstrip().endswith("index.html")
    assert all((out / name).read_bytes().startswith(b"\x89PNG") for name in PICTURES if name.endswith(".png"))
    page = Links()
    page.feed((out / "index.html").read_text("utf-8"))
    assert page.fetched == []  # complete in itself
    assert page.open == []
    assert page.images == len(PICTURES)


def test_the_same_seed_gives_the_same_numbers(small, monkeypatch, capsys):
    monkeypatch.setattr(command.Demo, "draw", lambda self, stopped: "")

    def numbers():
        cli.main([*small, "--quick", "--seed", "5"])
        return re.sub(r"[0-9.]+ s\b", "", capsys.readouterr().out)

    assert numbers() == numbers()


def test_without_matplotlib_it_trains_and_says_what_to_install(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pictures, "available", lambda: False)
    assert cli.main(small) == 0
    assert "pip install 'tinygrad_edu[demo]'" in capsys.readouterr().err
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["graph.svg", "index.html"]


def test_old_pictures_are_not_shown_as_new(small, tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "curves.png").write_bytes(b"old")
    (tmp_path / "out" / "mine.txt").write_text("stays")
    monkeypatch.setattr(pictures, "available", lambda: False)
    cli.main(small)
    assert not (tmp_path / "out" / "curves.png").exists()
    assert (tmp_path / "out" / "mine.txt").read_text() == "stays"


# Stopping

interruptible = pytest.mark.skipif(
    sys.platform == "win32" or threading.current_thread() is not threading.main_thread(),
    reason="Ctrl-C is a signal to the main thread here",
)


def press_ctrl_c(monkeypatch, after):
    """Send SIGINT when that many batches were asked for."""
    original, count = training.batches, [0]

    def batches(*args, **kwargs):
        for batch in original(*args, **kwargs):
            yield batch
            count[0] += 1
            if count[0] == after:
                os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(training, "batches", batches)


@interruptible
@pytest.mark.parametrize("after", [1, 2, 4])  # in training, and in the evaluation after it
def test_ctrl_c_leaves_the_pictures_of_what_was_done(small, tmp_path, monkeypatch, capsys, after):
    if after > 1:
        monkeypatch.setattr(pictures, "available", lambda: False)  # drawing takes its time; once is enough
    else:
        pytest.importorskip("matplotlib", reason="the pictures need it")
    press_ctrl_c(monkeypatch, after)
    before = signal.getsignal(signal.SIGINT)
    assert cli.main(small) == 130
    assert signal.getsignal(signal.SIGINT) is before
    expected = [*PICTURES, "index.html"] if after == 1 else ["graph.svg", "index.html"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(expected)
    assert f"Stopped after {min(after, 3)} steps" in (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "Traceback" not in capsys.readouterr().err


@interruptible
def test_ctrl_c_twice_stops_at_once(small, monkeypatch, capsys):
    press_ctrl_c(monkeypatch, 1)

    def draw(self, stopped):
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("still drawing")

    monkeypatch.setattr(command.Demo, "draw", draw)
    assert cli.main(small) == 130
    assert capsys.readouterr().err.rstrip().endswith("stopped")


# What keeps it from beginning


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--epochs", "0"], "expected --epochs of at least 1, got 0"),
        (["--device", "tpu"], "device: expected"),
        (["--out", "/dev/null/pictures"], "can't write into /dev/null/pictures"),
    ],
)
def test_demo_says_what_is_wrong_and_exits_with_2(arguments, says, capsys):
    assert cli.main(["demo", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("tinygrad-edu demo: ")
    assert says in error


def test_missing_digits_are_a_sentence(small, monkeypatch, capsys):
    def nowhere(*args, **kwargs):
        raise ConnectionError("download: put it by hand into a folder")

    monkeypatch.setattr(command, "MNIST", nowhere)
    assert cli.main(small) == 2
    assert "by hand into a folder" in capsys.readouterr().err


# Its parts


def go_on():
    pass


def test_the_gradient_check_passes_a_right_network_and_sees_a_wrong_one():
    tg.manual_seed(0)
    images, labels = tg.rand(4, 1, 28, 28), tg.tensor([0, 1, 2, 3])

    class Wrong(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, dy):
            return dy * 1.001

    class Bent(nn.Module):
        def forward(self, x):
            return Wrong.apply(x)

    errors = {}
    for layer in (nn.Identity(), Bent()):
        net = nn.Sequential(
            nn.Conv2d(1, 2, 5, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(72, 8), layer, nn.Linear(8, 10)
        )
        results = []
        check.check_gradients(
            net, images, labels, elements=6, rng=np.random.default_rng(0), go_on=go_on, results=results
        )
        assert [r.name for r in results] == [n for n, _ in net.named_parameters()]
        errors[type(layer)] = {r.name: r.error for r in results}
    assert max(errors[nn.Identity].values()) < 1e-6
    assert errors[Bent]["0.weight"] == pytest.approx(1e-3, rel=0.01)
    assert errors[Bent]["5.weight"] < 1e-6


def test_the_gradient_check_leaves_the_network_as_it_was():
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 10))
    before = {k: v.tolist() for k, v in net.state_dict().items()}
    check.check_gradients(
        net, tg.rand(2, 2, 2), tg.tensor([0, 1]), elements=4, rng=np.random.default_rng(0), go_on=go_on, results=[]
    )
    assert {k: v.tolist() for k, v in net.state_dict().items()} == before
    assert net[1].weight.grad is None


def test_the_graph_shows_each_operation_and_parameter_once():
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    x = tg.ones(5, 3)
    y = net(x)
    loss = (y * y + y).sum()
    names = {p.node: name for name, p in net.named_parameters()}
    boxes = graph.collect(loss, names, x)
    titles = [b.title for b in boxes]
    assert sorted(titles) == sorted(
        ["images", "0.weight", "0.bias", "2.weight", "2.bias", "Linear", "ReLU", "Linear", "Mul", "Add", "Sum"]
    )
    by_key = {b.key: b for b in boxes}
    assert [by_key[k].title for k in next(b for b in boxes if b.title == "Add").inputs] == ["Mul", "Linear"]
    assert [b.shape for b in boxes if b.title == "2.weight"] == [(2, 4)]
    assert [b.title for b in boxes if b.kind == "result"] == ["Sum"]


def test_the_graph_has_no_overlapping_boxes_and_flows_down():
    x = tg.ones(3, requires_grad=True)
    y = x * x
    for _ in range(4):
        y = (y + x) * (y * 2) + y
    boxes = graph.collect(y.sum(), {x.node: "x"}, x)
    at = graph.place(boxes)
    assert len(set(at.values())) == len(boxes) == len(at)
    for box in boxes:
        for key in box.inputs:
            assert at[key][1] < at[box.key][1]
    rows = {}
    for column, row in at.values():
        rows.setdefault(row, []).append(column)
    assert all(
        b - a >= 1 for columns in rows.values() for a, b in zip(sorted(columns), sorted(columns)[1:], strict=False)
    )


def test_the_graph_is_well_formed_svg():
    x = tg.ones(2, requires_grad=True)
    svg = graph.draw((x * 2).sum(), {x.node: "<x> & y"}, x)
    root = ElementTree.fromstring(svg)
    assert "<x> & y" in [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]


def test_evaluate_keeps_the_mode_and_counts_right():
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    answers = training.evaluate(net, FewDigits(train=False), device="cpu", go_on=go_on, batch_size=25)
    assert net.training
    assert answers.probabilities.shape == (60, 10)
    np.testing.assert_allclose(answers.probabilities.sum(1), 1, rtol=1e-5)
    assert answers.accuracy == np.mean(answers.guesses == FewDigits(train=False).targets.numpy())
    right = answers.probabilities[np.arange(60), answers.labels]
    np.testing.assert_allclose(answers.losses, -np.log(right), rtol=1e-5)


def test_smooth_is_a_running_mean():
    at, means = pictures.smooth([1.0, 3.0, 5.0, 7.0], 2)
    assert at.tolist() == [2, 3, 4]
    assert means.tolist() == [2.0, 4.0, 6.0]
    assert pictures.smooth([4.0], 10)[1].tolist() == [4.0]


def test_mosaic_places_every_tile_once():
    tiles = np.arange(5.0)[:, None, None] + np.ones((5, 24, 24))
    image = pictures.mosaic(tiles, columns=3, gap=0.05)
    assert image.shape == (49, 74)
    assert [int((image == i + 1).sum()) for i in range(5)] == [576] * 5


class Terminal:
    def __init__(self):
        self.text = ""

    def isatty(self):
        return True

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def test_progress_without_tqdm_is_one_line_that_is_wiped(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with progress.Progress("epoch 1/2", 4) as bar:
        for _ in range(4):
            bar.step(loss=0.5, accuracy=0.25)
    assert "epoch 1/2 [##############################] 4/4  loss 0.5000  accuracy 25.0%" in terminal.text
    assert terminal.text.endswith("\r\x1b[K")
    assert "\n" not in terminal.text


def test_progress_is_silent_where_nobody_looks(capsys):
    with progress.Progress("epoch", 2) as bar:
        bar.step(loss=1.0)
    assert capsys.readouterr() == ("", "")


def test_arguments_have_the_documented_defaults():
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    args = parser.parse_args([])
    assert (str(args.out), args.seed, args.device, args.full, args.quick) == ("demo-output", 0, "cpu", False, False)
