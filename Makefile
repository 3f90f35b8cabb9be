# One verb, one command. Everything lives in .venv; nothing is installed outside this folder.
BIN := .venv/bin
INSTALLED_BY := pyproject.toml constraints.txt scripts/setup

.PHONY: setup dev demo test check bench chaos histories bare compose-test clean

setup: .venv/.ready

dev: .venv/.dev

.venv/.ready: $(INSTALLED_BY)
	@scripts/setup
	@touch $@

.venv/.dev: $(INSTALLED_BY)
	@scripts/setup dev
	@touch .venv/.ready $@

demo: setup
	@$(BIN)/nightreel demo

# Hundreds of processes import the same modules: Python must be allowed to keep them compiled.
test: dev
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

# The Compose stack on images made of Debian's packages; as root. Skipped where no daemon can be started.
compose-test: dev
	$(BIN)/pytest tests/compose/whole_stack.py -vv -rs -p no:cacheprovider

check: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: dev
	$(BIN)/nightreel bench

chaos: dev
	$(BIN)/python -m bench.chaos

# Hours: 10,000 histories on SQLite, then 1,000 on PostgreSQL.
HISTORIES := tests/pipeline/analysis/test_comparisons_machine.py -p no:cacheprovider
histories: dev
	NIGHTREEL_TEST_HISTORIES=10000 $(BIN)/pytest $(HISTORIES) -k sqlite
	NIGHTREEL_TEST_HISTORIES=1000 $(BIN)/pytest $(HISTORIES) -k postgresql

# The same commands as a newcomer's, on a Debian that has nothing else: make bare SUITE=trixie
bare:
	@scripts/bare $(SUITE)

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis nightreel-demo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
