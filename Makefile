# Two commands matter: `make demo` and `make test`. Each sets up .venv when it is needed.
PY ?= python3
BIN := .venv/bin
WORKERS ?= 3

.DEFAULT_GOAL := help
.PHONY: help demo test cluster-test lint format docs constraints clean
.DELETE_ON_ERROR:

help:  ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.stamp  ## Train on sunspots and Mackey-Glass; table, picture and model go to out/
	$(BIN)/nodegraph run graphs/sunspots.yaml --out out/sunspots
	$(BIN)/nodegraph run graphs/mackey_glass.yaml --out out/mackey_glass

test: .venv/.stamp-dev  ## Run the tests, the docstring examples and the code of the documentation
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

cluster-test: .venv/.stamp-dev  ## Run the tests on two machines that are started here, and killed
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest tests/cluster

lint: .venv/.stamp-dev  ## Check format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/.stamp-dev  ## Rewrite the sources in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/.stamp-docs  ## Write the API reference to out/api
	$(BIN)/pdoc --docformat numpy --output-directory out/api nodegraph nodes

constraints: .venv/.stamp  ## Pin the newest allowed versions anew
	$(BIN)/uv pip compile --upgrade --universal --no-header --no-annotate --extra dev --extra docs \
	    pyproject.toml --output-file constraints.txt

clean:  ## Remove .venv and everything that was made
	rm -rf .venv out build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/.stamp: pyproject.toml constraints.txt .ci/setup
	PY='$(PY)' sh .ci/setup .
	@touch $@

.venv/.stamp-%: .venv/.stamp
	PY='$(PY)' sh .ci/setup '.[$*]'
	@touch $@
