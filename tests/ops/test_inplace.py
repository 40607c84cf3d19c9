"""In-place changes, views and their gradients: programs that run on this library and on PyTorch alike."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.parity import assert_same
from tinygrad_edu.errors import DTypeError, GradError, ShapeError

# Each program gets the library and two tensors that require gradients, x (3, 4) and w (4,), and returns tensors to compare.
PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


@program
def a_row_of_a_tensor(lib, x, w):
    y = x * 1
    y[0].mul_(2)
    return y, y * y


@program
def a_row_by_a_tensor_that_requires_a_gradient(lib, x, w):
    y = x * 1
    y[0].mul_(w)
    return y * y


@program
def view_made_before_the_base_changes(lib, x, w):
    y = x * 1
    v = y[1]
    y.mul_(w)
    return v * v, y


@program
def view_made_after_the_base_changed(lib, x, w):
    y = x * 1
    y.add_(w)
    return y[1] * y[2]


@program
def view_of_a_view_changes(lib, x, w):
    y = x * 1
    a = y[1:]
    b = a.transpose(0, 1)
    c = b[2:]
    c.mul_(3)
    return a * a, b, c * 2, y


@program
def base_changes_under_a_chain_of_views(lib, x, w):
    y = x * 1
    b = y[1:].transpose(0, 1)[2:]
    y.mul_(w)
    b.add_(1)
    y.sub_(b.sum())
    return b * b, y


@program
def changes_of_several_views(lib, x, w):
    y = x * 1
    rows = [y[i] for i in range(3)]
    for i, row in enumerate(rows):
        row.mul_(w + i)
    columns = [y[:, i] for i in range(4)]
    columns[0].mul_(columns[1].clone())
    columns[2].add_(columns[0].clone() * columns[3].clone())
    return rows[1] * 1, columns[2] * 2, y * y


@program
def rows_put_into_a_buffer(lib, x, w):
    buffer = lib.zeros(3, 4, dtype=w.dtype)
    for i in range(3):
        buffer[i] = w * x[i]
    return buffer * buffer


@program
def rows_that_depend_on_the_rows_before(lib, x, w):
    buffer = lib.zeros(4, 4, dtype=w.dtype)
    for i in range(3):
        buffer[i + 1] = buffer[i].clone() * w + x[i]
    return buffer


@program
def a_buffer_overwritten_twice(lib, x, w):
    buffer = lib.zeros(3, 4, dtype=w.dtype)
    buffer[0] = w
    buffer[0:2] = x[1:]
    return buffer * buffer


@program
def mask_set_to_a_number(lib, x, w):
    y = x * w
    y[x > 0] = 0
    return y * y


@program
def mask_set_to_values(lib, x, w):
    y = x * 1
    y[x > 0] = w.sum()
    return y * y


@program
def integer_indices_set(lib, x, w):
    y = x * 1
    y[[0, 2], [1, 3]] = w[:2]
    y[1, [0, 1]] = w[3] * 2
    return y * y


@program
def integer_indices_of_a_view_set(lib, x, w):
    y = x * 1
    v = y[:, 1:]
    y[1:, 2:][[1, 0], [0, 1]] = w[:2]
    return y * y, v * 3


@program
def augmented_assignment_of_a_slice(lib, x, w):
    y = x * 1
    y[:, 1:3] += w[:2]
    y[0] *= w
    y[:, 0] /= 2
    y[[0, 1]] -= w
    return y * y


@program
def transposed(lib, x, w):
    y = x * 1
    y.transpose(0, 1).add_(x.transpose(0, 1) * 2)
    y.T.mul_(3)
    return y * y


@program
def flat_view_of_a_transposed_result(lib, x, w):
    y = (x * 1).T.contiguous().T  # dims in memory in the other order
    y.T.view(-1)[1::2].mul_(w.sum())
    return y * y


@program
def reshaped_and_squeezed(lib, x, w):
    y = x * 1
    y.view(2, 6).unsqueeze(1).squeeze(1)[1].mul_(2)
    y.view(-1)[3:7].mul_(w)
    return y * y


@program
def diagonal(lib, x, w):
    y = x[:, :3] * 1
    y.diagonal().mul_(w[:3])
    y.diagonal(1).fill_(5)
    return y * y


@program
def window(lib, x, w):
    y = w * 1
    y.unfold(0, 2, 2)[1].mul_(3)
    return y * y


@program
def strided(lib, x, w):
    y = x * 1
    y.as_strided((2, 2), (4, 1), 1).mul_(w[:2])
    return y * y


@program
def expanded_row_written(lib, x, w):
    y = w * 1
    v = y.expand(3, 4)
    v[0].mul_(2)
    return y * y


@program
def view_of_an_expanded_tensor_after_the_base_changes(lib, x, w):
    y = w * 1
    v = y.expand(3, 4)
    y.mul_(2)
    return v * v


@program
def zeroed_and_filled(lib, x, w):
    y = x * 1
    y[0].zero_()
    y[1].fill_(w[0])
    return y * y


@program
def wholly_zeroed(lib, x, w):
    y = x * 1
    y.zero_()
    return y + x


@program
def copied_over(lib, x, w):
    y = x * 1
    y.copy_(w)
    y[0].copy_(x[1])
    return y * y


@program
def copied_from_a_leaf_and_changed(lib, x, w):
    y = lib.zeros(4, dtype=w.dtype)
    y.copy_(w)
    y.mul_(2)
    return y * w


@program
def whole_set_from_a_leaf_and_changed(lib, x, w):
    y = lib.zeros(4, dtype=w.dtype)
    y[...] = w
    y[:] = y.clone() * w
    return y


@program
def under_no_grad(lib, x, w):
    y = x * 1
    v = y[0]
    with lib.no_grad():
        y.mul_(2)
        v.add_(1)
        y[1] = 7
    return y * 1, v * 1, y * w


@program
def leaf_changed_under_no_grad(lib, x, w):
    v = x[0]
    with lib.no_grad():
        x.mul_(2)
        x[1:] = 3
    return v * x[1], x * x


@program
def itself(lib, x, w):
    y = x * 1
    y.mul_(y.clone())
    y.add_(y[0].clone())
    y[1:] = y[:-1].clone()
    return y


@program
def saved_by_an_operation_that_does_not_need_the_changed_value(lib, x, w):
    y = x * 1
    z = y + 1
    y.mul_(2)
    return z * y


@program
def detached_view(lib, x, w):
    y = x * 1
    d = y.detach()
    v = y[0]
    d.mul_(2)
    return y * 1, v * 1


@program
def mask_filled_in_place(lib, x, w):
    y = x * 1
    y.masked_fill_(x > 0, 1.5)
    y[1:].masked_fill_(x[1:] < -1, 0.0)
    return y * y


@program
def index_functions_in_place(lib, x, w):
    index = lib.tensor([2, 0])
    y = x * 1
    y.index_add_(0, index, x[:2])
    y.index_copy_(1, index, x[:, :2])
    y.index_fill_(1, index[:1], 4)
    y.index_put_((index, index), w[:2])
    y.index_put_((index, index), w[:2], accumulate=True)
    return y * y


@program
def scatter_functions_in_place(lib, x, w):
    index = lib.tensor([[0, 1, 2, 0], [2, 0, 1, 0]])
    y = x * 1
    y.scatter_(0, index[:1], x[:1])
    y.scatter_add_(0, index, x[:2])
    y[1:].scatter_(1, index[:1, :1], 2.0)
    y.scatter_reduce_(0, index, x[1:], "mean")
    return y * y


@program
def pieces_of_tensor_split(lib, x, w):
    y = x * 1
    a, b = y.tensor_split(2, 1)
    a.mul_(w[:2])
    return y * b.sum()


@program
def view_of_a_constant_given_a_history(lib, x, w):
    y = lib.zeros(3, 4, dtype=w.dtype)
    v, u = y[0], y[:, 1]
    v.add_(w)
    return y * x, v * v, u * u


@program
def view_that_became_a_leaf(lib, x, w):
    y = lib.zeros(3, 4, dtype=w.dtype)
    y[1].mul_(w)
    return y.view(-1)[4:8] * w


@program
def negative_and_empty_slices(lib, x, w):
    y = x * 1
    y[-1, -2:] = w[-2:]
    y[1:1] = 5
    y[:, 4:].mul_(2)
    y[[]] = 3.0
    return y * y


@program
def select_narrow_unbind(lib, x, w):
    y = x * 1
    y.select(1, -1).mul_(2)
    y.narrow(0, 1, 2).add_(w)
    return [r * r for r in y.unbind()]


@program
def floats_halved_in_a_view_of_a_view(lib, x, w):
    y = x * 1
    v = y.flatten()
    u = v.unflatten(0, (2, 6))
    u[1, ::2].div_(2)
    v[0] = w[0]
    u.mul_(u.clone())
    return y, v * 2, u * 3


def run(lib, function, seed=0):
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(shape) for shape in ((3, 4), (4,))]
    leaves = [lib.tensor(a).requires_grad_() for a in arrays]
    results = function(lib, *leaves)
    results = list(results) if isinstance(results, tuple | list) else [results]
    weights = [lib.tensor(rng.standard_normal(tuple(r.shape))) for r in results]
    total = 0
    for r, weight in zip(results, weights, strict=True):
        total = total + (r * weight).sum()
    first = lib.autograd.grad(total, leaves, create_graph=True, allow_unused=True)
    first = [g if g is not None else lib.zeros_like(x) for g, x in zip(first, leaves, strict=True)]
    weights = [lib.tensor(rng.standard_normal(tuple(g.shape))) for g in first]
    total = 0
    for g, weight in zip(first, weights, strict=True):
        total = total + (g * weight).sum()
    second = [None, None]
    if total.requires_grad:
        second = lib.autograd.grad(total, leaves, allow_unused=True)
    second = [g if g is not None else lib.zeros_like(x) for g, x in zip(second, leaves, strict=True)]
    return {"value": results, "first derivative": first, "second derivative": second}


@pytest.mark.parity
@pytest.mark.parametrize("name", PROGRAMS)
def test_program_agrees_with_pytorch(name):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    ours, theirs = run(tg, PROGRAMS[name]), run(torch, PROGRAMS[name])
    for what in ours:
        for i, (a, b) in enumerate(zip(ours[what], theirs[what], strict=True)):
            assert_same(a, b, 1e-9, f"{what} {i}")


# What PyTorch does not do, or does not define


def leaf(*shape, seed=0):
    return tg.tensor(np.random.default_rng(seed).standard_normal(shape)).requires_grad_()


def test_a_tensor_may_be_its_own_operand():
    x = leaf(3)
    y = x * 1
    y.mul_(y)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * x.detach().numpy())


def test_overlapping_slices_are_assigned_as_if_copied_first(device):
    y = tg.tensor([1.0, 2.0, 3.0, 4.0], device=device)
    y[1:] = y[:-1]
    assert y.tolist() == [1, 1, 2, 3]


@pytest.mark.parametrize("take_apart", ["unbind", "split", "chunk"])
def test_pieces_of_a_tensor_can_be_changed(take_apart):
    x = leaf(4)
    y = x * 1
    pieces = getattr(y, take_apart)(*([] if take_apart == "unbind" else [2]))
    pieces[1].mul_(3)
    y.sum().backward()
    n = 4 // len(pieces)
    assert x.grad.tolist() == [1] * n + [3] * n + [1] * (4 - 2 * n)


def test_augmented_assignment_to_a_slice_is_one_change():
    y = leaf(3) * 1
    y[0] += 1
    assert y.version[0] == 1


def test_a_change_of_a_view_does_not_depend_on_the_layout_of_the_gradient():
    x = leaf(2, 3)
    y = x * 1
    y.view(-1)[:3].mul_(0)
    dy = tg.tensor(np.asfortranarray(np.ones((2, 3))))
    y.backward(dy)
    assert x.grad.tolist() == [[0, 0, 0], [1, 1, 1]]


def test_a_change_of_a_view_does_not_depend_on_the_layout_of_the_base():
    w = leaf(3)
    y = tg.as_tensor(np.zeros((2, 3)).T)
    z = y * 1  # shape (3, 2), its dims in memory in the other order
    z = tg.as_tensor(np.asfortranarray(np.ones((3, 2)))).requires_grad_()
    base = z.clone()
    base.T.view(-1)[3:].mul_(w)
    base.sum().backward()
    np.testing.assert_allclose(z.grad.numpy(), np.stack([np.ones(3), w.detach().numpy()], axis=1))


def test_a_long_chain_of_views_costs_no_more_than_its_length():
    x = leaf(2, 3)
    y = x * 1
    v = y
    for _ in range(20_000):
        v = v.transpose(0, 1)
    y.mul_(2)
    v.sum().backward()
    assert x.grad.tolist() == [[2, 2, 2], [2, 2, 2]]


def test_a_view_and_its_base_leave_no_cycle_behind():
    import gc
    import weakref

    gc.collect()
    gc.disable()
    try:
        w = leaf(3)
        y = w * 1
        v = y[1:]
        v.mul_(2)
        u = y[:1]
        assert u.requires_grad
        gone = [weakref.ref(t) for t in (y, v, u)]
        del y, v, u
        assert [ref() for ref in gone] == [None] * 3
    finally:
        gc.enable()


# Errors


def test_a_leaf_is_not_changed_in_place():
    x = leaf(3)
    with pytest.raises(
        GradError, match=r"mul_: a leaf tensor that requires a gradient can't be changed in place.*no_grad"
    ):
        x.mul_(2)
    with pytest.raises(GradError, match="__setitem__: a view of a leaf"):
        x[0] = 1
    with pytest.raises(GradError, match="__setitem__: a leaf"):
        x[[0]] = 1
    with pytest.raises(GradError, match="zero_: a view of a leaf"):
        x[1:].zero_()


def test_the_refused_change_left_the_numbers_alone():
    x = leaf(3)
    before = x.tolist()
    for change in (lambda: x.mul_(2), lambda: x[:2].copy_(tg.zeros(2)), lambda: x.__setitem__([0, 1], 5)):
        with pytest.raises(GradError):
            change()
    assert x.tolist() == before


@pytest.mark.parametrize("requires_grad", ["base", "value"])
def test_a_view_made_under_no_grad_is_not_changed_outside(requires_grad):
    w = leaf(3)
    y = w * 1 if requires_grad == "base" else tg.zeros(3, dtype=tg.float64)
    with tg.no_grad():
        v = y[:2]
    before = y.tolist()
    with pytest.raises(GradError, match=r"made under no_grad\(\)"):
        v.mul_(w[:2] if requires_grad == "value" else 2)
    assert y.tolist() == before
    with tg.no_grad():
        v.mul_(2)


def test_a_view_made_under_no_grad_may_change_where_nothing_requires_a_gradient():
    y = tg.zeros(3)
    with tg.no_grad():
        v = y[:2]
    v.add_(1)
    assert y.tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    "change",
    [
        lambda y: y.add_(1),
        lambda y: y[0].add_(1),
        lambda y: y.__setitem__(0, 1.0),
        lambda y: y.__setitem__([0, 1], 1.0),
        lambda y: y.detach().zero_(),
        lambda y: y.T.fill_(2),
        lambda y: y.index_put_((tg.tensor([0]),), tg.zeros(1, 2, dtype=tg.float64)),
    ],
)
def test_a_saved_value_that_was_changed_is_noticed(change):
    x = leaf(2, 2)
    y = x * 1
    z = y * y
    change(y)
    with pytest.raises(GradError, match="saved for backward.*changed in place"):
        z.sum().backward()


def test_a_saved_view_of_what_was_changed_is_noticed():
    x = leaf(2, 2)
    y = x * 1
    z = y[0] * y[0]
    y[1] = 5  # another row, but the same memory
    with pytest.raises(GradError, match="saved for backward.*changed in place"):
        z.sum().backward()


def test_a_saved_index_that_was_changed_is_noticed():
    x, index = leaf(3), tg.tensor([0, 1])
    y = x[index]
    index[0] = 2
    with pytest.raises(GradError, match="Take: input 1 .*saved for backward.*changed in place by __setitem__"):
        y.sum().backward()


def test_what_was_not_saved_may_change():
    x = leaf(2, 2)
    y = x * 1
    z = y + y
    y.mul_(2)
    z.sum().backward()
    assert x.grad.tolist() == [[2, 2], [2, 2]]


def test_an_expanded_tensor_is_not_changed_in_place():
    with pytest.raises(ShapeError, match="share one memory cell"):
        tg.zeros(3).expand(2, 3).add_(1)
    with pytest.raises(ShapeError, match="share one memory cell"):
        tg.zeros(3).expand(2, 3)[:, 0] = 1


def test_the_result_must_fit_in_place():
    with pytest.raises(ShapeError, match=r"add_: the result has shape \(2, 3\), which x of shape \(3,\) cannot hold"):
        tg.zeros(3).add_(tg.zeros(2, 3))
    with pytest.raises(DTypeError, match="mul_: a result of float32 can't be stored in x of int64"):
        tg.tensor([1, 2]).mul_(tg.tensor([0.5, 0.5]))


def test_copy_takes_over_other_dtypes_and_broadcasts(device):
    x = tg.zeros(2, 2, dtype=tg.int64, device=device)
    assert x.copy_(tg.tensor([1.5, -2.5], device=device)) is x
    assert x.tolist() == [[1, -2], [1, -2]]
    with pytest.raises(ShapeError, match="copy_"):
        x.copy_(tg.zeros(3, device=device))


def test_fill_and_zero(device):
    x = tg.zeros(2, dtype=tg.int64, device=device)
    assert x.fill_(3).tolist() == [3, 3]
    assert x.zero_().tolist() == [0, 0]
    assert tg.fill(x, 7).tolist() == [7, 7]
    with pytest.raises(DTypeError, match="fill: 300 is out of range for int8"):
        tg.zeros(1, dtype=tg.int8).fill_(300)
