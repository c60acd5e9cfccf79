"""docs/customer/seed.md answers every line of the first customer's task list, with names that exist."""

from __future__ import annotations

import re

import pytest

from readiness.audit.checklist import audit_lines
from readiness.cli.main import cli
from readiness.plan.offline_plan import Plan
from tests.docs.customer_page import Row, commands_after_not_ours, shown_by, table_rows
from tests.projects import ROOT
from tools.task_list import LIST, digest, lines_of_document, lines_of_list, main

ASKED = lines_of_list(LIST.read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "customer" / "seed.md").read_text(encoding="utf-8")


def test_every_line_of_the_task_list_has_exactly_one_row_in_its_order() -> None:
    """A line that the page leaves out or repeats is named."""
    answered = [(row.number, row.section) for row in table_rows(PAGE)]
    assert len(ASKED) == 150, "the list has its lines"
    assert answered == [(line.number, line.section) for line in ASKED]


def test_a_missing_row_is_found() -> None:
    """The comparison can fail: a page without one of its rows does not answer the list."""
    page = "\n".join(row for row in PAGE.splitlines() if not row.startswith("| 92 |"))
    missing = {line.number for line in ASKED} - {row.number for row in table_rows(page)}
    assert missing == {92}


def test_nothing_is_left_for_later() -> None:
    """Every line is answered by what exists, or is not ours."""
    assert "planned" not in PAGE.lower()


def test_every_line_of_the_audit_is_a_row() -> None:
    """The checklist of the audit has a line for each of the task list's section 2.1."""
    assert len([line for line in ASKED if line.section == "2.1"]) == len(list(audit_lines())) == 40


def test_each_row_of_the_audit_names_its_line_and_every_check() -> None:
    """So that whoever reads "row of `readiness audit`" finds which, and what decides it."""
    rows = [row for row in table_rows(PAGE) if row.section == "2.1"]
    for row, line in zip(rows, audit_lines(), strict=True):
        assert f"row `{line.slug}`" in row.answer, row.number
        assert [check for check in line.checks if f"`{check}`" not in row.answer] == [], row.number
        part = bool(line.checks) and not line.decided_by_checks
        assert part is ("what the checks do not see" in row.answer), row.number


@pytest.mark.parametrize("row", table_rows(PAGE), ids=lambda row: str(row.number))
def test_an_answer_can_be_seen_for_oneself(row: Row, plans: dict[str, Plan]) -> None:
    """It names a command, a resource or a test; "not ours" is followed by the command that somebody else runs."""
    assert shown_by(row.answer, _declared(plans)), f"line {row.number}: nothing shows it; add a command or a test"
    commands = commands_after_not_ours(row.answer)
    assert commands is None or commands, f"line {row.number}: after 'not ours', write the command to run instead"


@pytest.mark.parametrize(
    ("answer", "evidence"),
    [
        ("[a guide](guide.md) with the `staging.yml` to edit", []),
        ("setting `readiness:channels`", []),
        ("test `tests/docs/never_written.py`", []),
        ("resource `alerts-never-declared`", []),
        ("`readiness` does it", []),
        ("`readiness plan prod` shows it", ["readiness plan prod"]),
        ("resource `alerts-high-latency`", ["alerts-high-latency"]),
        ("test `tests/docs/test_seed.py`", ["tests/docs/test_seed.py"]),
    ],
)
def test_a_link_alone_shows_nothing(answer: str, evidence: list[str], plans: dict[str, Plan]) -> None:
    """The reader of an answer finds commands, resources and tests that exist, and nothing else."""
    assert shown_by(answer, _declared(plans)) == evidence


@pytest.mark.parametrize(
    ("answer", "commands"),
    [
        ("`readiness plan prod`", None),
        ("not ours: the application's code", []),
        ("`readiness fix --list` shows it. Not ours: to merge it", []),
        ("not ours: its tests. Ours pass: `make test`", []),
        ("not ours: `black app/` in `backend`", ["black app/"]),
        ("not ours: `pytest` in `backend`", ["pytest"]),
    ],
)
def test_not_ours_without_a_command_is_seen(answer: str, commands: list[str] | None) -> None:
    """None where the answer is ours; our own tests are nothing that the customer runs instead."""
    assert commands_after_not_ours(answer) == commands


def _declared(plans: dict[str, Plan]) -> set[str]:
    """Names of resources, and of the policies of the image registry."""
    return {resource["name"] for plan in plans.values() for resource in plan.resources} | {
        policy["id"]
        for repository in plans["prod"].of_type("gcp:artifactregistry/repository:Repository")
        for policy in repository["inputs"]["cleanupPolicies"]
    }


@pytest.mark.parametrize("row", table_rows(PAGE), ids=lambda row: str(row.number))
def test_an_answer_names_what_exists(row: Row, plans: dict[str, Plan]) -> None:
    """Resources are in the plan, commands in the command line, tests in their folder."""
    declared = _declared(plans)
    audit = {name for line in audit_lines() for name in (line.slug, *line.checks)}
    for name in re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", row.answer):
        assert name in declared | audit, f"line {row.number}: nothing is called {name}"
    for command in re.findall(r"`readiness ([a-z-]+)", row.answer):
        assert command in cli.commands, f"line {row.number}: there is no command {command}"
    for path in re.findall(r"`(tests/[^`]+)`", row.answer):
        assert (ROOT / path).exists(), f"line {row.number}: there is no {path}"


DOCUMENT = """\
### 1.2 Alerts
- [ ] Make one
  - not a task
**Success Criteria**:
- It fires
**Notification Events:**
- It is told
**Benefit:**
- not a task
## Success Metrics
**Operational Metrics**:
- Uptime: high
"""


def test_the_lines_of_a_document_are_tasks_criteria_and_metrics() -> None:
    """Notification events too, with their numbers in the document."""
    found = [(line.number, line.section, line.digest) for line in lines_of_document(DOCUMENT)]
    assert found == [
        (2, "1.2", digest("Make one")),
        (5, "1.2", digest("It fires")),
        (7, "1.2", digest("It is told")),
        (12, "metrics", digest("Uptime: high")),
    ]


def test_another_document_and_one_that_cannot_be_read_are_named(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1, and one line for each line that differs."""
    file = tmp_path_factory.mktemp("customer") / "tasks.md"
    file.write_text(DOCUMENT, encoding="utf-8")
    assert main([str(file)]) == 1
    assert "line 2: new or changed\n" in capsys.readouterr().out
    file.write_text("nothing", encoding="utf-8")
    assert main([str(file)]) == 1
    assert "has no task lines" in capsys.readouterr().err
    assert main([str(file.parent / "absent")]) == 1
    assert "cannot be read" in capsys.readouterr().err
