"""The gradient checker is tested on mistakes that people make: it must find each one, and name it."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.autograd import Function, Op
from tinygrad_edu.testing import GradcheckError, check_op, gradcheck, gradgradcheck


def leaf(*shape, low=0.3, high=2.0, seed=0):
    """Positive numbers, different from each other."""
    return tg.tensor(np.random.default_rng(seed).uniform(low, high, shape), requires_grad=True)


def raw(array):
    """A Tensor without history: what backward computes with when it is written on raw arrays."""
    return tg.as_tensor(array)


class SquareRoot(Op):
    """The right one; its mistaken descendants follow."""

    keeps = ("output",)

    def forward(self, x):
        return np.sqrt(x)

    def backward(self, dy):
        return dy / (self.output * 2)


class WrongSign(SquareRoot):
    def backward(self, dy):
        return -(dy / (self.output * 2))


class LacksOneHalf(SquareRoot):
    def backward(self, dy):
        return dy / self.output


class WrongConstant(SquareRoot):
    def backward(self, dy):
        return dy / (self.output * 3)


class Inverted(SquareRoot):
    def backward(self, dy):
        return dy * self.output * 0.5


class LacksInnerDerivative(Op):
    """y = sin(x^2 / 2), without the x."""

    keeps = ("inputs",)

    def forward(self, x):
        return np.sin(x * x / 2)

    def backward(self, dy):
        (x,) = self.inputs
        return dy * raw(np.cos(x.array * x.array / 2))


class IgnoresDy(SquareRoot):
    def backward(self, dy):
        return 1 / (self.output * 2)


class AddsAConstant(SquareRoot):
    def backward(self, dy):
        return dy / (self.output * 2) + 0.1


class SquaresDy(SquareRoot):
    def backward(self, dy):
        return dy * dy / (self.output * 2)


class OnRawArrays(SquareRoot):
    """The first derivative is right, the second silently missing."""

    def backward(self, dy):
        return dy * raw(0.5 / self.output.array)


class RawWithRespectToDy(SquareRoot):
    def backward(self, dy):
        return raw(0.5 * dy.array / self.output.array)


class WrongSecond(SquareRoot):
    """dx = dy / 2y with a wrong rule of its own for the derivative of that."""

    def backward(self, dy):
        return WrongSecondBackward()(dy, self.output)


class WrongSecondBackward(Op):
    keeps = ("inputs",)

    def forward(self, dy, y):
        return dy / (2 * y)

    def backward(self, dz):
        dy, y = self.inputs
        return dz / (y * 2), dz * dy / (y * y * 2)  # the sign of the second


class WorksInPlace(SquareRoot):
    def forward(self, x):
        return np.sqrt(x, out=x)


class WorksInPlaceOnDy(SquareRoot):
    def backward(self, dy):
        dy.array[...] /= 2 * self.output.array
        return dy


class BackwardWorksInPlace(SquareRoot):
    keeps = ("inputs",)

    def backward(self, dy):
        (x,) = self.inputs
        np.sqrt(x.array, out=x.array)
        return dy / (x * 2)


class ComputesInFloat32(SquareRoot):
    def backward(self, dy):
        return raw((dy.array / (2 * self.output.array)).astype(np.float32).astype(np.float64))


class ForwardInFloat32(SquareRoot):
    def forward(self, x):
        return np.sqrt(x.astype(np.float32)).astype(np.float64)


class FloatInside(SquareRoot):
    """float32 on the way; the results themselves are no float32 numbers."""

    def forward(self, x):
        return np.sqrt(x.astype(np.float32)) * np.float64(1.1)

    def backward(self, dy):
        return dy / (self.output * 2) * 1.21


class Jagged(SquareRoot):
    """Noise, though always the same."""

    def forward(self, x):
        return np.sqrt(x) + 1e-4 * np.sin(x * 1e18)


class RaisesThePrecision(SquareRoot):
    def backward(self, dy):
        return dy / (self.output.double() * 2)


class OutputInFloat64(SquareRoot):
    def forward(self, x):
        return np.sqrt(x.astype(np.float64))


class DrawsNumbers(SquareRoot):
    rng = np.random.default_rng(0)

    def forward(self, x):
        return np.sqrt(x) + 1e-3 * self.rng.normal(size=x.shape)


class BackwardWithAState(SquareRoot):
    calls = 0

    def backward(self, dy):
        self.calls += 1
        return dy / (self.output * 2) * self.calls


class OneBufferForAll(Op):
    """What is saved lies in an array of the class."""

    buffer = np.empty(100)

    def forward(self, x):
        self.saved_root = self.buffer[: x.size].reshape(x.shape)
        self.saved_root[...] = np.sqrt(x)
        return self.saved_root.copy()

    def backward(self, dy):
        return dy / raw(2 * self.saved_root)


class SavesOutputUnseen(Op):
    """The output is saved where the engine does not see it change."""

    def forward(self, x):
        self.root = np.sqrt(x)
        return self.root

    def backward(self, dy):
        return dy / raw(2 * self.root)


class ReadsMemoryOrder(Op):
    """Takes its input for contiguous."""

    def forward(self, x):
        return np.cumsum(np.ravel(x, order="K")).reshape(x.shape)

    def backward(self, dy):
        return raw(np.cumsum(dy.array.ravel()[::-1])[::-1].reshape(dy.shape))


class ReadsDyInMemoryOrder(Op):
    def forward(self, x):
        return np.cumsum(x.ravel()).reshape(x.shape)

    def backward(self, dy):
        return raw(np.cumsum(np.ravel(dy.array, order="K")[::-1])[::-1].reshape(dy.shape))


class Relu(Op):
    keeps = ("inputs",)

    def forward(self, x):
        return np.maximum(x, 0)

    def backward(self, dy):
        (x,) = self.inputs
        return dy * raw((x.array > 0).astype(np.float64))


class ReluWrongSide(Relu):
    def backward(self, dy):
        (x,) = self.inputs
        return dy * raw((x.array <= 0).astype(np.float64))


class ReluWithoutMask(Relu):
    def backward(self, dy):
        return dy


class MaskTimesInf(Op):
    """y = sqrt(x) for x > 0, else 0; mask * dy is 0 * inf for x = -0.25 (where the root is taken of 0)."""

    keeps = ("inputs",)

    def forward(self, x):
        return np.where(x > 0, np.sqrt(np.maximum(x, 0)), 0.0)

    def backward(self, dy):
        (x,) = self.inputs
        positive = np.maximum(x.array, 0)
        return dy * raw((x.array > 0) * (0.5 / np.sqrt(positive)))


class Product(Op):
    keeps = ("inputs",)

    def forward(self, x, y):
        return x * y

    def backward(self, dz):
        x, y = self.inputs
        return dz * y, dz * x


class DividesInstead(Product):
    def backward(self, dz):
        x, y = self.inputs
        return dz / y, dz * x


class SwapsItsGradients(Product):
    def backward(self, dz):
        x, y = self.inputs
        return dz * x, dz * y


class ForgetsAnInput(Product):
    def backward(self, dz):
        return dz * self.inputs[1], None


class ZerosForAnInput(Product):
    def backward(self, dz):
        return dz * self.inputs[1], dz * 0


class BiasOfChannels(Op):
    """y[n, c, h] = x[n, c, h] + b[c], which no broadcasting rule sums for us."""

    def forward(self, x, b):
        return x + b[:, None]

    def backward(self, dy):
        return dy, dy.sum((0, 2))


class BiasNotSummed(BiasOfChannels):
    def backward(self, dy):
        return dy, raw(dy.array[0, :, 0])


class BiasAveraged(BiasOfChannels):
    def backward(self, dy):
        return dy, dy.mean((0, 2))


class MatrixSquare(Op):
    """y = x @ x uses x twice."""

    keeps = ("inputs",)

    def forward(self, x):
        return x @ x

    def backward(self, dy):
        (x,) = self.inputs
        return dy @ x.mT  # and x.mT @ dy is missing


class ElementwiseSquare(MatrixSquare):
    def forward(self, x):
        return x * x

    def backward(self, dy):
        (x,) = self.inputs
        return dy * x


class MatrixProduct(Op):
    keeps = ("inputs",)

    def forward(self, a, b):
        return a @ b

    def backward(self, dc):
        a, b = self.inputs
        return dc @ b.mT, (a.mT @ dc).mT  # square matrices hide the shape


class Softmax(Op):
    keeps = ("output",)

    def forward(self, x):
        e = np.exp(x - x.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    def backward(self, dy):
        y = self.output
        return y * (dy - (dy * y).sum(0, keepdim=True))  # dim 0 instead of -1


class SoftmaxWithoutSum(Softmax):
    def backward(self, dy):
        y = self.output
        return y * dy


class CumulativeSum(Op):
    def forward(self, x):
        return np.cumsum(x, axis=1)

    def backward(self, dy):
        return raw(np.flip(np.cumsum(np.flip(dy.array, 0), axis=0), 0))  # dim 0 instead of 1


class Tail(Op):
    """y = x[1:]."""

    def forward(self, x):
        return x[1:]

    def backward(self, dy):
        return raw(np.concatenate([dy.array, np.zeros((1, *dy.shape[1:]))]))  # should come after a row of zeros


class ForgetsTheLast(Op):
    """Differences along the last dim, whose last element is left out of the gradient."""

    def forward(self, x):
        return x[..., 1:] - x[..., :-1]

    def backward(self, dy):
        d = dy.array
        dx = np.zeros((*d.shape[:-1], d.shape[-1] + 1))
        dx[..., :-1] -= d
        dx[..., 1:-1] += d[..., :-1]
        return raw(dx)


class Flipped(Op):
    def forward(self, x):
        return x[::-1].copy()

    def backward(self, dy):
        return dy


class TwoOutputs(Op):
    """Does not expect None for an output that nobody used."""

    keeps = ("inputs",)

    def forward(self, x):
        return x * x, 3 * x

    def backward(self, da, db):
        (x,) = self.inputs
        return da * x * 2 + (0 if db is None else db * 3)


class NoneTakenAsOne(TwoOutputs):
    def backward(self, da, db):
        (x,) = self.inputs
        return (x * 2 if da is None else da * x * 2) + (0 if db is None else db * 3)


class WrongCount(Product):
    def backward(self, dz):
        return dz


class Averaged(Op):
    """The mean, with the gradient of the sum."""

    def forward(self, x):
        self.shape_before = x.shape
        return x.mean(0)

    def backward(self, dy):
        return dy.expand(self.shape_before)


class OffAtTheEnd(Op):
    """y = x^2, with a boundary that is treated wrongly."""

    keeps = ("inputs",)

    def forward(self, x):
        return x * x

    def backward(self, dy):
        (x,) = self.inputs
        once = np.full(x.shape, 2.0)
        once[..., -1] = 1.5
        return dy * x * raw(once)


class Approximate(SquareRoot):
    def backward(self, dy):
        return dy / (self.output * 2.00002)


class CustomFunction(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy * x * x * -3


MATRIX = (leaf(3, 3, seed=1),)
ROWS = (leaf(3, 4, seed=2),)
SIGNED = (leaf(3, 4, low=-2, high=2, seed=3),)
PAIR = (leaf(3, 4, seed=4), leaf(3, 4, seed=5))
ROW_PAIR = (leaf(3, 4, seed=4), leaf(4, seed=5))
CHANNELS = (leaf(2, 3, 4, seed=6), leaf(3, seed=7))

# the mistaken operation, its inputs, the cause that must be named, and words that the message must hold
PLANTED = [
    (WrongSign, ROWS, "sign", ["sign", "input 0"]),
    (LacksOneHalf, ROWS, "factor 2", ["factor 1/2 is missing"]),
    (WrongConstant, ROWS, "factor", ["2/3 times"]),
    (Inverted, ROWS, "factor too many", ["output 0"]),
    (LacksInnerDerivative, ROWS, "factor missing", ["chain rule", "input 0"]),
    (IgnoresDy, ROWS, "ignores dy", ["does not use dy"]),
    (AddsAConstant, ROWS, "not linear", ["does not depend on dy"]),
    (SquaresDy, ROWS, "not linear", ["dy * dy"]),
    (WorksInPlace, ROWS, "changes its input", ["forward changes input 0", "before", "after"]),
    (BackwardWorksInPlace, ROWS, "changes its input", ["backward changes input 0"]),
    (FloatInside, ROWS, "float32", ["in part or as a whole", "changes nothing"]),
    (Jagged, ROWS, "not settled", ["does not settle"]),
    (WorksInPlaceOnDy, ROWS, "changes dy", ["in place on dy"]),
    (ComputesInFloat32, ROWS, "float32", ["seven digits"]),
    (ForwardInFloat32, ROWS, "float32", ["forward computes in float32"]),
    (Approximate, ROWS, "imprecise", ["five digits"]),
    (DrawsNumbers, ROWS, "not deterministic", ["random"]),
    (BackwardWithAState, ROWS, "backward changes its state", ["two backward passes"]),
    (OneBufferForAll, ROWS, "shared state", ["overwrites"]),
    (ReadsMemoryOrder, ROWS, "layout", ["'F'"]),
    (ReadsDyInMemoryOrder, ROWS, "layout", ["dy lies in memory"]),
    (ReluWrongSide, SIGNED, "mask", ["inverted"]),
    (ReluWithoutMask, SIGNED, "not zero", ["does not change"]),
    (MaskTimesInf, SIGNED, "nan", ["where(mask, dy, 0)"]),
    (DividesInstead, PAIR, "factor inverted", ["input 1", "divides where it should multiply", "input 1 is right"]),
    (SwapsItsGradients, PAIR, "swapped", ["gradient of input 1", "wrong order"]),
    (ForgetsAnInput, PAIR, "no gradient", ["None for input 1", "input 0 is right"]),
    (ZerosForAnInput, ROW_PAIR, "no gradient", ["zeros for input 1"]),
    (BiasNotSummed, CHANNELS, "not summed", ["input 1", "broadcast", "input 0 is right"]),
    (BiasAveraged, CHANNELS, "factor n", ["1/4 of", "mean where a sum belongs"]),
    (Averaged, (leaf(5, 2),), "factor n", ["3 times", "size of its dim 0", "sum where a mean belongs"]),
    (MatrixSquare, MATRIX, "accumulation", ["2 times as a factor", "through 1"]),
    (ElementwiseSquare, MATRIX, "factor 1/2", ["used twice"]),
    (
        MatrixProduct,
        (leaf(3, 3, seed=8), leaf(3, 3, seed=9)),
        "transposed",
        ["input 1", "transposed", "input 0 is right"],
    ),
    (Softmax, ROWS, "wrong dim", ["wrong dim", "gradient does along dims: 0"]),
    (CumulativeSum, MATRIX, "wrong dim", ["wrong dim"]),
    (Tail, (leaf(5, 2),), "shifted", ["off by one", "dim 0"]),
    (Flipped, (leaf(4, 2),), "reversed", ["dim 0"]),
    (ForgetsTheLast, ROWS, "zeros", ["index 1 in dim 1"]),
    (OffAtTheEnd, ROWS, "some elements", ["index 1 in dim 1"]),
    (SoftmaxWithoutSum, ROWS, "term", ["A term is missing"]),
    (WrongCount, PAIR, "backward raises", ["2 gradients"]),
    (NoneTakenAsOne, ROWS, "unused output", ["output 1 alone"]),
    (TwoOutputs, ROWS, "backward raises", ["NoneType"]),
]


@pytest.mark.parametrize(("op", "inputs", "cause", "words"), PLANTED, ids=[case[0].__name__ for case in PLANTED])
def test_a_planted_mistake_is_found_and_named(op, inputs, cause, words):
    with pytest.raises(GradcheckError) as caught:
        gradcheck(lambda *xs: op()(*xs), inputs)
    assert caught.value.cause == cause, str(caught.value)
    for word in words:
        assert word in str(caught.value)


SECOND = [
    (OnRawArrays, "no second derivative", ["input 0", "raw arrays"]),
    (RawWithRespectToDy, "no second derivative", ["raw arrays"]),
    (WrongSecond, "sign", ["second derivative", "sign"]),
]


@pytest.mark.parametrize(("op", "cause", "words"), SECOND, ids=[case[0].__name__ for case in SECOND])
def test_a_mistake_in_the_second_derivative_is_found_and_named(op, cause, words):
    def func(x):
        return op()(x)

    assert gradcheck(func, ROWS)
    with pytest.raises(GradcheckError) as caught:
        gradgradcheck(func, ROWS)
    assert caught.value.cause == cause, str(caught.value)
    for word in words:
        assert word in str(caught.value)


CARELESS = [
    (RaisesThePrecision, "dtype", ["gradient of input 0 is float64 for a float32 input"]),
    (OutputInFloat64, "dtype", ["output 0 is float64 for float32 inputs"]),
    (SavesOutputUnseen, "saved value changed", ["in place", "keeps"]),
    (OnRawArrays, "no second derivative", ["order 2"]),
    (WrongSign, "sign", ["order 1"]),
]


@pytest.mark.parametrize(("op", "cause", "words"), CARELESS, ids=[case[0].__name__ for case in CARELESS])
def test_check_op_finds_what_gradcheck_does_not_look_for(op, cause, words):
    with pytest.raises(GradcheckError) as caught:
        check_op(lambda x: op()(x), [np.linspace(0.5, 2.0, 6).reshape(2, 3)], order=1 if op is SavesOutputUnseen else 2)
    assert caught.value.cause == cause, str(caught.value)
    for word in words:
        assert word in str(caught.value)


class ShiftsItsIndex(Op):
    """x[i], with an index that is made non-negative in place."""

    def forward(self, x, i):
        i %= x.size
        self.size, self.index = x.size, i.copy()
        return x[i]

    def backward(self, dy):
        dx = dy.new_zeros(self.size)
        return dx.index_add(0, raw(self.index), dy), None


class ReadsTheIndexInMemoryOrder(Op):
    def forward(self, x, i):
        self.size, self.index = x.size, np.ravel(i, order="K")
        return x[self.index]

    def backward(self, dy):
        return dy.new_zeros(self.size).index_add(0, raw(self.index.copy()), dy), None


def test_check_op_looks_at_integers_too():
    inputs = [np.linspace(0.5, 2.0, 6), np.array([[5, 0], [-1, 2]])]
    with pytest.raises(GradcheckError, match="input 1 is changed") as caught:
        check_op(lambda x, i: ShiftsItsIndex()(x, i), [inputs[0], inputs[1].ravel()])
    assert caught.value.cause == "changes its input"
    with pytest.raises(GradcheckError, match="where input 1 lies in memory as 'F'") as caught:
        check_op(lambda x, i: ReadsTheIndexInMemoryOrder()(x, i), inputs)
    assert caught.value.cause == "layout"


def test_check_op_holds_jvp_against_vjp():
    with pytest.raises(GradcheckError, match=r"u \(J v\)") as caught:
        check_op(lambda x: RawWithRespectToDy()(x), [np.linspace(0.5, 2.0, 6)], order=1)
    assert caught.value.cause == "jvp"


def test_check_op_compares_with_the_reference():
    with pytest.raises(GradcheckError, match=r"output 0 is not that of the reference") as caught:
        check_op(lambda x: SquareRoot()(x), [np.array([1.0, 4.0, 9.0])], lambda x: np.where(x == 4, 3.0, np.sqrt(x)))
    assert caught.value.failure.facts == {"element": "[1]", "reference": " 3", "output": " 2"}


def test_a_function_in_the_form_of_pytorch_is_checked_too():
    with pytest.raises(GradcheckError) as caught:
        gradcheck(CustomFunction.apply, ROWS)
    assert caught.value.cause == "sign"


def test_the_right_operation_passes():
    assert gradcheck(lambda x: SquareRoot()(x), ROWS)
    assert gradgradcheck(lambda x: SquareRoot()(x), ROWS)
    check_op(lambda x: SquareRoot()(x), [np.linspace(0.5, 2.0, 6).reshape(2, 3)], np.sqrt)


def test_without_an_exception_the_verdict_is_returned():
    assert gradcheck(lambda x: WrongSign()(x), ROWS, raise_exception=False) is False
    assert gradgradcheck(lambda x: OnRawArrays()(x), ROWS, raise_exception=False) is False
