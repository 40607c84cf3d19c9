"""gradcheck on right functions says nothing; where it can't say anything, it says that."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.autograd import Op
from tinygrad_edu.errors import GradError
from tinygrad_edu.testing import GradcheckError, check_op, gradcheck, gradgradcheck

rng = np.random.default_rng(0)


def leaf(*shape, scale=1.0, offset=0.0, dtype=tg.float64):
    return tg.tensor(rng.normal(size=shape) * scale + offset, dtype=dtype, requires_grad=True)


def at(*values):
    return tg.tensor(np.array(values), dtype=tg.float64, requires_grad=True)


def assigned(x, y):
    z = x * 2
    z[0] = y * y
    return z


RIGHT = {
    "elementwise": (lambda x, y: (x * y).exp() / (y * y + 1), [leaf(3, 4), leaf(4)]),
    "matrix product": (lambda a, b: (a @ b).tanh(), [leaf(2, 3), leaf(3, 2)]),
    "zero-dimensional": (lambda x, y: x * y, [leaf(), leaf()]),
    "no element": (lambda x, y: x * y, [leaf(0, 3), leaf(3)]),
    "no element in the output": (lambda x: x[:0], [leaf(3)]),
    "integers among the inputs": (lambda x, i: x[i] * i, [leaf(3), tg.tensor([0, 2, 2])]),
    "a number among the inputs": (lambda x, p: x.abs() ** p, [leaf(3, offset=3), 2.5]),
    "several outputs": (lambda x: (x.sin(), x.sum(), x[0]), [leaf(3)]),
    "outputs without a gradient": (lambda x: (x * 2, (x * 3).detach(), x.argmax()), [leaf(3)]),
    "no output with a gradient": (lambda x: x.argmax(), [leaf(3)]),
    "an input without effect": (lambda x, y: x * 2, [leaf(3), leaf(2)]),
    "identity": (lambda x: x, [leaf(3)]),
    "constant": (lambda x: x.new_ones(3), [leaf(3)]),
    "in place inside": (lambda x: x.clone().mul_(x).add_(1), [leaf(3)]),
    "assignment inside": (assigned, [leaf(3, 2), leaf(2)]),
    "views": (lambda x: x.t().reshape(2, 3)[0], [leaf(3, 2)]),
    "a transposed input": (lambda x: x.cumsum(0), [leaf(4, 3).detach().t().requires_grad_()]),
    "an expanded input": (lambda x: x.exp(), [leaf(1, 3).detach().expand(2, 3).requires_grad_()]),
    "an input that is no leaf": (lambda x: x.exp(), [leaf(3) * 2]),
    "ties in value": (lambda x: x.sum() * x, [at(1.0, 1.0, 1.0)]),
    "large numbers": (lambda x: x**5, [leaf(3, scale=1e3)]),
    "large arguments of a periodic function": (lambda x: x.sin(), [leaf(3, scale=1e3)]),
    "fast changes": (lambda x: (x * 100).sin(), [leaf(3)]),
    "large values, small slope": (lambda x: x + 1e8, [leaf(3)]),
    "tiny values": (lambda x: x * x * 1e-12, [leaf(3)]),
    "near a pole": (lambda x: 1 / x, [at(0.01, -0.003, 1e-5, 1e-8)]),
    "near the end of the domain": (lambda x: x.log(), [at(0.01, 1e-5, 1e-8, 1e-11)]),
    "near a kink": (lambda x: x.relu(), [at(0.01, -0.003, 1e-4, -1e-5, 1e-6)]),
    "near a jump": (lambda x: x.floor() * x, [at(1.01, 0.997, 129.6, -68.7)]),
    "saturated": (lambda x: (x * 1e6).tanh(), [at(4.9e-8, 1e-6)]),
    "overflow kept at bay": (lambda x: x.softmax(1), [leaf(2, 3, scale=200)]),
    "everything cancels": (lambda x: x.softmax(1).sum(), [leaf(2, 3)]),
}


@pytest.mark.parametrize(("func", "inputs"), RIGHT.values(), ids=RIGHT)
def test_a_right_function_passes_both_orders(func, inputs):
    assert gradcheck(func, inputs)
    assert gradgradcheck(func, inputs)


@pytest.mark.parametrize("wrong_by", [1e-2, 1e-4, 1e-6])
def test_a_small_error_is_found(wrong_by):
    class Off(Op):
        keeps = ("inputs",)

        def forward(self, x):
            return np.sin(x)

        def backward(self, dy):
            return dy * self.inputs[0].cos() * (1 + wrong_by)

    assert not gradcheck(lambda x: Off()(x), leaf(3), raise_exception=False)
    assert gradcheck(lambda x: Off()(x), leaf(3), rtol=10 * wrong_by)


def test_large_inputs_are_checked_along_a_line_and_the_wrong_element_is_found():
    class OneElementOff(Op):
        keeps = ("inputs",)

        def forward(self, a, b):
            return a @ b

        def backward(self, dc):
            a, b = self.inputs
            g = (a.mT @ dc).array
            if g.shape == (40, 20):
                g[17, 3] *= 1.001
            return dc @ b.mT, tg.as_tensor(g)

    inputs = leaf(30, 40), leaf(40, 20)
    assert gradcheck(lambda a, b: (a @ b).relu().mean(), inputs)
    calls = []
    assert gradcheck(lambda a, b: calls.append(1) or (a @ b).tanh(), inputs)
    assert len(calls) < 200  # not one for each of the 2000 elements
    with pytest.raises(GradcheckError, match=r"element   \[17, 3\] of input 1 \(b\)") as caught:
        gradcheck(lambda a, b: OneElementOff()(a, b), inputs)
    assert "input 0 (a)" not in caught.value.failure.facts["element"]


def test_fast_mode_false_looks_at_every_element():
    calls = []
    gradcheck(lambda x: calls.append(1) or x * x, leaf(150), fast_mode=False)
    assert len(calls) > 300


KINKS = [
    (lambda x: x.relu(), 0.0, "kink", "from the left its derivative is 0, from the right 1"),
    (lambda x: x.floor() + x, 2.0, "jump", "jumps here"),
    (lambda x: x.sqrt(), 0.0, "edge", "edge of the domain"),
    (lambda x: x.log(), -1.0, "not finite", "outside of the domain"),
]


@pytest.mark.parametrize(("func", "value", "cause", "words"), KINKS, ids=[case[2] for case in KINKS])
def test_where_there_is_no_derivative_it_says_so(func, value, cause, words):
    with pytest.raises(GradcheckError, match=words) as caught:
        gradcheck(func, at(value, 1.25))
    assert caught.value.cause == cause


def test_a_function_off_the_graph_is_found():
    with pytest.raises(GradcheckError, match="not connected") as caught:
        gradcheck(lambda x: tg.as_tensor(np.sin(x.detach().numpy())), leaf(3))
    assert caught.value.cause == "disconnected"


def test_the_message_holds_everything():
    x = at([1.25, 0.5], [1.0, 2.0])
    with pytest.raises(GradcheckError) as caught:
        gradcheck(lambda x: x.detach() * x, x)
    assert str(caught.value).split("\n") == [
        "gradcheck: the derivative with respect to input 0 (x) is wrong",
        "  element   [0, 0] of input 0 (x), shape (1, 1)",
        "  by        [0, 0] of output 0, shape (1, 1)",
        "  analytic   1",
        f"  numeric    2   (to within {caught.value.failure.facts['numeric'].split('within ')[1]}",
        "  extent    4 of 4 elements of input 0 (x), before shrinking",
        "  likely    half of what it should be: a factor 2 is missing, or an input that is used twice is differentiated through "
        "one use alone",
        "  case      shapes (2, 2) shrunk to (1, 1)",
        "            input 0 (x) = [[1.]]",
    ]


def test_the_second_derivative_speaks_of_dy():
    with pytest.raises(GradcheckError, match=r"of the gradient of input 0 \(x\)") as caught:
        gradgradcheck(lambda x: HalfSecond()(x), leaf(2))
    assert "second derivative" in str(caught.value)
    assert "dy of output 0 is right" in str(caught.value)


class HalfSecond(Op):
    """x^3, with a first derivative that is right and recorded, but for a detached factor."""

    keeps = ("inputs",)

    def forward(self, x):
        return x**3

    def backward(self, dy):
        (x,) = self.inputs
        return dy * 3 * x * x.detach()


def test_inputs_come_back_as_they_were():
    x, single = leaf(2, 3), leaf(2, 3, dtype=tg.float32)
    arrays, grad = (x.array, single.array), x.grad
    before = [a.copy() for a in arrays]
    assert gradcheck(lambda x, y: x * y, (x, single))
    gradcheck(lambda x, y: x.detach() * x * y, (x, single), raise_exception=False)
    assert x.array is arrays[0]
    assert single.array is arrays[1]
    assert all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True))
    assert x.grad is grad
    assert single.dtype == tg.float32
    (single * 2).sum().backward()
    assert single.grad.dtype == tg.float32


def test_tensors_that_the_function_reaches_by_itself_are_checked():
    weight, x = leaf(3, dtype=tg.float32), leaf(4, 3)
    assert gradcheck(lambda *_: (x.detach() * weight).tanh(), [weight])
    assert not gradcheck(lambda *_: (x.detach() * weight * weight.detach()).tanh(), [weight], raise_exception=False)


def test_nothing_to_check_is_an_error():
    with pytest.raises(GradError, match=r"gradcheck: no input requires a gradient; call requires_grad_\(\)"):
        gradcheck(lambda x: x, tg.ones(3))
    with pytest.raises(TypeError, match="expected a function that returns a Tensor"):
        gradcheck(lambda x: 3, leaf(2))


def test_given_grad_outputs_are_used():
    seen = []

    class Watched(Op):
        keeps = ("inputs",)

        def forward(self, x):
            return x * x

        def backward(self, dy):
            seen.append(float(dy.array.flat[0]))
            return dy * self.inputs[0] * 2

    assert gradgradcheck(lambda x: Watched()(x), leaf(2), tg.tensor([0.125, 2.0], dtype=tg.float64))
    assert 0.125 in seen


def test_undefined_gradients_can_be_left_unchecked():
    class Careless(Op):
        def forward(self, x):
            return x * 2, x * 3

        def backward(self, da, db):
            return (1.0 if da is None else da * 2) + (0 if db is None else db * 3)

    assert gradcheck(lambda x: Careless()(x), leaf(2), check_undefined_grad=False)
    assert not gradcheck(lambda x: Careless()(x), leaf(2), raise_exception=False)


def test_a_noisy_function_passes_with_nondet_tol():
    noise = np.random.default_rng(0)

    def func(x):
        return x * 2 + float(noise.uniform(0, 1e-13))

    assert not gradcheck(func, leaf(2), raise_exception=False)
    assert gradcheck(func, leaf(2), nondet_tol=1e-12)


def test_check_op_on_the_device(device):
    check_op(lambda x, y, i: (x * y)[i], [rng.normal(size=(3, 2)), rng.normal(size=2), np.array([2, 0])], device=device)


def test_check_op_without_floats_compares_the_forward():
    check_op(lambda x, y: x + y, [np.arange(3), np.arange(3)], np.add)
    with pytest.raises(GradcheckError, match="reference"):
        check_op(lambda x, y: x + y, [np.arange(3), np.arange(3)], np.subtract)
