"""Where the packages lie; everything else about the project is in pyproject.toml.

``kernels/`` stands at the top of the repository and is installed as the sub-package ``tinygrad_edu.kernels``, never as
a top-level ``kernels``. In the tree a symbolic link ``tinygrad_edu/kernels -> ../kernels`` gives Python, mypy and
editors the same name. The build does not need that link: an sdist has none, and some checkouts cannot make it.
"""

import os

from setuptools import find_packages, setup

# Build tools import this file from wherever they please; the paths below are relative to it.
os.chdir(os.path.dirname(os.path.abspath(__file__)))

# A set, because find_packages follows the link where there is one and so finds the kernels a first time by itself.
PACKAGES = {
    *find_packages(include=["tinygrad_edu", "tinygrad_edu.*"]),
    "tinygrad_edu.kernels",
    *(f"tinygrad_edu.kernels.{name}" for name in find_packages("kernels")),
}

setup(
    packages=sorted(PACKAGES),
    package_dir={"tinygrad_edu": "tinygrad_edu", "tinygrad_edu.kernels": "kernels"},
    package_data={
        "tinygrad_edu": ["py.typed"],
        "tinygrad_edu.backend": ["*.json"],
        "tinygrad_edu.data": ["*.npz", "*.txt", "*.md"],
        "tinygrad_edu.kernels": ["**/*.cu", "**/*.cuh", "**/*.h"],
    },
)
