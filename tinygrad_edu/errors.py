"""The errors that the library raises on bad input.

Each derives from the built-in types that a PyTorch user would catch for the same mistake, so ``except RuntimeError``
keeps working. Every message names the operation, the rule, what came, and the fix where there is one.
"""


class ShapeError(RuntimeError, ValueError):
    """Shapes, sizes or dimensions that do not fit the operation."""


class DimError(ShapeError, IndexError):
    """A dimension or an index outside its range."""


class DTypeError(RuntimeError, TypeError):
    """A data type that the operation does not take, or an argument of the wrong kind."""


class DeviceError(RuntimeError):
    """Operands on different devices, or a device that cannot be used here."""


class GradError(RuntimeError):
    """Differentiation asked for what is not there: a graph, a gradient, a value changed since it was saved."""


class LinAlgError(RuntimeError):
    """A matrix for which the decomposition does not exist: singular, or not positive definite."""
