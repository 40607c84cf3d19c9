"""The house's arrows: which part may import which. Read from the source, so that an import inside a function counts."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]

# A part may import parts of lower rank, and of its own rank as long as no circle closes.
RANK = {
    "_checkout": 0,
    "_version": 0,
    "errors": 0,
    "kernels": 0,
    "backend": 1,
    "autograd": 2,
    "ops": 3,
    "tensor": 4,
    "creation": 4,
    "printing": 4,
    "cuda": 4,  # cuda and linalg are the doors to what backend and ops have under these names
    "linalg": 4,
    "nn": 5,
    "optim": 5,
    "data": 5,
    "testing": 5,
    "serialization": 5,
    "train": 6,
    "models": 6,
    "study": 6,
    "onnx": 6,
    "distributed": 6,
    "compress": 6,
    "demo": 6,
    "info": 6,
    "cli": 8,
    "__main__": 9,
}
# Tensor, what makes Tensors and what prints them are one part in three files, and know each other.
ONE_PART = {"creation": "tensor", "printing": "tensor"}
# The package itself re-exports the parts, so importing it is importing all of them: only what stands above may.
WHOLE_PACKAGE = "tinygrad_edu"
RANK[WHOLE_PACKAGE] = 7

HEAVY = {"numba", "llvmlite", "cupy", "cupyx", "matplotlib", "ml_dtypes", "scipy", "torch", "tqdm", "tensorboardX"}
HEAVY |= {"hypothesis", "mpi4py", "onnx", "pytest"}


class Import(NamedTuple):
    module: str  # what is imported, in full: "tinygrad_edu.ops.matmul", "numpy"
    line: int
    runs_on_import: bool  # at module level, so that importing the file runs it


def imports_of(source: str, module: str, is_package: bool = False) -> list[Import]:
    """Every import of a file that can run: those under ``if TYPE_CHECKING`` never do and are left out."""
    found: list[Import] = []

    def visit(node: ast.AST, runs: bool) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.orelse:
                visit(child, runs)
            return
        if isinstance(node, ast.Import):
            found.extend(Import(alias.name, node.lineno, runs) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                # In a package's __init__ one dot is the package; in a module it is the package around it.
                parts = module.split(".")
                parts = parts[: len(parts) - node.level + is_package]
                base = ".".join([*parts, base] if base else parts)
            # `from tinygrad_edu import nn` imports a part, `from tinygrad_edu import Tensor` the whole package.
            names = [alias.name for alias in node.names]
            if base == "tinygrad_edu":
                found.extend(Import(f"{base}.{n}" if n in RANK else base, node.lineno, runs) for n in names)
            else:
                found.append(Import(base, node.lineno, runs))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found.extend(Import(str(a.value), node.lineno, runs) for a in node.args[:1] if isinstance(a, ast.Constant))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            runs = False
        for child in ast.iter_child_nodes(node):
            visit(child, runs)

    visit(ast.parse(source), runs=True)
    return found


def source_files() -> dict[str, Path]:
    """Module name -> file. The link tinygrad_edu/kernels is passed over for kernels/ itself."""
    files = {}
    for top, name in ((ROOT / "tinygrad_edu", "tinygrad_edu"), (ROOT / "kernels", "tinygrad_edu.kernels")):
        for path in sorted(top.rglob("*.py")):
            inside = path.relative_to(top)
            if name == "tinygrad_edu" and inside.parts[0] == "kernels":
                continue
            parts = [name, *inside.with_suffix("").parts]
            files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return files


def part_of(module: str) -> str:
    """The part a module of the project belongs to: tinygrad_edu.nn.layers -> nn."""
    return module.split(".")[1] if "." in module else WHOLE_PACKAGE


def ours(imports: list[Import]) -> list[str]:
    return [i.module for i in imports if i.module.split(".")[0] == "tinygrad_edu"]


def against_the_arrows(imports: list[Import], module: str) -> list[str]:
    """The imports of a file that point to a part above it."""
    part = part_of(module)
    wrong = []
    for imported in imports:
        if imported.module == "kernels" or imported.module.startswith("kernels."):
            wrong.append(f"line {imported.line}: kernels is imported as tinygrad_edu.kernels")
        for other in map(part_of, ours([imported])):
            if RANK[other] > RANK[part] or (part == "kernels" and other != "kernels"):
                wrong.append(f"line {imported.line}: {part} imports {imported.module}")
    return wrong


FILES = source_files()
IMPORTS = {
    module: imports_of(path.read_text("utf-8"), module, path.name == "__init__.py") for module, path in FILES.items()
}


def test_every_part_has_a_rank():
    unknown = {part_of(module) for module in FILES} - set(RANK)
    assert not unknown, f"say in RANK what {sorted(unknown)} may import"


@pytest.mark.parametrize("module", [m for m in FILES if m != "tinygrad_edu"])
def test_imports_follow_the_arrows(module):
    assert against_the_arrows(IMPORTS[module], module) == []


def test_no_circle_between_parts():
    graph: dict[str, set[str]] = {}
    for module, imports in IMPORTS.items():
        if module != "tinygrad_edu":
            part, *others = (ONE_PART.get(p, p) for p in map(part_of, [module, *ours(imports)]))
            graph.setdefault(part, set()).update(set(others) - {part})
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(f"parts import each other in a circle: {' -> '.join(circle.args[1])}")


def test_only_the_backend_imports_cupy():
    offenders = [
        f"{module}, line {i.line}"
        for module, imports in IMPORTS.items()
        for i in imports
        if i.module.split(".")[0] in {"cupy", "cupyx"} and part_of(module) != "backend"
    ]
    assert offenders == []


def test_nothing_heavy_is_imported_before_it_is_used():
    compiled = ("tinygrad_edu.kernels.cpu", "tinygrad_edu.kernels.cuda")  # made of numba, and imported when first used
    offenders = [
        f"{module}, line {i.line}: {i.module}"
        for module, imports in IMPORTS.items()
        for i in imports
        if i.runs_on_import and i.module.split(".")[0] in HEAVY and not module.startswith(compiled)
    ]
    assert offenders == []


def test_import_tinygrad_edu_loads_nothing_heavy():
    program = f"import sys, tinygrad_edu; print(*sorted({HEAVY!r} & sys.modules.keys()))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from tinygrad_edu.tensor import Tensor", "tinygrad_edu.autograd.op"),
        ("def f():\n    import tinygrad_edu.ops.matmul", "tinygrad_edu.autograd.engine"),
        ("from ..ops import matmul", "tinygrad_edu.autograd.engine"),
        ("from tinygrad_edu.errors import ShapeError", "tinygrad_edu.kernels.reference.conv"),
        ("from tinygrad_edu import nn", "tinygrad_edu.ops.matmul"),
        ("from tinygrad_edu import Tensor", "tinygrad_edu.nn.layers"),
        ("import importlib\nimportlib.import_module('tinygrad_edu.cli')", "tinygrad_edu.train.trainer"),
        ("from kernels.reference import conv", "tinygrad_edu.ops.convolution"),
    ],
)
def test_an_arrow_that_runs_back_is_seen(source, module):
    assert len(against_the_arrows(imports_of(source, module), module)) == 1


def test_an_import_for_types_only_is_no_arrow():
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tinygrad_edu.tensor import Tensor"
    assert against_the_arrows(imports_of(source, "tinygrad_edu.ops.matmul"), "tinygrad_edu.ops.matmul") == []
