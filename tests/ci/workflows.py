"""Small workflows to judge."""

from __future__ import annotations

from pathlib import Path

from readiness.ci.reported_checks import checks_of
from readiness.ci.required_checks import required_check_findings
from readiness.ci.workflow_files import WorkflowFile, read_workflows
from readiness.finding import Finding
from readiness.settings.github import RequiredCheck
from tests.projects import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "workflows"
CONTEXT = "Run Tests and Linting"

TRIGGER = "on:\n  pull_request:\n"
TEST_JOB = "jobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: make test\n"


def written(folder: Path, **texts: str) -> list[WorkflowFile]:
    """The workflows of a folder, each `<name>.yml`."""
    for name, text in texts.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return read_workflows(folder)


def judged(folder: Path, text: str, context: str = "test") -> list[Finding]:
    """What is said of one required check, reported by one workflow, `ci.yml`."""
    return required_check_findings("workflows", written(folder, ci=text), [RequiredCheck(context=context)], "main")


def messages(folder: Path, text: str, context: str = "test") -> list[str]:
    """The same, as line and message."""
    return [f"{finding.line}: {finding.message}" for finding in judged(folder, text, context)]


def names(folder: Path, **texts: str) -> list[str | None]:
    """The checks that the workflows report."""
    return [check.name for check in checks_of(written(folder, **texts))]
