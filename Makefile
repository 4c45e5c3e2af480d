# Every target installs its own prerequisites; Python 3.11 or newer and make are enough.

PORT ?= 5000
HOST ?= 127.0.0.1
ARGS ?=
FUZZ ?= 100
STRESS_SECONDS ?= 120
KILLS ?= 30
KILL_RECORDS ?= 300000

# The first Python that is new enough; choose another with PYTHON=.
ifndef PYTHON
PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$python && break; done)
endif
NO_PYTHON := Python 3.11 or newer is needed and was not found: install it, or pass PYTHON=/path/to/python3

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONHOME VIRTUAL_ENV

# Where `make check` looks for phrases that read as translated; `python -m tools.words --count` counts the rest.
DASHBOARD_PLAIN := app.py demos forwarding payloads recording rendering.py segments store times.py
PLAIN := README.md CHANGELOG.md CONTRIBUTING.md docs examples tools benchmarks engine $(wildcard tests/test_*.py) tests/former_release \
	$(addprefix dashboard/routilux_dashboard/,$(DASHBOARD_PLAIN))

.DEFAULT_GOAL := help
.PHONY: help demo test test-python fuzz stress outages test-frontend check bench docs wheel types clean venv run-venv frontend browser postgresql

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: run-venv ## run the demo with the dashboard (PORT=5000 HOST=127.0.0.1 ARGS=…)
	@python -m tools.frontend
	@exec routilux demo --host $(HOST) --port $(PORT) $(ARGS)

test: test-python test-frontend ## run every test, including those in a real browser

test-python: frontend browser postgresql ## test engine, dashboard and pages (ARGS=… is passed to pytest)
	@python -m pytest $(ARGS)

fuzz: venv ## random flows, moved jobs, corrupt files and requests: FUZZ=100 times as many as make test (about two hours)
	@SCHEMA_EXAMPLES=$(FUZZ)0 FUZZ=$(FUZZ) python -m pytest --timeout=0 tests/engine/saving tests/dashboard/test_schema_fuzzing.py $(ARGS)

stress: venv ## 200 jobs under random controls for STRESS_SECONDS=120; a server's memory over 100 jobs of 100,000 records
	@STRESS_SECONDS=$(STRESS_SECONDS) SERVER_MEMORY=long python -m pytest tests/stress $(ARGS)

outages: venv ## kill the server, and cut the network, KILLS=30 times while KILL_RECORDS=300000 records are sent
	@KILLS=$(KILLS) KILL_RECORDS=$(KILL_RECORDS) python -m pytest --timeout=0 tests/dashboard/remote/test_server_killed.py tests/dashboard/remote/test_network_cut.py $(ARGS)

test-frontend: frontend ## the unit tests of the browser code
	@npm test --silent

check: frontend ## ruff, mypy, complete public types, plain words, tsc, duplicated code
	ruff check
	ruff format --check
	mypy
	python -m tools.public_types
	python -m tools.words $(PLAIN)
	npm run --silent check
	npm run --silent duplicates

bench: frontend browser ## print the ratios of the benchmarks (ARGS=…)
	@python -m benchmarks.run $(ARGS)

docs: venv ## draw the pictures, build the pages into build/docs, run every program and command in them
	@python -m tools.pictures
	@python -m mkdocs build --quiet
	@python -m pytest $(addprefix tests/test_,docs.py guide.py pictures.py reference.py site.py contributing.py) $(ARGS)

wheel: ## build a wheel into build/wheel and check its contents
	@$(MAKE) --no-print-directory run-venv
	@rm -rf build/wheel
	@python -m pip wheel --quiet --no-deps --wheel-dir build/wheel .
	@python -m tools.wheel build/wheel/*.whl

types: frontend ## generate the browser's types of the wire format (static/src/live/protocol.ts)
	@npm run --silent types

clean: ## remove everything built or installed
	rm -rf .venv node_modules build dist static/dist static/.dist-* .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find engine dashboard tests tools -name __pycache__ -prune -exec rm -rf {} +

venv: ## make .venv with everything needed to work on the project
	@$(if $(PYTHON),,$(error $(NO_PYTHON)))
	@$(PYTHON) -m tools.environment --dev

run-venv:
	@$(if $(PYTHON),,$(error $(NO_PYTHON)))
	@$(PYTHON) -m tools.environment

frontend: venv
	@python -m tools.frontend --all

browser:
	@$(PYTHON) -m tools.browser

# The store is tested with both of its databases. Without a server these tests are skipped, but in CI they fail.
postgresql:
	@$(PYTHON) -m tools.postgresql || test -z "$$CI"
