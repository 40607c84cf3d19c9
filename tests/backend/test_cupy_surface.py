"""Array code asks CuPy for nothing that CuPy lacks: every ``xp.`` use is held against the recorded table."""

import ast
import json
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
SURFACE = json.loads((ROOT / "tinygrad_edu" / "backend" / "cupy_surface.json").read_text("utf-8"))

# Code that never sees a device array, and the stand-in itself.
PASSED_OVER = ("kernels/cpu/", "tinygrad_edu/kernels/", "tinygrad_edu/backend/emulated_cupy/")
# What returns the array module; a name bound to the result is one, as `xp` always is.
GIVES_MODULE = {"array_namespace", "namespace_of"}
UFUNC_OPTIONS = {"out", "dtype", "casting"}


class Signature(NamedTuple):
    positional: int
    keywords: set[str]
    variadic: bool
    any_keyword: bool


def signature_of(text: str) -> Signature:
    a = ast.parse(f"def f({text}): pass").body[0].args
    names = {x.arg for x in a.args + a.kwonlyargs}
    return Signature(len(a.posonlyargs + a.args), names, a.vararg is not None, a.kwarg is not None)


def path_of(node: ast.expr, modules: set[str]) -> str | None:
    """The name below the array module: "linalg.inv" for ``xp.linalg.inv``; None for what is no such thing."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and node.id in modules:
        return ".".join(reversed(parts))
    if isinstance(node, ast.Call) and called_name(node) in GIVES_MODULE and parts:
        return ".".join(reversed(parts))
    return None


def called_name(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def modules_in(tree: ast.AST) -> set[str]:
    """The names that are bound to the array module somewhere in a file."""
    found = {"xp"}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and called_name(node.value) in GIVES_MODULE
        ):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def unknown(path: str) -> str | None:
    """What is wrong with a name, or None."""
    known = [*SURFACE["modules"], *SURFACE["types"], *SURFACE["constants"], *SURFACE["functions"], *SURFACE["ufuncs"]]
    owner, _, method = path.rpartition(".")
    if path in known or path.split(".")[0] == "cuda":
        return None
    if owner in SURFACE["ufuncs"] and method in SURFACE["methods"]["ufunc"]:
        if method == "at" and SURFACE["ufuncs"][owner]["at"] is None:
            return f"{owner}.at is not in CuPy"
        reduces = {"reduce": {"add", "multiply"}, "accumulate": {"add", "multiply"}, "reduceat": {"add"}}
        return None if owner in reduces.get(method, {owner}) else f"{owner}.{method} is not in CuPy"
    if owner in SURFACE["methods"] and method in SURFACE["methods"][owner]:
        return None
    return f"{path} is not in CuPy"


def wrong_call(path: str, call: ast.Call) -> str | None:
    """What is wrong with the arguments of a call, or None."""
    given = sum(not isinstance(a, ast.Starred) for a in call.args)
    starred = given < len(call.args)
    names = [k.arg for k in call.keywords if k.arg is not None]
    owner, _, method = path.rpartition(".")
    if path in SURFACE["ufuncs"]:
        record = SURFACE["ufuncs"][path]
        if given > record["nin"] + record["nout"] or (given < record["nin"] and not starred):
            return f"{path} takes {record['nin']} operands, got {given}"
        bad = [n for n in names if n not in UFUNC_OPTIONS]
    elif path in SURFACE["functions"] and SURFACE["functions"][path] is not None:
        signature = signature_of(SURFACE["functions"][path])
        if given > signature.positional and not signature.variadic:
            return f"{path} takes {signature.positional} positional arguments, got {given}"
        bad = [] if signature.any_keyword else [n for n in names if n not in signature.keywords]
        if path == "einsum":
            bad = [n for n in names if n not in ("dtype", "optimize")]
    elif owner in SURFACE["ufuncs"]:
        signature = signature_of(SURFACE["methods"]["ufunc"][method].removeprefix("self, "))
        if given > signature.positional:
            return f"{path} takes {signature.positional} positional arguments, got {given}"
        bad = [] if signature.any_keyword else [n for n in names if n not in signature.keywords]
    else:
        return None
    return f"{path} has no parameter {bad[0]}" if bad else None


def violations(source: str) -> list[str]:
    """Every use of the array module in a file that CuPy would not have, as "line: what"."""
    tree = ast.parse(source)
    modules = modules_in(tree)
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            path = path_of(node, modules)
            if path is not None and (wrong := unknown(_without_members(path))):
                found.append((node.lineno, wrong))
        if isinstance(node, ast.Call):
            path = path_of(node.func, modules)
            if path and unknown(path) is None and (wrong := wrong_call(path, node)):
                found.append((node.lineno, wrong))
    return [f"{line}: {wrong}" for line, wrong in sorted(found)]


def _without_members(path: str) -> str:
    """``xp.float32.__name__``, ``xp.pi.real``: what comes after a type or a number is not CuPy's."""
    parts = path.split(".")
    for i in range(1, len(parts)):
        if ".".join(parts[:i]) in {*SURFACE["types"], *SURFACE["constants"]}:
            return ".".join(parts[:i])
    return path


def sources() -> list[str]:
    paths = [*(ROOT / "kernels").rglob("*.py"), *(ROOT / "tinygrad_edu").rglob("*.py")]
    names = {path.relative_to(ROOT).as_posix() for path in paths}
    return sorted(name for name in names if not name.startswith(PASSED_OVER))


@pytest.mark.parametrize("name", sources())
def test_array_code_uses_only_what_cupy_has(name):
    found = violations((ROOT / name).read_text("utf-8"))
    assert not found, "\n".join(f"{name}:{violation}" for violation in found)


def test_the_walk_finds_array_code():
    """Guards the test above against passing because it looked nowhere."""
    assert "kernels/namespace.py" in sources()
    assert not any(name.startswith(PASSED_OVER) for name in sources())


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("xp.vecdot(a, b)", "vecdot is not in CuPy"),
        ("with xp.errstate(all='ignore'): pass", "errstate is not in CuPy"),
        ("xp.linalg.vecdot(a, b)", "linalg.vecdot is not in CuPy"),
        ("f = xp.frompyfunc", "frompyfunc is not in CuPy"),
        ("xp.sum(x, initial=0)", "sum has no parameter initial"),
        ("xp.max(x, where=m)", "max has no parameter where"),
        ("xp.var(x, correction=1)", "var has no parameter correction"),
        ("xp.sort(x, stable=True)", "sort has no parameter stable"),
        ("xp.exp(x, where=m)", "exp has no parameter where"),
        ("xp.add(a, b, c, d)", "add takes 2 operands, got 4"),
        ("xp.add(a)", "add takes 2 operands, got 1"),
        ("xp.matrix_transpose(x, 1)", "matrix_transpose takes 1 positional arguments, got 2"),
        ("xp.multiply.at(x, i, v)", "multiply.at is not in CuPy"),
        ("xp.maximum.reduce(x)", "maximum.reduce is not in CuPy"),
        ("xp.add.reduce(x, where=m)", "add.reduce has no parameter where"),
        ("xp.einsum('i->', x, out=y)", "einsum has no parameter out"),
        ("xp.reshape(x, shape=(2,))", "reshape has no parameter shape"),
        ("module = array_namespace(x)\nmodule.vecdot(a, b)", "vecdot is not in CuPy"),
        ("array_namespace(x).vecdot(a, b)", "vecdot is not in CuPy"),
        ("backend.namespace_of(device).trapz_(x)", "trapz_ is not in CuPy"),
    ],
)
def test_a_planted_use_is_seen(code, what):
    found = violations(code)
    assert len(found) == 1
    assert found[0] == f"{code.count(chr(10)) + 1}: {what}"


@pytest.mark.parametrize(
    "code",
    [
        "xp.sum(x, axis=0, keepdims=True)",
        "xp.add(a, b, out=c)",
        "xp.add(*operands)",
        "xp.add.at(x, i, v)",
        "xp.linalg.inv(xp.asarray(x, dtype=xp.float32))",
        "xp.float32.__name__",
        "xp.concatenate([a, b], axis=1)",
        "xp.lib.stride_tricks.as_strided(x, shape, strides)",
        "xp.pad(x, 1, constant_values=0)",
        "xp.random.default_rng(0)",
        "np.vecdot(a, b)",
    ],
)
def test_a_good_use_is_let_through(code):
    assert violations(code) == []
