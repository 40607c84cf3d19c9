"""class Tensor: an array, its gradient, its place in the graph. Operators and methods are one line each, into ``ops/``."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from .autograd import gradients
from .autograd.op import Leaf, Op, Output
from .autograd.variable import Variable, make, node_of, version_of
from .backend import CPU, as_array, device, device_of, move
from .backend.dtypes import get_default_dtype, is_floating
from .errors import DeviceError, DTypeError, GradError, ShapeError
from . import printing
from .ops import arithmetic, inplace, moving


class Tensor(Variable):
    """An n-dimensional array that remembers how it was computed.

    Make one with ``tensor(data)``, ``zeros``, ``randn`` and the other functions of ``creation``. As in PyTorch,
    ``Tensor(data)`` makes floats, and ``Tensor(2, 3)`` an uninitialised tensor of that shape.
    """

    __slots__ = ()
    __array_priority__ = 1000  # NumPy leaves ``array + tensor`` to the tensor
    __array_ufunc__ = None

    def __init__(self, *data: Any):
        if len(data) == 1 and not isinstance(data[0], int):
            array = data[0].array if isinstance(data[0], Variable) else data[0]
            self.array = as_array(array, get_default_dtype(), "cpu" if not isinstance(data[0], Variable) else device_of(array))
        else:
            self.array = np.empty(data if data else (0,), get_default_dtype())
        self.node = self.version = self.origin = None

    # -- what it is

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of each dimension."""
        return self.array.shape

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    @property
    def dtype(self) -> np.dtype:
        """The data type of the elements."""
        return self.array.dtype

    @property
    def device(self) -> device:
        """Where the numbers lie."""
        return device_of(self.array)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        return self.array.shape if dim is None else self.array.shape[dim]

    def dim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    def numel(self) -> int:
        """The number of elements."""
        return int(self.array.size)

    # -- the graph

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded, for its gradient or that of what it came from."""
        return node_of(self) is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Start (or stop) recording operations on this leaf; returns it."""
        node = node_of(self)
        if isinstance(node, (Op, Output)):
            if requires_grad:
                return self
            raise GradError("requires_grad_: a tensor that was computed can't stop requiring a gradient; use .detach()")
        if not requires_grad:
            self.node = None
            return self
        if not is_floating(self.array.dtype):
            raise DTypeError(f"requires_grad_: only floating tensors have gradients, got {self.array.dtype}")
        self.origin = None  # a leaf: what happens to memory it shares is not its history
        self.node = self._leaf()
        return self

    def _leaf(self) -> Leaf:
        leaf = getattr(self, "leaf", None)
        if leaf is None:
            leaf = self.leaf = Leaf(self.array)
        leaf.describe(self.array)
        return leaf

    @property
    def is_leaf(self) -> bool:
        """True where the tensor was not computed by a recorded operation."""
        return not isinstance(node_of(self), (Op, Output))

    @property
    def grad_fn(self) -> Any:
        """The operation that made this tensor; None for a leaf."""
        return None if self.is_leaf else node_of(self)

    @property
    def grad(self) -> Any:
        """The gradient that backward added up, of this tensor's shape and dtype; None before."""
        leaf = getattr(self, "leaf", None)
        return None if leaf is None else leaf.grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if not isinstance(value, Variable):
                raise DTypeError(f"grad: expected a Tensor or None, got {type(value).__name__}")
            if value.array.shape != self.array.shape or value.array.dtype != self.array.dtype:
                raise GradError(
                    f"grad: expected shape {tuple(self.shape)} and {self.dtype} like the tensor, got {tuple(value.shape)} "
                    f"and {value.dtype}"
                )
        self._leaf().grad = value

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add the gradient of this tensor to the ``.grad`` of every leaf that it was computed from."""
        gradients.backward(self, gradient, retain_graph, create_graph, inputs)

    def retain_grad(self) -> None:
        """Keep ``.grad`` for this tensor too, though it is not a leaf."""
        node = node_of(self)
        if node is None:
            raise GradError("retain_grad: the tensor does not require a gradient")
        if isinstance(node, Leaf):
            return
        leaf = self._leaf()

        def keep(g: Any) -> None:
            leaf.grad = g if leaf.grad is None else leaf.grad + g

        node.hooks = {**(node.hooks or {}), ("retain", id(leaf)): keep}

    def register_hook(self, hook: Callable) -> RemovableHandle:
        """Call ``hook(gradient)`` when this tensor's gradient is complete; what it returns (not None) takes its place."""
        node = node_of(self)
        if node is None:
            raise GradError("register_hook: the tensor does not require a gradient")
        handle = RemovableHandle(node)
        retained = {k: v for k, v in (node.hooks or {}).items() if isinstance(k, tuple)}  # these see what hooks made
        node.hooks = {k: v for k, v in (node.hooks or {}).items() if k not in retained} | {handle: hook} | retained
        return handle

    def register_post_accumulate_grad_hook(self, hook: Callable) -> RemovableHandle:
        """Call ``hook(tensor)`` when a backward pass has added to the ``.grad`` of this leaf."""
        if not isinstance(node_of(self), Leaf):
            raise GradError("register_post_accumulate_grad_hook: expected a leaf tensor that requires a gradient")
        leaf, tensor = self._leaf(), weakref.ref(self)
        handle = RemovableHandle(leaf, "after")
        leaf.after = {**(leaf.after or {}), handle: lambda: hook(tensor())}
        return handle

    def detach_(self) -> Any:
        """Forget the history, in place."""
        if self.origin is not None:
            raise GradError("detach_: a view can't forget its history in place; use .detach()")
        self.node = None
        return self

    def detach(self) -> Any:
        """The same memory without the history."""
        x = make(self.result_class, self.array)
        x.version = version_of(self)
        return x

    @property
    def data(self) -> Any:
        """The same memory without the history, and without counting changes: for those who know what they do."""
        return make(self.result_class, self.array)

    @data.setter
    def data(self, value: Any) -> None:
        self.array = value.array
        if isinstance(self.node, Leaf):
            self.node.describe(self.array)

    # -- out of here

    def numpy(self) -> np.ndarray:
        """The array itself, sharing memory (on the CPU, and without a gradient)."""
        if self.requires_grad:
            raise GradError("numpy: the tensor requires a gradient; use .detach().numpy()")
        if not isinstance(self.array, np.ndarray):
            raise DeviceError(f"numpy: the tensor is on {self.device}; use .cpu().numpy()")
        return self.array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def item(self) -> Any:
        """The one element, as a Python number."""
        if self.array.size != 1:
            raise ShapeError(f"item: expected one element, got shape {tuple(self.shape)}; use .tolist()")
        value = self.array.item()
        return value if isinstance(value, bool | int | float) else float(value)  # bfloat16 gives its own scalar

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers; a number where there is no dimension."""
        array = move(self.array, CPU)
        return (array.astype(np.float32) if array.dtype.name == "bfloat16" else array).tolist()

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise ShapeError(f"bool: only one element is true or false, got shape {tuple(self.shape)}; use .any() or .all()")
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.array.size != 1 or self.array.dtype.kind not in "iub":
            raise DTypeError(f"index: expected one integer, got {self.dtype} of shape {tuple(self.shape)}")
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.array.ndim == 0 and spec else format(str(self), spec)

    def __repr__(self) -> str:
        return printing.describe(self)

    __hash__ = object.__hash__  # a tensor is a key by being itself, though == compares elements

    def __deepcopy__(self, memo: dict) -> Any:
        if not self.is_leaf:
            raise GradError("deepcopy: only leaf tensors can be copied with their place in the graph; use .detach().clone()")
        x = type(self).__new__(type(self))
        memo[id(self)] = x
        x.__setstate__((self.array.copy(), self.requires_grad, deepcopy(self.grad, memo), deepcopy(getattr(self, "__dict__", {}), memo)))
        return x

    def __reduce__(self) -> tuple:
        if not self.is_leaf:
            raise GradError("pickle: only leaf tensors can be saved; use .detach()")
        state = (move(self.array, CPU), self.requires_grad, self.grad, getattr(self, "__dict__", {}), str(self.device))
        return _blank, (type(self),), state

    def __setstate__(self, state: tuple) -> None:
        array, requires_grad, grad, attributes, *where = state
        self.array = move(array, where[0]) if where else array
        self.node = self.version = self.origin = None
        for name, value in attributes.items():
            setattr(self, name, value)
        if requires_grad:
            self.requires_grad_()
        if grad is not None:
            self.grad = grad

    # -- what it is, in PyTorch's other words

    @property
    def is_cuda(self) -> bool:
        """True on a CUDA device."""
        return not isinstance(self.array, np.ndarray)

    @property
    def itemsize(self) -> int:
        """Bytes an element."""
        return self.array.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return int(self.array.nbytes)

    @property
    def layout(self) -> str:
        """How the elements lie: always by strides."""
        return "strided"

    def element_size(self) -> int:
        """Bytes an element."""
        return self.array.dtype.itemsize

    def nelement(self) -> int:
        """The number of elements."""
        return int(self.array.size)

    def ndimension(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    def is_floating_point(self) -> bool:
        """True for float16, bfloat16, float32 and float64."""
        return is_floating(self.array.dtype)

    @property
    def _version(self) -> int:
        """How often this memory was changed in place."""
        return version_of(self)[0]

    # -- tensors like this one

    def new_tensor(self, data: Any, **options: Any) -> Any:
        """``tensor(data)`` in this dtype, on this device, unless told otherwise."""
        return creation.tensor(data, **self._like(options))

    def new_zeros(self, *size: Any, **options: Any) -> Any:
        """Zeros in this dtype, on this device."""
        return creation.zeros(*size, **self._like(options))

    def new_ones(self, *size: Any, **options: Any) -> Any:
        """Ones in this dtype, on this device."""
        return creation.ones(*size, **self._like(options))

    def new_empty(self, *size: Any, **options: Any) -> Any:
        """Uninitialised memory in this dtype, on this device."""
        return creation.empty(*size, **self._like(options))

    def new_full(self, size: Any, fill_value: Any, **options: Any) -> Any:
        """One number in this dtype, on this device."""
        return creation.full(size, fill_value, **self._like(options))

    def _like(self, options: dict) -> dict:
        return {"dtype": self.dtype, "device": self.device, **{k: v for k, v in options.items() if v is not None}}

    # -- operations: one line each, by family

    to = moving.to
    cpu = moving.cpu
    cuda = moving.cuda
    type = moving.type_
    type_as = moving.type_as
    half = moving.half
    bfloat16 = moving.bfloat
    float = moving.single
    double = moving.double
    bool = moving.boolean
    byte = moving.byte
    char = moving.char
    short = moving.short
    int = moving.integer
    long = moving.long


class RemovableHandle:
    """Removes a hook: ``handle.remove()``, or at the end of a ``with`` block."""

    def __init__(self, node: Any, kind: str = "hooks"):
        self.node, self.kind = node, kind

    def remove(self) -> None:
        """Take the hook away; a second time does nothing."""
        hooks = getattr(self.node, self.kind)
        if hooks:
            hooks.pop(self, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def _blank(cls: Any) -> Any:
    """An empty tensor that unpickling fills."""
    return cls.__new__(cls)


def _attach() -> None:  # replaced by explicit lines in the class body when the families are complete
    import importlib
    import pathlib

    for path in sorted((pathlib.Path(__file__).parent / "ops").glob("*.py")):
        if path.stem == "__init__":
            continue
        try:
            module = importlib.import_module(f"tinygrad_edu.ops.{path.stem}")
        except (ImportError, AttributeError, NameError, SyntaxError) as error:
            print("half-written:", path.stem, error)
            continue
        for name in [n for n in getattr(module, "METHODS", ()) if hasattr(module, n)]:
            setattr(Tensor, name, getattr(module, name))
        for name in [n for n in getattr(module, "INPLACE", ()) if hasattr(module, n)]:
            setattr(Tensor, name + "_", inplace.in_place(name + "_", getattr(module, name)))
        for name, function in getattr(module, "DUNDERS", {}).items():
            setattr(Tensor, name, function)


_attach()
Tensor.result_class = Tensor
for _name, _operator in arithmetic.operators(Tensor).items():
    setattr(Tensor, _name, _operator)
Op.tensor_class = Tensor

from . import creation  # noqa: E402  (creation makes Tensors, and a Tensor makes others like itself)
