"""Functions of one variable: elementwise, trigonometry, special, rounding."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.drawn import arrays
from tests.ops.outcomes import DTYPES, assert_same_outcome, samples
from tests.parity import assert_parity, to_numpy
from tinygrad_edu.errors import DTypeError, GradError
from tinygrad_edu.ops import elementwise, rounding, special, trigonometry

EVERYWHERE, POSITIVE, UNIT, ABOVE_ONE, PROBABILITY = (
    lambda a: 2 * a,
    lambda a: np.abs(a) + 0.1,
    lambda a: np.tanh(a) * 0.9,
    lambda a: np.abs(a) + 1.1,
    lambda a: 0.05 + 0.9 / (1 + np.exp(-a)),
)
DOMAINS = {  # where a function is smooth, or constant between its jumps
    **dict.fromkeys(["neg", "abs", "sign", "sgn", "positive", "relu", "exp", "exp2", "expm1", "sigmoid"], EVERYWHERE),
    **dict.fromkeys(
        ["sin", "cos", "atan", "sinh", "cosh", "tanh", "asinh", "sinc", "deg2rad", "rad2deg", "erf", "erfc", "square"],
        EVERYWHERE,
    ),
    **dict.fromkeys(
        ["floor", "ceil", "round", "trunc", "frac", "fix", "absolute", "negative", "arctan", "arcsinh", "nan_to_num"],
        EVERYWHERE,
    ),
    **dict.fromkeys(["sqrt", "rsqrt", "reciprocal", "log", "log2", "log10", "log1p", "lgamma", "digamma"], POSITIVE),
    **dict.fromkeys(["tan", "asin", "acos", "atanh", "arcsin", "arccos", "arctanh", "erfinv"], UNIT),
    **dict.fromkeys(["acosh", "arccosh"], ABOVE_ONE),
    "logit": PROBABILITY,
}


def pair(name):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    return getattr(tg, name), getattr(torch, name)


# Against PyTorch


def test_every_function_is_held_against_pytorch():
    modules = elementwise, rounding, special, trigonometry
    assert {n for m in modules for n in m.__all__} - set(DOMAINS) == {"polygamma"}


@pytest.mark.parity
@pytest.mark.parametrize("name", DOMAINS)
@given(a=arrays(dtype=np.float64))
def test_function_agrees_with_pytorch_to_order_2(name, a):
    assert_parity(*pair(name), DOMAINS[name](a))


@pytest.mark.parity
@pytest.mark.parametrize("name", DOMAINS)
def test_function_agrees_with_pytorch_in_float32(name, device):
    a = DOMAINS[name](np.random.default_rng(0).standard_normal((3, 40))).astype(np.float32)
    assert_parity(*pair(name), a, device=device)


@pytest.mark.parity
@pytest.mark.parametrize("name", DOMAINS)
def test_function_of_each_dtype_agrees_with_pytorch(name, device):
    for dtype in DTYPES:
        a = samples(dtype)
        for shaped in (a, a[:0], a[1], a[:2].reshape(2, 1)):
            assert_same_outcome(*pair(name), np.asarray(shaped), what=name, device=device)


@pytest.mark.parity
@pytest.mark.parametrize("name", [n for n in DOMAINS if n != "digamma"])
def test_derivative_at_special_values_agrees_with_pytorch(name, device):
    assert_parity(*pair(name), samples("float64"), order=1, device=device)


@pytest.mark.parity
@pytest.mark.parametrize(
    "name",
    ["abs", "relu", "sign", "exp", "log", "sqrt", "rsqrt", "reciprocal", "tanh", "sigmoid", "atanh", "log1p", "erfinv"],
)
def test_second_derivative_at_special_values_agrees_with_pytorch(name):
    assert_parity(*pair(name), samples("float64"), order=2)


@pytest.mark.parity
def test_methods_are_those_of_pytorch():
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    for name in [*DOMAINS, "polygamma"]:
        assert hasattr(tg.Tensor, name) and hasattr(torch.Tensor, name), name
        assert hasattr(tg.Tensor, name + "_") == hasattr(torch.Tensor, name + "_"), name


@pytest.mark.parity
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_polygamma_agrees_with_pytorch(n):
    # PyTorch's trigamma is good to 1e-9
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    a = np.random.default_rng(0).uniform(0.1, 20.0, (3, 5))
    assert_parity(lambda x: tg.polygamma(n, x), lambda x: torch.polygamma(n, x), a)
    assert_parity(lambda x: x.polygamma(n), lambda x: x.polygamma(n), a, order=0)


@pytest.mark.parity
@pytest.mark.parametrize("decimals", [-50, -2, -1, 1, 2, 10])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_round_to_decimals_agrees_with_pytorch(decimals, dtype):
    a = np.array([0.5, 1.5, -0.5, 2.675, 1.25, 125, 15, 25, 1e4, 0.0] + [np.inf] * (dtype != "int32")).astype(dtype)
    assert_same_outcome(*[lambda x, f=f: f(x, decimals=decimals) for f in pair("round")], a, rtol=1e-6)


@pytest.mark.parity
@pytest.mark.parametrize("eps", [None, 0.0, 0.1, 0.25, 0.5])
def test_logit_agrees_with_pytorch_within_and_outside_of_eps(eps):
    a = np.array([0.0, 0.1, 0.25, 0.3, 0.5, 0.74, 0.75, 0.9, 1.0, -1.0, 2.0, np.nan])
    assert_parity(*[lambda x, f=f: f(x, eps) for f in pair("logit")], a, order=1)


@pytest.mark.parity
@pytest.mark.parametrize("given_numbers", [(), (1.0,), (1.0, 2.0), (1.0, 2.0, 3.0), (None, None, -5.0)])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "bool"])
def test_nan_to_num_agrees_with_pytorch(given_numbers, dtype):
    assert_same_outcome(*[lambda x, f=f: f(x, *given_numbers) for f in pair("nan_to_num")], samples(dtype))


# Against mathematics


@pytest.mark.parametrize("name", DOMAINS)
def test_function_reads_any_layout(name):
    a = DOMAINS[name](np.random.default_rng(1).standard_normal((6, 8)))
    f = getattr(tg, name)
    expected = f(tg.tensor(a)).numpy()[::-2, 1::3]
    np.testing.assert_allclose(f(tg.as_tensor(a[::-2, 1::3])).numpy(), expected, rtol=1e-14, atol=1e-15)


IDENTITIES = {
    "sin^2 + cos^2": (lambda x: tg.sin(x) ** 2 + tg.cos(x) ** 2, 1),
    "tan cos / sin": (lambda x: tg.tan(x) * tg.cos(x) / tg.sin(x), 1),
    "cosh^2 - sinh^2": (lambda x: tg.cosh(x) ** 2 - tg.sinh(x) ** 2, 1),
    "erf + erfc": (lambda x: x.erf() + x.erfc(), 1),
    "asin + acos": (lambda x: (x / 3).asin() + (x / 3).acos(), math.pi / 2),
    "log2 2^x - log10 10^x": (lambda x: x.exp2().log2() - (10**x).log10(), 0),
    "rsqrt^2 reciprocal": (lambda x: (x + 2).rsqrt() ** 2 / (x + 2).reciprocal(), 1),
    "lgamma(x + 1) - lgamma(x) - log x": (lambda x: (x + 3).lgamma() - (x + 2).lgamma() - (x + 2).log(), 0),
    "log e^x": (lambda x: x.exp().log(), None),
    "log1p expm1": (lambda x: x.expm1().log1p(), None),
    "tan atan": (lambda x: x.atan().tan(), None),
    "atanh tanh": (lambda x: x.tanh().atanh(), None),
    "asinh sinh": (lambda x: x.sinh().asinh(), None),
    "acosh cosh": (lambda x: (x + 2).cosh().acosh() - 2, None),
    "erfinv erf": (lambda x: x.erf().erfinv(), None),
    "logit sigmoid": (lambda x: x.sigmoid().logit(), None),
    "trunc + frac": (lambda x: x.trunc() + x.frac(), None),
    "deg2rad rad2deg": (lambda x: x.rad2deg().deg2rad(), None),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_identity_holds_with_its_derivatives(name, device):
    ours, value = IDENTITIES[name]  # a number, or None: the function is x
    a = np.array([-1.7, -1.2, -0.6, -0.3, 0.1, 0.4, 0.9, 1.5])
    x = tg.tensor(a, device=device, requires_grad=True)
    y = ours(x)
    np.testing.assert_allclose(to_numpy(y), a if value is None else a * 0 + value, atol=1e-9)
    (dy,) = tg.autograd.grad(y.sum(), x, create_graph=True)
    np.testing.assert_allclose(to_numpy(dy), 1 if value is None else 0, atol=1e-8)
    (d2y,) = tg.autograd.grad((dy + 0 * x).sum(), x)
    np.testing.assert_allclose(to_numpy(d2y), 0, atol=1e-6)


def test_sinc_derivatives_at_0_are_those_of_its_power_series():
    x = tg.tensor([0.0, 1e-160, 1e-9], dtype=tg.float64, requires_grad=True)
    y, found = tg.sinc(x), []
    for _ in range(5):
        found.append(y.detach().numpy()[:2])
        (y,) = tg.autograd.grad(y.sum(), x, create_graph=True)
    expected = [1, 0, -(math.pi**2) / 3, 0, math.pi**4 / 5]
    np.testing.assert_allclose(found, np.array(expected)[:, None] * [1, 1], rtol=1e-14, atol=1e-150)


@pytest.mark.parametrize("order", range(8))
def test_sinc_derivatives_are_integrals_of_cosines(order, device):
    """sinc(x) = integral of cos(pi x t) for t from 0 to 1, which may be differentiated under the integral."""
    x = np.concatenate([np.logspace(-6, 1, 60), -np.logspace(-3, 0.5, 20)])
    nodes, weights = np.polynomial.legendre.leggauss(60)
    t, w = math.pi * (nodes + 1) / 2, weights / 2
    expected = (w * t**order * np.cos(np.multiply.outer(x, t) + order * math.pi / 2)).sum(-1)
    got = to_numpy(trigonometry.Sinc(order)(tg.tensor(x, device=device)))
    np.testing.assert_allclose(got, expected, atol=1e-13 * math.pi**order)


def test_derivative_of_abs_and_relu_at_0_is_0():
    for f in (tg.abs, tg.relu):
        x = tg.tensor([0.0, -0.0], requires_grad=True)
        f(x).sum().backward()
        assert x.grad.tolist() == [0.0, 0.0]


def test_relu_lets_neither_nan_nor_inf_through_a_closed_gate():
    x = tg.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    x.relu().backward(tg.tensor([np.inf, np.nan, 3.0]))
    assert x.grad.tolist() == [0.0, 0.0, 3.0]


def test_steps_have_a_gradient_of_zeros():
    for name in ["sign", "floor", "ceil", "round", "trunc"]:
        x = tg.tensor([1.5, -0.5], requires_grad=True)
        getattr(tg, name)(x).sum().backward()
        assert x.grad.tolist() == [0.0, 0.0], name


def test_float16_is_computed_in_float32_and_rounded_once():
    a = np.linspace(0.1, 3.0, 500, dtype=np.float16)
    for name, exact in (("tanh", np.tanh), ("sigmoid", lambda x: 1 / (1 + np.exp(-x))), ("log1p", np.log1p)):
        expected = exact(a.astype(np.float64)).astype(np.float16)
        assert np.mean(getattr(tg, name)(tg.tensor(a)).numpy() == expected) > 0.99, name


# What backward keeps


@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid", "sqrt", "rsqrt", "reciprocal", "tan", "relu"])
def test_function_that_keeps_its_output_alone_lets_its_input_change(name):
    a = np.array([0.3, 0.6])
    x = tg.tensor(a, requires_grad=True)
    h = x * 1.0
    y = getattr(tg, name)(h)
    h.mul_(5.0)
    y.sum().backward()
    z = tg.tensor(a, requires_grad=True)
    getattr(tg, name)(z).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), z.grad.numpy())


def test_changed_output_is_noticed_at_backward():
    x = tg.tensor([1.0], requires_grad=True)
    y = x.exp()
    y.mul_(2.0).sum()
    y.exp().sum()  # the version of now is fine
    with pytest.raises(GradError, match=r"Exp: the output .* changed in place by mul_"):
        y.backward()


# In place


@pytest.mark.parametrize(
    "name", ["exp", "neg", "abs", "sqrt", "sin", "tanh", "floor", "relu", "sigmoid", "erf", "lgamma", "square", "frac"]
)
def test_in_place_writes_into_the_memory_and_differentiates(name):
    a = np.array([0.3, 1.6, 2.5])
    x = tg.tensor(a, requires_grad=True)
    h = x * 1.0
    view = h[1:]
    memory = h.array
    assert getattr(h, name + "_")() is h and h.array is memory
    np.testing.assert_array_equal(view.detach().numpy(), h.detach().numpy()[1:])
    z = tg.tensor(a, requires_grad=True)
    y = getattr(z, name)()
    np.testing.assert_array_equal(h.detach().numpy(), y.detach().numpy())
    h.sum().backward()
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), z.grad.numpy())


def test_in_place_float_result_does_not_fit_into_integers():
    with pytest.raises(DTypeError, match=r"exp_: a result of float32 can't be stored in x of int64"):
        tg.tensor([1, 2]).exp_()


def test_integers_are_whole_already():
    x = tg.tensor([1, 2])
    y = x.floor()
    y[0] = 5
    assert x.tolist() == [1, 2] and y.dtype == tg.int64


# Refusals


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: -tg.tensor([True]), r"neg: expected integers or floats, got bool; use logical_not or ~"),
        (lambda: +tg.tensor([True]), r"positive: expected integers or floats, got bool; cast"),
        (lambda: tg.tensor([True]).floor(), r"floor: expected integers or floats, got bool"),
        (lambda: tg.relu(3.0), r"relu: expected a Tensor, got float"),
        (lambda: tg.exp("x"), r"exp: expected a Tensor, got str"),
        (lambda: tg.tensor([1]).frac(), r"frac: expected floats, got int64; cast with \.float\(\)"),
        (lambda: tg.tensor([1]).round(decimals=1), r"round with decimals: expected floats, got int64"),
        (lambda: tg.tensor([1.0]).round(decimals=0.5), r"round: expected an integer, got 0\.5"),
        (lambda: tg.polygamma(-1, tg.tensor([1.0])), r"polygamma: expected an order n of at least 0, got -1"),
    ],
)
def test_refusal_names_the_operation_and_the_rule(call, message):
    with pytest.raises(DTypeError, match=message):
        call()


@given(data=st.data())
def test_no_function_warns_or_changes_its_input(data):
    name = data.draw(st.sampled_from(sorted(DOMAINS)))
    a = data.draw(arrays(kind="special"))
    x = tg.tensor(a)
    before = x.numpy().copy()
    getattr(tg, name)(x)
    np.testing.assert_array_equal(x.numpy(), before)
