"""What a tensor is besides its operations: conversions, copies, printing, devices, dtypes."""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.errors import DeviceError, DTypeError, GradError, ShapeError


def test_python_numbers():
    assert tg.tensor(2.5).item() == 2.5
    assert isinstance(tg.tensor(2.5).item(), float)
    assert isinstance(tg.tensor([3]).item(), int)
    assert isinstance(tg.tensor(True).item(), bool)
    assert float(tg.tensor([2.5])) == 2.5
    assert int(tg.tensor(2.9)) == 2
    assert [10, 20, 30][tg.tensor(1)] == 20
    assert bool(tg.tensor([1.0]))
    assert f"{tg.tensor(1.23456):.2f}" == "1.23"
    assert tg.tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert tg.tensor(3).tolist() == 3


def test_python_numbers_of_what_is_not_one_element():
    x = tg.ones(2)
    with pytest.raises(ShapeError, match=r"item: expected one element, got shape \(2,\)"):
        x.item()
    with pytest.raises(ShapeError, match="use .any\\(\\) or .all\\(\\)"):
        bool(x)
    with pytest.raises(DTypeError, match="index: expected one integer"):
        [1, 2][tg.tensor(1.0)]


def test_numpy_shares_memory_and_guards_the_graph():
    x = tg.tensor([1.0, 2.0])
    x.numpy()[0] = 9
    assert x[0].item() == 9
    assert np.asarray(x).sum() == 11
    x.requires_grad_()
    with pytest.raises(GradError, match=r"use .detach\(\).numpy\(\)"):
        x.numpy()


def test_arrays_on_the_left_leave_the_work_to_the_tensor():
    x = tg.tensor([1.0, 2.0], dtype=tg.float64, requires_grad=True)
    y = np.array([3.0, 4.0]) * x
    assert isinstance(y, tg.Tensor)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [3, 4])


def test_deepcopy_and_pickle_of_leaves():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    for y in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert y.requires_grad
        assert y.is_leaf
        assert y is not x
        np.testing.assert_array_equal(y.detach().numpy(), [1, 2])
        np.testing.assert_array_equal(y.grad.numpy(), [2, 4])
        y.data[0] = 100.0
        assert x.detach().numpy()[0] == 1
    shared = copy.deepcopy([x, x])
    assert shared[0] is shared[1]
    with pytest.raises(GradError, match="only leaf tensors"):
        copy.deepcopy(x * 2.0)
    with pytest.raises(GradError, match="only leaf tensors"):
        pickle.dumps(x * 2.0)


def test_requires_grad_of_what_was_computed():
    x = tg.ones(2, requires_grad=True)
    y = x * 2.0
    assert y.requires_grad
    assert not y.is_leaf
    assert y.grad_fn.name == "Mul"
    assert x.is_leaf
    assert x.grad_fn is None
    with pytest.raises(GradError, match=r"use .detach\(\)"):
        y.requires_grad_(False)
    assert not y.detach().requires_grad
    x.requires_grad = False
    assert not (x * 2.0).requires_grad


def test_freezing_keeps_the_gradient():
    x = tg.ones(2, requires_grad=True)
    (x * 2.0).sum().backward()
    x.requires_grad_(False)
    assert x.grad is not None
    x.requires_grad_(True)
    (x * 2.0).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [4, 4])


def test_grad_must_fit():
    x = tg.ones(2, requires_grad=True)
    x.grad = tg.zeros(2)
    with pytest.raises(GradError, match=r"grad: expected shape \(2,\) and float32"):
        x.grad = tg.zeros(3)
    with pytest.raises(DTypeError, match="grad: expected a Tensor or None"):
        x.grad = 1.0
    x.grad = None
    assert x.grad is None


def test_new_data_of_another_dtype():
    x = tg.ones(2, requires_grad=True)
    x.data = tg.zeros(3, dtype=tg.float64)
    (x * 2.0).sum().backward()
    assert x.grad.shape == (3,)
    assert x.grad.dtype == tg.float64


def test_casts_carry_the_gradient_back():
    x = tg.tensor([1.5, 2.5], requires_grad=True)
    (x.double() * 3.0).sum().backward()
    assert x.grad.dtype == tg.float32
    np.testing.assert_array_equal(x.grad.numpy(), [3, 3])
    assert x.to(tg.float32) is x
    assert x.long().tolist() == [1, 2]
    assert x.bool().dtype == tg.bool
    assert x.to(tg.float16).dtype == tg.float16
    assert x.to(tg.zeros(1, dtype=tg.float64)).dtype == tg.float64
    assert x.type_as(tg.zeros(1, dtype=tg.float64)).dtype == tg.float64


def test_bfloat16_is_storage():
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    x = tg.tensor([1.0, 2.0, 3.0]).bfloat16().requires_grad_()
    assert x.dtype == tg.bfloat16
    y = (x * x * 2.0 + 1.0).exp().log()
    assert y.dtype == tg.bfloat16
    y.sum().backward()
    assert x.grad.dtype == tg.bfloat16
    np.testing.assert_allclose(x.grad.float().numpy(), [4, 8, 12], rtol=0.05)
    assert isinstance(x[0].item(), float)
    assert "bfloat16" in repr(x)


def test_moving_between_devices(device):
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x.to(device)
    assert y.device.type == device
    (y * 3.0).sum().backward()
    assert x.grad.device == x.device
    np.testing.assert_array_equal(x.grad.numpy(), [3, 3])
    assert y.cpu().device == tg.device("cpu")
    assert x.to("cpu") is x
    if device == "cuda":
        with pytest.raises(DeviceError, match="expected tensors on one device, got cuda:0 and cpu"):
            y * x
        with pytest.raises(DeviceError, match=r"use .cpu\(\).numpy\(\)"):
            y.detach().numpy()
        z = x.to("cuda:1") * 2.0
        assert str(z.device) == "cuda:1"
        z.sum().backward()
        with pytest.raises(DeviceError, match="cuda:0 and cuda:1"):
            y + z


def test_equality_is_by_element_and_hashing_by_identity():
    x, y = tg.tensor([1.0, 2.0]), tg.tensor([1.0, 3.0])
    assert (x == y).tolist() == [True, False]
    assert {x: 1}[x] == 1
    assert len({x, y, x}) == 2


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: tg.tensor([1.0, 2.0]), "tensor([1., 2.])"),
        (lambda: tg.tensor([1.5, 2.0]), "tensor([1.5000, 2.0000])"),
        (lambda: tg.tensor([[1, -2], [30, 4]]), "tensor([[ 1, -2],\n        [30,  4]])"),
        (lambda: tg.tensor(3.25), "tensor(3.2500)"),
        (lambda: tg.tensor(3), "tensor(3)"),
        (lambda: tg.tensor([True, False]), "tensor([ True, False])"),
        (lambda: tg.tensor([]), "tensor([])"),
        (lambda: tg.zeros(2, 0), "tensor([], size=(2, 0))"),
        (lambda: tg.tensor([1e-8, 1.0]), "tensor([1.0000e-08, 1.0000e+00])"),
        (lambda: tg.tensor([np.nan, np.inf, 1.0]), "tensor([nan, inf, 1.])"),
        (lambda: tg.tensor([1.0], dtype=tg.float64), "tensor([1.], dtype=float64)"),
        (lambda: tg.tensor([1.0], requires_grad=True), "tensor([1.], requires_grad=True)"),
        (lambda: tg.tensor([1.0], requires_grad=True) * 2.0, "tensor([2.], grad_fn=<Mul>)"),
        (lambda: tg.tensor([1, 2], dtype=tg.int32), "tensor([1, 2], dtype=int32)"),
    ],
)
def test_printing(make, text):
    assert repr(make()) == text


@pytest.mark.parity
@pytest.mark.parametrize("shape", [(), (1,), (7,), (30,), (2000,), (3, 4), (2, 3, 4), (40, 50), (0,)])
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6, 100.0])
def test_numbers_print_as_torch_prints_them(shape, scale):
    import torch

    a = (np.random.default_rng(0).standard_normal(shape) * scale).astype(np.float32)
    assert repr(tg.tensor(a)) == repr(torch.tensor(a))
    whole = np.round(a)
    assert repr(tg.tensor(whole)) == repr(torch.tensor(whole))
    integers = whole.astype(np.int64)
    assert repr(tg.tensor(integers)) == repr(torch.tensor(integers)).replace("torch.", "")
