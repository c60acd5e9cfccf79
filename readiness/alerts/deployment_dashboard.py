"""The dashboard of deployments: staging and production with their targets, and the health of the services.

The JSON is canonical: the keys are sorted, and it contains nothing that the API leaves out of its answer (nulls, empty
lists, zeros). The provider would show these as a difference forever (hashicorp/terraform-provider-google#7242).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from readiness.alerts import deployment_metrics as metrics
from readiness.alerts.dashboard_tiles import (
    Json,
    Line,
    chart,
    filter_query,
    metric_filter,
    mosaic,
    promql_query,
    ratio_query,
    scorecard,
    text,
)
from readiness.alerts.definition import RATE_WINDOW_SECONDS
from readiness.alerts.deployment_figures import DAYS_SINCE_SUCCESS, SUCCESS_RATIO_20, last_value
from readiness.alerts.log_metric import LogMetric
from readiness.alerts.selectors import window
from readiness.settings.delivery import DeliveryEnvironment, DeploymentTelemetry
from readiness.settings.model import Settings

COLUMNS = 48
_PASSED = "monitoring_googleapis_com:uptime_check_check_passed"
_COUNTED = ("success", "failure")
_NOTE = """\
A deployment is one attempt of the job that deploys. **Success rate**: successes, as a share of successes and failures.
Cancelled and refused deployments are not counted. **Duration**: of the job, without the wait for an approval. **Time to
rollback**: from the deployment of the bad revision to the change of traffic. **Failed change**: a deployment that
failed or was rolled back. **Time to restore**: from the failed change to its rollback or the next success, whichever
comes first. For an incident: from its start to its end. **Lead time**: from a commit to its deployment; the median over
the changes of a deployment. **Rework**: deployments because of a failed change or an incident. **Health checks**: the
share that passed in 24 hours, by host. Metrics are kept for six weeks. Older deployments are in the log bucket
`readiness-deployments`."""


def dashboard_json(settings: Settings, telemetry: DeploymentTelemetry) -> str:
    """The JSON text of the declared dashboard."""
    return json.dumps(dashboard(settings, telemetry), sort_keys=True, ensure_ascii=False)


def dashboard(settings: Settings, telemetry: DeploymentTelemetry) -> dict[str, Any]:
    """The dashboard as data."""
    project, environments = settings.project, telemetry.environments
    restored = {"target": float(telemetry.target_restore_seconds)}
    rows: list[tuple[int, list[Json]]] = [
        (8, _scorecards(project, telemetry, environment)) for environment in environments
    ]
    rows += [
        (16, [_frequency(project, telemetry), _success_rate(project, telemetry)]),
        (16, [_failures(project, telemetry), _average_duration(project, telemetry)]),
        (
            16,
            [
                _p95_duration(project, telemetry),
                _average("Time to rollback", metrics.rollback_duration, project, telemetry),
            ],
        ),
        (
            16,
            [
                _average("Time to restore (MTTR)", metrics.restore_duration, project, telemetry, restored),
                _average("Time to restore of incidents", metrics.incident_duration, project, telemetry, restored),
            ],
        ),
        (
            16,
            [
                _average("Change lead time", metrics.lead_time, project, telemetry),
                _change_fail_rate(project, telemetry),
            ],
        ),
        (16, [_rework_rate(project, telemetry), _health_checks(), text("What is counted", _NOTE)]),
        (16, [_errors(settings, telemetry), _latency(settings, telemetry), _requests(telemetry)]),
    ]
    return {"displayName": f"Deployments ({settings.repository.name})", "mosaicLayout": mosaic(rows, COLUMNS)}


def _scorecards(project: str, telemetry: DeploymentTelemetry, environment: DeliveryEnvironment) -> list[Json]:
    name = environment.name
    counted = metrics.deployments(project, name).type
    succeeded = filter_query(metric_filter(counted, {"outcome": "success"}), "REDUCE_SUM", whole_period=True)
    failed = filter_query(metric_filter(counted, {"outcome": "failure"}), "REDUCE_SUM", whole_period=True)
    return [
        scorecard(f"{name}: successful deployments in the period shown", succeeded),
        scorecard(f"{name}: failed deployments in the period shown", failed),
        scorecard(
            f"{name}: success rate of the last 20 deployments",
            promql_query(last_value(SUCCESS_RATIO_20, name)),
            red_below=telemetry.target_success_ratio,
        ),
        scorecard(f"{name}: days since the last success", promql_query(last_value(DAYS_SINCE_SUCCESS, name))),
    ]


def _frequency(project: str, telemetry: DeploymentTelemetry) -> Json:
    lines = [
        Line(
            legend=environment.name,
            query=filter_query(
                metric_filter(metrics.deployments(project, environment.name).type, {"outcome": "success"}), "REDUCE_SUM"
            ),
        )
        for environment in telemetry.environments
    ]
    targets = {
        f"target {environment.name}": environment.target_deployments_per_week for environment in telemetry.environments
    }
    return chart("Deployments a week", lines, "deployments", targets=targets)


def _success_rate(project: str, telemetry: DeploymentTelemetry) -> Json:
    lines = [
        Line(
            legend=environment.name,
            query=ratio_query(
                metric_filter(metrics.deployments(project, environment.name).type, {"outcome": "success"}),
                metric_filter(metrics.deployments(project, environment.name).type, {"outcome": _COUNTED}),
            ),
        )
        for environment in telemetry.environments
    ]
    return chart("Success rate, by week", lines, "share of 1", targets={"target": telemetry.target_success_ratio})


def _failures(project: str, telemetry: DeploymentTelemetry) -> Json:
    lines = [
        Line(
            legend=environment.name,
            query=filter_query(
                metric_filter(metrics.deployments(project, environment.name).type, {"outcome": "failure"}), "REDUCE_SUM"
            ),
        )
        for environment in telemetry.environments
    ]
    return chart("Failed deployments a week", lines, "deployments", bars=True)


def _average_duration(project: str, telemetry: DeploymentTelemetry) -> Json:
    lines = [
        Line(
            legend=environment.name,
            query=filter_query(
                metric_filter(metrics.deployment_duration(project, environment.name).type, {"outcome": "success"}),
                "REDUCE_MEAN",
            ),
        )
        for environment in telemetry.environments
    ]
    return chart("Deployment duration, average by week", lines, "seconds", targets=_duration_targets(telemetry))


def _p95_duration(project: str, telemetry: DeploymentTelemetry) -> Json:
    lines = [
        Line(
            legend=environment.name,
            query=promql_query(
                "histogram_quantile(0.95, sum by (le) (increase("
                f"{metrics.deployment_duration(project, environment.name).promql_name}_bucket"
                '{monitored_resource="global",outcome="success"}[7d])))'
            ),
        )
        for environment in telemetry.environments
    ]
    title = "Deployment duration, 95th percentile over seven days"
    return chart(title, lines, "seconds", targets=_duration_targets(telemetry))


def _average(
    title: str,
    metric: Callable[[str, str], LogMetric],
    project: str,
    telemetry: DeploymentTelemetry,
    targets: Mapping[str, float] | None = None,
) -> Json:
    """The average of a duration by week, a line for each environment; `metric` takes project and environment."""
    lines = [
        Line(
            legend=environment.name,
            query=filter_query(metric_filter(metric(project, environment.name).type, {}), "REDUCE_MEAN"),
        )
        for environment in telemetry.environments
    ]
    return chart(f"{title}, average by week", lines, "seconds", targets=targets)


def _change_fail_rate(project: str, telemetry: DeploymentTelemetry) -> Json:
    return _rate(project, telemetry, "Change fail percentage, by week", metrics.failed_changes, {})


def _rework_rate(project: str, telemetry: DeploymentTelemetry) -> Json:
    return _rate(project, telemetry, "Deployment rework rate, by week", metrics.rework, {"outcome": _COUNTED})


def _rate(
    project: str,
    telemetry: DeploymentTelemetry,
    title: str,
    counted: Callable[[str, str], LogMetric],
    labels: Mapping[str, Sequence[str]],
) -> Json:
    """The count of `counted`, as a share of the deployments that succeeded or failed."""
    lines = [
        Line(
            legend=environment.name,
            query=ratio_query(
                metric_filter(counted(project, environment.name).type, labels),
                metric_filter(metrics.deployments(project, environment.name).type, {"outcome": _COUNTED}),
            ),
        )
        for environment in telemetry.environments
    ]
    return chart(title, lines, "share of 1")


def _health_checks() -> Json:
    """Every uptime check of the project, so that the stacks that share it are in one chart."""
    query = f'avg by (host) (avg_over_time({_PASSED}{{monitored_resource="uptime_url"}}[1d]))'
    lines = [Line(legend="${labels.host}", query=promql_query(query))]
    return chart("Health checks that passed in 24 hours", lines, "share of 1", targets={"target": 1.0})


def _duration_targets(telemetry: DeploymentTelemetry) -> dict[str, float]:
    return {
        f"target {environment.name}": float(environment.target_duration_seconds)
        for environment in telemetry.environments
    }


def _errors(settings: Settings, telemetry: DeploymentTelemetry) -> Json:
    lines = [
        Line(
            legend="${labels.service_name}",
            query=promql_query(
                "sum by (service_name) (rate(run_googleapis_com:request_count"
                f'{{{_services(environment)},response_code_class="5xx"}}[{_RATE_WINDOW}])) / '
                "sum by (service_name) "
                f"(rate(run_googleapis_com:request_count{{{_services(environment)}}}[{_RATE_WINDOW}]))"
            ),
        )
        for environment in telemetry.environments
    ]
    targets = {f"alert threshold ({settings.environment.name})": settings.alerts.high_error_rate.error_ratio}
    return chart("Requests with a 5xx answer", lines, "share of 1", targets=targets)


def _latency(settings: Settings, telemetry: DeploymentTelemetry) -> Json:
    lines = [
        Line(
            legend="${labels.service_name}",
            query=promql_query(
                "histogram_quantile(0.95, sum by (service_name, le) (rate("
                f"run_googleapis_com:request_latencies_bucket{{{_services(environment)}}}[{_RATE_WINDOW}])))"
            ),
        )
        for environment in telemetry.environments
    ]
    targets = {f"alert threshold ({settings.environment.name})": float(settings.alerts.high_latency.latency_ms)}
    return chart("95th percentile of latency", lines, "ms", targets=targets)


def _requests(telemetry: DeploymentTelemetry) -> Json:
    lines = [
        Line(
            legend="${labels.service_name}",
            query=promql_query(
                "sum by (service_name) "
                f"(rate(run_googleapis_com:request_count{{{_services(environment)}}}[{_RATE_WINDOW}]))"
            ),
        )
        for environment in telemetry.environments
    ]
    return chart("Requests a second", lines, "requests a second")


_RATE_WINDOW = window(RATE_WINDOW_SECONDS)


def _services(environment: DeliveryEnvironment) -> str:
    names = "|".join(environment.services)
    return f'monitored_resource="cloud_run_revision",service_name=~"{names}"'
