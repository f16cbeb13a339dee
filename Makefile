# Each line is a command a person could type. PYTHON may name another Python (3.11 or later).
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo run install develop check test format browser

install: .venv/installed

.venv/installed: requirements/portal.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/portal.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

develop: .venv/developed

.venv/developed: .venv/installed requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

demo: install
	NPS_INSTANCE_DIR=instance/demo $(BIN)/nps-portal demo

run: install
	$(BIN)/nps-portal run

format: develop
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: develop
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/djlint --lint --quiet nps_portal/templates
	$(BIN)/python scripts/spam_gate.py
	$(BIN)/pytest -q -n auto -m "not browser"

# The tests start a few hundred processes: compiled once, the modules load faster in all of them.
check test: export PYTHONDONTWRITEBYTECODE =

test: develop browser
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/djlint --lint --quiet nps_portal/templates
	$(BIN)/python scripts/spam_gate.py
	$(BIN)/pytest -q -n 3 --dist worksteal
	$(BIN)/pytest -q -n 3 --dist worksteal -m "not browser" --database=postgresql

browser:
	scripts/ensure_browser
