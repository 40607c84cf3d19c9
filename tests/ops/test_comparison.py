"""Comparisons, kinds of numbers, logic, bits, and being equal or close."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.outcomes import DTYPES, NUMBERS, assert_same_outcome, broadcasting, pairs, samples
from tests.parity import to_numpy
from tinygrad_edu.errors import DeviceError, DTypeError, ShapeError
from tinygrad_edu.ops import bitwise, comparison

INF, NAN = np.inf, np.nan
KINDS = ["isnan", "isinf", "isfinite", "isposinf", "isneginf", "isreal", "signbit", "logical_not", "bitwise_not"]
COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge", "greater", "greater_equal", "less", "less_equal", "not_equal"]
LOGIC = ["logical_and", "logical_or", "logical_xor"]
BITS = ["bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift"]
CLOSE = ["isclose", "allclose", "equal", "isin"]


def pair(name):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    return getattr(tg, name), getattr(torch, name)


def test_every_function_is_tested():
    assert {*KINDS, *COMPARISONS, *LOGIC, *BITS, *CLOSE} == {*comparison.__all__, *bitwise.__all__}


@pytest.mark.parity
@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_numbers_agree_with_pytorch(name, device):
    for dtype in DTYPES:
        a = samples(dtype)
        for shaped in (a, a[:0], a[1, ...], a[:2].reshape(2, 1)):
            assert_same_outcome(*pair(name), shaped, what=name, device=device)


@pytest.mark.parity
@pytest.mark.parametrize("name", [*COMPARISONS, *LOGIC, *BITS])
@pytest.mark.parametrize("first", DTYPES)
def test_dtypes_agree_with_pytorch(name, first, device):
    for second in DTYPES:
        a, b = pairs(first, second)
        assert_same_outcome(*pair(name), a, b, what=name, device=device)
        assert_same_outcome(*pair(name), a[:1], b[:1].reshape(()), what=name, device=device)
        assert_same_outcome(*pair(name), a[:1].reshape(()), b[:1], what=name, device=device)
    for number in NUMBERS:
        assert_same_outcome(*pair(name), samples(first), number, what=name, device=device)
        assert_same_outcome(*pair(name), number, samples(first), what=name, device=device)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["bitwise_left_shift", "bitwise_right_shift"])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64"])
def test_shift_by_any_count_agrees_with_pytorch(name, dtype, device):
    bits = 8 * np.dtype(dtype).itemsize
    for count in [0, 1, bits - 1, bits, bits + 1, 127] + ([-1, -128] if dtype[0] == "i" else [255]):
        assert_same_outcome(*pair(name), samples(dtype), np.array([count], dtype), what=name, device=device)


@pytest.mark.parity
@given(data=st.data())
def test_comparison_broadcasts_like_pytorch(data):
    x, y = data.draw(broadcasting(2, kind="ties"))
    for name in ("eq", "lt", "logical_and"):
        assert_same_outcome(*pair(name), x, y, what=name)


@pytest.mark.parity
@pytest.mark.parametrize("equal_nan", [False, True])
@pytest.mark.parametrize("tolerances", [{}, {"rtol": 0.1}, {"atol": 0.5}, {"rtol": 0, "atol": 0}, {"rtol": INF}])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool"])
def test_isclose_agrees_with_pytorch(equal_nan, tolerances, dtype):
    a, b = pairs(dtype, dtype)
    f = [lambda x, y, f=f: f(x, y, **tolerances, equal_nan=equal_nan) for f in pair("isclose")]
    assert_same_outcome(*f, a, b, what="isclose")


def test_allclose_and_equal_give_one_python_bool(device):
    x = tg.tensor([1.0, NAN], device=device)
    assert tg.allclose(x, x, equal_nan=True) is True and tg.allclose(x, x) is False
    assert tg.equal(x, x) is False and tg.equal(x[:1], x[:1]) is True
    assert tg.equal(x[:1], x[:1].double()) is True and tg.equal(x, x[:1]) is False
    assert tg.allclose(x[:1], x[:1] + 1e-7) is True


@pytest.mark.parity
@pytest.mark.parametrize("options", [{}, {"invert": True}])
def test_isin_agrees_with_pytorch(options):
    f = [lambda x, y, f=f: f(x, y, **options) for f in pair("isin")]
    for dtype in ("int32", "int64", "float32", "bool"):
        a = samples(dtype)
        for test in (a[::3].copy(), a[:0], 2, 0.5, True):
            assert_same_outcome(*f, a, test, what="isin")
        assert_same_outcome(*f, 2, a, what="isin")


@pytest.mark.parity
def test_methods_are_those_of_pytorch():
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    for name in [*KINDS, *COMPARISONS, *LOGIC, *BITS, *CLOSE]:
        assert hasattr(tg.Tensor, name) == hasattr(torch.Tensor, name), name
        assert hasattr(tg.Tensor, name + "_") == hasattr(torch.Tensor, name + "_"), name


def test_answers_have_no_gradient_and_leave_none_behind(device):
    x = tg.tensor([1.0, -1.0], device=device, requires_grad=True)
    for y in (x > 0, x == x, x.isnan(), x.logical_not(), tg.isclose(x, x)):
        assert y.dtype == tg.bool and not y.requires_grad
        assert y.device.type == device
    with tg.no_grad():
        x.gt_(0.0)
    assert to_numpy(x).tolist() == [1.0, 0.0]


def test_operators_compare_elementwise_and_hash_stays_that_of_the_object():
    x, y = tg.tensor([1, 2, 3]), tg.tensor([3, 2, 1])
    assert (x == y).tolist() == [False, True, False] and (x != y).tolist() == [True, False, True]
    assert (x < y).tolist() == [True, False, False] and (2 <= x).tolist() == [False, True, True]  # noqa: SIM300
    assert (~(x > 1) | (x == 3)).tolist() == [True, False, True] and (~x).tolist() == [-2, -3, -4]
    assert hash(x) == hash(x) and {x: 1}[x] == 1


def test_comparison_with_what_is_no_number_is_python_s():
    x = tg.tensor([1.0])
    assert (x == None) is False and (x != "a") is True  # noqa: E711
    with pytest.raises(TypeError):
        x < "a"  # noqa: B015


def test_numbers_wrap_around_to_unsigned_as_in_pytorch():
    assert (tg.tensor([0, 255], dtype=tg.uint8) == -1).tolist() == [False, True]


def test_tensors_on_two_devices_are_refused(device):
    if device == "cpu":
        pytest.skip("one device only: TINYGRAD_EDU_EMULATE_CUDA=1 gives a second")
    with pytest.raises(DeviceError, match=r"lt: expected tensors on one device, got cuda:0 and cpu; move one"):
        tg.tensor([1.0], device=device) < tg.tensor([1.0])  # noqa: B015


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: tg.gt(2.0, x), DTypeError, r"gt: expected a Tensor first, got float"),
        (lambda x: tg.logical_and(x, True), DTypeError, r"logical_and: expected two Tensors, got bool among them"),
        (lambda x: ~x, DTypeError, r"bitwise_not: expected integers or bools, got float32; cast with \.int"),
        (lambda x: x & 1, DTypeError, r"bitwise_and: expected integers or bools, got float32"),
        (lambda x: (x > 0) << (x > 0), DTypeError, r"bitwise_left_shift: expected integers, got bool"),
        (lambda x: tg.isclose(x, x.double()), DTypeError, r"isclose: expected one dtype, got float32 and float64"),
        (
            lambda x: tg.isclose(x, x, atol=-1),
            DTypeError,
            r"isclose: expected tolerances of at least 0, got rtol=1e-05",
        ),
        (lambda x: tg.equal(x, 1.0), DTypeError, r"equal: expected two Tensors, got float among them; use eq"),
        (lambda x: tg.isin(x, True), DTypeError, r"isin: expected integers or floats, got bool"),
        (lambda x: x < x.repeat(2), ShapeError, r"lt: expected shapes that broadcast .*\(3,\) and \(6,\)"),
        (lambda x: tg.isnan("a"), DTypeError, r"isnan: expected a Tensor, got str"),
    ],
)
def test_refusal_names_the_operation_and_the_rule(call, error, message):
    with pytest.raises(error, match=message):
        call(tg.tensor([1.0, 2.0, 3.0]))
