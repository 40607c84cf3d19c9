"""Finding a GPU, saying why there is none, and the small interface that is the same for CuPy and its stand-in."""

import importlib.machinery
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from tinygrad_edu.backend import cuda
from tinygrad_edu.errors import DeviceError
from tinygrad_edu.kernels.namespace import array_namespace

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _nothing_found_yet():
    cuda._find.cache_clear()
    yield
    cuda._find.cache_clear()


@pytest.fixture
def _emulated(monkeypatch):
    monkeypatch.setenv("TINYGRAD_EDU_EMULATE_CUDA", "1")


@pytest.fixture
def fake_cupy(monkeypatch):
    """A module `cupy` of which each test spoils a part."""
    monkeypatch.delenv("TINYGRAD_EDU_EMULATE_CUDA", raising=False)
    cupy = ModuleType("cupy")
    cupy.__spec__ = importlib.machinery.ModuleSpec("cupy", None)
    cupy.cuda = SimpleNamespace(runtime=SimpleNamespace(getDeviceCount=lambda: 1))
    cupy.arange, cupy.float32 = np.arange, np.float32
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    return cupy


def fails_with(error):
    def function(*args, **kwargs):
        raise error

    return function


def test_a_gpu_that_computes_is_found(fake_cupy):
    assert cuda.module() is fake_cupy
    assert cuda.is_available()
    assert cuda.unavailable_reason() == ""
    assert cuda.device_count() == 1
    assert not cuda.is_emulated()


def test_the_answer_is_remembered(fake_cupy):
    asked = []
    fake_cupy.cuda.runtime.getDeviceCount = lambda: asked.append(1) or 1
    for _ in range(3):
        cuda.module()
    assert len(asked) == 1


def test_cupy_not_installed(monkeypatch):
    monkeypatch.delenv("TINYGRAD_EDU_EMULATE_CUDA", raising=False)
    monkeypatch.setattr(cuda.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        DeviceError, match=r"CuPy is not installed; install it with: pip install 'tinygrad_edu\[cuda12\]'"
    ):
        cuda.module()


def test_cupy_that_cannot_be_imported(fake_cupy, monkeypatch):
    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "cupy":
                raise ImportError("libcublas.so.12: cannot open\nshared object file")

    monkeypatch.setattr(cuda.importlib.util, "find_spec", lambda name: object())
    monkeypatch.delitem(sys.modules, "cupy")
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    assert "cannot be imported (libcublas.so.12: cannot open shared object file)" in cuda.unavailable_reason()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            RuntimeError("cudaErrorInsufficientDriver: CUDA driver version is insufficient"),
            "driver is missing or older",
        ),
        (RuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected"), "no CUDA device is visible"),
    ],
)
def test_no_driver_and_no_device(fake_cupy, error, words):
    fake_cupy.cuda.runtime.getDeviceCount = fails_with(error)
    assert words in cuda.unavailable_reason()


def test_a_count_of_no_devices(fake_cupy):
    fake_cupy.cuda.runtime.getDeviceCount = lambda: 0
    assert "no CUDA device is visible" in cuda.unavailable_reason()


def test_a_first_kernel_that_fails(fake_cupy):
    fake_cupy.arange = fails_with(ValueError("no kernel image is available"))
    assert "a first kernel failed (ValueError: no kernel image is available)" in cuda.unavailable_reason()


def test_a_first_kernel_that_computes_wrongly(fake_cupy):
    fake_cupy.arange = lambda n, dtype: np.ones(n, dtype)
    assert "0 + 1 + 4 + 9 = 4.0" in cuda.unavailable_reason()


@pytest.mark.parametrize("spoil", [lambda c: setattr(c, "arange", fails_with(OSError("x\ny"))),
                                   lambda c: setattr(c.cuda.runtime, "getDeviceCount", lambda: 0)])  # fmt: skip
def test_every_reason_is_one_line_that_names_the_way_out(fake_cupy, spoil):
    spoil(fake_cupy)
    reason = cuda.unavailable_reason()
    assert reason.startswith("cuda: ")
    assert "\n" not in reason
    assert reason.endswith("or set TINYGRAD_EDU_EMULATE_CUDA=1 to run device 'cuda' on the CPU, slowly but strictly")
    assert not cuda.is_available()
    assert cuda.device_count() == 0
    for ask in (cuda.module, cuda.current_device, cuda.synchronize, lambda: cuda.on_device(0), cuda.linalg_errors):
        with pytest.raises(DeviceError, match="cuda: "):
            ask()


@pytest.mark.usefixtures("_emulated")
def test_the_stand_in_is_found_without_a_gpu():
    assert cuda.is_available()
    assert cuda.is_emulated()
    assert cuda.device_count() == 2
    assert cuda.unavailable_reason() == ""
    assert cuda.module().__name__.endswith("emulated_cupy")
    assert "CPU in place of CUDA device 1" in cuda.get_device_name(1)
    assert cuda.get_device_name() == cuda.get_device_name(0)


@pytest.mark.usefixtures("_emulated")
def test_arrays_go_to_a_device_and_back():
    host = np.arange(6.0).reshape(2, 3)
    for index in (0, 1):
        x = cuda.from_host(host, index)
        assert cuda.device_of(x) == index
        assert array_namespace(x) is cuda.module()
        assert not np.shares_memory(cuda.to_host(x), host)
        np.testing.assert_array_equal(cuda.to_host(x), host)
    assert cuda.current_device() == 0


@pytest.mark.usefixtures("_emulated")
@pytest.mark.parametrize("view", [lambda x: x, lambda x: x.T, lambda x: x[:, ::2], lambda x: x[0, 0]])
@pytest.mark.parametrize(("source", "target"), [(0, 1), (1, 0), (1, 1)])
def test_copies_between_devices_are_equal_and_own_their_memory(view, source, target):
    x = view(cuda.from_host(np.arange(6.0).reshape(2, 3), source))
    y = cuda.copy_to(x, target)
    assert cuda.device_of(y) == target
    assert cuda.device_of(x) == source
    np.testing.assert_array_equal(cuda.to_host(y), cuda.to_host(x))
    with cuda.on_device(target):
        y[...] = -1.0
    assert (cuda.to_host(x) >= 0).all()


@pytest.mark.usefixtures("_emulated")
def test_on_device_is_left_as_it_was_found_also_by_an_error():
    with cuda.on_device(1):
        assert cuda.current_device() == 1
        with cuda.on_device(0):
            assert cuda.current_device() == 0
        assert cuda.current_device() == 1
    with pytest.raises(ZeroDivisionError), cuda.on_device(1):
        raise ZeroDivisionError
    assert cuda.current_device() == 0
    cuda.synchronize()
    cuda.synchronize(1)


@pytest.mark.usefixtures("_emulated")
def test_memory_is_counted_by_device():
    before = cuda.memory_allocated()
    x = cuda.from_host(np.zeros(1000), 1)
    assert cuda.memory_allocated() == before
    with cuda.on_device(1):
        held = cuda.memory_allocated()
        assert held >= 8000
        del x
        assert cuda.memory_allocated() == held - 8000


@pytest.mark.usefixtures("_emulated")
def test_linalg_errors_are_raised_where_asked_for():
    xp = cuda.module()
    with cuda.linalg_errors(), pytest.raises(np.linalg.LinAlgError):
        xp.linalg.inv(xp.zeros((2, 2)))
    assert xp.isnan(xp.linalg.inv(xp.zeros((2, 2)))).all()


def test_array_namespace_of_host_arrays_and_of_strangers():
    assert array_namespace(np.zeros(2)) is np
    assert array_namespace(np.float32(1)) is np
    with pytest.raises(TypeError, match="expected a NumPy or CuPy array, got list"):
        array_namespace([1.0])


def test_array_namespace_knows_cupys_arrays_by_their_type(fake_cupy):
    class ndarray:
        pass

    fake_cupy.ndarray = ndarray
    assert array_namespace(ndarray()) is fake_cupy


def test_importing_the_backend_imports_no_cupy_and_no_stand_in():
    program = "import sys, tinygrad_edu.backend.cuda; print([m for m in sys.modules if 'cupy' in m])"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.gpu
def test_a_real_gpu_agrees_with_the_stand_in(monkeypatch):
    """The same calls on a GPU and on the stand-in: the numbers to rounding, the shapes and types exactly."""
    monkeypatch.delenv("TINYGRAD_EDU_EMULATE_CUDA", raising=False)
    if not cuda.is_available():
        pytest.skip(cuda.unavailable_reason())
    from tinygrad_edu.backend import emulated_cupy

    h = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)
    calls = [
        lambda m, x: m.exp(x).sum(axis=1, keepdims=True),
        lambda m, x: x @ x.T,
        lambda m, x: m.where(x > 0, x, 0.0),
        lambda m, x: x[m.asarray([2, 0])],
        lambda m, x: x[x > 0],
        lambda m, x: m.argsort(x, axis=1),
        lambda m, x: m.linalg.svd(x, full_matrices=False)[1],
        lambda m, x: m.einsum("ij,kj->ik", x, x),
        lambda m, x: x[0, 1] * 2,
        lambda m, x: x.astype(m.float16) + 1.0,
    ]
    for call in calls:
        real, emulated = (call(m, m.asarray(h)) for m in (cuda.module(), emulated_cupy))
        assert (real.shape, real.dtype) == (emulated.shape, emulated.dtype)
        np.testing.assert_allclose(real.get(), emulated.get(), rtol=1e-5, atol=1e-6)
