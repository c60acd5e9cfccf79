"""This repository's workflows give nothing to a pull request that it should not have, and cut off no update."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from readiness.cli.main import cli
from tests.projects import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))


def read(path: Path) -> dict[str, Any]:
    """A workflow; YAML 1.1 takes its `on` for true."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["on"] = document.pop(True)
    return document


def jobs(name: str) -> dict[str, Any]:
    """The jobs of a workflow."""
    return read(FOLDER / name)["jobs"]


def steps(path: Path) -> list[dict[str, Any]]:
    """Every step of every job."""
    return [step for job in read(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_runs_with_the_bases_rights_on_a_pull_request(path: Path) -> None:
    """`pull_request_target` gives a stranger's code this repository's token."""
    triggers = read(path)["on"]
    assert "pull_request_target" not in (triggers if isinstance(triggers, dict) else [triggers])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_rights_are_named_at_the_job_and_none_above(path: Path) -> None:
    """The default of a repository may be everything."""
    workflow = read(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert "permissions" in job, name
        assert set(job["permissions"].values()) <= {"read", "write"}
        assert job["timeout-minutes"] <= 45, name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_with_their_version_beside(path: Path) -> None:
    """A tag can be moved to other code."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if "uses:" in line:
            assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_expression_stands_in_a_script(path: Path) -> None:
    """What others write would be run; values reach a script through its environment."""
    for step in steps(path):
        assert "${{" not in step.get("run", "")
        if str(step.get("uses", "")).startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


def test_no_job_of_a_pull_request_is_in_the_production_environment() -> None:
    """Nor in any but the one whose identity only reads."""
    for name, job in jobs("pull-request.yml").items():
        assert job.get("environment") in (None, "preview"), name


def test_credentials_are_for_branches_of_this_repository_only() -> None:
    """A fork's or Dependabot's code never runs beside them."""
    for name, job in jobs("pull-request.yml").items():
        if "id-token" in job["permissions"]:
            assert "head.repo.full_name == github.repository" in job["if"], name
            assert "dependabot[bot]" in job["if"], name
    [comment] = [step for step in jobs("pull-request.yml")["diff"]["steps"] if step.get("name") == "Comment"]
    assert "head.repo.full_name == github.repository" in comment["if"]


def test_the_diff_is_against_the_base_that_was_merged_with() -> None:
    """The first parent of what is checked out; the event's own may be older, and others' changes would show."""
    checkout, *rest = jobs("pull-request.yml")["diff"]["steps"]
    assert checkout["with"] == {"persist-credentials": False, "fetch-depth": 0}, "the merge commit, with its parents"
    [write] = [step for step in rest if step.get("id") == "diff"]
    assert "diff --base HEAD^1 " in write["run"]


def test_a_fork_has_the_diff_in_its_summary_and_as_an_artifact() -> None:
    """Whoever cannot be commented to can still read it, also where it fails."""
    diff = jobs("pull-request.yml")["diff"]["steps"]
    [write] = [step for step in diff if step.get("id") == "diff"]
    assert "GITHUB_STEP_SUMMARY" in write["run"]
    assert "|| status=$?" in write["run"], "a failing diff is shown before it fails the job"
    assert any("upload-artifact" in step.get("uses", "") for step in diff)
    assert diff[-1]["run"] == 'exit "$STATUS"'


def test_staging_is_applied_before_prod_and_prod_waits_for_its_environment() -> None:
    """After the tests, on a merge to main only."""
    assert read(FOLDER / "apply.yml")["on"] == {"push": {"branches": ["main"]}}
    apply = jobs("apply.yml")
    assert (apply["staging"]["needs"], apply["prod"]["needs"]) == ("test", "staging")
    assert apply["prod"]["environment"] == "production"


@pytest.mark.parametrize(
    ("workflow", "job", "group"),
    [
        ("apply.yml", "staging", "stack-staging"),
        ("apply.yml", "prod", "stack-prod"),
        # In the updates' group it would take the place of an update that waits: GitHub keeps one waiting and no more.
        ("drift.yml", "drift", "drift-${{ matrix.stack }}"),
    ],
)
def test_a_stack_is_touched_by_one_run_at_a_time_and_none_is_cut_off(workflow: str, job: str, group: str) -> None:
    """A cancelled update leaves a lock and half of the change."""
    assert jobs(workflow)[job]["concurrency"] == {"group": group, "cancel-in-progress": False}


def test_identities_are_keyless() -> None:
    """No key of a service account in any secret; the one secret is GitHub's, in the production environment."""
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    assert "credentials_json" not in text
    assert re.findall(r"secrets\.(\w+)", text) == ["MANAGEMENT_TOKEN"]


def test_drift_is_looked_for_every_night() -> None:
    """And by hand."""
    triggers = read(FOLDER / "drift.yml")["on"]
    assert re.fullmatch(r"\d+ \d+ \* \* \*", triggers["schedule"][0]["cron"])
    assert "workflow_dispatch" in triggers


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_command_in_a_workflow_exists(path: Path) -> None:
    """Of the command line and of the Makefile."""
    targets = set(re.findall(r"^([.\w/-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    for step in steps(path):
        script = step.get("run", "")
        assert set(re.findall(r"bin/readiness (\w+)", script)) <= cli.commands.keys()
        assert set(re.findall(r"\bmake ([.\w/-]+)", script)) <= targets
