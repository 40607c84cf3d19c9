"""The command ``tinygrad-edu``: demo, info, gradcheck."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from . import info
from ._version import __version__
from .demo import command as demo
from .testing import command as gradcheck


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with the given arguments, or those of the process; returns the exit code."""
    parser = argparse.ArgumentParser(prog="tinygrad-edu", description="An autograd engine to read, and what it can do.")
    parser.add_argument("--version", action="version", version=f"tinygrad_edu {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, module, text in (
        ("demo", demo, "train a CNN on real handwritten digits and write pictures of what it learnt"),
        ("info", info, "print versions, devices, kernels, threads and folders"),
        ("gradcheck", gradcheck, "hold the gradients of a function against differences of its values"),
    ):
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    args = parser.parse_args(argv)
    try:
        return args.run(args)
    except KeyboardInterrupt:
        return 130
