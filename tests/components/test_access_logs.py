"""The component `AccessLogs`."""

from __future__ import annotations

import dataclasses

import pytest

from components.access_logs import AccessLogArgs, AccessLogs, AccessLogsArgs
from tests.components.conftest import Declare

ARGS = AccessLogsArgs(
    project="shop-1234",
    logs=[
        AccessLogArgs(key="secretmanager", service="secretmanager.googleapis.com", log_types=["DATA_READ"]),
        AccessLogArgs(key="cloudsql", service="cloudsql.googleapis.com", log_types=["DATA_READ", "DATA_WRITE"]),
    ],
    retention_days=90,
)


def declare_logs(args: AccessLogsArgs = ARGS) -> AccessLogs:
    """The component alone."""
    return AccessLogs("audit", args)


def test_each_api_has_its_logs_and_nobody_is_exempted(declare: Declare) -> None:
    """An exempted member would read without a trace."""
    declared = declare(declare_logs)
    assert declared.inputs("audit-secretmanager") == {
        "project": "shop-1234",
        "service": "secretmanager.googleapis.com",
        "auditLogConfigs": [{"logType": "DATA_READ"}],
    }
    assert declared.inputs("audit-cloudsql") == {
        "project": "shop-1234",
        "service": "cloudsql.googleapis.com",
        "auditLogConfigs": [{"logType": "DATA_READ"}, {"logType": "DATA_WRITE"}],
    }


def test_the_default_bucket_gets_its_days_and_nothing_else(declare: Declare) -> None:
    """The rest of it is Google's: a field that is written here would be set."""
    assert declare(declare_logs).inputs("audit-default-bucket") == {
        "project": "shop-1234",
        "location": "global",
        "bucketId": "_Default",
        "retentionDays": 90,
    }


def test_without_days_the_default_bucket_is_left_alone(declare: Declare) -> None:
    """A lower number would delete entries."""
    declared = declare(lambda: declare_logs(dataclasses.replace(ARGS, retention_days=None)))
    assert "audit-default-bucket" not in declared.names


def test_two_logs_of_one_key_are_refused() -> None:
    """They would be one resource."""
    with pytest.raises(ValueError, match="secretmanager"):
        declare_logs(dataclasses.replace(ARGS, logs=[ARGS.logs[0], ARGS.logs[0]]))
