import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.agreement import assert_agrees
from tests.ops.drawn import arrays
from tinygrad_edu.errors import DTypeError, ShapeError
from tinygrad_edu.ops.padding import pad


def padded(lib, x, *args, **kwargs):
    function = lib.nn.functional.pad if lib.__class__.__name__ == "module" else pad
    return function(x, *args, **kwargs)


@pytest.mark.parity
@given(data=st.data())
def test_constant_padding_agrees_with_pytorch(data):
    x = data.draw(arrays(max_dims=4, max_side=4))
    widths = tuple(data.draw(st.lists(st.integers(-2, 3), max_size=2 * x.ndim + 1)))
    value = data.draw(st.none() | st.sampled_from([0.0, 2.5, float("inf")]))
    assert_agrees(lambda lib, x: padded(lib, x, widths, value=value), x)


@pytest.mark.parity
@pytest.mark.parametrize("mode", ["reflect", "replicate"])
@given(data=st.data())
def test_mirrored_and_repeated_padding_agrees_with_pytorch(mode, data):
    x = data.draw(arrays(min_dims=1, max_dims=5, min_side=1, max_side=4))
    widths = tuple(data.draw(st.lists(st.integers(-1, 4), min_size=2, max_size=6)))
    assert_agrees(lambda lib, x: padded(lib, x, widths, mode=mode), x)


@pytest.mark.parity
@given(data=st.data())
def test_circular_padding_agrees_with_pytorch(data):
    x = data.draw(arrays(min_dims=2, max_dims=5, min_side=1, max_side=4))
    count = data.draw(st.sampled_from([n for n in (1, 2, 3) if x.ndim - n in (1, 2)]))
    widths = []
    for n in x.shape[: x.ndim - count - 1 : -1]:  # PyTorch defines one turn around what negative widths leave
        cut = data.draw(st.integers(0, n - 1))
        widths += data.draw(st.permutations([-cut, data.draw(st.integers(0, n - cut))]))
    assert_agrees(lambda lib, x: padded(lib, x, tuple(widths), mode="circular"), x)


@pytest.mark.parity
@pytest.mark.parametrize("dtype", [np.int64, np.bool_, np.uint8, np.float32, np.float16])
def test_padding_of_other_dtypes_agrees_with_pytorch(dtype):
    x = np.arange(6).reshape(1, 2, 3).astype(dtype)
    for value in (None, 1, 2.0):
        assert_agrees(lambda lib, x, value=value: padded(lib, x, (1, 2, 0, 1), value=value), x, order=1)
    if dtype != np.bool_:
        for mode in ("reflect", "replicate", "circular"):
            assert_agrees(lambda lib, x, mode=mode: padded(lib, x, (1, 2), mode=mode), x, order=1)


def test_each_mode_on_a_row(device):
    x = tg.tensor([[1, 2, 3]], device=device)
    assert pad(x, (2, 1), value=9).tolist() == [[9, 9, 1, 2, 3, 9]]
    assert pad(x, (2, 1), "reflect").tolist() == [[3, 2, 1, 2, 3, 2]]
    assert pad(x, (2, 1), "replicate").tolist() == [[1, 1, 1, 2, 3, 3]]
    assert pad(x, (2, 1), "circular").tolist() == [[2, 3, 1, 2, 3, 1]]
    assert pad(x, (-1, 1), "circular").tolist() == [[2, 3, 2]]
    assert pad(x, (-1, -1)).tolist() == [[2]]


def test_the_gradient_of_a_border_goes_where_it_came_from(device):
    x = tg.tensor([[1.0, 2.0, 3.0]], device=device).requires_grad_()
    pad(x, (2, 1), "reflect").sum().backward()
    assert x.grad.tolist() == [[1, 3, 2]]


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        (((1,),), ShapeError, "pad: expected two widths for each padded dim"),
        (((1, 1) * 3,), ShapeError, "pad: expected two widths for each padded dim, at most 2 dims"),
        (((-2, -2),), ShapeError, r"pad: the widths \(-2, -2\) cut more off \(2, 3\) than there is"),
        (((1, 1), "wrap"), ShapeError, "pad: expected mode"),
        (((1, 1), "reflect", 2.0), ShapeError, 'pad: mode "reflect" takes no value'),
        (((3, 0), "reflect"), ShapeError, "pad: mode .reflect. needs widths below the size 3"),
        (((4, 0), "circular"), ShapeError, "pad: mode .circular. wraps around once at most"),
        (((1, 1, 1, 1), "replicate"), ShapeError, "pads the last 1, 2 or 3 dims behind one or two others"),
        (((1.5, 1),), DTypeError, "pad: expected an integer, got 1.5"),
    ],
)
def test_errors_name_the_rule(args, error, message):
    with pytest.raises(error, match=message):
        pad(tg.zeros(2, 3), *args)
