"""`readiness cleanup gate`: from two files to a refusal or a record."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from readiness.cli.main import run
from readiness.images.policies import policies_digest
from tests.images.gate_files import CLEANUP, SERVICES, entry, everything_serves, name_of, revision
from tests.images.listings import RESOURCE, digest_of, prod_policies, write_json

AT = "2025-11-25T12:00:00Z"
BACKEND, FRONTEND = SERVICES[:2]
OTHER = "projects/ytgrs-464303/locations/us-central1/repositories/gcf-artifacts"


@pytest.fixture(autouse=True)
def at_home(project: Path, monkeypatch: pytest.MonkeyPatch, remembered_plans: None) -> None:
    """The commands run in a copy of the project, which the record is written to."""
    monkeypatch.chdir(project)
    monkeypatch.delenv("CI", raising=False)


def gate(project: Path, log: Any, revisions: Any, *options: str, stack: str = "prod") -> int:
    """Exit status of the command on these files."""
    files = [str(write_json(project, value, name)) for value, name in ((log, "log.json"), (revisions, "rev.json"))]
    return run(["cleanup", "gate", stack, "--log", files[0], "--revisions", files[1], "--now", AT, *options])


def record(project: Path) -> dict[str, Any] | None:
    """The record that was written."""
    path = project / "records/cleanup-gate.prod.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def test_candidates_that_nothing_runs_pass_and_leave_a_record(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what was compared, and the digest of the policies as declared."""
    log = [entry(name_of("a"), name_of("b")), entry(name_of("c", "frontend"), hours_ago=29)]
    assert gate(project, log, [*everything_serves(), revision(BACKEND, 0, "before", age_days=20)]) == 0
    written = record(project)
    assert written is not None
    assert (written["candidates"], written["entries"], written["revisions"]) == ({"backend": 2, "frontend": 1}, 2, 5)
    assert (written["evidence"], written["made"], written["repository"]) == ("dry run", AT, RESOURCE)
    assert written["policies_digest"] == policies_digest(prod_policies())
    assert written["commit"] == "", "the copy is in no git repository"
    assert "ok prod: 3 versions chosen by 2 entries (dry run)" in capsys.readouterr().out


def test_the_json_form_has_the_verdict_the_counts_and_the_findings(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A gate that passes names its record; one that fails names what is in use."""
    packages = [f"image-{number}" for number in range(9)]
    log = [entry(*(name_of("a", package) for package in packages))]
    assert gate(project, log, everything_serves(), "--format", "json") == 0
    assert list(json.loads(capsys.readouterr().out)["candidates"]) == packages, "in any order"
    log = [entry(name_of("a"), name_of("b"))]
    assert gate(project, log, everything_serves(), "--format", "json") == 0
    passed = json.loads(capsys.readouterr().out)
    assert (passed["passed"], passed["record"]) == (True, "records/cleanup-gate.prod.json")
    assert (passed["candidates"], passed["entries"], passed["findings"]) == ({"backend": 2}, 1, [])
    needed = revision(BACKEND, 7, "a", active=True, age_days=60)
    assert gate(project, log, [*everything_serves(), needed], "--format", "json") == 1
    printed = capsys.readouterr()
    failed = json.loads(printed.out)
    assert (failed["passed"], failed["record"], printed.err) == (False, None, "")
    assert [finding["rule_id"] for finding in failed["findings"]] == ["cleanup-gate-needed-image"]


@pytest.mark.parametrize(("active", "role"), [(True, "serves with"), (False, "is the rollback target with")])
def test_a_candidate_that_runs_or_is_rolled_back_to_fails_with_its_revision_package_and_digest(
    project: Path, capsys: pytest.CaptureFixture[str], active: bool, role: str
) -> None:
    """And leaves no record."""
    needed = revision(BACKEND, 7, "needed", active=active, age_days=60)
    assert gate(project, [entry(name_of("a"), name_of("needed"))], [*everything_serves(), needed]) == 1
    said = capsys.readouterr().err
    assert f"rev.json: {BACKEND}-00007-abc: {role} backend@{digest_of('needed')}, which cleanup would delete." in said
    assert said.count("error: ") == 1
    assert record(project) is None


def test_every_hit_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of all services and both stacks."""
    log = [entry(*(name_of(("serving", service), service.split("-")[4]) for service in SERVICES))]
    assert gate(project, log, everything_serves()) == 1
    said = capsys.readouterr().err
    assert all(f"{service}-00001-abc: serves with" in said for service in SERVICES)


@pytest.mark.parametrize(
    ("log", "left"),
    [
        ([], "(0 entries are older, 0 of other repositories or methods)"),
        ([entry(name_of("a"), hours_ago=49)], "(1 entries are older, 0 of other repositories or methods)"),
        (
            [entry(name_of("a", resource=OTHER), resource=OTHER)],
            "(0 entries are older, 1 of other repositories or methods)",
        ),
    ],
)
def test_a_log_without_a_run_of_this_repository_in_two_days_is_inconclusive(
    project: Path, capsys: pytest.CaptureFixture[str], log: list[Any], left: str
) -> None:
    """No entry is no proof: the audit log may be off."""
    assert gate(project, log, everything_serves()) == 1
    said = capsys.readouterr().err
    assert f"is inconclusive: no cleanup run of {RESOURCE} in the 48 h before {AT} {left}." in said
    assert "Turn on Data Write audit logs of Artifact Registry" in said
    assert record(project) is None


@pytest.mark.parametrize(
    ("principal", "counts"),
    [
        (CLEANUP, "1 deletions by cleanup and 0 by others"),
        ("somebody@example.com", "0 deletions by cleanup and 1 by others"),
    ],
)
def test_real_deletions_are_reported_while_a_dry_run_is_declared(
    project: Path, capsys: pytest.CaptureFixture[str], principal: str, counts: str
) -> None:
    """By cleanup (the dry run is not in force) or by anybody else."""
    real = entry(name_of("gone"), dry=None, principal=principal)
    assert gate(project, [entry(name_of("a")), real], everything_serves()) == 1
    assert f"log.json: has {counts}, which were not dry runs." in capsys.readouterr().err
    assert record(project) is None


def switch_off(project: Path) -> None:
    """Declares that cleanup deletes."""
    path = project / "Pulumi.prod.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("cleanup_dry_run: true", "cleanup_dry_run: false"), encoding="utf-8")


def test_once_deletion_is_declared_a_real_run_confirms_it(project: Path) -> None:
    """The record then rests on deletions, and does not expire."""
    switch_off(project)
    assert gate(project, [entry(name_of("gone"), dry=None), *[entry(name_of("a"))] * 2], everything_serves()) == 0
    written = record(project)
    assert written is not None
    assert (written["evidence"], written["entries"]) == ("deletions", 1)
    assert run(["check"]) == 0


def test_the_gate_works_on_a_stack_whose_dry_run_is_off_already(project: Path) -> None:
    """In the change that switches it off: record and setting go together, on dry runs still."""
    switch_off(project)
    assert gate(project, [entry(name_of("a"))], everything_serves()) == 0
    written = record(project)
    assert written is not None
    assert written["evidence"] == "dry run"


def test_a_real_run_that_deleted_a_needed_image_fails(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Cloud Run serves its copy; the next start of a rollback would find nothing."""
    switch_off(project)
    needed = revision(BACKEND, 7, "needed", age_days=60)
    assert gate(project, [entry(name_of("needed"), dry=None)], [*everything_serves(), needed]) == 1
    assert "which cleanup would delete or has deleted." in capsys.readouterr().err


def test_deletions_by_others_are_no_confirmation(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a run of cleanup beside them they are a warning, alone they are inconclusive."""
    switch_off(project)
    others = entry(name_of("x"), dry=None, principal="somebody@example.com")
    assert gate(project, [others], everything_serves()) == 1
    assert "is inconclusive" in capsys.readouterr().err
    assert gate(project, [others, entry(name_of("y"), dry=None)], everything_serves()) == 0
    assert "warning: " in (said := capsys.readouterr().err)
    assert "has 1 deletions that cleanup did not make. Find out who deletes." in said


def test_a_list_of_revisions_that_lacks_a_service_of_either_stack_fails(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One registry holds the images of both."""
    assert gate(project, [entry(name_of("a"))], everything_serves()[:-1]) == 1
    assert f"has no revision of {SERVICES[-1]}" in capsys.readouterr().err


def test_staging_has_no_gate(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The owner has."""
    assert gate(project, [], [], stack="staging") == 1
    assert "Name the stack prod, which owns it." in capsys.readouterr().err


def test_without_its_files_the_gate_prints_the_commands_that_write_them(capsys: pytest.CaptureFixture[str]) -> None:
    """They are read-only, and run where somebody may read the log."""
    assert run(["cleanup", "gate", "prod"]) == 1
    said = capsys.readouterr().err
    assert "--log is missing." in said
    assert f'AND protoPayload.request.parent:"{RESOURCE}/"' in said
    assert "--project=ytgrs-464303 --freshness=48h --format=json > log.json\n" in said
    assert run(["cleanup", "gate", "prod", "--log", __file__]) == 1
    said = capsys.readouterr().err
    assert (
        "gcloud run revisions list --project=ytgrs-464303 --region=us-central1 --format=json > revisions.json" in said
    )


def test_the_commit_is_recorded_where_there_is_one(project: Path) -> None:
    """The one that is checked out."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for command in (("init", "--quiet"), (*who, "commit", "--quiet", "--allow-empty", "--message", "first")):
        subprocess.run(["git", *command], cwd=project, check=True)
    assert gate(project, [entry(name_of("a"))], everything_serves()) == 0
    written = record(project)
    assert written is not None
    assert re.fullmatch("[0-9a-f]{40}", written["commit"])


def test_a_machine_without_git_writes_a_record_all_the_same(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit is for the reader; nothing is recomputed from it."""
    monkeypatch.setenv("PATH", "")
    assert gate(project, [entry(name_of("a"))], everything_serves()) == 0
    written = record(project)
    assert written is not None
    assert written["commit"] == ""
