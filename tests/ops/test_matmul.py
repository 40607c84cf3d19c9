import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.parity import assert_parity
from tinygrad_edu.errors import DTypeError, ShapeError
from tinygrad_edu.ops import matmul as products
from tinygrad_edu.ops.chain import chain_matmul
from tinygrad_edu.ops.distance import cdist

floats = st.sampled_from([np.float64, np.float64, np.float32])
sizes = st.integers(0, 5)


def laid_out(draw, shape, dtype=np.float64):
    """An array of a shape, in any layout."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    layout = draw(st.sampled_from(["contiguous", "transposed", "strided", "reversed"]))
    stored = shape[::-1] if layout == "transposed" else tuple(2 * n for n in shape) if layout == "strided" else shape
    a = np.asarray(rng.standard_normal(stored)).astype(dtype)
    if dtype == np.float32:
        a = abs(a) + np.float32(0.5)  # sums that do not cancel are right to the rounding of one term
    if layout == "transposed":
        return a.T
    if layout == "strided":
        return a[tuple([slice(None, None, 2)] * a.ndim)]
    return a[tuple([slice(None, None, -1)] * a.ndim)] if layout == "reversed" else a


def batches(draw):
    """Two batch shapes that broadcast."""
    full = draw(st.lists(st.integers(0, 3), max_size=3))
    return [tuple(1 if draw(st.booleans()) else n for n in full)[draw(st.integers(0, len(full))) :] for _ in range(2)]


def tensor_of(shape, dtype=tg.float64, requires_grad=False):
    rng = np.random.default_rng(sum(shape))
    return tg.tensor(rng.standard_normal(shape), dtype=dtype, requires_grad=requires_grad)


# -- matmul


@pytest.mark.parity
@given(data=st.data())
def test_matmul_agrees_with_pytorch(data):
    (m, k, n), (left, right), dtype = data.draw(st.tuples(sizes, sizes, sizes)), batches(data.draw), data.draw(floats)
    a = laid_out(data.draw, data.draw(st.sampled_from([(k,), (*left, m, k)])), dtype)
    b = laid_out(data.draw, data.draw(st.sampled_from([(k,), (*right, k, n)])), dtype)
    assert_parity(lambda x, y: x @ y, lambda x, y: x @ y, a, b)


@pytest.mark.parity
@pytest.mark.parametrize("shapes", [((2, 3), (3, 2)), ((4, 2, 3), (3, 2)), ((2, 3), (4, 3, 2)), ((4, 2, 3), (4, 3, 2))])
def test_matmul_third_derivative_agrees_with_pytorch(shapes):
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(shape) for shape in shapes)
    assert_parity(lambda x, y: (x @ y) ** 3, lambda x, y: (x @ y) ** 3, a, b, order=3)


def test_matmul_matches_a_sum_written_out(device):
    a, b = tensor_of((2, 3, 4)), tensor_of((4, 5))
    c = (a.to(device) @ b.to(device)).cpu().numpy()
    for i, m, n in np.ndindex(2, 3, 5):
        np.testing.assert_allclose(c[i, m, n], sum(a.numpy()[i, m, k] * b.numpy()[k, n] for k in range(4)), rtol=1e-14)


def test_matmul_gradients_are_products_with_the_other_factor(device):
    a = tg.tensor([[1.0, 2.0], [3.0, 4.0]], device=device, requires_grad=True)
    b = tg.tensor([[5.0, 6.0], [7.0, 8.0]], device=device, requires_grad=True)
    (a @ b).backward(tg.tensor([[1.0, 0.0], [0.0, 10.0]], device=device))
    np.testing.assert_array_equal(a.grad.cpu().numpy(), [[5.0, 7.0], [60.0, 80.0]])
    np.testing.assert_array_equal(b.grad.cpu().numpy(), [[1.0, 30.0], [2.0, 40.0]])


def test_matmul_over_nothing_is_zero(device):
    c = tg.ones(2, 0, device=device) @ tg.ones(0, 3, device=device)
    np.testing.assert_array_equal(c.cpu().numpy(), np.zeros((2, 3)))


@pytest.mark.parametrize("dtype", [tg.int8, tg.uint8, tg.int32, tg.int64])
def test_matmul_of_integers_is_exact_and_wraps(dtype):
    rng = np.random.default_rng(0)
    info = np.iinfo(dtype)
    a, b = (rng.integers(info.min, info.max, (3, 3), dtype=dtype, endpoint=True) for _ in range(2))
    c = tg.tensor(a) @ tg.tensor(b)
    exact = a.astype(object) @ b.astype(object)
    wrapped = (exact - int(info.min)) % 2**info.bits + int(info.min)
    assert c.dtype == dtype
    np.testing.assert_array_equal(c.numpy().astype(object), wrapped)


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_matmul_of_16_bit_floats_adds_up_in_float32(name):
    if name == "bfloat16":
        pytest.importorskip("ml_dtypes", reason="bfloat16 is a dtype of ml_dtypes")
    a = tg.ones(1, 4096).to(name) @ tg.ones(4096, 1).to(name)  # added up in 16 bits it would stop at 2048, or 256
    assert a.dtype.name == name
    assert a.item() == 4096


def test_matmul_keeps_only_the_factor_that_is_needed():
    a, b = tensor_of((2, 3), requires_grad=True), tensor_of((3, 2))
    kept_b, *_ = (a @ b).grad_fn.inputs[1:]
    assert kept_b is not None
    assert (a @ b).grad_fn.inputs[0] is None


def test_matmul_with_numpy_arrays_on_either_side():
    a = np.arange(6.0).reshape(2, 3)
    x = tg.tensor(a)
    np.testing.assert_array_equal((a @ x.T).numpy(), a @ a.T)
    np.testing.assert_array_equal((x @ a.T).numpy(), a @ a.T)


def test_matmul_in_place_writes_into_the_old_memory():
    x = tensor_of((3, 3))
    memory, expected = x.numpy(), x.numpy() @ x.numpy()
    x @= tg.tensor(memory.copy())
    np.testing.assert_allclose(memory, expected)


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (
            (2, 3),
            (4, 5),
            r"expected a \(..., M, K\) and b \(..., K, N\) with the same K, got a \(2, 3\) and b \(4, 5\)",
        ),
        ((2, 2, 3), (3, 3, 4), r"leading dimensions that broadcast, got a \(2, 2, 3\) and b \(3, 3, 4\)"),
        ((3,), (4,), r"with the same K, got a \(3,\) and b \(4,\)"),
        ((), (3, 3), r"got a \(\) and b \(3, 3\)"),
        ((2, 3), (2,), r"got a \(2, 3\) and b \(2,\)"),
    ],
)
def test_matmul_rejects_shapes_that_do_not_fit(a, b, said, device):
    with pytest.raises(ShapeError, match="^matmul: .*" + said):
        tg.ones(*a, device=device) @ tg.ones(*b, device=device)


def test_matmul_rejects_mixed_and_bool_dtypes():
    with pytest.raises(DTypeError, match=r"matmul: expected one dtype, got a float32, b float64; cast one"):
        tg.ones(2, 2) @ tg.ones(2, 2, dtype=tg.float64)
    with pytest.raises(DTypeError, match="matmul: expected numbers, got bool"):
        tg.ones(2, 2, dtype=bool) @ tg.ones(2, 2, dtype=bool)
    with pytest.raises(TypeError, match="unsupported operand"):
        tg.ones(2, 2) @ 3.0
    with pytest.raises(DTypeError, match="multiply by a number"):
        products.matmul(tg.ones(2, 2), 3.0)


# -- the products that are made of it


def shaped(*names):
    """Shapes for the operands of a product, with one size a letter."""
    return lambda sizes: [tuple(sizes[c] for c in name) for name in names]


CASES = {
    "mm": (shaped("mk", "kn"), {}),
    "bmm": (shaped("bmk", "bkn"), {}),
    "mv": (shaped("mk", "k"), {}),
    "dot": (shaped("k", "k"), {}),
    "vdot": (shaped("k", "k"), {}),
    "inner": (shaped("bmk", "nk"), {}),
    "outer": (shaped("m", "n"), {}),
    "ger": (shaped("m", "n"), {}),
    "kron": (shaped("mk", "bkn"), {}),
    "addmm": (shaped("mn", "mk", "kn"), {"beta": 0.5, "alpha": -2}),
    "addmv": (shaped("m", "mk", "k"), {"beta": 0.5, "alpha": -2}),
    "addr": (shaped("n", "m", "n"), {"beta": 0.5, "alpha": -2}),
    "baddbmm": (shaped("n", "bmk", "bkn"), {"beta": 0.5, "alpha": -2}),
    "addbmm": (shaped("mn", "bmk", "bkn"), {"beta": 0.5, "alpha": -2}),
}


@pytest.mark.parity
@pytest.mark.parametrize("name", list(CASES))
@given(data=st.data())
def test_product_agrees_with_pytorch(name, data):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    shapes, settings = CASES[name]
    settings = settings if data.draw(st.booleans()) else {}
    dtype = data.draw(floats)
    arrays = [laid_out(data.draw, s, dtype) for s in shapes({c: data.draw(sizes) for c in "bmkn"})]
    ours, theirs = getattr(products, name), getattr(torch, name)
    # contiguous, because torch.kron refuses some transposed matrices
    assert_parity(
        lambda *xs: ours(*xs, **settings), lambda *xs: theirs(*[x.contiguous() for x in xs], **settings), *arrays
    )


@pytest.mark.parity
@pytest.mark.parametrize("name", list(CASES))
def test_product_of_integers_agrees_with_pytorch(name):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    rng = np.random.default_rng(0)
    arrays = [rng.integers(-9, 9, s) for s in CASES[name][0]({"b": 2, "m": 3, "k": 4, "n": 5})]
    assert_parity(getattr(products, name), getattr(torch, name), *arrays)


@pytest.mark.parity
@pytest.mark.parametrize(
    ("name", "dtypes"), [("outer", "if"), ("kron", "if"), ("addr", "ifd"), ("outer", "bb"), ("kron", "bb")]
)
def test_product_of_mixed_dtypes_agrees_with_pytorch(name, dtypes):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    kinds = {"i": np.int64, "f": np.float32, "d": np.float64, "b": np.bool_}
    arrays = [np.array([1.0, 0.0, 3.0]).astype(kinds[c]) for c in dtypes]
    assert_parity(getattr(products, name), getattr(torch, name), *arrays, order=0)


def test_addr_of_bools_is_or_of_and():
    a, b, c = (tg.tensor(v) for v in ([[True, False], [False, False]], [False, True], [True, False]))
    np.testing.assert_array_equal(products.addr(a, b, c).numpy(), [[True, False], [True, False]])
    np.testing.assert_array_equal(products.addr(a, b, c, beta=0).numpy(), [[False, False], [True, False]])


def test_addmm_with_beta_zero_does_not_look_at_the_input():
    nan = tg.full((2, 2), float("nan"), requires_grad=True)
    eye = tg.eye(2)
    y = products.addmm(nan, eye, eye, beta=0)
    np.testing.assert_array_equal(y.detach().numpy(), np.eye(2))
    y.sum().backward()
    np.testing.assert_array_equal(nan.grad.numpy(), np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda: products.mm(tg.ones(2), tg.ones(2, 2)),
            ShapeError,
            r"mm: expected a \(M, K\) and b \(K, N\), got a \(2,\)",
        ),
        (lambda: products.mm(tg.ones(2, 3), tg.ones(2, 2)), ShapeError, "with the same K"),
        (lambda: products.bmm(tg.ones(1, 2, 3), tg.ones(2, 3, 2)), ShapeError, "bmm: .* with the same B"),
        (lambda: products.mv(tg.ones(2, 3), tg.ones(2)), ShapeError, "with the same K"),
        (lambda: products.dot(tg.ones(1), tg.ones(3)), ShapeError, "with the same K"),
        (lambda: products.dot(tg.ones(1, 1), tg.ones(3)), ShapeError, "dot: expected a .K,. and b .K,."),
        (lambda: products.inner(tg.ones(2, 3), tg.ones(2, 2)), ShapeError, "inner: .* with the same K"),
        (lambda: products.outer(tg.ones(2, 3), tg.ones(2)), ShapeError, "outer: expected a .M,. and b .N,."),
        (
            lambda: products.addmm(tg.ones(3), tg.eye(2), tg.eye(2)),
            ShapeError,
            r"addmm: .* broadcasts to the product \(2, 2\)",
        ),
        (lambda: products.addmm(tg.ones(1, 2, 2), tg.eye(2), tg.eye(2)), ShapeError, "addmm: .* broadcasts"),
        (lambda: products.addmm(tg.ones(2, dtype=int), tg.eye(2), tg.eye(2)), DTypeError, "addmm: expected one dtype"),
        (
            lambda: products.addr(*[tg.ones(2, dtype=int)] * 3, alpha=0.5),
            DTypeError,
            "addr: expected integers beta and alpha",
        ),
        (lambda: products.trace(tg.ones(2, 2, 2)), ShapeError, "trace: expected a matrix"),
        (lambda: products.trace(tg.ones(2, 2) > 0), ShapeError, "trace: expected a matrix .* of numbers"),
    ],
)
def test_product_rejects_what_does_not_fit(call, error, said):
    with pytest.raises(error, match=said):
        call()


@pytest.mark.parity
@given(data=st.data())
def test_trace_agrees_with_pytorch(data):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    a = laid_out(data.draw, (data.draw(sizes), data.draw(sizes)), data.draw(floats))
    assert_parity(products.trace, torch.trace, a)
    assert_parity(products.trace, torch.trace, np.asarray(a * 10).astype(np.int32))


@pytest.mark.parity
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_chain_matmul_agrees_with_pytorch(count):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    rng = np.random.default_rng(count)
    widths = rng.integers(1, 7, count + 1)
    arrays = [rng.standard_normal((widths[i], widths[i + 1])) for i in range(count)]
    assert_parity(chain_matmul, lambda *xs: torch.linalg.multi_dot(xs) if count > 1 else xs[0], *arrays)


# -- linear


@pytest.mark.parity
@given(data=st.data())
def test_linear_agrees_with_pytorch(data):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    k, n, dtype = data.draw(sizes), data.draw(sizes), data.draw(floats)
    batch = tuple(data.draw(st.lists(st.integers(0, 3), max_size=3)))
    arrays = [laid_out(data.draw, (*batch, k), dtype), laid_out(data.draw, (n, k), dtype)]
    if data.draw(st.booleans()):
        arrays.append(laid_out(data.draw, (n,), dtype))
    assert_parity(products.linear, torch.nn.functional.linear, *arrays)


def test_linear_equals_its_composition(device):
    x, w, b = (tensor_of(s).to(device).requires_grad_() for s in ((4, 3, 5), (2, 5), (2,)))
    dy = tensor_of((4, 3, 2)).to(device)
    fused = tg.autograd.grad(products.linear(x, w, b), [x, w, b], dy)
    composed = tg.autograd.grad(x @ w.T + b, [x, w, b], dy)
    for got, expected in zip(fused, composed, strict=True):
        np.testing.assert_allclose(got.cpu().numpy(), expected.cpu().numpy(), rtol=1e-13)


def test_linear_weight_gradient_is_contiguous_like_the_weight():
    x, w = tensor_of((4, 3, 5)), tensor_of((2, 5), requires_grad=True)
    products.linear(x, w).sum().backward()
    assert w.grad.is_contiguous()


def test_linear_with_a_weight_of_one_row_drops_the_dimension():
    assert products.linear(tg.ones(4, 3), tg.ones(3)).shape == (4,)


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        (
            ((2, 3), (4, 5)),
            r"linear: expected x \(..., K\) and a weight \(N, K\) with the same K, got x \(2, 3\) and weight",
        ),
        (((2, 3), (4, 3), (5,)), r"linear: expected a bias that broadcasts to \(2, 4\), got \(5,\)"),
        (
            ((2, 3), (3,), (3,)),
            r"linear: expected x \(..., K\) and a weight \(N, K\), got x \(2, 3\) and weight \(3,\) and bias",
        ),
    ],
)
def test_linear_rejects_shapes_that_do_not_fit(shapes, said):
    with pytest.raises(ShapeError, match=said):
        products.linear(*[tg.ones(*s) for s in shapes])


def test_linear_rejects_mixed_dtypes():
    with pytest.raises(DTypeError, match="linear: expected one dtype, got x float32, weight float32, bias float64"):
        products.linear(tg.ones(2, 3), tg.ones(4, 3), tg.ones(4, dtype=tg.float64))


# -- cdist


@pytest.mark.parity
@pytest.mark.parametrize("p", [1.0, 1.5, 3.0, float("inf")])
def test_cdist_gradient_where_differences_tie_or_vanish_agrees_with_pytorch(p):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    a, b = np.array([[0.0, 1.0, 2.0], [0.0, 0.0, 0.0]]), np.array([[1.0, 0.0, 1.0], [0.0, 3.0, -3.0], [0.0, 0.0, 0.0]])
    assert_parity(lambda x, y: cdist(x, y, p), lambda x, y: torch.cdist(x, y, p), a, b, order=1)


def drawn_points(data):
    (left, right), m = batches(data.draw), data.draw(st.integers(1, 4))
    a, b = (laid_out(data.draw, (*batch, data.draw(sizes), m)) for batch in (left, right))
    return a, b + 0.01  # not the same points, where derivatives are a matter of convention


@pytest.mark.parity
@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, float("inf")])
@given(data=st.data())
def test_cdist_agrees_with_pytorch(p, data):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    assert_parity(lambda x, y: cdist(x, y, p), lambda x, y: torch.cdist(x, y, p), *drawn_points(data), order=1)


@pytest.mark.parity
@pytest.mark.parametrize("p", [0.5, 1.5, 2.0, 3.0])
@given(data=st.data())
def test_cdist_second_derivative_is_that_of_the_differences(p, data):

    def written_out(x, y):  # torch.cdist itself has no second derivative
        return ((x.unsqueeze(-2) - y.unsqueeze(-3)).abs() ** p).sum(-1) ** (1 / p)

    assert_parity(lambda x, y: cdist(x, y, p), written_out, *drawn_points(data))


@pytest.mark.parity
def test_cdist_of_many_points_agrees_with_pytorch():
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    rng = np.random.default_rng(0)
    assert_parity(cdist, torch.cdist, rng.standard_normal((2, 30, 3)), rng.standard_normal((2, 4, 3)))


@pytest.mark.parametrize("mode", ["use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"])
@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0, float("inf")])
def test_cdist_gradient_is_zero_between_points_that_coincide(p, mode):
    x = tg.ones(1, 3, requires_grad=True)
    d = cdist(x, tg.ones(1, 3), p, mode)
    d.backward(tg.ones(1, 1))
    assert d.item() == 0
    np.testing.assert_array_equal(x.grad.numpy(), np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: cdist(tg.ones(3), tg.ones(2, 3)), ShapeError, r"cdist: expected x1 \(..., P, M\)"),
        (lambda: cdist(tg.ones(2, 4), tg.ones(2, 3)), ShapeError, "with the same M"),
        (lambda: cdist(tg.ones(2, 3), tg.ones(2, 3), -1), DTypeError, "p of at least 0"),
        (lambda: cdist(tg.ones(2, 3, dtype=int), tg.ones(2, 3, dtype=int)), DTypeError, "expected float32 or float64"),
    ],
)
def test_cdist_rejects_what_does_not_fit(call, error, said):
    with pytest.raises(error, match=said):
        call()
