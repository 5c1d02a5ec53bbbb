# Every target sets up what it needs: a virtual environment from the lock file and, as root on Debian or Ubuntu,
# the system packages. PYTHON names the interpreter to begin with.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
VARIANT ?= docker28
PYTEST_WORKERS ?= 2
SEEDS ?= all

.DEFAULT_GOAL := help
.PHONY: help demo test check format unit hosts soak host-shell hosts-clean bench schemas lock wheel dist collection clean

help: ## Show this help
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(READY) ## Show both jobs on a sandbox: no root, no Docker needed
	@tools/bootstrap rsync
	@PATH="$$(tools/bootstrap path)" $(BIN)/dockerd-cfg demo

test: $(READY) check ## Run the whole suite; as root on Debian with real hosts
	@tools/bootstrap rsync
	@tools/bootstrap shells
	@PATH="$$(tools/bootstrap path)" $(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal -m "not long" tests

check: $(READY) ## Lint, formatting, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit: $(READY) ## Run the tests that need no real host
	@tools/bootstrap rsync
	@PATH="$$(tools/bootstrap path)" $(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal -m "not hosts and not long" tests

hosts: $(READY) ## Run only the tests on real hosts (root)
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal -m "hosts and not long" tests

soak: $(READY) ## Stop moves hard, 180 times at instants drawn by seeds, and all else that takes long (root, an hour); SEEDS=7-7 for some of them
	DOCKERD_CFG_SOAK=$(SEEDS) $(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal tests/hosts/test_power_cuts.py tests/hosts/test_killed_moves.py tests/hosts/test_moves.py tests/hosts/test_move_refusals.py tests/hosts/test_maintenance.py tests/hosts/test_fresh_machine.py

host-shell: $(READY) ## Open a shell in a disposable host; VARIANT=docker20|docker26|docker28|docker28-containerd
	$(BIN)/python -m tests.hosts.harness shell --variant $(VARIANT)

hosts-clean: $(READY) ## End and remove what killed test runs left behind
	$(BIN)/python -m tests.hosts.harness clean

bench: $(READY) ## Measure what there are targets for, side by side (root, real hosts)
	$(BIN)/python -m tests.bench

schemas: $(READY) ## Write what is generated: JSON Schemas, reference, completion, manual pages
	$(BIN)/python tools/gen_schemas.py
	$(BIN)/python tools/gen_options.py
	$(BIN)/python tools/gen_commands.py
	$(BIN)/python tools/gen_journal.py
	$(BIN)/python tools/gen_share.py

lock: $(READY) ## Resolve the dependencies anew, with hashes
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --group dev pyproject.toml -o requirements/dev.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml -o requirements/run.lock

wheel: $(READY) ## Build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

dist: $(READY) ## Build wheel, sdist and the single file into dist/
	$(BIN)/python tools/build_dist.py

collection: $(READY) ## Build the Ansible collection into dist/
	$(BIN)/ansible-galaxy collection build --force --output-path dist playbooks/ansible_collections/dockerd_cfg/docker

clean: ## Remove what was built here
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): requirements/dev.lock pyproject.toml tools/bootstrap
	@tools/bootstrap venv "$(PYTHON)" $(VENV)
	@touch $@
