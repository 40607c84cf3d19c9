"""One call, made to this library and to PyTorch: both give the same, to the second derivative, or both refuse."""

import functools
import os

import pytest

import tinygrad_edu as tg
from tests.parity import assert_parity, ours_from, theirs_from

DEVICE = "cuda" if os.environ.get("TINYGRAD_EDU_EMULATE_CUDA") == "1" else "cpu"
REFUSED = (RuntimeError, ValueError, TypeError, IndexError)


def assert_agrees(call, *arrays, device=DEVICE, order=2):
    """``call(lib, *tensors)`` agrees, for lib this library and torch; where torch raises, so does this library."""
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    ours = OnDevice(device)
    try:
        call(torch, *[theirs_from(a, requires_grad=False) for a in arrays])
    except REFUSED as refusal:
        try:
            y = call(ours, *[ours_from(a, device, requires_grad=False) for a in arrays])
        except REFUSED:
            return
        pytest.fail(f"PyTorch refuses: {refusal}; here the result is {y}")
    assert_parity(functools.partial(call, ours), functools.partial(call, torch), *arrays, order=order, device=device)


class OnDevice:
    """This library with ``tensor`` on a device."""

    def __init__(self, device):
        self.device = device

    def __getattr__(self, name):
        function = getattr(tg, name)
        return functools.partial(function, device=self.device) if name in ("tensor", "zeros", "arange") else function
