# Every target sets up what it needs: a fresh machine has to have only Python 3.10 or newer, make and g++.
#   make test PYTHON=/usr/bin/python3.12   takes that Python;   make test VENV=/elsewhere   puts the environment there.
SHELL  := /bin/bash
VENV   ?= .venv
PYTHON ?=
PY     := $(VENV)/bin/python
PYTEST := "$(PY)" -m pytest -q

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-emulated lint types doctest bench docs clean

help:                       ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n",$$1,$$2}' Makefile

setup: $(VENV)/.dev         ## everything for working on the project, in .venv
	@echo "ready: source $(VENV)/bin/activate"

demo: $(VENV)/.demo         ## train a CNN on real digits and write pictures of what it learnt
	"$(PY)" -m tinygrad_edu demo

test: $(VENV)/.test         ## the tests on the CPU
	$(PYTEST) -n auto

test-emulated: $(VENV)/.test ## the same tests on the CUDA path, executed by a CPU
	TINYGRAD_EDU_EMULATE_CUDA=1 $(PYTEST) -n auto -m "not parity"

lint: $(VENV)/.dev          ## ruff: format and rules
	"$(PY)" -m ruff format --check .
	"$(PY)" -m ruff check .

types: $(VENV)/.dev         ## mypy
	"$(PY)" -m mypy

doctest: $(VENV)/.test      ## the examples in the docstrings
	$(PYTEST) --doctest-modules tinygrad_edu

bench: $(VENV)/.bench       ## speed and memory beside PyTorch
	"$(PY)" -m benchmarks

docs: $(VENV)/.docs         ## the documentation, in docs/_build/html
	"$(PY)" -m sphinx -W --keep-going -b html docs docs/_build/html

clean:                      ## remove the environment, builds and caches
	[ ! -e "$(VENV)/pyvenv.cfg" ] || rm -rf "$(VENV)"
	rm -rf build dist ./*.egg-info docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp an extra: `make demo` does not install what only the tests need. They share one pip, so never run together.
.NOTPARALLEL:
$(VENV)/.%: $(PY) pyproject.toml setup.py
	"$(PY)" -m pip install --quiet --disable-pip-version-check -e '.[$*]'
	@touch "$@"

$(PY):
	@PYTHON="$(PYTHON)" bash .ci/make-venv "$(VENV)"
