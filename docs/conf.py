"""Sphinx: Markdown for what is told, the docstrings for what is looked up."""

import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tinygrad_edu._version import __version__  # noqa: E402

project = "tinygrad_edu"
author = "the tinygrad_edu authors"
copyright = f"2026, {author}"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
default_role = "code"  # docstrings write `name` and mean code

add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = False

html_theme = "furo"
html_title = f"{project} {release}"

CODE = re.compile(r"(``.+?``|`[^`]+`)")
MARKUP = re.compile(r"(?<!\\)([*|]|(?<=\w)_(?!\w))")
PARAMETER = re.compile(r"\s*\*{1,2}\w+( *:|$)")  # "*args : int", which napoleon knows


def take_literally(app: Any, what: str, name: str, obj: object, options: Any, lines: list[str]) -> None:
    """Escape what reStructuredText would take for markup.

    They are written to be read in an editor: ``a * b``, ``|x|``, ``(N, C, *spatial)`` and ``add_`` mean just that, and
    what stands indented in the docstring of a module is a table or a formula, laid out by hand.
    """
    example, block = False, None  # inside a doctest; how far the paragraph above a literal block is indented
    written: list[str] = []
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            example = False
        elif block is None or indent <= block:
            block = indent if line.rstrip().endswith("::") else None
            example = example or line.lstrip().startswith(">>>")
            if what == "module" and indent and not example and written and not written[-1].strip():
                written += [".. code-block:: text", ""]
                block = 0
            elif not (example or PARAMETER.match(line)):
                line = "".join(s if s.startswith("`") else MARKUP.sub(r"\\\1", s) for s in CODE.split(line))
        written.append(line)
    lines[:] = written


def setup(app: Any) -> None:
    """Run before napoleon, which turns the sections of a docstring into markup of its own."""
    app.connect("autodoc-process-docstring", take_literally, priority=400)
