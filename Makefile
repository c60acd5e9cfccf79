# These targets need Python 3.11 or later, make and the package registries.
STACK ?= staging
SETUP := tools/setup_venv.sh
RUN := .venv/bin/python
DEPENDABOT_FILES := $(wildcard .github/dependabot.yml tests/golden/managed_files/*/.github/dependabot.yml)
STACK_FILES := $(wildcard Pulumi.*.yaml)
WORKFLOWS := $(wildcard .github/workflows/*.yml tests/golden/managed_files/*/.github/workflows/*.yml)
# Keeps compiled modules even if the environment forbids it. Otherwise every command compiles everything again.
export PYTHONDONTWRITEBYTECODE :=
INPUTS := requirements.txt pyproject.toml tools/setup_venv.sh
# `make lock LOCK_OPTIONS=` keeps the pins that still fit, and only adds and drops packages as pyproject.toml and the .in files need.
LOCK_OPTIONS ?= --upgrade
# The commit to compare the plans of the working tree with.
BASE ?= HEAD

.PHONY: help demo preview up plan diff test test-processes test-engine test-postgres test-dates test-deliveries test-alerts mutate-alerts check docs golden answers answers-check lock dist bench tools release-tools outdated clean

help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: .venv/.ready ## Set up, then show a made-up shop, a bad change with its comment, and an incident with the minute of the page.
	@$(RUN) -m tools.find_tool promtool >/dev/null || echo "The incident of the demo will not be replayed." >&2
	@$(RUN) -m tools.demo

preview: .venv/.ready ## Set up, then run `pulumi preview` of STACK; without CLI or credentials, print the offline plan.
	@$(RUN) -m readiness preview $(STACK)

up: .venv/.ready ## Apply STACK, with a refresh before and a check after it.
	@[ "$(origin STACK)" != file ] || { echo "error: STACK is missing. Name the stack, as in: make up STACK=staging" >&2; exit 1; }
	@$(RUN) -m readiness up $(STACK)

plan: .venv/.ready ## Print the offline plan of STACK.
	@$(RUN) -m readiness plan $(STACK)

diff: .venv/.ready ## Show what the working tree changes in the plans since BASE (HEAD); fail if protection is reduced.
	@if git rev-parse --verify --quiet HEAD >/dev/null 2>&1; then \
	    $(RUN) -m readiness diff --base "$(BASE)"; \
	else \
	    echo "readiness diff was not run: there is no commit to compare with." >&2; \
	fi

test: .venv/.ready-dev ## Set up, then run the tests that run in one process, and every alert in promtool.
	@$(RUN) -m tools.find_tool promtool >/dev/null || echo "The tests that run promtool will fail." >&2
	@$(RUN) -m tools.find_tool actionlint --or-skip >/dev/null || echo "The tests that run actionlint will fail." >&2
	@$(RUN) -m pytest -n auto --dist loadfile

test-processes: .venv/.ready-dev ## Set up, then run commands as users do: in processes, in clones, and from an installed wheel.
	@$(RUN) -m tools.find_tool promtool >/dev/null || echo "The tests that run promtool will fail." >&2
	@$(RUN) -m tools.find_tool actionlint --or-skip >/dev/null || echo "The tests that run actionlint will fail." >&2
	@$(RUN) -m pytest -m processes -n auto --dist loadfile

test-engine: .venv/.ready-dev .venv-policy/.ready ## Set up, then run the program under the real Pulumi engine (from PATH, or built once with Go).
	@$(RUN) -m tools.find_tool pulumi --or-skip >/dev/null
	@$(RUN) -m pytest tests/engine -m engine -n auto --dist loadfile

test-postgres: .venv/.ready-dev .venv-health/.ready .venv-migrations/.ready ## Set up, then run the tests that need a PostgreSQL server (Debian's `postgresql`).
	@$(RUN) -m pytest -m postgres

test-dates: .venv/.ready-dev ## Run the tests that read dates on two future days, with Debian's `datefudge`.
	@tools/try_dates.sh

test-deliveries: .venv/.ready-dev ## Run the alerts' scenarios at every phase and loss of samples; `make test` runs a quarter of these.
	@$(RUN) -m tools.find_tool promtool >/dev/null || echo "The tests that run promtool will fail." >&2
	@READINESS_EVERY_DELIVERY=1 $(RUN) -m pytest tests/alerts/test_scenarios.py tests/alerts/test_storms.py tests/alerts/test_visibility_delay.py

test-alerts: .venv/.ready-dev .tools/promtool-3 ## Run the alerts' scenarios, with the newest promtool too (needs Go, builds once).
	@$(RUN) -m tools.find_tool promtool >/dev/null || echo "The tests that run promtool will fail." >&2
	@READINESS_EVERY_DELIVERY=1 READINESS_PROMTOOL_3=.tools/promtool-3 $(RUN) -m pytest tests/alerts

mutate-alerts: .venv/.ready-dev ## Break each alert rule, or the one of ALERT=NAME, in every listed way; a scenario must fail each time.
	@$(RUN) -m tools.mutate_alerts $(ALERT)

check: .venv/.ready-dev ## Run the checks of CI beside the tests: lint, types, stack files, generated files, workflows, diff.
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	.venv/bin/pyrefly check
	$(RUN) -m readiness check
	$(RUN) -m tools.stack_jobs
	$(RUN) -m readiness runbook --check
	$(RUN) -m readiness docs --check
	$(RUN) -m tools.samples --check
	$(RUN) -m tools.security_page --check
	$(RUN) -m tools.detection_table --check
	$(RUN) -m tools.init_templates --check
	$(RUN) -m tools.style
	.venv/bin/codespell
	$(RUN) -m tests.answers --check
	.venv/bin/check-jsonschema --schemafile docs/stack.schema.json $(STACK_FILES)
	.venv/bin/check-jsonschema --builtin-schema vendor.dependabot $(DEPENDABOT_FILES)
	.venv/bin/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(RUN) -m tools.find_tool actionlint $(WORKFLOWS)
	.venv/bin/zizmor --quiet --offline --strict-collection --persona auditor .github tests/golden/managed_files
	@$(MAKE) --no-print-directory diff

docs: .venv/.ready-dev ## Write the generated documents: runbook, rollback and the like, schema, samples, templates of `readiness init`.
	$(RUN) -m readiness runbook
	$(RUN) -m readiness docs
	$(RUN) -m tools.samples
	$(RUN) -m tools.security_page
	$(RUN) -m tools.detection_table
	$(RUN) -m tools.init_templates
	$(RUN) -m readiness schema > docs/stack.schema.json.new && mv docs/stack.schema.json.new docs/stack.schema.json

golden: .venv/.ready-dev ## Write the golden plans after an intended change; read their diff before you commit it.
	$(RUN) -m tests.golden
	$(RUN) -m tools.detection_table --golden

answers: .venv/.ready-dev ## Record what every command answers after an intended change; read the diff before you commit it.
	$(RUN) -m tests.answers

answers-check: .venv/.ready-dev ## Show every command whose answer differs from the recorded one.
	$(RUN) -m tests.answers --check

bench: .venv/.ready-dev ## Measure everything with a time budget, as a ratio to a bare SDK program; fail if something is over.
	@$(RUN) -m tools.bench $(STACK) --suite

tools: .venv/.ready ## Fetch or build promtool, actionlint and the Pulumi CLI into .tools/.
	$(RUN) -m tools.find_tool promtool
	$(RUN) -m tools.find_tool actionlint
	$(RUN) -m tools.find_tool pulumi

release-tools: .venv/.ready .venv-release/.ready ## Set up the program that writes the SBOM of a release (tools/build_release.py).

lock: ## Compile pyproject.toml and every requirements*.in to its lock, with the newest versions that it allows; needs uv.
	@for input in pyproject.toml requirements-dev.in policy/requirements.in examples/*/requirements.in tools/release/requirements.in; do \
	    case $$input in \
	    pyproject.toml) lock=requirements.txt; groups="--group build" ;; \
	    *) lock=$${input%.in}.txt; groups= ;; \
	    esac; \
	    echo "$$input" >&2; \
	    uv pip compile --quiet --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url \
	        --no-header $(LOCK_OPTIONS) $$groups "$$input" -o "$$lock" || exit 1; \
	done

dist: .venv/.ready ## Build the wheel of the toolkit and the components into dist/.
	$(RUN) -m hatchling build -t wheel

outdated: .venv/.ready-dev .venv-policy/.ready .venv-health/.ready .venv-migrations/.ready .venv-release/.ready ## List newer versions in the registries than the pinned ones.
	@$(RUN) -m tools.outdated

clean: ## Remove everything that these targets made.
	rm -rf .venv .venv-policy .venv-health .venv-migrations .venv-release .tools dist

.tools/promtool-3: tools/promtool/go.mod
	@mkdir -p .tools
	@echo "building the newest promtool with Go, once (about five minutes)" >&2
	cd tools/promtool && go build -mod=readonly -ldflags='-s -w' -o ../../$@ github.com/prometheus/prometheus/cmd/promtool

.venv/.ready: $(INPUTS)
	@$(SETUP) requirements.txt
	@touch $@

.venv/.ready-dev: $(INPUTS) requirements-dev.txt
	@$(SETUP) requirements.txt requirements-dev.txt
	@touch .venv/.ready $@

.venv-policy/.ready: policy/requirements.txt tools/setup_venv.sh
	@$(SETUP) --into .venv-policy policy/requirements.txt
	@touch $@

.venv-release/.ready: tools/release/requirements.txt tools/setup_venv.sh
	@$(SETUP) --into .venv-release tools/release/requirements.txt
	@touch $@

.venv-health/.ready: examples/health_service/requirements.txt tools/setup_venv.sh
	@$(SETUP) --into .venv-health examples/health_service/requirements.txt
	@touch $@

.venv-migrations/.ready: examples/migrations/requirements.txt tools/setup_venv.sh
	@$(SETUP) --into .venv-migrations examples/migrations/requirements.txt
	@touch $@
