"""Hooks of modules: what they see, what they may change, and that they go away."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn


class Affine(nn.Module):
    """y = 3 x + z, and z alone as a second output."""

    def forward(self, x, z=None):
        return (3 * x + z, z) if z is not None else 3 * x


def test_forward_hooks_see_and_replace():
    seen = []
    net = Affine()
    net.register_forward_pre_hook(lambda m, args: seen.append(("pre", m, args)) or (args[0] + 1,))
    net.register_forward_hook(lambda m, args, y: seen.append(("post", m, args, y)) or y * 10)
    x = tg.tensor([1.0])
    assert net(x).tolist() == [60.0]
    assert seen[0] == ("pre", net, (x,))
    assert seen[1][:2] == ("post", net)
    assert seen[1][2][0].tolist() == [2.0]
    assert seen[1][3].tolist() == [6.0]


def test_forward_hooks_with_kwargs():
    net = Affine()
    net.register_forward_pre_hook(lambda m, args, kwargs: (args, {"z": kwargs["z"] * 2}), with_kwargs=True)
    net.register_forward_hook(lambda m, args, kwargs, y: y[0] + kwargs["z"], with_kwargs=True)
    assert net(tg.tensor([1.0]), z=tg.tensor([5.0])).tolist() == [23.0]


def test_hooks_run_in_order_and_prepend_puts_first():
    order = []
    net = Affine()
    for name, prepend in (("a", False), ("b", False), ("c", True)):
        net.register_forward_hook(lambda m, args, y, name=name: order.append(name), prepend=prepend)
    net(tg.tensor([1.0]))
    assert order == ["c", "a", "b"]


def test_a_removed_hook_is_gone():
    net = Affine()
    handle = net.register_forward_hook(lambda m, args, y: y * 100)
    with net.register_forward_hook(lambda m, args, y: y + 1):
        assert net(tg.tensor([1.0])).tolist() == [301.0]
    handle.remove()
    handle.remove()
    assert net(tg.tensor([1.0])).tolist() == [3.0]


def gradients_seen(net, *args):
    """What a full backward hook sees: grad_input, grad_output."""
    seen = []
    net.register_full_backward_hook(lambda m, dx, dy: seen.append((m, dx, dy)))
    y = net(*args)
    (y[0] * 2 if isinstance(y, tuple) else y * 2).sum().backward()
    assert len(seen) == 1
    assert seen[0][0] is net
    return [[None if g is None else g.tolist() for g in gs] for gs in seen[0][1:]]


def test_full_backward_hook_sees_gradients_of_inputs_and_outputs():
    x = tg.ones(2, requires_grad=True)
    assert gradients_seen(Affine(), x) == [[[6.0, 6.0]], [[2.0, 2.0]]]
    assert x.grad.tolist() == [6.0, 6.0]


def test_full_backward_hook_sees_none_for_what_has_no_gradient():
    x, z = tg.ones(1, requires_grad=True), tg.ones(1)
    assert gradients_seen(Affine(), x, z) == [[[6.0], None], [[2.0], None]]


def test_full_backward_hook_on_a_first_layer_whose_input_wants_no_gradient():
    layer = nn.Linear(2, 1, bias=False)
    assert gradients_seen(layer, tg.ones(1, 2)) == [[None], [[[2.0]]]]
    assert layer.weight.grad.tolist() == [[2.0, 2.0]]


def test_full_backward_hook_replaces_the_gradient_that_goes_on():
    x = tg.ones(2, requires_grad=True)
    net = nn.Sequential(Affine(), Affine())
    net[1].register_full_backward_hook(lambda m, dx, dy: (dx[0] * 10,))
    net(x).sum().backward()
    assert x.grad.tolist() == [90.0, 90.0]


def test_full_backward_pre_hook_replaces_the_gradient_that_comes_in():
    layer = nn.Linear(1, 1, bias=False)
    seen = []
    layer.register_full_backward_pre_hook(lambda m, dy: (dy[0] * 5,))
    layer.register_full_backward_hook(lambda m, dx, dy: seen.append(dy[0].item()))
    layer(tg.ones(1, 1)).sum().backward()
    assert seen == [5.0]
    assert layer.weight.grad.item() == 5


def test_a_backward_hook_that_returns_too_many_is_an_error():
    net = Affine()
    net.register_full_backward_hook(lambda m, dx, dy: (dx[0], dx[0]))
    y = net(tg.ones(1, requires_grad=True))
    with pytest.raises(ValueError, match="Affine: a backward hook gave 2 values for the 1 of grad_input"):
        y.sum().backward()


def test_second_derivatives_pass_through_backward_hooks():
    x = tg.tensor([2.0], requires_grad=True)
    net = nn.Sequential(nn.Tanh())
    net.register_full_backward_hook(lambda m, dx, dy: None)
    (g,) = tg.autograd.grad(net(x).sum(), x, create_graph=True)
    (h,) = tg.autograd.grad(g.sum(), x)
    t = np.tanh(2.0)
    np.testing.assert_allclose(h.item(), -2 * t * (1 - t**2), rtol=1e-5)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:Full backward hook is firing:UserWarning")  # the input wants no gradient
def test_backward_hooks_agree_with_pytorch():
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    seen = {}
    x = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)
    state = None
    for lib in (torch, tg):
        net = lib.nn.Sequential(lib.nn.Linear(4, 5), lib.nn.ReLU(), lib.nn.Linear(5, 2))
        if state is None:
            state = {k: v.numpy().copy() for k, v in net.state_dict().items()}
        else:
            net.load_state_dict(state)
        seen[lib] = []
        for module in net.modules():
            module.register_full_backward_hook(
                lambda m, dx, dy, lib=lib: seen[lib].append((type(m).__name__, [*dx, *dy]))
            )
        net(lib.tensor(x)).sum().backward()
    for (name, ours), (expected, theirs) in zip(seen[tg], seen[torch], strict=True):
        assert name == expected
        for a, b in zip(ours, theirs, strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-6)
