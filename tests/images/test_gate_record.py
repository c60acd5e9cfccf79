"""The gate's record, and what `check` recomputes of it before cleanup may delete."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from pathlib import Path

import pytest

from readiness import clock
from readiness.finding import Severity, text_line
from readiness.images.gate import DELETIONS, DRY_RUN, GateRecord, record_faults, record_path
from readiness.images.policies import policies_digest
from readiness.rules.project import check_project
from readiness.settings.stack_names import stack_names
from tests.images.listings import NOW, RESOURCE, digest_of, prod_policies

POLICIES = policies_digest(prod_policies())
RECORD = GateRecord(
    stack="prod",
    repository=RESOURCE,
    made=NOW,
    commit="0b6b26d",
    evidence=DRY_RUN,
    policies_digest=POLICIES,
    log_digest=digest_of("log"),
    revisions_digest=digest_of("revisions"),
    entries=2,
    candidates={"frontend": 3, "backend": 12},
    revisions=8,
)


def faults(text: str | None, *, days_later: float = 0) -> list[str]:
    """Why the record does not allow prod to delete."""
    now = NOW + timedelta(days=days_later)
    return list(record_faults(text, stack="prod", repository=RESOURCE, policies_digest=POLICIES, now=now))


def test_a_fresh_record_of_the_declared_policies_allows_it() -> None:
    """For two weeks, and not longer."""
    assert faults(RECORD.text()) == []
    assert faults(RECORD.text(), days_later=14) == []
    assert faults(RECORD.text(), days_later=14.1) == [
        "is based on dry runs of 2025-11-25T12:00:00Z, more than 14 days ago"
    ]


def test_a_record_of_a_real_run_stays_valid() -> None:
    """It confirms what the dry run said; a check that turns red by time alone would stop unrelated changes."""
    assert faults(dataclasses.replace(RECORD, evidence=DELETIONS).text(), days_later=400) == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"schema": 1}', '{"schema": 1, "made": "x"}', "[" * 9999]
)
def test_a_file_that_is_no_record_is_refused(text: str) -> None:
    """Whatever it holds."""
    assert faults(text) == ["is no record of the gate"]


def test_a_missing_record_is_refused() -> None:
    """The usual case."""
    assert faults(None) == ["does not exist"]


def test_an_edited_record_is_refused() -> None:
    """A later date, written by hand."""
    fields = json.loads(RECORD.text())
    fields["made"] = "2025-12-20T12:00:00Z"
    assert faults(json.dumps(fields), days_later=25) == ["was edited since it was written"]


def test_every_fault_of_a_record_is_reported_at_once() -> None:
    """Another stack, another repository, other policies, a date to come."""
    wrong = dataclasses.replace(
        RECORD, stack="other", repository="projects/x", policies_digest=digest_of("x"), made=NOW + timedelta(days=1)
    )
    assert faults(wrong.text()) == [
        "is dated 2025-11-26T12:00:00Z, which is to come",
        "has another stack than prod",
        f"has another repository than {RESOURCE}",
        "was made for policies that differ from the declared ones",
    ]


def test_a_record_says_what_was_compared() -> None:
    """For the reviewer of the change that commits it."""
    fields = json.loads(RECORD.text())
    assert fields.pop("seal").startswith("sha256:")
    assert fields == {
        "schema": 1,
        "stack": "prod",
        "repository": RESOURCE,
        "made": "2025-11-25T12:00:00Z",
        "commit": "0b6b26d",
        "evidence": "dry run",
        "policies_digest": POLICIES,
        "log_digest": digest_of("log"),
        "revisions_digest": digest_of("revisions"),
        "entries": 2,
        "candidates": {"backend": 12, "frontend": 3},
        "revisions": 8,
    }


def test_a_record_lies_beside_its_stacks_file() -> None:
    """Also where that is in a folder of its own."""
    assert record_path("Pulumi.prod.yaml", "prod") == "records/cleanup-gate.prod.json"
    assert record_path("tests/fixtures/Pulumi.x.yaml", "x") == "tests/fixtures/records/cleanup-gate.x.json"


def switched_off(project: Path, *changes: tuple[str, str]) -> list[str]:
    """What `check` refuses in prod once its dry run is off, and more of the file is changed."""
    path = project / "Pulumi.prod.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in (("cleanup_dry_run: true", "cleanup_dry_run: false"), *changes):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    problems = check_project(project, stack_names(project), now=clock.now())["prod"].problems
    return [
        text_line(problem)
        for problem in problems
        if "cleanup_dry_run" in problem.key and problem.severity is Severity.ERROR
    ]


def keep(project: Path, record: GateRecord) -> Path:
    """The record, in its place."""
    path = project / "records/cleanup-gate.prod.json"
    path.parent.mkdir()
    path.write_text(record.text(), encoding="utf-8")
    return path


def test_check_refuses_a_cleanup_that_deletes_without_a_record(project: Path) -> None:
    """With the file, the line, and both ways out."""
    (said,) = switched_off(project)
    assert said.startswith("Pulumi.prod.yaml:")
    assert (
        "readiness:image_registry.cleanup_dry_run: allows cleanup to delete, and the gate's record "
        "records/cleanup-gate.prod.json does not exist. Write true, or pass `readiness cleanup gate prod` and commit "
        "its record."
    ) in said


def test_check_allows_it_with_a_record_of_today(project: Path) -> None:
    """Of the very policies that the file declares."""
    keep(project, dataclasses.replace(RECORD, made=clock.now()))
    assert switched_off(project) == []


def test_check_asks_for_nothing_while_cleanup_only_pretends(project: Path) -> None:
    """A record is not even looked at."""
    keep(project, RECORD).write_bytes(b"\xff")
    problems = check_project(project, stack_names(project), now=clock.now())["prod"].problems
    assert not [problem for problem in problems if "cleanup_dry_run" in problem.key]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("      - frontend\n", "      - frontend\n      - worker\n"),
        ("cleanup_dry_run", "delete_older_than_days: 31\n    cleanup_dry_run"),
        ("cleanup_dry_run", "keep_recent_versions: 4\n    cleanup_dry_run"),
    ],
)
def test_check_refuses_the_record_once_the_policies_change(project: Path, old: str, new: str) -> None:
    """Any change of what is kept asks for the gate again."""
    keep(project, dataclasses.replace(RECORD, made=clock.now()))
    (said,) = switched_off(project, (old, new))
    assert "was made for policies that differ from the declared ones" in said


def test_check_refuses_a_record_that_is_no_text(project: Path) -> None:
    """A folder in its place, a broken file."""
    keep(project, RECORD).write_bytes(b"\xff\xfe")
    (said,) = switched_off(project)
    assert "is no record of the gate" in said
