"""Alerts over the Cloud SQL instance: connections that fail, and connections that run out."""

from __future__ import annotations

from collections.abc import Mapping

from readiness.alerts.commands import (
    LIST_OPERATIONS,
    LIST_REVISIONS,
    LOOK_FOR_A_NEW_REVISION,
    LOWER_INSTANCES,
    READ_DATABASE_ERRORS,
    READ_ERRORS,
    RESTART_INSTANCES,
    ROLL_BACK,
    SHOW_INSTANCE,
)
from readiness.alerts.connection_errors import (
    application_metric,
    connection_error_metrics,
    server_metric,
    traceback_metric,
)
from readiness.alerts.definition import (
    SAMPLE_PERIOD_SECONDS,
    AlertDefinition,
    has_postgresql,
    minutes,
    of_the_database,
    percent,
)
from readiness.alerts.selectors import database_selector, window
from readiness.settings.channels import TEAM
from readiness.settings.model import Settings


def _connection_error_values(settings: Settings) -> Mapping[str, str]:
    window_seconds = settings.connection_errors.window_seconds
    count_window_seconds = window_seconds + SAMPLE_PERIOD_SECONDS
    server = f"{server_metric(settings).promql_name}{{{database_selector(settings)}}}[{window(count_window_seconds)}]"
    return {
        "in_the_servers_log": f"sum by (database_id) (increase({server})) or " if has_postgresql(settings) else "",
        "application_metric": application_metric(settings).promql_name,
        "traceback_metric": traceback_metric(settings).promql_name,
        "count_window": window(count_window_seconds),
        "count_window_seconds": str(count_window_seconds),
        "window_seconds": str(window_seconds),
    }


DATABASE_CONNECTION_ERRORS = AlertDefinition(
    name="DatabaseConnectionErrors",
    title="Database connection errors",
    severity="ERROR",
    channel_kinds=TEAM,
    # The largest of the counts, never their sum: one refused connection is in every log. `or` keeps all three, because
    # their labels differ: the server's count has a database_id, the application's none, the tracebacks' a resource
    # type. A new counter's first event counts on Monitoring and not in Prometheus: definition.py, "Rare events".
    query=(
        "round(max(${in_the_servers_log}"
        "sum(increase($application_metric{$services}[$count_window])) or "
        "sum by (monitored_resource) (increase($traceback_metric{$services}[$count_window]))) "
        "* $window_seconds / $count_window_seconds, 0.01) > $threshold"
    ),
    declared_by=lambda settings: settings.database is not None,
    # The scaling (5/6 for five minutes) is exact if `increase` extrapolates, as in Prometheus. If it does not, the
    # alert misses 11 and 12 errors at a limit of 10. Without the scaling, 9 errors would page if it does. No factor is
    # right in both cases.
    threshold=lambda settings: settings.connection_errors.error_count,
    duration_seconds=lambda _settings: 0,
    condition=lambda settings: (
        f"More than {settings.connection_errors.error_count} connection errors in "
        f"{minutes(settings.connection_errors.window_seconds)}"
    ),
    meaning=(
        "Connections to the database fail: the server refuses them (no slot left, unknown database) or is unreachable, "
        "or the application's pool has none left. The alert compares the largest of three counts: PostgreSQL's log, "
        "the application's log, and its tracebacks. So it counts one failure once, and it also counts an exhausted "
        "pool, which the server does not log. It may miss a count of up to a fifth above the limit, such as 11 and 12 "
        "at a limit of 10 in five minutes: that depends on whether Monitoring extrapolates a count as Prometheus does."
    ),
    first_steps=(
        f"Check that the database instance runs: {SHOW_INSTANCE} and {LIST_OPERATIONS}. A state other than "
        "`RUNNABLE`, a full disk, or an operation of the last minutes is the cause.",
        f"Read the error text, in the application's log and in the server's: {READ_ERRORS} and "
        f"{READ_DATABASE_ERRORS}. `remaining connection slots` and the limit of a pool mean too many connections. "
        "`No such file or directory` and `Connection refused` mean that the application cannot reach the server.",
        "Multiply the number of instances by the connections that each may open, and compare with max_connections.",
    ),
    causes=(
        "More instances than the database has slots for",
        "A leak: connections that are not returned to the pool",
        "The instance restarts, or is in maintenance",
        "The connector or the socket is missing after a deployment",
    ),
    mitigation=(
        LOWER_INSTANCES,
        RESTART_INSTANCES,
        LOOK_FOR_A_NEW_REVISION,
        ROLL_BACK,
        "Restart the instance, if nothing else helps. This ends every connection: `gcloud sql instances restart "
        "$instance --project=$project`.",
    ),
    value="the number of connection errors in the window",
    subject=of_the_database,
    query_values=_connection_error_values,
    log_metrics=connection_error_metrics,
)


def _connection_values(settings: Settings) -> Mapping[str, str]:
    return {"database": database_selector(settings), "max_connections": str(settings.required_database.max_connections)}


DATABASE_CONNECTIONS_RUN_OUT = AlertDefinition(
    name="DatabaseConnectionsRunOut",
    title="Database connections run out",
    severity="ERROR",
    channel_kinds=TEAM,
    # The metric has one series for each database of the instance. They share the connections, so they are added.
    query=(
        "sum by (database_id) (last_over_time("
        "cloudsql_googleapis_com:database_postgresql_num_backends{$database}[$gauge_window])) / $max_connections > "
        "$threshold"
    ),
    query_values=_connection_values,
    subject=of_the_database,
    declared_by=lambda settings: has_postgresql(settings) and settings.required_database.max_connections is not None,
    threshold=lambda settings: settings.alerts.database_connections.connections_ratio,
    duration_seconds=lambda settings: settings.alerts.database_connections.duration_seconds,
    condition=lambda settings: (
        f"More than {percent(settings.alerts.database_connections.connections_ratio)} of "
        f"{settings.required_database.max_connections} connections for "
        f"{minutes(settings.alerts.database_connections.duration_seconds)}"
    ),
    meaning=(
        "Most of the instance's connections are open. Everything still works. At the limit the instance refuses new "
        "connections, and DatabaseConnectionErrors fires."
    ),
    first_steps=(
        f"List the revisions that connect to the database: {LIST_REVISIONS}. Multiply the instances of each by the "
        "connections that an instance may open, and compare with max_connections.",
        "Look at the instance count in the metrics of the service. Has it grown with traffic, or do old and new "
        "revisions run side by side?",
        "Look at the open connections by state (Query insights). Many that are idle in a transaction mean a leak.",
    ),
    causes=(
        "More instances than the database has slots for",
        "Two revisions at once, each with its own pools",
        "A leak: connections that are not returned to the pool",
    ),
    mitigation=(
        LOWER_INSTANCES,
        RESTART_INSTANCES,
        "Raise max_connections permanently. Changing the flag restarts the instance. Set the flag where the instance "
        "is declared, and `max_connections` in the settings. This shows the present flags: `gcloud sql instances "
        "describe $instance "
        '--project=$project --format="yaml(settings.databaseFlags, settings.tier)"`.',
    ),
    value="the share of the connections that are open: 0.8 is 80 %",
)

DATABASE_ALERTS = (DATABASE_CONNECTION_ERRORS, DATABASE_CONNECTIONS_RUN_OUT)
