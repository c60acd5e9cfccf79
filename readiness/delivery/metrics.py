"""The log-based metrics of deployments: a set for each environment, whose name stands in theirs.

Labels and buckets are settled once: changing either makes a metric's data unusable (gcloud's help on log metrics), so
that a change is a new version of the name. Labels have few values each: never a commit, a run or a person.
"""

from __future__ import annotations

from dataclasses import dataclass

from readiness.managed_files.delivery_files import DEPLOYMENT_LOG

# A minute wide around the targets of 8 and 10 minutes, where a percentile has to be exact.
DURATION_BOUNDS = (60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 660, 720, 900, 1200, 1800, 3600)
# From minutes to weeks; five minutes wide around the target of 30 minutes.
RECOVERY_BOUNDS = (
    60, 300, 600, 900, 1200, 1500, 1800, 2100, 2400, 3600, 7200, 14_400, 43_200, 86_400, 259_200, 604_800, 1_209_600,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryMetric:
    """A counter, or with `value` the distribution of a field in seconds. `labels` are fields of the entry, too."""

    kind: str
    name: str
    description: str
    filter: str
    labels: tuple[str, ...]
    value: str | None = None
    bounds: tuple[int, ...] = ()

    @property
    def type(self) -> str:
        """The metric's type in Monitoring."""
        return f"logging.googleapis.com/user/{self.name}"

    @property
    def promql_name(self) -> str:
        """The metric's name in PromQL, for a distribution without its suffix."""
        return f"logging_googleapis_com:user_{self.name}"


def deployments(project: str, environment: str) -> DeliveryMetric:
    """Counts deployments by outcome."""
    return _metric("deployments", project, environment, "deployment", "Deployments to", labels=("service", "outcome"))


def deployment_duration(project: str, environment: str) -> DeliveryMetric:
    """How long the deploying job ran."""
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


def rollback_duration(project: str, environment: str) -> DeliveryMetric:
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


def restore_duration(project: str, environment: str) -> DeliveryMetric:
    """From the first failed deployment to the one that succeeded."""
    return _metric(
        "restore_duration",
        project,
        environment,
        "deployment",
        "Seconds from a failed deployment to the next that succeeded in",
        labels=("service",),
        value="restore_seconds",
        bounds=RECOVERY_BOUNDS,
    )


def delivery_metrics(project: str, environment: str) -> tuple[DeliveryMetric, ...]:
    """Every metric of an environment."""
    makers = (deployments, deployment_duration, rollback_duration, restore_duration)
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
) -> DeliveryMetric:
    lines = [
        f'logName="projects/{project}/logs/{DEPLOYMENT_LOG}"',
        "jsonPayload.schema=1",
        f'jsonPayload.event="{event}"',
        f'jsonPayload.environment="{environment}"',
        # A value that is missing would be extracted as 0.
        *([f"jsonPayload.{value}>=0"] if value else []),
    ]
    return DeliveryMetric(
        kind=kind,
        name=f"readiness_{environment.replace('-', '_')}_{kind}_v1",
        description=f"{what} {environment}",
        filter="\n".join(lines),
        labels=labels,
        value=value,
        bounds=bounds,
    )
