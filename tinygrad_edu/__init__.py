"""tinygrad_edu: a from-scratch autograd engine with NumPy and CuPy backends."""

from . import _checkout, autograd
from ._version import __version__
from .autograd import Op, enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from .backend import device
from .backend.dtypes import bool_ as bool
from .backend.dtypes import float16, float32, float64, int8, int16, int32, int64, uint8, get_default_dtype, set_default_dtype
from .creation import *
from .ops.random import *
from .tensor import Tensor


def _publish():
    import importlib, pathlib
    for path in sorted((pathlib.Path(__file__).parent / "ops").glob("*.py")):
        if path.stem != "__init__":
            try:
                module = importlib.import_module(f"tinygrad_edu.ops.{path.stem}")
            except (ImportError, AttributeError, NameError, SyntaxError):
                continue
            for name in getattr(module, "__all__", ()):
                if hasattr(module, name):
                    globals()[name] = getattr(module, name)


_publish()
