import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.agreement import assert_agrees
from tests.ops.drawn import arrays
from tinygrad_edu.errors import ShapeError


@pytest.mark.parity
@given(data=st.data())
def test_unfold_agrees_with_pytorch(data):
    x = data.draw(arrays(max_dims=3))
    dim, size, step = data.draw(st.integers(-3, 2)), data.draw(st.integers(-1, 5)), data.draw(st.integers(0, 3))
    assert_agrees(lambda lib, x: x.unfold(dim, size, step), x)


@pytest.mark.parity
@given(data=st.data())
def test_as_strided_agrees_with_pytorch(data):
    x = data.draw(arrays(max_dims=3, max_side=3))
    size = data.draw(st.lists(st.integers(0, 3), max_size=3))
    steps = data.draw(st.lists(st.integers(0, 3), min_size=len(size), max_size=len(size)))
    offset = data.draw(st.none() | st.integers(0, 3))
    assert_agrees(lambda lib, x: x.as_strided(size, steps, offset), x)


@pytest.mark.parity
@given(data=st.data())
def test_as_strided_of_a_view_agrees_with_pytorch(data):
    x = data.draw(arrays(min_dims=2, max_dims=3, min_side=2, max_side=3))
    size = data.draw(st.lists(st.integers(1, 3), max_size=2))
    steps = data.draw(st.lists(st.integers(0, 2), min_size=len(size), max_size=len(size)))
    which = data.draw(
        st.sampled_from([lambda x: x[1:], lambda x: x.transpose(0, 1)[:, 1:], lambda x: x[0].expand(2, *x[0].shape)])
    )
    assert_agrees(lambda lib, x: which(x).as_strided(size, steps), x)


def test_windows_share_memory_and_add_up_gradients(device):
    x = tg.zeros(4, device=device).requires_grad_()
    y = x * 1
    windows = y.unfold(0, 2, 1)
    assert windows.shape == (3, 2)
    with tg.no_grad():
        y.fill_(1)
    assert windows.tolist() == [[1, 1]] * 3
    windows.sum().backward()
    assert x.grad.tolist() == [1, 2, 2, 1]


def test_as_strided_stays_inside_its_memory():
    x = tg.zeros(2, 3)
    for size, steps, offset in [
        ((7,), (1,), 0),
        ((2, 3), (4, 1), 0),
        ((1,), (1,), 6),
        ((1,), (1,), -1),
        ((1,), (-1,), 1),
    ]:
        with pytest.raises(ShapeError, match="as_strided"):
            x[:1].as_strided(size, steps, offset)
    assert x[:1].as_strided((6,), (1,)).shape == (6,)
    assert x.expand(5, 2, 3).as_strided((6,), (1,)).shape == (6,)
    with pytest.raises(ShapeError, match="as_strided"):
        x.expand(5, 2, 3).as_strided((7,), (1,))


def test_unfold_says_what_it_takes():
    with pytest.raises(ShapeError, match="unfold: expected a size from 0 to 3, the size of dim 1, got 4"):
        tg.zeros(2, 3).unfold(1, 4, 1)
    with pytest.raises(ShapeError, match="unfold: expected a step of at least 1"):
        tg.zeros(2, 3).unfold(1, 2, 0)
