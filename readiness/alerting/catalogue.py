"""The alert policies, as data. Everything that names one (policy, rule file, runbook, test) reads it here.

Why the queries look as they do (measured; docs/adr/0001-alert-rules.md has the tables):

- Rates are taken over 179 s, just under three of Cloud Run's 60 s samples: a shorter window loses the alert with one
  lost sample, a longer one smears a short breach over the stated duration.
- A duration of at least the window keeps a lone error in an idle hour quiet without a floor on traffic.
- Bad over all, never `1 - good / all`: with no good requests the second has no value and stays silent at 100 % failure.
- `increase` extrapolates to the edges of its window. Over one sample more than the stated window, scaled back, it
  counts exactly; over the stated window nine errors in one minute would pass for eleven.
- Every query is one line: Monitoring has been seen to drop the comparison of a multi-line one
  (sourcegraph/sourcegraph-public-snapshot#63084).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from readiness.settings.model import Alerts, ChannelKind

AlertSeverity = Literal["CRITICAL", "ERROR", "WARNING"]

# Cloud Run and log-based metrics have one sample a minute (monitoring facts, 4a).
SAMPLE_PERIOD_SECONDS = 60
RATE_WINDOW_SECONDS = 3 * SAMPLE_PERIOD_SECONDS - 1

# The API's least, and its default.
EVALUATION_INTERVAL_SECONDS = 30

EVERY_CHANNEL: frozenset[ChannelKind] = frozenset({"email", "slack", "pagerduty"})
EMAIL_ONLY: frozenset[ChannelKind] = frozenset({"email"})


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertDefinition:
    """One alert. `query` is a template: `$services`, `$window`, … are filled in per stack (`rules.py`)."""

    name: str
    title: str
    severity: AlertSeverity
    channel_kinds: frozenset[ChannelKind]
    query: str
    threshold: Callable[[Alerts], float]
    duration_seconds: Callable[[Alerts], int]
    condition: Callable[[Alerts], str]
    meaning: str
    first_steps: tuple[str, str, str]
    causes: tuple[str, ...]
    mitigation: tuple[str, ...]
    reads_logs: bool = False

    @property
    def slug(self) -> str:
        """The title as it stands in resource names and labels: `high-cpu-usage`."""
        return self.title.lower().replace(" ", "-")


def _percent(ratio: float) -> str:
    return f"{ratio * 100:g} %"


def _minutes(seconds: int) -> str:
    return f"{seconds / 60:g} min"


HIGH_CPU_USAGE = AlertDefinition(
    name="HighCpuUsage",
    title="High CPU usage",
    severity="WARNING",
    channel_kinds=EVERY_CHANNEL,
    query=(
        "histogram_quantile(0.95, sum by (service_name, location, le) "
        "(rate(run_googleapis_com:container_cpu_utilizations_bucket{$services}[$rate_window]))) > $threshold"
    ),
    threshold=lambda alerts: alerts.high_cpu_usage.cpu_ratio,
    duration_seconds=lambda alerts: alerts.high_cpu_usage.duration_seconds,
    condition=lambda alerts: (
        f"CPU above {_percent(alerts.high_cpu_usage.cpu_ratio)} for {_minutes(alerts.high_cpu_usage.duration_seconds)}"
    ),
    meaning=(
        "The busiest instances of the service (95th percentile) have used more than the threshold of their CPU for the "
        "whole duration. Requests slow down next, and new instances start until the maximum is reached."
    ),
    first_steps=(
        "Compare the request count with an hour ago: more traffic, or the same traffic at more cost?",
        "Look for a new revision in the same minutes; if there is one, roll back first and ask later.",
        "Look at the instance count: at its maximum, raise the maximum while the cause is sought.",
    ),
    causes=(
        "A traffic peak",
        "A revision that computes more per request",
        "A retry storm from a client",
        "A busy loop",
    ),
    mitigation=("Roll back to the previous revision", "Raise `--max-instances`", "Raise `--cpu`"),
)

HIGH_MEMORY_USAGE = AlertDefinition(
    name="HighMemoryUsage",
    title="High memory usage",
    severity="ERROR",
    channel_kinds=EVERY_CHANNEL,
    query=(
        "histogram_quantile(0.95, sum by (service_name, location, le) "
        "(rate(run_googleapis_com:container_memory_utilizations_bucket{$services}[$rate_window]))) > $threshold"
    ),
    threshold=lambda alerts: alerts.high_memory_usage.memory_ratio,
    duration_seconds=lambda alerts: alerts.high_memory_usage.duration_seconds,
    condition=lambda alerts: (
        f"Memory above {_percent(alerts.high_memory_usage.memory_ratio)} for "
        f"{_minutes(alerts.high_memory_usage.duration_seconds)}"
    ),
    meaning=(
        "The fullest instances of the service (95th percentile) are close to their memory limit. At the limit Cloud "
        "Run kills the instance, and every request in it fails with a 5xx."
    ),
    first_steps=(
        "Search the log for `Memory limit of` and `SIGKILL`: has an instance been killed already?",
        "Look at the shape: a slope since the last deployment is a leak, a step is a change or one large upload.",
        "Look for a new revision in the same minutes; if there is one, roll back first and ask later.",
    ),
    causes=(
        "A leak",
        "Large uploads held in memory",
        "Too many requests at once in one instance",
        "A cache without a bound",
    ),
    mitigation=("Roll back to the previous revision", "Raise `--memory`", "Lower `--concurrency`"),
)

HIGH_ERROR_RATE = AlertDefinition(
    name="HighErrorRate",
    title="High error rate",
    severity="CRITICAL",
    channel_kinds=EVERY_CHANNEL,
    query=(
        "sum by (service_name, location) "
        '(rate(run_googleapis_com:request_count{$services,response_code_class="5xx"}[$rate_window])) / '
        "sum by (service_name, location) (rate(run_googleapis_com:request_count{$services}[$rate_window])) > $threshold"
    ),
    threshold=lambda alerts: alerts.high_error_rate.error_ratio,
    duration_seconds=lambda alerts: alerts.high_error_rate.duration_seconds,
    condition=lambda alerts: (
        f"5xx above {_percent(alerts.high_error_rate.error_ratio)} of requests for "
        f"{_minutes(alerts.high_error_rate.duration_seconds)}"
    ),
    meaning=(
        "More than the threshold of the service's requests are answered 5xx, for the whole duration. Users see errors. "
        "Requests that never reach a container (refused for authorization, or at the instance limit) are not counted."
    ),
    first_steps=(
        "Open the service's health address: is it the database, or the service itself?",
        "Look for a new revision in the same minutes; if there is one, roll back first and ask later.",
        "Read the newest lines with ERROR in this service's log: one stack trace, or many?",
    ),
    causes=(
        "A bad revision",
        "The database is unreachable",
        "A missing secret or variable",
        "Instances killed for memory",
    ),
    mitigation=("Roll back to the previous revision", "If the database is the cause, go to DatabaseConnectionErrors"),
)

HIGH_LATENCY = AlertDefinition(
    name="HighLatency",
    title="High latency",
    severity="WARNING",
    channel_kinds=EMAIL_ONLY,
    query=(
        "histogram_quantile(0.95, sum by (service_name, location, le) "
        "(rate(run_googleapis_com:request_latencies_bucket{$services}[$rate_window]))) > $threshold"
    ),
    threshold=lambda alerts: alerts.high_latency.latency_ms,
    duration_seconds=lambda alerts: alerts.high_latency.duration_seconds,
    condition=lambda alerts: (
        f"p95 latency above {alerts.high_latency.latency_ms / 1000:g} s for "
        f"{_minutes(alerts.high_latency.duration_seconds)}"
    ),
    meaning=(
        "One request in twenty takes longer than the threshold, for the whole duration. The time that a container "
        "needs to start is not part of the figure."
    ),
    first_steps=(
        "Compare CPU and instance count: starved, or waiting for something else?",
        "Look at the database (query insights) and at what the log says of calls to other systems.",
        "Look for a new revision in the same minutes; if there is one, roll back first and ask later.",
    ),
    causes=("Slow queries", "A slow external API", "The connection pool is exhausted", "CPU at its limit"),
    mitigation=("Roll back to the previous revision", "Raise `--max-instances` or `--cpu`"),
)

DATABASE_CONNECTION_ERRORS = AlertDefinition(
    name="DatabaseConnectionErrors",
    title="Database connection errors",
    severity="CRITICAL",
    channel_kinds=EVERY_CHANNEL,
    # The larger of the two counts, never their sum: one refused connection stands in both logs. The server's count
    # carries its database_id and the application's no label, so that `or` keeps both.
    query=(
        "max(sum by (database_id) (increase($server_metric{$database}[$count_window])) or "
        "sum(increase($application_metric{$services}[$count_window]))) "
        "* $window_seconds / $count_window_seconds > $threshold"
    ),
    threshold=lambda alerts: alerts.database_connection_errors.error_count,
    duration_seconds=lambda _alerts: 0,
    condition=lambda alerts: (
        f"More than {alerts.database_connection_errors.error_count} connection errors in "
        f"{_minutes(alerts.database_connection_errors.window_seconds)}"
    ),
    meaning=(
        "Connections to the database fail: refused by the server (no slot left, unknown database), unreachable, or not "
        "to be had from the application's pool. The larger of the server's and the application's count is compared, so "
        "that one failure is counted once, and an exhausted pool, which the server never sees, counts too."
    ),
    first_steps=(
        "Is the instance running and is its CPU or disk full? Open it in the console.",
        "Read which text it is: `remaining connection slots` and `QueuePool limit` mean too many connections, "
        "`No such file or directory` and `Connection refused` mean that the way to the server is broken.",
        "Multiply the instances by the connections that each may open, and compare with max_connections.",
    ),
    causes=(
        "More instances than the database has slots for",
        "A leak: connections that are not given back to the pool",
        "The instance restarts, or is in maintenance",
        "The connector or the socket is missing after a deployment",
    ),
    mitigation=(
        "Lower `--max-instances` of the backend until the connections fit",
        "Restart the backend by deploying the same revision again: it drops leaked connections",
        "Raise max_connections (restarts the instance) or move to a larger tier",
    ),
    reads_logs=True,
)

ALERTS = (HIGH_CPU_USAGE, HIGH_MEMORY_USAGE, HIGH_ERROR_RATE, HIGH_LATENCY, DATABASE_CONNECTION_ERRORS)
