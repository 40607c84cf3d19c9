import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.agreement import assert_agrees
from tests.ops.drawn import arrays, dim_of
from tinygrad_edu.errors import DimError, DTypeError, ShapeError


@st.composite
def indices(draw, shape, advanced=True):
    """A tuple of parts of an index, each a pair (kind, value), in range for the shape."""
    parts, dim = [], 0
    common = draw(st.sampled_from([(2,), (1,), (2, 1), (3,), (2, 2), (0,)]))
    dots = draw(st.integers(0, len(shape)) | st.none())
    while dim < len(shape):
        n = shape[dim]
        if draw(st.integers(0, 5)) == 0:
            parts.append(("None", None))
        if dots == dim:
            parts.append(("...", ...))
            dim, dots = draw(st.integers(dim, len(shape))), None
            continue
        kinds = ["slice", "slice"] + (["int"] if n else [])
        kinds += ["integers", "integers", "list", "mask", "masks"] if advanced else []
        kind = draw(st.sampled_from(kinds))
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        if kind == "int":
            parts.append((kind, draw(st.integers(-n, n - 1))))
        elif kind == "slice":
            edge = st.none() | st.integers(-n - 2, n + 2)
            parts.append((kind, slice(draw(edge), draw(edge), draw(st.none() | st.integers(1, 3)))))
        elif kind in ("integers", "list"):
            shape_ = common if n else (0,)
            if kind == "list":
                shape_ = shape_[-1:]
            value = rng.integers(-n, n, shape_) if n else np.zeros(shape_, np.int64)
            parts.append((kind, value.tolist() if kind == "list" else value))
        else:
            end = dim + 2 if kind == "masks" and dim + 1 < len(shape) else dim + 1
            end = end if dots is None or end <= dots else dim + 1
            mask = np.zeros(shape[dim:end], bool)
            if mask.size:  # as many true as the other index arrays have columns, where that can be
                mask.reshape(-1)[rng.permutation(mask.size)[: max(common[-1], 1)]] = True
            parts.append(("mask", mask))
            dim = end - 1
        dim += 1
        if draw(st.integers(0, 5)) == 0:
            break
    if draw(st.integers(0, 9)) == 0:
        parts.append(("bool", draw(st.booleans())))
    return parts


def built(lib, parts):
    """The index for a library: arrays become its tensors."""
    return tuple([lib.tensor(v) if isinstance(v, np.ndarray) else v for _, v in parts])


# Reading, against PyTorch


@pytest.mark.parity
@given(data=st.data())
def test_basic_indices_agree_with_pytorch(data):
    x = data.draw(arrays(max_dims=4))
    parts = data.draw(indices(x.shape, advanced=False))
    assert_agrees(lambda lib, x: x[built(lib, parts)], x)


@pytest.mark.parity
@given(data=st.data())
def test_advanced_indices_agree_with_pytorch(data):
    x = data.draw(arrays(min_dims=1, max_dims=4, max_side=4))
    parts = data.draw(indices(x.shape))
    assert_agrees(lambda lib, x: x[built(lib, parts)], x)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence:UserWarning")
@pytest.mark.parametrize(
    "index",
    [
        lambda lib: 0,
        lambda lib: -1,
        lambda lib: (),
        lambda lib: ...,
        lambda lib: None,
        lambda lib: True,
        lambda lib: False,
        lambda lib: [],
        lambda lib: [0, 1],
        lambda lib: [True, False],
        lambda lib: [[0, 1], [1, 2]],
        lambda lib: [[[0, 1], [1, 1]]],
        lambda lib: [slice(1), 0],
        lambda lib: (slice(None), [[0, 1], [2, 0]]),
        lambda lib: lib.tensor(1),
        lambda lib: lib.tensor(True),
        lambda lib: slice(lib.tensor(1), None),
        lambda lib: [lib.tensor(1), lib.tensor(0)],
        lambda lib: (lib.tensor([1]), [0]),
        lambda lib: lib.tensor([0, 1]).to(lib.int32),
        lambda lib: np.array([0, 1, 1]),
        lambda lib: np.array([True, False]),
        lambda lib: np.array(1),
        lambda lib: np.int64(1),
        lambda lib: (0, slice(None), [1, 0]),
        lambda lib: ([0, 1], 0, [1, 0]),
        lambda lib: ([0, 1], slice(None), [1, 0]),
        lambda lib: ([0, 1], None, [1, 0]),
        lambda lib: (..., [1, 0], None),
        lambda lib: (True, [1, 0]),
        lambda lib: (lib.tensor([True, False]), lib.tensor([0])),
        lambda lib: (..., ...),
        # refused by both
        lambda lib: 2,
        lambda lib: [2],
        lambda lib: (0, 0, 0, 0),
        lambda lib: 1.0,
        lambda lib: "a",
        lambda lib: slice(None, None, -1),
        lambda lib: slice(None, None, 0),
        lambda lib: slice(0.5, None),
        lambda lib: lib.zeros(2, 2, 2) == 0,
        lambda lib: ([0, 1], [0, 1, 2]),
        lambda lib: [True, False, True],
    ],
)
def test_index_agrees_with_pytorch(index):
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    assert_agrees(lambda lib, x: x[index(lib)], x)


@pytest.mark.parity
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.uint8, np.bool_])
def test_indexed_dtypes_agree_with_pytorch(dtype):
    x = np.arange(6).reshape(2, 3).astype(dtype)
    for index in (0, ([1, 1], [0, 2]), (slice(None), [1])):
        assert_agrees(lambda lib, x, index=index: x[index], x, order=1)


# Writing, against PyTorch


def changed(index):
    """x with v written at an index, built for each library."""

    def call(lib, x, v):
        y = x * 1
        y[index(lib)] = v
        return y * y

    return call


@pytest.mark.parity
@given(data=st.data())
def test_assignment_agrees_with_pytorch(data):
    x = data.draw(arrays(min_dims=1, max_dims=3, max_side=4))
    parts = data.draw(indices(x.shape))
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    places = torch.arange(x.size).reshape(x.shape)
    try:
        places = places[built(torch, parts)]
    except (IndexError, RuntimeError):
        with pytest.raises((IndexError, RuntimeError)):
            tg.tensor(x)[built(tg, parts)] = 0.0
        return
    shape = tuple(places.shape)
    keep = data.draw(st.integers(0, len(shape)))
    value = np.random.default_rng(1).standard_normal([1 if data.draw(st.booleans()) else n for n in shape[keep:]])
    if len(set(places.flatten().tolist())) < places.numel():
        # which of several values stays is undefined in PyTorch, and so is their gradient
        assert_agrees(lambda lib, x: changed(lambda lib: built(lib, parts))(lib, x, 2.5), x)
    elif value.size or not places.numel():
        assert_agrees(changed(lambda lib: built(lib, parts)), x, value)


@pytest.mark.parity
@pytest.mark.parametrize(
    ("index", "value"),
    [
        (0, 5),
        (0, True),
        (..., 2.5),
        (True, 3.0),
        (False, 3.0),
        ([True, False], 3.0),
        ((slice(None), 1), -1.0),
        (([0, 1], [1, 2]), 7.0),
        (5, 1.0),
        ([5], 1.0),
        (slice(None, None, -1), 1.0),
    ],
)
def test_assigned_number_agrees_with_pytorch(index, value):
    def call(lib, x):
        y = x * 1
        y[index] = value
        return y * y

    assert_agrees(call, np.random.default_rng(0).standard_normal((2, 3)))


@pytest.mark.parity
def test_value_with_dims_of_size_one_in_front_agrees_with_pytorch():
    x, v = np.zeros((2, 3)), np.arange(3.0)
    for index in (0, [0]):
        for shape in ((1, 1, 3), (1, 1, 1, 3), (1,) * 4, (2, 1, 3)):
            value = np.broadcast_to(v, shape).copy() if shape[-1] == 3 else np.ones(shape)
            assert_agrees(changed(lambda lib, index=index: index), x, value)


# Views and their places, against PyTorch


@pytest.mark.parity
@given(data=st.data())
def test_select_and_narrow_agree_with_pytorch(data):
    x, dim = data.draw(arrays(max_dims=3)), data.draw(st.integers(-4, 3))
    i, n = data.draw(st.integers(-6, 6)), data.draw(st.integers(-1, 5))
    assert_agrees(lambda lib, x: x.select(dim, i), x)
    assert_agrees(lambda lib, x: x.narrow(dim, i, n), x)


@pytest.mark.parity
@given(data=st.data())
def test_select_scatter_and_slice_scatter_agree_with_pytorch(data):
    x = data.draw(arrays(min_dims=1, max_dims=3, min_side=1, max_side=4))
    dim, i = data.draw(dim_of(x)), data.draw(st.integers(-5, 4))
    edge = st.none() | st.integers(-6, 6)
    start, end, step = data.draw(edge), data.draw(edge), data.draw(st.integers(1, 3))
    rng = np.random.default_rng(4)
    one, some = np.take(x, 0, dim), x[(slice(None),) * (dim % x.ndim) + (slice(start, end, step),)]
    assert_agrees(lambda lib, x, s: x.select_scatter(s, dim, i), x, rng.standard_normal(one.shape))
    assert_agrees(lambda lib, x, s: x.slice_scatter(s, dim, start, end, step), x, rng.standard_normal(some.shape))


# By themselves


def test_slices_are_views_and_lists_are_copies(device):
    x = tg.zeros(3, 4, device=device)
    x[1:, ::2].fill_(1)
    x[0, 0].fill_(2)
    x[[0, 1]].fill_(9)
    x[x > 1].fill_(9)
    assert x.tolist() == [[2, 0, 0, 0], [1, 0, 1, 0], [1, 0, 1, 0]]


def test_a_single_element_is_a_view_too(device):
    x = tg.zeros(3, device=device)
    x[1] += 5
    x[..., 2].add_(1)
    assert x.tolist() == [0, 5, 1]


def test_assignment_casts_and_broadcasts(device):
    x = tg.zeros(2, 3, dtype=tg.int64, device=device)
    x[0] = [1.5, 2.5, -3.5]
    x[1, [0, 2]] = tg.tensor([7.9, 8.9], device=device)
    x[1, 1] = 2.9
    assert x.tolist() == [[1, 2, -3], [7, 2, 8]]


def test_of_several_values_for_one_element_the_last_stays(device):
    x = tg.zeros(3, 2, device=device)
    x[[0, 2, 0]] = tg.tensor([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]], device=device)
    assert x.tolist() == [[3, 3], [0, 0], [2, 2]]
    y = tg.zeros(2, 3, device=device)
    y[:, [1, -2, 1]] = tg.tensor([[1.0, 2.0, 3.0]], device=device)
    assert y.tolist() == [[0, 3, 0], [0, 3, 0]]


def test_a_repeated_index_adds_up_gradients(device):
    x = tg.tensor([1.0, 2.0, 3.0], device=device).requires_grad_()
    x[[0, 0, -1]].sum().backward()
    assert x.grad.tolist() == [2, 0, 1]


def test_a_repeated_index_adds_up_half_precision_in_full():
    x = tg.tensor(np.zeros(1, np.float16)).requires_grad_()
    x[tg.zeros(4096, dtype=tg.int64)].sum().backward()
    assert x.grad.tolist() == [4096]


def test_a_selection_of_nan_hides_nothing_else():
    x = tg.tensor([np.nan, 2.0]).requires_grad_()
    (x[1] * 3).backward()
    assert x.grad.tolist() == [0, 3]


def test_second_derivative_through_assignment_and_reading():
    x = tg.tensor([1.0, 2.0, 3.0], dtype=tg.float64).requires_grad_()
    buffer = tg.zeros(4, dtype=tg.float64)
    buffer[1:] = x**3
    (g,) = tg.autograd.grad(buffer[[1, 1, 3]].sum(), x, create_graph=True)
    assert g.tolist() == [6, 0, 27]
    (h,) = tg.autograd.grad(g.sum(), x)
    assert h.tolist() == [12, 0, 18]


def test_iteration_length_and_membership(device):
    x = tg.tensor([[1.0, 2.0], [3.0, 4.0]], device=device)
    assert [row.tolist() for row in x] == [[1, 2], [3, 4]]
    _, b = x
    assert b.tolist() == [3, 4]
    assert len(x) == 2
    assert 3 in x
    assert 7 not in x
    assert x[0] in x
    for call in (len, list):
        with pytest.raises(TypeError, match="without dimensions"):
            call(x.sum())
    with pytest.raises(DTypeError, match="in: expected a Tensor or a number, got str"):
        "a" in x  # noqa: B015


def test_rows_changed_while_iterating(device):
    x = tg.zeros(2, 2, device=device)
    for i, row in enumerate(x):
        row.add_(i + 1)
    assert x.tolist() == [[1, 1], [2, 2]]


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (3, DimError, "index: 3 is out of range for dim 0 of size 2"),
        ((0, -4), DimError, "index: -4 is out of range for dim 1 of size 3"),
        ([0, 5], DimError, "index: 5 is out of range for dim 0 of size 2"),
        ((slice(None), [-9]), DimError, "index: -9 is out of range for dim 1 of size 3"),
        ((0, 0, 0), DimError, r"index: 3 indices for a tensor of 2 dimensions, shape \(2, 3\)"),
        (slice(None, None, -1), ShapeError, "index: expected a slice with a step of at least 1, got -1; use flip"),
        (1.5, DTypeError, "index: expected integers, slices.* got float"),
        ([1.5], DTypeError, "index: expected integers or bools, got float64"),
        (np.array([0, 1], np.uint8), DTypeError, "index: uint8 may stand for a mask or for integers"),
        ([True, False, True], DimError, r"index: expected a mask of shape \(2,\) for the dims from 0 on, got \(3,\)"),
        (
            ([0, 1], [0, 1, 2]),
            DimError,
            r"index: expected index arrays that broadcast together, got shapes \(2,\), \(3,\)",
        ),
    ],
)
def test_index_errors_name_index_dim_and_size(index, error, message, device):
    x = tg.zeros(2, 3, device=device)
    with pytest.raises(error, match=message):
        x[index]
    with pytest.raises(error, match=message):
        x[index] = 0
    assert issubclass(DimError, IndexError)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: x.__setitem__(0, tg.zeros(2)), ShapeError, r"a value of shape \(2,\) can't be broadcast .* \(3,\)"),
        (lambda x: x.__setitem__(0, "a"), DTypeError, "__setitem__: expected a Tensor or a number, got str"),
        (lambda x: x.select(0, 2), DimError, "index: 2 is out of range for dim 0 of size 2"),
        (lambda x: x.narrow(1, 2, 2), ShapeError, "narrow: expected a length from 0 to 1 from 2 on along dim 1, got 2"),
        (lambda x: x.select_scatter(x, 0, 0), ShapeError, r"select_scatter: expected a src of shape \(3,\)"),
    ],
)
def test_errors_name_the_rule(call, error, message):
    with pytest.raises(error, match=message):
        call(tg.zeros(2, 3))
