"""Custom operations in PyTorch's form."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.autograd import Function
from tinygrad_edu.errors import GradError


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy * 3 * x**2


class Exponential(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        return dy * y


class Scale(Function):
    @staticmethod
    def forward(ctx, x, factor, y):
        ctx.factor = factor
        return x * factor, y + 1

    @staticmethod
    def backward(ctx, dx, dy):
        return (dx * ctx.factor if ctx.needs_input_grad[0] else None), None, dy


@pytest.mark.parametrize(("function", "derivatives"), [(Cube, (12, 12, 6)), (Exponential, (np.exp(2.0),) * 3)])
def test_derivatives_to_order_three(function, derivatives):
    x = tg.tensor([2.0], dtype=tg.float64, requires_grad=True)
    y = function.apply(x)
    for expected in derivatives:
        (y,) = tg.autograd.grad(y.sum(), x, create_graph=True)
        assert y.item() == pytest.approx(expected)


def test_a_second_backward_is_an_error_naming_the_function():
    x = tg.tensor([2.0], requires_grad=True)
    y = Cube.apply(x)
    y.sum().backward()
    with pytest.raises(GradError, match="Cube: backward a second time"):
        y.sum().backward()


def test_a_saved_input_changed_in_place_is_an_error():
    x = tg.tensor([2.0], requires_grad=True)
    h = x + 1.0
    y = Cube.apply(h)
    h.zero_()
    with pytest.raises(GradError, match="Cube: a saved tensor .* changed in place by zero_"):
        y.sum().backward()


def test_other_arguments_and_several_outputs():
    x, y = tg.tensor([2.0], requires_grad=True), tg.tensor([5.0], requires_grad=True)
    a, b = Scale.apply(x, 10.0, y)
    a.sum().backward()
    assert x.grad.item() == 10.0
    assert y.grad.item() == 0.0  # a gradient that did not come is zeros
    a, b = Scale.apply(x, 10.0, y)
    (a * b).sum().backward()
    assert x.grad.item() == 70.0


def test_setup_context_form():
    class Square(Function):
        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, dy):
            return dy * 2.0 * ctx.saved_tensors[0]

    x = tg.tensor([3.0], requires_grad=True)
    Square.apply(x).sum().backward()
    assert x.grad.item() == 6.0


def test_an_output_that_has_no_gradient():
    class Ranked(Function):
        @staticmethod
        def forward(ctx, x):
            rank = x * 0.0
            ctx.mark_non_differentiable(rank)
            return x * 2.0, rank

        @staticmethod
        def backward(ctx, dy, _):
            return dy * 2.0

    y, rank = Ranked.apply(tg.tensor([3.0], requires_grad=True))
    assert y.requires_grad
    assert not rank.requires_grad


def test_wrong_returns_are_named():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, dy):
            return dy

    x = tg.tensor([3.0], requires_grad=True)
    with pytest.raises(TypeError, match="Wrong: forward took 2 arguments, backward returned 1 gradients"):
        Wrong.apply(x, x).sum().backward()


class ExpAndSquare(Function):
    """Two outputs, one of them saved."""

    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y, None, x)
        return y, x * x

    @staticmethod
    def backward(ctx, da, db):
        y, nothing, x = ctx.saved_tensors
        assert nothing is None
        return da * y + db * 2.0 * x


def test_a_saved_output_among_several_is_tied_to_the_graph():
    x = tg.tensor([1.5], dtype=tg.float64, requires_grad=True)
    a, b = ExpAndSquare.apply(x)
    y = a * b  # x^2 e^x
    e = np.exp(1.5)
    for expected in ((1.5**2 + 2 * 1.5) * e, (1.5**2 + 4 * 1.5 + 2) * e, (1.5**2 + 6 * 1.5 + 6) * e):
        (y,) = tg.autograd.grad(y.sum(), x, create_graph=True)
        assert y.item() == pytest.approx(expected)


def test_what_a_function_saves_is_accounted_for():
    x = tg.tensor(np.ones(100), requires_grad=True)
    assert tg.autograd.saved_bytes(Cube.apply(x)) == {"Cube": 800}
    a, _ = ExpAndSquare.apply(x)
    assert tg.autograd.saved_bytes(a) == {"ExpAndSquare": 1600}
