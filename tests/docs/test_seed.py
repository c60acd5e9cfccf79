"""docs/seed.md answers the whole task list of the first customer, with names that exist."""

from __future__ import annotations

import re

import pytest

from readiness.cli.main import cli
from readiness.plan.offline_plan import Plan
from tests.docs.seed_lines import seed_lines, table_rows
from tests.projects import ROOT

DOCUMENT = (ROOT / "tests" / "fixtures" / "remaining-tasks.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "seed.md").read_text(encoding="utf-8")


def test_every_line_of_the_seed_has_exactly_one_row_in_its_order() -> None:
    """A line of the document that the page leaves out, repeats or rewords is named."""
    asked = seed_lines(DOCUMENT)
    answered = [(section, line) for section, line, _ in table_rows(PAGE)]
    assert len(asked) > 140, "the reader of the task list finds its lines"
    assert [line for line in asked if line not in answered] == []
    assert answered == asked


def test_nothing_is_left_for_later() -> None:
    """Every line is answered by what exists, or is not ours."""
    assert "planned" not in PAGE.lower()


def test_a_missing_row_is_seen() -> None:
    """The comparison can fail: a page without one of its rows is not the document's."""
    line = "| Test alert successfully received |"
    page = "\n".join(row for row in PAGE.splitlines() if not row.startswith(line))
    assert [row[:2] for row in table_rows(page)] != seed_lines(DOCUMENT)


@pytest.mark.parametrize(("section", "line", "answer"), table_rows(PAGE), ids=lambda text: str(text)[:40])
def test_an_answer_names_what_exists(section: str, line: str, answer: str, plans: dict[str, Plan]) -> None:
    """Resources stand in the plan, commands in the command line."""
    assert answer.strip(), f"{section} {line} has no answer"
    names = {resource["name"] for stack in plans.values() for resource in stack.resources}
    policies = {
        policy["id"]
        for resource in plans["prod"].of_type("gcp:artifactregistry/repository:Repository")
        for policy in resource["inputs"]["cleanupPolicies"]
    }
    for name in re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", answer):
        assert name in names | policies, f"{section} {line}: nothing is called {name}"
    for command in re.findall(r"`readiness ([a-z-]+)", answer):
        assert command in cli.commands, f"{section} {line}: there is no command {command}"
