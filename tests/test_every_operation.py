"""Every public operation passes the gradient checker: both orders, every input, every layout. The table is complete.

A line names an operation, gives it inputs at which it has a derivative (inside of the domain, away from kinks and ties),
and settings. Small shapes: what an operation does with all other shapes is held against PyTorch in its own tests.
"""

import importlib
import pkgutil
from typing import Any, NamedTuple

import numpy as np
import pytest

import tinygrad_edu.nn.functional as F
import tinygrad_edu.ops
from tinygrad_edu import Tensor, as_tensor, linalg
from tinygrad_edu.testing import check_op, gradcheck

MODULES = [
    importlib.import_module(f"tinygrad_edu.ops.{m.name}") for m in pkgutil.iter_modules(tinygrad_edu.ops.__path__)
]


def public():
    """Name -> function: of the modules of operations, of linalg and nn.functional with a prefix, and Tensor's own methods.

    Methods that are named ``add_`` come from the function ``add``: they have a test of their own.
    """
    found = {f"linalg.{name}": getattr(linalg, name) for name in linalg.__all__}
    theirs = {id(f) for f in found.values()}
    for module in MODULES:
        for name in getattr(module, "__all__", ()):
            if id(getattr(module, name)) not in theirs:  # torch.norm is not torch.linalg.norm
                found[name] = getattr(module, name)
    found |= {f"F.{name}": getattr(F, name) for name in F.__all__ if getattr(F, name) is not found.get(name)}
    for name, method in vars(Tensor).items():
        function = method.fget if isinstance(method, property) else method
        of_ops = getattr(function, "__module__", "").startswith("tinygrad_edu.ops")
        if of_ops and name not in found and name.removesuffix("_") not in found:
            found[name] = function
    return found


PUBLIC = public()


class Case(NamedTuple):
    name: str
    inputs: tuple
    call: Any
    settings: dict

    def __call__(self, *xs):
        function = PUBLIC[self.name]
        return self.call(function, *xs) if self.call else function(*xs, **self.settings)


CASES: list[Case] = []
rng = np.random.default_rng(0)


def op(names, *inputs, call=None, **settings):
    """Add lines to the table: names of operations, inputs, and settings."""
    CASES.extend(Case(name, inputs, call, settings) for name in names.split())


def real(*shape):
    """Numbers of either sign, away from 0 and from the integers and halves."""
    return rng.choice([-1.0, 1.0], shape) * (rng.integers(0, 2, shape) + rng.uniform(0.1, 0.4, shape))


def positive(*shape, low=0.3, high=2.2):
    return rng.uniform(low, high, shape)


def inside(*shape):
    """Between -1 and 1, away from 0 and from the ends."""
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.1, 0.8, shape)


def above_one(*shape):
    return rng.uniform(1.2, 2.5, shape)


def unit(*shape):
    return rng.uniform(0.1, 0.9, shape)


def distinct(*shape):
    """No two elements near each other."""
    return (rng.permutation(int(np.prod(shape))).reshape(shape) * 0.37 - 1.03) * 1.0


def spd(*shape):
    """Symmetric positive definite matrices, with eigenvalues apart."""
    a = np.tril(rng.uniform(0.1, 0.5, shape))
    a = a + np.eye(shape[-1]) * np.arange(1.0, shape[-1] + 1)
    return a @ np.swapaxes(a, -1, -2)


def regular(*shape):
    """Matrices far from singular, with singular values apart."""
    return rng.uniform(-0.3, 0.3, shape) + np.eye(shape[-2], shape[-1]) * np.arange(1.0, shape[-1] + 1)


def mask(*shape):
    return rng.permutation(int(np.prod(shape))).reshape(shape) % 2 == 0


def index(*values):
    return np.array(values)


# -- elementwise

for name in [
    "abs",
    "absolute",
    "exp",
    "exp2",
    "expm1",
    "neg",
    "negative",
    "positive",
    "relu",
    "sgn",
    "sigmoid",
    "sign",
]:
    op(name, real(2, 3))
op("log log1p log2 log10 sqrt rsqrt reciprocal", positive(2, 3))
op("sin cos tan sinh cosh tanh asinh arcsinh atan arctan deg2rad rad2deg sinc", real(2, 3))
op("asin acos atanh arcsin arccos arctanh", inside(2, 3))
op("acosh arccosh", above_one(2, 3))
op("erf erfc", real(2, 3))
op("erfinv", inside(2, 3))
op("lgamma digamma", real(2, 3))
op("polygamma", positive(2, 3), call=lambda f, x: f(1, x))
op("logit", unit(2, 3))
op("logit", unit(2, 3), eps=0.02)
op("ceil floor round trunc fix frac", real(2, 3))
op("round", real(2, 3) * 0.11, decimals=1)
op("square", real(2, 3))
op("pow", positive(2, 3), real(3))
op("float_power", positive(2, 3), real(3), call=lambda f, x, y: f(x, y).to(x.dtype))  # it is float64 always
op("pow", real(2, 3), call=lambda f, x: f(x, 3))
op("pow", real(2, 3), call=lambda f, x: f(x, -2))
op("pow", positive(2, 3), call=lambda f, x: f(2.5, x))
op("clamp clip", real(2, 3), min=-0.9, max=0.7)
op("clamp clip", real(2, 3), real(3) - 2, real(2, 1) + 2)
op("clamp_max clamp_min", real(2, 3), call=lambda f, x: f(x, 0.05))
op("fmax fmin maximum minimum", distinct(2, 3), distinct(3) + 0.1)
op("nan_to_num", real(2, 3))
op("where", mask(2, 3), real(2, 3), real(3))

# -- two operands

op("add mul sub", real(2, 3), real(3))
op("add sub", real(2, 3), real(2, 1), alpha=2.5)
op("true_divide", real(2, 3), real(3))
op("mul", real(2, 3), index(2, -3, 4))
op("div divide", real(2, 3), real(1, 3))
op("div", positive(2, 3), positive(3) + 3, rounding_mode="floor")
op("div", positive(2, 3), positive(3) + 3, rounding_mode="trunc")
op("remainder fmod", positive(2, 3, low=2.2, high=2.8), positive(3, low=0.9, high=1.05))
op("addcdiv addcmul", real(2, 3), real(3), real(2, 1), value=0.5)
op("atan2 arctan2 copysign hypot logaddexp logaddexp2 multiply", real(2, 3), real(3))
op("rsub subtract", real(2, 3), real(3), alpha=1.5)
op("lerp", real(2, 3), real(3), unit(2, 1))
op("lerp", real(2, 3), real(3), call=lambda f, x, y: f(x, y, 0.7))
op("xlogy", real(2, 3), positive(3))
op("linear", real(2, 3), real(4, 3), real(4))

op("__add__ __sub__ __mul__ __truediv__", real(2, 3), real(3))
op("__pow__", positive(2, 3), real(3))
op("__matmul__", real(2, 3), real(3, 2))
op("__rmatmul__", real(3, 2), call=lambda f, x: f(x, np.array([[1.0, 2.0, -0.5]], x.dtype)))
op("__imatmul__", real(2, 3), real(3, 3), call=lambda f, x, y: f(x.clone(), y))
op("__radd__ __rsub__ __rmul__ __rtruediv__ __rpow__", positive(2, 3), call=lambda f, x: f(x, 2.5))
op("__mod__", positive(2, 3, low=2.2, high=2.8), positive(3, low=0.9, high=1.05))
op("__rmod__", positive(2, 3, low=0.9, high=1.05), call=lambda f, x: f(x, 2.5))
op("__imod__", positive(2, 3, low=2.2, high=2.8), positive(3, low=0.9, high=1.05), call=lambda f, x, y: f(x.clone(), y))
op(
    "__iadd__ __isub__ __imul__ __itruediv__ __ipow__",
    positive(2, 3),
    positive(3),
    call=lambda f, x, y: f(x.clone(), y),
)

# -- reductions

op("sum mean nansum nanmean prod", real(2, 3))
op("sum mean nansum nanmean", real(2, 3, 2), dim=(0, -1), keepdim=True)
op("prod", real(2, 3), dim=1)
op("prod", np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 1.5]]), dim=1)
op("var std var_mean std_mean", real(2, 3))
op("var std var_mean std_mean", real(3, 2), dim=0, correction=0, keepdim=True)
op("norm", real(2, 3))
op("norm", real(2, 3), p=3, dim=1)
op("linalg.vector_norm", real(2, 3))
op("linalg.vector_norm", real(2, 3), ord=1, dim=0)
op("linalg.vector_norm", distinct(2, 3), ord=float("inf"), dim=1)
op("linalg.vector_norm", positive(2, 3), ord=2.5)
op("linalg.matrix_norm linalg.norm", regular(2, 3, 2), ord="fro", dim=(-2, -1))
op("linalg.matrix_norm", regular(3, 2), ord="nuc")
op("linalg.matrix_norm", regular(3, 2), ord=2)
op("linalg.matrix_norm", distinct(3, 2), ord=1)
op("amax amin", distinct(2, 3))
op("amax amin", distinct(2, 3, 2), dim=(0, 2), keepdim=True)
op("aminmax", distinct(2, 3), dim=1)
op("max min", distinct(2, 3))
op("max min", distinct(2, 3), dim=0)
op("max min", distinct(2, 3), distinct(3) + 0.1)
op("softmax log_softmax logsumexp", real(2, 3), dim=1)
op("cumsum cumprod logcumsumexp", real(2, 3), dim=1)
op("cumprod", np.array([[1.5, 0.0, 2.0], [0.0, 0.0, -1.0]]), dim=1)
op("cummax cummin", distinct(2, 4), dim=1)
op("diff", real(2, 4), n=2)
op("diff", real(2, 3), real(2, 1), real(2, 2), call=lambda f, x, a, b: f(x, prepend=a, append=b))
op("trapezoid trapz cumulative_trapezoid", real(2, 3), dx=0.5)
op("trapezoid trapz cumulative_trapezoid", real(2, 3), real(3))
op("median nanmedian mode", distinct(2, 3), dim=1)
op("median nanmedian", distinct(5))
op("quantile nanquantile", distinct(2, 4), call=lambda f, x: f(x, 0.4, dim=1))
op("quantile nanquantile", distinct(4, 2), unit(3), call=lambda f, x, q: f(x, q, dim=0))
op("sort", distinct(2, 3), dim=0, descending=True)
op("sort msort", distinct(3, 2))
op("topk", distinct(2, 4), k=2)
op("kthvalue", distinct(2, 4), k=3)

# -- shapes

op("adjoint t", real(2, 3))
op("atleast_1d atleast_2d atleast_3d", real(2))
op("atleast_1d atleast_2d atleast_3d", np.array(0.7))
op("broadcast_tensors", real(2, 1), real(3))
op("broadcast_to expand", real(2, 1), call=lambda f, x: f(x, (2, 2, 3)))
op("clone ravel flatten squeeze", real(2, 1, 3))
op("flatten", real(2, 3, 2), start_dim=1)
op("movedim moveaxis", real(2, 3, 2), call=lambda f, x: f(x, (0, 1), (2, 0)))
op("permute", real(2, 3, 2), call=lambda f, x: f(x, (2, 0, 1)))
op("reshape", real(2, 3), call=lambda f, x: f(x, (3, -1)))
op("squeeze", real(2, 1, 3), dim=1)
op("swapaxes swapdims transpose", real(2, 3, 2), call=lambda f, x: f(x, 0, -1))
op("unflatten", real(2, 6), call=lambda f, x: f(x, 1, (2, 3)))
op("unsqueeze", real(2, 3), dim=1)
op("contiguous", real(2, 3))
op(
    "T H mT mH",
    real(2, 3),
)
op("view", real(2, 3), call=lambda f, x: f(x.clone().contiguous(), 3, 2))
op("expand_as", real(2, 1), real(2, 3))
op("reshape_as", real(2, 3), real(3, 2))
op("view_as", real(2, 3), real(3, 2), call=lambda f, x, y: f(x.clone().contiguous(), y))
op("cat concat concatenate", real(2, 3), real(1, 3), call=lambda f, *xs: f(xs, 0))
op("stack", real(2, 3), real(2, 3), call=lambda f, *xs: f(xs, 1))
op("hstack vstack row_stack dstack column_stack", real(2, 3), real(2, 3), call=lambda f, *xs: f(xs))
op("hstack vstack row_stack dstack column_stack", real(3), real(3), call=lambda f, *xs: f(xs))
op("block_diag", real(2, 3), real(2), real(1, 1))
op("meshgrid", real(2), real(3), indexing="ij")
op("cartesian_prod", real(2), real(3))
op("unbind", real(2, 3), dim=1)
op("chunk", real(5, 2), chunks=2)
op("split", real(5, 2), call=lambda f, x: f(x, 2))
op("split split_with_sizes", real(5, 2), call=lambda f, x: f(x, [1, 4]))
op("tensor_split", real(5, 2), call=lambda f, x: f(x, 3))
op("hsplit vsplit", real(4, 4), call=lambda f, x: f(x, 2))
op("dsplit", real(2, 1, 4), call=lambda f, x: f(x, [1, 3]))
op("flip", real(2, 3), call=lambda f, x: f(x, (0, 1)))
op("fliplr flipud", real(2, 3))
op("roll", real(2, 3), shifts=(1, -2), dims=(0, 1))
op("rot90", real(2, 3))
op("repeat tile", real(2, 3), call=lambda f, x: f(x, 2, 1, 2))
op("repeat_interleave", real(2, 3), call=lambda f, x: f(x, 2, dim=1))
op("repeat_interleave", real(2, 3), index(2, 0, 1), call=lambda f, x, n: f(x, n, dim=1))
op("combinations", real(4))
op("diag", real(3))
op("diag", real(2, 3), diagonal=1)
op("diag_embed", real(2, 3), offset=1)
op("diagflat", real(2, 2), offset=-1)
op("diagonal", real(2, 3, 2), dim1=0, dim2=2)
op("diagonal_scatter", real(2, 3), real(2))
op("tril triu", real(3, 3), diagonal=1)
op("pad", real(2, 3), call=lambda f, x: f(x, (1, 2), value=0.5))
op("pad", real(1, 2, 3), call=lambda f, x: f(x, (1, 2), mode="reflect"))
op("pad", real(1, 2, 3), call=lambda f, x: f(x, (2, 1), mode="replicate"))
op("pad", real(1, 2, 3), call=lambda f, x: f(x, (1, 3), mode="circular"))
op("as_strided", real(6), call=lambda f, x: f(x.clone().contiguous(), (3, 2), (1, 2), 1))
op("unfold", real(2, 5), call=lambda f, x: f(x, 1, 3, 1))

# -- indexing

op("select", real(2, 3), dim=1, index=-1)
op("narrow", real(2, 4), dim=1, start=1, length=2)
op("select_scatter", real(2, 3), real(2), dim=1, index=1)
op("slice_scatter", real(2, 4), real(2, 2), dim=1, start=0, end=4, step=2)
op("index_select", real(2, 3), index(2, 0, 2), call=lambda f, x, i: f(x, 1, i))
op("index_add", real(2, 3), index(2, 0, 2), real(2, 3), call=lambda f, x, i, y: f(x, 1, i, y, alpha=2.5))
op("index_copy", real(2, 3), index(2, 0), real(2, 2), call=lambda f, x, i, y: f(x, 1, i, y))
op("index_fill", real(2, 3), index(2, 0), call=lambda f, x, i: f(x, 1, i, 0.5))
op("index_put", real(3, 2), index(0, 2, 0), real(3, 2), call=lambda f, x, i, y: f(x, (i,), y, accumulate=True))
op("index_put", real(3, 2), index(0, 2), real(2), call=lambda f, x, i, y: f(x, (i,), y))
op("take", real(2, 3), index(5, 0, 5))
op("__iter__", real(3, 2), call=lambda f, x: tuple(f(x)))
op("__getitem__", real(3, 4), call=lambda f, x: f(x, (slice(None, None, 2), None, 1)))
op("__getitem__", real(3, 4), index(2, 0, 2), call=lambda f, x, i: f(x, (i, slice(1, 3))))
op("__getitem__", real(3, 4), mask(3, 4), call=lambda f, x, m: f(x, m))


def _assigned(f, x, y, where):
    z = x.clone()
    f(z, where, y)
    return z


op("__setitem__", real(3, 4), real(4), call=lambda f, x, y: _assigned(f, x, y, 1))
op(
    "__setitem__",
    real(3, 4),
    real(2, 1),
    index(2, 0),
    call=lambda f, x, y, i: _assigned(f, x, y, (i, slice(1, 3))),
)
op("__setitem__", real(3, 4), np.array(0.3), mask(3, 4), call=lambda f, x, y, m: _assigned(f, x, y, m))
op("gather take_along_dim", real(2, 3), index([2, 0], [1, 1]), call=lambda f, x, i: f(x, *(
    (1, i) if f.__name__ == "gather" else (i, 1))))  # fmt: skip
op(
    "scatter scatter_add",
    real(2, 3),
    index([2, 0], [1, 0]),
    real(2, 2),
    call=lambda f, x, i, y: f(x, 1, i, y),
)
op("scatter", real(2, 3), index([2, 0], [1, 0]), call=lambda f, x, i: f(x, 1, i, value=0.5))
for reduce in ("sum", "prod", "mean", "amax", "amin"):
    op("scatter_reduce", distinct(2, 3), index([2, 2], [1, 0]), distinct(2, 2) + 0.11,
        call=lambda f, x, i, y, reduce=reduce: f(x, 1, i, y, reduce),
    )  # fmt: skip
op("masked_fill", real(2, 3), mask(2, 3), np.array(0.7))
op("masked_fill", real(2, 3), mask(2, 3), value=0.7)
op("masked_select", real(2, 3), mask(2, 3))
op("masked_scatter", real(2, 3), mask(2, 3), real(4))
op("fill", real(2, 3), np.array(0.4))
op("copy_", real(2, 3), real(3), call=lambda f, x, y: f(x.clone(), y))
op("zero_", real(2, 3), call=lambda f, x: f(x.clone()))

# -- products of matrices

op("matmul", real(2, 1, 2, 3), real(3, 3, 2))
op("matmul", real(3), real(2, 3, 2))
op("mm", real(2, 3), real(3, 2))
op("bmm", real(2, 2, 3), real(2, 3, 2))
op("mv", real(2, 3), real(3))
op("dot vdot", real(3), real(3))
op("inner", real(2, 3), real(2, 3))
op("outer ger", real(2), real(3))
op("kron", real(2, 2), real(1, 3))
op("trace", real(3, 2))
op("addmm", real(2, 2), real(2, 3), real(3, 2), beta=0.5, alpha=2.0)
op("addmv", real(2), real(2, 3), real(3), beta=0.5, alpha=2.0)
op("addr", real(2, 3), real(2), real(3), beta=0.5, alpha=2.0)
op("baddbmm", real(2, 2, 2), real(2, 2, 3), real(2, 3, 2), beta=0.5, alpha=2.0)
op("addbmm", real(2, 2), real(2, 2, 3), real(2, 3, 2), beta=0.5, alpha=2.0)
op("chain_matmul", real(2, 3), real(3, 1), real(1, 2))
op("linalg.multi_dot", real(2, 3), real(3, 1), real(1, 2), call=lambda f, *xs: f(xs))
op("einsum", real(2, 3), real(3, 2), call=lambda f, x, y: f("ij,jk->ki", x, y))
op("einsum", real(2, 2, 3), real(2, 3), call=lambda f, x, y: f("b...i,bi->b...", x, y))
op("einsum", real(3, 3), call=lambda f, x: f("ii->i", x))
op("tensordot", real(2, 3, 2), real(3, 2, 2), call=lambda f, x, y: f(x, y, ([1, 2], [0, 1])))
op("cdist", real(2, 3), real(3, 3))
op("cdist", real(2, 3), real(2, 3) + 3, p=1.0)
op("cdist", real(2, 3), real(2, 3) + 3, p=3.0)

# -- linear algebra


def symmetric(f, x, **settings):
    """Decompositions of symmetric matrices look at one triangle: the numeric derivative must move both."""
    return f((x + x.mT) / 2, **settings)


def without_signs(f, x):
    """Eigenvectors are determined up to their signs: their squares are."""
    values, vectors = symmetric(f, x)
    return values, vectors * vectors


def outer_factors(f, x, **settings):
    """Singular vectors are determined up to a common sign of each pair: their products are."""
    u, s, v = f(x, **settings)
    v = v.mT if f is linalg.svd else v
    return s, (u * s.unsqueeze(-2)) @ v.mT, u * u, v * v


for space in ("", "linalg."):
    op(f"{space}det {space}slogdet {space}matrix_exp", regular(2, 2, 2))
    op(f"{space}matrix_power", regular(2, 2), n=3)
    op(f"{space}matrix_power", regular(2, 2), n=-2)
    op(f"{space}cholesky", spd(2, 2, 2), call=symmetric)
    op(f"{space}qr", regular(2, 3, 2))
    op(f"{space}cross", real(2, 3), real(2, 3))
op("inverse logdet", spd(2, 2, 2))
op("pinverse", regular(3, 2))
op("cholesky_solve", real(3, 2), np.tril(regular(3, 3)), call=lambda f, b, l: f(b, l.tril()))
op("cholesky_inverse", np.tril(regular(3, 3)), call=lambda f, l: f(l.tril()))
op("svd", regular(3, 2), call=outer_factors)
op("linalg.inv", regular(2, 2, 2))
op("linalg.pinv", regular(3, 2))
op("linalg.solve", regular(2, 2, 2), real(2, 2, 3))
op("linalg.solve", regular(2, 2), real(2))
op("linalg.solve_triangular", regular(2, 2), real(2, 3), call=lambda f, a, b: f(a, b, upper=True))
op("linalg.lstsq", regular(3, 2), real(3, 2), call=lambda f, a, b: f(a, b).solution)
op("linalg.tensorinv", regular(4, 4).reshape(2, 2, 4), call=lambda f, a: f(a, ind=2))
op("linalg.tensorsolve", regular(4, 4).reshape(2, 2, 4), real(2, 2))
op("linalg.svd", regular(3, 2), call=lambda f, x: outer_factors(f, x, full_matrices=False))
op("linalg.svdvals", regular(2, 3, 2))
op("linalg.eigh", spd(2, 2, 2), call=without_signs)
op("linalg.eigvalsh", spd(3, 3), call=symmetric)
op("linalg.cond", regular(2, 2))
op("linalg.cond", regular(2, 2), p="fro")
op("linalg.vecdot", real(2, 3), real(3))
op("linalg.diagonal", real(2, 3, 2))

# -- layers and losses

op("conv1d", real(1, 2, 5), real(2, 2, 3), real(2), stride=2, padding=1)
op("conv2d", real(1, 2, 4, 3), real(2, 1, 2, 2), real(2), stride=(2, 1), padding=1, groups=2)
op("conv2d", real(1, 1, 4, 4), real(1, 1, 2, 2), dilation=2)
op("conv3d", real(1, 1, 2, 3, 3), real(1, 1, 2, 2, 2))
op("max_pool1d", distinct(1, 2, 5), kernel_size=2)
op("max_pool2d", distinct(1, 1, 4, 4), kernel_size=3, stride=1, padding=1)
op("max_pool3d", distinct(1, 1, 2, 2, 4), kernel_size=2)
op("avg_pool1d", real(1, 2, 5), kernel_size=2, padding=1)
op("avg_pool2d", real(1, 1, 4, 4), kernel_size=3, stride=2, padding=1, count_include_pad=False)
op("avg_pool3d", real(1, 1, 2, 2, 4), kernel_size=2)
op("F.cross_entropy", real(3, 4), index(1, 0, -100), label_smoothing=0.1)
op("F.cross_entropy", real(3, 4), index(1, 0, 3), call=lambda f, x, t: f(x, t, x.new_tensor([1.0, 2.0, 0.5, 1.5])))
op("F.cross_entropy", real(2, 3, 2), index([1, 0], [2, 2]), reduction="none")
op("F.cross_entropy", real(2, 3), unit(2, 3), reduction="sum")
op("F.nll_loss", real(3, 4), index(1, 0, -100))
op("dropout F.dropout", real(2, 3), training=False)
op("F.relu", real(2, 3))
op("F.mse_loss", real(2, 3), real(2, 3))

# -- casts that keep the precision

op("to type", real(2, 3), call=lambda f, x: f(x, x.dtype))
op("type_as", real(2, 3), real(1))
op("double", real(2, 3), call=lambda f, x: f(x).to(x.dtype))
op("cpu", real(2, 3))

# -- what has no derivative: integers, bools, random numbers, settings; and casts that lose digits

NOT_DIFFERENTIABLE = """
    bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor
    __and__ __rand__ __iand__ __or__ __ror__ __ior__ __xor__ __rxor__ __ixor__ __invert__
    __lshift__ __rlshift__ __ilshift__ __rshift__ __rrshift__ __irshift__
    allclose eq equal ge greater greater_equal gt isclose isfinite isin isinf isnan isneginf isposinf isreal le less
    less_equal logical_and logical_not logical_or logical_xor lt ne not_equal signbit
    __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __contains__ __len__
    all any argmax argmin argsort argwhere bincount bucketize count_nonzero histc linalg.matrix_rank nonzero one_hot
    searchsorted unique unique_consecutive
    floor_divide __floordiv__ __rfloordiv__ __ifloordiv__ heaviside
    Generator bernoulli default_generator get_rng_state initial_seed manual_seed multinomial normal poisson rand rand_like
    randint randint_like randn randn_like randperm seed set_rng_state
    cauchy_ exponential_ geometric_ log_normal_ random_ uniform_
    data_ptr is_contiguous storage_offset stride
    bool byte char short int long  bfloat16 half float  cuda
"""


def _id(case):
    settings = "-".join(f"{k}={v}" for k, v in case.settings.items()).replace(" ", "")
    shapes = "x".join(str(len(np.shape(x))) for x in case.inputs)
    return f"{case.name}-{settings or shapes}"


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_operation_passes_the_gradient_checker(case, device):
    check_op(case, case.inputs, device=device)


IN_PLACE = [case for case in CASES if hasattr(Tensor, case.name + "_")]


@pytest.mark.parametrize("case", IN_PLACE, ids=_id)
def test_operation_in_place_passes_the_gradient_checker(case, device):
    def function(x, *others, **settings):
        if not isinstance(x, Tensor):  # polygamma(n, x) is x.polygamma_(n)
            x, others = others[0], [x]
        return getattr(x.clone(), case.name + "_")(*others, **settings)

    def in_place(*xs):
        return case.call(function, *xs) if case.call else function(*xs, **case.settings)

    inputs = [as_tensor(x, device=device) if isinstance(x, np.ndarray) else x for x in case.inputs]
    gradcheck(in_place, [x.requires_grad_() if x.is_floating_point() else x for x in inputs])


def test_the_table_names_every_operation():
    without = NOT_DIFFERENTIABLE.split()
    assert not set(without) - PUBLIC.keys(), "these are no operations any more"
    known = {id(PUBLIC[name]) for name in [*(case.name for case in CASES), *without]}
    left_out = {name for name, function in PUBLIC.items() if id(function) not in known}
    assert not left_out, "give these a line in the table, or say in NOT_DIFFERENTIABLE that they have no derivative"
