"""class Tensor: an array, its gradient, its place in the graph. Operators and methods are one line each, into ``ops/``."""

from __future__ import annotations

import builtins
import weakref
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from . import ops, printing
from .autograd import gradients
from .autograd.op import Leaf, Op, Output
from .autograd.variable import Variable, make, node_of, version_of
from .backend import CPU, as_array, device, device_of, dtypes, move
from .backend.dtypes import get_default_dtype, is_floating
from .errors import DeviceError, DTypeError, GradError, ShapeError
from .ops.inplace import in_place, reshape_in_place
from .ops.operators import later, operator, reflected


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
            self.array = as_array(
                array, get_default_dtype(), "cpu" if not isinstance(data[0], Variable) else device_of(array)
            )
        else:
            self.array = np.empty(data if data else (0,), get_default_dtype())
        self.node = self.version = self.origin = None

    # -- what it is

    @property
    def shape(self) -> tuple[builtins.int, ...]:
        """The size of each dimension."""
        return self.array.shape

    @property
    def ndim(self) -> builtins.int:
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

    def size(self, dim: builtins.int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        return self.array.shape if dim is None else self.array.shape[dim]

    def dim(self) -> builtins.int:
        """The number of dimensions."""
        return self.array.ndim

    def numel(self) -> builtins.int:
        """The number of elements."""
        return int(self.array.size)

    # -- the graph

    @property
    def requires_grad(self) -> builtins.bool:
        """Whether operations on this tensor are recorded, for its gradient or that of what it came from."""
        return node_of(self) is not None

    @requires_grad.setter
    def requires_grad(self, value: builtins.bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: builtins.bool = True) -> Any:
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
    def is_leaf(self) -> builtins.bool:
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
        self,
        gradient: Any = None,
        retain_graph: builtins.bool | None = None,
        create_graph: builtins.bool = False,
        inputs: Any = None,
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

    def __array__(self, dtype: Any = None, copy: builtins.bool | None = None) -> np.ndarray:
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

    def __bool__(self) -> builtins.bool:
        if self.array.size != 1:
            raise ShapeError(
                f"bool: only one element is true or false, got shape {tuple(self.shape)}; use .any() or .all()"
            )
        return bool(self.item())

    def __float__(self) -> builtins.float:
        return float(self.item())

    def __int__(self) -> builtins.int:
        return int(self.item())

    def __index__(self) -> builtins.int:
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
            raise GradError(
                "deepcopy: only leaf tensors can be copied with their place in the graph; use .detach().clone()"
            )
        x = type(self).__new__(type(self))
        memo[id(self)] = x
        x.__setstate__(
            (
                self.array.copy(),
                self.requires_grad,
                deepcopy(self.grad, memo),
                deepcopy(getattr(self, "__dict__", {}), memo),
            )
        )
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
    def is_cuda(self) -> builtins.bool:
        """True on a CUDA device."""
        return not isinstance(self.array, np.ndarray)

    @property
    def itemsize(self) -> builtins.int:
        """Bytes an element."""
        return self.array.dtype.itemsize

    @property
    def nbytes(self) -> builtins.int:
        """Bytes of all elements."""
        return int(self.array.nbytes)

    @property
    def layout(self) -> str:
        """How the elements lie: always by strides."""
        return "strided"

    def element_size(self) -> builtins.int:
        """Bytes an element."""
        return self.array.dtype.itemsize

    def nelement(self) -> builtins.int:
        """The number of elements."""
        return int(self.array.size)

    def ndimension(self) -> builtins.int:
        """The number of dimensions."""
        return self.array.ndim

    def is_floating_point(self) -> builtins.bool:
        """True for float16, bfloat16, float32 and float64."""
        return is_floating(self.array.dtype)

    @property
    def _version(self) -> builtins.int:
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

    # arithmetic
    add = ops.arithmetic.add
    mul = ops.arithmetic.mul
    sub = ops.arithmetic.sub
    true_divide = ops.arithmetic.true_divide
    add_ = in_place("add_", ops.arithmetic.add)
    mul_ = in_place("mul_", ops.arithmetic.mul)
    sub_ = in_place("sub_", ops.arithmetic.sub)
    true_divide_ = in_place("true_divide_", ops.arithmetic.true_divide)

    # binary
    addcdiv = ops.binary.addcdiv
    addcmul = ops.binary.addcmul
    arctan2 = ops.binary.arctan2
    atan2 = ops.binary.atan2
    copysign = ops.binary.copysign
    heaviside = ops.binary.heaviside
    hypot = ops.binary.hypot
    lerp = ops.binary.lerp
    logaddexp = ops.binary.logaddexp
    logaddexp2 = ops.binary.logaddexp2
    multiply = ops.binary.multiply
    subtract = ops.binary.subtract
    xlogy = ops.binary.xlogy
    addcdiv_ = in_place("addcdiv_", ops.binary.addcdiv)
    addcmul_ = in_place("addcmul_", ops.binary.addcmul)
    arctan2_ = in_place("arctan2_", ops.binary.arctan2)
    atan2_ = in_place("atan2_", ops.binary.atan2)
    copysign_ = in_place("copysign_", ops.binary.copysign)
    heaviside_ = in_place("heaviside_", ops.binary.heaviside)
    hypot_ = in_place("hypot_", ops.binary.hypot)
    lerp_ = in_place("lerp_", ops.binary.lerp)
    multiply_ = in_place("multiply_", ops.binary.multiply)
    subtract_ = in_place("subtract_", ops.binary.subtract)
    xlogy_ = in_place("xlogy_", ops.binary.xlogy)

    # bitwise
    bitwise_and = ops.bitwise.bitwise_and
    bitwise_left_shift = ops.bitwise.bitwise_left_shift
    bitwise_not = ops.bitwise.bitwise_not
    bitwise_or = ops.bitwise.bitwise_or
    bitwise_right_shift = ops.bitwise.bitwise_right_shift
    bitwise_xor = ops.bitwise.bitwise_xor
    bitwise_and_ = in_place("bitwise_and_", ops.bitwise.bitwise_and)
    bitwise_left_shift_ = in_place("bitwise_left_shift_", ops.bitwise.bitwise_left_shift)
    bitwise_not_ = in_place("bitwise_not_", ops.bitwise.bitwise_not)
    bitwise_or_ = in_place("bitwise_or_", ops.bitwise.bitwise_or)
    bitwise_right_shift_ = in_place("bitwise_right_shift_", ops.bitwise.bitwise_right_shift)
    bitwise_xor_ = in_place("bitwise_xor_", ops.bitwise.bitwise_xor)

    # choosing
    clamp = ops.choosing.clamp
    clamp_max = ops.choosing.clamp_max
    clamp_min = ops.choosing.clamp_min
    clip = ops.choosing.clip
    fmax = ops.choosing.fmax
    fmin = ops.choosing.fmin
    maximum = ops.choosing.maximum
    minimum = ops.choosing.minimum
    nan_to_num = ops.choosing.nan_to_num
    clamp_ = in_place("clamp_", ops.choosing.clamp)
    clamp_max_ = in_place("clamp_max_", ops.choosing.clamp_max)
    clamp_min_ = in_place("clamp_min_", ops.choosing.clamp_min)
    clip_ = in_place("clip_", ops.choosing.clip)
    nan_to_num_ = in_place("nan_to_num_", ops.choosing.nan_to_num)
    where = ops.choosing.where_of

    # comparison
    allclose = ops.comparison.allclose
    eq = ops.comparison.eq
    equal = ops.comparison.equal
    ge = ops.comparison.ge
    greater = ops.comparison.greater
    greater_equal = ops.comparison.greater_equal
    gt = ops.comparison.gt
    isclose = ops.comparison.isclose
    isfinite = ops.comparison.isfinite
    isinf = ops.comparison.isinf
    isnan = ops.comparison.isnan
    isneginf = ops.comparison.isneginf
    isposinf = ops.comparison.isposinf
    isreal = ops.comparison.isreal
    le = ops.comparison.le
    less = ops.comparison.less
    less_equal = ops.comparison.less_equal
    logical_and = ops.comparison.logical_and
    logical_not = ops.comparison.logical_not
    logical_or = ops.comparison.logical_or
    logical_xor = ops.comparison.logical_xor
    lt = ops.comparison.lt
    ne = ops.comparison.ne
    not_equal = ops.comparison.not_equal
    signbit = ops.comparison.signbit
    eq_ = in_place("eq_", ops.comparison.eq)
    ge_ = in_place("ge_", ops.comparison.ge)
    greater_ = in_place("greater_", ops.comparison.greater)
    greater_equal_ = in_place("greater_equal_", ops.comparison.greater_equal)
    gt_ = in_place("gt_", ops.comparison.gt)
    le_ = in_place("le_", ops.comparison.le)
    less_ = in_place("less_", ops.comparison.less)
    less_equal_ = in_place("less_equal_", ops.comparison.less_equal)
    logical_and_ = in_place("logical_and_", ops.comparison.logical_and)
    logical_not_ = in_place("logical_not_", ops.comparison.logical_not)
    logical_or_ = in_place("logical_or_", ops.comparison.logical_or)
    logical_xor_ = in_place("logical_xor_", ops.comparison.logical_xor)
    lt_ = in_place("lt_", ops.comparison.lt)
    ne_ = in_place("ne_", ops.comparison.ne)
    not_equal_ = in_place("not_equal_", ops.comparison.not_equal)

    # cumulative
    cummax = ops.cumulative.cummax
    cummin = ops.cumulative.cummin
    cumprod = ops.cumulative.cumprod
    cumsum = ops.cumulative.cumsum
    diff = ops.cumulative.diff
    logcumsumexp = ops.cumulative.logcumsumexp
    cumprod_ = in_place("cumprod_", ops.cumulative.cumprod)
    cumsum_ = in_place("cumsum_", ops.cumulative.cumsum)

    # diagonals
    diag = ops.diagonals.diag
    diag_embed = ops.diagonals.diag_embed
    diagflat = ops.diagonals.diagflat
    diagonal = ops.diagonals.diagonal
    diagonal_scatter = ops.diagonals.diagonal_scatter
    tril = ops.diagonals.tril
    triu = ops.diagonals.triu
    tril_ = in_place("tril_", ops.diagonals.tril)
    triu_ = in_place("triu_", ops.diagonals.triu)

    # distinct
    bincount = ops.distinct.bincount
    histc = ops.distinct.histc
    unique = ops.distinct.unique
    unique_consecutive = ops.distinct.unique_consecutive

    # division
    div = ops.division.div
    divide = ops.division.divide
    floor_divide = ops.division.floor_divide
    fmod = ops.division.fmod
    remainder = ops.division.remainder
    div_ = in_place("div_", ops.division.div)
    divide_ = in_place("divide_", ops.division.divide)
    floor_divide_ = in_place("floor_divide_", ops.division.floor_divide)
    fmod_ = in_place("fmod_", ops.division.fmod)
    remainder_ = in_place("remainder_", ops.division.remainder)

    # elementwise
    abs = ops.elementwise.abs
    absolute = ops.elementwise.absolute
    exp = ops.elementwise.exp
    exp2 = ops.elementwise.exp2
    expm1 = ops.elementwise.expm1
    log = ops.elementwise.log
    log10 = ops.elementwise.log10
    log1p = ops.elementwise.log1p
    log2 = ops.elementwise.log2
    neg = ops.elementwise.neg
    negative = ops.elementwise.negative
    positive = ops.elementwise.positive
    reciprocal = ops.elementwise.reciprocal
    relu = ops.elementwise.relu
    rsqrt = ops.elementwise.rsqrt
    sgn = ops.elementwise.sgn
    sigmoid = ops.elementwise.sigmoid
    sign = ops.elementwise.sign
    sqrt = ops.elementwise.sqrt
    abs_ = in_place("abs_", ops.elementwise.abs)
    absolute_ = in_place("absolute_", ops.elementwise.absolute)
    exp_ = in_place("exp_", ops.elementwise.exp)
    exp2_ = in_place("exp2_", ops.elementwise.exp2)
    expm1_ = in_place("expm1_", ops.elementwise.expm1)
    log_ = in_place("log_", ops.elementwise.log)
    log10_ = in_place("log10_", ops.elementwise.log10)
    log1p_ = in_place("log1p_", ops.elementwise.log1p)
    log2_ = in_place("log2_", ops.elementwise.log2)
    neg_ = in_place("neg_", ops.elementwise.neg)
    negative_ = in_place("negative_", ops.elementwise.negative)
    reciprocal_ = in_place("reciprocal_", ops.elementwise.reciprocal)
    relu_ = in_place("relu_", ops.elementwise.relu)
    rsqrt_ = in_place("rsqrt_", ops.elementwise.rsqrt)
    sgn_ = in_place("sgn_", ops.elementwise.sgn)
    sigmoid_ = in_place("sigmoid_", ops.elementwise.sigmoid)
    sign_ = in_place("sign_", ops.elementwise.sign)
    sqrt_ = in_place("sqrt_", ops.elementwise.sqrt)

    # extrema
    amax = ops.extrema.amax
    amin = ops.extrema.amin
    aminmax = ops.extrema.aminmax
    argmax = ops.extrema.argmax
    argmin = ops.extrema.argmin
    max = ops.extrema.max
    min = ops.extrema.min

    # filling
    copy_ = ops.filling.copy_
    zero_ = ops.filling.zero_
    fill_ = in_place("fill_", ops.filling.fill)

    # gathering
    argwhere = ops.gathering.argwhere
    gather = ops.gathering.gather
    masked_fill = ops.gathering.masked_fill
    masked_scatter = ops.gathering.masked_scatter
    masked_select = ops.gathering.masked_select
    nonzero = ops.gathering.nonzero
    scatter = ops.gathering.scatter
    scatter_add = ops.gathering.scatter_add
    scatter_reduce = ops.gathering.scatter_reduce
    take_along_dim = ops.gathering.take_along_dim
    masked_fill_ = in_place("masked_fill_", ops.gathering.masked_fill)
    masked_scatter_ = in_place("masked_scatter_", ops.gathering.masked_scatter)
    scatter_ = in_place("scatter_", ops.gathering.scatter)
    scatter_add_ = in_place("scatter_add_", ops.gathering.scatter_add)
    scatter_reduce_ = in_place("scatter_reduce_", ops.gathering.scatter_reduce)

    # index_functions
    index_add = ops.index_functions.index_add
    index_copy = ops.index_functions.index_copy
    index_fill = ops.index_functions.index_fill
    index_put = ops.index_functions.index_put
    index_put_ = ops.index_functions.index_put_
    index_select = ops.index_functions.index_select
    take = ops.index_functions.take
    index_add_ = in_place("index_add_", ops.index_functions.index_add)
    index_copy_ = in_place("index_copy_", ops.index_functions.index_copy)
    index_fill_ = in_place("index_fill_", ops.index_functions.index_fill)

    # indexing
    narrow = ops.indexing.narrow
    select = ops.indexing.select
    select_scatter = ops.indexing.select_scatter
    slice_scatter = ops.indexing.slice_scatter
    __contains__ = ops.indexing.contains
    __getitem__ = ops.indexing.getitem
    __iter__ = ops.indexing.iterate
    __len__ = ops.indexing.length
    __setitem__ = ops.indexing.setitem

    # joining
    chunk = ops.joining.chunk
    dsplit = ops.joining.dsplit
    hsplit = ops.joining.hsplit
    split = ops.joining.split
    split_with_sizes = ops.joining.split_with_sizes
    tensor_split = ops.joining.tensor_split
    unbind = ops.joining.unbind
    vsplit = ops.joining.vsplit

    # matmul
    addbmm = ops.matmul.addbmm
    addmm = ops.matmul.addmm
    addmv = ops.matmul.addmv
    addr = ops.matmul.addr
    baddbmm = ops.matmul.baddbmm
    bmm = ops.matmul.bmm
    dot = ops.matmul.dot
    ger = ops.matmul.ger
    inner = ops.matmul.inner
    kron = ops.matmul.kron
    matmul = ops.matmul.matmul
    mm = ops.matmul.mm
    mv = ops.matmul.mv
    outer = ops.matmul.outer
    trace = ops.matmul.trace
    vdot = ops.matmul.vdot
    addbmm_ = in_place("addbmm_", ops.matmul.addbmm)
    addmm_ = in_place("addmm_", ops.matmul.addmm)
    addmv_ = in_place("addmv_", ops.matmul.addmv)
    addr_ = in_place("addr_", ops.matmul.addr)
    baddbmm_ = in_place("baddbmm_", ops.matmul.baddbmm)
    __matmul__ = ops.matmul.at
    __rmatmul__ = ops.matmul.reflected_at
    __imatmul__ = in_place("__imatmul__", ops.matmul.at)

    # matrices: this family and what it stands on are imported when first used
    cholesky = later("matrices", "cholesky")
    cholesky_inverse = later("matrices", "cholesky_inverse")
    cholesky_solve = later("matrices", "cholesky_solve")
    cross = later("matrices", "cross")
    det = later("matrices", "det")
    inverse = later("matrices", "inverse")
    logdet = later("matrices", "logdet")
    matrix_exp = later("matrices", "matrix_exp")
    matrix_power = later("matrices", "matrix_power")
    pinverse = later("matrices", "pinverse")
    qr = later("matrices", "qr")
    slogdet = later("matrices", "slogdet")
    svd = later("matrices", "svd")

    # power
    float_power = ops.power.float_power
    pow = ops.power.pow
    square = ops.power.square
    float_power_ = in_place("float_power_", ops.power.float_power)
    pow_ = in_place("pow_", ops.power.pow)
    square_ = in_place("square_", ops.power.square)

    # quantiles
    median = ops.quantiles.median
    mode = ops.quantiles.mode
    nanmedian = ops.quantiles.nanmedian
    nanquantile = ops.quantiles.nanquantile
    quantile = ops.quantiles.quantile

    # random
    bernoulli = ops.random.bernoulli
    bernoulli_ = ops.random.bernoulli_
    cauchy_ = ops.random.cauchy_
    exponential_ = ops.random.exponential_
    geometric_ = ops.random.geometric_
    log_normal_ = ops.random.log_normal_
    multinomial = ops.random.multinomial
    normal_ = ops.random.normal_
    random_ = ops.random.random_
    uniform_ = ops.random.uniform_

    # rearranging
    flip = ops.rearranging.flip
    fliplr = ops.rearranging.fliplr
    flipud = ops.rearranging.flipud
    repeat = ops.rearranging.repeat
    repeat_interleave = ops.rearranging.repeat_interleave
    roll = ops.rearranging.roll
    rot90 = ops.rearranging.rot90
    tile = ops.rearranging.tile

    # reduction
    all = ops.reduction.all
    any = ops.reduction.any
    count_nonzero = ops.reduction.count_nonzero
    mean = ops.reduction.mean
    nanmean = ops.reduction.nanmean
    nansum = ops.reduction.nansum
    prod = ops.reduction.prod
    sum = ops.reduction.sum

    # rounding
    ceil = ops.rounding.ceil
    fix = ops.rounding.fix
    floor = ops.rounding.floor
    frac = ops.rounding.frac
    round = ops.rounding.round
    trunc = ops.rounding.trunc
    ceil_ = in_place("ceil_", ops.rounding.ceil)
    fix_ = in_place("fix_", ops.rounding.fix)
    floor_ = in_place("floor_", ops.rounding.floor)
    frac_ = in_place("frac_", ops.rounding.frac)
    round_ = in_place("round_", ops.rounding.round)
    trunc_ = in_place("trunc_", ops.rounding.trunc)

    # shape
    H = ops.shape.H
    T = ops.shape.T
    adjoint = ops.shape.adjoint
    broadcast_to = ops.shape.broadcast_to
    clone = ops.shape.clone
    contiguous = ops.shape.contiguous
    data_ptr = ops.shape.data_ptr
    expand = ops.shape.expand
    expand_as = ops.shape.expand_as
    flatten = ops.shape.flatten
    is_contiguous = ops.shape.is_contiguous
    mH = ops.shape.mH
    mT = ops.shape.mT
    moveaxis = ops.shape.moveaxis
    movedim = ops.shape.movedim
    permute = ops.shape.permute
    ravel = ops.shape.ravel
    reshape = ops.shape.reshape
    reshape_as = ops.shape.reshape_as
    squeeze = ops.shape.squeeze
    storage_offset = ops.shape.storage_offset
    stride = ops.shape.stride
    swapaxes = ops.shape.swapaxes
    swapdims = ops.shape.swapdims
    t = ops.shape.t
    transpose = ops.shape.transpose
    unflatten = ops.shape.unflatten
    unsqueeze = ops.shape.unsqueeze
    view = ops.shape.view
    view_as = ops.shape.view_as
    squeeze_ = reshape_in_place("squeeze_", ops.shape.squeeze)
    swapaxes_ = reshape_in_place("swapaxes_", ops.shape.swapaxes)
    swapdims_ = reshape_in_place("swapdims_", ops.shape.swapdims)
    t_ = reshape_in_place("t_", ops.shape.t)
    transpose_ = reshape_in_place("transpose_", ops.shape.transpose)
    unsqueeze_ = reshape_in_place("unsqueeze_", ops.shape.unsqueeze)

    # softmax
    log_softmax = ops.softmax.log_softmax
    logsumexp = ops.softmax.logsumexp
    softmax = ops.softmax.softmax

    # sorting
    argsort = ops.sorting.argsort
    kthvalue = ops.sorting.kthvalue
    msort = ops.sorting.msort
    sort = ops.sorting.sort
    topk = ops.sorting.topk

    # special
    digamma = ops.special.digamma
    erf = ops.special.erf
    erfc = ops.special.erfc
    erfinv = ops.special.erfinv
    lgamma = ops.special.lgamma
    logit = ops.special.logit
    digamma_ = in_place("digamma_", ops.special.digamma)
    erf_ = in_place("erf_", ops.special.erf)
    erfc_ = in_place("erfc_", ops.special.erfc)
    erfinv_ = in_place("erfinv_", ops.special.erfinv)
    lgamma_ = in_place("lgamma_", ops.special.lgamma)
    logit_ = in_place("logit_", ops.special.logit)
    polygamma = ops.special.polygamma_of
    polygamma_ = in_place("polygamma_", ops.special.polygamma_of)

    # statistics
    norm = ops.statistics.norm
    std = ops.statistics.std
    var = ops.statistics.var

    # striding
    as_strided = ops.striding.as_strided
    unfold = ops.striding.unfold

    # trigonometry
    acos = ops.trigonometry.acos
    acosh = ops.trigonometry.acosh
    arccos = ops.trigonometry.arccos
    arccosh = ops.trigonometry.arccosh
    arcsin = ops.trigonometry.arcsin
    arcsinh = ops.trigonometry.arcsinh
    arctan = ops.trigonometry.arctan
    arctanh = ops.trigonometry.arctanh
    asin = ops.trigonometry.asin
    asinh = ops.trigonometry.asinh
    atan = ops.trigonometry.atan
    atanh = ops.trigonometry.atanh
    cos = ops.trigonometry.cos
    cosh = ops.trigonometry.cosh
    deg2rad = ops.trigonometry.deg2rad
    rad2deg = ops.trigonometry.rad2deg
    sin = ops.trigonometry.sin
    sinc = ops.trigonometry.sinc
    sinh = ops.trigonometry.sinh
    tan = ops.trigonometry.tan
    tanh = ops.trigonometry.tanh
    acos_ = in_place("acos_", ops.trigonometry.acos)
    acosh_ = in_place("acosh_", ops.trigonometry.acosh)
    arccos_ = in_place("arccos_", ops.trigonometry.arccos)
    arccosh_ = in_place("arccosh_", ops.trigonometry.arccosh)
    arcsin_ = in_place("arcsin_", ops.trigonometry.arcsin)
    arcsinh_ = in_place("arcsinh_", ops.trigonometry.arcsinh)
    arctan_ = in_place("arctan_", ops.trigonometry.arctan)
    arctanh_ = in_place("arctanh_", ops.trigonometry.arctanh)
    asin_ = in_place("asin_", ops.trigonometry.asin)
    asinh_ = in_place("asinh_", ops.trigonometry.asinh)
    atan_ = in_place("atan_", ops.trigonometry.atan)
    atanh_ = in_place("atanh_", ops.trigonometry.atanh)
    cos_ = in_place("cos_", ops.trigonometry.cos)
    cosh_ = in_place("cosh_", ops.trigonometry.cosh)
    deg2rad_ = in_place("deg2rad_", ops.trigonometry.deg2rad)
    rad2deg_ = in_place("rad2deg_", ops.trigonometry.rad2deg)
    sin_ = in_place("sin_", ops.trigonometry.sin)
    sinc_ = in_place("sinc_", ops.trigonometry.sinc)
    sinh_ = in_place("sinh_", ops.trigonometry.sinh)
    tan_ = in_place("tan_", ops.trigonometry.tan)
    tanh_ = in_place("tanh_", ops.trigonometry.tanh)

    # operators; x + y, x - y, x * y and x / y themselves are set below the class
    __neg__ = ops.elementwise.neg
    __pos__ = ops.elementwise.positive
    __abs__ = ops.elementwise.abs
    __invert__ = ops.bitwise.bitwise_not
    __pow__ = operator(ops.power.pow)
    __floordiv__ = operator(ops.division.floor_divide)
    __mod__ = operator(ops.division.remainder)
    __and__ = operator(ops.bitwise.bitwise_and)
    __or__ = operator(ops.bitwise.bitwise_or)
    __xor__ = operator(ops.bitwise.bitwise_xor)
    __lshift__ = operator(ops.bitwise.bitwise_left_shift)
    __rshift__ = operator(ops.bitwise.bitwise_right_shift)
    __eq__ = operator(ops.comparison.eq)
    __ne__ = operator(ops.comparison.ne)
    __lt__ = operator(ops.comparison.lt)
    __le__ = operator(ops.comparison.le)
    __gt__ = operator(ops.comparison.gt)
    __ge__ = operator(ops.comparison.ge)
    __radd__ = reflected(ops.arithmetic.add)
    __rsub__ = reflected(ops.arithmetic.sub)
    __rmul__ = reflected(ops.arithmetic.mul)
    __rtruediv__ = reflected(ops.arithmetic.true_divide)
    __rpow__ = reflected(ops.power.pow)
    __rfloordiv__ = reflected(ops.division.floor_divide)
    __rmod__ = reflected(ops.division.remainder)
    __rand__ = reflected(ops.bitwise.bitwise_and)
    __ror__ = reflected(ops.bitwise.bitwise_or)
    __rxor__ = reflected(ops.bitwise.bitwise_xor)
    __rlshift__ = reflected(ops.bitwise.bitwise_left_shift)
    __rrshift__ = reflected(ops.bitwise.bitwise_right_shift)
    __iadd__ = in_place("__iadd__", ops.arithmetic.add)
    __isub__ = in_place("__isub__", ops.arithmetic.sub)
    __imul__ = in_place("__imul__", ops.arithmetic.mul)
    __itruediv__ = in_place("__itruediv__", ops.arithmetic.true_divide)
    __ipow__ = in_place("__ipow__", ops.power.pow)
    __ifloordiv__ = in_place("__ifloordiv__", ops.division.floor_divide)
    __imod__ = in_place("__imod__", ops.division.remainder)
    __iand__ = in_place("__iand__", ops.bitwise.bitwise_and)
    __ior__ = in_place("__ior__", ops.bitwise.bitwise_or)
    __ixor__ = in_place("__ixor__", ops.bitwise.bitwise_xor)
    __ilshift__ = in_place("__ilshift__", ops.bitwise.bitwise_left_shift)
    __irshift__ = in_place("__irshift__", ops.bitwise.bitwise_right_shift)

    # moving, and dtypes
    to = ops.moving.to
    cpu = ops.moving.cpu
    cuda = ops.moving.cuda
    type = ops.moving.type_
    type_as = ops.moving.type_as
    half = ops.moving.half
    bfloat16 = ops.moving.bfloat
    float = ops.moving.single
    double = ops.moving.double
    bool = ops.moving.boolean
    byte = ops.moving.byte
    char = ops.moving.char
    short = ops.moving.short
    int = ops.moving.integer
    long = ops.moving.long


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


def is_tensor(obj: Any) -> bool:
    """True for a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """True for a Tensor of float16, bfloat16, float32 or float64."""
    return is_floating(input.dtype)


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


def result_type(tensor1: Any, tensor2: Any) -> np.dtype:
    """The dtype that an operation on two Tensors or numbers computes in."""
    return dtypes.result_type(*[x.array if isinstance(x, Variable) else x for x in (tensor1, tensor2)])


Tensor.result_class = Tensor
for _name, _operator in ops.arithmetic.operators(Tensor).items():
    setattr(Tensor, _name, _operator)
Op.tensor_class = Tensor

from . import creation  # noqa: E402  (creation makes Tensors, and a Tensor makes others like itself)
