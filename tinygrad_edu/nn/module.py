"""Module: parameters, buffers and other modules under names, and a function of them, ``forward``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ..autograd.modes import is_grad_enabled
from ..autograd.variable import changed, make
from ..backend import as_array, device, device_of, on_device_of
from ..backend.dtypes import as_dtype, bfloat16, float16, float32, float64, is_floating
from ..errors import DTypeError
from ..tensor import Tensor
from .hooks import BackwardHooks, ModuleHook
from .parameter import Parameter

__all__ = ["Module"]


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict(strict=False)`` did not find, and what it did not know."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Module:
    """The base of all layers and networks, as in PyTorch: subclass it, call ``super().__init__()``, define ``forward``.

    A `Parameter` or a Module assigned to an attribute is registered under that name; a Tensor by ``register_buffer``.

    Examples
    --------
    >>> class Scale(Module):
    ...     def __init__(self, size):
    ...         super().__init__()
    ...         self.factor = Parameter(tinygrad_edu.ones(size))
    ...
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> scale = Scale(2)
    >>> scale(tinygrad_edu.tensor([3.0, 4.0]))
    tensor([3., 4.], grad_fn=<Mul>)
    >>> list(scale.state_dict())
    ['factor']
    """

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]

    def __init__(self) -> None:
        own = self.__dict__
        own["training"] = True
        own["_parameters"], own["_buffers"], own["_modules"] = {}, {}, {}
        own["_non_persistent_buffers_set"] = set()
        own["_forward_hooks"], own["_forward_pre_hooks"] = {}, {}
        own["_backward_hooks"], own["_backward_pre_hooks"] = {}, {}

    # -- computing

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes."""
        raise NotImplementedError(f"{type(self).__name__}: define forward(self, ...)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not (self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks):
            return self.forward(*args, **kwargs)
        return self._call_with_hooks(args, kwargs)

    def _call_with_hooks(self, args: tuple, kwargs: dict) -> Any:
        for handle, hook in list(self._forward_pre_hooks.items()):
            if handle.with_kwargs:
                given = hook(self, args, kwargs)
                if given is not None:
                    args, kwargs = given
            else:
                given = hook(self, args)
                if given is not None:
                    args = given if isinstance(given, tuple) else (given,)
        call = None
        if (self._backward_hooks or self._backward_pre_hooks) and is_grad_enabled():
            call = BackwardHooks(self, self._backward_pre_hooks, self._backward_hooks)
            args = call.enter(args)
        result = self.forward(*args, **kwargs)
        for handle, hook in list(self._forward_hooks.items()):
            given = hook(self, args, kwargs, result) if handle.with_kwargs else hook(self, args, result)
            if given is not None:
                result = given
        return result if call is None else call.leave(result)

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> ModuleHook:
        """Call ``hook(module, args)`` before forward; what it returns (not None) takes the place of the arguments.

        With ``with_kwargs``, ``hook(module, args, kwargs)``, which returns both.
        """
        return ModuleHook(self._forward_pre_hooks, hook, prepend, with_kwargs)

    def register_forward_hook(self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False) -> ModuleHook:
        """Call ``hook(module, args, output)`` after forward; what it returns (not None) takes the place of the output.

        With ``with_kwargs``, ``hook(module, args, kwargs, output)``.
        """
        return ModuleHook(self._forward_hooks, hook, prepend, with_kwargs)

    def register_full_backward_pre_hook(self, hook: Callable, prepend: bool = False) -> ModuleHook:
        """Call ``hook(module, grad_output)`` when the gradients of the outputs are there; it may return new ones."""
        return ModuleHook(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> ModuleHook:
        """Call ``hook(module, grad_input, grad_output)`` when the gradients of the inputs are there.

        Both are tuples, with None for what has no gradient. The hook may return gradients to go on with instead of
        ``grad_input``.
        """
        return ModuleHook(self._backward_hooks, hook, prepend)

    # -- attributes

    def __setattr__(self, name: str, value: Any) -> None:
        kinds = self.__dict__
        if isinstance(value, Parameter):
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self.add_module(name, value)
        elif "_parameters" not in kinds:
            kinds[name] = value
        elif name in kinds["_parameters"]:
            if value is not None:
                raise DTypeError(
                    f"{type(self).__name__}: '{name}' is a parameter, expected nn.Parameter or None, got "
                    f"{type(value).__name__}; change its numbers with .data or under no_grad()"
                )
            kinds["_parameters"][name] = None
        elif name in kinds["_modules"]:
            if value is not None:
                raise DTypeError(
                    f"{type(self).__name__}: '{name}' is a module, expected nn.Module or None, got {type(value).__name__}"
                )
            kinds["_modules"][name] = None
        elif name in kinds["_buffers"]:
            if value is not None and not isinstance(value, Tensor):
                raise DTypeError(
                    f"{type(self).__name__}: '{name}' is a buffer, expected a Tensor or None, got {type(value).__name__}"
                )
            kinds["_buffers"][name] = value
        else:
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        for kind in ("_parameters", "_buffers", "_modules"):
            if name in own.get(kind, ()):
                return own[kind][name]
        hint = "" if "_parameters" in own or name.startswith("__") else f"; {self._no_init()}"
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'{hint}", name=name, obj=self)

    def __delattr__(self, name: str) -> None:
        for kind in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__.get(kind, ()):
                del self.__dict__[kind][name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        own = self.__dict__
        return sorted({*super().__dir__(), *own["_parameters"], *own["_buffers"], *own["_modules"]})

    def _no_init(self) -> str:
        return f"call super().__init__() first thing in {type(self).__name__}.__init__"

    def _claim(self, kind: str, name: str) -> None:
        """Make ``name`` free for something of this kind, which takes the place of what had the name."""
        own = self.__dict__
        if kind not in own:
            raise AttributeError(f"{type(self).__name__}: can't assign '{name}' yet; {self._no_init()}")
        if not isinstance(name, str) or not name or "." in name:
            raise KeyError(f"{type(self).__name__}: expected a name that is not empty and has no '.', got {name!r}")
        if name not in own[kind] and name not in own and hasattr(type(self), name):
            raise KeyError(f"{type(self).__name__}: '{name}' is a method or attribute of the class; take another name")
        own.pop(name, None)
        for other in {"_parameters", "_buffers", "_modules"} - {kind}:
            own[other].pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter: what assigning it to an attribute does. None reserves the name."""
        self._claim("_parameters", name)
        if param is not None and not isinstance(param, Parameter):
            raise DTypeError(
                f"{type(self).__name__}: expected nn.Parameter or None for '{name}', got {type(param).__name__}"
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a Tensor that belongs to the state but is not trained; without ``persistent`` it is not saved."""
        self._claim("_buffers", name)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise DTypeError(
                f"{type(self).__name__}: expected a Tensor or None for '{name}', got {type(tensor).__name__}"
            )
        self._buffers[name] = tensor
        if not persistent:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a module inside this one: what assigning it to an attribute does. None reserves the name."""
        self._claim("_modules", name)
        if module is not None and not isinstance(module, Module):
            raise DTypeError(
                f"{type(self).__name__}: expected nn.Module or None for '{name}', got {type(module).__name__}"
            )
        self._modules[name] = module

    register_module = add_module

    # -- what is inside

    def named_modules(
        self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module (as "") and all inside it with their dotted names, each once."""
        seen = set() if memo is None else memo
        if self in seen:
            return
        if remove_duplicate:
            seen.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(seen, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all inside it."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside this one with their names."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly inside this one."""
        for _, module in self.named_children():
            yield module

    def _named(self, kind: str, prefix: str, recurse: bool, once: bool) -> Iterator[tuple[str, Any]]:
        modules = self.named_modules(prefix=prefix, remove_duplicate=once) if recurse else [(prefix, self)]
        seen = set()
        for path, module in modules:
            for name, tensor in module.__dict__[kind].items():
                if tensor is None or (once and id(tensor) in seen):
                    continue
                seen.add(id(tensor))
                yield (f"{path}.{name}" if path else name), tensor

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their dotted names; one that has several names comes once, under the first."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their dotted names."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target: str) -> Module:
        """The module with a dotted name; "" is this one."""
        module = self
        for i, name in enumerate(target.split(".") if target else ()):
            found = module._modules.get(name)
            if found is None:
                path = ".".join(target.split(".")[:i])
                raise AttributeError(
                    f"{type(self).__name__}: no module '{name}' in '{path}', which has {list(module._modules)}"
                    if path
                    else f"{type(self).__name__}: no module '{name}'; it has {list(module._modules)}"
                )
            module = found
        return module

    def get_parameter(self, target: str) -> Parameter:
        """The parameter with a dotted name."""
        return self._get("_parameters", target, "parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer with a dotted name."""
        return self._get("_buffers", target, "buffer")

    def _get(self, kind: str, target: str, what: str) -> Any:
        path, _, name = target.rpartition(".")
        inside = self.get_submodule(path).__dict__[kind]
        if inside.get(name) is None:
            raise AttributeError(f"{type(self).__name__}: no {what} '{target}'; there, it has {list(inside)}")
        return inside[name]

    # -- doing something to all of it

    def apply(self, fn: Callable[[Module], Any]) -> Any:
        """Call ``fn(module)`` for all modules inside, innermost first, and for this one; returns this one."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Any:
        """Set training or evaluation mode, in all modules inside too: dropout and its like behave by it."""
        if not isinstance(mode, bool):
            raise DTypeError(f"train: expected True or False, got {mode!r}")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Any:
        """Set evaluation mode: ``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Train the parameters, or freeze them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of the parameters, or set them to zero."""
        for parameter in self.parameters():
            clear_grad(parameter, set_to_none)

    def _convert(self, convert: Callable[[Tensor], Tensor]) -> Any:
        """Replace the numbers of every parameter, its gradient, and every buffer; the objects stay the same."""
        done = set()
        for module in self.modules():
            for parameter in module._parameters.values():
                if parameter is None or id(parameter) in done:
                    continue
                done.add(id(parameter))
                grad = parameter.grad
                parameter.data = convert(parameter.data)
                if grad is not None:
                    parameter.grad = convert(grad.detach())
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    module._buffers[name] = convert(buffer)
        return self

    def to(self, *args: Any, device: Any = None, dtype: Any = None, non_blocking: bool = False) -> Any:
        """Move to a device and cast floats to a dtype, in place; returns this module.

        ``to(device)``, ``to(dtype)``, ``to(device, dtype)`` or ``to(tensor)``; integers keep their dtype.
        """
        where, dtype = _destination(args, device, dtype)
        if dtype is not None and not is_floating(dtype):
            raise DTypeError(f"{type(self).__name__}.to: expected a floating dtype, got {dtype}")
        return self._convert(lambda t: t.to(device=where, dtype=dtype if is_floating(t.dtype) else None))

    def cpu(self) -> Any:
        """Move to the CPU."""
        return self.to(device="cpu")

    def cuda(self, device: Any = None) -> Any:
        """Move to a CUDA device."""
        return self.to(device="cuda" if device is None else device)

    def float(self) -> Any:
        """Cast floats to float32."""
        return self.to(dtype=float32)

    def double(self) -> Any:
        """Cast floats to float64."""
        return self.to(dtype=float64)

    def half(self) -> Any:
        """Cast floats to float16."""
        return self.to(dtype=float16)

    def bfloat16(self) -> Any:
        """Cast floats to bfloat16."""
        return self.to(dtype=bfloat16())

    def type(self, dst_type: Any) -> Any:
        """Cast everything, integers too, to a dtype."""
        dtype = as_dtype(dst_type)
        return self._convert(lambda t: t.to(dtype=dtype))

    # -- saving and loading

    def state_dict(
        self, *, destination: dict | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """The parameters and persistent buffers by their dotted names, sharing memory with the module.

        ``keep_vars`` gives the parameters themselves instead of detached Tensors.
        """
        state = {} if destination is None else destination
        for name, tensor in self._saved(prefix):
            state[name] = tensor if keep_vars else tensor.detach()
        return state

    def _saved(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        for name, parameter in self._parameters.items():
            if parameter is not None:
                yield prefix + name, parameter
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                yield prefix + name, buffer
        for name, module in self._modules.items():
            if module is not None:
                yield from module._saved(f"{prefix}{name}.")

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy values into the parameters and buffers. Where anything does not fit, nothing is changed.

        Parameters
        ----------
        state_dict : mapping of names to Tensors or arrays
            As `state_dict` gives it. Values are cast to the dtype and moved to the device of what they go into.
        strict : bool, default True
            Names that are missing or unexpected are an error; otherwise they are returned.
        assign : bool, default False
            Take over the dtype and device of the values instead.

        Returns
        -------
        IncompatibleKeys
            ``missing_keys`` and ``unexpected_keys``.

        Raises
        ------
        RuntimeError
            For names (if ``strict``) and for shapes that don't fit, all of them in one message.
        """
        own = dict(self._saved())
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        values, wrong = {}, []
        for name, tensor in own.items():
            if name in state_dict:
                value = state_dict[name]
                array = value.array if isinstance(value, Tensor) else as_array(value, None, "cpu")
                if tuple(array.shape) != tuple(tensor.shape):
                    wrong.append(f"{name} has shape {tuple(array.shape)}, the module's is {tuple(tensor.shape)}")
                values[name] = array
        problems = [f"shapes that differ: {'; '.join(wrong)}"] if wrong else []
        if strict and missing:
            problems.append(f"missing: {', '.join(missing)}")
        if strict and unexpected:
            problems.append(f"unexpected: {', '.join(unexpected)}")
        if problems:
            message = ". ".join(p[0].upper() + p[1:] for p in problems)
            raise RuntimeError(f"load_state_dict: the state does not fit {type(self).__name__}. {message}")
        for name, array in values.items():
            tensor = own[name]
            if assign:
                tensor.data = make(Tensor, array)
            else:
                with on_device_of(tensor.array):
                    tensor.array[...] = as_array(array, tensor.dtype, device_of(tensor.array))
                changed(tensor, "load_state_dict")
        return IncompatibleKeys(missing, unexpected)

    # -- printing

    def extra_repr(self) -> str:
        """The settings that printing shows between the parentheses."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        settings = extra.split("\n") if extra else []
        inside = [f"({name}): {_indented(repr(module))}" for name, module in self._modules.items()]
        lines = settings + inside
        if not lines:
            return f"{self._get_name()}()"
        if not inside and len(settings) == 1:
            return f"{self._get_name()}({settings[0]})"
        return self._get_name() + "(\n  " + "\n  ".join(lines) + "\n)"


def clear_grad(parameter: Tensor, set_to_none: bool) -> None:
    """Forget a gradient, or set it to zero."""
    if parameter.grad is None:
        return
    if set_to_none:
        parameter.grad = None
    else:
        parameter.grad = parameter.grad.detach()
        parameter.grad.array[...] = 0
        changed(parameter.grad, "zero_grad")


def _destination(args: tuple, where: Any, dtype: Any) -> tuple[Any, Any]:
    """Read the arguments of ``to``: a device, a dtype, both, or a Tensor that has them."""
    for given in args:
        if isinstance(given, Tensor):
            where, dtype = given.device, given.dtype
        elif isinstance(given, str | int | device) and not _names_dtype(given):
            where = given
        elif given is not None and not isinstance(given, bool):  # True: non_blocking, which has no meaning here
            dtype = given
    return (None if where is None else device(where)), (None if dtype is None else as_dtype(dtype))


def _names_dtype(given: Any) -> bool:
    return isinstance(given, str) and not given.startswith(("cpu", "cuda"))


def _indented(text: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *["  " + line for line in rest]])
