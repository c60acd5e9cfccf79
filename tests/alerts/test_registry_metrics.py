"""What the registry's counters count, on entries as Google's audit log and the managed workflows write them."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.alerts.registry_alerts import (
    deletions_by_others,
    large_cleanups,
    new_criticals,
    vulnerabilities,
    vulnerability_filter,
    workflows_of,
)
from tests.alerts.log_filter import parse_filter
from tests.projects import settings_of

PROD = settings_of("prod")
RESOURCE = "projects/ytgrs-464303/locations/us-central1/repositories/ai-resume-review-v2"
METHOD = "google.devtools.artifactregistry.v1.ArtifactRegistry."
OURS = {"logName": "projects/ytgrs-464303/logs/readiness-images"}


def deletion(**change: Any) -> dict[str, Any]:
    """A person deletes a version by hand."""
    payload = {
        "serviceName": "artifactregistry.googleapis.com",
        "methodName": f"{METHOD}DeleteVersion",
        "resourceName": f"{RESOURCE}/packages/backend/versions/sha256:0",
        "authenticationInfo": {"principalEmail": "ada@example.net"},
    }
    severity = change.pop("severity", "NOTICE")
    return {"resource": {"type": "audited_resource"}, "severity": severity, "protoPayload": {**payload, **change}}


CLEANUP = {"principalEmail": "service-864523342928@gcp-sa-artifactregistry.iam.gserviceaccount.com"}


@pytest.mark.parametrize(
    ("entry", "counted"),
    [
        (deletion(), True),
        (deletion(methodName=f"{METHOD}BatchDeleteVersions", resourceName=f"{RESOURCE}/packages/-"), True),
        (
            deletion(
                methodName=f"{METHOD}DeleteTag", resourceName=f"{RESOURCE}/packages/backend/tags/production-latest"
            ),
            True,
        ),
        (deletion(methodName=f"{METHOD}DeleteRepository", resourceName=RESOURCE), True),
        (deletion(authenticationInfo=CLEANUP, methodName=f"{METHOD}BatchDeleteVersions"), False),
        (deletion(authenticationInfo={"principalEmail": "x@gcp-sa-artifactregistryXiam.gserviceaccount.com"}), True),
        (deletion(severity="ERROR"), False),
        (deletion(methodName=f"{METHOD}UpdateTag"), False),
        (deletion(resourceName=f"{RESOURCE}-old/packages/backend/versions/sha256:0"), False),
        (deletion(serviceName="run.googleapis.com"), False),
    ],
)
def test_deletions_by_anybody_but_the_cleanup_are_counted(entry: dict[str, Any], counted: bool) -> None:
    """Versions, packages, tags that protect, the repository; not what was refused, and not another repository."""
    assert parse_filter(deletions_by_others(PROD).filter).matches(entry) is counted


@pytest.mark.parametrize(("word", "counted"), [("yes", True), ("no", False)])
def test_a_cleanup_over_the_limit_is_counted(word: str, counted: bool) -> None:
    """By the word that the report writes."""
    entry = {**OURS, "jsonPayload": {"event": "registry_cleanup", "over_limit": word}}
    assert parse_filter(large_cleanups(PROD).filter).matches(entry) is counted


@pytest.mark.parametrize(
    ("severity", "word", "counted"),
    [("critical", "yes", True), ("critical", "no", False), ("high", "yes", False)],
)
def test_a_new_critical_is_counted(severity: str, word: str, counted: bool) -> None:
    """A high one is an issue and pages nobody."""
    entry = {**OURS, "jsonPayload": {"event": "vulnerability_scan", "severity": severity, "has_new": word}}
    assert parse_filter(new_criticals(PROD).filter).matches(entry) is counted
    assert parse_filter(vulnerability_filter(PROD.project)).matches(entry)


def test_vulnerabilities_are_measured_by_environment_service_and_severity() -> None:
    """A distribution of their number, by three labels of few values."""
    metric = vulnerabilities("shop-1234")
    assert (metric.name, metric.value_field) == ("readiness_vulnerabilities_v1", "count")
    assert set(metric.labels) == {"environment", "service", "severity"}
    assert metric.bounds[0] == 1, "none and one are in different buckets"
    assert 'jsonPayload.event="vulnerability_scan"' in metric.filter


def test_a_stack_without_the_workflows_has_no_limit_to_compare_with() -> None:
    """Its alerts are not declared either."""
    with pytest.raises(ValueError, match="does not declare image_workflows"):
        workflows_of(settings_of("staging"))
