"""Alerts over the Cloud SQL instance: connections that fail, and connections that run out."""

from __future__ import annotations

from collections.abc import Mapping

from readiness.alerting.connection_errors import (
    application_metric,
    connection_error_metrics,
    server_metric,
    traceback_metric,
)
from readiness.alerting.definition import (
    EVERY_CHANNEL,
    SAMPLE_PERIOD_SECONDS,
    AlertDefinition,
    minutes,
    of_the_database,
)
from readiness.alerting.selectors import database_selector, window
from readiness.settings.model import Settings


def _connection_error_values(settings: Settings) -> Mapping[str, str]:
    window_seconds = settings.alerts.database_connection_errors.window_seconds
    count_window_seconds = window_seconds + SAMPLE_PERIOD_SECONDS
    return {
        "database": database_selector(settings),
        "server_metric": server_metric(settings).promql_name,
        "application_metric": application_metric(settings).promql_name,
        "traceback_metric": traceback_metric(settings).promql_name,
        "count_window": window(count_window_seconds),
        "count_window_seconds": str(count_window_seconds),
        "window_seconds": str(window_seconds),
    }


DATABASE_CONNECTION_ERRORS = AlertDefinition(
    name="DatabaseConnectionErrors",
    title="Database connection errors",
    severity="CRITICAL",
    channel_kinds=EVERY_CHANNEL,
    # The largest of the counts, never their sum: one refused connection stands in every log. `or` tells them apart by
    # their labels: the server's count has its database_id, the application's none, the tracebacks' the resource type.
    query=(
        "round(max(sum by (database_id) (increase($server_metric{$database}[$count_window])) or "
        "sum(increase($application_metric{$services}[$count_window])) or "
        "sum by (monitored_resource) (increase($traceback_metric{$services}[$count_window]))) "
        "* $window_seconds / $count_window_seconds, 0.01) > $threshold"
    ),
    threshold=lambda settings: settings.alerts.database_connection_errors.error_count,
    duration_seconds=lambda _settings: 0,
    condition=lambda settings: (
        f"More than {settings.alerts.database_connection_errors.error_count} connection errors in "
        f"{minutes(settings.alerts.database_connection_errors.window_seconds)}"
    ),
    meaning=(
        "Connections to the database fail: refused by the server (no slot left, unknown database), unreachable, or not "
        "to be had from the application's pool. The largest of three counts is compared (the server's log, the "
        "application's, its tracebacks), so that one failure is counted once, and an exhausted pool, which the server "
        "never sees, counts too."
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
    subject=of_the_database,
    query_values=_connection_error_values,
    log_metrics=connection_error_metrics,
)

DATABASE_ALERTS = (DATABASE_CONNECTION_ERRORS,)
