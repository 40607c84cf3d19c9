import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.ops.test_matmul import laid_out, sizes
from tests.parity import assert_parity
from tinygrad_edu.errors import DimError, DTypeError, GradError, LinAlgError, ShapeError
from tinygrad_edu.ops import linalg, matrices

inf = math.inf
LOOSE = 1e-5  # relative, for decompositions of matrices that may be ill-conditioned


def grad(y, xs, dy=None, create_graph=False):
    return tg.autograd.grad(y, xs, dy, create_graph=create_graph)


def batch(data):
    return tuple(data.draw(st.lists(st.integers(0, 3), max_size=2)))


def square(data, shift=0.0):
    """Square matrices; a shift of the diagonal makes them well conditioned."""
    n = data.draw(st.integers(0, 4))
    return laid_out(data.draw, (*batch(data), n, n)) + shift * np.eye(n)


def rectangular(data, more_rows=False, smallest=0):
    m, n = data.draw(st.integers(smallest, 4)), data.draw(st.integers(smallest, 4))
    m, n = (max(m, n), min(m, n)) if more_rows else (m, n)
    a = laid_out(data.draw, (*batch(data), m, n))
    return a + 3 * np.eye(m, n) * (1 + np.arange(n))  # singular values apart, and from 0


def torch_linalg():
    return pytest.importorskip("torch", reason="parity is held against PyTorch").linalg


# -- inverses, determinants, systems


@pytest.mark.parity
@pytest.mark.parametrize("name", ["inv", "det", "slogdet", "pinv", "matrix_exp"])
@given(data=st.data())
def test_function_of_square_matrices_agrees_with_pytorch(name, data):
    a = square(data, shift=data.draw(st.sampled_from([5.0, -5.0])))
    ours, theirs = getattr(linalg, name), getattr(torch_linalg(), name)
    # contiguous, because torch's matrix_exp refuses some transposed matrices
    assert_parity(ours, lambda x: theirs(x.contiguous()), a, rtol=1e-7 if name != "matrix_exp" else LOOSE)


@pytest.mark.parity
@pytest.mark.parametrize(
    "name", ["inv", "det", "slogdet", "pinv", "matrix_exp", "cholesky", "svdvals", "eigvalsh", "qr"]
)
def test_function_of_float32_matrices_agrees_with_pytorch(name):
    a = np.random.default_rng(0).standard_normal((2, 3, 3))
    a = (a @ a.swapaxes(-1, -2) + 3 * np.eye(3)).astype(np.float32)
    ours, theirs = getattr(linalg, name), getattr(torch_linalg(), name)
    symmetric = lambda f: lambda x: f((x + x.mT) / 2)  # noqa: E731
    assert_parity(symmetric(ours), symmetric(theirs), a, rtol=2e-4)


@pytest.mark.parity
@pytest.mark.parametrize("n", [-3, -1, 0, 1, 2, 3, 5, 8])
def test_matrix_power_agrees_with_pytorch(n):
    a = np.random.default_rng(0).standard_normal((2, 3, 3)) + 3 * np.eye(3)
    power = lambda f: lambda x: f(x, n) + 0 * x  # noqa: E731
    assert_parity(power(linalg.matrix_power), power(torch_linalg().matrix_power), a, rtol=LOOSE)


@pytest.mark.parity
@pytest.mark.parametrize("n", range(4))
def test_matrix_power_of_integers_agrees_with_pytorch(n):
    a = np.arange(4).reshape(2, 2)
    assert_parity(lambda x: linalg.matrix_power(x, n), lambda x: torch_linalg().matrix_power(x, n), a)


@pytest.mark.parity
@given(data=st.data())
def test_solve_agrees_with_pytorch(data):
    n, k, left = data.draw(st.integers(0, 4)), data.draw(sizes), data.draw(st.booleans())
    (of_a, of_b) = (data.draw(st.sampled_from([(), (2,), (1,), (3, 1), (3, 2)])) for _ in range(2))
    a = laid_out(data.draw, (*of_a, n, n)) + 5 * np.eye(n)
    b = laid_out(data.draw, (*of_b, n, k) if left else (*of_b, k, n))
    if left and data.draw(st.booleans()):
        b = laid_out(data.draw, data.draw(st.sampled_from([(n,), (*of_a, n)])))
    if not left and b.shape == a.shape[:-1]:
        return  # vectors, and refused
    theirs = torch_linalg().solve
    assert_parity(lambda x, y: linalg.solve(x, y, left=left), lambda x, y: theirs(x, y, left=left), a, b)


@pytest.mark.parity
@given(data=st.data())
def test_solve_triangular_agrees_with_pytorch(data):
    n, k = data.draw(st.integers(0, 6)), data.draw(sizes)
    how = {name: data.draw(st.booleans()) for name in ("upper", "left", "unitriangular")}
    (of_a, of_b) = (data.draw(st.sampled_from([(), (2,), (1,), (3, 1), (3, 2)])) for _ in range(2))
    a = laid_out(data.draw, (*of_a, n, n)) + 3 * np.eye(n)
    b = laid_out(data.draw, (*of_b, n, k) if how["left"] else (*of_b, k, n))
    theirs = torch_linalg().solve_triangular
    assert_parity(lambda x, y: linalg.solve_triangular(x, y, **how), lambda x, y: theirs(x, y, **how), a, b)


@pytest.mark.filterwarnings("error")
def test_solve_triangular_with_a_zero_on_the_diagonal_is_infinite_silently(device):
    a = tg.tensor([[1.0, 2.0], [0.0, 0.0]], device=device)
    x = linalg.solve_triangular(a, tg.ones(2, 1, device=device), upper=True)
    np.testing.assert_array_equal(x.cpu().numpy(), [[-inf], [inf]])


@pytest.mark.parity
@pytest.mark.parametrize("hermitian", [False, True])
@given(data=st.data())
def test_pinv_agrees_with_pytorch(hermitian, data):
    if hermitian:
        a = square(data)
        a = a + a.swapaxes(-1, -2) + 8 * np.eye(a.shape[-1])
    else:
        a = rectangular(data)
    both = lambda f: lambda x: f((x + x.mT) / 2 if hermitian else x, hermitian=hermitian)  # noqa: E731
    assert_parity(both(linalg.pinv), both(torch_linalg().pinv), a, rtol=LOOSE)


@pytest.mark.parity
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3)])
def test_pinv_of_deficient_rank_agrees_with_pytorch(shape):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((2, shape[0], 2)) @ rng.standard_normal((2, 2, shape[1]))
    # the first derivative: that of the second, in directions that change the rank, is a matter of the formula
    assert_parity(lambda x: linalg.pinv(x, rtol=1e-9), lambda x: torch_linalg().pinv(x, rtol=1e-9), a, order=1)


@pytest.mark.parity
@pytest.mark.parametrize("cut", [{"atol": 1.5}, {"rtol": 0.5}, {"atol": 0.5, "rtol": 0.25}, {"atol": 0.0}, {}])
def test_cut_of_singular_values_agrees_with_pytorch(cut):
    a = np.diag([4.0, 2.0, 1.0, 0.0]) @ np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
    for name in ("pinv", "matrix_rank"):
        ours, theirs = getattr(linalg, name), getattr(torch_linalg(), name)
        assert_parity(lambda x: ours(x, **cut), lambda x: theirs(x, **cut), a, order=0)  # noqa: B023


def test_cut_of_singular_values_may_differ_between_the_matrices_of_a_batch(device):
    a = tg.stack([tg.eye(2), 3 * tg.eye(2)]).to(device)
    assert linalg.matrix_rank(a, atol=tg.tensor([2.0, 2.0], device=device)).tolist() == [0, 2]
    np.testing.assert_allclose(
        linalg.pinv(a, atol=tg.tensor([2.0, 2.0], device=device)).cpu().numpy()[0], np.zeros((2, 2))
    )


@pytest.mark.parity
@pytest.mark.parametrize("driver", [None, "gels", "gelsd"])
@given(data=st.data())
def test_lstsq_agrees_with_pytorch(driver, data):
    a = rectangular(data, smallest=1)
    if 0 in a.shape:
        return
    b = laid_out(data.draw, a.shape[:-1] if data.draw(st.booleans()) else (*a.shape[:-1], data.draw(st.integers(1, 3))))
    ours, theirs = linalg.lstsq, torch_linalg().lstsq
    if driver == "gels" and a.shape[-1] > a.shape[-2]:
        driver = None
    assert_parity(
        lambda x, y: ours(x, y, driver=driver), lambda x, y: theirs(x, y, driver=driver), a, b, order=0, rtol=LOOSE
    )
    assert_parity(
        lambda x, y: ours(x, y, driver=driver)[0], lambda x, y: theirs(x, y, driver=driver)[0], a, b, rtol=LOOSE
    )


@pytest.mark.parity
def test_lstsq_residuals_have_the_gradient_of_the_residuals():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((5, 3)), rng.standard_normal((5, 2))
    ours = lambda x, y: linalg.lstsq(x, y, driver="gelsd").residuals  # noqa: E731
    theirs = lambda x, y: (y - x @ (torch_linalg().pinv(x) @ y)).square().sum(0)  # noqa: E731
    assert_parity(ours, theirs, a, b, rtol=LOOSE)


@pytest.mark.parity
@pytest.mark.parametrize("shape", [(2, 2, 3, 4), (3, 2, 6)])
def test_tensorinv_and_tensorsolve_agree_with_pytorch(shape):
    rng = np.random.default_rng(0)
    ind = 2
    rows = shape[:ind]
    columns = (math.prod(rows),) if len(shape) == 3 else (4, 1)
    a = rng.standard_normal((*rows, *columns)) + 3 * np.eye(math.prod(rows)).reshape(*rows, *columns)
    b = rng.standard_normal(rows)
    assert_parity(lambda x: linalg.tensorinv(x, ind), lambda x: torch_linalg().tensorinv(x, ind), a, rtol=LOOSE)
    assert_parity(linalg.tensorsolve, torch_linalg().tensorsolve, a, b, rtol=LOOSE)


# -- the determinant where there is no inverse


def leibniz(a):
    """The determinant as a sum over permutations: a polynomial, so its derivatives are right everywhere."""
    from itertools import permutations

    n = a.shape[-1]
    total = 0
    for p in permutations(range(n)):
        sign = np.linalg.det(np.eye(n)[list(p)])
        term = sign
        for i, j in enumerate(p):
            term = term * a[..., i, j]
        total = total + term
    return total


@pytest.mark.parametrize("rank", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_det_of_singular_matrices_has_the_derivatives_of_the_polynomial(rank, scale):
    rng = np.random.default_rng(rank)
    a = scale * rng.standard_normal((4, rank)) @ rng.standard_normal((rank, 4))
    d = [rng.standard_normal((4, 4)) for _ in range(3)]

    def derivatives(f):
        x = tg.tensor(a, requires_grad=True)
        y, found = f(x), []
        for direction in d:
            g = tg.autograd.grad(y, x, create_graph=True, materialize_grads=True)[0]
            found.append(g.detach().numpy())
            y = (g * tg.tensor(direction)).sum()
        return found

    for order, (got, exact) in enumerate(zip(derivatives(linalg.det), derivatives(leibniz), strict=True), 1):
        np.testing.assert_allclose(got, exact, rtol=1e-6, atol=1e-9 * scale ** (4 - order), err_msg=f"order {order}")


@pytest.mark.parametrize("small", [1e-2, 1e-5, 1e-8, 1e-12, 0.0])
def test_det_second_derivative_keeps_its_digits_near_a_singular_matrix(small):
    rng = np.random.default_rng(0)
    u, v = (np.linalg.qr(rng.standard_normal((4, 4)))[0] for _ in range(2))
    a = u @ np.diag([3.0, 2.0, 1.0, small]) @ v.T

    def second(f):
        x = tg.tensor(a, requires_grad=True)
        g = grad(f(x), x, create_graph=True)[0]
        return grad((g * tg.tensor(u)).sum(), x)[0].numpy()

    np.testing.assert_allclose(second(linalg.det), second(leibniz), rtol=1e-6, atol=1e-7)


def test_det_of_singular_and_regular_matrices_in_one_batch(device):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((3, 3, 3))
    a[1, 2] = a[1, 0] + a[1, 1]
    a[2] = 0
    w = tg.tensor(rng.standard_normal((3, 3, 3)), device=device)

    def first_and_second(f):
        x = tg.tensor(a, device=device, requires_grad=True)
        g = grad(f(x).sum(), x, create_graph=True)[0]
        return g.detach().cpu().numpy(), grad((g * w).sum(), x)[0].cpu().numpy()

    for got, exact in zip(first_and_second(linalg.det), first_and_second(leibniz), strict=True):
        np.testing.assert_allclose(got, exact, rtol=1e-9, atol=1e-10)


def test_slogdet_of_a_singular_matrix(device):
    a = tg.tensor([[1.0, 2.0], [2.0, 4.0]], device=device, requires_grad=True)
    sign, logabsdet = linalg.slogdet(a)
    assert (sign.item(), logabsdet.item()) == (0, -inf)
    logabsdet.backward()
    assert bool(a.grad.isinf().all())


# -- factorisations


@pytest.mark.parity
@pytest.mark.parametrize("upper", [False, True])
@given(data=st.data())
def test_cholesky_agrees_with_pytorch(upper, data):
    a = square(data)
    a = a @ a.swapaxes(-1, -2) + np.eye(a.shape[-1])
    both = lambda f: lambda x: f(x, upper=upper)  # noqa: E731
    assert_parity(both(linalg.cholesky), both(torch_linalg().cholesky), a)


def test_cholesky_reads_one_triangle(device):
    a = tg.tensor([[4.0, 99.0], [2.0, 5.0]], device=device)
    np.testing.assert_allclose(linalg.cholesky(a).cpu().numpy(), [[2, 0], [1, 2]])
    np.testing.assert_allclose(linalg.cholesky(a.mT, upper=True).cpu().numpy(), [[2, 1], [0, 2]])


@pytest.mark.parity
@given(data=st.data())
def test_qr_agrees_with_pytorch(data):
    a = rectangular(data)
    wide = a.shape[-2] <= a.shape[-1]
    mode = data.draw(st.sampled_from(["reduced", "complete"] if wide else ["reduced"]))
    pick = data.draw(st.sampled_from([lambda q, r: (q, r), lambda q, r: q, lambda q, r: r]))
    both = lambda f: lambda x: pick(*f(x, mode))  # noqa: E731
    assert_parity(both(linalg.qr), both(torch_linalg().qr), a, rtol=LOOSE)


@pytest.mark.parity
@pytest.mark.parametrize("shape", [(4, 3), (3, 3), (3, 5), (2, 3, 4)])
@pytest.mark.parametrize("part", [0, 1])
def test_qr_gradient_of_one_factor_alone_agrees_with_pytorch(shape, part):
    a = np.random.default_rng(0).standard_normal(shape)
    both = lambda f: lambda x: f(x)[part]  # noqa: E731
    assert_parity(both(linalg.qr), both(torch_linalg().qr), a, rtol=LOOSE)


@pytest.mark.parity
@given(data=st.data())
def test_qr_values_agree_with_pytorch_in_every_mode(data):
    a = rectangular(data)
    mode = data.draw(st.sampled_from(["reduced", "complete", "r"]))
    both = lambda f: lambda x: tuple(y.detach() for y in f(x, mode))  # noqa: E731 (not every mode has a gradient)
    assert_parity(both(linalg.qr), both(torch_linalg().qr), a, order=0, rtol=1e-9)


def test_qr_without_a_gradient_says_so():
    a = tg.ones(3, 2, requires_grad=True)
    with pytest.raises(GradError, match="qr: the gradient needs Q"):
        linalg.qr(a, "r").R.sum().backward()
    with pytest.raises(GradError, match=r"qr: mode='complete' has no gradient for M > N, got \(3, 2\)"):
        linalg.qr(a, "complete").R.sum().backward()


@pytest.mark.parity
@pytest.mark.parametrize("full", [False, True])
@given(data=st.data())
def test_svd_agrees_with_pytorch_where_it_is_unique(full, data):
    a = rectangular(data)
    k = min(a.shape[-2:])

    def unique(f):  # no sign is left in these
        def of(x):
            u, s, vh = f(x, full_matrices=full)
            u, vh = u[..., :k], vh[..., :k, :]
            return s, u**2, vh**2, u @ vh

        return of

    assert_parity(unique(linalg.svd), unique(torch_linalg().svd), a, rtol=LOOSE)


@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (2, 3, 3), (0, 2), (2, 0), (2, 0, 3)])
@pytest.mark.parametrize("full", [False, True])
def test_svd_gives_back_the_matrix(shape, full, device):
    a = np.random.default_rng(0).standard_normal(shape)
    u, s, vh = (x.cpu().numpy() for x in linalg.svd(tg.tensor(a, device=device), full))
    (m, n), k = shape[-2:], min(shape[-2:])
    assert u.shape[-2:] == ((m, m) if full else (m, k))
    assert vh.shape[-2:] == ((n, n) if full else (k, n))
    np.testing.assert_allclose((u[..., :k] * s[..., None, :]) @ vh[..., :k, :], a, atol=1e-12)


@pytest.mark.parity
@pytest.mark.parametrize("wanted", ["u", "s", "v"])
def test_svd_gradient_of_one_factor_alone_agrees_with_pytorch(wanted):
    index = "usv".index(wanted)
    for shape in ((4, 3), (3, 4), (3, 3)):
        a = np.random.default_rng(1).standard_normal(shape)
        part = lambda f: lambda x: f(x, full_matrices=False)[index] ** 2  # noqa: E731
        assert_parity(part(linalg.svd), part(torch_linalg().svd), a, rtol=LOOSE)


@pytest.mark.parity
@given(data=st.data())
def test_svdvals_agree_with_pytorch(data):
    a = rectangular(data)
    assert_parity(linalg.svdvals, torch_linalg().svdvals, a, rtol=LOOSE)
    np.testing.assert_allclose(linalg.svdvals(tg.tensor(a)).numpy(), linalg.svd(tg.tensor(a)).S.numpy(), rtol=1e-12)


@pytest.mark.parity
@pytest.mark.parametrize("uplo", ["L", "U"])
@given(data=st.data())
def test_eigh_agrees_with_pytorch_where_it_is_unique(uplo, data):
    a = square(data)
    a = a + a.swapaxes(-1, -2) + 5 * np.diag(np.arange(a.shape[-1]))

    def unique(f):
        def of(x):
            w, v = f(x, uplo)
            return w, v**2, v @ (v * w.exp().unsqueeze(-2)).mT

        return of

    assert_parity(unique(linalg.eigh), unique(torch_linalg().eigh), a, rtol=LOOSE)
    assert_parity(
        lambda x: linalg.eigvalsh(x, uplo) ** 2, lambda x: torch_linalg().eigvalsh(x, uplo) ** 2, a, rtol=LOOSE
    )


def test_eigh_reads_the_triangle_that_is_named(device):
    a = tg.tensor([[1.0, 5.0], [0.0, 3.0]], device=device)
    np.testing.assert_allclose(linalg.eigvalsh(a, "L").cpu().numpy(), [1, 3])
    np.testing.assert_allclose(linalg.eigvalsh(a, "u").cpu().numpy(), np.linalg.eigvalsh([[1.0, 5], [5, 3]]), rtol=1e-6)


# -- norms


@pytest.mark.parity
@pytest.mark.parametrize("order", [0, 0.5, 1, 1.5, 2, 3, 4, inf, -inf, -1, -2.5])
@given(data=st.data())
def test_vector_norm_agrees_with_pytorch(order, data):
    a = laid_out(data.draw, tuple(data.draw(st.lists(st.integers(1, 4), max_size=3))))
    dims = data.draw(
        st.none() | st.lists(st.integers(0, max(a.ndim - 1, 0)), unique=True, min_size=1, max_size=max(a.ndim, 1))
    )
    keepdim = data.draw(st.booleans())
    theirs = torch_linalg().vector_norm
    both = lambda f: lambda x: f(x, order, dims, keepdim) + 0 * (x * x).sum()  # noqa: E731 (keeps torch's zeros dense)
    assert_parity(both(linalg.vector_norm), both(theirs), a)


@pytest.mark.parity
@pytest.mark.parametrize("order", [0.5, 1, 1.5, 2, 3, inf, -inf, -1])
@pytest.mark.parametrize(
    "values", [[0.0, 0.0, 0.0], [0.0, 1.0, -1.0], [2.0, -2.0, 1.0], [1.0, math.nan, 2.0], [inf, 1.0, 0.0]]
)
def test_vector_norm_at_zeros_ties_and_nan_has_the_gradient_of_pytorch(order, values):
    theirs = torch_linalg().vector_norm
    assert_parity(lambda x: linalg.vector_norm(x, order), lambda x: theirs(x, order), np.array(values), order=1)


@pytest.mark.parity
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_vector_norm_of_nothing_agrees_with_pytorch(order):
    theirs = torch_linalg().vector_norm
    for shape, dim in (((0,), None), ((2, 0), 1), ((0, 2), 1)):
        both = lambda f: lambda x: f(x, order, dim)  # noqa: B023, E731
        assert_parity(both(linalg.vector_norm), both(theirs), np.zeros(shape), order=1)


@pytest.mark.parity
@pytest.mark.parametrize("order", ["fro", "nuc", 1, -1, 2, -2, inf, -inf])
@given(data=st.data())
def test_matrix_norm_agrees_with_pytorch(order, data):
    a = rectangular(data, smallest=1)
    if data.draw(st.booleans()) or a.ndim == 2:
        dims = (-2, -1)
    else:
        a = a.swapaxes(0, -1)
        dims = data.draw(st.sampled_from([(-2, 0), (0, -2)]))
    keepdim = data.draw(st.booleans())
    theirs = torch_linalg().matrix_norm
    both = lambda f: lambda x: f(x, order, dims, keepdim) + 0 * (x * x).sum()  # noqa: E731
    assert_parity(both(linalg.matrix_norm), both(theirs), a, rtol=LOOSE)


@pytest.mark.parity
@pytest.mark.parametrize("order", ["fro", "nuc", 1, -1, 2, inf, -inf])
def test_matrix_norm_of_nothing_agrees_with_pytorch(order):
    for shape in ((0, 3), (3, 0), (2, 0, 3), (0, 0)):
        if order in (-1, -inf) and shape[-1 if order == -1 else -2] == 0:
            with pytest.raises(ShapeError, match="has no value for no elements"):
                linalg.matrix_norm(tg.ones(*shape), order)
        else:
            both = lambda f: lambda x: f(x, order)  # noqa: E731
            assert_parity(both(linalg.matrix_norm), both(torch_linalg().matrix_norm), np.zeros(shape), order=0)


@pytest.mark.parity
@pytest.mark.parametrize(
    ("shape", "args"),
    [
        ((2, 3, 4), ()),
        ((), ()),
        ((3,), (1,)),
        ((2, 3), (1,)),
        ((2, 3), ("nuc",)),
        ((2, 3, 4), (3, 1)),
        ((2, 3, 4), (inf, (0, 2))),
        ((2, 3, 4), (None, (0, 2), True)),
        ((2, 3, 4), ("fro", (0, 2), True)),
    ],
)
def test_norm_agrees_with_pytorch(shape, args):
    a = np.asarray(np.random.default_rng(0).standard_normal(shape))
    both = lambda f: lambda x: f(x, *args) + 0 * (x * x).sum()  # noqa: E731
    assert_parity(both(linalg.norm), both(torch_linalg().norm), a, rtol=LOOSE)


def test_norms_take_a_wider_dtype():
    x = tg.ones(2, 2, dtype=tg.float16)
    assert linalg.vector_norm(x).dtype == tg.float16
    assert linalg.vector_norm(x, dtype=tg.float32).dtype == tg.float32
    assert linalg.matrix_norm(x, "nuc", dtype=tg.float64).dtype == tg.float64


@pytest.mark.parity
@pytest.mark.parametrize("p", [None, 2, -2, "fro", "nuc", 1, -1, inf, -inf])
def test_cond_agrees_with_pytorch(p):
    torch = torch_linalg()
    a = np.random.default_rng(0).standard_normal((2, 3, 3))
    both = lambda f: lambda x: f(x, p)  # noqa: E731
    assert_parity(both(linalg.cond), both(torch.cond), a, order=0)
    assert_parity(both(linalg.cond), both(torch.cond), np.zeros((2, 0, 0)), order=0)

    def written_out(x):  # torch.cond changes in place what its gradient needs
        return torch.matrix_norm(x, p or 2) * torch.matrix_norm(torch.inv(x), p or 2) + 0 * (x * x).sum()

    assert_parity(lambda x: linalg.cond(x, p) + 0 * (x * x).sum(), written_out, a, rtol=LOOSE)


@pytest.mark.parametrize("p", ["fro", "nuc", 1, inf])
def test_cond_of_a_singular_matrix_is_infinite(p, device):
    a = tg.tensor([[[1.0, 2.0], [2.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]]], device=device)
    first, second = linalg.cond(a, p).tolist()
    assert first == inf
    assert math.isfinite(second)


@pytest.mark.parity
@given(data=st.data())
def test_matrix_rank_agrees_with_pytorch(data):
    a = rectangular(data)
    a[..., :1] = 0
    assert_parity(linalg.matrix_rank, torch_linalg().matrix_rank, a, order=0)
    b = a @ a.swapaxes(-1, -2)
    both = lambda f: lambda x: f(x, hermitian=True)  # noqa: E731
    assert_parity(both(linalg.matrix_rank), both(torch_linalg().matrix_rank), b, order=0)


# -- products and the rest


@pytest.mark.parity
@pytest.mark.parametrize("ends", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("count", [2, 3, 6])
def test_multi_dot_agrees_with_pytorch(count, ends):
    rng = np.random.default_rng(count)
    n = rng.integers(1, 6, count + 1)
    shapes = [(n[i], n[i + 1]) for i in range(count)]
    if ends[0]:
        shapes[0] = shapes[0][1:]
    if ends[1]:
        shapes[-1] = shapes[-1][:1]
    arrays = [rng.standard_normal(s) for s in shapes]
    assert_parity(lambda *xs: linalg.multi_dot(xs), lambda *xs: torch_linalg().multi_dot(xs), *arrays)


def test_multi_dot_takes_the_cheapest_order():
    n = 200_000  # from the left it would make n^2 numbers on the way
    x = linalg.multi_dot([tg.ones(n, 1), tg.ones(1, n), tg.ones(n, 1), tg.ones(1, 2)])
    np.testing.assert_array_equal(x.numpy(), np.full((n, 2), n, np.float32))


@pytest.mark.parity
@given(data=st.data())
def test_cross_and_vecdot_agree_with_pytorch(data):
    shape = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    shape[dim] = 3
    stretched = [n if d == dim % len(shape) or data.draw(st.booleans()) else 1 for d, n in enumerate(shape)]
    a, b = laid_out(data.draw, tuple(shape)), laid_out(data.draw, tuple(stretched))
    for name in ("cross", "vecdot"):
        both = lambda f: lambda x, y: f(x, y, dim=dim)  # noqa: E731
        assert_parity(both(getattr(linalg, name)), both(getattr(torch_linalg(), name)), a, b)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["inverse", "pinverse", "logdet", "det", "slogdet", "matrix_exp"])
def test_older_name_agrees_with_pytorch(name):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    a = np.random.default_rng(0).standard_normal((2, 3, 3)) + 4 * np.eye(3)
    assert_parity(getattr(matrices, name), getattr(torch, name), a, rtol=LOOSE)


@pytest.mark.parity
@pytest.mark.parametrize("upper", [False, True])
def test_older_cholesky_functions_agree_with_pytorch(upper):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 3, 3)) + 4 * np.eye(3), rng.standard_normal((2, 3, 2))
    assert_parity(
        lambda x: matrices.cholesky(x @ x.mT, upper),
        lambda x: torch.linalg.cholesky(x @ x.mT, upper=upper),
        a,
        rtol=LOOSE,
    )
    tri = lambda x: x.triu() if upper else x.tril()  # noqa: E731
    inverse = lambda f: lambda x: f(tri(x), upper)  # noqa: E731
    assert_parity(inverse(matrices.cholesky_inverse), inverse(torch.cholesky_inverse), a, rtol=LOOSE)
    solve = lambda f: lambda x, y: f(y, tri(x), upper)  # noqa: E731
    assert_parity(solve(matrices.cholesky_solve), solve(torch.cholesky_solve), a, b, rtol=LOOSE)


def test_qr_under_its_older_name_says_some_for_reduced():
    a = tg.ones(3, 2)
    assert [x.shape for x in matrices.qr(a)] == [(3, 2), (2, 2)]
    assert [x.shape for x in matrices.qr(a, some=False)] == [(3, 3), (3, 2)]


def test_older_names_are_methods_too():
    a = tg.tensor([[2.0, 1.0], [1.0, 3.0]])
    assert a.det().item() == pytest.approx(5)
    assert a.logdet().item() == pytest.approx(math.log(5))
    np.testing.assert_allclose((a.inverse() @ a).numpy(), np.eye(2), atol=1e-6)
    np.testing.assert_allclose(a.cholesky().mm(a.cholesky().mT).numpy(), a.numpy(), rtol=1e-6)


def test_svd_under_its_older_name_gives_v_itself():
    a = np.random.default_rng(0).standard_normal((4, 3))
    u, s, v = matrices.svd(tg.tensor(a))
    np.testing.assert_allclose((u @ s.diag() @ v.mT).numpy(), a, atol=1e-12)
    assert [x.shape for x in matrices.svd(tg.tensor(a), some=False)] == [(4, 4), (3,), (3, 3)]
    u, s, v = matrices.svd(tg.tensor(a), compute_uv=False)
    assert not u.numpy().any()
    assert not v.numpy().any()
    np.testing.assert_allclose(s.numpy(), np.linalg.svd(a)[1])


def test_cross_without_a_dim_takes_the_first_of_size_3():
    a, b = (np.random.default_rng(i).standard_normal((2, 3, 3)) for i in range(2))
    np.testing.assert_allclose(matrices.cross(tg.tensor(a), tg.tensor(b)).numpy(), np.cross(a, b, axis=1), atol=1e-12)
    with pytest.raises(ShapeError, match="cross: expected a dimension of size 3"):
        matrices.cross(tg.ones(2, 4), tg.ones(2, 4))


def test_logdet_of_negative_and_of_no_determinant(device):
    a = tg.stack([-tg.eye(3), tg.zeros(3, 3), tg.eye(3)]).to(device)
    np.testing.assert_array_equal(matrices.logdet(a).cpu().numpy(), [math.nan, -inf, 0])


# -- everything on the device under test, without PyTorch


SPD = [[4.0, 2.0, 1.0], [2.0, 5.0, 3.0], [1.0, 3.0, 6.0]]
EXACT = {
    "inv": (linalg.inv, np.linalg.inv),
    "det": (linalg.det, np.linalg.det),
    "pinv": (linalg.pinv, np.linalg.pinv),
    "cholesky": (linalg.cholesky, np.linalg.cholesky),
    "solve": (lambda a: linalg.solve(a, a @ a), lambda a: a),
    "solve_triangular": (lambda a: linalg.solve_triangular(a, a.tril() @ a, upper=False), lambda a: a),
    "svdvals": (linalg.svdvals, lambda a: np.linalg.svd(a)[1]),
    "eigvalsh": (linalg.eigvalsh, np.linalg.eigvalsh),
    "qr": (lambda a: linalg.qr(a).Q @ linalg.qr(a).R, lambda a: a),
    "lstsq": (lambda a: linalg.lstsq(a, a @ a).solution, lambda a: a),
    "matrix_rank": (linalg.matrix_rank, lambda a: 3),
    "matrix_power": (lambda a: linalg.matrix_power(a, 3), lambda a: a @ a @ a),
    "matrix_exp": (
        lambda a: linalg.matrix_exp(a / 10),
        lambda a: (lambda w, v: (v * np.exp(w / 10)) @ v.T)(*np.linalg.eigh(a)),
    ),
    "cond": (lambda a: linalg.cond(a, 1), lambda a: np.linalg.cond(a, 1)),
    "nuclear": (lambda a: linalg.matrix_norm(a, "nuc"), lambda a: np.linalg.norm(a, "nuc")),
    "diagonal": (linalg.diagonal, np.diag),
}


@pytest.mark.parametrize("name", list(EXACT))
def test_function_matches_numpy_and_has_a_gradient_on_the_device(name, device):
    ours, exact = EXACT[name]
    x = tg.tensor(SPD, dtype=tg.float64, device=device, requires_grad=True)
    y = ours(x)
    assert y.device.type == device
    np.testing.assert_allclose(y.detach().cpu().numpy(), exact(np.array(SPD)), rtol=1e-10)
    if name == "matrix_rank":
        return
    g = grad(y.sum(), x)[0].cpu().numpy()
    direction, h = np.array([[0.3, 0.1, 0.2], [0.1, -0.2, 0.4], [0.2, 0.4, 0.5]]), 1e-6
    ends = [ours(tg.tensor(np.array(SPD) + e * direction, device=device)).sum().item() for e in (h, -h)]
    np.testing.assert_allclose((g * direction).sum(), (ends[0] - ends[1]) / (2 * h), rtol=1e-5, atol=1e-7)


# -- what is refused


@pytest.mark.parametrize("name", ["inv", "det", "slogdet", "cholesky", "eigh", "eigvalsh", "matrix_exp"])
def test_function_of_square_matrices_rejects_others(name):
    f = getattr(linalg, name)
    with pytest.raises(ShapeError, match=rf"{name}: expected square matrices A \(..., N, N\), got \(2, 3\)"):
        f(tg.ones(2, 3))
    with pytest.raises(ShapeError, match=rf"{name}: expected A \(..., M, N\), got \(3,\)"):
        f(tg.ones(3))
    for dtype in (tg.float16, tg.int64):
        with pytest.raises(DTypeError, match=f"{name}: expected float32 or float64, got {dtype}"):
            f(tg.ones(2, 2, dtype=dtype))


def test_singular_matrix_is_named(device):
    one = tg.tensor([[1.0, 2.0], [2.0, 4.0]], device=device)
    many = tg.stack([tg.eye(2, device=device), one])
    with pytest.raises(LinAlgError, match="inv: the matrix is singular"):
        linalg.inv(one)
    with pytest.raises(LinAlgError, match="inv: matrix 1 of the batch is singular"):
        linalg.inv(many)
    with pytest.raises(LinAlgError, match=r"inv: matrix \(0, 1\) of the batch is singular"):
        linalg.inv(many.unsqueeze(0))
    with pytest.raises(LinAlgError, match="solve: matrix 1 of the batch is singular; use lstsq"):
        linalg.solve(many, tg.ones(2, 1, device=device))
    with pytest.raises(LinAlgError, match="cholesky: matrix 1 of the batch is not positive definite"):
        linalg.cholesky(many)


def test_svd_of_nan_is_an_error():
    with pytest.raises(LinAlgError, match="svd: the matrix did not converge; does it hold nan or inf"):
        linalg.svd(tg.full((2, 2), math.nan))


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda: linalg.solve(tg.eye(2), tg.ones(3, 1)),
            ShapeError,
            r"solve: expected A \(..., N, N\) and B \(..., N, K\)",
        ),
        (lambda: linalg.solve(tg.eye(2), tg.ones(2), left=False), ShapeError, r"expected a matrix B \(..., K, N\)"),
        (lambda: linalg.solve(tg.eye(2), tg.ones(2, 1, dtype=tg.float64)), DTypeError, "solve: expected one dtype"),
        (lambda: linalg.solve(tg.ones(2, 2, 2), tg.ones(3, 2, 1)), ShapeError, "batches that broadcast"),
        (lambda: linalg.solve_triangular(tg.eye(2), tg.ones(2), upper=True), ShapeError, r"expected B \(..., M, N\)"),
        (lambda: linalg.lstsq(tg.ones(3, 2), tg.ones(2, 1)), ShapeError, "lstsq: .* with the same M"),
        (lambda: linalg.lstsq(tg.ones(3, 2), tg.ones(3, 1), driver="lu"), LinAlgError, "lstsq: expected driver"),
        (
            lambda: linalg.qr(tg.eye(2), "thin"),
            LinAlgError,
            "qr: expected mode 'reduced', 'complete' or 'r', got 'thin'",
        ),
        (lambda: linalg.eigh(tg.eye(2), "X"), LinAlgError, "eigh: expected UPLO 'L' or 'U', got 'X'"),
        (lambda: linalg.matrix_power(tg.ones(2, 3), 2), ShapeError, "matrix_power: expected square matrices"),
        (lambda: linalg.matrix_power(tg.eye(2), 0.5), DTypeError, "matrix_power: expected an integer"),
        (lambda: linalg.cond(tg.ones(2, 3), 1), ShapeError, "cond: expected square matrices"),
        (lambda: linalg.multi_dot([tg.eye(2)]), ShapeError, "multi_dot: expected at least 2 tensors, got 1"),
        (lambda: linalg.multi_dot([tg.ones(2, 3), tg.ones(2, 3)]), ShapeError, r"got \[\(2, 3\), \(2, 3\)\]"),
        (lambda: linalg.vector_norm(tg.ones(2), "fro"), DTypeError, "vector_norm: expected a number"),
        (lambda: linalg.vector_norm(tg.ones(2, dtype=int)), DTypeError, "vector_norm: expected a floating tensor"),
        (lambda: linalg.vector_norm(tg.ones(2), dim=1), DimError, "vector_norm: expected a dim from -1 to 0"),
        (lambda: linalg.vector_norm(tg.ones(0), inf), ShapeError, "vector_norm: ord=inf has no value over no elements"),
        (
            lambda: linalg.vector_norm(tg.ones(2, dtype=tg.float64), dtype=tg.float32),
            DTypeError,
            "a dtype that holds float64",
        ),
        (lambda: linalg.matrix_norm(tg.ones(2)), ShapeError, r"matrix_norm: expected A \(..., M, N\)"),
        (lambda: linalg.matrix_norm(tg.eye(2), 3), DTypeError, "matrix_norm: expected ord 'fro', 'nuc'"),
        (lambda: linalg.matrix_norm(tg.eye(2), dim=(0,)), ShapeError, "matrix_norm: expected two dims"),
        (lambda: linalg.matrix_norm(tg.eye(2).half(), "nuc"), DTypeError, "needs float32 or float64"),
        (lambda: linalg.norm(tg.ones(2, 2, 2), 2), ShapeError, "norm: expected a vector or a matrix"),
        (lambda: linalg.norm(tg.ones(2, 2, 2), dim=(0, 1, 2)), ShapeError, "norm: expected one dim"),
        (lambda: linalg.cross(tg.ones(2, 4), tg.ones(2, 4)), ShapeError, "cross: .* of size 3 in dim -1"),
        (lambda: linalg.vecdot(tg.ones(2, dtype=int), tg.ones(2, dtype=int)), DTypeError, "vecdot: expected floating"),
        (lambda: linalg.tensorinv(tg.ones(2, 3), 1), ShapeError, "tensorinv: expected as many elements"),
        (lambda: linalg.tensorsolve(tg.ones(2, 3), tg.ones(2)), ShapeError, "tensorsolve: expected A"),
    ],
)
def test_linalg_rejects_what_does_not_fit(call, error, said):
    with pytest.raises(error, match=said):
        call()
