# Python >= 3.11, make and the package registries are all that these need.
STACK ?= staging
SETUP := tools/setup_venv.sh
RUN := .venv/bin/python
INPUTS := requirements.txt pyproject.toml tools/setup_venv.sh

.PHONY: help preview plan test check docs golden lock bench tools clean

help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

preview: .venv/.ready ## Set up, then preview STACK: the real one with CLI and credentials, else the offline plan.
	@$(RUN) -m readiness preview $(STACK)

plan: .venv/.ready ## Print the offline plan of STACK.
	@$(RUN) -m readiness plan $(STACK)

test: .venv/.ready-dev ## Set up, then run all tests but the engine tier.
	@$(RUN) -m pytest

check: .venv/.ready-dev ## Lint, types, settings and generated files.
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	.venv/bin/pyrefly check
	$(RUN) -m readiness check
	$(RUN) -m readiness runbook --check
	.venv/bin/check-jsonschema --schemafile docs/stack.schema.json Pulumi.staging.yaml Pulumi.prod.yaml

docs: .venv/.ready ## Write the generated documents: runbook and schema.
	$(RUN) -m readiness runbook
	$(RUN) -m readiness schema > docs/stack.schema.json.new && mv docs/stack.schema.json.new docs/stack.schema.json

golden: .venv/.ready-dev ## Write the golden plans after an intended change; read their diff before you commit it.
	$(RUN) -m tests.golden

bench: .venv/.ready ## Time `readiness plan` against a bare SDK program that registers the same resources.
	$(RUN) -m tools.bench

tools: .venv/.ready ## Fetch or build promtool into .tools/.
	$(RUN) tools/find_promtool.py

lock: ## Compile requirements.txt and requirements-dev.txt anew; needs uv.
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt

clean: ## Remove what these commands made.
	rm -rf .venv .tools

.venv/.ready: $(INPUTS)
	@$(SETUP) requirements.txt
	@touch $@

.venv/.ready-dev: $(INPUTS) requirements-dev.txt
	@$(SETUP) requirements.txt requirements-dev.txt
	@touch .venv/.ready $@
