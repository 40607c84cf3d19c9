"""The command line of the gradient checker."""

import argparse
import sys
import textwrap

import pytest

from tinygrad_edu.testing import command

MODULE = """
    import numpy as np
    from tinygrad_edu.autograd import Function, Op

    def product(x, w):
        return (x @ w).tanh()

    def root(x):
        return x.sqrt()
    root.inputs = [np.array([0.5, 2.0])]

    class Sine(Op):
        keeps = ("inputs",)
        def forward(self, x):
            return np.sin(x)
        def backward(self, dy):
            return -dy * self.inputs[0].cos()

    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x
        @staticmethod
        def backward(ctx, dy):
            (x,) = ctx.saved_tensors
            return dy * 3 * x * x.detach()

    def fails(x):
        raise ValueError("no such luck")

    number = 3
"""


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Run the command in a folder with the module above; gives the exit code and what was printed."""
    (tmp_path / "mine.py").write_text(textwrap.dedent(MODULE))
    (tmp_path / "broken.py").write_text("import there_is_no_such_module\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("mine", "broken"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)

    def run(*words):
        code = command.run(parser.parse_args(words))
        return code, capsys.readouterr()

    yield run
    sys.modules.pop("mine", None)


def test_a_right_function_exits_with_0(check):
    code, printed = check("mine:product", "--shape", "2,3", "--shape", "3,4", "--order", "2")
    assert code == 0
    lines = printed.out.split("\n")
    assert lines[0] == "gradcheck mine:product"
    assert "  input 1   float64 of shape (3, 4)" in lines
    assert lines.count("  ok      the gradients agree with the numeric ones") == 2
    assert lines[-2] == "all right"


def test_a_wrong_gradient_exits_with_1_and_says_why(check):
    code, printed = check("mine:Sine", "--shape", "3")
    assert code == 1
    assert "WRONG   the derivative with respect to input 0 is wrong" in printed.out
    assert "the sign is flipped" in printed.out
    assert "shrunk to (1,)" in printed.out
    assert "all right" not in printed.out


def test_a_wrong_second_derivative_is_seen_with_order_2_alone(check):
    assert check("mine:Cube", "--shape", "2")[0] == 0
    code, printed = check("mine:Cube", "--shape", "2", "--order", "2")
    assert code == 1
    assert printed.out.index("second derivatives") < printed.out.index("WRONG")


def test_inputs_are_taken_from_the_function(check):
    code, printed = check("mine:root")
    assert code == 0
    assert "float64 of shape (2,)" in printed.out


def test_inputs_outside_of_the_domain_are_explained(check):
    code, printed = check("mine:root", "--shape", "5")
    assert code == 1
    assert "--low and --high" in printed.out
    assert check("mine:root", "--shape", "5", "--low", "0.1")[0] == 0


def test_the_seed_chooses_the_inputs(check):
    first, again, other = (check("mine:Sine", "--shape", "9", "--seed", seed)[1].out for seed in "001")
    assert first == again != other


def test_an_empty_shape_is_a_single_number(check):
    code, printed = check("mine:Sine", "--shape", "")
    assert code == 1
    assert "float64 of shape ()" in printed.out


MISUSED = [
    (["mine"], "expected module:function, such as mymodule:myfunction, got 'mine'"),
    (["mine.py:product"], "try mine:product"),
    (["nothing:product"], "there is no module 'nothing' here"),
    (["broken:product"], "broken can't be imported: No module named 'there_is_no_such_module'"),
    (["mine:produkt"], "mine has no 'produkt'; it has Cube, Sine, fails, product, root"),
    (["mine:number"], "mine:number is int, not a function"),
    (["mine:product"], "Give --shape for each of x, w, such as --shape 3,4 --shape 3,4, or set an attribute `inputs`"),
    (["mine:product", "--shape", "3;4"], "expected --shape as sizes with commas between them, such as 3,4, got '3;4'"),
    (["mine:root", "--shape", "3", "--low", "2", "--high", "1"], "expected --low below --high, got 2.0 and 1.0"),
    (["mine:fails", "--shape", "3"], "mine:fails raised ValueError: no such luck"),
    (["mine:product", "--shape", "3", "--shape", "4"], "raised ShapeError: matmul: expected"),
]


@pytest.mark.parametrize(("words", "message"), MISUSED, ids=[" ".join(case[0]) for case in MISUSED])
def test_misuse_exits_with_2_and_one_clear_sentence(check, words, message):
    code, printed = check(*words)
    assert code == 2
    assert message in printed.err
    assert "Traceback" not in printed.err
