"""Powers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.drawn import arrays
from tests.ops.outcomes import DTYPES, NUMBERS, assert_same_outcome, broadcasting, pairs, samples
from tests.parity import assert_parity, to_numpy
from tinygrad_edu.errors import DTypeError, ShapeError

INF, NAN = np.inf, np.nan


def pair(name):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    return getattr(tg, name), getattr(torch, name)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["pow", "float_power"])
@given(data=st.data())
def test_power_of_tensors_agrees_with_pytorch(name, data):
    x, y = data.draw(broadcasting(2))
    assert_parity(*pair(name), np.abs(x) + 0.1, y)


@pytest.mark.parity
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, -1, -2, -3, 0.5, -0.5, 1.5, 2.0, 3.0, -2.7, True, INF, NAN])
@given(a=arrays())
def test_power_by_a_number_agrees_with_pytorch(n, a):
    ours, theirs = pair("pow")
    a = np.abs(a) + 0.1 if n != int(n if np.isfinite(n) else 0) else a + np.copysign(0.2, a)
    assert_parity(lambda x: ours(x, n), lambda x: theirs(x, n), a)


@pytest.mark.parity
@pytest.mark.parametrize("n", [0, 1, 2, 3, -1, -2, 0.5, -0.5, 1.5, 4, -3, INF, NAN])
def test_power_by_a_number_of_special_values_agrees_with_pytorch(n):
    ours, theirs = pair("pow")
    assert_parity(lambda x: ours(x, n), lambda x: theirs(x, n), samples("float64"))


@pytest.mark.parity
@pytest.mark.parametrize("base", [0.0, 1.0, 2.0, 0.5, -2.0, INF, 3])
def test_power_of_a_number_agrees_with_pytorch(base):
    ours, theirs = pair("pow")
    assert_parity(lambda x: ours(base, x), lambda x: theirs(base, x), samples("float64"), order=1 if base == 0 else 2)
    a = np.random.default_rng(0).standard_normal((2, 3)).astype(np.float32)
    assert_parity(lambda x: base**x, lambda x: base**x, a, order=1 if base == 0 else 2)


@pytest.mark.parity
def test_power_of_special_values_agrees_with_pytorch():
    assert_parity(*pair("pow"), *pairs("float64", "float64"), order=1)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["pow", "float_power"])
@pytest.mark.parametrize("first", DTYPES)
def test_dtypes_agree_with_pytorch(name, first, device):
    for second in DTYPES:
        a, b = pairs(first, second)
        rtol = 4e-3 if "float16" in (first, second) else None
        assert_same_outcome(*pair(name), a, b, rtol=rtol, what=name, device=device)
        assert_same_outcome(*pair(name), a[:1], b[:1].reshape(()), what=name, device=device)
        assert_same_outcome(*pair(name), a[:1].reshape(()), b[:1], what=name, device=device)
    x = samples(first)
    x = x[x != -np.inf] if first == "float16" else x  # PyTorch's float16 alone gives inf for (-inf) ** 0.5
    for number in NUMBERS:
        assert_same_outcome(*pair(name), x, number, what=name, device=device)
        assert_same_outcome(*pair(name), number, x, what=name, device=device)


def test_derivatives_where_the_formula_says_0_times_inf(device):
    """x^0 is 1 everywhere, and 0^y is 0 for y > 0: no derivative of either is nan."""
    x = tg.tensor([0.0, 0.0, 0.0, 2.0], device=device, requires_grad=True)
    y = tg.tensor([0.0, 2.0, 3.0, 0.0], device=device, requires_grad=True)
    z = x**y
    assert to_numpy(z).tolist() == [1.0, 0.0, 0.0, 1.0]
    dx, dy = tg.autograd.grad(z.sum(), (x, y), create_graph=True)
    assert to_numpy(dx).tolist() == [0.0, 0.0, 0.0, 0.0]
    np.testing.assert_allclose(to_numpy(dy), [0.0, 0.0, 0.0, np.log(2)], rtol=1e-6)
    dxx, dxy = tg.autograd.grad(dx.sum(), (x, y), retain_graph=True)
    dyx, dyy = tg.autograd.grad(dy.sum(), (x, y))
    np.testing.assert_allclose(to_numpy(dxx), [0.0, 2.0, 0.0, 0.0])
    np.testing.assert_allclose(to_numpy(dxy), [0.0, 0.0, 0.0, 0.5])  # d/dy y x^(y-1) = 1 / x at y = 0
    np.testing.assert_allclose(to_numpy(dyx), [0.0, 0.0, 0.0, 0.5])
    np.testing.assert_allclose(to_numpy(dyy), [0.0, 0.0, 0.0, np.log(2) ** 2], rtol=1e-6)


def test_integer_powers_stay_integers_and_wrap_around():
    assert (tg.tensor([2, -3]) ** 3).tolist() == [8, -27]
    assert (2 ** tg.tensor([-1, 0, 5])).tolist() == [0, 1, 32]
    assert tg.pow(tg.tensor([1, -1, -1, 2, 0]), tg.tensor([-5, -5, -4, -1, -1])).tolist() == [1, -1, 1, 0, 0]
    assert (tg.tensor([200], dtype=tg.uint8) ** 2).tolist() == [40000 % 256]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda x: x.long() ** -1,
            DTypeError,
            r"pow: integers to the negative power -1 are no integers; cast with \.float",
        ),
        (lambda x: x.byte() ** 300, DTypeError, r"pow: the number 300 does not fit into uint8"),
        (
            lambda x: tg.pow(x > 0, x > 0),
            DTypeError,
            r"pow: expected integers or floats, got bool to the power of bool",
        ),
        (lambda x: tg.pow(2, 3), DTypeError, r"pow: expected a Tensor, got int, int"),
        (lambda x: tg.pow(x, "a"), DTypeError, r"pow: expected a Tensor or a number, got str"),
        (lambda x: x ** x.repeat(2), ShapeError, r"pow: expected shapes that broadcast .*\(3,\) and \(6,\)"),
    ],
)
def test_refusal_names_the_operation_and_the_rule(call, error, message):
    with pytest.raises(error, match=message):
        call(tg.tensor([1.0, 2.0, 3.0]))
