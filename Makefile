# Everything works from here with Python 3.11+ and make: `make run` for the page, `make test` for
# the tests. The stamps keep a second run from installing again; they are remade when
# pyproject.toml or constraints.txt changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN_STAMP := $(VENV)/.stamp-run
DEV_STAMP := $(VENV)/.stamp-dev
ARTIFACTS := test-artifacts
PEERS := .venv-peers
# these run in $(PEERS) alone
PEER_SYSTEMS := 'benchmarks/systems/(haystack|langchain|llamaindex)\.py'
PEERS_STAMP := $(PEERS)/.stamp-peers
RECIPE := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test quick long lint format bench soak hostile crash failover kills fuzz isolation clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST)

run: $(RUN_STAMP)  ## start the page; the sample documents are added to an empty library
	@$(BIN)/ranklens run --samples sample_docs

# Three parts side by side: tests in the browser, and those of servers, of models behind them and of
# killed processes, wait more than they work. The browser's driver keeps a process to itself.
SERVERS := tests/crash tests/hostile tests/rag/generate tests/rag/llm tests/security tests/serve tests/ui
PYTEST := $(BIN)/python -m pytest -m "not long"
BROWSER := $(PYTEST) tests/browser -o cache_dir=$(ARTIFACTS)/browser-cache
test: lint  ## lint, types and the tests but `long` ones, in three parts side by side
	@mkdir -p $(ARTIFACTS)
	@{ $(BROWSER) || { echo "== once more, what failed on a busy machine"; $(BROWSER) --lf; }; } \
		>$(ARTIFACTS)/browser.log 2>&1 & browser=$$!; \
	$(PYTEST) $(SERVERS) >$(ARTIFACTS)/servers.log 2>&1 & servers=$$!; \
	$(PYTEST) $(patsubst %,--ignore=%,tests/browser $(SERVERS)); others=$$?; \
	wait $$servers; servers=$$?; cat $(ARTIFACTS)/servers.log; \
	wait $$browser; browser=$$?; cat $(ARTIFACTS)/browser.log; exit $$((others | servers | browser))

quick: $(DEV_STAMP)  ## the tests without the slow and the browser ones
	$(BIN)/python -m pytest -m "not slow and not browser and not long"

long: $(DEV_STAMP)  ## the tests that take longest: training, killed and resumed
	$(BIN)/python -m pytest -m long

lint: $(DEV_STAMP)  ## ruff, mypy, and whether every import is declared
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/deptry .
	$(BIN)/deptry tests benchmarks tools --ignore DEP002,DEP004 \
		--exclude $(PEER_SYSTEMS) --extend-exclude $(PEER_SYSTEMS)

format: $(DEV_STAMP)  ## rewrite the code as ruff wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV_STAMP) $(PEERS_STAMP)  ## measure speed, beside others, into docs/performance.md
	@set -e; for name in peers start concurrency "quality --all"; do \
		echo "== $$name"; $(BIN)/python -m benchmarks.$$name --write; done
	@set -e; for name in engines filters lexical; do \
		echo "== $$name"; $(BIN)/python -m "benchmarks.$$name"; done

SECONDS ?= 600
soak: $(DEV_STAMP)  ## twenty open pages for ten minutes (SECONDS=…): errors, times, memory
	$(BIN)/python -m benchmarks.soak --seconds $(SECONDS)

hostile: $(DEV_STAMP)  ## files that are meant to do harm, or those of a folder (CORPUS=…)
	$(BIN)/python -m tests.hostile $(if $(CORPUS),--corpus "$(CORPUS)")

EXAMPLES ?= 100
fuzz: $(DEV_STAMP)  ## requests out of the API's own description, right and wrong (EXAMPLES=…)
	EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/serve/test_fuzz.py

$(PEERS_STAMP): benchmarks/requirements-peers.txt | $(BIN)/python
	@echo "Installing what the benchmarks compare with, into $(PEERS)"
	@"$(PYTHON)" -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip --disable-pip-version-check --quiet install -r $<
	@touch $@

kills: $(DEV_STAMP)  ## a thousand requests to an API that is killed between them
	CALLS=350 $(BIN)/python -m pytest tests/serve/test_server.py -k killed_between

KILLS ?= 1000
crash: $(DEV_STAMP)  ## kill 1,000 processes (KILLS=…) at work on a library and check it each time
	$(BIN)/python -m tests.crash.lives $(KILLS)

failover: $(DEV_STAMP)  ## kill workers and a primary with a standby, and cut the network
	$(BIN)/python -m pytest -m "long or not long" tests/crash/test_worker.py \
		tests/ranklens/test_failover.py tests/rag/store/postgres

QUESTIONS ?= 1000
isolation: $(DEV_STAMP)  ## every visitor × every route and page, 1,000 questions (QUESTIONS=…), sign-in
	EVERY_VISITOR=1 CANARY_QUESTIONS=$(QUESTIONS) $(BIN)/python -m pytest -q \
		tests/serve/test_isolation.py tests/ui/test_sign_in.py tests/browser/test_sign_in.py \
		tests/security/test_identities.py

clean:  ## remove the virtual environment and what tools left behind
	rm -rf $(VENV) $(PEERS) build dist *.egg-info test-artifacts
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "Ranklens needs Python 3.11 or newer, and there is no '$(PYTHON)' here." \
			"Install it, or name another one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Ranklens needs Python 3.11 or newer; '$(PYTHON)' is $$("$(PYTHON)" --version 2>&1)." \
			"Name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Making $(VENV)"
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUN_STAMP): $(RECIPE) | $(BIN)/python
	@echo "Installing (the first time takes a few minutes)"
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(DEV_STAMP): $(RECIPE) | $(BIN)/python
	@echo "Installing with what the tests need (the first time takes a few minutes)"
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $(RUN_STAMP) $@
