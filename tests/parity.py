"""Holding the library against PyTorch: the same arrays in, the same values, first and second derivatives out."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_edu as tg


def ours_from(array, device="cpu", requires_grad=None):
    """A Tensor around a copy of the array, with the array's strides; floats require a gradient."""
    copy = np.empty_like(array)
    copy[...] = array
    x = tg.as_tensor(copy, device=device)
    grad = array.dtype.kind == "f" if requires_grad is None else requires_grad
    return x.requires_grad_() if grad else x


def theirs_from(array, requires_grad=None):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    x = torch.from_numpy(np.array(array))  # torch takes no negative strides
    grad = array.dtype.kind == "f" if requires_grad is None else requires_grad
    return x.requires_grad_() if grad else x


def to_numpy(x):
    """A Tensor's or a torch tensor's numbers on the host."""
    if isinstance(x, tg.Tensor):
        return x.detach().cpu().numpy()
    return (
        x.detach().numpy(force=True) if hasattr(x, "detach") else np.asarray(x)
    )  # second derivatives may be ZeroTensors


def assert_same(ours, theirs, rtol, what):
    a, b = to_numpy(ours), to_numpy(theirs)
    assert a.shape == b.shape, f"{what}: shape {a.shape}, PyTorch's {b.shape}"
    assert a.dtype == b.dtype, f"{what}: dtype {a.dtype}, PyTorch's {b.dtype}"
    scale = float(np.max(np.abs(b[np.isfinite(b)]), initial=0)) if b.dtype.kind == "f" else 0
    np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * max(scale, 1e-3), equal_nan=True, err_msg=what)


def assert_parity(ours, theirs, *arrays, order=2, rtol=None, seed=0, device="cpu"):
    """``ours(*Tensors)`` agrees with ``theirs(*torch tensors)``: outputs, and derivatives up to ``order``.

    Arrays of floats require gradients; several outputs may come as a tuple or list, None among gradients counts as zero.
    """
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    floats = [a.dtype for a in arrays if a.dtype.kind == "f"]
    rtol = rtol or (1e-7 if all(d == np.float64 for d in floats) else 2e-5 if np.float16 not in floats else 5e-3)
    xs, ts = [ours_from(a, device) for a in arrays], [theirs_from(a) for a in arrays]
    ys, us = ours(*xs), theirs(*ts)
    ys, us = (list(v) if isinstance(v, tuple | list) else [v] for v in (ys, us))
    assert len(ys) == len(us), f"{len(ys)} outputs, PyTorch's {len(us)}"
    for i, (y, u) in enumerate(zip(ys, us, strict=True)):
        assert_same(y, u, rtol, f"output {i}")
    rng = np.random.default_rng(seed)
    xs, ts = [x for x in xs if x.requires_grad], [t for t in ts if t.requires_grad]
    for n in range(1, order + 1):
        pairs = [(y, u) for y, u in zip(ys, us, strict=True) if u.requires_grad]
        for y, u in zip(ys, us, strict=True):
            assert y.requires_grad == u.requires_grad or n > 1, (
                f"requires_grad {y.requires_grad}, PyTorch's {u.requires_grad}"
            )
        if not pairs or not xs:
            return
        weights = [rng.standard_normal(tuple(u.shape)).astype(to_numpy(u).dtype) for _, u in pairs]
        # The cotangents require gradients too: a first derivative is linear in them, and the second order looks at that.
        ours_dy = [ours_from(np.asarray(w), device) for w in weights]
        theirs_dy = [theirs_from(np.asarray(w)) for w in weights]
        g = (
            tg.autograd.grad(
                [y for y, _ in pairs if y.requires_grad],
                xs,
                [d for d, (y, _) in zip(ours_dy, pairs, strict=True) if y.requires_grad],
                create_graph=True,
                allow_unused=True,
            )
            if any(y.requires_grad for y, _ in pairs)
            else [None] * len(xs)
        )
        h = torch.autograd.grad(
            [u for _, u in pairs],
            ts,
            theirs_dy,
            create_graph=True,
            allow_unused=True,
        )
        ys, us = [], []
        for i, (a, b, x, t) in enumerate(zip(g, h, xs, ts, strict=True)):
            a = tg.zeros(tuple(x.shape), dtype=x.dtype, device=device) if a is None else a
            b = torch.zeros_like(t) if b is None else b
            assert_same(a, b, rtol * 10 ** (n - 1), f"derivative of order {n} by input {i}")
            ys.append(a)
            us.append(b)
        xs, ts = [*xs, *ours_dy], [*ts, *theirs_dy]
