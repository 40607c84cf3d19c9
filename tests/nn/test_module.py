"""Module: registration, names, state, conversion, printing, copies."""

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.errors import DTypeError


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
        self.scale = nn.Parameter(tg.ones(1))
        self.register_buffer("count", tg.zeros(1, dtype=tg.int64))
        self.register_buffer("scratch", tg.zeros(2), persistent=False)

    def forward(self, x):
        return self.body(x) * self.scale


KEYS = ["scale", "count", "body.0.weight", "body.0.bias", "body.2.weight", "body.2.bias"]


# Registration


def test_parameters_buffers_and_modules_have_dotted_names():
    net = Net()
    assert list(net.state_dict()) == KEYS
    assert [n for n, _ in net.named_parameters()] == [k for k in KEYS if k != "count"]
    assert [n for n, _ in net.named_buffers()] == ["count", "scratch"]
    assert [n for n, _ in net.named_modules()] == ["", "body", "body.0", "body.1", "body.2"]
    assert [n for n, _ in net.named_children()] == ["body"]
    assert len(list(net.parameters(recurse=False))) == 1
    assert net.get_parameter("body.2.bias") is net.body[2].bias
    assert net.get_buffer("count") is net.count
    assert net.get_submodule("body.1") is net.body[1]
    assert net.get_submodule("") is net


def test_a_shared_parameter_comes_once_but_is_saved_under_both_names():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert [n for n, _ in net.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert len(list(net.named_parameters(remove_duplicate=False))) == 4
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_a_shared_module_comes_once():
    layer = nn.Linear(2, 2)
    net = nn.Sequential(layer, layer)
    assert len(list(net.modules())) == 2
    assert len(list(net.parameters())) == 2


def test_assigning_moves_a_name_between_kinds():
    net = Net()
    net.extra = 5
    net.extra = nn.Parameter(tg.zeros(1))
    assert "extra" in dict(net.named_parameters())
    net.extra = nn.ReLU()
    assert "extra" not in dict(net.named_parameters())
    assert isinstance(net.extra, nn.ReLU)
    del net.extra
    assert not hasattr(net, "extra")


def test_assigning_none_empties_a_place_and_keeps_it():
    layer = nn.Linear(2, 2)
    layer.bias = None
    assert layer.bias is None
    assert list(layer.state_dict()) == ["weight"]
    layer.bias = nn.Parameter(tg.ones(2))
    assert list(layer.state_dict()) == ["weight", "bias"]


def test_a_tensor_assigned_to_a_buffer_replaces_it():
    net = Net()
    net.count = tg.ones(1, dtype=tg.int64)
    assert net.state_dict()["count"].item() == 1
    with pytest.raises(TypeError, match="'count' is a buffer, expected a Tensor or None, got int"):
        net.count = 3


def test_a_plain_tensor_does_not_replace_a_parameter():
    with pytest.raises(TypeError, match="'weight' is a parameter, expected nn.Parameter or None, got Tensor"):
        nn.Linear(2, 2).weight = tg.zeros(2, 2)


def test_what_is_no_module_does_not_replace_one():
    with pytest.raises(TypeError, match="'body' is a module, expected nn.Module or None, got function"):
        Net().body = lambda x: x


@pytest.mark.parametrize(
    ("name", "says"), [("a.b", "has no '.'"), ("", "not empty"), ("forward", "is a method or attribute of the class")]
)
def test_names_that_cannot_be(name, says):
    with pytest.raises(KeyError, match=says):
        nn.Module().register_parameter(name, nn.Parameter(tg.zeros(1)))


def test_a_missing_attribute_names_the_class():
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'wieght'"):
        Net().wieght  # noqa: B018


def test_missing_targets_say_what_is_there():
    with pytest.raises(AttributeError, match=r"no module '7' in 'body', which has \['0', '1', '2'\]"):
        Net().get_submodule("body.7")
    with pytest.raises(AttributeError, match=r"no parameter 'body.0.wieght'; there, it has \['weight', 'bias'\]"):
        Net().get_parameter("body.0.wieght")


class Forgetful(nn.Module):
    def __init__(self, member=None):
        if member is not None:
            self.member = member

    def forward(self, x):
        return x


@pytest.mark.parametrize("member", [nn.Parameter(tg.zeros(1)), nn.ReLU()])
def test_forgotten_init_is_named_where_something_is_assigned(member):
    with pytest.raises(
        AttributeError, match=r"Forgetful: can't assign 'member' yet; call super\(\).__init__\(\) first"
    ):
        Forgetful(member)


def test_forgotten_init_is_named_where_the_module_is_called():
    with pytest.raises(AttributeError, match=r"call super\(\).__init__\(\) first thing in Forgetful.__init__"):
        Forgetful()(1)


def test_forward_must_be_defined():
    class Empty(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match="Empty: define forward"):
        Empty()(1)


# Parameters


def test_a_parameter_computes_plain_tensors():
    p = nn.Parameter(tg.ones(2))
    assert p.requires_grad
    assert p.is_leaf
    for result in (p * 2, p[0], p.detach(), p.clone(), p.reshape(1, 2)):
        assert type(result) is tg.Tensor


def test_a_parameter_shares_memory_and_forgets_history():
    x = tg.ones(2, requires_grad=True) * 2
    p = nn.Parameter(x)
    assert p.is_leaf
    assert p.detach().numpy() is x.detach().numpy()


def test_a_frozen_parameter_is_saved_but_not_recorded():
    p = nn.Parameter(tg.ones(2), requires_grad=False)
    assert not (p * 2).requires_grad
    layer = nn.Linear(2, 2)
    layer.weight = p
    assert "weight" in layer.state_dict()


def test_integers_make_a_parameter_only_without_a_gradient():
    with pytest.raises(TypeError, match="only floating tensors have gradients"):
        nn.Parameter(tg.arange(3))
    assert nn.Parameter(tg.arange(3), requires_grad=False).dtype == tg.int64


# Modes, gradients, apply


def test_train_and_eval_reach_every_module():
    net = nn.Sequential(nn.Dropout(), nn.Sequential(nn.Dropout()))
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    net.train()
    assert all(m.training for m in net.modules())


def test_requires_grad_freezes():
    net = Net().requires_grad_(False)
    assert not net(tg.ones(1, 3)).requires_grad
    assert all(p.requires_grad for p in net.requires_grad_().parameters())


def test_zero_grad_forgets_or_fills():
    net = Net()
    net(tg.ones(1, 3)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all((p.grad.numpy() == 0).all() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_apply_goes_from_the_inside_out():
    seen = []
    nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.ReLU())).apply(lambda m: seen.append(type(m).__name__))
    assert seen == ["Linear", "ReLU", "Sequential", "Sequential"]


# Conversion


def test_to_casts_floats_in_place_and_leaves_integers():
    net = Net()
    weight = net.body[0].weight
    net(tg.ones(1, 3)).sum().backward()
    assert net.double() is net
    assert net.body[0].weight is weight
    assert weight.dtype == weight.grad.dtype == net.scratch.dtype == tg.float64
    assert net.count.dtype == tg.int64
    net(tg.ones(1, 3, dtype=tg.float64)).sum().backward()  # adds to the gradient that was cast
    assert net.to(tg.float32).scale.dtype == tg.float32
    assert net.half().scale.dtype == tg.float16
    assert net.float().scale.dtype == tg.float32
    assert net.to(tg.zeros(1, dtype=tg.float64)).scale.dtype == tg.float64
    assert net.to("float32").scale.dtype == tg.float32


def test_to_keeps_shared_parameters_shared():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    net.double()
    assert net[1].weight is net[0].weight
    assert net[0].weight.dtype == tg.float64


def test_to_refuses_integers():
    with pytest.raises(DTypeError, match="Net.to: expected a floating dtype, got int64"):
        Net().to(tg.int64)


def test_to_moves_between_devices(device):
    net = Net().to(device)
    assert {p.device.type for p in net.parameters()} == {device}
    assert net(tg.ones(1, 3, device=device)).device.type == device
    assert {b.device.type for b in net.cpu().buffers()} == {"cpu"}


# State


def test_load_state_dict_brings_back_every_value():
    a, b = Net(), Net()
    assert repr(b.load_state_dict(a.state_dict())) == "<All keys matched successfully>"
    for name, value in a.state_dict().items():
        np.testing.assert_array_equal(b.state_dict()[name].numpy(), value.numpy())


def test_load_state_dict_takes_arrays_and_casts():
    net = nn.Linear(2, 1)
    net.load_state_dict({"weight": np.array([[1.0, 2.0]]), "bias": np.array([3])})
    assert net.weight.dtype == net.bias.dtype == tg.float32
    assert net(tg.tensor([[1.0, 1.0]])).item() == 6


@pytest.mark.parity
def test_states_go_back_and_forth_to_pytorch():
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    theirs = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(8, 3))
    ours = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
    ours.load_state_dict(theirs.state_dict())
    x = np.random.default_rng(0).standard_normal((5, 1, 4, 4)).astype(np.float32)
    expected = theirs(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(ours(tg.tensor(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    theirs.load_state_dict({k: torch.from_numpy(v.numpy()) for k, v in ours.state_dict().items()})


def test_a_state_that_does_not_fit_is_reported_in_full_and_changes_nothing():
    net = Net()
    before = {k: v.numpy().copy() for k, v in net.state_dict().items()}
    state = {k: tg.zeros(v.shape) for k, v in before.items() if k != "scale"} | {
        "body.0.weight": tg.zeros(4, 4),
        "more": 1,
    }
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    assert str(caught.value) == (
        "load_state_dict: the state does not fit Net. Shapes that differ: body.0.weight has shape (4, 4), the module's is "
        "(4, 3). Missing: scale. Unexpected: more"
    )
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name])


def test_load_state_dict_without_strict_returns_the_differences():
    net = Net()
    missing, unexpected = net.load_state_dict({"scale": tg.full((1,), 7.0), "more": tg.zeros(1)}, strict=False)
    assert missing == [k for k in KEYS if k != "scale"]
    assert unexpected == ["more"]
    assert net.scale.item() == 7


def test_load_state_dict_assign_takes_over_the_dtype():
    net = nn.Linear(2, 1)
    net.load_state_dict({"weight": tg.ones(1, 2, dtype=tg.float64), "bias": tg.zeros(1, dtype=tg.float64)}, assign=True)
    assert net.weight.dtype == tg.float64
    net(tg.ones(1, 2, dtype=tg.float64)).sum().backward()
    assert net.weight.grad.dtype == tg.float64


def test_loading_between_forward_and_backward_is_noticed():
    net = nn.Linear(2, 2)
    x = tg.ones(1, 2, requires_grad=True)
    y = net(x)
    net.load_state_dict(net.state_dict())
    with pytest.raises(RuntimeError, match="changed in place by load_state_dict"):
        y.sum().backward()


def test_state_dict_shares_memory_and_carries_no_history():
    net = Net()
    state = net.state_dict()
    assert not state["scale"].requires_grad
    assert net.state_dict(keep_vars=True)["scale"] is net.scale
    with tg.no_grad():
        net.scale.mul_(3)
    assert state["scale"].item() == 3


# Copies


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_equal_and_independent(duplicate):
    net = nn.Sequential(OrderedDict(a=nn.Linear(2, 2), b=nn.Linear(2, 2)))
    net.b.weight = net.a.weight
    again = duplicate(net)
    assert again.b.weight is again.a.weight
    assert isinstance(again.a.weight, nn.Parameter)
    x = tg.ones(1, 2)
    np.testing.assert_array_equal(again(x).detach().numpy(), net(x).detach().numpy())
    with tg.no_grad():
        again.a.weight.mul_(0)
    assert (net.a.weight.detach().numpy() != 0).any()


# Printing


def test_repr_is_pytorchs():
    assert repr(Net()) == (
        "Net(\n"
        "  (body): Sequential(\n"
        "    (0): Linear(in_features=3, out_features=4, bias=True)\n"
        "    (1): ReLU()\n"
        "    (2): Linear(in_features=4, out_features=2, bias=True)\n"
        "  )\n"
        ")"
    )
    assert repr(nn.Module()) == "Module()"


@pytest.mark.parity
@pytest.mark.parametrize(
    "make",
    [
        lambda nn: nn.Linear(2, 3, bias=False),
        lambda nn: nn.Conv2d(2, 4, 3, stride=2, padding=1, dilation=2, groups=2, bias=False),
        lambda nn: nn.Conv1d(1, 1, 3, padding="same"),
        lambda nn: nn.Conv2d(1, 1, 3, bias=False, padding_mode="circular"),
        lambda nn: nn.Conv3d(1, 2, (1, 2, 3)),
        lambda nn: nn.MaxPool2d((2, 3), stride=1, padding=1, ceil_mode=True),
        lambda nn: nn.AvgPool2d(2),
        lambda nn: nn.Dropout(0.25, inplace=True),
        lambda nn: nn.ReLU(inplace=True),
        lambda nn: nn.Flatten(0, 1),
        lambda nn: nn.Softmax(dim=1),
        lambda nn: nn.CrossEntropyLoss(),
        lambda nn: nn.Sequential(OrderedDict(one=nn.Tanh(), two=nn.Sequential(nn.Sigmoid(), nn.Identity()))),
        lambda nn: nn.Sequential(),
    ],
)
def test_repr_of_layers_is_pytorchs(make):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    assert repr(make(nn)) == repr(make(torch.nn))


def test_dir_lists_what_is_registered():
    assert {"body", "scale", "count", "forward"} <= set(dir(Net()))
