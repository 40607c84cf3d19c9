"""What one neuron can learn and what it can't: AND and OR, but not XOR, for which it takes a hidden layer.

python examples/xor.py
"""

import numpy as np

import tinygrad_edu as torch
from tinygrad_edu import nn, optim

inputs = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
tables = {"AND": [0.0, 0.0, 0.0, 1.0], "OR": [0.0, 1.0, 1.0, 1.0], "XOR": [0.0, 1.0, 1.0, 0.0]}
rng = np.random.default_rng(0)


def train(model, target, steps):
    """Minimise the squared error of sigmoid(model(inputs)); returns it."""
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.from_numpy(rng.standard_normal(tuple(p.shape)).astype(np.float32)))
    optimizer = optim.SGD(model.parameters(), lr=2.0, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        output = torch.sigmoid(model(inputs)).squeeze(1)
        loss = ((output - target) ** 2).mean()
        loss.backward()
        optimizer.step()
    return loss.item()


for name, table in tables.items():
    target = torch.tensor(table)
    one = train(nn.Linear(2, 1), target, 300)
    two = train(nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1)), target, 300)
    print(f"{name:3s}  error of one neuron {one:.3f}   with a hidden layer {two:.3f}")
