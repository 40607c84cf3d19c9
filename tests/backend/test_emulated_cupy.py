"""The stand-in for CuPy: the numbers are NumPy's, the walls are CuPy's."""

import copy
import gc
import inspect
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_edu.backend import emulated_cupy as cp
from tinygrad_edu.backend.emulated_cupy import _calls
from tinygrad_edu.backend.emulated_cupy._surface import SURFACE, parse
from tinygrad_edu.kernels.namespace import array_namespace

FLOATS = ("float16", "float32", "float64")
DTYPES = (*FLOATS, "int8", "int32", "int64", "uint8", "bool")
OWN_NAMES = {"cupyx", "reset_counts", "sync_counts", "transfer_counts"}

shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


def arrays(dtypes=DTYPES, shape=shapes):
    return st.sampled_from(dtypes).flatmap(lambda dtype: hnp.arrays(dtype, shape))


def assert_same(device, host):
    """The same dtype, shape and elements; a device array where NumPy has a scalar."""
    assert type(device) is cp.ndarray
    host = np.asarray(host)
    got = device.get()
    assert got.dtype == host.dtype
    assert got.shape == host.shape
    np.testing.assert_array_equal(got, host)


@pytest.fixture
def x():
    return cp.arange(12, dtype=cp.float32).reshape(3, 4)


# The surface


def test_offers_nothing_that_cupy_lacks():
    known = {*SURFACE["functions"], *SURFACE["ufuncs"], *SURFACE["types"], *SURFACE["constants"], *SURFACE["modules"]}
    written = {path.split(".")[0] for path in _calls.WRITTEN_OUT} | set(cp.__all__)
    assert written - OWN_NAMES <= known
    assert set(_calls.WRITTEN_OUT) <= known


def test_a_name_that_cupy_lacks_is_no_attribute():
    for name in ("errstate", "vecdot", "matvec", "unstack", "frompyfunc", "nosuchname"):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
            getattr(cp, name)
    with pytest.raises(AttributeError, match=r"has no attribute 'linalg.vecdot'"):
        _ = cp.linalg.vecdot


def written_out():
    """The functions whose own signature is the check of their call; that of the others is read from the table."""
    for path, function in _calls.WRITTEN_OUT.items():
        own = inspect.isfunction(function) and "<locals>" not in function.__qualname__
        if own and "call" not in function.__code__.co_name and SURFACE["functions"].get(path) is not None:
            yield path


@pytest.mark.parametrize("path", list(written_out()))
def test_a_function_written_out_has_cupys_parameters(path):
    signature = inspect.signature(_calls.WRITTEN_OUT[path])
    ours = [(p.name, p.kind, p.default is p.empty) for p in signature.parameters.values()]
    scope: dict = {}
    exec(f"def f({SURFACE['functions'][path]}): pass", {"float": float, "int": int}, scope)
    theirs = [(p.name, p.kind, p.default is p.empty) for p in inspect.signature(scope["f"]).parameters.values()]
    assert ours == theirs


def test_an_array_has_no_attribute_that_cupys_lacks(x):
    public = {name for name in dir(cp.ndarray) if not name.startswith("_")}
    assert public <= set(SURFACE["methods"]["ndarray"])
    special = {name for name in vars(cp.ndarray) if name.startswith("__") and callable(vars(cp.ndarray)[name])}
    special -= {"__new__", "__repr__", "__str__", "__reduce__", "__getattr__", "__array_namespace__"}
    assert special <= set(SURFACE["methods"]["ndarray"])
    for name in ("__index__", "__imatmul__", "__array_interface__", "argwhere", "newbyteorder"):
        assert not hasattr(x, name)


def test_a_method_written_out_has_cupys_parameters():
    for name, text in SURFACE["methods"]["ndarray"].items():
        method = vars(cp.ndarray).get(name)
        if text is None or method is None or method.__code__.co_varnames[:2] == ("args", "kwargs"):
            continue  # an attribute, not there, or checked against the table at each call
        ours = [p.name for p in inspect.signature(method).parameters.values() if p.kind != p.VAR_POSITIONAL]
        recorded = parse(text)
        by_name = [n for n in ("order", "copy") if n in recorded.keywords and n not in recorded.positional]
        assert ours[1:] == [*recorded.positional[1:], *by_name], name


@pytest.mark.parametrize(
    "call",
    [
        lambda x: cp.sum(x, initial=1),
        lambda x: cp.sum(x, where=x > 0),
        lambda x: x.max(initial=0),
        lambda x: cp.var(x, correction=1),
        lambda x: cp.sort(x, stable=True),
        lambda x: cp.exp(x, where=x > 0),
        lambda x: cp.exp(x, order="C"),
        lambda x: cp.add(x, x, x, x),
        lambda x: cp.add(x),
        lambda x: cp.reshape(x, shape=(12,)),
        lambda x: cp.einsum("ij->", x, out=x),
        lambda x: cp.random.rand(2, loc=1),
        lambda x: cp.random.default_rng(0).random(2, np.float32, None, None),
        lambda x: x.astype(cp.int32, casting="safe"),
        lambda x: x.item(0),
    ],
)
def test_a_parameter_that_cupy_lacks_is_refused(call, x):
    with pytest.raises(TypeError):
        call(x)


@pytest.mark.parametrize("name", ["multiply", "logical_or", "exp"])
def test_ufunc_at_is_refused_where_cupy_lacks_it(name, x):
    with pytest.raises(NotImplementedError, match=f"{name}.at"):
        getattr(cp, name).at(x, cp.asarray([0]), 1.0)


def test_ufunc_at_is_refused_for_types_without_atomics():
    for dtype in ("int8", "bool", "int16"):
        with pytest.raises(TypeError, match="only supports int32"):
            cp.add.at(cp.zeros(3, dtype), cp.asarray([0]), 1)
    with pytest.raises(TypeError, match=r"maximum\.at only supports"):
        cp.maximum.at(cp.zeros(3, "float16"), cp.asarray([0]), 1)


def test_ufuncs_reduce_by_add_and_multiply_only(x):
    assert_same(cp.add.reduce(x, axis=1), x.get().sum(1))
    assert_same(cp.multiply.accumulate(x, axis=1), x.get().cumprod(1))
    for call in (cp.maximum.reduce, cp.logical_or.accumulate, cp.subtract.reduce):
        with pytest.raises(NotImplementedError, match="CuPy"):
            call(x)
    with pytest.raises(NotImplementedError, match="CuPy"):
        cp.multiply.reduceat(x, cp.asarray([0]))


def test_logical_functions_take_no_complex_numbers():
    with pytest.raises(TypeError, match="complex"):
        cp.logical_and(cp.zeros(2, cp.complex64), cp.zeros(2, cp.complex64))


def test_compiled_kernels_are_refused():
    for name in ("RawKernel", "RawModule", "ElementwiseKernel", "ReductionKernel"):
        with pytest.raises(NotImplementedError, match="compiles no CUDA"):
            getattr(cp, name)("code", "name")


# The walls


@pytest.mark.parametrize(
    "mix",
    [
        lambda x, h: x + h,
        lambda x, h: h + x,
        lambda x, h: x @ h.T,
        lambda x, h: x == h,
        lambda x, h: x.__iadd__(h),
        lambda x, h: cp.add(x, h),
        lambda x, h: cp.add(x, x, out=h),
        lambda x, h: cp.where(x > 0, x, h),
        lambda x, h: cp.concatenate([x, h]),
        lambda x, h: cp.sum(h),
        lambda x, h: cp.linalg.inv(h),
        lambda x, h: cp.full_like(x, h),
        lambda x, h: cp.array([x, h]),
        lambda x, h: x[h > 0],
        lambda x, h: x[h[0].astype(int) % 3],
        lambda x, h: x.__setitem__(0, h[0]),
        lambda x, h: cp.add.at(x, 0, h[0]),
        lambda x, h: np.multiply(h, x),
        lambda x, h: np.add(np.float32(1), x, out=x),
        lambda x, h: np.concatenate([h, x]),
        lambda x, h: np.sum(x),
        lambda x, h: np.exp(x),
        lambda x, h: np.asarray(x),
        lambda x, h: np.array([x[0], x[1]]),
        lambda x, h: x + None,
        lambda x, h: x == None,  # noqa: E711
        lambda x, h: x + (1, 2, 3, 4),
    ],
)
def test_host_and_device_do_not_mix(mix, x):
    with pytest.raises(TypeError):
        mix(x, x.get())


@pytest.mark.parametrize(
    "call",
    [
        lambda n, x: cp.zeros(n),
        lambda n, x: cp.sum(x, axis=n),
        lambda n, x: cp.arange(n),
        lambda n, x: cp.repeat(x, n),
        lambda n, x: cp.eye(3, n),
        lambda n, x: x.reshape(n, -1),
        lambda n, x: cp.reshape(x, (n, -1)),
        lambda n, x: range(n),
        lambda n, x: [1, 2, 3][n],
    ],
)
def test_a_device_array_is_no_size(call, x):
    with pytest.raises(TypeError):
        call(cp.asarray(1), x)


@pytest.mark.parametrize("call", [cp.sum, cp.concatenate, cp.linalg.norm, cp.reshape, cp.dot])
def test_a_list_is_no_array(call):
    with pytest.raises(TypeError):
        call([1.0, 2.0], 1)


def test_numbers_go_with_device_arrays(x):
    h = x.get()
    assert_same(x * 2, h * 2)
    assert_same(2.5 - x, 2.5 - h)
    assert_same(np.float32(2) * x, h * 2)
    assert_same(x / np.float64(3), h / np.float64(3))
    assert_same(cp.maximum(x, 3), np.maximum(h, 3))
    assert_same(cp.where(x > 3, 0.0, x), np.where(h > 3, 0.0, h))
    assert_same(cp.exp(1.0), np.exp(1.0))


def test_an_unknown_operand_may_answer_itself(x):
    class Other:
        def __radd__(self, other):
            return "mine"

        def __eq__(self, other):
            return "equal"

        __hash__ = None

    assert x + Other() == "mine"
    assert (x == Other()) == "equal"


@pytest.mark.parametrize("dtype", [object, "U3", "S2", "M8[s]", "f4,i4", "longdouble", ">f4"])
def test_types_that_cupy_lacks_are_refused(dtype):
    with pytest.raises((ValueError, TypeError), match="no arrays of dtype"):
        cp.zeros(2, dtype=dtype) if dtype != ">f4" else cp.asarray(np.zeros(2, ">f4"))
    with pytest.raises((ValueError, TypeError), match="no arrays of dtype"):
        cp.empty(2, dtype)


def test_an_object_is_no_array():
    with pytest.raises(ValueError, match="no arrays of dtype object"):
        cp.asarray(object())


def test_an_index_out_of_bounds_is_refused(x):
    for index in (cp.asarray([0, 3]), cp.asarray([-4]), (slice(None), cp.asarray([4]))):
        with pytest.raises(IndexError):
            x[index]
        with pytest.raises(IndexError):
            x[index] = 0.0
    with pytest.raises(IndexError):
        cp.take(x, cp.asarray([12]))


@pytest.mark.parametrize(
    "index",
    [
        lambda: cp.asarray([0, 0]),
        lambda: cp.asarray([0, -3]),
        lambda: (slice(None), cp.asarray([1, 1])),
        lambda: (Ellipsis, cp.asarray([1, 1])),
        lambda: (None, cp.asarray([2, 2])),
        lambda: (cp.asarray([0, 0]), cp.asarray([1, 1])),
        lambda: (cp.asarray([[0], [0]]), cp.asarray([1, 2])),
        lambda: [1, 1],
    ],
)
def test_an_element_assigned_twice_is_refused(index, x):
    values = cp.ones_like(x[index()])
    values *= cp.arange(values.size, dtype=cp.float32).reshape(values.shape)
    with pytest.raises(ValueError, match="twice"):
        x[index()] = values
    x[index()] = 7.0  # one number is the same whichever comes last
    assert (x[index()] == 7.0).all()


def test_elements_assigned_once_are_let_through(x):
    h = x.get()
    for index, host in (
        ((cp.asarray([0, 0]), cp.asarray([1, 2])), ([0, 0], [1, 2])),
        ((cp.asarray([2, 0]), slice(None, 2)), ([2, 0], slice(None, 2))),
        (x > 5, h > 5),
    ):
        values = cp.arange(float(x[index].size), dtype=cp.float32).reshape(x[index].shape)
        x[index] = values
        h[host] = values.get()
        assert_same(x, h)


def test_an_assignment_onto_its_own_source_is_refused():
    x = cp.arange(6.0)
    with pytest.raises(ValueError, match="overlaps"):
        x[1:] = x[:-1]
    x[:] = x
    x[1:] = x[:-1].copy()
    assert_same(x, [0.0, 0, 1, 2, 3, 4])


def test_duplicates_are_refused_by_put_too(x):
    with pytest.raises(ValueError, match="twice"):
        cp.put(x, cp.asarray([1, 1]), cp.asarray([1.0, 2.0]))
    with pytest.raises(ValueError, match="twice"):
        cp.put_along_axis(x, cp.zeros((3, 2), int), cp.ones((3, 2)), 1)


def test_unwritten_memory_shows():
    assert cp.isnan(cp.empty((2, 3))).all()
    assert cp.isnan(cp.ndarray(4, cp.float16)).all()
    assert (cp.empty(5, cp.int32) > 1_000_000).all()
    assert cp.isnan(cp.empty_like(cp.zeros(3))).all()


def test_shape_of_no_dimensions_is_not_given_to_the_like_functions(x):
    for make in (cp.zeros_like, cp.ones_like, cp.empty_like):
        with pytest.raises(ValueError, match="shape"):
            make(x, shape=())
        assert make(x, shape=(2,)).shape == (2,)


# The same numbers

UNARY = [
    "abs",
    "arctan",
    "ceil",
    "cos",
    "cosh",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "isfinite",
    "isnan",
    "log",
    "log1p",
    "log2",
    "logical_not",
    "negative",
    "reciprocal",
    "rint",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "trunc",
    "invert",
    "sinc",
    "fix",
]
BINARY = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "floor_divide",
    "remainder",
    "power",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "arctan2",
    "hypot",
    "copysign",
    "less",
    "less_equal",
    "equal",
    "not_equal",
    "logical_and",
    "logical_or",
    "logaddexp",
    "heaviside",
    "bitwise_and",
    "bitwise_xor",
    "left_shift",
    "fmod",
]


@given(name=st.sampled_from(UNARY), h=arrays())
def test_unary_functions_agree_with_numpy(name, h):
    with np.errstate(all="ignore"):
        try:
            expected = getattr(np, name)(h)
        except TypeError:
            with pytest.raises(TypeError):
                getattr(cp, name)(cp.asarray(h))
            return
    assert_same(getattr(cp, name)(cp.asarray(h)), expected)


@given(name=st.sampled_from(BINARY), pair=hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3), data=st.data())
def test_binary_functions_agree_with_numpy(name, pair, data):
    a, b = (data.draw(arrays(shape=shape)) for shape in pair.input_shapes)
    with np.errstate(all="ignore"):
        try:
            expected = getattr(np, name)(a, b)
        except (TypeError, ValueError) as error:
            with pytest.raises(type(error)):
                getattr(cp, name)(cp.asarray(a), cp.asarray(b))
            return
    assert_same(getattr(cp, name)(cp.asarray(a), cp.asarray(b)), expected)


OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "<", "<=", "==", "!=", ">", ">=")


@given(operator=st.sampled_from(OPERATORS), h=arrays(FLOATS), number=st.sampled_from([0, 2, -1.5, True, np.float32(3)]))
def test_operators_agree_with_numpy_both_ways(operator, h, number):
    x = cp.asarray(h)
    for code in (f"x {operator} n", f"n {operator} x", f"x {operator} x"):
        with np.errstate(all="ignore"):
            expected = eval(code, {"x": h, "n": number})
        assert_same(eval(code, {"x": x, "n": number}), expected)


@given(operator=st.sampled_from(["&", "|", "^", "<<", ">>"]), h=arrays(("int32", "int64", "uint8")))
def test_integer_operators_agree_with_numpy(operator, h):
    x = cp.asarray(h)
    for code in (f"x {operator} 3", f"3 {operator} (x & 7)"):
        assert_same(eval(code, {"x": x}), eval(code, {"x": h}))


@given(operator=st.sampled_from(["+=", "-=", "*=", "/=", "//=", "%=", "**="]), h=arrays(("float32", "float64")))
def test_in_place_operators_write_the_same_memory(operator, h):
    x = cp.asarray(h)
    before = x
    scope, host = {"x": x}, {"x": h.copy()}
    with np.errstate(all="ignore"):
        exec(f"x {operator} 2.5", host)
    exec(f"x {operator} 2.5", scope)
    assert scope["x"] is before
    assert_same(before, host["x"])


REDUCTIONS = ("sum", "prod", "mean", "max", "min", "all", "any", "var", "std")


@given(name=st.sampled_from(REDUCTIONS), h=arrays(), keepdims=st.booleans(), data=st.data())
def test_reductions_agree_with_numpy(name, h, keepdims, data):
    axis = data.draw(st.none() | hnp.valid_tuple_axes(h.ndim))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            expected = getattr(np, name)(h, axis=axis, keepdims=keepdims)
        except ValueError:
            expected = None
    x = cp.asarray(h)
    for function in (lambda **kw: getattr(cp, name)(x, **kw), getattr(x, name)):
        if expected is None:
            with pytest.raises(ValueError, match="zero-size"):
                function(axis=axis, keepdims=keepdims)
        else:
            assert_same(function(axis=axis, keepdims=keepdims), expected)


@given(h=arrays(shape=hnp.array_shapes(max_dims=3, max_side=4)), data=st.data())
def test_functions_along_an_axis_agree_with_numpy(h, data):
    axis = data.draw(st.integers(-h.ndim, h.ndim - 1))
    x = cp.asarray(h)
    with np.errstate(all="ignore"):
        assert_same(x.cumsum(axis), h.cumsum(axis))
        assert_same(cp.cumprod(x, axis), np.cumprod(h, axis))
        assert_same(cp.argmax(x, axis), np.argmax(h, axis))
        assert_same(x.argmin(axis=axis), h.argmin(axis))
        assert_same(cp.sort(x, axis), np.sort(h, axis))
        assert_same(cp.argsort(x, axis), np.argsort(h, axis, kind="stable"))
        assert_same(cp.flip(x, axis), np.flip(h, axis))
        assert_same(cp.roll(x, 1, axis), np.roll(h, 1, axis))
        assert_same(cp.concatenate([x, x], axis), np.concatenate([h, h], axis))
        assert_same(cp.stack([x, x], axis=axis), np.stack([h, h], axis=axis))
        assert_same(cp.repeat(x, 2, axis), np.repeat(h, 2, axis))
        assert_same(cp.expand_dims(x, axis), np.expand_dims(h, axis))


@given(h=arrays(), data=st.data())
def test_basic_indices_agree_with_numpy_and_are_views(h, data):
    index = data.draw(hnp.basic_indices(h.shape, allow_newaxis=True))
    x = cp.asarray(h)
    view = x[index]
    assert_same(view, h[index])
    if view.size:
        assert cp.shares_memory(view, x)
        view[...] = 1
        h[index] = 1
        assert_same(x, h)


@given(h=arrays(shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)), data=st.data())
def test_integer_array_indices_agree_with_numpy_and_copy(h, data):
    index = data.draw(hnp.integer_array_indices(h.shape, result_shape=hnp.array_shapes(min_dims=0, max_dims=2)))
    x = cp.asarray(h)
    taken = x[tuple(cp.asarray(i) for i in index)]
    assert_same(taken, h[index])
    assert not cp.may_share_memory(taken, x)


@given(h=arrays(), data=st.data())
def test_masks_agree_with_numpy(h, data):
    mask = data.draw(hnp.arrays(bool, h.shape[: data.draw(st.integers(0, h.ndim))]))
    x, m = cp.asarray(h), cp.asarray(mask)
    assert_same(x[m], h[mask])
    x[m] = 1
    h[mask] = 1
    assert_same(x, h)
    if mask.ndim:
        for got, expected in zip(cp.nonzero(m), np.nonzero(mask), strict=True):
            assert_same(got, expected)


@given(h=arrays(("int32", "float32", "float64"), shape=st.tuples(st.integers(1, 4))), data=st.data())
def test_add_at_agrees_with_numpy_on_repeated_indices(h, data):
    index = data.draw(hnp.arrays("int64", 6, elements=st.integers(-len(h), len(h) - 1)))
    x = cp.asarray(h)
    with np.errstate(all="ignore"):
        np.add.at(h, index, 2)
    cp.add.at(x, cp.asarray(index), 2)
    assert_same(x, h)


@given(h=arrays(FLOATS), dtype=st.sampled_from(DTYPES))
def test_casts_agree_with_numpy(h, dtype):
    with np.errstate(all="ignore"):
        expected = h.astype(dtype)
    assert_same(cp.asarray(h).astype(dtype), expected)


def test_products_agree_with_numpy():
    rng = np.random.default_rng(0)
    for a_shape, b_shape in (((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((0, 3), (3, 2))):
        a, b = rng.standard_normal(a_shape), rng.standard_normal(b_shape)
        x, y = cp.asarray(a), cp.asarray(b)
        assert_same(x @ y, a @ b)
        assert_same(cp.matmul(x, y), np.matmul(a, b))
        assert_same(cp.dot(x, y), np.dot(a, b))
    assert_same(cp.einsum("bij,jk->bk", x := cp.ones((2, 3, 4)), cp.ones((4, 5))), np.full((2, 5), 12.0))
    assert_same(cp.tensordot(x, cp.ones((4, 5)), 1), np.full((2, 3, 5), 4.0))


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.moveaxis(x, 0, -1),
        lambda m, x: m.swapaxes(x, 0, 1),
        lambda m, x: m.broadcast_to(x, (2, 3, 4)),
        lambda m, x: m.tile(x, (2, 1)),
        lambda m, x: m.pad(x, ((1, 0), (0, 2)), mode="constant", constant_values=5),
        lambda m, x: m.pad(x, 1, "reflect"),
        lambda m, x: m.tril(x, -1),
        lambda m, x: m.triu(x),
        lambda m, x: m.diag(x),
        lambda m, x: m.diagonal(x, 1),
        lambda m, x: m.trace(x),
        lambda m, x: m.eye(3, 4, 1),
        lambda m, x: m.linspace(0, 1, 5),
        lambda m, x: m.arange(1, 10, 3),
        lambda m, x: m.outer(x, x),
        lambda m, x: m.kron(x, x),
        lambda m, x: m.take(x, m.asarray([2, 0]), axis=1),
        lambda m, x: m.take_along_axis(x, m.argsort(x, axis=1), axis=1),
        lambda m, x: m.searchsorted(m.ravel(x), m.asarray([1.5, 3.0]), side="right"),
        lambda m, x: m.bincount(m.asarray([1, 1, 3]), minlength=6),
        lambda m, x: m.clip(x, 2, None),
        lambda m, x: m.nan_to_num(x / 0),
        lambda m, x: m.quantile(x, 0.3, axis=0),
        lambda m, x: m.median(x, axis=1),
        lambda m, x: m.unique(x % 5),
        lambda m, x: m.cov(x),
        lambda m, x: m.diff(x, axis=0),
        lambda m, x: m.isclose(x, 3.0),
        lambda m, x: m.allclose(x, x),
        lambda m, x: m.array_equal(x, x + 1),
        lambda m, x: m.count_nonzero(x),
        lambda m, x: m.count_nonzero(x, axis=0),
        lambda m, x: m.full((2, 2), 3.5, dtype=m.float16),
        lambda m, x: m.full_like(x, 2),
        lambda m, x: m.meshgrid(x[0], x[:, 0], indexing="ij")[1],
        lambda m, x: m.split(x, 2, axis=1)[1],
        lambda m, x: m.broadcast_arrays(x, x[0])[1],
        lambda m, x: m.tri(3),
        lambda m, x: m.round(x / 3, 1),
        lambda m, x: m.fft.rfft(x),
        lambda m, x: m.fft.irfft(m.fft.rfft(x), n=4),
        lambda m, x: m.lib.stride_tricks.as_strided(x, (2, 2), (8, 4)),
        lambda m, x: m.linalg.norm(x, axis=1),
        lambda m, x: m.linalg.svd(x, full_matrices=False)[1],
        lambda m, x: m.linalg.qr(x)[1],
        lambda m, x: m.linalg.det(m.eye(3) + 1),
        lambda m, x: m.linalg.slogdet(m.eye(3) + 1)[1],
        lambda m, x: m.linalg.eigh(m.eye(3) + 1)[0],
        lambda m, x: m.linalg.matrix_power(m.eye(3) + 1, 3),
        lambda m, x: m.linalg.lstsq(x, m.ones(3), rcond=None)[0],
        lambda m, x: m.linalg.cholesky(m.eye(3) + 1),
        lambda m, x: m.linalg.solve(m.eye(3) + 1, m.ones((3, 2))),
        lambda m, x: m.linalg.inv(m.eye(3) + m.ones((2, 3, 3))),
        lambda m, x: m.divmod(x, 5)[1],
        lambda m, x: m.modf(x / 3)[0],
        lambda m, x: m.frexp(x)[1],
        lambda m, x: m.trapezoid(x, dx=0.5, axis=1),
        lambda m, x: m.delete(x, m.asarray([0]), axis=0),
        lambda m, x: m.rot90(x),
        lambda m, x: m.ascontiguousarray(x.T),
        lambda m, x: m.squeeze(x[None], axis=0),
        lambda m, x: m.add.outer(x[0], x[1]),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
def test_functions_agree_with_numpy(call, x):
    assert_same(call(cp, x), call(np, x.get()))


def test_sorting_is_stable():
    x = cp.asarray(np.tile([1.0, 0.0], 500))
    assert_same(cp.argsort(x), np.concatenate([np.arange(1, 1000, 2), np.arange(0, 1000, 2)]))


def test_arithmetic_follows_ieee_without_warnings():
    x = cp.asarray([-1.0, 0.0, 1.0], cp.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(cp.log(x), np.array([np.nan, -np.inf, 0], np.float32))
        assert_same(x / 0, np.array([-np.inf, np.nan, np.inf], np.float32))
        assert cp.isnan(cp.mean(cp.zeros(0)))
        assert cp.isnan(cp.var(cp.zeros(1), ddof=1))
        assert cp.isinf(cp.full(1, 1e300) * 1e300).all()
        cp.asarray([1e300]).astype(cp.float32)


def test_the_hosts_own_error_state_is_left_alone():
    with np.errstate(divide="raise"):
        cp.log(cp.zeros(1))
        with pytest.raises(FloatingPointError):
            np.log(np.zeros(1))


# The array


def test_results_have_no_scalars(x):
    for value in (
        x.sum(),
        x[0, 1],
        x.max(),
        cp.argmax(x),
        x[cp.asarray(0), cp.asarray(1)],
        abs(x[0, 0]),
        cp.dot(x[0], x[0]),
    ):
        assert type(value) is cp.ndarray
        assert value.shape == ()


def test_a_lone_element_is_a_view(x):
    element = x[1, 2]
    element += 10
    assert float(x[1, 2]) == 16.0
    assert cp.may_share_memory(element, x)
    taken = x[cp.asarray(1)]
    taken += 10
    assert_same(x[1], np.array([4, 5, 16, 7], np.float32))


def test_views_share_memory(x):
    for view in (x.T, x.mT, x[1:], x.reshape(4, 3), x.ravel(), x.swapaxes(0, 1), x.transpose(1, 0), x[None].squeeze(0),
                 x.view(), cp.broadcast_to(x, (2, 3, 4)), x.diagonal(), x.real):  # fmt: skip
        assert cp.shares_memory(view, x)
        assert view.base is not None
    assert x.base is not None  # a view of what arange made
    for own in (x.copy(), x + 0, x.T.ravel(), x.astype(cp.float64), x.flatten()):
        assert not cp.may_share_memory(own, x)
    assert x.ravel().data.ptr == x.data.ptr


def test_out_is_returned_itself(x):
    out = cp.zeros_like(x)
    assert cp.add(x, x, out=out) is out
    assert cp.multiply(x, 2, out) is out
    assert cp.sum(x, axis=0, out=out[0]) is not out
    total = cp.zeros(4, cp.float32)
    assert x.sum(axis=0, out=total) is total
    assert_same(total, x.get().sum(0))
    assert cp.asarray(x) is x
    assert cp.ascontiguousarray(x) is x
    assert x.astype(cp.float32, copy=False) is x


def test_attributes(x):
    h = x.get()
    assert (x.shape, x.strides, x.ndim, x.size, x.itemsize, x.nbytes) == ((3, 4), (16, 4), 2, 12, 4, 48)
    assert x.dtype == h.dtype
    assert x.flags.c_contiguous
    assert not x.T.flags["C_CONTIGUOUS"]
    assert x.T.flags.f_contiguous
    assert len(x) == 3
    assert [float(row[0]) for row in x] == [0.0, 4.0, 8.0]
    assert type(x).__name__ == "ndarray"
    assert array_namespace(x) is cp
    assert x.__cuda_array_interface__["shape"] == (3, 4)
    for wrong in (lambda: len(x[0, 0]), lambda: iter(x[0, 0]), lambda: hash(x)):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(AttributeError, match="argwhere"):
        x.argwhere()


def test_nested_lists_of_device_arrays_are_stacked(x):
    assert_same(cp.array([x[0], x[1]]), x.get()[:2])
    assert_same(cp.array([[x[0, 0], x[0, 1]]]), x.get()[:1, :2])
    with pytest.raises(TypeError):
        cp.array([x[0, 0], 1.0])


def test_copies_and_pickles_are_equal(x):
    for other in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert_same(other, x.get())
        assert not cp.may_share_memory(other, x)


def test_set_and_get_move_whole_arrays(x):
    x.set(np.full((3, 4), 2, np.float32))
    out = np.empty((3, 4), np.float32)
    assert x.get(out=out) is out
    assert (out == 2).all()
    for wrong in (np.zeros((3, 4)), np.zeros((4, 3), np.float32), [[1.0]]):
        with pytest.raises(TypeError):
            x.set(wrong)
    assert cp.asnumpy(x).base is None
    assert cp.get_array_module(x) is cp
    assert cp.get_array_module(out) is np


def test_bfloat16_stays_bfloat16():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="bfloat16 is its type")
    x = cp.ones((2, 2), ml_dtypes.bfloat16)
    for value in (x + x, x * 2.0, 2.0 - x, cp.exp(x), x @ x, cp.maximum(x, 0.5), cp.where(x > 0, x, 0.0), x.sum(),
                  cp.einsum("ij,jk", x, x), cp.dot(x, x)):  # fmt: skip
        assert value.dtype == ml_dtypes.bfloat16
    assert (x * 2.0).astype(cp.float32).tolist() == [[2.0, 2.0], [2.0, 2.0]]
    with pytest.raises(TypeError, match="unsupported"):
        cp.linalg.inv(x)


# What is counted


def test_waiting_for_the_device_is_counted(x):
    cp.reset_counts()
    float(x[0, 0]), int(x[0, 1]), bool(x[0, 2]), x[1].tolist(), x[0, 0].item(), repr(x), x[x > 3], cp.nonzero(x)
    assert cp.sync_counts() == {
        "float": 1, "int": 1, "bool": 1, "tolist": 1, "item": 1, "repr": 1, "mask": 1, "nonzero": 1,
    }  # fmt: skip


def test_computing_waits_for_nothing(x):
    cp.reset_counts()
    y = cp.exp(x - x.max(axis=1, keepdims=True))
    y /= y.sum(axis=1, keepdims=True)
    cp.where(y > 0.1, y, 0.0).reshape(4, 3)[1:, cp.zeros(2, int)].T @ cp.ones((3, 2), cp.float32)
    cp.allclose(x, y), cp.array_equal(x, y), cp.count_nonzero(x)
    assert cp.sync_counts() == {}
    assert cp.transfer_counts() == {}


def test_transfers_are_counted():
    cp.reset_counts()
    x = cp.asarray(np.zeros((3, 4), np.float32))
    x.get()
    cp.asnumpy(x)
    assert cp.transfer_counts() == {
        "host_to_device": 1, "host_to_device_bytes": 48, "device_to_host": 2, "device_to_host_bytes": 96,
    }  # fmt: skip


def test_memory_is_counted_once_for_all_its_views():
    pool = cp.get_default_memory_pool()
    gc.collect()
    before = pool.used_bytes()
    x = cp.zeros((100, 100))
    views = [x.T, x[5:], x.ravel()]
    assert pool.used_bytes() - before == 80_000
    del x
    assert pool.used_bytes() - before == 80_000
    del views
    assert pool.used_bytes() == before


# Devices


def test_arrays_are_made_on_the_current_device():
    with cp.cuda.Device(1):
        x = cp.zeros(3)
        assert cp.cuda.runtime.getDevice() == 1
        assert (x + 1).device.id == 1
    assert x.device == cp.cuda.Device(1)
    assert cp.zeros(3).device.id == 0
    with pytest.raises(RuntimeError, match="invalid device"):
        cp.cuda.Device(2)


@pytest.mark.parametrize(
    "call",
    [
        lambda a, b: a + b,
        lambda a, b: cp.add(a, b),
        lambda a, b: a.__iadd__(b),
        lambda a, b: cp.concatenate([a, b]),
        lambda a, b: a @ b,
        lambda a, b: a.__setitem__(slice(None), b),
        lambda a, b: a[b.astype(int)],
        lambda a, b: cp.where(a > 0, a, b),
        lambda a, b: -b,
        lambda a, b: b.sum(),
        lambda a, b: cp.exp(b),
        lambda a, b: b * 2,
        lambda a, b: b.astype(int),
        lambda a, b: cp.linalg.norm(b),
    ],
)
def test_devices_do_not_mix(call):
    a = cp.zeros(3)
    with cp.cuda.Device(1):
        b = cp.zeros(3)
    with pytest.raises(ValueError, match=r"lies on cuda:1 while the current device is cuda:0"):
        call(a, b)


def test_a_copy_lands_on_the_current_device(x):
    with cp.cuda.Device(1):
        assert x.copy().device.id == 1
        assert copy.deepcopy(x).device.id == 0
        with pytest.raises(NotImplementedError, match="non-contiguous"):
            x[:, ::2].copy()


def test_streams_and_events_do_nothing_in_order():
    with cp.cuda.Stream(non_blocking=True) as stream:
        start, end = cp.cuda.Event(), cp.cuda.Event()
        start.record(stream)
        end.record(stream)
        end.synchronize()
    assert cp.cuda.get_elapsed_time(start, end) >= 0
    cp.cuda.get_current_stream().synchronize()
    cp.cuda.Device(0).synchronize()


# Linear algebra


def test_a_singular_matrix_gives_nan_as_cupy_does_not_look():
    stack = cp.asarray([np.eye(2), np.zeros((2, 2))])
    for got in (cp.linalg.inv(stack), cp.linalg.cholesky(stack), cp.linalg.solve(stack, cp.ones((2, 2, 1)))):
        assert not cp.isnan(got[0]).any()
        assert cp.isnan(got[1]).all()


def test_a_singular_matrix_raises_where_that_is_asked_for():
    for call in (cp.linalg.inv, cp.linalg.cholesky):
        with cp.cupyx.errstate(linalg="raise"), pytest.raises(np.linalg.LinAlgError):
            call(cp.zeros((2, 2)))
    assert cp.isnan(cp.linalg.inv(cp.zeros((2, 2)))).all()


def test_solve_broadcasts_no_leading_axes():
    a = cp.eye(3) + cp.zeros((4, 3, 3))
    assert cp.linalg.solve(a, cp.ones((4, 3, 2))).shape == (4, 3, 2)
    assert cp.linalg.solve(a, cp.ones(3)).shape == (4, 3)
    for b in (cp.ones((1, 3, 2)), cp.ones((3, 2)), cp.ones((4, 3)), cp.ones(4)):
        with pytest.raises(ValueError, match=r"cupy.linalg.solve: expected a"):
            cp.linalg.solve(a, b)


def test_half_precision_is_unsupported_in_linalg():
    with pytest.raises(TypeError, match="unsupported"):
        cp.linalg.cholesky(cp.eye(2, dtype=cp.float16))


# Random numbers


def test_a_seed_gives_the_same_numbers():
    draws = []
    for _ in range(2):
        cp.random.seed(7)
        rng, state = cp.random.default_rng(7), cp.random.RandomState(7)
        draws.append([cp.random.rand(3), rng.standard_normal(3), state.randint(0, 9, size=3), rng.integers(0, 9, 3)])
    for first, second in zip(*draws, strict=True):
        assert_same(first, second.get())


def test_distributions_have_sizes_and_types():
    state = cp.random.RandomState(0)
    assert state.normal(2.0, 3.0, (2, 3), dtype=cp.float32).dtype == np.float32
    assert state.randn(2, 3, dtype="float32").shape == (2, 3)
    assert state.uniform(size=5).dtype == np.float64
    assert cp.random.permutation(5).shape == (5,)
    assert cp.random.choice(5, size=3, replace=False).shape == (3,)
    assert cp.random.default_rng(0).random((2,), dtype=cp.float32).dtype == np.float32
    x = cp.arange(20)
    cp.random.shuffle(x)
    assert sorted(x.tolist()) == list(range(20))
    with pytest.raises(AttributeError, match="has it not"):
        _ = cp.random.default_rng(0).normal
