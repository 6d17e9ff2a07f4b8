# Every target that needs .venv makes it first, so each is enough by itself.
BIN := .venv/bin
RECIPE ?= babyweight
TESTS ?= not slow
ARGS ?=

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup run compile docs test test-all bench lint format lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' Makefile

setup: ## Make .venv, or bring it up to date
	@.ci/setup

run: setup ## Run a recipe: make run RECIPE=census ARGS='--set train.epochs=2'
	$(info $$ $(strip $(BIN)/sluice run $(RECIPE) $(ARGS)))
	@$(BIN)/sluice run $(RECIPE) $(ARGS)

compile: setup ## Compile a recipe to pipeline.json, for Vertex
	@$(BIN)/sluice compile $(RECIPE) $(ARGS)

docs: setup ## Write the generated pages of docs/
	@$(BIN)/python -m pipeline.reference

test: setup ## Run the tests, without the slow: make test ARGS=tests/models TESTS='slow and not e2e'
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile -m "$(TESTS)" $(ARGS)

test-all: TESTS =
test-all: test ## Run all the tests

bench: setup ## Measure against stock TFX into docs/performance.md: make bench ARGS='table-100000-*'
	@$(BIN)/python -m benchmarks $(ARGS)

lint: setup ## Check style, format, types and who imports whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## Mend style and format where that is safe
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: setup ## Write requirements.lock from pyproject.toml: make lock ARGS=--upgrade
	@$(BIN)/uv pip compile pyproject.toml --quiet --extra dev --extra portable --generate-hashes \
	  --python-version 3.11 --python-platform x86_64-manylinux_2_39 \
	  --no-emit-index-url --custom-compile-command 'make lock' \
	  --output-file requirements.lock $(ARGS)

clean: ## Remove .venv and the caches; runs and pushed models stay
	rm -rf .venv .uv *.egg-info .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
