"""Which log lines count as a database connection error: the declared filters, run on real lines."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.alerts.connection_errors import (
    application_metric,
    connection_error_metrics,
    server_metric,
    traceback_metric,
)
from readiness.settings.model import Settings
from tests.alerts.log_filter import parse_filter
from tests.alerts.log_lines import EVENTS, POOL, SERVER_COUNTED, SERVER_NOT_COUNTED, SLOTS, Event
from tests.projects import settings_of


@pytest.fixture(scope="module")
def prod() -> Settings:
    """The settings of production."""
    return settings_of("prod")


def _application(text: str, service: str = "ai-resume-review-v2-backend-prod", **more: Any) -> dict[str, Any]:
    resource = {"type": "cloud_run_revision", "labels": {"service_name": service, "location": "us-central1"}}
    return {"resource": resource, "logName": "projects/p/logs/run.googleapis.com%2Fstderr", "textPayload": text, **more}


def _server(text: str, instance: str = "ai-resume-review-v2-db-prod", **more: Any) -> dict[str, Any]:
    resource = {"type": "cloudsql_database", "labels": {"database_id": f"ytgrs-464303:{instance}"}}
    log = "projects/ytgrs-464303/logs/cloudsql.googleapis.com%2Fpostgres.log"
    text = f"2025-10-17 09:00:00.123 UTC [42]: [1-1] db=x,user=postgres {text}"
    return {"resource": resource, "logName": log, "textPayload": text, **more}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_an_event_counts_as_often_as_it_happened(prod: Settings, event: Event) -> None:
    """One line of a logger and one of a traceback count, even if other lines repeat the error."""
    for metric, expected in ((application_metric(prod), event.logged), (traceback_metric(prod), event.tracebacks)):
        filter_ = parse_filter(metric.filter)
        counted = [line for line in event.lines if filter_.matches(_application(line))]
        assert len(counted) == expected, f"{metric.slug}: {counted}"


@pytest.mark.parametrize("line", SERVER_COUNTED)
def test_a_refused_connection_counts_in_the_servers_log(prod: Settings, line: str) -> None:
    """Each is one FATAL line of PostgreSQL 15."""
    assert parse_filter(server_metric(prod).filter).matches(_server(line))


@pytest.mark.parametrize("line", SERVER_NOT_COUNTED)
def test_a_restart_a_wrong_password_or_a_failed_query_does_not_count(prod: Settings, line: str) -> None:
    """They do not mean that connections fail."""
    assert not parse_filter(server_metric(prod).filter).matches(_server(line))


@pytest.mark.parametrize(
    "entry",
    [
        _application(POOL, service="ai-resume-review-v2-backend-staging"),
        _application(POOL, service="ai-resume-review-v2-backend-prod2"),
        {**_application(POOL), "resource": {"type": "cloud_run_job", "labels": {"service_name": "x"}}},
        {key: value for key, value in _application(POOL).items() if key != "textPayload"},
        {**_application(POOL), "textPayload": None, "jsonPayload": {"message": POOL}},
    ],
    ids=["other environment", "neighbour", "a job", "no text", "structured"],
)
def test_lines_of_other_services_do_not_count(prod: Settings, entry: dict[str, Any]) -> None:
    """The same text, but not from a service of the stack, or not as text."""
    counted = [metric.slug for metric in connection_error_metrics(prod) if parse_filter(metric.filter).matches(entry)]
    assert counted == []


def test_another_instances_and_another_logs_lines_do_not_count(prod: Settings) -> None:
    """Only the PostgreSQL log of the stack's instance counts."""
    filter_ = parse_filter(server_metric(prod).filter)
    assert not filter_.matches(_server(f"FATAL:  {SLOTS}", instance="ai-resume-review-v2-db-staging"))
    assert not filter_.matches(
        _server(f"FATAL:  {SLOTS}", logName="projects/p/logs/cloudaudit.googleapis.com%2Factivity")
    )


def test_every_bare_text_of_a_driver_counts_when_a_logger_reports_it(prod: Settings) -> None:
    """Any text may precede it."""
    filter_ = parse_filter(application_metric(prod).filter)
    for text in (
        POOL,
        SLOTS,
        "[Errno 111] Connect call failed ('10.0.0.3', 5432)",
        "TooManyConnectionsError",
        "OperationalError",
    ):
        assert filter_.matches(_application(f"2025-10-17 09:00:00,123 - app.x - ERROR - {text}")), text
