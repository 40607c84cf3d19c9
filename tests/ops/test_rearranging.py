import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.agreement import assert_agrees
from tests.ops.drawn import arrays
from tinygrad_edu.errors import DimError, ShapeError

dims = st.integers(-4, 3)  # in range or not


@pytest.mark.parity
@given(data=st.data())
def test_flips_agree_with_pytorch(data):
    x, where = data.draw(arrays(max_dims=3)), data.draw(st.lists(dims, max_size=3))
    assert_agrees(lambda lib, x: x.flip(where), x)
    assert_agrees(lambda lib, x: lib.fliplr(x), x)
    assert_agrees(lambda lib, x: lib.flipud(x), x)


@pytest.mark.parity
@given(data=st.data())
def test_roll_agrees_with_pytorch(data):
    x = data.draw(arrays(max_dims=3))
    shifts = data.draw(st.integers(-9, 9) | st.lists(st.integers(-9, 9), min_size=1, max_size=3).map(tuple))
    where = data.draw(st.none() | dims | st.lists(dims, max_size=3).map(tuple))
    assert_agrees(lambda lib, x: x.roll(shifts) if where is None else lib.roll(x, shifts, where), x)


@pytest.mark.parity
@given(data=st.data())
def test_rot90_agrees_with_pytorch(data):
    x, k = data.draw(arrays(max_dims=3)), data.draw(st.integers(-5, 5))
    plane = data.draw(st.lists(dims, min_size=2, max_size=2))
    assert_agrees(lambda lib, x: lib.rot90(x, k, plane), x)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["repeat", "tile"])
@given(data=st.data())
def test_repeat_and_tile_agree_with_pytorch(name, data):
    x = data.draw(arrays(max_dims=3, max_side=3))
    counts = data.draw(st.lists(st.sampled_from([1, 1, 2, 3, 0]), min_size=1, max_size=4))
    assert_agrees(lambda lib, x: getattr(x, name)(*counts), x)
    assert_agrees(lambda lib, x: getattr(x, name)(tuple(counts)), x)


@pytest.mark.parity
@given(data=st.data())
def test_repeat_interleave_agrees_with_pytorch(data):
    x, n = data.draw(arrays(max_dims=3, max_side=3)), data.draw(st.integers(-1, 3))
    dim = data.draw(st.none() | dims)
    size = data.draw(st.none() | st.integers(0, 9))
    assert_agrees(lambda lib, x: x.repeat_interleave(n, dim), x)
    assert_agrees(lambda lib, x: lib.repeat_interleave(x, n, dim=dim, output_size=size), x)
    counts = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    assert_agrees(lambda lib, x: x.repeat_interleave(lib.tensor(counts), dim), x)
    assert_agrees(lambda lib, c: lib.repeat_interleave(c), np.array(counts))


@pytest.mark.parity
@given(data=st.data())
def test_combinations_agree_with_pytorch(data):
    x, r = data.draw(arrays(max_dims=2)), data.draw(st.integers(0, 3))
    again = data.draw(st.booleans())
    assert_agrees(lambda lib, x: lib.combinations(x, r, again), x)


@pytest.mark.parity
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_, np.float32, np.float16])
def test_other_dtypes_agree_with_pytorch(dtype):
    x = np.arange(6).reshape(2, 3).astype(dtype)
    for call in (
        lambda lib, x: x.flip(1),
        lambda lib, x: x.roll(1, 0),
        lambda lib, x: x.rot90(),
        lambda lib, x: x.repeat(2, 2),
        lambda lib, x: x.repeat_interleave(2, 1),
    ):
        assert_agrees(call, x, order=1)


@pytest.mark.parametrize(
    "copy",
    [
        lambda x: x.flip(),
        lambda x: x.flip(0),
        lambda x: x.roll(0, 0),
        lambda x: x.rot90(4),
        lambda x: x.rot90(),
        lambda x: x.repeat(1, 1),
        lambda x: x.tile(1),
        lambda x: x.repeat_interleave(1, 0),
        lambda x: x.repeat_interleave(1),
    ],
)
def test_the_results_are_copies(copy, device):
    x = tg.zeros(2, 3, device=device)
    copy(x).fill_(1)
    assert x.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_repeated_elements_add_up_their_gradients(device):
    x = tg.tensor([1.0, 2.0, 3.0], device=device).requires_grad_()
    x.repeat_interleave(tg.tensor([2, 0, 1], device=device)).sum().backward()
    assert x.grad.tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: x.flip(2), DimError, "flip: expected a dim from -2 to 1"),
        (lambda x: x[0].fliplr(), ShapeError, "fliplr: expected a tensor of at least 2 dimensions"),
        (lambda x: x.roll((1, 2), 0), ShapeError, "roll: expected as many dims as shifts"),
        (lambda x: x.rot90(1, (0,)), ShapeError, "rot90: expected two dims"),
        (lambda x: x.repeat(2), ShapeError, "repeat: expected counts of at least 0, one for each dim"),
        (lambda x: x.repeat_interleave(-1), ShapeError, "repeat_interleave: expected counts of at least 0"),
        (
            lambda x: x.repeat_interleave(tg.tensor([1, 2, 3, 4]), 1),
            ShapeError,
            "repeat_interleave: expected 3 integers",
        ),
        (
            lambda x: x.repeat_interleave(2, 1, output_size=5),
            ShapeError,
            "output_size is 5, but the counts add up to 6",
        ),
        (lambda x: tg.combinations(x), ShapeError, "combinations: expected a vector"),
    ],
)
def test_errors_name_the_rule(call, error, message):
    with pytest.raises(error, match=message):
        call(tg.zeros(2, 3))
