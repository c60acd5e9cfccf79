"""A ruleset is enforced, and Dependabot merges, only with a valid record that the required checks are honest."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from readiness import clock
from readiness.ci.checks_record import Subject, record_faults, record_path, record_text
from readiness.ci.workflow_files import read_workflows, workflows_digest
from readiness.cli.common import described_commit
from readiness.finding import Finding
from readiness.rules.project import check_project
from readiness.settings.github import RequiredCheck
from tests.ci.workflows import CONTEXT, FIXTURES, TEST_JOB, TRIGGER, written
from tests.edits import PLACEHOLDERS, TWO_PEOPLE, edit, line_of
from tests.projects import Command

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
SUBJECT = Subject(repository="o/r", branch="main", required_checks=(RequiredCheck(context="Tests"),))
RECORD = record_text(SUBJECT, made=NOW, commit="c0ffee", workflows_digest="sha256:1")
MENDED, SWALLOWING = str(FIXTURES / "mended"), str(FIXTURES / "swallowing")


def faults(text: str | None = RECORD, now: datetime = NOW, digest: str | None = None) -> list[str]:
    """Why the record is not valid for `SUBJECT`."""
    return list(record_faults(text, SUBJECT, now=now, workflows_digest=digest))


def test_a_fresh_record_of_the_declared_checks_is_valid() -> None:
    """With and without the workflow files at hand, to the last hour of its fourteen days."""
    assert faults() == faults(digest="sha256:1") == faults(now=NOW + timedelta(days=14)) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"schema": 2}', '{"schema": 1, "made": 7}', "[" * 100_000])
def test_what_is_no_record_is_said(text: str) -> None:
    """Whatever the file holds."""
    assert faults(text) == ["is no record of honest checks"]


def test_a_record_that_is_missing_old_early_or_of_other_workflows_is_refused() -> None:
    """Each with its reason."""
    assert faults(None) == ["does not exist"]
    assert faults(now=NOW + timedelta(days=14, seconds=1)) == ["is of 2026-11-20T08:00:00Z, more than 14 days ago"]
    assert faults(now=NOW - timedelta(hours=2)) == ["is dated 2026-11-20T08:00:00Z, which is to come"]
    assert faults(digest="sha256:2") == ["was made for other workflow files than those that are there now"]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (Subject(repository="o/fork", branch="main", required_checks=SUBJECT.required_checks), "repository"),
        (Subject(repository="o/r", branch="trunk", required_checks=SUBJECT.required_checks), "branch"),
        (Subject(repository="o/r", branch="main", required_checks=(RequiredCheck(context="Lint"),)), "required check"),
    ],
)
def test_a_record_of_something_else_is_refused(other: Subject, said: str) -> None:
    """A copied one."""
    text = record_text(other, made=NOW, commit="", workflows_digest="sha256:1")
    assert faults(text) == [f"was made for another {said} than the declared one"]


def test_an_edited_record_is_refused() -> None:
    """By its seal."""
    edited = json.dumps({**json.loads(RECORD), "made": "2026-11-21T08:00:00Z"})
    assert "was edited since it was written" in faults(edited, now=NOW + timedelta(days=2))


def activated(project: Path, *, merging: bool = False) -> Path:
    """The project whose ruleset is enforced, and whose Dependabot merges where asked."""
    edit(project, PLACEHOLDERS, TWO_PEOPLE)
    edit(project, "enforcement: disabled", "enforcement: active")
    if merging:
        edit(project, "enabled: false", "enabled: true\n      app_client_id: Iv23liExample")
    return project


def refused(project: Path, workflows: str | None = None) -> list[Finding]:
    """The errors of `prod`."""
    folder = None if workflows is None else Path(workflows)
    found = check_project(project, ["prod", "staging"], folder, now=clock.now())["prod"].problems
    return [finding for finding in found if finding.severity == "error"]


def test_without_a_record_an_active_ruleset_is_refused_at_its_line(project: Path) -> None:
    """The mend names the command and the document."""
    (problem,) = refused(activated(project))
    assert (problem.key, problem.line) == ("readiness:branch_ruleset.enforcement", line_of(project, "enforcement:"))
    assert problem.message.endswith("the record records/checks-honest.json does not exist")
    assert "readiness checks-honest --workflows DIR --write" in problem.hint


def test_without_a_record_auto_merge_is_refused_too(project: Path) -> None:
    """It relies on the checks more than anything."""
    keys = [finding.key for finding in refused(activated(project, merging=True))]
    assert keys == ["readiness:branch_ruleset.enforcement", "readiness:dependabot.auto_merge.enabled"]


def test_what_holds_nobody_up_needs_no_record(project: Path) -> None:
    """As the customer's settings stand."""
    edit(project, PLACEHOLDERS, TWO_PEOPLE)
    assert refused(project) == []


def test_the_command_writes_a_record_with_which_the_check_passes(project: Path, command: Command) -> None:
    """Held against the same files, and refused against others."""
    activated(project, merging=True)
    done = command("checks-honest", "--workflows", MENDED, "--write", cwd=project)
    assert (done.status, done.err) == (0, ""), done.text
    assert f"ok: {CONTEXT}: runs on every pull request, and can fail" in done.out
    place = project / record_path("Pulumi.prod.yaml")
    record = json.loads(place.read_text(encoding="utf-8"))
    assert record["repository"] == "stellar-aiz/ai-resume-review-v2"
    assert record["required_checks"] == [{"context": CONTEXT, "integration_id": 15368}]
    assert refused(project) == refused(project, MENDED) == []
    assert command("check", "prod", "--workflows", MENDED, cwd=project).status == 0
    other = command("check", "prod", "--workflows", SWALLOWING, cwd=project)
    assert other.status == 1
    assert "was made for other workflow files" in other.err
    place.write_bytes(b"\xff")
    assert "is no record" in refused(project)[0].message


def test_the_record_says_of_which_commit_the_workflows_are(tmp_path: Path) -> None:
    """And where they are not as committed, that too; a folder outside of any repository has none."""
    assert described_commit(tmp_path) == ""
    written(tmp_path, ci=TRIGGER + TEST_JOB)
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "x")):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    commit = described_commit(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", commit)
    written(tmp_path, ci=f"{TRIGGER}{TEST_JOB}# x\n")
    assert described_commit(tmp_path) == f"{commit}-dirty"


def test_a_record_of_dishonest_workflows_does_not_speak_for_them(project: Path) -> None:
    """Made by hand, or by a version that saw less: with the files at hand, the checks are read again."""
    activated(project)
    subject = Subject(
        repository="stellar-aiz/ai-resume-review-v2", branch="main", required_checks=(RequiredCheck(context=CONTEXT),)
    )
    digest = workflows_digest(read_workflows(Path(SWALLOWING)))
    place = project / record_path("Pulumi.prod.yaml")
    place.parent.mkdir()
    place.write_text(record_text(subject, made=clock.now(), commit="", workflows_digest=digest), encoding="utf-8")
    assert refused(project) == []
    found = refused(project, SWALLOWING)
    assert len(found) == 11
    assert found[0].file == f"{SWALLOWING}/ci.yml"


def test_the_command_refuses_with_every_line_and_writes_nothing(project: Path, command: Command) -> None:
    """Exit status 1; the customer's shape."""
    done = command("checks-honest", "--workflows", SWALLOWING, "--write", cwd=project)
    assert done.status == 1
    assert done.err.count("error: ") == 11
    assert f"{SWALLOWING}/ci.yml:23: {CONTEXT}: step 'Lint the frontend'" in done.err
    assert not (project / "records").exists()


def test_without_write_the_command_only_looks(project: Path, command: Command) -> None:
    """Nothing is left behind."""
    assert command("checks-honest", "--workflows", MENDED, cwd=project).status == 0
    assert not (project / "records").exists()


def test_a_project_without_a_ruleset_is_told_where_to_write_one(project: Path, command: Command) -> None:
    """There is nothing to hold the workflows against."""
    text = (project / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    start, end = text.index("  readiness:branch_ruleset:"), text.index("  readiness:dependabot:")
    (project / "Pulumi.prod.yaml").write_text(text[:start] + text[end:], encoding="utf-8")
    done = command("checks-honest", "--workflows", MENDED, cwd=project)
    assert (done.status, "no check is required" in done.err) == (1, True)


def test_settings_that_are_wrong_are_said_first(project: Path, command: Command) -> None:
    """A ruleset that does not parse is no missing one."""
    edit(project, "enforcement: disabled", "enforcement: sometimes")
    done = command("checks-honest", "--workflows", MENDED, cwd=project)
    assert (done.status, "branch_ruleset.enforcement" in done.err) == (1, True)
