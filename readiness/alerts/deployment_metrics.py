"""The log-based metrics of deployments: a set for each environment, whose name is part of their names.

A change of labels or buckets makes a metric's data unusable (gcloud's help on log metrics), so such a change needs a
new version in the name. Each label has few values: never a commit, a run or a person.
"""

from __future__ import annotations

from readiness.alerts.log_metric import DEPLOYMENT_LOG, LogMetric

# Buckets around the targets of 8 and 10 minutes are one minute wide, because a percentile must be exact there.
DURATION_BOUNDS = (60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 660, 720, 900, 1200, 1800, 3600)
# From minutes to weeks. Buckets around the target of 30 minutes are five minutes wide.
RECOVERY_BOUNDS = (
    60, 300, 600, 900, 1200, 1500, 1800, 2100, 2400, 3600, 7200, 14_400, 43_200, 86_400, 259_200, 604_800, 1_209_600,
)  # fmt: skip
# From an hour to three months.
LEAD_BOUNDS = (
    3600, 14_400, 43_200, 86_400, 172_800, 259_200, 432_000, 604_800, 1_209_600, 2_419_200, 4_838_400, 7_776_000,
)  # fmt: skip

# Part of the metric descriptor: a change of a description here could make the collected data unusable.
LABELS = {
    "alert": "the alert that the incident was of",
    "outcome": "success, failure, cancelled, or not_started where an approval was refused",
    "service": "all, or the Cloud Run service that was rolled back",
}


def deployments(project: str, environment: str) -> LogMetric:
    """Counts deployments by outcome."""
    return _metric("deployments", project, environment, "deployment", "Deployments to", labels=("service", "outcome"))


def deployment_duration(project: str, environment: str) -> LogMetric:
    """How long the job that deploys ran."""
    return _metric(
        "deployment_duration",
        project,
        environment,
        "deployment",
        "Seconds that a deployment took to",
        labels=("service", "outcome"),
        value="duration_seconds",
        bounds=DURATION_BOUNDS,
    )


def rollback_duration(project: str, environment: str) -> LogMetric:
    """How long a bad revision served before it was rolled back."""
    return _metric(
        "rollback_duration",
        project,
        environment,
        "rollback",
        "Seconds from a deployment to its rollback in",
        labels=("service",),
        value="duration_seconds",
        bounds=RECOVERY_BOUNDS,
    )


def restore_duration(project: str, environment: str) -> LogMetric:
    """From a failed change to the rollback or the deployment that ended it, whichever came first."""
    return _metric(
        "restore_duration",
        project,
        environment,
        "recovery",
        "Seconds from a failed change to its rollback or the next success in",
        labels=("service",),
        value="restore_seconds",
        bounds=RECOVERY_BOUNDS,
    )


def incident_duration(project: str, environment: str) -> LogMetric:
    """From the opening of an incident that pages somebody to its closing."""
    return _metric(
        "incident_duration",
        project,
        environment,
        "incident",
        "Seconds that an incident was open in",
        labels=("alert",),
        value="incident_seconds",
        bounds=RECOVERY_BOUNDS,
    )


def lead_time(project: str, environment: str) -> LogMetric:
    """From the commit of a change to its deployment. For a deployment, the median of its changes."""
    return _metric(
        "lead_time",
        project,
        environment,
        "deployment",
        "Seconds from the commit of a change to its deployment to",
        labels=("service",),
        value="lead_seconds",
        bounds=LEAD_BOUNDS,
    )


def failed_changes(project: str, environment: str) -> LogMetric:
    """Counts deployments that failed or were rolled back, each once."""
    return _metric("failed_changes", project, environment, "failed_change", "Failed changes in", labels=("service",))


def rework(project: str, environment: str) -> LogMetric:
    """Counts deployments that were made because of a failed change or an incident."""
    return _metric(
        "rework",
        project,
        environment,
        "deployment",
        "Deployments because of a failed change or an incident to",
        labels=("service", "outcome"),
        conditions=('jsonPayload.rework="yes"',),
    )


def delivery_metrics(project: str, environment: str) -> tuple[LogMetric, ...]:
    """Every metric of an environment."""
    makers = (
        deployments,
        deployment_duration,
        rollback_duration,
        restore_duration,
        incident_duration,
        lead_time,
        failed_changes,
        rework,
    )
    return tuple(make(project, environment) for make in makers)


def _metric(
    kind: str,
    project: str,
    environment: str,
    event: str,
    what: str,
    *,
    labels: tuple[str, ...],
    value: str | None = None,
    bounds: tuple[int, ...] = (),
    conditions: tuple[str, ...] = (),
) -> LogMetric:
    lines = [
        f'logName="projects/{project}/logs/{DEPLOYMENT_LOG}"',
        "jsonPayload.schema=1",
        f'jsonPayload.event="{event}"',
        f'jsonPayload.environment="{environment}"',
        *conditions,
        # A missing value would be extracted as 0.
        *([f"jsonPayload.{value}>=0"] if value else []),
    ]
    return LogMetric(
        slug=kind.replace("_", "-"),
        name=f"readiness_{environment.replace('-', '_')}_{kind}_v1",
        description=f"{what} {environment}",
        filter="\n".join(lines),
        labels={label: LABELS[label] for label in labels},
        value_field=value,
        unit="s" if value else "1",
        bounds=bounds,
    )
