# Two commands are enough: `make lab` opens the course, `make test` runs every test. Each makes its own
# environment in .venv first (a minute, once). Needed: git, make, and a Python 3.11 or newer with venv and pip.

# The Python to build on: `make lab PYTHON=python3.13`. By default the first one that is new enough.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
# One stamp for each Python and set of packages: it is newer than the lists it was made from, or made again.
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null)
LAB := $(VENV)/lab-$(VERSION)
TEST := $(VENV)/test-$(VERSION)

# More options for JupyterLab: make lab LAB_FLAGS="--no-browser --port=9999"
LAB_FLAGS ?=
LANDING := 00_start_here.ipynb
LAB_AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
JUPYTER = PYTHONSTARTUP="$(CURDIR)/wsdemo/course/startup.py" $(BIN)/jupyter lab $(LAB_AS_ROOT) --ServerApp.root_dir=.
PYTEST_FLAGS ?=
CONFORMANCE_FLAGS ?=
SOAK_FLAGS ?=
# Two workers, and a file stays with one of them: a notebook's cells share a kernel.
WORKERS ?= 2

.PHONY: lab lab-author test lint notebooks conformance interop soak check lock clean
.DEFAULT_GOAL := lab

lab: $(LAB)  ## open the course: your own copies of the lessons, in my/
	@$(BIN)/python -m wsdemo lessons
	$(JUPYTER) --LabApp.default_url=/lab/tree/my/$(LANDING) $(LAB_FLAGS)

lab-author: $(LAB)  ## open the lessons themselves, to change the course
	$(JUPYTER) --LabApp.default_url=/lab/tree/notebooks/$(LANDING) $(LAB_FLAGS)

test: $(TEST)  ## run every test, the lessons included
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_FLAGS)

lint: $(TEST)  ## ruff (format and rules, notebooks too) and mypy
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

notebooks: $(TEST)  ## run the lessons again and store what changed
	$(BIN)/python -m tools.notebooks

conformance: $(TEST)  ## all of the Autobahn|Testsuite, both roles (half an hour): CONFORMANCE_FLAGS="--cases 1.*,9.1.6"
	$(BIN)/python -m tools.autobahn $(CONFORMANCE_FLAGS)

interop: $(TEST)  ## every other library that we know, both ways; says what is missing, and how to bring it
	$(BIN)/python -m pytest -rs tests/interop $(PYTEST_FLAGS)

soak: $(TEST)  ## the long runs of rooms and their log, as a table: SOAK_FLAGS="kills --scale 0.1"
	$(BIN)/python -m tests.patterns.soak $(SOAK_FLAGS)

check: lint test  ## all that must hold before a commit

lock: $(TEST)  ## pin the newest versions of everything, for all Pythons and systems
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra test \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV)

$(LAB) $(TEST): pyproject.toml requirements.lock
	@test -n "$(VERSION)" || { echo "No Python 3.11 or newer found; name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@test -e $(BIN)/python && ls $(VENV)/*-$(VERSION) >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[$(firstword $(subst -, ,$(@F)))]'
	@touch $@
