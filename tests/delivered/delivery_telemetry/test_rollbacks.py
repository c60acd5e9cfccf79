"""Rollbacks in Cloud Run's audit log: which entries are one, of what, and after how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from readiness.delivered.delivery_telemetry.rollbacks import (
    LOOK_BACK,
    Rollback,
    audit_filter,
    entry_of,
    read_rollbacks,
    rollbacks_in,
)
from tests.delivered.delivery_telemetry.world import NOW, World, audit, environment, job, named, settings


def found_in(*entries: dict[str, Any]) -> list[Rollback]:
    """The rollbacks among entries."""
    return list(rollbacks_in(settings(), entries))


def second_api(minute: int, traffic: dict[str, Any], served: str | None = None) -> dict[str, Any]:
    """The same change through Cloud Run's second API, whose answer is an operation that says nothing of traffic."""
    entry = audit(minute, None)
    payload = entry["protoPayload"]
    payload["methodName"] = "google.cloud.run.v2.Services.UpdateService"
    service: dict[str, Any] = {"traffic": [traffic]}
    if served:
        service["trafficStatuses"] = [{"percent": 100, "revision": named(served)}]
    payload["request"] = {"service": service}
    payload["response"] = {"@type": "type.googleapis.com/google.longrunning.Operation"}
    return entry


def test_traffic_to_an_older_revision_is_a_rollback() -> None:
    """From the deployment of the bad revision at 11:00 to 11:45."""
    (rollback,) = found_in(audit(0, None, served="00041-abc"), audit(45, "00041-abc"))
    assert (rollback.environment, rollback.service) == ("production", "ai-resume-review-v2-backend-prod")
    assert (rollback.from_revision, rollback.to_revision) == (named("00042-def"), named("00041-abc"))
    assert (rollback.duration_seconds, rollback.actor) == (2700.0, "ada@example.com")
    assert rollback.at == datetime(2026, 11, 10, 11, 45, tzinfo=UTC)


def test_a_deployment_is_none() -> None:
    """Traffic to the latest revision."""
    assert found_in(audit(0, None), audit(30, None)) == []


def test_traffic_to_a_newer_revision_is_none() -> None:
    """Forward again after a rollback, by name."""
    assert found_in(audit(0, "00043-ghi", served="00041-abc")) == []


def test_a_deployment_without_traffic_is_none() -> None:
    """`gcloud run deploy --no-traffic` names the revision that serves already."""
    assert found_in(audit(0, None, served="00041-abc"), audit(10, "00042-def")) == []


def test_a_deployment_after_a_rollback_leaves_the_traffic_where_it_is_and_is_none() -> None:
    """gcloud keeps the named revision until traffic is sent to the latest again."""
    entries = [audit(0, None, served="00041-abc"), audit(45, "00041-abc"), audit(60, "00041-abc", served="00041-abc")]
    assert [rollback.audit_id for rollback in found_in(*entries)] == ["audit45"]


def test_a_refused_change_is_none() -> None:
    """A conflict, as when two people roll back at once."""
    refused = audit(45, "00041-abc", status={"code": 10, "message": "Conflict for resource"})
    assert found_in(audit(0, None), refused) == []


def test_the_order_of_the_entries_has_no_say() -> None:
    """The log is read in pages."""
    entries = [audit(45, "00041-abc"), audit(0, None, served="00041-abc")]
    assert [rollback.duration_seconds for rollback in found_in(*entries)] == [2700.0]


def test_a_rollback_whose_deployment_is_not_found_has_no_duration() -> None:
    """Deployed before the log was read: no figure rather than a wrong one."""
    (rollback,) = found_in(audit(45, "00041-abc"))
    assert rollback.duration_seconds is None
    assert "duration_seconds" not in entry_of(rollback)["jsonPayload"]


def test_revisions_with_names_of_ones_own_are_told_by_leaving_the_latest() -> None:
    """`--revision-suffix` hides the number."""
    left = audit(45, "blue", served="green")
    assert [rollback.to_revision for rollback in found_in(audit(0, None), left)] == [named("blue")]
    assert found_in(audit(0, "green", served="green"), left) == []


def test_the_second_api_is_read_too() -> None:
    """The console and other clients use it."""
    back = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": named("00041-abc"), "percent": 100}
    latest = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}
    (with_status,) = found_in(second_api(0, latest), second_api(45, back, served="00042-def"))
    assert (with_status.from_revision, with_status.duration_seconds) == (named("00042-def"), 2700.0)
    (without,) = found_in(second_api(0, latest), second_api(45, back))
    assert (without.from_revision, without.duration_seconds) == ("", 2700.0)


def test_split_traffic_counts_by_its_larger_part() -> None:
    """A canary of 10 % is no rollback; 90 % back to the old revision is."""
    canary, back = audit(0, None), audit(45, None)
    old, new = named("00041-abc"), named("00042-def")
    for entry, share in ((canary, 10), (back, 90)):
        entry["protoPayload"]["request"]["service"]["spec"]["traffic"] = [
            {"percent": share, "revisionName": old},
            {"percent": 100 - share, "revisionName": new},
        ]
    assert [rollback.audit_id for rollback in found_in(canary, back)] == ["audit45"]


@pytest.mark.parametrize("request_", [None, {}, {"service": {"spec": {}}}, {"service": {"spec": {"traffic": []}}}])
def test_an_entry_that_says_nothing_of_traffic_is_none(request_: Any) -> None:
    """A change of the ingress, or a request that was cut because it was too long."""
    assert found_in(audit(0, None), audit(45, "00041-abc", request=request_)) == []


def test_a_service_that_is_not_watched_is_none() -> None:
    """Another application's in the same project."""
    entry = audit(45, "00041-abc")
    entry["resource"]["labels"]["service_name"] = "another"
    assert found_in(audit(0, None), entry) == []


def test_who_did_it_is_a_person_or_automation() -> None:
    """The label is one of two words; the name is only in the entry."""
    by_ci = audit(45, "00041-abc")
    by_ci["protoPayload"]["authenticationInfo"] = {"principalEmail": "ci@p.iam.gserviceaccount.com"}
    triggers = [entry_of(*found_in(entry))["jsonPayload"]["trigger"] for entry in (audit(45, "00041-abc"), by_ci)]
    assert triggers == ["manual", "automation"]


def test_the_log_is_read_far_enough_back_to_find_the_deployment() -> None:
    """And a rollback of before the window is not reported."""
    world = World(audit_log=[audit(0, None, served="00041-abc"), audit(45, "00041-abc")])
    apis = job(world).apis
    assert [rollback.duration_seconds for rollback in read_rollbacks(apis, settings(), NOW - timedelta(hours=1))] == [
        2700.0
    ]
    assert read_rollbacks(apis, settings(), NOW) == []


def test_the_filter_names_exactly_the_watched_services() -> None:
    """Of the admin activity log, which Google keeps 400 days and nobody can switch off."""
    text = audit_filter(settings(environment(), environment("staging")), NOW - LOOK_BACK)
    assert text.splitlines() == [
        'logName="projects/ytgrs-464303/logs/cloudaudit.googleapis.com%2Factivity"',
        'resource.type="cloud_run_revision"',
        'resource.labels.service_name=("ai-resume-review-v2-backend-prod" OR "ai-resume-review-v2-backend-staging")',
        'protoPayload.methodName=~"(ReplaceService|UpdateService|CreateService)$"',
        "severity<ERROR",
        'timestamp>="2026-10-11T12:00:00+00:00"',
    ]
