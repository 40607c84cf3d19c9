"""What the engine keeps and does: walk a graph, see what it holds in memory, watch gradients pass, provoke two errors.

python examples/reading_the_graph.py
"""

import tinygrad_edu as tg
from tinygrad_edu.autograd import checkpoint, graph, saved_bytes

x = tg.rand(1000, requires_grad=True)
w = tg.rand(1000, requires_grad=True)
y = (x * w).exp()
y.register_hook(lambda g: print("hook: the gradient of y has mean", round(g.mean().item(), 4)))
loss = y.sin().sum()

print("nodes, newest first:", " ".join(getattr(node, "name", "leaf") for node in graph(loss)))
print("kept for backward, in bytes:", saved_bytes(loss))
recomputed = checkpoint(lambda t: (t * w).exp().sin().sum(), x)
print("with checkpointing:", saved_bytes(recomputed))

loss.backward()
print("gradient of x: shape", tuple(x.grad.shape), "dtype", x.grad.dtype)

try:
    loss.backward()
except RuntimeError as error:
    print("a second backward:", str(error).split(",")[0])

y = (x * w).exp()
y.add_(1)
try:
    y.sum().backward()
except RuntimeError as error:
    print("a change in place:", str(error).split(" was saved")[0], "was saved, then changed by add_")
