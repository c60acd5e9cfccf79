"""The delivered workflows: valid, clean, in no one's way, and running nothing of the run that they tell of."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from readiness.delivered.delivery_files import INCIDENT_ALERTS, SETTINGS_PATH, WORKFLOWS
from readiness.delivered.delivery_telemetry.__main__ import COMMANDS
from readiness.delivered.delivery_telemetry.settings import read_settings
from tests.delivered.delivered import telemetry_files, telemetry_of, written, zizmor
from tests.projects import EVERY_OPTION

STACKS = ("prod", EVERY_OPTION)


def workflow(stack: str, name: str) -> dict[Any, Any]:
    """One of its workflows. YAML 1.1 reads the key `on` as true."""
    return yaml.safe_load(telemetry_files(stack)[f".github/workflows/{name}.yml"])


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_workflow_is_valid_by_githubs_schema(tmp_path: Path, stack: str, name: str) -> None:
    """GitHub shows a broken one as a failed run of each push."""
    file = written(tmp_path, telemetry_files(stack)) / ".github" / "workflows" / f"{name}.yml"
    result = CliRunner().invoke(check_jsonschema, ["--builtin-schema", "vendor.github-workflows", str(file)])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("stack", STACKS)
def test_zizmor_finds_nothing_in_them(tmp_path: Path, stack: str) -> None:
    """In the persona that reports most."""
    result = zizmor(written(tmp_path, telemetry_files(stack)) / ".github")
    assert result.returncode == 0, result.stdout + result.stderr


def test_zizmor_would_see_a_workflow_run_that_nobody_gave_a_reason_for(tmp_path: Path) -> None:
    """The check above can fail: without its reason the trigger is reported."""
    file = written(tmp_path, telemetry_files("prod")) / ".github" / "workflows" / "deployment-telemetry.yml"
    file.write_text(re.sub("# zizmor: ignore.*", "", file.read_text(encoding="utf-8")), encoding="utf-8")
    assert "dangerous-triggers" in zizmor(tmp_path / ".github").stdout


def test_the_one_dangerous_trigger_has_one_reasoned_exception() -> None:
    """A reason on the line itself, and none anywhere else."""
    texts = "".join(telemetry_files("prod").values())
    assert re.findall(r"zizmor: ignore\[dangerous-triggers\](.*)", texts) == [
        " nothing of the reported run is checked out or executed"
    ]


def test_nothing_of_the_reported_run_is_checked_out_or_executed() -> None:
    """The checkout takes the default branch's own commit; no step interpolates what the run's author chose."""
    (job,) = workflow("prod", "deployment-telemetry")["jobs"].values()
    checkouts = [step for step in job["steps"] if "checkout" in step.get("uses", "")]
    assert [step["with"] for step in checkouts] == [
        {"persist-credentials": False, "sparse-checkout": ".github/readiness"}
    ], "no ref: `workflow_run` runs at the default branch"
    for step in job["steps"]:
        assert "download-artifact" not in step.get("uses", "")
        assert "${{" not in step.get("run", ""), "nothing is pasted into a command"
        assert "github.event" not in str(step), "the program reads the event from its file, as data"
    assert [step["run"] for step in job["steps"] if "run" in step] == ["python3 -m delivery_telemetry workflow-run"]


def test_it_listens_to_exactly_the_deployment_workflows() -> None:
    """By the names that they have on GitHub; runs of pull requests do not even start a runner."""
    telling = workflow("prod", "deployment-telemetry")
    assert telling[True]["workflow_run"] == {
        "workflows": ["CI and Deploy to Staging", "Deploy to Production"],
        "types": ["requested", "in_progress", "completed"],
    }
    (job,) = telling["jobs"].values()
    assert "github.event.workflow_run.event != 'pull_request'" in job["if"]


def test_no_event_takes_anothers_place() -> None:
    """GitHub keeps one waiting run of a group: a common one would lose a deployment between two others."""
    group = workflow("prod", "deployment-telemetry")["concurrency"]["group"]
    for part in ("workflow_run.id", "workflow_run.run_attempt", "event.action"):
        assert part in group


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_read_and_be_vouched_for_and_nothing_else(name: str) -> None:
    """It cannot change the repository; every action is pinned to a commit."""
    text = workflow("prod", name)
    assert text["permissions"] == {}
    for job in text["jobs"].values():
        assert set(job["permissions"].items()) <= {
            ("actions", "read"), ("checks", "read"), ("contents", "read"), ("id-token", "write")
        }  # fmt: skip
        assert "github.repository == 'o/r'" in job["if"], "a fork has neither the secret nor the identity"
        assert job["timeout-minutes"] <= 20
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"])


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_holds_no_key(name: str) -> None:
    """Google's token lasts an hour, and is got by the workflow's own identity."""
    (job,) = workflow("prod", name)["jobs"].values()
    (auth,) = [step["with"] for step in job["steps"] if "google-github-actions/auth" in step.get("uses", "")]
    assert auth == {
        "workload_identity_provider": telemetry_of("prod").workload_identity_provider,
        "service_account": "github-actions-deployer@ytgrs-464303.iam.gserviceaccount.com",
        "token_format": "access_token",
        "create_credentials_file": False,
    }


def test_every_command_that_a_workflow_calls_exists() -> None:
    """And every command is called."""
    texts = [telemetry_files("prod")[f".github/workflows/{name}.yml"] for name in WORKFLOWS]
    called = {found for text in texts for found in re.findall(r"-m delivery_telemetry ([a-z-]+)", text)}
    reports = workflow("prod", "delivery-reports")
    called |= set(reports[True]["workflow_dispatch"]["inputs"]["what"]["options"])
    assert called == set(COMMANDS)


def test_each_schedule_has_its_command() -> None:
    """The expression compares with the very texts of the schedule."""
    reports = workflow("prod", "delivery-reports")
    daily, weekly, monthly = (trigger["cron"] for trigger in reports[True]["schedule"])
    (job,) = reports["jobs"].values()
    what = job["steps"][-1]["env"]["WHAT"]
    assert f"github.event.schedule == '{weekly}' && 'week'" in what
    assert f"github.event.schedule == '{monthly}' && 'month'" in what
    assert what.endswith("|| 'figures' }}")
    assert daily == "17 5,17 * * *"


def test_the_watch_looks_as_often_as_the_settings_say() -> None:
    """Every 15 minutes by default, 30 in the fixture stack."""
    crons = [workflow(stack, "rollback-watch")[True]["schedule"][0]["cron"] for stack in STACKS]
    assert crons == ["*/15 * * * *", "*/30 * * * *"]


@pytest.mark.parametrize("stack", STACKS)
def test_every_setting_arrives_where_the_program_reads_it(tmp_path: Path, stack: str) -> None:
    """Quotation marks and all, through TOML and back."""
    telemetry = telemetry_of(stack)
    read = read_settings(written(tmp_path, telemetry_files(stack)) / SETTINGS_PATH)
    assert (read.project, read.log) == ("some-project", "readiness-deployments")
    assert (read.success_ratio, read.restore_seconds) == (
        telemetry.target_success_ratio,
        telemetry.target_restore_seconds,
    )
    assert read.slack_reports is telemetry.slack_reports
    assert (read.incident_alerts, read.default_branch) == (INCIDENT_ALERTS, "main")
    for wanted, figure in zip(telemetry.quality, read.quality, strict=True):
        assert (figure.name, figure.file, figure.job) == (wanted.name, wanted.workflow_file, wanted.job)
        assert (figure.annotation, figure.at_least) == (wanted.annotation, wanted.at_least)
        assert figure.at_most == wanted.at_most
    for ours, theirs in zip(telemetry.environments, read.environments, strict=True):
        assert (theirs.name, theirs.workflow, theirs.file, theirs.job) == (
            ours.name,
            ours.workflow,
            ours.workflow_file,
            ours.job,
        )
        assert (theirs.services, theirs.slack_events) == (ours.services, ours.slack_events)
        assert theirs.deployments_per_week == ours.target_deployments_per_week
        assert theirs.duration_seconds == ours.target_duration_seconds


def test_by_default_slack_hears_what_the_customers_workflows_do_not_send() -> None:
    """Started, succeeded and failed they send themselves: twice is noise."""
    read = tomllib.loads(telemetry_files("prod")[SETTINGS_PATH])
    assert {environment["name"]: environment["slack_events"] for environment in read["environments"]} == {
        "staging": [],
        "production": ["waiting", "rollback"],
    }
