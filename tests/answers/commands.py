"""The commands whose answers are recorded: every row of docs/commands.md, with its options, on every project."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click

from readiness.cli.main import cli
from tests.answers.corpus import Answer
from tests.answers.scratch import Scratch
from tests.projects import ROOT

INPUTS = ROOT / "tests" / "answers" / "inputs"
_STACKS = {"root": ("staging", "prod"), "small": ("staging", "prod"), "every-option": ("every-option",)}
_PROWLER = "tests/fixtures/prowler/prowler-5.46.0.ocsf.json"
# What a command reads, by its name in the project.
_FILES = {
    **{f"inputs/{name}": f"tests/answers/inputs/{name}" for name in ("images.json", "log.json", "revisions.json")},
    "inputs/init.yaml": "tests/answers/inputs/init.yaml",
    "inputs/prowler.json": _PROWLER,
    "inputs/gitleaks.sarif": "tests/fixtures/gitleaks/gitleaks.sarif",
    "inputs/plan.json": "tests/golden/staging.json",
    "inputs/diff.md": "tests/fixtures/scans/trivy-clean.json",
    "migrations/baseline.py": "examples/migrations/baseline.py",
    "honest/ci.yml": "tests/fixtures/workflows/mended/ci.yml",
    "swallowing/ci.yml": "tests/fixtures/workflows/swallowing/ci.yml",
}
_BAD_SQL = "CREATE TABLE a (id int);\nCOMMIT;\nVACUUM;\n"
_AT = "--now 2025-11-25T12:00:00Z"

_INIT = (
    "init --project shop-cloud --region europe-west1 --github-owner shop --repository shop-app --folder new "
    "--visibility public --backend-service shop-api-{env} --database shop-db-{env} --email ops@shop.dev --image api,web"
)

_OF_PROJECT = f"""
check
check --plan
check --format json
check --plan --format sarif
check --workflows honest
check --workflows swallowing
runbook
runbook --format json
runbook --check
runbook --check --format json
docs
docs --format json
docs --check
docs --check --format json
audit --date 2026-11-30
audit --date 2026-11-30 --format json
audit --date 2026-11-30 --format sarif
audit --date 2026-11-30 --prowler-output inputs/prowler.json
audit --date 2026-11-30 --gitleaks inputs/gitleaks.sarif --compare-secrets
audit --url https://app.example.com
checks-honest --workflows honest
checks-honest --workflows honest --write
checks-honest --workflows swallowing
checks-honest --workflows swallowing --format json
checks-honest --workflows nowhere
fix --repository nowhere
fix --repository .
migrations lint migrations
migrations lint bad.sql
migrations lint bad.sql --format json
comment 7 --file inputs/diff.md
comment 7 --file inputs/diff.md --labels-by nowhere.json
pull-request plans plans --python /nowhere/python
pull-request fetch fetched
pull-request status main --diff-ended-with 0
bootstrap --repository acme/readiness --repository-id 11 --owner-id 22 --project-number 33
doctor
doctor --ci --repository acme/readiness --format json
schema
init
{_INIT}
init other --answers inputs/init.yaml
diff
plugins lock
plugins lock --format json
ci stacks
ci scope
ci report
upgrade
upgrade --check
upgrade --check --to 9 --wheel x.whl
upgrade --check --wheel nowhere.whl
diff --base main
diff --base main --preview prod=nowhere.json
diff --base main --acknowledge --reason Agreed --by ada
diff inputs/plan.json inputs/plan.json
diff inputs/plan.json inputs/weaker.json
diff inputs/weaker.json inputs/plan.json --format markdown
diff inputs/plan.json inputs/weaker.json --format json
"""
_OF_STACK = f"""
check STACK
plan STACK
plan STACK --format json
plan STACK --format markdown
plan STACK --summary
rules STACK
test STACK
test STACK --alert HighErorRate
test STACK --alert HighErrorRate --every-phase --format json
preview STACK
preview STACK --json-to preview.json
doctor STACK
doctor STACK --ci
up STACK
up STACK --yes
up STACK --summary
ci begin STACK
drift STACK
drift STACK --format json
drift STACK --issue
deliver STACK
deliver STACK --dry-run
deliver STACK --dry-run --format json
adopt STACK
cleanup simulate STACK
cleanup simulate STACK --images inputs/images.json {_AT}
cleanup simulate STACK --images inputs/images.json {_AT} --format json
cleanup gate STACK
cleanup gate STACK --log inputs/log.json --revisions inputs/revisions.json {_AT}
cleanup gate STACK --log inputs/log.json --revisions inputs/revisions.json {_AT} --format json
verify STACK
verify STACK --format json
verify STACK --format markdown
drill STACK
drill STACK --received crane
drill STACK --report
drill STACK --report --format json
rehearse STACK --served-again --by Ada
rehearse STACK --by Ada --format json
snooze STACK --for 10
snooze STACK --for 10 --format json
"""
_POOL = "def used(engine) -> int:\n    return engine.pool.checked_out()\n"
ON_A_CHECKOUT = (
    "fix --repository . --list",
    "fix --repository . --only nothing",
    "fix --repository . --stack nowhere",
    "fix --repository . --format json --only health-check",
    "fix --repository . --write",
)
# One weakens, one tightens, one does neither.
_EDITS = {
    "a higher threshold": ("error_ratio: 0.05", "error_ratio: 0.5"),
    "a lower threshold": ("error_ratio: 0.05", "error_ratio: 0.01"),
    "a longer window": ("window_seconds: 300", "window_seconds: 600"),
}


def answers_of_project(name: str, scratch: Scratch) -> Iterator[Answer]:
    """Every command on one project, each in a fresh copy of it."""
    files = {path: (ROOT / source).read_text(encoding="utf-8") for path, source in _FILES.items()}
    files["bad.sql"] = _BAD_SQL
    files["inputs/weaker.json"] = files["inputs/plan.json"].replace("> 0.05", "> 0.5")
    for line in commands_of(name):
        scratch.make(name, files)
        yield scratch.answer(f"readiness {line}", shlex.split(line))
    scratch.make_repository(name)
    yield from _diffs(scratch, "no change")
    for what, (old, new) in _EDITS.items():
        scratch.edit("Pulumi.yaml", old, new)
        yield from _diffs(scratch, what)
        scratch.edit("Pulumi.yaml", new, old)
    yield from _fixes(scratch, files["swallowing/ci.yml"])


def _fixes(scratch: Scratch, workflow: str) -> Iterator[Answer]:
    """In a repository with a workflow that hides failures, and with a health check that asks for too much."""
    scratch.write({".github/workflows/ci.yml": workflow, "shop/database.py": _POOL})
    for line in ON_A_CHECKOUT:
        yield scratch.answer(f"readiness {line}", shlex.split(line))


def _diffs(scratch: Scratch, what: str) -> Iterator[Answer]:
    for options in ("", " --format markdown --exit-code"):
        line = f"diff --base main{options}"
        yield scratch.answer(f"readiness {line}, with {what} in Pulumi.yaml", shlex.split(line))


def commands_of(name: str) -> list[str]:
    """The command lines for a project, without `readiness`."""
    of_stacks = [line.replace("STACK", stack) for stack in _STACKS[name] for line in _OF_STACK.split("\n") if line]
    wrong = ["check nowhere", "plan nowhere"]
    return [*(line for line in _OF_PROJECT.split("\n") if line), *of_stacks, *wrong]


def answers_of_help(scratch: Scratch) -> Iterator[Answer]:
    """The help of every command, and what a wrong use of the command line says."""
    scratch.make("small")
    for words in _command_names(cli, ()):
        line = " ".join((*words, "--help"))
        yield scratch.answer(f"readiness {line}", (*words, "--help"))
    for line in ("", "chekc", "plan", "plan staging --form json", "cleanup", "snooze staging --for 0"):
        yield scratch.answer(f"readiness {line}".rstrip(), shlex.split(line))


def _command_names(command: click.Command, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield above
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _command_names(inner, (*above, name))


def documented_commands() -> list[tuple[str, list[str]]]:
    """Each command of docs/commands.md, and the options that its row names: `("cleanup gate", [])`."""
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    found: list[tuple[str, list[str]]] = []
    for usage in re.findall(r"^\| `readiness ([^`]+)` \|", text, flags=re.MULTILINE):
        words = re.match(r"[a-z-]+(?: [a-z]+)*", usage)
        found.append((words[0] if words else usage, re.findall(r"--[a-z-]+", usage)))
    return found
