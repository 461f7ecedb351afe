# Everything a user or a developer runs. Each target makes the virtual environment that it needs, once.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo up smoke down wheels test check format clean

demo: .venv/.local
	$(BIN)/selfdebug models pull
	$(BIN)/selfdebug solve examples/demo.json --view --strategy linear --feedback unit-test+explanation --max-turns 20

up:
	deploy/up

smoke:
	$(PYTHON) deploy/smoke.py

down:
	deploy/up down

# All that the images' libraries need, for builds without the internet. Run it with the images' version of Python, 3.11;
# its first releases need one package more than the later ones.
wheels: .venv/.dev
	rm -f deploy/wheels/*.whl
	$(BIN)/python deploy/python/requirements.py service docker otel local openai \
		| $(BIN)/python -m pip download --quiet --disable-pip-version-check --constraint constraints.txt \
		--dest deploy/wheels --requirement /dev/stdin hatchling flower==2.0.1 async-timeout

test: .venv/.dev .venv/.evalplus
	$(BIN)/python -m pytest -n 2

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
	$(INSTALL) --editable '.[local,openai,service,otel,bench,peers,dev]'
	$(INSTALL) --no-deps evalplus
	touch .venv/.local $@

# What evalplus's command needs, beyond the executor that is measured, does not go with our versions: it stands beside.
.venv/.evalplus: .venv/.dev
	$(INSTALL) --no-deps --upgrade --target .venv/evalplus evalplus appdirs datasets dill multiprocess pandas pyarrow \
		tempdir tree-sitter tree-sitter-python wget xxhash
	touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
