"""What CuPy has: the recorded table of its names and signatures."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any, NamedTuple

SURFACE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "cupy_surface.json").read_text(encoding="utf-8"))
VERSION: str = SURFACE["version"]


class Signature(NamedTuple):
    """The parameters of a function, as a call is checked against them."""

    positional: tuple[str, ...]  # those that may be given by position
    required: int  # how many of them have no default
    keywords: frozenset[str]  # those that may be given by name
    variadic: str | None  # the name of *args
    any_keyword: bool  # takes **kwargs


def parse(text: str) -> Signature:
    """Read a recorded signature.

    >>> parse("a, axis=None, *, copy=True").positional
    ('a', 'axis')
    """
    arguments = ast.parse(f"def f({text}): pass").body[0].args  # type: ignore[attr-defined]
    by_position = [a.arg for a in arguments.posonlyargs + arguments.args]
    return Signature(
        positional=tuple(by_position),
        required=len(by_position) - len(arguments.defaults),
        keywords=frozenset(a.arg for a in arguments.args + arguments.kwonlyargs),
        variadic=arguments.vararg and arguments.vararg.arg,
        any_keyword=arguments.kwarg is not None,
    )
