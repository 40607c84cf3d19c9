"""where, maximum and its kin, clamp."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.outcomes import DTYPES, NUMBERS, assert_same_outcome, broadcasting, pairs, samples
from tests.parity import assert_parity, to_numpy
from tinygrad_edu.errors import DTypeError, ShapeError
from tinygrad_edu.ops import choosing

INF, NAN = np.inf, np.nan
TWO = ["maximum", "minimum", "fmax", "fmin"]


def pair(name):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    return getattr(tg, name), getattr(torch, name)


@pytest.mark.parity
@pytest.mark.parametrize("name", TWO)
@given(data=st.data())
def test_larger_and_smaller_agree_with_pytorch(name, data):
    kind = data.draw(st.sampled_from(["normal", "ties", "special"]))
    dtype = data.draw(st.sampled_from([np.float64, np.float32]))
    assert_parity(*pair(name), *data.draw(broadcasting(2, kind=kind, dtype=dtype)))


@pytest.mark.parity
@pytest.mark.parametrize("name", [*TWO, "clamp_min", "clamp_max", "clamp"])
@pytest.mark.parametrize("first", DTYPES)
def test_dtypes_agree_with_pytorch(name, first, device):
    for second in DTYPES:
        a, b = pairs(first, second)
        assert_same_outcome(*pair(name), a, b, what=name, device=device)
        assert_same_outcome(*pair(name), a[:1], b[:1].reshape(()), what=name, device=device)
    for number in NUMBERS:
        assert_same_outcome(*pair(name), samples(first), number, what=name, device=device)


@pytest.mark.parity
@given(data=st.data())
def test_clamp_between_tensors_agrees_with_pytorch(data):
    x, low, high = data.draw(broadcasting(3, kind=data.draw(st.sampled_from(["normal", "ties", "special"]))))
    x = np.array(np.broadcast_arrays(x, low, high)[0])  # PyTorch's backward takes no smaller input
    assert_parity(*pair("clamp"), x, low, high, order=1)


@pytest.mark.parity
@pytest.mark.parametrize("bounds", [(-0.5, 2.0), (0, None), (None, 1.0), (2, -2), (NAN, 1.0), (-INF, INF), (1, 1)])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8"])
def test_clamp_between_numbers_agrees_with_pytorch(bounds, dtype):
    ours, theirs = pair("clamp")
    assert_parity(lambda x: ours(x, *bounds), lambda x: theirs(x, *bounds), samples(dtype), order=1)


@pytest.mark.parity
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32"])
def test_clamp_refuses_what_pytorch_refuses(dtype):
    ours, theirs = pair("clamp")
    for bounds in (), (None, None), (300, None), (True, True), (-1, 3), (0, 0.5):
        assert_same_outcome(lambda x, b=bounds: ours(x, *b), lambda x, b=bounds: theirs(x, *b), samples(dtype))


@pytest.mark.parity
@given(data=st.data())
def test_where_agrees_with_pytorch(data):
    mask, x, y = data.draw(broadcasting(3))
    assert_parity(*pair("where"), mask > 0, x, y)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:where received a uint8 condition")
@pytest.mark.parametrize("first", DTYPES)
def test_where_of_each_dtype_agrees_with_pytorch(first, device):
    mask = np.array([True, False, True])
    a = samples(first)[:1].repeat(3)
    for second in DTYPES:
        b = samples(second)[1:2].repeat(3)
        for x, y in ((a, b), (a, b[0, ...]), (a[0, ...], b), (a[0, ...], b[0, ...])):
            assert_same_outcome(*pair("where"), mask, x, y, what="where", device=device)
    for number in NUMBERS:
        assert_same_outcome(*pair("where"), mask, a, number, what="where", device=device)
        assert_same_outcome(*pair("where"), mask, number, a[0, ...], what="where", device=device)
        assert_same_outcome(*pair("where"), mask, number, NUMBERS[len(NUMBERS) // 2], what="where", device=device)
    assert_same_outcome(*pair("where"), samples(first), 1.0, 0.0, what="where: condition", device=device)


def test_where_keeps_nan_out_of_the_gradient_of_what_was_not_chosen(device):
    x = tg.tensor([4.0, 0.0, -1.0], device=device, requires_grad=True)
    tg.where(x > 0, x.sqrt(), 0.0).sum().backward()
    assert to_numpy(x.grad)[0] == 0.25  # the others came through the square root: 0 * inf, as everywhere
    y = tg.tensor([1.0, 2.0, 3.0], device=device, requires_grad=True)
    tg.where(y > 1.5, y, tg.zeros_like(y)).backward(tg.tensor([NAN, 1.0, INF], device=device))
    assert to_numpy(y.grad).tolist() == [0.0, 1.0, INF]


def test_where_with_a_condition_alone_gives_indices():
    rows, columns = tg.where(tg.tensor([[0.0, 1.0], [2.0, 0.0]]) > 0)
    assert rows.tolist() == [0, 1] and columns.tolist() == [1, 0]


def test_where_as_a_method_chooses_self():
    x = tg.tensor([1.0, -2.0])
    assert x.where(x > 0, 9.0).tolist() == [1.0, 9.0]


@pytest.mark.parametrize(
    ("f", "first", "second"),
    [(tg.maximum, 0.5, 0.5), (tg.minimum, 0.5, 0.5), (tg.fmax, 1.0, 0.0), (tg.fmin, 1.0, 0.0)],
)
def test_gradient_at_a_tie(f, first, second, device):
    x, y = (tg.tensor([1.0, INF], device=device, requires_grad=True) for _ in range(2))
    f(x, y).sum().backward()
    assert to_numpy(x.grad).tolist() == [first] * 2 and to_numpy(y.grad).tolist() == [second] * 2


def test_clamp_at_its_bounds_gives_the_gradient_to_the_input():
    x = tg.tensor([-1.0, 0.0, 0.5, 1.0, 2.0], requires_grad=True)
    low, high = tg.tensor(0.0, requires_grad=True), tg.tensor(1.0, requires_grad=True)
    x.clamp(low, high).sum().backward()
    assert x.grad.tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]
    assert (low.grad.item(), high.grad.item()) == (1.0, 1.0)


def test_clamp_in_place_cuts_the_gradient():
    x = tg.tensor([-1.0, 0.5, 3.0], requires_grad=True)
    with tg.no_grad():
        x.clamp_(0.0, 1.0)
    assert x.tolist() == [0.0, 0.5, 1.0] and x.is_leaf


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda x: tg.maximum(x, 0.0),
            DTypeError,
            r"maximum: expected Tensors, got float among them; for a number use",
        ),
        (lambda x: tg.where(x, x, x), DTypeError, r"where: expected a condition of bool, got float32; compare first"),
        (lambda x: tg.where(True, x, x), DTypeError, r"where: expected a condition of bool, got bool"),
        (lambda x: x.clamp(), DTypeError, r"clamp: expected min, max or both, got neither"),
        (lambda x: x.clamp(0.0, x), DTypeError, r"clamp: expected both bounds as numbers or both as tensors"),
        (lambda x: x.byte().clamp(300), DTypeError, r"clamp: the number 300 does not fit into uint8"),
        (
            lambda x: tg.maximum(x, x[:1].repeat(2)),
            ShapeError,
            r"maximum: expected shapes that broadcast .*\(3,\) and \(2,\)",
        ),
        (lambda x: tg.where(x > 0, x, x.repeat(2)), ShapeError, r"where: expected shapes that broadcast"),
    ],
)
def test_refusal_names_the_operation_and_the_rule(call, error, message):
    with pytest.raises(error, match=message):
        call(tg.tensor([1.0, 2.0, 3.0]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shapes", [((60, 50), (60, 50), (60, 50)), ((60, 50), (50,), ()), ((3000,), (2, 1), (2, 3000))]
)
def test_pick_of_many_elements_is_where(dtype, shapes):
    rng = np.random.default_rng(0)
    mask = rng.random(shapes[0]) < 0.5
    x, y = (rng.choice(samples(dtype), s) for s in shapes[1:])
    for a, b in ((x, y), (x, 0), (0, y), (x, 1), (x.T if x.ndim < 2 else x[::-1], np.asfortranarray(y))):
        got = choosing.pick(mask, a, b)
        assert got.dtype == x.dtype
        np.testing.assert_array_equal(got, np.where(mask, a, b))


@pytest.mark.parametrize("bounds", [(0, None), (None, 1), (-0.5, 0.5), (1, -1), (np.nan, None), (None, np.nan)])
def test_clamp_of_many_elements_is_that_of_few(bounds):
    x = tg.tensor(np.random.default_rng(0).choice(samples("float64"), 5000))
    few = [part.clamp(*bounds) for part in x.split(500)]
    np.testing.assert_array_equal(x.clamp(*bounds).numpy(), tg.cat(few).numpy())
