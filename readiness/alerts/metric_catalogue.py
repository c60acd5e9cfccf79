"""The metrics and labels that alerts may read. A query on a metric or label that does not exist never fires.

Sources: Google's lists of metrics (https://cloud.google.com/monitoring/api/metrics_gcp) and of resource types with
their labels (https://cloud.google.com/monitoring/api/resources). docs/facts/monitoring.md lists what a metric leaves
out (#what-cloud-runs-metrics-leave-out). `check --plan` refuses an alert on a metric that is not listed here: add it.

A sample may become visible only some time after it was taken ("After sampling, data is not visible for up to 120
seconds"). It is not documented whether Monitoring evaluates a rule at the present time or later, so a rule on a gauge
must work in both cases. `readiness/rules/alert_lint.py` refuses a window that is shorter than the delay and two
samples.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from readiness.alerts.deployment_metrics import delivery_metrics
from readiness.json_values import as_object, as_objects
from readiness.resource_types import ALERT_POLICY, LOG_METRIC, UPTIME_CHECK

Kind = Literal["GAUGE", "DELTA"]
# `share` is a ratio from 0 to 1. Google's lists call it `10^2.%`.
Unit = Literal["1", "ms", "share", "days", "bytes"]

# Labels of each resource type, in addition to `project_id`.
RESOURCE_LABELS: Mapping[str, frozenset[str]] = {
    "cloud_run_revision": frozenset({"service_name", "revision_name", "location", "configuration_name"}),
    "cloud_run_job": frozenset({"job_name", "location"}),
    "cloudsql_database": frozenset({"database_id", "region"}),
    "uptime_url": frozenset({"host"}),
    "audited_resource": frozenset({"service", "method"}),
    "global": frozenset(),
}
_EVERY_RESOURCE = frozenset({"project_id", "monitored_resource"})

# A distribution is three series in PromQL.
DISTRIBUTION_PARTS = ("_bucket", "_count", "_sum")

# Used for a metric without a documented delay: the longest documented delay in this list (165 s), in whole minutes.
ASSUMED_DELAY_SECONDS = 180
_METRICS_PAGE = "https://cloud.google.com/monitoring/api/"


@dataclass(frozen=True, kw_only=True, slots=True)
class VisibilityDelay:
    """The maximum time until a sample becomes visible, and the page that documents it."""

    seconds: int
    source: str


_CLOUD_RUN_CONTAINERS = VisibilityDelay(seconds=120, source=f"{_METRICS_PAGE}metrics_gcp_p_z")
_CLOUD_SQL = VisibilityDelay(seconds=165, source=f"{_METRICS_PAGE}metrics_gcp_c")
# "it may take up to 10 minutes to update the logs-based metrics"
_LOG_BASED = VisibilityDelay(
    seconds=600, source="https://cloud.google.com/logging/docs/logs-based-metrics/troubleshooting"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """One metric. `type` is Google's name. `labels` are its own labels, without those of its resource types.

    `delay`: how late its samples become visible. None if it is not documented.
    """

    type: str
    kind: Kind
    unit: Unit
    resources: tuple[str, ...]
    labels: frozenset[str] = frozenset()
    is_distribution: bool = False
    delay: VisibilityDelay | None = None
    sample_period_seconds: int = 60

    @property
    def min_gauge_window_seconds(self) -> int:
        """The shortest window in which a gauge has two samples, however late they become visible."""
        delay_seconds = ASSUMED_DELAY_SECONDS if self.delay is None else self.delay.seconds
        return delay_seconds + 2 * self.sample_period_seconds

    @property
    def promql_name(self) -> str:
        """The first `/` becomes `:`, every other special character `_` (docs/facts/monitoring.md#names-in-promql)."""
        service, _, path = self.type.partition("/")
        return f"{_underscored(service)}:{_underscored(path)}"

    @property
    def series_names(self) -> tuple[str, ...]:
        """The names that a query may use."""
        name = self.promql_name
        return tuple(f"{name}{part}" for part in DISTRIBUTION_PARTS) if self.is_distribution else (name,)

    def labels_on(self, resource: str) -> frozenset[str]:
        """Every label of its series on a resource type."""
        return self.labels | RESOURCE_LABELS[resource] | _EVERY_RESOURCE


def _underscored(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", text)


_REVISION = ("cloud_run_revision",)

_CHECK_PASSED = Metric(
    type="monitoring.googleapis.com/uptime_check/check_passed",
    kind="GAUGE",
    unit="1",
    resources=("uptime_url",),
    labels=frozenset({"check_id", "checker_location", "checked_resource_id"}),
)

# Gauges of a Cloud SQL instance without labels of their own, one sample a minute
# (https://docs.cloud.google.com/sql/docs/postgres/admin-api/metrics; docs/facts/monitoring.md#metrics-of-an-instance).
_OF_AN_INSTANCE: tuple[tuple[str, Unit], ...] = (
    ("up", "1"),
    ("cpu/utilization", "share"),
    ("memory/usage", "bytes"),
    ("memory/quota", "bytes"),
    ("disk/bytes_used", "bytes"),
    ("disk/quota", "bytes"),
    ("disk/utilization", "share"),
    ("postgresql/transaction_id_utilization", "share"),
)

METRICS: tuple[Metric, ...] = (
    Metric(
        type="run.googleapis.com/request_count",
        kind="DELTA",
        unit="1",
        resources=_REVISION,
        labels=frozenset({"response_code", "response_code_class"}),
    ),
    Metric(
        type="run.googleapis.com/request_latencies",
        kind="DELTA",
        unit="ms",
        resources=_REVISION,
        labels=frozenset({"response_code", "response_code_class"}),
        is_distribution=True,
    ),
    Metric(
        type="run.googleapis.com/container/cpu/utilizations",
        kind="DELTA",
        unit="share",
        resources=_REVISION,
        is_distribution=True,
        delay=_CLOUD_RUN_CONTAINERS,
    ),
    Metric(
        type="run.googleapis.com/container/memory/utilizations",
        kind="DELTA",
        unit="share",
        resources=_REVISION,
        is_distribution=True,
        delay=_CLOUD_RUN_CONTAINERS,
    ),
    Metric(
        type="run.googleapis.com/container/startup_latencies",
        kind="DELTA",
        unit="ms",
        resources=_REVISION,
        is_distribution=True,
        delay=_CLOUD_RUN_CONTAINERS,
    ),
    Metric(
        type="run.googleapis.com/container/instance_count",
        kind="GAUGE",
        unit="1",
        resources=_REVISION,
        labels=frozenset({"state"}),
        delay=_CLOUD_RUN_CONTAINERS,
    ),
    Metric(
        type="run.googleapis.com/job/completed_execution_count",
        kind="DELTA",
        unit="1",
        resources=("cloud_run_job",),
        labels=frozenset({"result"}),
    ),
    Metric(
        type="cloudsql.googleapis.com/database/postgresql/num_backends",
        kind="GAUGE",
        unit="1",
        resources=("cloudsql_database",),
        labels=frozenset({"database"}),
        delay=_CLOUD_SQL,
    ),
    *(
        Metric(
            type=f"cloudsql.googleapis.com/database/{path}",
            kind="GAUGE",
            unit=unit,
            resources=("cloudsql_database",),
            delay=_CLOUD_SQL,
        )
        for path, unit in _OF_AN_INSTANCE
    ),
    _CHECK_PASSED,
    # Written by the workflows of the application's repository (readiness/alerts/deployment_figures.py).
    Metric(
        type="custom.googleapis.com/readiness_success_ratio_20",
        kind="GAUGE",
        unit="share",
        resources=("global",),
        labels=frozenset({"environment"}),
    ),
    Metric(
        type="custom.googleapis.com/readiness_days_since_success",
        kind="GAUGE",
        unit="days",
        resources=("global",),
        labels=frozenset({"environment"}),
    ),
)


def known_metrics(resources: Iterable[dict[str, Any]]) -> dict[str, Metric]:
    """Every metric that the queries of a plan may read, by series name.

    Google's, the log metrics of the plan, and its environments' deployment counters, which another stack may declare.
    """
    listed = list(resources)
    found = [*METRICS, *_probes(listed), *_deployment_metrics(listed), *_log_metrics(listed)]
    return {name: metric for metric in found for name in metric.series_names}


def _probes(resources: Iterable[dict[str, Any]]) -> Iterator[Metric]:
    """The metric of the uptime checks, with the longest period of those in the plan."""
    checks = (resource["inputs"] for resource in resources if resource["type"] == UPTIME_CHECK)
    periods = [str(check.get("period", "")).removesuffix("s") for check in checks]
    seconds = [int(period) for period in periods if period.isdecimal()]
    if seconds:
        yield replace(_CHECK_PASSED, sample_period_seconds=max(seconds))


def _deployment_metrics(resources: Iterable[dict[str, Any]]) -> Iterator[Metric]:
    policies = [resource["inputs"] for resource in resources if resource["type"] == ALERT_POLICY]
    places = {
        (str(policy.get("project")), str(as_object(policy.get("userLabels")).get("environment"))) for policy in policies
    }
    for project, environment in sorted(places):
        for metric in delivery_metrics(project, environment):
            yield Metric(
                type=metric.type,
                kind="DELTA",
                unit="1",
                resources=("global",),
                labels=frozenset(metric.labels),
                is_distribution=metric.value_field is not None,
                delay=_LOG_BASED,
            )


def _log_metrics(resources: Iterable[dict[str, Any]]) -> Iterator[Metric]:
    """A log metric has the resource types that its filter names."""
    for resource in resources:
        if resource["type"] != LOG_METRIC:
            continue
        inputs = resource["inputs"]
        types = re.findall(r'resource\.type="(\w+)"', str(inputs.get("filter", "")))
        descriptor = as_object(inputs.get("metricDescriptor"))
        yield Metric(
            type=f"logging.googleapis.com/user/{inputs.get('name', '')}",
            kind="GAUGE" if descriptor.get("metricKind") == "GAUGE" else "DELTA",
            unit="1",
            resources=tuple(type_ for type_ in types if type_ in RESOURCE_LABELS) or ("global",),
            labels=frozenset(str(label.get("key", "")) for label in as_objects(descriptor.get("labels"))),
            is_distribution=descriptor.get("valueType") == "DISTRIBUTION",
            delay=_LOG_BASED,
        )
