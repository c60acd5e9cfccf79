"""The alerts on deployments: one failed, too many of the last 20 failed, none has succeeded for days.

The stack that owns the telemetry declares the counter. The workflows of the application's repository write the two
figures. A policy may exist before its metrics, and does not fire until they exist.
"""

from __future__ import annotations

from collections.abc import Mapping

from readiness.alerts.commands import (
    LIST_FAILED_RUNS,
    LIST_REVISIONS,
    LIST_RUNS,
    RERUN_FAILED_JOBS,
    ROLL_BACK,
)
from readiness.alerts.definition import AlertDefinition, percent
from readiness.alerts.deployment_figures import DAYS_SINCE_SUCCESS, SUCCESS_RATIO_20, last_value
from readiness.alerts.deployment_metrics import deployments
from readiness.alerts.selectors import window
from readiness.settings.channels import EMAIL_ONLY, TEAM
from readiness.settings.delivery import DeliveryAlerts
from readiness.settings.model import Settings

# How long a failed deployment keeps its alert open.
FAILURE_WINDOW_SECONDS = 600


def _limits(settings: Settings) -> DeliveryAlerts:
    limits = settings.alerts.delivery
    assert limits is not None, "the alert is declared only where its limits are set"
    return limits


def _declared(settings: Settings) -> bool:
    return settings.alerts.delivery is not None


def _environment(settings: Settings) -> str:
    return settings.environment.name


def _values(settings: Settings) -> Mapping[str, str]:
    environment = settings.environment.name
    return {
        "deployments": deployments(settings.project, environment).promql_name,
        "failure_window": window(FAILURE_WINDOW_SECONDS),
        "success_ratio": last_value(SUCCESS_RATIO_20, environment),
        "days_since_success": last_value(DAYS_SINCE_SUCCESS, environment),
    }


def _no_duration(_settings: Settings) -> int:
    return 0


def _max_failure_ratio(settings: Settings) -> float:
    return round(1 - _limits(settings).min_success_ratio, 6)


DEPLOYMENT_FAILED = AlertDefinition(
    name="DeploymentFailed",
    title="Deployment failed",
    severity="WARNING",
    # The workflows themselves post each failure to Slack.
    channel_kinds=EMAIL_ONLY,
    # A new counter's first event counts on Monitoring and not in Prometheus: definition.py, "Rare events".
    query=('increase($deployments{monitored_resource="global",outcome="failure"}[$failure_window]) > $threshold'),
    threshold=lambda _settings: 0.0,
    duration_seconds=_no_duration,
    condition=lambda _settings: "A deployment failed",
    meaning=(
        "The job that deploys failed in a workflow run. The previous revision still serves, unless the job failed "
        "after it had moved the traffic. A refused approval and a cancelled run do not count as failures."
    ),
    first_steps=(
        f"Open the failed run, and read the step that failed: {LIST_FAILED_RUNS} and `gh run view RUN_ID "
        "--repo=$repository --log-failed`. Did the build, the migration, the deployment or the health check fail?",
        f"Check which revision serves: {LIST_REVISIONS}. If it is the new one and it is unhealthy, roll back first.",
        f"Check that the same commit was deployed to staging: {LIST_RUNS}.",
    ),
    causes=("A build or test that fails", "A missing secret or variable", "An image that does not exist", "A quota"),
    mitigation=(
        ROLL_BACK,
        RERUN_FAILED_JOBS,
        "Revert the commit, and deploy the revert. This lists the commit of each run: `gh run list --repo=$repository "
        "--limit=10 --json=headSha,conclusion,displayTitle`.",
    ),
    console_path=lambda _settings: "run",
    value="the number of failed deployments in the window",
    subject=_environment,
    query_values=_values,
    reads_late_metrics=True,
    declared_by=_declared,
)

LOW_DEPLOYMENT_SUCCESS = AlertDefinition(
    name="LowDeploymentSuccess",
    title="Low deployment success",
    severity="WARNING",
    channel_kinds=TEAM,
    # Rounded: 1 - 0.95 is 0.050000000000000044, and that is above 0.05.
    query="round(1 - $success_ratio, 0.001) > $threshold",
    threshold=_max_failure_ratio,
    duration_seconds=_no_duration,
    condition=lambda settings: f"Fewer than {percent(_limits(settings).min_success_ratio)} of 20 deployments succeeded",
    meaning=(
        "Of the last 20 deployments that succeeded or failed, more failed than the target allows. The figure exists "
        "from the twentieth deployment on. The alert closes when enough later deployments have succeeded."
    ),
    first_steps=(
        f"List the failed runs of the workflows that deploy: {LIST_FAILED_RUNS}. Is it one bad day, or a trend over "
        "weeks?",
        "Sort them by the step that failed: `gh run view RUN_ID --repo=$repository --log-failed`. Is there one cause, "
        "or many?",
        "Deploy nothing more to production until the cause is known.",
    ),
    causes=("A flaky test or build", "Runs that are repeated although nobody fixed the cause", "An expired credential"),
    mitigation=(
        "Fix the step that failed most often. This shows the steps of a run: `gh run view RUN_ID --repo=$repository`.",
        RERUN_FAILED_JOBS,
    ),
    console_path=lambda _settings: "run",
    value="the share of the last 20 deployments that failed: 0.05 is 5 %",
    subject=_environment,
    query_values=_values,
    reads_late_metrics=True,
    declared_by=_declared,
)

NO_DEPLOYMENT_SUCCESS = AlertDefinition(
    name="NoDeploymentSuccess",
    title="No deployment success",
    severity="WARNING",
    channel_kinds=TEAM,
    query="$days_since_success > $threshold",
    threshold=lambda settings: float(_limits(settings).max_days_without_success),
    duration_seconds=_no_duration,
    condition=lambda settings: f"No deployment succeeded for {_limits(settings).max_days_without_success:g} days",
    meaning=(
        "No deployment has succeeded for longer than the limit. The serving version gets old: security updates wait, "
        "and the next deployment is large."
    ),
    first_steps=(
        f"List the runs of the workflows that deploy: {LIST_RUNS}. Do they fail, do they wait for an approval, or "
        "does nobody start one?",
        "If a run waits, ask a reviewer to approve it. This lists the reviewers: `gh api "
        "repos/$repository/environments`.",
        "If nobody starts a run, deploy the commit that staging runs.",
    ),
    causes=("Failing deployments that nobody fixes", "A reviewer who is away", "A time without changes"),
    mitigation=(
        RERUN_FAILED_JOBS,
        "If no deployments are planned, raise `max_days_without_success` in the settings, and apply it: `readiness up "
        "$stack`.",
    ),
    console_path=lambda _settings: "run",
    value="the number of days since the last deployment that succeeded",
    subject=_environment,
    query_values=_values,
    reads_late_metrics=True,
    declared_by=_declared,
)

DELIVERY_ALERTS = (DEPLOYMENT_FAILED, LOW_DEPLOYMENT_SUCCESS, NO_DEPLOYMENT_SUCCESS)
