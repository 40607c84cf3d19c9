"""The strategies draw what they promise, and everything that they draw can be used."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.testing import GradcheckError, check_op, gradcheck, strategies


@given(strategies.shapes(max_dims=3, min_side=0, max_side=5))
def test_shapes_are_within_their_bounds(shape):
    assert len(shape) <= 3
    assert all(0 <= n <= 5 for n in shape)


@given(strategies.broadcastable_shapes(3))
def test_groups_of_shapes_broadcast(shapes):
    assert len(shapes) == 3
    np.broadcast_shapes(*shapes)


@given(strategies.groups(2, low=0.5, high=2.0))
def test_groups_of_arrays_broadcast(arrays):
    assert ((arrays[0] + arrays[1]) >= 1.0).all()


@given(strategies.dtypes(), strategies.dtypes("integer", "bool"))
def test_dtypes_are_of_their_kind(floating, other):
    assert floating.kind == "f"
    assert other.kind in "iub"


@given(strategies.arrays(away_from=(0.0, 1.0), distance=0.2, low=-2, high=2))
def test_numbers_keep_away_from_kinks(array):
    assert (np.abs(array) >= 0.2).all()
    assert (np.abs(array - 1) >= 0.2).all()
    assert (np.abs(array) <= 2).all()


@given(strategies.arrays(distinct=True, layout=strategies.layouts(keep_values=True)))
def test_distinct_numbers_are_apart(array):
    gaps = np.diff(np.sort(array.ravel()))
    assert (gaps > 6 / (4 * array.size + 1) * 0.9).all()


@given(strategies.arrays(dtype=strategies.dtypes("integer", "bool"), layout=strategies.layouts()))
def test_integers_and_bools_are_drawn_too(array):
    assert array.dtype.kind in "iub"
    if array.dtype.kind != "b":
        assert (np.abs(array.astype(float)) <= 3).all()


@given(st.data(), strategies.shapes(min_side=0, max_dims=3))
def test_indices_are_valid(data, shape):
    array = np.zeros(shape)
    array[data.draw(strategies.indices(shape))]


@pytest.mark.parametrize("kind", ["basic", "advanced", "boolean", "mixed"])
def test_each_kind_of_index_can_be_asked_for_alone(kind):
    found = find(strategies.indices((3, 4), kinds=(kind,)), lambda index: True)
    np.zeros((3, 4))[found]
    parts = found if isinstance(found, tuple) else (found,)
    arrays = [p.dtype.kind for p in parts if isinstance(p, np.ndarray)]
    assert {"basic": arrays == [], "advanced": "i" in arrays, "boolean": arrays == ["b"], "mixed": True}[kind]


@given(st.data(), st.integers(0, 3))
def test_dims_are_valid(data, ndim):
    x = tg.ones((2,) * ndim)
    x.sum(data.draw(strategies.several_dims(ndim)))
    dim = data.draw(strategies.dims(ndim))
    assert -max(ndim, 1) <= dim < max(ndim, 1)
    x.sum(dim)


@given(strategies.tensors(strategies.shapes(max_dims=2, max_side=3), away_from=(0.0,), layout=strategies.layouts()))
@settings(max_examples=10)
def test_tensors_are_ready_to_be_checked(x):
    assert x.requires_grad
    assert gradcheck(lambda x: x.abs() * x, x)


def test_hypothesis_shrinks_a_failure_itself():
    @given(strategies.arrays(strategies.shapes(min_dims=1, max_dims=2), low=0.5))
    @settings(database=None, max_examples=30, derandomize=True)
    def check(x):
        check_op(lambda x: x * x.detach(), [x], order=1)

    with pytest.raises(GradcheckError, match="half of what it should be") as caught:
        check()
    assert "input 0 (x) = [0.5]" in str(caught.value)
    assert "shrunk" not in str(caught.value)


def test_without_hypothesis_there_is_one_clear_sentence():
    program = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "from tinygrad_edu.testing import strategies\n"
        "try: strategies.shapes()\n"
        "except ImportError as error: print(error)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == (
        "tinygrad_edu.testing.strategies: drawing inputs needs the package hypothesis; install it with: pip install hypothesis"
    )
