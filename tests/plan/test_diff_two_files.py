"""`readiness diff OLD.json NEW.json`, and calls that are neither of its two forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.plan.offline_plan import Plan, plan_json
from tests.projects import Command


@pytest.fixture
def files(plans: dict[str, Plan], tmp_path: Path) -> tuple[str, str]:
    """A plan in a file, and the same with a lower severity."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    text = plan_json(plans["staging"])
    old.write_text(text, encoding="utf-8")
    new.write_text(text.replace('"severity": "WARNING"', '"severity": "ERROR"', 1), encoding="utf-8")
    return str(old), str(new)


def test_two_files_are_compared_anywhere(files: tuple[str, str], tmp_path: Path, command: Command) -> None:
    """No project, no clone; the statuses are those of a commit. A file that is no plan is refused by its name."""
    old, new = files
    assert command("diff", old, old, "--exit-code", cwd=tmp_path).status == 0
    assert command("diff", old, new, "--exit-code", cwd=tmp_path).status == 2
    lowered = command("diff", new, old, cwd=tmp_path)
    assert lowered.status == 1
    assert "severity lowered from ERROR to WARNING" in lowered.out
    Path(new).write_text("{", encoding="utf-8")
    refused = command("diff", old, new, cwd=tmp_path)
    assert (refused.status, refused.out) == (1, "")
    assert "new.json:1: is not valid JSON" in refused.err


@pytest.mark.parametrize(
    "arguments",
    [(), ("a.json",), ("a.json", "b.json", "c.json"), ("a.json", "b.json", "--base", "main"),
     ("a.json", "b.json", "--stack", "prod"), ("--stack", "prod")],
)  # fmt: skip
def test_a_call_that_is_neither_of_the_two_forms_is_refused_with_both(
    arguments: tuple[str, ...], command: Command
) -> None:
    """Exit status 1: 2 means that the plans differ."""
    done = command("diff", *arguments)
    assert done.status == 1
    assert "give either --base REF" in done.err
