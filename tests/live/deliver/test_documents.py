"""Runbook and pages come with the managed files: whole, by one line each, and never over what people wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.alerts.runbook_address import RUNBOOK_PATH, page_path
from readiness.delivered.header import file_digest, with_page_header
from readiness.live.application_documents import application_documents
from readiness.live.delivery import BRANCH
from tests.edits import add, edit
from tests.live.deliver.command import DEPENDABOT, Deliver, delivered
from tests.live.github_repository import Repository
from tests.projects import CUSTOMER_STACKS, settings_of

PAGE = page_path("HighCpuUsage")
DOCUMENTS = application_documents([(stack, settings_of(stack)) for stack in CUSTOMER_STACKS])


@pytest.fixture(autouse=True)
def switched_on(project: Path) -> None:
    """The stack that owns the shared resources delivers documents."""
    add(project, "  readiness:managed_files:\n    documents: true\n")


def test_the_documents_come_in_the_same_commit(deliver: Deliver, repository: Repository) -> None:
    """Exactly those, beside the managed files; the commit and the pull request stay short."""
    delivered(deliver)
    written = repository.files(BRANCH)
    assert {path: text for path, text in written.items() if path.startswith("docs/")} == DOCUMENTS
    assert written[DEPENDABOT] == deliver.files[DEPENDABOT]
    message = repository.commits[repository.branches[BRANCH]].message
    assert f"- {len(DOCUMENTS)} documents\n" in message
    assert "docs/" not in message
    body = repository.pulls[0]["body"]
    assert f"<details><summary>Documents: {len(DOCUMENTS)}</summary>" in body
    assert f"| `{PAGE}` | `{file_digest(DOCUMENTS[PAGE])}` |" in body
    repository.merge(1)
    assert deliver().out == "prod: nothing to deliver: main contains every file as declared\n"


def test_a_changed_threshold_is_one_line_for_each_page_that_has_it(
    deliver: Deliver, repository: Repository, project: Path
) -> None:
    """Nobody reads thirty pages in a terminal for one number."""
    delivered(deliver)
    repository.merge(1)
    edit(project, "cpu_ratio: 0.8", "cpu_ratio: 0.7", "Pulumi.yaml")
    done = deliver("--dry-run")
    assert done.status == 0, done.text
    lines = [line for line in done.out.splitlines() if line.startswith("docs/")]
    assert [line.partition(":")[0] for line in lines] == [RUNBOOK_PATH, PAGE]
    assert all(": unchanged since an earlier delivery, to be sha256:" in line for line in lines)
    assert "80 %" not in done.out


def test_a_page_that_people_edited_is_refused_with_the_difference(deliver: Deliver, repository: Repository) -> None:
    """Until somebody says that it may be written over."""
    repository.commit("main", {PAGE: DOCUMENTS[PAGE] + "Ask Ada.\n", "docs/TROUBLESHOOTING.md": "# Our own\n"})
    done = deliver()
    assert done.status == 1
    assert f"{PAGE}: stellar-aiz" not in done.out
    assert "-Ask Ada." in done.out
    assert f"--overwrite {PAGE}" in done.err
    assert "--overwrite docs/TROUBLESHOOTING.md" in done.err
    assert deliver.writes() == []
    assert deliver("--overwrite", PAGE, "--overwrite", "docs/TROUBLESHOOTING.md").status == 0
    assert repository.files(BRANCH)[PAGE] == DOCUMENTS[PAGE]


def test_the_page_of_an_alert_that_is_gone_is_removed(deliver: Deliver, repository: Repository) -> None:
    """One that an earlier delivery brought, and not what people wrote beside it."""
    gone, theirs, edited = (page_path(name) for name in ("OldAlert", "OurNotes", "EditedAlert"))
    old = with_page_header("# OldAlert\n")
    repository.commit("main", {gone: old, theirs: "# Notes\n", edited: f"{old}Ask Ada.\n"})
    done = deliver()
    assert done.status == 0, done.text
    assert f"{gone}: left over from a removed alert, to be removed\n" in done.out
    assert gone not in repository.files(BRANCH)
    assert {theirs, edited} <= repository.files(BRANCH).keys()
    assert f"| `{gone}` | `removed` |" in repository.pulls[0]["body"]


def test_a_mistake_in_another_stack_delivers_nothing(deliver: Deliver, project: Path) -> None:
    """Its part of every page would be missing."""
    edit(project, "readiness:escalation", "readiness:escalations", "Pulumi.staging.yaml")
    done = deliver()
    assert done.status == 1
    assert "Pulumi.staging.yaml" in done.err
    assert deliver.server.requests == []
