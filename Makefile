# Two commands: `make run` (everything from the recorded incidents) and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Whole files go to workers, in the order that tests/conftest.py gives them.
WORKERS ?= 2
PORT = 3000
PYTEST := $(BIN)/pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# A byte-compiled start is twice as fast; the caller's environment must not switch that off.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Python 3.11 or newer is needed (found: $$($(PYTHON) --version 2>&1 || echo none)). On Debian or Ubuntu: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv module is needed. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Setting up $(VENV) (once; a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib || true
	@touch $@

.PHONY: setup
setup: $(STAMP) ## Create the virtual environment from the lock file

.PHONY: run
run: setup ## Build everything from the recorded incidents in fixtures/
	@$(BIN)/evidence run --progress

# Without a home Dagster makes a temporary one here, which stays behind when it is killed. dagster.yaml turns
# telemetry off; the variable keeps its folders from being made all the same.
.PHONY: dev
dev: setup ## Open the asset graph: dagster dev on http://127.0.0.1:3000 (PORT=N for another port)
	@DAGSTER_HOME="$(CURDIR)" DAGSTER_DISABLE_TELEMETRY=1 $(BIN)/dagster dev --host 127.0.0.1 --port $(PORT)

.PHONY: lint
lint: setup ## Lint, types and import directions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: test
test: lint ## Lint, types, import directions and tests (minutes)
	@$(PYTEST) -m "not slow"

# What an optional extra asks for. These are in no lock: without a network what they serve is left out, and said so.
extra = $$($(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["$(1)"])')
PIP_EXTRA := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: test-all
test-all: lint ## As test, with the heavy suites too (Spark's where there is Java)
	@! command -v java >/dev/null || $(BIN)/python -c 'import pyspark' 2>/dev/null || $(PIP_EXTRA) $(call extra,spark) \
	  || echo "pyspark could not be installed; its tests are skipped"
	@$(PYTEST)

.PHONY: bench
bench: setup ## Measure the speed on invented histories: ratios of one run (BENCH_INCIDENTS=1000000 for all)
	@$(BIN)/python -c 'import zen, cedarpy' 2>/dev/null \
	  || $(PIP_EXTRA) $(call extra,bench) \
	  || echo "The other engines could not be installed; they are skipped"
	@$(BIN)/python -m benchmarks

.PHONY: golden
golden: setup ## Rewrite the golden files after a wanted change of behaviour
	@$(BIN)/pytest -q -m golden --rewrite-golden

.PHONY: lock
lock: ## Resolve requirements.lock anew (needs uv on the PATH)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --output-file requirements.lock

.PHONY: clean
clean: ## Remove what runs have written (warehouse/, out/, .dagster/, .bench/)
	rm -rf warehouse out .dagster .bench .tmp_dagster_home_*
