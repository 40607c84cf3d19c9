"""Optimizer: what they all share. Parameters in groups, a state for each, and saving and loading them."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from ..autograd.modes import enable_grad
from ..autograd.variable import changed, make
from ..backend import as_array, device_of, on_device_of, silent
from ..backend.dtypes import is_floating
from ..errors import DTypeError, GradError
from ..tensor import Tensor

__all__ = ["Optimizer"]


class Optimizer:
    """Changes parameters by their gradients. A subclass defines ``update``, which does it for one parameter.

    Parameters
    ----------
    params : iterable of Tensors, of (name, Tensor) pairs, or of dicts
        A dict is a group: its "params", and settings that differ from the others'.
    defaults : dict
        The settings of the groups that don't say otherwise.

    Attributes
    ----------
    param_groups : list of dict
        The groups, each with all of its settings; changing ``group["lr"]`` is how a schedule works.
    state : dict
        For each parameter, what the optimizer remembers: a dict of Tensors and numbers.
    """

    def __init__(self, params: Any, defaults: dict[str, Any]):
        if isinstance(params, Tensor):
            raise DTypeError(f"{self._name}: expected an iterable of Tensors or dicts, got a Tensor; give [tensor]")
        self.defaults = defaults
        self.state: dict[Tensor, dict[str, Any]] = {}
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if not groups:
            raise ValueError(f"{self._name}: got no parameters; model.parameters() gives each time anew, a list stays")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def check(self, group: dict[str, Any]) -> None:
        """Raise for settings out of range."""
        for setting in ("lr", "weight_decay"):
            if not group[setting] >= 0:
                raise ValueError(f"{self._name}: expected {setting} >= 0, got {group[setting]}")

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters later, such as those of a layer that is no longer frozen."""
        given = param_group["params"]
        params = [p[1] if isinstance(p, tuple) else p for p in ([given] if isinstance(given, Tensor) else list(given))]
        for p in params:
            if not isinstance(p, Tensor):
                raise DTypeError(f"{self._name}: expected Tensors to optimize, got {type(p).__name__}")
            if not p.is_leaf:
                raise GradError(f"{self._name}: can't optimize a tensor that was computed; give the leaf it came from")
            if not is_floating(p.dtype):
                raise DTypeError(f"{self._name}: expected floating tensors to optimize, got {p.dtype}")
        everything = [id(p) for group in self.param_groups for p in group["params"]] + [id(p) for p in params]
        if len(set(everything)) < len(everything):
            raise ValueError(f"{self._name}: a parameter is there twice, in one group or in two")
        group = {**self.defaults, **param_group, "params": params}
        self.check(group)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, or set them to zero."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                p.grad = None if set_to_none else p.grad.detach()
                if not set_to_none:
                    p.grad.array[...] = 0
                    changed(p.grad, "zero_grad")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient.

        ``closure``, if given, computes the loss anew and its gradients; its loss is returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with silent():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    with on_device_of(p.array):
                        self.update(p.array, p.grad.array, self.state.setdefault(p, {}), group)
                    changed(p, f"{self._name}.step")
        return loss

    def update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Change the array ``p`` in place by its gradient; the gradient stays as it is."""
        raise NotImplementedError(f"{self._name}: define update(self, p, grad, state, group)")

    # -- saving and loading

    def state_dict(self) -> dict[str, Any]:
        """The state and the settings, with a number in the place of each parameter, as PyTorch has it."""
        number = {p: i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        groups = [{**group, "params": [number[p] for p in group["params"]]} for group in self.param_groups]
        return {"state": {number[p]: dict(state) for p, state in self.state.items()}, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state: copied, in the dtype and on the device of the parameters.

        Raises
        ------
        ValueError
            If its groups have not as many parameters as the optimizer's, or a state not the shape of its parameter.
        """
        groups, saved = self.param_groups, state_dict["param_groups"]
        sizes, expected = [len(g["params"]) for g in saved], [len(g["params"]) for g in groups]
        if sizes != expected:
            raise ValueError(f"{self._name}.load_state_dict: expected groups of {expected} parameters, got {sizes}")
        by_number = {
            i: p
            for old, new in zip(saved, groups, strict=True)
            for i, p in zip(old["params"], new["params"], strict=True)
        }
        state = {
            by_number[i]: {key: self._loaded(key, value, by_number[i]) for key, value in entries.items()}
            for i, entries in state_dict["state"].items()
        }
        new_groups = [
            {**deepcopy({k: v for k, v in old.items() if k != "params"}), "params": group["params"]}
            for old, group in zip(saved, groups, strict=True)
        ]
        for group in new_groups:
            self.check(group)
        self.param_groups, self.state = new_groups, state

    def _loaded(self, key: str, value: Any, p: Tensor) -> Any:
        if not isinstance(value, Tensor | np.ndarray):
            return value
        if tuple(value.shape) != tuple(p.shape):
            raise ValueError(
                f"{self._name}.load_state_dict: expected {key} of shape {tuple(p.shape)} like its parameter, got "
                f"{tuple(value.shape)}"
            )
        array = value.array if isinstance(value, Tensor) else value
        return make(Tensor, as_array(array, p.dtype, device_of(p.array)).copy())

    def __repr__(self) -> str:
        lines = [f"{self._name} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {value}" for key, value in sorted(group.items()) if key != "params"]
        return "\n".join([*lines, ")"])
