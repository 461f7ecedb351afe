# Everything a user or a developer runs. Each target makes the virtual environment that it needs, once.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test check format clean

demo: .venv/.local
	$(BIN)/selfdebug models pull
	$(BIN)/selfdebug solve examples/demo.json --view --feedback unit-test+explanation --max-turns 20

test: .venv/.dev
	$(BIN)/python -m pytest

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/.local: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable '.[local]'
	touch $@

.venv/.dev: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable '.[local,openai,dev]'
	touch .venv/.local $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
