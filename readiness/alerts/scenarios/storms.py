"""Runs four outages, each with all the series that it produces, through all rules of a stack: who is notified.

The other scenarios each test one alert. These show what one outage does to a whole stack: how many incidents it opens,
and which channels they notify. docs/notifications.md has the table.

A `State` describes one minute of a stack. Its defaults are a healthy minute. An outage is a sequence of states. A
metric that rules read needs one function in `SIGNALS`, which derives its series from the states, and a field in `State`
if an outage changes it. Without one, `missing_metrics` names the rule and the metric.

The figures are typical of a small service. They are not measured in a real outage.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from readiness.alerts.access_alerts import failed_login_metric, unusual_secret_reads
from readiness.alerts.connection_errors import application_metric, server_metric, traceback_metric
from readiness.alerts.container_exits import EVIDENCE, container_exit_metric
from readiness.alerts.database_instance_alerts import GIB, failed_backups
from readiness.alerts.definition import EVALUATION_INTERVAL_SECONDS
from readiness.alerts.deployment_figures import DAYS_SINCE_SUCCESS, SUCCESS_RATIO_20
from readiness.alerts.deployment_metrics import deployments
from readiness.alerts.log_metric import LogMetric
from readiness.alerts.promql import Node, lookback_seconds, parse, selectors, walk
from readiness.alerts.registry_alerts import deletions_by_others, large_cleanups, new_criticals
from readiness.alerts.rollback_alerts import pinned_traffic
from readiness.alerts.scenarios.cloud_run import (
    CPU_UTILIZATIONS,
    FINE_LATENCY_BOUNDS,
    MEMORY_UTILIZATIONS,
    REQUEST_LATENCIES,
    requests,
    utilisation_bounds,
)
from readiness.alerts.scenarios.promtool import Rule, run_promtool, write_rules_test_file
from readiness.alerts.scenarios.series import Delivery, Series, distribution, minutes, promtool_values
from readiness.alerts.scenarios.stack import Place, Stack
from readiness.settings.channels import ChannelKind
from readiness.settings.model import Settings

# Long enough for every incident to close: SlowErrorBudgetBurn looks back two hours.
BEFORE_MINUTES = 90
OUTAGE_MINUTES = 60
AFTER_MINUTES = 150
# The healthy requests of the day before, so that the windows of the error budget are full. The requests of the last
# hours are in one minute just before, and those of the earlier hours in one minute six hours earlier. Single minutes
# are enough, and promtool needs a minute for a day of samples.
_HOURS_SINCE_MIDDAY, _HOURS_OF_THE_MORNING = 4, 16
_PAST_MINUTES = 6 * 60
_MEMORY_BYTES = 4 * GIB
_DISK_BYTES = 20 * GIB
DELIVERY = Delivery(phase_seconds=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """One minute of the backend, its database and its deployments. Counts are of that minute, a ratio is a share of 1.

    `failing_ratio`: the share of requests with a 5xx answer. `instances_ratio`: active instances by allowed instances.
    `deaths`: containers that are killed for their memory. `is_healthy`: whether the uptime checks pass.
    `connections_ratio`: open connections by max_connections. While the database is down, it reports no connections.
    """

    requests: float = 60
    failing_ratio: float = 0
    latency_ms: float = 200
    cpu_ratio: float = 0.3
    memory_ratio: float = 0.5
    instances_ratio: float = 0.2
    starts: float = 0
    start_latency_ms: float = 3000
    deaths: float = 0
    is_healthy: bool = True
    database_is_up: bool = True
    connections_ratio: float = 0.3
    database_cpu_ratio: float = 0.3
    refused_by_the_server: float = 0
    errors_of_the_application: float = 0
    tracebacks: float = 0
    failed_deployments: float = 0


HEALTHY = State()
States = Sequence[State]


@dataclass(frozen=True, kw_only=True, slots=True)
class Storm:
    """An outage of an hour. `description`: one or two sentences that docs/notifications.md shows."""

    name: str
    title: str
    description: str
    states: tuple[State, ...]


def _storm(title: str, description: str, *spans: tuple[int, State]) -> Storm:
    states = minutes(*spans)
    assert len(states) == OUTAGE_MINUTES, f"{title} lasts {len(states)} minutes"
    return Storm(name=title.lower().replace(" ", "_"), title=title, description=description, states=states)


_NO_DATABASE = State(
    failing_ratio=0.8,
    latency_ms=30_000,
    is_healthy=False,
    database_is_up=False,
    errors_of_the_application=30,
    tracebacks=30,
)
_BROKEN_REVISION = State(failing_ratio=1, latency_ms=50, is_healthy=False)
_FULL_MEMORY = State(failing_ratio=0.2, memory_ratio=0.97)
_MANY_REQUESTS = State(
    requests=1200,
    failing_ratio=0.04,
    latency_ms=8000,
    cpu_ratio=0.97,
    instances_ratio=1,
    connections_ratio=0.95,
    database_cpu_ratio=0.9,
    errors_of_the_application=48,
    tracebacks=48,
)

STORMS = (
    _storm(
        "Database down",
        "The instance stops. Four requests in five wait 30 s for a connection and get a 500 answer. The health check "
        "reports an unhealthy database.",
        (1, replace(_NO_DATABASE, refused_by_the_server=20)),
        (59, _NO_DATABASE),
    ),
    _storm(
        "Bad deployment",
        "A new revision gets all traffic and answers every request with 500. The last step of the deployment fails.",
        (1, replace(_BROKEN_REVISION, starts=3, failed_deployments=1)),
        (59, _BROKEN_REVISION),
    ),
    _storm(
        "Out of memory",
        "Every other minute an instance is killed at its memory limit, and one request in five fails with it.",
        *((1, replace(_FULL_MEMORY, deaths=1, starts=1)), (1, _FULL_MEMORY)) * 30,
    ),
    _storm(
        "Traffic spike",
        "Traffic is twenty times as high. Every instance is busy, the pools use all connections of the database, and "
        "one request in 25 waits for a connection and gets none.",
        (2, replace(_MANY_REQUESTS, starts=2)),
        (58, _MANY_REQUESTS),
    ),
)


# --- the series that Monitoring has of the states
# -------------------------------------------------------------------------


def _others(stack: Stack) -> Iterator[Place]:
    """The other services of the stack, which the outage does not affect."""
    return (place for service in stack.settings.services if (place := stack.place_of(service)) != stack.backend)


def _requests(stack: Stack, states: States) -> Iterator[Series]:
    yield from requests(stack.backend, [(state.requests, state.requests * state.failing_ratio) for state in states])
    for place in _others(stack):
        yield from requests(place, [(HEALTHY.requests, 0.0) for _ in states])


def _latencies(stack: Stack, states: States) -> Iterator[Series]:
    samples = [{state.latency_ms: state.requests} for state in states]
    yield from distribution(REQUEST_LATENCIES, stack.backend.labels, FINE_LATENCY_BOUNDS, samples)


def _cpu(stack: Stack, states: States) -> Iterator[Series]:
    bounds = utilisation_bounds(stack.settings.alerts.high_cpu_usage.cpu_ratio)
    samples = [{state.cpu_ratio: 60.0} for state in states]
    yield from distribution(CPU_UTILIZATIONS, stack.backend.labels, bounds, samples)


def _memory(stack: Stack, states: States) -> Iterator[Series]:
    bounds = utilisation_bounds(stack.settings.alerts.high_memory_usage.memory_ratio)
    samples = [{state.memory_ratio: 60.0} for state in states]
    yield from distribution(MEMORY_UTILIZATIONS, stack.backend.labels, bounds, samples)


def _instances(stack: Stack, states: States) -> Iterator[Series]:
    most = next(service.max_instances for service in stack.settings.services if service.name == stack.backend.service)
    yield Series(
        metric="run_googleapis_com:container_instance_count",
        labels={**stack.backend.labels, "state": "active"},
        minutes=tuple(max(1.0, round(state.instances_ratio * (most or 100))) for state in states),
        gauge=True,
    )


def _starts(stack: Stack, states: States) -> Iterator[Series]:
    metric = "run_googleapis_com:container_startup_latencies"
    samples = [{state.start_latency_ms: state.starts} for state in states]
    series = distribution(metric, stack.backend.labels, FINE_LATENCY_BOUNDS, samples)
    yield from series
    yield replace(series[-1], metric=f"{metric}_count", labels=stack.backend.labels)


def _health_checks(stack: Stack, states: States) -> Iterator[Series]:
    period = stack.settings.uptime_checks.period_seconds // 60
    for host in dict.fromkeys(service.host for service in stack.settings.services):
        for region in ("usa", "eur", "apac"):
            yield Series(
                metric="monitoring_googleapis_com:uptime_check_check_passed",
                labels={
                    "monitored_resource": "uptime_url",
                    "host": host,
                    "check_id": "ours",
                    "checker_location": region,
                },
                minutes=tuple(
                    float(state.is_healthy or host != stack.host) if minute % period == 0 else None
                    for minute, state in enumerate(states)
                ),
                gauge=True,
            )


_DATABASE_UP = "cloudsql_googleapis_com:database_up"


def _database(
    metric: str, value: Callable[[Stack, State], float | None], **more: str
) -> Callable[[Stack, States], Iterator[Series]]:
    """A gauge of the Cloud SQL instance. None means no sample, because the instance does not run."""

    def series(stack: Stack, states: States) -> Iterator[Series]:
        if stack.settings.database is not None:
            labels = {"monitored_resource": "cloudsql_database", "database_id": stack.settings.database_id, **more}
            values = tuple(value(stack, state) for state in states)
            yield Series(metric=metric, labels=labels, minutes=values, gauge=True)

    return series


def _connections(stack: Stack, state: State) -> float | None:
    slots = stack.settings.required_database.max_connections or 100
    return state.connections_ratio * slots if state.database_is_up else None


def _while_up(value: Callable[[State], float]) -> Callable[[Stack, State], float | None]:
    """The value while the instance runs. None otherwise."""
    return lambda _stack, state: value(state) if state.database_is_up else None


def _logged(
    metric: Callable[[Settings], LogMetric],
    count: Callable[[State], float],
    resource: str,
    is_declared: Callable[[Settings], bool] = lambda _settings: True,
) -> Callable[[Stack, States], Iterator[Series]]:
    """A counter of log entries, in stacks that declare it."""

    def series(stack: Stack, states: States) -> Iterator[Series]:
        if not is_declared(stack.settings) or (resource == "cloudsql_database" and stack.settings.database is None):
            return
        labels = {
            "cloud_run_revision": lambda: stack.backend.labels,
            "cloudsql_database": lambda: {"monitored_resource": resource, "database_id": stack.settings.database_id},
        }.get(resource, lambda: {"monitored_resource": resource})()
        yield Series(
            metric=metric(stack.settings).promql_name, labels=labels, minutes=tuple(count(state) for state in states)
        )

    return series


def _deaths(stack: Stack, states: States) -> Iterator[Series]:
    """A killed container writes a line about its memory, and one about its end."""
    for evidence in ("Memory", "Container"):
        yield Series(
            metric=container_exit_metric(stack.settings).promql_name,
            labels={**stack.backend.labels, EVIDENCE: evidence},
            minutes=tuple(state.deaths for state in states),
        )


def _deployments(stack: Stack, states: States) -> Iterator[Series]:
    environment = stack.settings.environment.name
    counted = deployments(stack.settings.project, environment).promql_name
    labels = {"monitored_resource": "global", "service": "all", "outcome": "failure"}
    yield Series(metric=counted, labels=labels, minutes=tuple(state.failed_deployments for state in states))
    # Written twice a day: 20 good deployments, the last one today.
    for metric, value in ((SUCCESS_RATIO_20, 1.0), (DAYS_SINCE_SUCCESS, 0.5)):
        written = tuple(value if minute % 720 == 0 else None for minute, _ in enumerate(states))
        labels = {"monitored_resource": "global", "environment": environment}
        yield Series(metric=metric, labels=labels, minutes=written, gauge=True)


def _migrations(stack: Stack, states: States) -> Iterator[Series]:
    if stack.settings.migration_job is not None:
        labels = {
            "monitored_resource": "cloud_run_job",
            "job_name": stack.settings.migration_job.name,
            "location": stack.settings.region,
            "result": "failed",
        }
        metric = "run_googleapis_com:job_completed_execution_count"
        yield Series(metric=metric, labels=labels, minutes=tuple(0.0 for _ in states))


def _none(_state: State) -> float:
    return 0.0


SIGNALS: tuple[Callable[[Stack, States], Iterator[Series]], ...] = (
    _requests,
    _latencies,
    _cpu,
    _memory,
    _instances,
    _starts,
    _health_checks,
    _database(_DATABASE_UP, lambda _stack, state: float(state.database_is_up)),
    _database("cloudsql_googleapis_com:database_postgresql_num_backends", _connections, database="app"),
    _database("cloudsql_googleapis_com:database_cpu_utilization", _while_up(lambda state: state.database_cpu_ratio)),
    # No outage fills memory, disk or transaction IDs of the database.
    _database("cloudsql_googleapis_com:database_memory_usage", _while_up(lambda _state: 0.5 * _MEMORY_BYTES)),
    _database("cloudsql_googleapis_com:database_memory_quota", _while_up(lambda _state: _MEMORY_BYTES)),
    _database("cloudsql_googleapis_com:database_disk_utilization", _while_up(lambda _state: 0.3)),
    _database("cloudsql_googleapis_com:database_disk_bytes_used", _while_up(lambda _state: 0.3 * _DISK_BYTES)),
    _database("cloudsql_googleapis_com:database_disk_quota", _while_up(lambda _state: _DISK_BYTES)),
    _database("cloudsql_googleapis_com:database_postgresql_transaction_id_utilization", _while_up(lambda _state: 0.1)),
    _deaths,
    _logged(server_metric, lambda state: state.refused_by_the_server, "cloudsql_database"),
    _logged(application_metric, lambda state: state.errors_of_the_application, "cloud_run_revision"),
    _logged(traceback_metric, lambda state: state.tracebacks, "cloud_run_revision"),
    _deployments,
    _migrations,
    # No outage touches these.
    _logged(deletions_by_others, _none, "audited_resource"),
    _logged(large_cleanups, _none, "global"),
    _logged(new_criticals, _none, "global", lambda settings: settings.image_workflows is not None),
    _logged(failed_backups, _none, "cloudsql_database"),
    _logged(
        failed_login_metric, _none, "cloud_run_revision", lambda settings: settings.alerts.failed_logins is not None
    ),
    _logged(unusual_secret_reads, _none, "audited_resource"),
    # Nobody rolls back within the outage.
    _logged(pinned_traffic, _none, "cloud_run_revision"),
)


def series_of(stack: Stack, storm: Storm) -> tuple[Series, ...]:
    """All series of the day before the outage, the outage, and the hours after it."""
    states = (*minutes((BEFORE_MINUTES, HEALTHY)), *storm.states, *minutes((AFTER_MINUTES, HEALTHY)))
    return tuple(_with_a_past(series) for signal in SIGNALS for series in signal(stack, states))


def _without_a_past(series: Series) -> Series:
    return replace(series, minutes=series.minutes[_PAST_MINUTES:])


def _with_a_past(series: Series) -> Series:
    past: tuple[float | None, ...] = minutes((_PAST_MINUTES, None))
    if series.labels.get("response_code_class") == "2xx":
        an_hour = 60 * HEALTHY.requests
        past = (_HOURS_OF_THE_MORNING * an_hour, *past[2:], _HOURS_SINCE_MIDDAY * an_hour)
    if series.metric == _DATABASE_UP:
        # A database without samples is down.
        past = minutes((_PAST_MINUTES, series.minutes[0]))
    return replace(series, minutes=(*past, *series.minutes))


# --- the incidents that the rules open
# -------------------------------------------------------------------------------------


class MissingMetricError(Exception):
    """Rules read metrics for which the outages have no series, so the rules could never fire."""


def missing_metrics(rules: Iterable[Rule], series: Iterable[Series]) -> list[str]:
    """`DatabaseDown reads cloudsql_…:database_up`, for each metric of a rule that has no series."""
    given = {series_.metric for series_ in series}
    return [
        f"{rule['alert']} reads {metric}"
        for rule in rules
        for metric in sorted({str(selector.name) for selector in selectors(parse(rule["expr"]))} - given)
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """How many incidents of one alert, over all of its series, an outage opened, and how many of them closed."""

    alert: str
    opened: int
    closed: int


def incidents_in(
    stack: Stack, storm: Storm, rules: Sequence[Rule], promtool: Path, folder: Path, *, deadline_seconds: float
) -> list[Opened]:
    """The incidents that the outage opens, by alert in alphabetical order. Files are written into `folder`.

    An incident ends as soon as its rule does not fire, because it is not documented how soon Monitoring closes an
    incident (docs/facts/monitoring.md#what-closes-an-incident). A rule that reads no metric (the drill) is left out.

    Raises MissingMetricError and PromtoolError.
    """
    reading = [rule for rule in rules if selectors(parse(rule["expr"]))]
    series = series_of(stack, storm)
    if missing := missing_metrics(reading, series):
        raise MissingMetricError(
            f"the outages have no series of some metrics: {'; '.join(missing)}. Add a function for each to SIGNALS in "
            "readiness/alerts/scenarios/storms.py, and a field to State if an outage changes it"
        )
    # promtool evaluates every rule at every time. Most rules do not need the hours before the outage, half of all
    # samples.
    long = [rule for rule in reading if _looks_back_seconds(rule) > 60 * BEFORE_MINUTES]
    short = [rule for rule in reading if rule not in long]
    name = f"{stack.name}-{storm.name}"
    asked = [
        write_rules_test_file(folder, f"{name}-{part}", of_part, json.dumps([_test(given, part)]))
        for part, of_part, given in (("long", long, series), ("short", short, [_without_a_past(s) for s in series]))
        if of_part
    ]
    answers = run_promtool(promtool, asked, deadline_seconds=deadline_seconds)
    opened, closed = (
        _counts("".join(answer for id_, answer in answers.items() if id_.startswith(change))) for change in _CHANGES
    )
    return [Opened(alert=alert, opened=opened[alert], closed=closed[alert]) for alert in sorted(opened)]


_FIRING = 'ALERTS{alertstate="firing"}'
_BEFORE = f"{_FIRING} offset {EVALUATION_INTERVAL_SECONDS}s"
_CHANGES = {"opened": f"{_FIRING} unless {_BEFORE}", "closed": f"{_BEFORE} unless {_FIRING}"}


def _looks_back_seconds(rule: Rule) -> float:
    nodes = walk(Node(expression=parse(rule["expr"])))
    return max(lookback_seconds(node) for node in nodes)


def _test(series: Sequence[Series], part: str) -> dict[str, Any]:
    """A promtool test that returns how often the alerts open and close over all series."""
    end = DELIVERY.time_of(max(len(series_.minutes) for series_ in series))
    end -= end % EVALUATION_INTERVAL_SECONDS
    over = f"[{end}s:{EVALUATION_INTERVAL_SECONDS}s]"
    nothing: list[dict[str, str]] = []
    return {
        "interval": f"{DELIVERY.step_seconds}s",
        "input_series": [
            {"series": series_.selector, "values": promtool_values(series_, DELIVERY)} for series_ in series
        ],
        # promtool prints a value only if the expectation is wrong, so the test expects nothing.
        "promql_expr_test": [
            {
                "expr": f"sum by (alertname) (count_over_time(({change}){over})) # {name} {part}",
                "eval_time": f"{end}s",
                "exp_samples": nothing,
            }
            for name, change in _CHANGES.items()
        ],
    }


def _counts(answer: str) -> dict[str, int]:
    found = re.finditer(r'\{alertname="(?P<alert>\w+)"\} (?P<count>[0-9.E+]+)', answer)
    return Counter({item["alert"]: int(float(item["count"])) for item in found})


def notified(incidents: Iterable[Opened], kinds: Mapping[str, frozenset[ChannelKind]]) -> dict[ChannelKind, int]:
    """How many incidents notify each kind of channel. A channel gets two messages of each: opened and closed.

    `kinds`: the kinds that each alert notifies.
    """
    counts: Counter[ChannelKind] = Counter()
    for incident in incidents:
        counts.update(dict.fromkeys(kinds[incident.alert], incident.opened))
    return dict(counts)
