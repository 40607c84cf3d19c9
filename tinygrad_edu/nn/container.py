"""Modules that hold other modules in order, and the layer that flattens between them."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..errors import DimError
from ..tensor import Tensor
from .module import Module

__all__ = ["Flatten", "Sequential"]


class Sequential(Module):
    """Modules one after the other: each gets what the one before returned.

    Give the modules, which are then named 0, 1, ..., or one dict of names and modules.

    Examples
    --------
    >>> from tinygrad_edu.nn import Linear, ReLU
    >>> net = Sequential(Linear(4, 3), ReLU(), Linear(3, 2))
    >>> net
    Sequential(
      (0): Linear(in_features=4, out_features=3, bias=True)
      (1): ReLU()
      (2): Linear(in_features=3, out_features=2, bias=True)
    )
    >>> net[:2](tinygrad_edu.zeros(5, 4)).shape
    (5, 3)
    """

    def __init__(self, *modules: Any):
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self.add_module(name, module)
        else:
            self.extend(modules)

    def forward(self, input: Any) -> Any:
        """What the last module returns."""
        for module in self._modules.values():
            input = module(input)  # type: ignore[misc]
        return input

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())  # type: ignore[arg-type]

    def _name(self, index: int) -> str:
        i, n = operator.index(index), len(self)
        if not -n <= i < n:
            raise DimError(f"Sequential: expected an index from {-n} to {n - 1}, got {i}")
        return list(self._modules)[i]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(dict(list(self._modules.items())[index]))
        return self._modules[self._name(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(self._name(index), module)

    def __delitem__(self, index: Any) -> None:
        names = list(self._modules)
        gone = set(names[index]) if isinstance(index, slice) else {self._name(index)}
        self._renumber([(name, module) for name, module in self._modules.items() if name not in gone])

    def _renumber(self, items: list) -> None:
        """Names that are numbers count again from 0; the others stay."""
        self._modules = {str(i) if name.isdigit() else name: module for i, (name, module) in enumerate(items)}

    def append(self, module: Module) -> Sequential:
        """Add a module at the end; returns this one."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Sequential:
        """Add modules at the end; returns this one."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Sequential:
        """Add a module before the one at ``index``; returns this one."""
        items = list(self._modules.items())
        self.append(module)  # which checks it
        items.insert(index, (str(index), module))
        self._renumber(items)
        return self

    def pop(self, index: int) -> Module:
        """Take the module at ``index`` out, and return it."""
        module = self[index]
        del self[index]
        return module

    def __add__(self, other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            return NotImplemented
        return Sequential(*self, *other)


class Flatten(Module):
    """Join the dimensions from ``start_dim`` to ``end_dim`` into one: by default all but the batch.

    >>> Flatten()(tinygrad_edu.zeros(8, 64, 5, 5)).shape
    (8, 1600)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Any:
        """(N, *) -> (N, the product of the others)."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
