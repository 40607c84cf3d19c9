"""Optimizers: PyTorch's trajectories in every setting, groups, state, and what is refused."""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, optim

SGD_SETTINGS = [
    {"lr": 0.1},
    {"lr": 0.1, "weight_decay": 0.05},
    {"lr": 0.05, "momentum": 0.9},
    {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01},
    {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    {"lr": 0.05, "momentum": 0.5, "maximize": True, "weight_decay": 0.01},
]
ADAM_SETTINGS = [
    {},
    {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3},
    {"lr": 0.1, "weight_decay": 0.1},
    {"lr": 0.1, "amsgrad": True},
    {"lr": 0.05, "maximize": True, "amsgrad": True, "weight_decay": 0.01},
]
ALL = [("SGD", s) for s in SGD_SETTINGS] + [("Adam", s) for s in ADAM_SETTINGS]


def start(lib, dtype):
    rng = np.random.default_rng(0)
    shapes = [(3, 4), (4,), ()]
    return [lib.tensor(rng.standard_normal(s).astype(dtype), requires_grad=True) for s in shapes]


def loss_of(w, b, c):
    """Curved differently in every direction, and with gradients that change sign."""
    return (w * w).sum() * 0.3 + (w.sum(0) * b).sin().sum() + (b * b).sum() * 0.2 + c.sin() * w.mean()


@pytest.mark.parity
@pytest.mark.parametrize(("name", "settings"), ALL)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_twenty_steps_are_pytorchs(name, settings, dtype):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    paths = []
    for lib in (tg, torch):
        params = start(lib, dtype)
        optimizer = getattr(lib.optim, name)(params, **settings)
        path = []
        for step in range(20):
            if step == 10:
                optimizer.param_groups[0]["lr"] *= 0.5
            optimizer.zero_grad()
            loss_of(*params).backward()
            if step == 5:
                params[1].grad = None  # a parameter without a gradient stays where it is
            optimizer.step()
            path.append(np.concatenate([p.detach().numpy().ravel() for p in params]))
        paths.append(np.array(path))
    rtol = 1e-10 if dtype == "float64" else 2e-4
    np.testing.assert_allclose(paths[0], paths[1], rtol=rtol, atol=rtol * np.abs(paths[1]).max())


@pytest.mark.parametrize(("name", "settings"), ALL)
def test_step_leaves_gradients_and_dtypes_alone(name, settings, device):
    p = tg.ones(3, device=device).requires_grad_()
    p.grad = tg.full((3,), 2.0, device=device)
    array = p.array
    optimizer = getattr(optim, name)([p], **settings)
    optimizer.step()
    optimizer.step()
    assert p.grad.cpu().tolist() == [2.0, 2.0, 2.0]
    assert p.array is array
    assert p.dtype == tg.float32
    for value in optimizer.state[p].values():
        assert not isinstance(value, tg.Tensor) or (value.dtype == tg.float32 and value.device.type == device)


def test_sgd_by_hand():
    p = tg.tensor([1.0], dtype=tg.float64, requires_grad=True)
    optimizer = optim.SGD([p], lr=0.1, momentum=0.5)
    for expected in (1 - 0.1 * 2, 0.8 - 0.1 * (0.5 * 2 + 1.6)):
        optimizer.zero_grad()
        (p * p).sum().backward()
        optimizer.step()
        assert p.item() == pytest.approx(expected, rel=1e-12)


def test_first_adam_step_is_lr_in_the_direction_of_the_sign():
    p = tg.tensor([1.0, -2.0, 3.0], dtype=tg.float64, requires_grad=True)
    (p * tg.tensor([100.0, -1e-3, 0.0], dtype=tg.float64)).sum().backward()
    optim.Adam([p], lr=0.1).step()
    np.testing.assert_allclose(p.detach().numpy(), [0.9, -1.9, 3.0], rtol=1e-5)


def test_groups_have_their_own_settings():
    a, b = tg.ones(1, requires_grad=True), tg.ones(1, requires_grad=True)
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 1.0}], lr=0.1)
    (a + b).sum().backward()
    optimizer.step()
    assert a.item() == pytest.approx(0.9)
    assert b.item() == 0
    c = tg.ones(1, requires_grad=True)
    optimizer.add_param_group({"params": [c], "weight_decay": 0.5})
    assert optimizer.param_groups[2]["lr"] == 0.1
    assert optimizer.param_groups[2]["weight_decay"] == 0.5


def test_named_parameters_can_be_given():
    optimizer = optim.SGD(nn.Linear(2, 1).named_parameters(), lr=0.1)
    assert [tuple(p.shape) for p in optimizer.param_groups[0]["params"]] == [(1, 2), (1,)]


def test_closure_runs_with_gradients_and_its_loss_is_returned():
    p = tg.ones(1, requires_grad=True)
    optimizer = optim.SGD([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with tg.no_grad():
        assert optimizer.step(closure).item() == 1
    assert p.item() == pytest.approx(0.8)


def test_zero_grad_forgets_or_fills():
    p = tg.ones(2, requires_grad=True)
    optimizer = optim.SGD([p], lr=0.1)
    p.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None


def test_step_between_forward_and_backward_is_noticed():
    p = tg.ones(2, requires_grad=True)
    y = (p * p).sum()
    p.grad = tg.ones(2)
    optim.SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match="changed in place by SGD.step"):
        y.backward()


def run(optimizer, p, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        ((p - 3) * (p - 3)).sum().backward()
        optimizer.step()


@pytest.mark.parametrize(("name", "settings"), ALL)
@pytest.mark.parametrize("through", [lambda s: pickle.loads(pickle.dumps(s)), copy.deepcopy])
def test_a_loaded_state_goes_on_where_it_stopped(name, settings, through):
    def fresh(values):
        p = tg.tensor(values, dtype=tg.float64, requires_grad=True)
        return p, getattr(optim, name)([p], **settings)

    p, optimizer = fresh([1.0, -1.0])
    run(optimizer, p, 3)
    q, other = fresh(p.tolist())
    other.param_groups[0]["lr"] = 123.0
    other.load_state_dict(through(optimizer.state_dict()))
    run(optimizer, p, 3)
    run(other, q, 3)
    assert q.tolist() == p.tolist()
    assert not np.allclose(p.tolist(), [1.0, -1.0])


def test_a_loaded_state_is_a_copy():
    p, q = tg.ones(2, requires_grad=True), tg.ones(2, requires_grad=True)
    first, second = optim.Adam([p]), optim.Adam([q])
    run(first, p, 1)
    second.load_state_dict(first.state_dict())
    before = second.state[q]["exp_avg"].tolist()
    run(first, p, 1)
    assert second.state[q]["exp_avg"].tolist() == before
    assert second.state[q]["step"] == 1


def test_state_dict_is_pytorchs_in_form():
    p = tg.ones(2, requires_grad=True)
    q = tg.ones(3, requires_grad=True)
    optimizer = optim.Adam([{"params": [p]}, {"params": [q], "lr": 0.5}])
    q.sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    assert [g["params"] for g in state["param_groups"]] == [[0], [1]]
    assert list(state["state"]) == [1]
    assert set(state["state"][1]) == {"step", "exp_avg", "exp_avg_sq"}


def test_load_state_dict_refuses_what_does_not_fit():
    p = tg.ones(2, requires_grad=True)
    optimizer = optim.Adam([p])
    p.sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    with pytest.raises(ValueError, match=r"groups of \[2\] parameters, got \[1\]"):
        optim.Adam([tg.ones(2, requires_grad=True), tg.ones(2, requires_grad=True)]).load_state_dict(state)
    with pytest.raises(ValueError, match=r"exp_avg of shape \(3,\) like its parameter, got \(2,\)"):
        optim.Adam([tg.ones(3, requires_grad=True)]).load_state_dict(state)


def test_repr_shows_the_settings():
    text = repr(optim.SGD([tg.ones(1, requires_grad=True)], lr=0.25))
    assert text.startswith("SGD (\nParameter Group 0\n")
    assert "    lr: 0.25\n" in text


X = tg.ones(2, requires_grad=True)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: optim.SGD([], lr=0.1), ValueError, "got no parameters"),
        (lambda: optim.SGD(X), TypeError, r"got a Tensor; give \[tensor\]"),
        (lambda: optim.SGD([X, X]), ValueError, "there twice"),
        (lambda: optim.SGD([X * 2]), RuntimeError, "give the leaf"),
        (lambda: optim.SGD([3.0]), TypeError, "expected Tensors to optimize, got float"),
        (lambda: optim.SGD([tg.arange(3)]), TypeError, "expected floating tensors to optimize, got int64"),
        (lambda: optim.SGD([X], lr=-1), ValueError, "SGD: expected lr >= 0, got -1"),
        (lambda: optim.SGD([X], lr=float("nan")), ValueError, "lr >= 0, got nan"),
        (lambda: optim.SGD([X], nesterov=True), ValueError, "nesterov is for a momentum above 0"),
        (lambda: optim.SGD([X], momentum=-0.5), ValueError, "momentum >= 0, got -0.5"),
        (lambda: optim.Adam([X], betas=(0.9, 1.0)), ValueError, r"betas of at least 0 and below 1, got \(0.9, 1.0\)"),
        (lambda: optim.Adam([X], eps=-1e-8), ValueError, "eps >= 0"),
        (lambda: optim.Adam([X], weight_decay=-1), ValueError, "Adam: expected weight_decay >= 0"),
        (lambda: optim.Optimizer([X], {"lr": 1, "weight_decay": 0}).step(), NotImplementedError, "define update"),
    ],
)
def test_optimizers_refuse(make, error, says):
    X.grad = tg.ones(2)
    with pytest.raises(error, match=says):
        make()
