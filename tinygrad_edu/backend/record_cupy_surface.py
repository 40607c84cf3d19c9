"""Record CuPy's public names and signatures into ``cupy_surface.json``.

Run where CuPy is installed; a GPU is not needed::

    pip install cupy-cuda12x ml_dtypes
    python -m tinygrad_edu.backend.record_cupy_surface

The stand-in (``emulated_cupy``) offers what the table lists and nothing else, and a test holds the project's array code
against it. Recording a newer CuPy therefore shows, as a diff, what that version adds and takes away.
"""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

TABLE = Path(__file__).with_name("cupy_surface.json")
MODULES = ("cuda", "fft", "lib", "lib.stride_tricks", "linalg", "random")
# Types whose methods array code calls. `random.Generator` is a function that imports the type when first called.
TYPES = ("ndarray", "ufunc", "random.Generator", "random.RandomState")
# A signature must be readable back as Python: a default that is a class is recorded by its name.
_CLASS_REPR = re.compile(r"<class '(?:\w+\.)*(\w+)'>")


def signature_of(function: Any) -> str | None:
    """The parameters of a function as Python source, or None where CuPy does not tell them.

    Parameters
    ----------
    function : callable
        A function, or a compiled one whose docstring begins with its signature, as Cython writes it.
    """
    try:
        text = str(inspect.signature(function))
    except (ValueError, TypeError):
        first = (getattr(function, "__doc__", None) or "").split("\n")[0]
        if not re.match(r"[\w.]+\(.*\)", first):
            return None
        text = first[first.index("(") :]
    text = text[1 : text.rindex(")")]
    text = _CLASS_REPR.sub(r"\1", text)
    # Cython writes C types before names: "int axis=-1", "_ndarray_base b".
    return ", ".join(part.split(" ")[-1] if "=" not in part else _without_type(part) for part in _split(text))


def _without_type(part: str) -> str:
    name, default = part.split("=", 1)
    return f"{name.split(':')[0].strip().split(' ')[-1]}={default.strip().removeprefix('numpy.')}"


def _split(text: str) -> list[str]:
    """Split a parameter list at its outermost commas and drop annotations."""
    parts, depth, start = [], 0, 0
    for i, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    return [part.strip() if "=" in part else part.split(":")[0].strip() for part in parts if part.strip()]


def record() -> dict[str, Any]:
    """Walk the installed CuPy.

    Returns
    -------
    dict
        ``version``; ``modules``, ``constants`` and ``types`` as lists of names; ``functions`` as name -> signature;
        ``ufuncs`` as name -> numbers of inputs and outputs, the type loops and the operation behind ``ufunc.at``;
        ``methods`` as type -> name -> signature (null for an attribute).
    """
    import cupy
    import ml_dtypes  # noqa: F401  CuPy has bfloat16 loops only where it is installed

    table: dict[str, Any] = {"version": cupy.__version__, "modules": list(MODULES)}
    constants, types, functions, ufuncs = [], [], {}, {}
    for path in ("", *MODULES):
        module = cupy
        for name in filter(None, path.split(".")):
            module = getattr(module, name)
        for name in dir(module):
            value, full = getattr(module, name), f"{path}.{name}".lstrip(".")
            if name.startswith("_") or isinstance(value, ModuleType) or name == "annotations":
                continue
            if isinstance(value, type):
                types.append(full)
            elif isinstance(value, cupy.ufunc):
                loops = " ".join(value.types)
                ufuncs[full] = {"nin": value.nin, "nout": value.nout, "types": loops, "at": value._scatter_op}
            elif callable(value):
                functions[full] = signature_of(value)
            else:
                constants.append(full)
    table["constants"], table["types"] = sorted(constants), sorted({*types, *TYPES})
    table["functions"], table["ufuncs"] = dict(sorted(functions.items())), dict(sorted(ufuncs.items()))
    table["methods"] = {name: _methods(_resolve(cupy, name)) for name in TYPES}
    return table


def _resolve(cupy: ModuleType, name: str) -> type:
    if name == "random.Generator":
        from cupy.random._generator_api import Generator

        return Generator
    value: Any = cupy
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _methods(kind: type) -> dict[str, str | None]:
    """The public methods and attributes of a type, and the special methods that it defines beyond every object's."""
    names = [n for n in dir(kind) if not n.startswith("_") or (n.startswith("__") and n not in dir(object))]
    names += [n for n in ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__format__") if n not in names]
    internal = {"__pyx_vtable__", "__slots__", "__getstate__", "__setstate__", "__module__", "__dict__", "__weakref__"}
    methods = {}
    for name in sorted(set(names) - internal):
        value = getattr(kind, name)
        methods[name] = signature_of(value) if callable(value) and not name.startswith("__") else None
    return methods


def write(table: dict[str, Any], path: Path = TABLE) -> None:
    """Write the table one entry a line, so that two versions compare well."""
    path.write_text(json.dumps(table, indent=1, sort_keys=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    surface = record()
    write(surface)
    print(f"CuPy {surface['version']}: {len(surface['functions'])} functions, {len(surface['ufuncs'])} ufuncs")
