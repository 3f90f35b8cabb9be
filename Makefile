# One verb, one command. Everything lives in .venv; nothing is installed outside this folder.
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: setup demo test check bench chaos clean

setup: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up .venv, once; this downloads packages for a few minutes."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup
	@$(BIN)/nightreel demo

# In the order of their names: the few longest ones (chaos) come first, or one core would wait for the other.
test: setup
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/nightreel bench

chaos: setup
	$(BIN)/python -m bench.chaos

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis nightreel-demo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
