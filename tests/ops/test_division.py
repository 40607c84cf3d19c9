"""Division that rounds, and remainders."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.outcomes import DTYPES, NUMBERS, assert_same_outcome, broadcasting, pairs, samples
from tests.parity import assert_parity
from tinygrad_edu.errors import DTypeError, GradError, ShapeError


def pair(name):
    """A function of two operands, here and in PyTorch; "div floor" and "div trunc" are those of ``div``."""
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    name, _, mode = name.partition(" ")
    if mode:
        return tuple(lambda x, y, f=getattr(m, name): f(x, y, rounding_mode=mode) for m in (tg, torch))
    return getattr(tg, name), getattr(torch, name)


ALL = ["div", "div floor", "div trunc", "floor_divide", "remainder", "fmod"]


@pytest.mark.parity
@pytest.mark.parametrize("name", ["div", "div floor", "div trunc", "remainder", "fmod"])
@given(data=st.data())
def test_division_agrees_with_pytorch(name, data):
    x, y = data.draw(broadcasting(2, dtype=data.draw(st.sampled_from([np.float64, np.float32]))))
    y = y + np.copysign(0.3, y).astype(y.dtype)  # the quotient stays moderate
    assert_parity(*pair(name), x, y)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["div floor", "div trunc", "remainder", "fmod"])
def test_division_of_special_values_agrees_with_pytorch(name):
    assert_parity(*pair(name), *pairs("float64", "float64"), order=1)


@pytest.mark.parity
@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("first", DTYPES)
def test_dtypes_agree_with_pytorch(name, first, device):
    for second in DTYPES:
        a, b = pairs(first, second)
        if np.dtype(first).kind != "f" and np.dtype(second).kind != "f" and name != "div":
            keep = (b != 0) & ~((b == -1) & (a == -128))  # the one overflow, which C leaves open
            assert_same_outcome(*pair(name), a[~keep & (b == 0)], b[~keep & (b == 0)], what=name, device=device)
            a, b = a[keep], b[keep]
        assert_same_outcome(*pair(name), a, b, what=name, device=device)
        assert_same_outcome(*pair(name), a[:1], b[:1].reshape(()), what=name, device=device)
        assert_same_outcome(*pair(name), a[:1].reshape(()), b[:1], what=name, device=device)
    for number in NUMBERS:
        assert_same_outcome(*pair(name), samples(first), number, what=name, device=device)
        assert_same_outcome(*pair(name), number, samples(first, zero=False), what=name, device=device)


@given(data=st.data())
def test_floor_and_trunc_are_python_and_c(data):
    small = st.integers(-40, 40)
    x, y = data.draw(small), data.draw(small.filter(bool))
    a, b = tg.tensor([x]), tg.tensor([y])
    assert (a // b).item() == x // y and (a % b).item() == x % y
    assert tg.div(a, b, rounding_mode="trunc").item() == int(x / y)
    assert tg.fmod(a, b).item() == x - y * int(x / y)


def test_gradient_of_a_remainder_by_the_divisor_is_minus_the_rounded_quotient(device):
    for f, rounded in ((tg.remainder, -3.0), (tg.fmod, -2.0)):
        x = tg.tensor([-7.0], device=device, requires_grad=True)
        y = tg.tensor([3.0], device=device, requires_grad=True)
        f(x, y).backward()
        assert (x.grad.item(), y.grad.item()) == (1.0, -rounded)


def test_rounded_division_has_a_gradient_of_zeros_and_floor_divide_none():
    x, y = (tg.tensor([7.0], requires_grad=True) for _ in range(2))
    tg.div(x, y + 1, rounding_mode="floor").backward()
    assert (x.grad.item(), y.grad.item()) == (0.0, 0.0)
    with pytest.raises(GradError, match=r"FloorDivide: has no derivative"):
        (x // 2.0).backward()


@pytest.mark.parametrize("f", [tg.floor_divide, tg.remainder, tg.fmod])
def test_integer_division_by_0_is_refused_and_float_division_is_not(f):
    message = rf"{f.__name__}: an integer divided by 0; cast with \.float\(\)"
    for zero in (0, tg.tensor([1, 0])):
        with pytest.raises(ZeroDivisionError, match=message):
            f(tg.tensor([1, 2]), zero)
    assert f(tg.tensor([1.0]), 0).shape == (1,)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda x: tg.div(x, x, rounding_mode="up"),
            DTypeError,
            r'div: expected rounding_mode None, "trunc" or "floor"',
        ),
        (lambda x: tg.fmod(2.0, x), DTypeError, r"fmod: expected Tensors, got float"),
        (lambda x: (x > 0) % (x > 0), DTypeError, r"remainder: expected integers or floats, got bool by bool"),
        (lambda x: x % x.repeat(2), ShapeError, r"remainder: expected shapes that broadcast .*\(3,\) and \(6,\)"),
        (lambda x: tg.div("a", x, rounding_mode="floor"), DTypeError, r"div: expected a Tensor or a number, got str"),
    ],
)
def test_refusal_names_the_operation_and_the_rule(call, error, message):
    with pytest.raises(error, match=message):
        call(tg.tensor([1.0, 2.0, 3.0]))
