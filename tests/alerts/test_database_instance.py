"""The alerts on the database instance: the comparison of the disk, and the counted backups."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.alerts.database_instance_alerts import DATABASE_DISK_FULL, DATABASE_INSTANCE_ALERTS, failed_backups
from readiness.alerts.rules import query_of
from readiness.settings.channels import PAGE, TEAM
from readiness.settings.model import DatabaseStorage, Settings
from tests.alerts.log_filter import parse_filter
from tests.projects import settings_of

PROD = settings_of("prod")


def with_storage(storage: DatabaseStorage | None) -> Settings:
    """Production, with this disk."""
    return PROD.model_copy(update={"database": PROD.required_database.model_copy(update={"storage": storage})})


@pytest.mark.parametrize("storage", [None, DatabaseStorage(automatic_increase=False)])
def test_a_disk_that_does_not_grow_is_compared_with_its_size(storage: DatabaseStorage | None) -> None:
    """Also a disk without the setting: an early alert is better than none."""
    settings = with_storage(storage)
    query = query_of(DATABASE_DISK_FULL, settings)
    assert "disk_utilization" in query
    assert "disk_quota" not in query
    assert DATABASE_DISK_FULL.condition(settings) == "More than 80 % of the disk used for 10 min"


@pytest.mark.parametrize(("limit_gib", "gib"), [(100, 100), (None, 65_536)])
def test_a_disk_that_grows_is_compared_with_its_limit(limit_gib: int | None, gib: int) -> None:
    """The disk grows before its own size is reached."""
    limit = {} if limit_gib is None else {"limit_gib": limit_gib}
    settings = with_storage(DatabaseStorage.model_validate({"automatic_increase": True, **limit}))
    query = query_of(DATABASE_DISK_FULL, settings)
    assert "disk_utilization" not in query
    assert f", {gib * 2**30}) > 0.8 or " in query
    assert query.endswith(f" < {2 * 2**30}")
    condition = DATABASE_DISK_FULL.condition(settings)
    assert condition == f"More than 80 % of {gib} GiB used, or less than 2 GiB free, for 10 min"


def test_of_the_alerts_on_the_instance_only_database_down_pages() -> None:
    """All others are causes, which notify e-mail and Slack."""
    channels = {alert.name: alert.channel_kinds for alert in DATABASE_INSTANCE_ALERTS}
    assert channels.pop("DatabaseDown") == PAGE
    assert set(channels.values()) == {TEAM}


def test_every_mitigation_contains_a_command() -> None:
    """An on-call engineer copies it."""
    for alert in DATABASE_INSTANCE_ALERTS:
        for step in alert.mitigation:
            assert "`gcloud sql " in step or "`gcloud run " in step or "the same session" in step, step


def backup(status: str, **change: Any) -> dict[str, Any]:
    """An entry as Google's page on audit logs of automated backups shows it."""
    entry = {
        "logName": f"projects/{PROD.project}/logs/cloudaudit.googleapis.com%2Fsystem_event",
        "resource": {
            "type": "cloudsql_database",
            "labels": {"region": "us-central1", "project_id": PROD.project, "database_id": PROD.database_id},
        },
        "severity": "ERROR",
        "protoPayload": {
            "serviceName": "cloudsql.googleapis.com",
            "methodName": "cloudsql.instances.automatedBackup",
            "metadata": {"windowStatus": status, "message": ""},
        },
    }
    return {**entry, **change}


OTHER = {"type": "cloudsql_database", "labels": {"database_id": f"{PROD.database_id}-replica"}}
FAILOVER = {
    "methodName": "cloudsql.instances.autoFailover",
    "metadata": {"windowStatus": "STATUS_FAILED"},
}


@pytest.mark.parametrize(
    ("entry", "counted"),
    [
        (backup("STATUS_FAILED"), True),
        (backup("STATUS_SUCCEEDED", severity="INFO"), False),
        (backup("STATUS_ATTEMPT_FAILED"), False),
        (backup("STATUS_SKIPPED", severity="INFO"), False),
        (backup("STATUS_FAILED", resource=OTHER), False),
        (backup("STATUS_FAILED", protoPayload=FAILOVER), False),
        (backup("STATUS_FAILED", logName=f"projects/{PROD.project}/logs/cloudaudit.googleapis.com%2Factivity"), False),
    ],
)
def test_a_backup_that_finally_failed_is_counted(entry: dict[str, Any], counted: bool) -> None:
    """An attempt that may be repeated is not, nor one of another instance."""
    assert parse_filter(failed_backups(PROD).filter).matches(entry) is counted
