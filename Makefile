# make run    start the dashboard on the committed datasets
# make test   run every test                make check  format, lint, types, imports, datasets
# make bench  run the measurements          make clean  remove the virtual environment and caches
# make soak   kill a refresh 200 times and look whether the store is whole
# make catalogues  bring the translations up to date with the strings in the code, and say what is missing
#
# Each target does its own set-up in .venv, anew only when a requirements file has changed.

PYTHON ?= python3
python := .venv/bin/python
install := $(python) -m pip install --quiet --disable-pip-version-check --requirement

.PHONY: setup run test check bench catalogues clean

setup: .venv/.dev

run: .venv/.runtime
	$(python) -m streamlit run dashboard.py

test: .venv/.dev
	browser=$$(.ci/browser) && MONITOR_BROWSER="$$browser" $(python) -m pytest

check: .venv/.dev
	$(python) -m ruff format --check .
	$(python) -m ruff check .
	$(python) -m mypy
	.venv/bin/lint-imports
	$(python) -m loaders check

bench: .venv/.dev
	$(python) -m benchmarks

catalogues: .venv/.dev
	$(python) -m monitor.locales update
	$(python) -m monitor.locales check

soak: .venv/.dev
	$(python) -m tests.soak

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis tests/browser/screenshots

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is missing or older. Name another one: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "The virtual environment could not be made. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

.venv/.runtime: requirements.txt | .venv/bin/python
	$(install) requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	$(install) requirements-dev.txt
	@touch $@
