# Everything a person does with a checkout. `make` alone lists the targets.
# Honoured: PORT, HOST, DATABASE_URL, LINLI_* (see src/linli/config/settings.py), PYTHON, VENV, ARGS.
VENV ?= .venv
ARGS ?=
BIN := $(VENV)/bin
LINLI := $(BIN)/python -m linli.config.cli
# Tests keep their database, keys and files away from those of `make run`.
TEST_VAR := $(or $(LINLI_VAR),$(CURDIR)/var/test)
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run serve test engines journeys check lint types imports migrations messages text bench screenshots doctor format lock environment environment-all clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22

environment:
	@sh requirements/environment.sh run $(VENV)

environment-all:
	@sh requirements/environment.sh all $(VENV)

run: environment ## start everything with the living demonstration: PORT=8000 HOST=127.0.0.1 DATABASE_URL=
	@exec $(LINLI) run --demonstration $(ARGS)

serve: environment ## start everything for real use, without demonstration data or accounts
	@exec $(LINLI) serve $(ARGS)

doctor: environment ## look at this installation and say how to mend what is wrong
	@$(LINLI) doctor $(ARGS)

test: environment-all ## all tests; ARGS="-k word", JOBS=2, DATABASE_URL=postgresql://...
	LINLI_VAR="$(TEST_VAR)" $(BIN)/python -m pytest --create-db -n $(JOBS) --dist worksteal -ra $(ARGS)

engines: environment-all ## the tests of the engines alone, which need no database; they compile the kernels
	LINLI_VAR="$(TEST_VAR)" DATABASE_URL= $(BIN)/python -m pytest -q -ra tests/engines $(ARGS)

# A browser that waited in vain is given one more try, and the report names it: RERUN. Nothing else is tried twice.
# Each of the JOBS has a house and a browser of its own, and takes one group of tests after the other (their conftest).
journeys: environment-all ## the browser journeys alone (needs Debian's chromium)
	LINLI_VAR="$(TEST_VAR)" $(BIN)/python -m pytest --create-db -n $(JOBS) --dist loadgroup --no-loadscope-reorder -raR -m browser --reruns 1 --only-rerun TimeoutError $(ARGS)

check: lint types imports migrations messages text ## everything that needs no database and no browser

lint: environment-all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: environment-all
	LINLI_VAR="$(TEST_VAR)" $(BIN)/mypy

imports: environment-all
	$(BIN)/lint-imports --no-cache

migrations: environment-all
	LINLI_VAR="$(TEST_VAR)" DATABASE_URL= $(BIN)/python manage.py makemigrations --check --dry-run

messages: environment-all
	LINLI_VAR="$(TEST_VAR)" $(LINLI) messages check

text: environment-all
	LINLI_VAR="$(TEST_VAR)" DATABASE_URL= $(BIN)/python -m pytest -q tests/test_architecture.py tests/test_swaps.py tests/test_text.py

bench: environment-all ## measure against limits and peers, into bench/results.json; ARGS="response"
	-@sh requirements/environment.sh bench $(VENV)-bench
	LINLI_BENCH_PEERS="$(VENV)-bench/bin/python" $(BIN)/python bench/run.py $(ARGS)

screenshots: environment-all ## the pictures of the README, made from the demonstration
	$(LINLI) screenshots $(ARGS)

format: environment-all ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## write requirements/*.txt anew from pyproject.toml (needs uv)
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate --no-emit-index-url \
		pyproject.toml -o requirements/run.txt
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate --no-emit-index-url \
		-c requirements/run.txt --all-extras pyproject.toml -o requirements/all.txt
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate --no-emit-index-url \
		-c requirements/run.txt --group pyproject.toml:bench -o requirements/bench.txt

clean: ## remove what tests and tools leave behind; the data in var/ stays
	rm -rf var/test .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
