"""vjp, jvp, jacobian, hessian, hvp."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.autograd import functional as F
from tinygrad_edu.errors import GradError, ShapeError


def f(x):
    return (x * x).sum(0) * x.sin()


def torch_f(x):
    return (x * x).sum(0) * x.sin()


@pytest.fixture
def points():
    rng = np.random.default_rng(0)
    return rng.standard_normal((3, 2)), rng.standard_normal((3, 2))


@pytest.mark.parity
@pytest.mark.parametrize("name", ["vjp", "jvp"])
def test_products_match_torch(points, name):
    import torch

    a, v = points
    ours = getattr(F, name)(f, tg.tensor(a), tg.tensor(v))
    theirs = getattr(torch.autograd.functional, name)(torch_f, torch.tensor(a), torch.tensor(v))
    for x, y in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=1e-10)


@pytest.mark.parity
def test_jacobian_hessian_hvp_match_torch(points):
    import torch

    a, v = points
    scalar = lambda x: (f(x) ** 2).sum()  # noqa: E731
    np.testing.assert_allclose(
        F.jacobian(f, tg.tensor(a)).numpy(),
        torch.autograd.functional.jacobian(torch_f, torch.tensor(a)).numpy(),
        rtol=1e-10,
    )
    np.testing.assert_allclose(
        F.hessian(scalar, tg.tensor(a)).numpy(),
        torch.autograd.functional.hessian(lambda x: (torch_f(x) ** 2).sum(), torch.tensor(a)).numpy(),
        rtol=1e-9,
    )
    ours = F.hvp(scalar, tg.tensor(a), tg.tensor(v))
    theirs = torch.autograd.functional.hvp(lambda x: (torch_f(x) ** 2).sum(), torch.tensor(a), torch.tensor(v))
    for x, y in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=1e-9)


def test_several_inputs_and_outputs():
    def g(x, y):
        return x * y, x.sum()

    x, y = tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0])
    (xx, xy), (sx, sy) = F.jacobian(g, (x, y))
    np.testing.assert_array_equal(xx.numpy(), [[3, 0], [0, 4]])
    np.testing.assert_array_equal(xy.numpy(), [[1, 0], [0, 2]])
    np.testing.assert_array_equal(sx.numpy(), [1, 1])
    np.testing.assert_array_equal(sy.numpy(), [0, 0])
    blocks = F.hessian(lambda x, y: (x * y * y).sum(), (x, y))
    np.testing.assert_array_equal(blocks[0][1].numpy(), [[6, 0], [0, 8]])
    np.testing.assert_array_equal(blocks[1][1].numpy(), [[2, 0], [0, 4]])


def test_a_vector_of_the_wrong_shape_is_refused():
    with pytest.raises(ShapeError, match=r"vjp: expected v shaped as the output"):
        F.vjp(lambda x: x * 2.0, tg.ones(3), tg.ones(2))
    with pytest.raises(GradError, match="vjp: v is needed"):
        F.vjp(lambda x: x * 2.0, tg.ones(3))
    with pytest.raises(GradError, match="hessian: expected a function whose value is a single number"):
        F.hessian(lambda x: x * 2.0, tg.ones(3))


def test_create_graph_lets_the_result_be_differentiated():
    x = tg.tensor([2.0], requires_grad=True)
    _, g = F.vjp(lambda t: t * t * t, x, tg.ones(1), create_graph=True)
    (h,) = tg.autograd.grad(g.sum(), x)
    assert h.item() == 12.0


def test_results_are_detached_without_create_graph():
    out, g = F.vjp(lambda t: (t * t).sum(), tg.tensor([2.0]))
    assert not out.requires_grad
    assert not g.requires_grad
    assert g.item() == 4.0
