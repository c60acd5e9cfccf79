"""`readiness diff OLD.json NEW.json`, and calls that are neither of its two forms."""

from __future__ import annotations

import json
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
    """No project, no clone; the statuses are those of a commit."""
    old, new = files
    assert command("diff", old, old, "--exit-code", cwd=tmp_path).status == 0
    assert command("diff", old, new, "--exit-code", cwd=tmp_path).status == 2
    assert command("diff", new, old, cwd=tmp_path).status == 1
    assert "severity lowered from ERROR to WARNING" in command("diff", new, old, cwd=tmp_path).out


def test_a_file_that_is_no_plan_is_refused_by_its_name(
    files: tuple[str, str], tmp_path: Path, command: Command
) -> None:
    """Cut off in the middle, as a full disk leaves it."""
    half = tmp_path / "half.json"
    half.write_text(Path(files[0]).read_text(encoding="utf-8")[:4_000], encoding="utf-8")
    done = command("diff", files[0], str(half), cwd=tmp_path)
    assert (done.status, done.out) == (1, "")
    assert "half.json:" in done.err
    assert "is not valid JSON" in done.err


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


def test_a_plan_of_the_program_s_own_output_can_be_compared(
    clone: Path, command: Command, tmp_path: Path, plans: dict[str, Plan]
) -> None:
    """`readiness plan --format json` is what the second form takes."""
    plan = tmp_path / "plan.json"
    plan.write_text(command("plan", "prod", "--format", "json", cwd=clone).out, encoding="utf-8")
    assert json.loads(plan.read_text(encoding="utf-8"))["stack"] == plans["prod"].stack
    assert command("diff", str(plan), str(plan), cwd=clone).out == "prod: no change\n"
