"""The documents' examples run and print what the documents say, and the reference leaves nothing out."""

import contextlib
import doctest
import io
import re
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(text: str) -> list[tuple[int, str, str | None]]:
    """The ``python`` blocks of a document: first line, source, and the ``text`` block right below, if there is one."""
    found = []
    blocks = list(BLOCK.finditer(text))
    for block, following in zip_longest(blocks, blocks[1:]):
        if block["kind"] == "python":
            adjacent = following and following["kind"] == "text" and not text[block.end() : following.start()].strip()
            found.append(
                (text[: block.start("body")].count("\n") + 1, block["body"], following["body"] if adjacent else None)
            )
    return found


def run_document(text: str, name: str) -> None:
    """Run a document's examples one after the other in one namespace, as a reader would, and the tests they define."""
    names: dict[str, Any] = {"__name__": "example"}
    for line, source, expected in examples(text):
        if source.startswith(">>>"):
            test = doctest.DocTestParser().get_doctest(source, names, name, name, line)
            runner = doctest.DebugRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
            runner.run(test, clear_globs=False)
            names = test.globs
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("\n" * (line - 1) + source, name, "exec"), names)
        if expected is not None:
            assert printed.getvalue() == expected, f"{name}, line {line}"
    for test_name in [n for n in names if n.startswith("test_")]:
        names[test_name]()


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if examples(d.read_text("utf-8"))], ids=lambda d: d.name)
def test_examples_print_what_the_document_says(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_document(document.read_text("utf-8"), str(document))


def test_readme_shows_its_output():
    assert examples((ROOT / "README.md").read_text("utf-8"))[0][2], "the README's example has lost its printed output"


def test_the_reference_names_every_file_of_operations_and_kernels():
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "docs" / "api").glob("*.rst"))
    named = set(re.findall(r"^\.\. automodule:: (\S+)$", pages, re.MULTILINE))
    files = [
        f"tinygrad_edu.ops.{path.stem}" for path in (ROOT / "tinygrad_edu" / "ops").glob("*.py") if publishes(path)
    ]
    files += [f"tinygrad_edu.kernels.reference.{path.stem}" for path in (ROOT / "kernels" / "reference").glob("*.py")]
    assert [name for name in files if name not in named and not name.endswith("__init__")] == []


def publishes(path: Path) -> bool:
    """Whether a file offers names to users: the others are shared by the operations."""
    return "\n__all__ = " in path.read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    ["```python\nprint(1)\n```\n\n```text\n2\n```\n", "```python\n>>> 1 + 1\n3\n```\n", "```python\nunknown\n```\n"],
)
def test_an_example_that_is_wrong_is_seen(text):
    with pytest.raises((AssertionError, doctest.DocTestFailure, NameError)):
        run_document(text, "document")
