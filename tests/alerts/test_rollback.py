"""What the counter of the alert on rollbacks counts, on entries as Cloud Run writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from readiness.alerts.rollback_alerts import pinned_traffic
from tests.alerts.log_filter import parse_filter
from tests.projects import ROOT, settings_of

ENTRY = ROOT / "tests" / "fixtures" / "deployments" / "audit_entry.json"
REVISION = "ai-resume-review-v2-backend-prod-00041-abc"
LATEST = {"percent": 100, "latestRevision": True}


def entry(*traffic: dict[str, Any], second_api: bool = False, **changes: Any) -> dict[str, Any]:
    """A change of the backend's traffic as either of Cloud Run's APIs logs it."""
    found = json.loads(ENTRY.read_text(encoding="utf-8"))
    payload = found["protoPayload"]
    payload["request"]["service"]["spec"]["traffic"] = list(traffic)
    if second_api:
        payload["methodName"] = "google.cloud.run.v2.Services.UpdateService"
        payload["request"]["service"] = {"traffic": list(traffic), "trafficStatuses": [{"revision": REVISION}]}
    return {**found, **changes}


def of_service(name: str) -> dict[str, Any]:
    """What an entry has of another service."""
    return {"type": "cloud_run_revision", "labels": {"service_name": name}}


@pytest.mark.parametrize(
    ("found", "counted"),
    [
        (entry({"percent": 100, "revisionName": REVISION}), True),
        (entry({"percent": 100, "revision": REVISION}, second_api=True), True),
        (entry({"percent": 90, "revisionName": REVISION}, {"percent": 10, "latestRevision": True}), True),
        (entry(LATEST), False),
        (entry({"percent": 100, "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}, second_api=True), False),
        (entry(), False),
        (entry({"percent": 100, "revisionName": REVISION}, severity="ERROR"), False),
        (entry({"percent": 100, "revisionName": REVISION}, resource=of_service("another-service")), False),
        (
            entry({"percent": 100, "revisionName": REVISION}, resource=of_service("ai-resume-review-v2-frontend-prod")),
            True,
        ),
        (entry({"percent": 100, "revisionName": REVISION}, logName="projects/ytgrs-464303/logs/other"), False),
    ],
)
def test_an_accepted_change_that_names_a_revision_is_counted(found: dict[str, Any], counted: bool) -> None:
    """Of the stack's services, whoever made it. A deployment sends traffic to the latest revision, and is not."""
    assert parse_filter(pinned_traffic(settings_of("prod")).filter).matches(found) is counted


def test_the_notification_names_the_service_and_who_changed_it() -> None:
    """Which is a label of the counter, taken from the audit log."""
    metric = pinned_traffic(settings_of("prod"))
    assert metric.label_extractors == {"who": "EXTRACT(protoPayload.authenticationInfo.principalEmail)"}
    assert metric.labels.keys() == metric.label_extractors.keys()
