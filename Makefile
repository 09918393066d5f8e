# `make` prints what there is. Everything sets itself up; nothing needs a secret.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PYTHON := $(VENV)/bin/python
BASE_PYTHON := $(shell command -v python3.11 || command -v python3)
PACKAGES := proto $(addprefix services/,kernel intake dispatch sla feedback knowledge cli)
PYTHON_FILES := services tests scripts
PYTEST := $(VENV)/bin/pytest
# Directories that exist, of those named: a suite that nobody has written yet has nothing to fail.
suites = $(wildcard $(addprefix tests/,$(1)))
# One for each core of the smallest machine; three where tests wait for servers and clocks more than they compute
# (journeys and attacks took 494 s in three, 439 s in two).
WORKERS := 2
run-tests = $(if $(call suites,$(1)),$(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(call suites,$(1)))

.PHONY: help
help: ## Print this.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- for people -----------------------------------------------------------------------------------------------------

.PHONY: run
run: setup ## Start the whole platform on this machine and seed an invented city; Ctrl-C stops it.
	@exec $(VENV)/bin/hotline up

.PHONY: clean-run
clean-run: ## Forget the data of `make run`, of tests and of simulations.
	@if [ -x $(VENV)/bin/hotline ]; then $(VENV)/bin/hotline down --forget; else rm -rf .run; fi

# --- what CI runs, cheapest first -----------------------------------------------------------------------------------

.PHONY: test
test: setup ## Everything that CI runs, cheapest first.
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint unit
	@$(MAKE) --no-print-directory integration
	@$(MAKE) --no-print-directory deploy-check
	@$(MAKE) --no-print-directory fault
	@$(MAKE) --no-print-directory security

.PHONY: lint
lint: setup types imports ## Style, types, import directions, dead code; the contract is checked when it is built.
	$(VENV)/bin/ruff check $(PYTHON_FILES)
	$(VENV)/bin/ruff format --check $(PYTHON_FILES)
	$(VENV)/bin/vulture

.PHONY: types
types: setup ## Strict mypy over our own code.
	$(VENV)/bin/mypy $(wildcard services/*/src) tests scripts

.PHONY: imports
imports: setup ## Who may import whom (.importlinter).
	PYTHONPATH=proto/gen/python $(VENV)/bin/lint-imports --no-cache

.PHONY: unit
unit: setup ## Unit and contract tests: no server, seconds.
	$(call run-tests,unit contract)

.PHONY: integration
integration: WORKERS := 3
integration: setup ## Tests against a real PostgreSQL and RabbitMQ, the regulation's among them.
	$(call run-tests,stateful integration regulation)

.PHONY: regulation
regulation: setup ## The regulation, article by article, against all services.
	$(call run-tests,regulation)

.PHONY: deploy-check
deploy-check: setup ## Charts, values, schemas and policies by the real helm; the rules by promtool.
	$(call run-tests,deploy)

.PHONY: rules
rules: setup ## The alerts by promtool, and what each owes to whoever it wakes.
	$(PYTEST) tests/deploy/test_rules.py

.PHONY: fault
fault: setup ## Kill processes and servers under load, in one worker alone; nothing may be lost or doubled.
	$(PYTEST) $(call suites,fault)

.PHONY: security
security: setup ## Journeys, upgrade, restore, forbidden and hostile calls; what takes one worker longest comes first.
	$(call run-tests,e2e migration restore security)

# --- long runs, for people ------------------------------------------------------------------------------------------

.PHONY: soak
soak: setup ## The fault tests with 10,000 commands for each fault.
	HOTLINE_TEST_COMMANDS=10000 $(PYTEST) $(call suites,fault)

.PHONY: soak-county
soak-county: setup ## A city and two counties, the line cut for a simulated day: 4,000 orders, and the books of all sides.
	HOTLINE_TEST_ORDERS=2000 HOTLINE_TEST_CUT_HOURS=24 $(PYTEST) tests/fault/test_county.py

.PHONY: demo-60
demo-60: setup ## Sixty days across the Spring Festival: every step of the regulation happens, and the books are true.
	@mkdir -p .run
	@$(VENV)/bin/hotline simulate --days 60 --per-day 100 --start 2026-01-19 -o json > .run/demo-60.json; \
	  $(PYTHON) scripts/demo.py .run/demo-60.json

.PHONY: emergency-model
emergency-model: setup ## Learn anew how emergencies are worded, from the invented sample.
	PYTHONPATH=. $(PYTHON) scripts/emergency_model.py

.PHONY: bench-scrape bench-intake bench-lifecycle bench-list bench-events bench-deadlines bench-county bench-emergency
bench-intake: setup ## RegisterAppeal beside a bare server that does one INSERT.
bench-lifecycle: setup ## Whole lives of appeals a second at 0 to 1,000,000 orders, and a spike.
bench-list: setup ## Every list and filter over 1,000,000 orders.
bench-events: setup ## From commit in one service to its effect in the next.
bench-county: setup ## A county's status at the city with the line up, and both sides agreeing after a cut.
bench-deadlines: setup ## One tick of the deadline engine among 10,000,000 open clocks.
bench-scrape: setup ## A scrape of every process and its gauges over a year's data.
bench-emergency: setup ## How many emergencies the wording shows; MESSAGES=FILE counts real messages too.
	PYTHONPATH=. $(PYTHON) tests/bench/bench_emergency.py $(if $(MESSAGES),--messages $(MESSAGES))
bench-leads: setup ## How often the suggested lead is right: MESSAGES=labelled.jsonl.gz
	PYTHONPATH=. $(PYTHON) tests/bench/bench_leads.py --messages $(MESSAGES)
bench-scrape bench-intake bench-lifecycle bench-list bench-events bench-deadlines bench-county:
	PYTHONPATH=. $(PYTHON) tests/bench/$(subst -,_,$@).py

.PHONY: images
images: setup ## Build an image of each service: SERVICES="sla feedback" for some (docs/how-to/images.md).
	scripts/images $(SERVICES)

.PHONY: images-check
images-check: setup ## Build all images, one of them twice, and run every process of each as a restricted pod. As root.
	$(PYTEST) tests/images

# --- tools ----------------------------------------------------------------------------------------------------------

.PHONY: proto
proto: $(VENV)/requirements.stamp ## Lint the contract, compare it with the last release, generate code.
	sh proto/build.sh "$(CURDIR)/$(PYTHON)"
	@touch proto/gen/stamp

.PHONY: reference
reference: setup ## Write the pages of docs/reference that come from contract and code.
	PYTHONPATH=. $(PYTHON) scripts/reference.py

.PHONY: dashboards
dashboards: setup ## Write the dashboards of deploy/helm/monitoring from scripts/dashboards.py.
	$(PYTHON) scripts/dashboards.py

.PHONY: dashboards-svg
dashboards-svg: setup ## Play a city and draw each panel's answers into docs/reference/dashboards (minutes).
	PYTHONPATH=. $(PYTHON) scripts/draw_dashboards.py

.PHONY: lock
lock: $(VENV)/requirements.stamp ## Settle the versions of everything anew, with hashes.
	cd requirements && for of in uv runtime dev; do \
	  ../$(VENV)/bin/uv pip compile --quiet --upgrade --generate-hashes --python-version 3.11 --no-header \
	    --no-annotate --output-file $$of.txt $$of.in || exit 1; \
	done

.PHONY: setup
setup: packages $(VENV)/editable.stamp proto/gen/stamp ## Install what is missing, build the contract.

.PHONY: packages
packages:
	@scripts/packages $(BASE_PYTHON)

$(VENV)/bin/python: | packages
	$(BASE_PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Python 3.11 is needed")'
	$(BASE_PYTHON) -m venv $(VENV)

$(VENV)/requirements.stamp: requirements/uv.txt requirements/dev.txt | $(VENV)/bin/python
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	$(VENV)/bin/uv pip sync --quiet --python $(PYTHON) --require-hashes requirements/uv.txt requirements/dev.txt
	@touch $@

proto/gen/stamp: $(VENV)/requirements.stamp proto/build.sh $(shell find proto/hotline proto/third_party -name '*.proto')
	@$(MAKE) --no-print-directory proto

$(VENV)/editable.stamp: $(VENV)/requirements.stamp proto/gen/stamp $(addsuffix /pyproject.toml,$(PACKAGES))
	$(VENV)/bin/uv pip install --quiet --python $(PYTHON) --no-deps --no-build-isolation \
	  $(foreach package,$(PACKAGES),--editable $(package))
	@touch $@
