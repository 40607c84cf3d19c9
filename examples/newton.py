"""Second derivatives: minimise Rosenbrock's function by Newton's method, through ``grad`` of ``grad``.

python examples/newton.py
"""

import tinygrad_edu as torch


def rosenbrock(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


p = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
for step in range(8):
    value = rosenbrock(p)
    (slope,) = torch.autograd.grad(value, p, create_graph=True)
    rows = [torch.autograd.grad(slope[i], p, retain_graph=True)[0] for i in range(2)]
    with torch.no_grad():
        p -= torch.linalg.solve(torch.stack(rows), slope)
    print(f"step {step}  value {value.item():.3e}  next point ({p[0].item():+.6f}, {p[1].item():+.6f})")
