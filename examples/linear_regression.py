"""Fit a line by gradient descent: the listing that every PyTorch course begins with, its import line changed.

python examples/linear_regression.py
"""

import numpy as np

import tinygrad_edu as torch

rng = np.random.default_rng(0)
x = torch.from_numpy(rng.uniform(-1, 1, (100, 1)))
y = 3 * x + 2 + 0.1 * torch.from_numpy(rng.standard_normal((100, 1)))

w = torch.zeros(1, 1, dtype=torch.float64, requires_grad=True)
b = torch.zeros(1, dtype=torch.float64, requires_grad=True)

for epoch in range(200):
    loss = ((x @ w + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
        b -= 0.1 * b.grad
        w.grad.zero_()
        b.grad.zero_()
    if epoch % 50 == 49:
        print(f"epoch {epoch + 1:3d}  loss {loss.item():.5f}  w {w.item():.4f}  b {b.item():.4f}")
