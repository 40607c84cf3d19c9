"""Cross-entropy and negative log-likelihood: against PyTorch in all their settings, and against plain formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.parity import assert_parity
from tinygrad_edu.errors import DimError, DTypeError, GradError, ShapeError
from tinygrad_edu.ops.loss import cross_entropy, nll_loss
from tinygrad_edu.ops.softmax import log_softmax


@st.composite
def problems(draw):
    """Logits (N, C, ...) or (C,), class indices, a weight or None, and settings."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    classes = draw(st.integers(1, 5))
    batch = draw(st.sampled_from([None, (1,), (4,), (2, 3), (2, 1, 3)]))
    shape = (classes,) if batch is None else (batch[0], classes, *batch[1:])
    x = 3 * rng.standard_normal(shape)
    target = rng.integers(0, classes, () if batch is None else batch)
    ignore = draw(st.sampled_from([-100, 0, 1]))
    if ignore == -100 and draw(st.booleans()):
        target = np.where(rng.random(target.shape) < 0.3, ignore, target)
    weight = rng.random(classes) + 0.1 if draw(st.booleans()) else None
    settings = {"ignore_index": ignore, "reduction": draw(st.sampled_from(["mean", "sum", "none"]))}
    return x, target, weight, settings


def same_as_torch(name, x, target, weight, settings, **more):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    ours, theirs = {"cross_entropy": cross_entropy, "nll_loss": nll_loss}[name], getattr(torch.nn.functional, name)
    w = None if weight is None else tg.tensor(weight, dtype=str(x.dtype))
    tw = None if weight is None else torch.tensor(weight, dtype=getattr(torch, str(x.dtype)))
    given_target = target if target.dtype.kind == "f" else None

    def one(x, *soft):
        return ours(x, soft[0] if soft else tg.tensor(target), w, **settings)

    def other(x, *soft):
        return theirs(x, soft[0] if soft else torch.tensor(target), tw, **settings)

    arrays = [x] if given_target is None else [x, given_target]
    assert_parity(one, other, *arrays, **more)
    if more.get("order", 2):  # squared, so that dy depends on x, and has a derivative too
        assert_parity(lambda *xs: one(*xs) * one(*xs), lambda *xs: other(*xs) * other(*xs), *arrays, **more)


@pytest.mark.parity
@given(problem=problems(), smoothing=st.sampled_from([0.0, 0.1, 1.0]))
def test_cross_entropy_agrees_with_pytorch(problem, smoothing):
    x, target, weight, settings = problem
    if (target == settings["ignore_index"]).all() and settings["reduction"] == "mean":
        return  # the mean of nothing: below
    same_as_torch("cross_entropy", x, target, weight, {**settings, "label_smoothing": smoothing})


@pytest.mark.parity
@given(problem=problems())
def test_nll_loss_agrees_with_pytorch(problem):
    x, target, weight, settings = problem
    if (target == settings["ignore_index"]).all() and settings["reduction"] == "mean":
        return
    same_as_torch("nll_loss", x, target, weight, settings, order=1)


@pytest.mark.parity
@given(problem=problems(), smoothing=st.sampled_from([0.0, 0.2]))
def test_probabilities_as_targets_agree_with_pytorch_in_both_gradients(problem, smoothing):
    x, _, weight, settings = problem
    q = np.random.default_rng(0).random(x.shape)
    settings = {"reduction": settings["reduction"], "label_smoothing": smoothing}
    same_as_torch("cross_entropy", x, q, weight, settings)


@pytest.mark.parity
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_float32_agrees_with_pytorch(smoothing):
    rng = np.random.default_rng(0)
    x = (20 * rng.standard_normal((64, 10))).astype(np.float32)
    same_as_torch("cross_entropy", x, rng.integers(0, 10, 64), None, {"label_smoothing": smoothing})


@pytest.mark.parity
def test_a_target_of_probability_zero_agrees_with_pytorch():
    x = np.array([[0.0, -np.inf, 1.0], [2.0, 0.0, -np.inf]])
    same_as_torch("cross_entropy", x, np.array([1, 0]), None, {"reduction": "none"}, order=0)
    same_as_torch("cross_entropy", x, np.array([0, 0]), None, {}, order=1)


def test_cross_entropy_is_log_softmax_and_nll(device):
    rng = np.random.default_rng(0)
    x = tg.tensor(rng.standard_normal((6, 4, 2)), device=device, requires_grad=True)
    target = tg.tensor(rng.integers(0, 4, (6, 2)), device=device)
    weight = tg.tensor(rng.random(4), device=device)
    fused = cross_entropy(x, target, weight, ignore_index=2)
    composed = nll_loss(log_softmax(x, 1), target, weight, ignore_index=2)
    np.testing.assert_allclose(fused.item(), composed.item(), rtol=1e-12)
    (a,), (b,) = (tg.autograd.grad(y, x) for y in (fused, composed))
    np.testing.assert_allclose(a.cpu().numpy(), b.cpu().numpy(), rtol=1e-10, atol=1e-15)


def test_gradient_is_softmax_minus_onehot():
    x = tg.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], dtype=tg.float64, requires_grad=True)
    cross_entropy(x, tg.tensor([2, 0])).backward()
    p = np.exp(x.detach().numpy())
    p /= p.sum(1, keepdims=True)
    np.testing.assert_allclose(x.grad.numpy(), (p - np.array([[0, 0, 1], [1, 0, 0]])) / 2, rtol=1e-12)


def test_large_logits_do_not_overflow():
    x = tg.tensor([[1e4, 0.0], [-1e4, 3e4]], requires_grad=True)
    loss = cross_entropy(x, tg.tensor([0, 0]), reduction="none")
    assert loss.tolist() == [0.0, 4e4]
    loss.sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0], [-1.0, 1.0]]


def test_half_precision_has_gradients_of_its_own_dtype():
    x = tg.randn(4, 3).half().requires_grad_()
    y = x * 1
    y.retain_grad()
    loss = cross_entropy(y, tg.tensor([0, 1, 2, 0]))
    loss.backward()
    assert loss.dtype == y.grad.dtype == x.grad.dtype == tg.float16


def test_ignored_samples_count_for_nothing():
    x = tg.tensor([[1.0, float("inf")], [0.5, 2.0]], requires_grad=True)
    loss = cross_entropy(x, tg.tensor([-100, 1]))
    np.testing.assert_allclose(loss.item(), np.log1p(np.exp(-1.5)), rtol=1e-6)
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), [[0, 0], [0.18242553, -0.18242553]], rtol=1e-6)


def test_the_mean_of_nothing_is_nan():
    x = tg.zeros(2, 3, requires_grad=True)
    loss = cross_entropy(x, tg.tensor([-100, -100]))
    assert np.isnan(loss.item())
    loss.backward()
    assert x.grad.tolist() == [[0.0] * 3] * 2  # as in PyTorch: nothing counts, so nothing changes
    assert np.isnan(cross_entropy(tg.zeros(0, 3), tg.zeros(0, dtype=tg.int64)).item())
    assert cross_entropy(tg.zeros(0, 3), tg.zeros(0, dtype=tg.int64), reduction="sum").item() == 0


@pytest.mark.parametrize(
    ("x", "target", "more", "error", "says"),
    [
        ((4, 3), [0, 1, 2], {}, ShapeError, r"targets of shape \(4,\) as class indices.*got int64 of shape \(3,\)"),
        (
            (4, 3),
            [0.0, 1.0, 2.0, 0.0],
            {},
            ShapeError,
            r"\(4, 3\) as floating probabilities.*got float32 of shape \(4,\)",
        ),
        ((4, 3), [0, 1, 3, 0], {}, DimError, "class indices from 0 to 2, got 3"),
        ((4, 3), [0, -1, 2, 0], {}, DimError, "class indices from 0 to 2, got -1"),
        ((4, 3), [True, False, True, True], {}, DTypeError, "got a target of bool"),
        ((), 0, {}, ShapeError, "without dimensions"),
        ((2, 3), [0, 1], {"reduction": "average"}, DTypeError, "mean, sum, none, got 'average'"),
        ((2, 3), [0, 1], {"label_smoothing": 2.0}, DTypeError, "label_smoothing from 0 to 1"),
        ((2, 3), [0, 1], {"weight": [1.0, 2.0]}, ShapeError, r"each of 3 classes, got shape \(2,\)"),
    ],
)
def test_cross_entropy_refuses(x, target, more, error, says):
    more = {k: tg.tensor(v) if k == "weight" else v for k, v in more.items()}
    with pytest.raises(error, match=says):
        cross_entropy(tg.zeros(x), tg.tensor(target), **more)


def test_weights_of_classes_have_no_gradient_and_say_so():
    with pytest.raises(GradError, match="weight.detach"):
        cross_entropy(tg.zeros(2, 3), tg.tensor([0, 1]), tg.ones(3, requires_grad=True))


def test_integers_are_no_logits():
    with pytest.raises(DTypeError, match="expected floating input, got int64"):
        cross_entropy(tg.zeros(2, 3, dtype=tg.int64), tg.tensor([0, 1]))


def test_nll_loss_refuses_probabilities():
    with pytest.raises(DTypeError, match="expected class indices"):
        nll_loss(tg.zeros(2, 3), tg.zeros(2, 3))
