# Each target sets up what it needs on a fresh Debian 12 machine.
SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
WORKERS ?= 5
# Otherwise each of the test runner's processes compiles every test again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo tour screenshots gallery check unit plans test test-long test-engines test-stores chaos lint bench setup setup-dev

setup:
	@bash sandbox/setup.sh demo

setup-dev:
	@bash sandbox/setup.sh dev

demo: setup
	@$(PYTHON) -m bot sandbox demo

# All steps of the tour at once; the demo stays up after them.
tour: setup
	@TOUR=all $(PYTHON) -m bot sandbox demo

# All that needs no Docker host, with a tenth of the examples of property tests: under a minute, all three side by side.
check: setup-dev
	@$(MAKE) --no-print-directory --jobs 3 --output-sync=target lint plans unit

# The pictures in docs/pictures, of a whole bot on real Docker hosts: look at them before you commit them.
screenshots: setup-dev
	@$(PYTHON) -m tests.browser.screenshots

# Every message of the plans' cases in the page, a channel for each command; `ARGS="--pictures FOLDER"` saves them.
# `ARGS="--transcripts FOLDER"` adds what `pytest --transcripts FOLDER` kept.
gallery: setup-dev
	@$(PYTHON) -m tests.browser.gallery $(ARGS)

# Each process that runs them collects all of them first, which takes 5 s: three are enough for two cores.
unit: setup-dev
	@SWARMBOT_EXAMPLES=few $(PYTHON) -m pytest -n 3 --dist worksteal -q tests/unit

# What is tested as data, in one process: two cores are busy with the unit tests already.
plans: setup-dev
	@SWARMBOT_EXAMPLES=few $(PYTHON) -m pytest -q tests/plans tests/watch

# With real Docker hosts too, and a fifth of the examples of property tests.
test: setup-dev
	@$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# Every example of property tests, and the tests that take minutes: an hour or two.
test-long: setup-dev
	@SWARMBOT_EXAMPLES=all $(PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "long or not long"

# The matrix of engines, then services and stacks on Debian's other ones: an hour. `make test` has the newest one too.
ENGINES ?= trixie sid mixed
OF_SERVICES := $(addprefix tests/scenarios/,stacks $(addsuffix .py,$(addprefix test_,services service_changes why logs usage \
	gapless_drain dead_nodes prune)))
test-engines: setup-dev
	@$(PYTHON) -m tests.kits.engine_matrix docs/measured/engines.json
	@for engines in $(ENGINES); do $(PYTHON) -m pytest -q --engines $$engines $(OF_SERVICES) || exit 1; done

# What is kept in Redis, with Redis 7, Redis 8 and Valkey: ten minutes, a line for each.
test-stores: setup-dev
	@$(PYTHON) -m tests.kits.stores docs/measured/stores.json

# Random runs of five minutes each on real hosts and on simulated ones; the table of faults grows with each.
CHAOS_SEEDS ?= 11 12 13
CHAOS_SECONDS ?= 300
chaos: setup-dev
	@CHAOS_SEEDS="$(CHAOS_SEEDS)" CHAOS_SECONDS=$(CHAOS_SECONDS) CHAOS_TABLE=$(CURDIR)/docs/measured/faults.json \
		$(PYTHON) -m pytest -q -s -m "long or not long" tests/chaos/test_random_run.py

lint: setup-dev
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@PATH="$$PATH:$(CURDIR)/$(VENV)/bin" npm --prefix sandbox/slack/page/web run --silent check

# Every benchmark: about an hour. `python -m bench NAME` runs one, `python -m bench measured` writes docs/measured.md.
bench: setup-dev
	@$(PYTHON) -m bench
