"""Making tensors."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.errors import DeviceError, DTypeError, ShapeError


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.5, tg.float32),
        (3, tg.int64),
        (True, tg.bool),
        ([1.0, 2], tg.float32),
        ([[1, 2], [3, 4]], tg.int64),
        ([], tg.float32),
        (np.float64(2.0), tg.float64),
        (np.ones(2, np.float32), tg.float32),
        (np.ones(2), tg.float64),
        (np.ones(2, np.uint8), tg.uint8),
    ],
)
def test_dtype_of_data(data, dtype):
    assert tg.tensor(data).dtype == dtype


def test_tensor_copies_and_from_numpy_shares():
    a = np.ones(3)
    x, y, z = tg.tensor(a), tg.from_numpy(a), tg.as_tensor(a)
    a[0] = 5
    assert x[0].item() == 1
    assert y[0].item() == z[0].item() == 5
    y[1] = 7.0
    assert a[1] == 7


def test_a_list_of_tensors_becomes_one_tensor():
    x = tg.tensor([tg.tensor(1.0), tg.tensor(2.0)])
    np.testing.assert_array_equal(x.numpy(), [1, 2])


def test_default_dtype():
    tg.set_default_dtype(tg.float64)
    try:
        assert tg.tensor(1.0).dtype == tg.zeros(2).dtype == tg.randn(2).dtype == tg.arange(1.0).dtype == tg.float64
        assert repr(tg.tensor(1.0)) == "tensor(1.)"
    finally:
        tg.set_default_dtype(tg.float32)
    with pytest.raises(DTypeError, match="expected a floating type, got int64"):
        tg.set_default_dtype(tg.int64)


def test_shapes_as_numbers_and_as_a_sequence(device):
    for make in (tg.zeros, tg.ones, tg.empty, tg.rand, tg.randn):
        for size in ((2, 3), ((2, 3),), ([2, 3],)):
            x = make(*size, device=device)
            assert x.shape == (2, 3)
            assert x.dtype == tg.float32
            assert x.device.type == device
        assert make(0, 2).shape == (0, 2)
        assert make(()).shape == ()


def test_like_functions_keep_dtype_and_device(device):
    x = tg.zeros(2, 3, dtype=tg.float64, device=device)
    for make in (tg.zeros_like, tg.ones_like, tg.empty_like, tg.rand_like, tg.randn_like):
        y = make(x)
        assert (y.shape, y.dtype, y.device) == (x.shape, x.dtype, x.device)
    assert tg.full_like(x, 3).dtype == tg.float64
    assert tg.ones_like(x, dtype=tg.int64).dtype == tg.int64


@pytest.mark.parity
@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.arange(5),
        lambda m: m.arange(2, 7, 2),
        lambda m: m.arange(1, 2.5, 0.5),
        lambda m: m.arange(5, 0, -2),
        lambda m: m.arange(0),
        lambda m: m.arange(1.0),
        lambda m: m.arange(3, dtype=m.float64),
        lambda m: m.linspace(0, 1, 5),
        lambda m: m.linspace(-2, 3, 1),
        lambda m: m.linspace(1, 2, 0),
        lambda m: m.logspace(0, 2, 3),
        lambda m: m.logspace(0, 3, 4, base=2),
        lambda m: m.eye(3),
        lambda m: m.eye(2, 4),
        lambda m: m.full((2, 2), 7),
        lambda m: m.full((2,), 1.5),
        lambda m: m.full((2,), True),
        lambda m: m.tril_indices(3, 4, 1),
        lambda m: m.triu_indices(3, 4, -1),
        lambda m: m.zeros(2, dtype=m.int32),
    ],
)
def test_values_and_dtypes_match_torch(call):
    import torch

    ours, theirs = call(tg), call(torch)
    assert str(theirs.dtype) == f"torch.{ours.dtype}"
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)


def test_bad_arguments_are_refused():
    with pytest.raises(ShapeError, match=r"zeros: expected sizes >= 0, got \(-1, 2\)"):
        tg.zeros(-1, 2)
    with pytest.raises(DTypeError, match="zeros: expected integer sizes"):
        tg.zeros(1.5)
    with pytest.raises(ShapeError, match="a step of 1 never leads from 5 to 2"):
        tg.arange(5, 2)
    with pytest.raises(DTypeError, match="complex numbers are not supported"):
        tg.tensor(1j)
    with pytest.raises(DTypeError, match="nested lists of equal lengths"):
        tg.tensor([[1, 2], [3]])
    with pytest.raises(DTypeError, match=r"got <U1|got .*str|numbers"):
        tg.tensor("a")
    with pytest.raises(DTypeError, match="from_numpy: expected a numpy.ndarray, got list"):
        tg.from_numpy([1])
    with pytest.raises(DeviceError, match='expected "cpu", "cuda" or "cuda:N", got \'tpu\''):
        tg.zeros(2, device="tpu")
    with pytest.raises(DTypeError, match=r"dtype: expected something like tinygrad_edu.float32, got 'spam'"):
        tg.zeros(2, dtype="spam")


def test_no_gpu_is_one_clear_sentence(monkeypatch):
    monkeypatch.delenv("TINYGRAD_EDU_EMULATE_CUDA", raising=False)
    from tinygrad_edu.backend import cuda

    if cuda.is_available():
        pytest.skip("this machine has a usable GPU")
    with pytest.raises(DeviceError, match="TINYGRAD_EDU_EMULATE_CUDA=1"):
        tg.zeros(2, device="cuda")
