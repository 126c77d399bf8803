# make demo    segment a brain template, or VOLUME=/path [CLICKS=/path/clicks.json], in 3-D
# make test    all tests; those of the browser app where Chromium is found
# make e2e     the tests of the browser app alone; screenshots in e2e_output
# make web     build the browser app anew after a change in web/
# make picture docs/images/app.png anew
# make check   formatting, lint, types, layers
# make bench   speed and memory of clicks and propagation beside plain PyTorch, and of clicks in the app, into
#              bench.json, bench_server.json and bench.svg
#
# Everything is installed into .venv, with the versions of constraints.txt. Where a CPU build of torch is wanted,
# install it into .venv first: `make install` keeps what is there.

PYTHON ?= $(shell command -v python3.11 || command -v python3 || command -v python)
VENV ?= .venv
OUTPUT ?= demo_output

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip
STAMPS := $(VENV)/.stamps
RECIPE := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
APP := src/isegformer/server/static/app.js
APP_SOURCES := $(wildcard web/*.* web/src/*.* web/src/views/*.*)
.PHONY: help install demo test e2e web picture check bench clean

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

install: $(STAMPS)/dev

demo: $(STAMPS)/demo
	$(BIN)/isegformer demo --output "$(OUTPUT)" $(if $(VOLUME),--volume "$(VOLUME)") $(if $(CLICKS),--clicks "$(CLICKS)")

web: $(APP)

test: $(STAMPS)/dev $(APP)
	$(BIN)/python -m pytest

e2e: $(STAMPS)/dev $(APP)
	$(BIN)/python -m pytest tests/e2e

picture: $(STAMPS)/dev $(APP)
	$(BIN)/python tests/e2e/picture.py

check: $(STAMPS)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py

# As the commands have it (cli/short_waits.py).
bench: export GOMP_SPINCOUNT ?= 10000
bench: $(STAMPS)/dev
	$(BIN)/python benchmarks/speed.py --json bench.json
	$(BIN)/python benchmarks/server_clicks.py --json bench_server.json
	$(BIN)/python benchmarks/curves.py bench.json --output bench.svg

clean:
	rm -rf $(VENV) build dist demo_output e2e_output web/node_modules src/isegformer/server/static .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov

$(STAMPS)/venv:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed, found $$("$(PYTHON)" --version 2>&1); set PYTHON=/path/to/python3" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/demo: $(STAMPS)/venv $(RECIPE)
	$(PIP) install --disable-pip-version-check -q -c constraints.txt -e '.[demo]'
	@touch $@

$(STAMPS)/dev: $(STAMPS)/venv $(RECIPE)
	$(PIP) install --disable-pip-version-check -q -c constraints.txt -e '.[demo,train,evaluate,export,dev]'
	@touch $@ $(STAMPS)/demo

$(APP): $(APP_SOURCES) | $(STAMPS)/dev
	$(BIN)/python web/build_app.py
	@touch $@
