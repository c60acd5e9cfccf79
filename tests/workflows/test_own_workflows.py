"""This repository's workflows give nothing to a pull request that it should not have, and cut off no update."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from readiness.cli.main import cli
from readiness.live.pull_request_run import ARTIFACT, PLANS_WORKFLOW
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
        if re.search(r"\buses:", line):
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


def test_the_job_that_runs_a_pull_request_s_code_has_no_right_but_to_read() -> None:
    """No secret, no identity, no environment, and no token left in the checkout: `contents: read` is all."""
    assert read(FOLDER / "plans.yml")["on"] == {"pull_request": None}
    (job,) = jobs("plans.yml").values()
    assert job["permissions"] == {"contents": "read"}
    assert "environment" not in job
    text = (FOLDER / "plans.yml").read_text(encoding="utf-8")
    assert not re.search(r"secrets\.|github\.token|vars\.", text)
    assert job["steps"][-1]["with"]["name"] == ARTIFACT
    assert PLANS_WORKFLOW == ".github/workflows/plans.yml"


def test_the_plans_are_recorded_by_the_default_branch() -> None:
    """So that they have the format that the judge reads, whatever the pull request does to it."""
    head, base, *rest = jobs("plans.yml")["plans"]["steps"]
    assert (head["with"]["path"], base["with"]["path"]) == ("head", "base")
    assert base["with"]["ref"] == "${{ github.event.repository.default_branch }}"
    [make] = [step["run"] for step in rest if "pull-request plans" in step.get("run", "")]
    assert make.startswith("base/.venv/bin/readiness ")
    assert "--project head --python head/.venv/bin/python" in make


def test_the_judge_runs_and_checks_out_nothing_of_the_pull_request() -> None:
    """The one checkout is of the default branch, which is what `workflow_run` gives where nothing is named."""
    document = read(FOLDER / "judge.yml")
    assert document["on"] == {
        "workflow_run": {"workflows": [read(FOLDER / "plans.yml")["name"]], "types": ["completed"]}
    }
    (job,) = document["jobs"].values()
    assert job["permissions"] == {
        "contents": "read", "actions": "read", "pull-requests": "write", "statuses": "write",
    }  # fmt: skip
    used = [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step]
    assert used == ["actions/checkout", "actions/setup-python"], "no cache and no download that a run could have filled"
    assert job["steps"][0]["with"] == {"persist-credentials": False}
    text = (FOLDER / "judge.yml").read_text(encoding="utf-8")
    # Of the event, names for the concurrency group and what decides whether the job runs; none reaches a script.
    assert set(re.findall(r"github\.event\.[\w.]+", text)) == {
        "github.event.workflow_run.head_repository.full_name",
        "github.event.workflow_run.head_branch",
        "github.event.workflow_run.event",
        "github.event.workflow_run.conclusion",
    }


def test_the_step_that_reads_the_pull_request_s_data_has_no_token() -> None:
    """And number and head reach the others from GitHub's answers, not from the artifact."""
    steps_by_id = {step.get("id") or step.get("name", ""): step for step in jobs("judge.yml")["judge"]["steps"]}
    assert "token" not in str(steps_by_id["judge"].get("env", {})).lower()
    assert " --base HEAD --pull-request " in steps_by_id["judge"]["run"]
    passed_on = {
        "${{ github.token }}",
        "${{ steps.pull-request.outputs.number }}",
        "${{ steps.pull-request.outputs.head }}",
    }
    assert set(steps_by_id["Comment"]["env"].values()) <= passed_on
    status = steps_by_id["Set the status of the commit"]
    assert set(status["env"].values()) <= {*passed_on, "${{ steps.judge.outputs.status }}"}
    assert status["if"] == steps_by_id["Comment"]["if"] == "!cancelled() && steps.pull-request.outputs.number != ''"


def test_a_fork_has_the_report_in_the_summary_of_the_judge() -> None:
    """Whatever becomes of the comment, and also where the verdict is a failure."""
    [judge] = [step for step in jobs("judge.yml")["judge"]["steps"] if step.get("id") == "judge"]
    assert "GITHUB_STEP_SUMMARY" in judge["run"]
    assert "|| status=$?" in judge["run"], "a failing diff is shown before it fails"


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
        assert set(re.findall(r"bin/readiness ([\w-]+)", script)) <= cli.commands.keys()
        assert set(re.findall(r"\bmake ([.\w/-]+)", script)) <= targets
