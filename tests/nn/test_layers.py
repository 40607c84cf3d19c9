"""Layers: what they compute with PyTorch's weights, their shapes, and what they refuse."""

from collections import OrderedDict

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn

LAYERS = {
    "linear": (lambda nn: nn.Linear(4, 3), (2, 5, 4)),
    "linear without bias": (lambda nn: nn.Linear(4, 3, bias=False), (4,)),
    "conv1d": (lambda nn: nn.Conv1d(2, 4, 3, stride=2, padding=1, groups=2), (3, 2, 9)),
    "conv2d": (lambda nn: nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=1, dilation=(1, 2)), (2, 2, 7, 8)),
    "conv2d same": (lambda nn: nn.Conv2d(2, 3, 3, padding="same"), (2, 5, 6)),
    "conv2d reflect": (lambda nn: nn.Conv2d(2, 3, 3, padding=(1, 2), padding_mode="reflect"), (2, 2, 5, 6)),
    "conv2d replicate": (lambda nn: nn.Conv2d(2, 3, (2, 3), padding="same", padding_mode="replicate"), (1, 2, 5, 6)),
    "conv1d circular": (lambda nn: nn.Conv1d(2, 3, 3, padding=2, padding_mode="circular"), (1, 2, 5)),
    "conv3d": (lambda nn: nn.Conv3d(1, 2, 2, bias=False), (1, 1, 3, 4, 5)),
    "maxpool": (lambda nn: nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True), (2, 3, 6, 7)),
    "avgpool": (lambda nn: nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), (2, 3, 6, 7)),
    "activations": (lambda nn: nn.Sequential(nn.Tanh(), nn.ReLU(), nn.Sigmoid(), nn.Softmax(dim=-1)), (3, 4)),
    "log_softmax": (lambda nn: nn.LogSoftmax(dim=0), (3, 4)),
    "flatten": (lambda nn: nn.Sequential(nn.Flatten(), nn.Identity(), nn.Dropout()), (2, 3, 4)),
    "cnn": (
        lambda nn: nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(6, 5),
        ),
        (3, 1, 12, 12),
    ),
}  # fmt: skip


@pytest.mark.parity
@pytest.mark.parametrize("name", LAYERS)
def test_layer_agrees_with_pytorch_in_values_and_gradients(name):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    make, shape = LAYERS[name]
    theirs, ours = make(torch.nn).double().eval(), make(nn).double().eval()
    ours.load_state_dict(theirs.state_dict())
    data = np.random.default_rng(0).standard_normal(shape)
    x, tx = tg.tensor(data, requires_grad=True), torch.tensor(data, requires_grad=True)
    y, ty = ours(x), theirs(tx)
    np.testing.assert_allclose(y.detach().numpy(), ty.detach().numpy(), rtol=1e-9, atol=1e-12)
    (y * y).sum().backward()
    (ty * ty).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), tx.grad.numpy(), rtol=1e-8, atol=1e-10)
    for (n, p), (m, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert n == m
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-8, atol=1e-10, err_msg=n)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["linear", "conv1d", "conv2d"])
def test_initial_values_have_pytorchs_bounds(name):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    make, _ = LAYERS[name]
    draws = {
        lib: [np.concatenate([p.detach().numpy().ravel() for p in make(lib.nn).parameters()]) for _ in range(200)]
        for lib in (torch, tg)
    }
    ours, theirs = np.concatenate(draws[tg]), np.concatenate(draws[torch])
    bound = np.abs(theirs).max()
    assert 0.97 * bound < np.abs(ours).max() < 1.03 * bound
    np.testing.assert_allclose(ours.std(), theirs.std(), rtol=0.05)
    assert abs(ours.mean()) < 0.05 * bound


def test_the_first_layers_of_two_models_differ_and_repeat_with_the_seed():
    def weights():
        tg.manual_seed(0)
        return [nn.Linear(3, 3).weight.tolist() for _ in range(2)]

    assert weights()[0] != weights()[1]
    assert weights() == weights()


def test_layers_take_device_and_dtype(device):
    layer = nn.Conv2d(1, 2, 3, device=device, dtype=tg.float64)
    assert layer.weight.device.type == layer.bias.device.type == device
    assert layer.weight.dtype == tg.float64


def test_dropout_follows_the_mode():
    layer, x = nn.Dropout(0.5), tg.ones(1000)
    assert set(layer(x).tolist()) == {0.0, 2.0}
    assert layer.eval()(x).tolist() == x.tolist()


def test_inplace_layers_write_into_their_input():
    x = tg.tensor([-1.0, 2.0])
    assert nn.ReLU(inplace=True)(x) is x
    assert x.tolist() == [0.0, 2.0]
    assert nn.Dropout(1.0, inplace=True)(x) is x
    assert x.tolist() == [0.0, 0.0]


def test_max_pool_returns_indices():
    y, indices = nn.MaxPool2d(2, return_indices=True)(tg.arange(16.0).reshape(1, 1, 4, 4))
    assert indices.tolist() == [[[[5, 7], [13, 15]]]]
    assert y.tolist() == [[[[5.0, 7.0], [13.0, 15.0]]]]


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "multiples of groups, got 3, 4 and groups=2"),
        (lambda: nn.Conv2d(1, 1, (3, 3, 3)), ValueError, "Conv2d: expected kernel_size to be an integer or 2 of them"),
        (lambda: nn.Conv2d(1, 1, 3, padding_mode="mirror"), TypeError, "reflect, replicate, circular, got 'mirror'"),
        (lambda: nn.Dropout(-0.1), TypeError, "Dropout: expected a probability"),
        (lambda: nn.MSELoss(reduction="no"), TypeError, "MSELoss: expected a reduction of mean, sum, none"),
        (lambda: nn.Linear(3, 2)(tg.zeros(4, 2)), ValueError, "linear: expected x"),
    ],
)
def test_layers_refuse(make, error, says):
    with pytest.raises(error, match=says):
        make()


# Sequential


def numbered(*sizes):
    return nn.Sequential(*[nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True)])


def test_sequential_indexing_and_slicing_share_the_modules():
    net = numbered(1, 2, 3, 4)
    assert net[-1] is net[2]
    part = net[1:]
    assert isinstance(part, nn.Sequential)
    assert part[0] is net[1]
    assert [n for n, _ in part.named_children()] == ["1", "2"]
    assert len(net) == 3
    assert next(iter(net)) is net[0]
    with pytest.raises(IndexError, match="from -3 to 2, got 3"):
        net[3]


def test_sequential_with_names():
    net = nn.Sequential(OrderedDict(first=nn.Linear(2, 3), second=nn.Linear(3, 1)))
    assert net.first is net[0]
    assert list(net.state_dict()) == ["first.weight", "first.bias", "second.weight", "second.bias"]
    assert net(tg.zeros(4, 2)).shape == (4, 1)


def test_sequential_grows_and_shrinks():
    net = numbered(1, 2)
    a, b, c = nn.ReLU(), nn.Tanh(), nn.Sigmoid()
    assert net.append(a).extend([b]).insert(1, c) is net
    assert [type(m).__name__ for m in net] == ["Linear", "Sigmoid", "ReLU", "Tanh"]
    assert [n for n, _ in net.named_children()] == ["0", "1", "2", "3"]
    assert net.pop(1) is c
    del net[0]
    assert list(net) == [a, b]
    assert [n for n, _ in net.named_children()] == ["0", "1"]
    net[0] = c
    assert list(net) == [c, b]
    assert list(net + nn.Sequential(a)) == [c, b, a]


def test_sequential_refuses_what_is_no_module():
    with pytest.raises(TypeError, match="expected nn.Module or None for '1', got function"):
        nn.Sequential(nn.ReLU(), lambda x: x)


# Losses


def test_losses_are_their_functions():
    x, y = tg.randn(4, 3), tg.tensor([0, 1, 2, 0])
    weight = tg.tensor([1.0, 2.0, 3.0])
    loss = nn.CrossEntropyLoss(weight, ignore_index=1, reduction="sum", label_smoothing=0.1)
    expected = nn.functional.cross_entropy(x, y, weight, 1, "sum", 0.1)
    assert loss(x, y).item() == expected.item()
    assert list(loss.state_dict()) == ["weight"]
    logp = nn.functional.log_softmax(x, 1)
    assert nn.NLLLoss(weight)(logp, y).item() == nn.functional.nll_loss(logp, y, weight).item()
    assert nn.MSELoss()(x, x + 2).item() == pytest.approx(4)


@pytest.mark.parity
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_mse_loss_agrees_with_pytorch(reduction):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    from tests.parity import assert_parity

    x, y = np.random.default_rng(0).standard_normal((2, 3, 4))
    assert_parity(
        lambda x, y: nn.functional.mse_loss(x, y, reduction=reduction),
        lambda x, y: torch.nn.functional.mse_loss(x, y, reduction=reduction),
        x,
        y,
    )


def test_mse_loss_warns_where_it_broadcasts():
    with pytest.warns(UserWarning, match=r"input \(3, 1\) and target \(3,\) are broadcast"):
        nn.functional.mse_loss(tg.zeros(3, 1), tg.zeros(3))
