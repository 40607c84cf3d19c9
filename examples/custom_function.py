"""An operation of your own, in both forms: PyTorch's ``Function``, and ``Op``, as all of this library's are written.

python examples/custom_function.py
"""

import tinygrad_edu as tg
from tinygrad_edu.autograd import Function, Op
from tinygrad_edu.backend import array_namespace
from tinygrad_edu.testing import gradcheck


class Softsign(Function):
    """y = x / (1 + |x|).   dx = dy / (1 + |x|)^2."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x / (1 + x.abs())

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy / (1 + x.abs()) ** 2


class SoftsignOp(Op):
    """y = x / (1 + |x|).   dx = dy / (1 + |x|)^2."""

    keeps = ("inputs",)

    def forward(self, x):  # arrays in, array out: NumPy's on the CPU, CuPy's on a GPU
        return x / (1 + array_namespace(x).abs(x))

    def backward(self, dy):  # Tensors in, Tensors out: so it can be differentiated in its turn
        (x,) = self.inputs
        return dy / (1 + x.abs()) ** 2


x = tg.tensor([-2.0, -0.5, 1.0, 3.0], dtype=tg.float64, requires_grad=True)
for softsign in (Softsign.apply, lambda t: SoftsignOp()(t)):
    y = softsign(x)
    (slope,) = tg.autograd.grad(y.sum(), x, create_graph=True)
    (bend,) = tg.autograd.grad(slope.sum(), x)
    print("y  ", y.detach().tolist())
    print("y' ", slope.detach().tolist())
    print("y''", bend.tolist())
    print("gradcheck:", gradcheck(softsign, (x,)))
