"""This repository's workflows give nothing to a pull request that it should not have, and cut off no update."""

from __future__ import annotations

import json
import operator
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from readiness.cli.main import cli
from readiness.live.pull_request_run import ARTIFACT, PLANS_WORKFLOW, PREVIEWS_WORKFLOW, STATUS
from readiness.plan.pull_request_folder import stack_of_artifact
from tests.projects import ROOT, settings_of
from tools.find_tool import PULUMI

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
        assert job["timeout-minutes"] <= (90 if "id-token" not in job["permissions"] else 360), name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_with_their_version_beside(path: Path) -> None:
    """A tag can be moved to other code."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if re.search(r"\buses:", line):
            assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_expression_is_in_a_script(path: Path) -> None:
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


def test_a_merge_queue_gets_every_check_that_a_pull_request_gets() -> None:
    """Otherwise the queue would wait forever for a required check. No job of it has credentials."""
    document = read(FOLDER / "pull-request.yml")
    assert document["on"].keys() == {"pull_request", "merge_group"}
    assert document["concurrency"]["group"].endswith("${{ github.event.pull_request.number || github.ref }}")
    assert (
        "github.event.pull_request.head.repo.full_name == github.repository"
        in jobs("pull-request.yml")["preview"]["if"]
    )
    queue = read(FOLDER / "merge-queue.yml")
    assert queue["on"] == {"merge_group": None}
    (job,) = jobs("merge-queue.yml").values()
    assert (job["name"], job["permissions"]) == (STATUS, {"contents": "read"})
    assert '--base "$BASE"' in job["steps"][-1]["run"]
    text = (FOLDER / "merge-queue.yml").read_text(encoding="utf-8")
    assert not re.search(r"secrets\.|github\.token|vars\.", text)


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
    started_by = [read(ROOT / workflow)["name"] for workflow in (PLANS_WORKFLOW, PREVIEWS_WORKFLOW)]
    assert document["on"] == {"workflow_run": {"workflows": started_by, "types": ["completed"]}}
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


def test_a_run_that_is_not_judged_cancels_no_judge() -> None:
    """A push cancels the runs before it, which end when the judge of the newer ones may be at work."""
    document = read(FOLDER / "judge.yml")
    assert document["jobs"]["judge"]["if"].endswith("github.event.workflow_run.conclusion != 'cancelled'")
    own_group, _, shared = document["concurrency"]["group"].partition("}}-")
    assert own_group == ("judge-${{ github.event.workflow_run.conclusion == 'cancelled' && github.run_id || 'newest' ")
    assert shared == (
        "${{ github.event.workflow_run.head_repository.full_name }}-${{ github.event.workflow_run.head_branch }}"
    )


def test_a_preview_is_handed_to_the_judge_without_values() -> None:
    """By the name that the judge looks for; what `pulumi` itself prints is in the log alone, which masks secrets."""
    *_, preview, upload = jobs("pull-request.yml")["preview"]["steps"]
    assert preview["run"] == '.venv/bin/readiness preview "$STACK" --json-to "$RUNNER_TEMP/preview-$STACK.json"'
    assert upload["uses"].startswith("actions/upload-artifact@")
    assert upload["if"] == "!cancelled()", "one that failed says why"
    matrix = "${{ matrix.stack }}"
    assert upload["with"]["path"] == f"${{{{ runner.temp }}}}/preview-{matrix}.json"
    assert stack_of_artifact(upload["with"]["name"].replace(matrix, "eu-1")) == "eu-1"


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
    assert set(steps_by_id["Comment on the pull request"]["env"].values()) <= passed_on
    status = steps_by_id["Set the status of the commit"]
    assert set(status["env"].values()) <= {*passed_on, "${{ steps.judge.outputs.status }}"}
    assert (
        status["if"]
        == steps_by_id["Comment on the pull request"]["if"]
        == "!cancelled() && steps.pull-request.outputs.number != ''"
    )


def test_a_fork_has_the_report_in_the_summary_of_the_judge() -> None:
    """Whatever becomes of the comment, and also where the verdict is a failure."""
    [judge] = [step for step in jobs("judge.yml")["judge"]["steps"] if step.get("id") == "judge"]
    assert "GITHUB_STEP_SUMMARY" in judge["run"]
    assert "|| status=$?" in judge["run"], "a failing diff is shown before it fails"


STACK_JOBS = ("staging", "prod")


def test_a_stack_is_applied_after_those_before_it_in_its_own_environment() -> None:
    """After the tests, on a merge to main or by hand."""
    assert read(FOLDER / "apply.yml")["on"] == {"push": {"branches": ["main"]}, "workflow_dispatch": None}
    apply = jobs("apply.yml")
    assert apply["staging"]["needs"] == ["test", "scope"]
    assert apply["prod"]["needs"] == ["test", "scope", "staging"]
    assert apply["prod"]["environment"] == "production"
    assert apply["scope"]["if"] == "github.ref == 'refs/heads/main'", "else nothing is in the scope"


def test_no_update_is_cut_off_and_no_merge_is_dropped() -> None:
    """A job waits behind those before it, also while one of them waits for an approval; none takes another's place.

    A time limit below GitHub's own could end a running update. The nightly check is in a group of its own.
    """
    for name in STACK_JOBS:
        job = jobs("apply.yml")[name]
        assert job["concurrency"] == {"group": f"stack-{name}", "cancel-in-progress": False, "queue": "max"}
        assert job["timeout-minutes"] == 360
    assert jobs("drift.yml")["drift"]["concurrency"]["group"] == "drift-${{ matrix.stack }}"


@pytest.mark.parametrize("name", STACK_JOBS)
def test_a_job_applies_the_commit_that_was_approved(name: str) -> None:
    """It is checked out by its id with its history, and compared before there is a credential for any cloud."""
    steps = jobs("apply.yml")[name]["steps"]
    assert steps[0]["with"] == {"ref": "${{ github.sha }}", "fetch-depth": 0, "persist-credentials": False}
    order = [step.get("run") or step["uses"].partition("@")[0] for step in steps]
    begin, up = f".venv/bin/readiness ci begin {name}", f".venv/bin/readiness up {name} --yes --summary"
    assert order.index(begin) < order.index("google-github-actions/auth") < order.index(up)
    assert order[-1] == up


# What the jobs before it say of themselves, and whether a stack's job then runs.
RESULTS = [
    ({"test": "success", "scope": "success", "staging": "success"}, '["staging", "prod"]', True),
    ({"test": "success", "scope": "success", "staging": "skipped"}, '["prod"]', True),
    ({"test": "success", "scope": "success", "staging": "success"}, '["staging"]', False),
    ({"test": "success", "scope": "success", "staging": "skipped"}, "[]", False),
    ({"test": "success", "scope": "success", "staging": "failure"}, '["staging", "prod"]', False),
    ({"test": "success", "scope": "success", "staging": "cancelled"}, '["staging", "prod"]', False),
    ({"test": "failure", "scope": "success", "staging": "skipped"}, '["staging", "prod"]', False),
    ({"test": "success", "scope": "failure", "staging": "skipped"}, "", False),
    ({"test": "success", "scope": "skipped", "staging": "skipped"}, "", False),
]


@pytest.mark.parametrize(("results", "stacks", "expected"), RESULTS)
def test_a_job_runs_only_after_successes_and_for_a_stack_in_the_scope(
    results: dict[str, str], stacks: str, expected: bool
) -> None:
    """The condition itself is evaluated, with Python's words in place of GitHub's."""
    condition = jobs("apply.yml")["prod"]["if"]
    for old, new in (
        ("!cancelled()", "True"), ("needs.*.result", "results"), ("!contains", "not contains"), ("&&", "and"),
        ("needs.scope.outputs.stacks || '[]'", "stacks or '[]'"),
    ):  # fmt: skip
        assert old in condition
        condition = condition.replace(old, new)
    names = {
        "contains": operator.contains, "fromJSON": json.loads,
        "results": list(results.values()), "stacks": stacks,
    }  # fmt: skip
    assert eval(condition, {"__builtins__": {}}, names) is expected  # noqa: S307 - our own workflow


def test_a_failure_of_any_job_is_reported_with_the_right_to_write_issues_alone() -> None:
    """Also of one that was rejected, and with no identity of a cloud."""
    report = jobs("apply.yml")["report"]
    assert report["needs"] == ["test", "scope", *STACK_JOBS]
    assert report["if"].startswith("always()")
    assert report["permissions"] == {"contents": "read", "issues": "write"}
    assert "environment" not in report


def test_the_night_waits_for_nobody() -> None:
    """Its environment is not the one whose reviewers look at pull requests."""
    assert jobs("drift.yml")["drift"]["environment"] == "drift"


@pytest.mark.parametrize(("workflow", "job", "right"), [("apply.yml", "prod", "write"), ("drift.yml", "drift", "read")])
def test_the_token_for_the_application_is_minted_for_its_repository_alone(workflow: str, job: str, right: str) -> None:
    """With rights by name: without one, the token would have all rights of the App."""
    [app] = [step["with"] for step in jobs(workflow)[job]["steps"] if "create-github-app-token" in step.get("uses", "")]
    settings = settings_of("prod")
    assert (app["owner"], app["repositories"]) == (settings.github_owner, settings.repository.name)
    rights = {name.removeprefix("permission-"): value for name, value in app.items() if name.startswith("permission-")}
    assert rights == {"actions": "read", "administration": right, "issues": right, "secrets": right}
    others = [name for name, text in jobs(workflow).items() if name != job and "private-key" in str(text)]
    assert others == []


@pytest.mark.parametrize("path", [FOLDER / "apply.yml", FOLDER / "drift.yml"], ids=lambda path: path.name)
def test_the_engine_is_the_pinned_one(path: Path) -> None:
    """The version that the tests run; `plugins.lock.json` then checks its files."""
    versions = [step.get("with") for step in steps(path) if step.get("uses", "").startswith("pulumi/actions@")]
    assert versions
    assert all(version == {"pulumi-version-file": ".pulumi.version"} for version in versions)
    pinned = (ROOT / ".pulumi.version").read_text(encoding="utf-8").strip()
    assert f"v{pinned}" == PULUMI.pinned_version()


def test_identities_are_keyless() -> None:
    """No key of a service account in any secret; those that there are belong to GitHub."""
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    assert "credentials_json" not in text
    assert set(re.findall(r"secrets\.(\w+)", text)) == {
        "APPLY_APP_PRIVATE_KEY", "MANAGEMENT_TOKEN", "PREVIEW_APP_PRIVATE_KEY",
    }  # fmt: skip


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
