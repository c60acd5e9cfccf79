"""Mistakes in logs, the registry, members, APIs and jobs, each found at its path."""

from __future__ import annotations

import pytest

from tests.rules.good_inputs import (
    API,
    AUDIT_CONFIG,
    JOB,
    LOG_BUCKET,
    LOG_METRIC,
    LOG_SINK,
    MEMBER,
    REGISTRY,
    REGISTRY_MEMBER,
    good_inputs,
    resource,
)
from tests.rules.planting import LEFT_OUT, Mistake, assert_found, check_plan, planted

LOG_MISTAKES = [
    Mistake("a metric's name with a leading slash", LOG_METRIC, "name", "/errors", "a metric's name"),
    Mistake("a metric's name with a space", LOG_METRIC, "name", "my errors", "a metric's name"),
    Mistake("a metric's name too long", LOG_METRIC, "name", "a" * 101, "a metric's name"),
    Mistake("a metric's filter too long", LOG_METRIC, "filter", "x" * 20_001, "the API takes 20000"),
    Mistake("a metric's description too long", LOG_METRIC, "description", "x" * 8001, "the API takes 8000"),
    Mistake("a metric without a filter", LOG_METRIC, "filter", LEFT_OUT, "is required"),
    Mistake("a value type that does not exist", LOG_METRIC, "metricDescriptor.valueType", "COUNTER", "is not one of"),
    Mistake("a gauge of logs", LOG_METRIC, "metricDescriptor.metricKind", "GAUGE", "is not one of DELTA"),
    Mistake("a counter in bytes", LOG_METRIC, "metricDescriptor.unit", "By", "of a counter is 1"),
    Mistake("a counter that extracts", LOG_METRIC, "valueExtractor", "EXTRACT(a)", "goes only with"),
    Mistake("a label without an extractor", LOG_METRIC, "labelExtractors", {}, "is missing", "labelExtractors.reason"),
    Mistake("an extractor without a label", LOG_METRIC, "labelExtractors.other", "EXTRACT(a)", "does not have"),
    Mistake("an extractor of no known form", LOG_METRIC, "labelExtractors.reason", "textPayload", "EXTRACT(field)"),
    Mistake("a time that only the API writes", LOG_METRIC, "createTime", "2026-11-25T00:00:00Z", "by the API only"),
    Mistake("a retention of no days", LOG_BUCKET, "retentionDays", 0, "1 to 3650"),
    Mistake("a retention in text", LOG_BUCKET, "retentionDays", "30d", "is not of type integer"),
    Mistake("a bucket's name in the body", LOG_BUCKET, "name", "audit", "by the API only"),
    Mistake("a bucket's description too long", LOG_BUCKET, "description", "x" * 8001, "the API takes 8000"),
    Mistake("a sink's description too long", LOG_SINK, "description", "x" * 8001, "the API takes 8000"),
    Mistake("a sink's filter too long", LOG_SINK, "filter", "x" * 20_001, "the API takes 20000"),
    Mistake("an exclusion's filter too long", LOG_SINK, "exclusions[0].filter", "x" * 20_001, "the API takes 20000"),
    Mistake("a sink to nowhere", LOG_SINK, "destination", "my-bucket", "starts with none of"),
    Mistake("a sink's name with a slash", LOG_SINK, "name", "a/b", "a sink's name"),
    Mistake("an exclusion without a filter", LOG_SINK, "exclusions[0].filter", LEFT_OUT, "is required"),
    Mistake("an exclusion's name with a space", LOG_SINK, "exclusions[0].name", "a b", "an exclusion's name"),
]
DELETE = "cleanupPolicies.delete-older-than-30-days"
RECENT = "cleanupPolicies.keep-recent-backend"
TAGS = "cleanupPolicies.keep-protected-tags"
MANY = {f"keep-{number}": {"action": "KEEP", "mostRecentVersions": {"keepCount": 1}} for number in range(11)}
REGISTRY_MISTAKES = [
    Mistake("a format that does not exist", REGISTRY, "format", "DOKER", '"DOKER" is not one of DOCKER'),
    Mistake(
        "scanning said to be enabled", REGISTRY, "vulnerabilityScanningConfig.enablementConfig", "ENABLED", "INHERITED"
    ),
    Mistake(
        "a state that only the API writes", REGISTRY, "vulnerabilityScanningConfig.enablementState", "x", "API only"
    ),
    Mistake("an action in lower case", REGISTRY, f"{TAGS}.action", "keep", "is not one of DELETE, KEEP"),
    Mistake("a tag state in lower case", REGISTRY, f"{TAGS}.condition.tagState", "tagged", "is not one of"),
    Mistake("a misspelt condition", REGISTRY, f"{DELETE}.condition.oldThan", "1s", "`olderThan`"),
    Mistake("DELETE of everything", REGISTRY, f"{DELETE}.condition", {}, "would match every version"),
    Mistake("DELETE without a condition", REGISTRY, f"{DELETE}.condition", LEFT_OUT, "would match every version"),
    Mistake(
        "a count in text", REGISTRY, f"{RECENT}.mostRecentVersions.packageNamePrefixes", "backend", "of type array"
    ),
    Mistake("11 policies", REGISTRY, "cleanupPolicies", MANY, "a repository takes 10"),
    Mistake(
        "a policy's id too long",
        REGISTRY,
        f"cleanupPolicies.{'a' * 128}",
        {"action": "KEEP"},
        "takes 1 to 127",
        f"cleanupPolicies.{'a' * 128}.id",
    ),
    Mistake("a label's key in capitals", REGISTRY, "labels", {"Team": "a"}, "no key of a label", "labels.Team"),
    Mistake(
        "DELETE with nothing kept",
        REGISTRY,
        "cleanupPolicies",
        {"old": {"action": "DELETE", "condition": {"olderThan": "2592000s"}}},
        "without any KEEP",
        "cleanupPolicies.old.action",
    ),
]
REGISTRY_INPUT_MISTAKES = [
    Mistake("a repository's id in capitals", REGISTRY, "repositoryId", "Bad_ID", "a repository's id"),
    Mistake("a repository's id too long", REGISTRY, "repositoryId", "a" * 64, "a repository's id"),
    Mistake("a dry run left to its default", REGISTRY, "cleanupPolicyDryRun", LEFT_OUT, "must be written"),
    Mistake("a misspelt input", REGISTRY, "cleanupPolicyDryrun", True, "`cleanupPolicyDryRun`"),
]
AUDIT_LOGS = "auditLogConfigs"
NO_TYPE = [{"logType": "LOG_TYPE_UNSPECIFIED"}]
TYPE_TWICE = [{"logType": "DATA_WRITE"}, {"logType": "DATA_WRITE", "exemptedMembers": ["user:a@example.com"]}]
ACCESS_MISTAKES = [
    Mistake("a role without its prefix", MEMBER, "role", "viewer", "is not a role"),
    Mistake("a member without its kind", MEMBER, "member", "ops@example.com", "is not a member", "members[0]"),
    Mistake("no member", MEMBER, "member", LEFT_OUT, "is required", "members"),
    Mistake("a condition without a title", MEMBER, "condition.title", LEFT_OUT, "is required"),
    Mistake("a role of a repository without its prefix", REGISTRY_MEMBER, "role", "reader", "is not a role"),
    Mistake("an audit log of an API by its short name", AUDIT_CONFIG, "service", "run", "the full name of an API"),
    Mistake("an audit log of a type that is none", AUDIT_CONFIG, f"{AUDIT_LOGS}[0].logType", "WRITE", "is not one of"),
    Mistake("an audit log that logs nothing", AUDIT_CONFIG, AUDIT_LOGS, [], "is required"),
    Mistake(
        "an audit log of the unspecified type", AUDIT_CONFIG, AUDIT_LOGS, NO_TYPE, "has a logType that logs nothing"
    ),
    Mistake("a type of audit log twice", AUDIT_CONFIG, AUDIT_LOGS, TYPE_TWICE, "names a logType twice"),
    Mistake("an API by its short name", API, "service", "monitoring", "the full name of an API"),
]
TASK = "template.template"
JOB_MISTAKES = [
    Mistake("a misspelt field of a task", JOB, f"{TASK}.maxRetires", 0, "`maxRetries`"),
    Mistake("retries in text", JOB, f"{TASK}.maxRetries", "none", "is not of type integer"),
    Mistake("a timeout in minutes", JOB, f"{TASK}.timeout", "10m", "write seconds"),
    Mistake("a container without an image", JOB, f"{TASK}.containers[0].image", LEFT_OUT, "is required"),
    Mistake(
        "a variable of value and secret",
        JOB,
        f"{TASK}.containers[0].env[1].value",
        "x",
        "beside value",
        f"{TASK}.containers[0].env[1].valueSource",
    ),
    Mistake("a mount of no volume", JOB, f"{TASK}.containers[0].volumeMounts[0].name", "data", "no volume of the task"),
    Mistake(
        "an annotation of the API's own",
        JOB,
        "annotations",
        {"run.googleapis.com/x": "y"},
        "keeps for itself",
        "annotations.run.googleapis.com/x",
    ),
    Mistake("a count that only the API writes", JOB, "executionCount", 1, "by the API only"),
]
JOB_INPUT_MISTAKES = [
    Mistake("a job's name in capitals", JOB, "name", "Migrate", "a job's name"),
    Mistake("a token too long", JOB, "runExecutionToken", "a" * 56, "have 63 characters"),
]


@pytest.mark.parametrize("mistake", [*LOG_MISTAKES, *REGISTRY_MISTAKES, *JOB_MISTAKES], ids=str)
def test_a_mistake_in_a_body_is_found(mistake: Mistake) -> None:
    """The published schemas, docs/facts/monitoring.md#log-based-metrics and docs/facts/registry.md."""
    assert_found(mistake, mistake.found_in_body())


@pytest.mark.parametrize("mistake", [*REGISTRY_INPUT_MISTAKES, *ACCESS_MISTAKES, *JOB_INPUT_MISTAKES], ids=str)
def test_a_mistake_in_inputs_is_found(mistake: Mistake) -> None:
    """What becomes part of the address, or is left out of the body."""
    assert_found(mistake, mistake.found_in_inputs())


@pytest.mark.parametrize(
    "namespace", ["run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev"]
)
def test_an_annotation_in_a_namespace_of_the_api_is_refused(namespace: str) -> None:
    """All four, and no other."""
    inputs = {**good_inputs(JOB), "annotations": {f"{namespace}/x": "y", "example.com/x": "y"}}
    assert [item.path for item in check_plan([resource(JOB, inputs)])] == [f"annotations.{namespace}/x"]


def test_two_execution_tokens_are_refused() -> None:
    """They are a oneof of the API."""
    inputs = {**good_inputs(JOB), "startExecutionToken": "a", "runExecutionToken": "b"}
    (found,) = check_plan([resource(JOB, inputs)])
    assert found.path == "runExecutionToken"


DISTRIBUTION = {
    "filter": "a",
    "name": "latency",
    "metricDescriptor": {"metricKind": "DELTA", "valueType": "DISTRIBUTION", "unit": "ms"},
    "valueExtractor": "EXTRACT(jsonPayload.latency)",
    "bucketOptions": {"exponentialBuckets": {"growthFactor": 2, "numFiniteBuckets": 64, "scale": 1}},
}
EXPLICIT = {"explicitBuckets": {"bounds": [1, 3, 2]}}
EXPONENTIAL = "bucketOptions.exponentialBuckets"


@pytest.mark.parametrize(
    ("path", "value", "found_at"),
    [
        ("valueExtractor", LEFT_OUT, "valueExtractor"),
        ("bucketOptions", LEFT_OUT, "bucketOptions"),
        ("bucketOptions", {}, "bucketOptions"),
        ("valueExtractor", "jsonPayload.latency", "valueExtractor"),
        (f"{EXPONENTIAL}.growthFactor", 1, f"{EXPONENTIAL}.growthFactor"),
        (f"{EXPONENTIAL}.scale", 0, f"{EXPONENTIAL}.scale"),
        (f"{EXPONENTIAL}.numFiniteBuckets", 0, f"{EXPONENTIAL}.numFiniteBuckets"),
        ("bucketOptions", {"linearBuckets": {"numFiniteBuckets": 0}}, "bucketOptions.linearBuckets.numFiniteBuckets"),
        ("bucketOptions", {"linearBuckets": {"width": 0, "numFiniteBuckets": 5}}, "bucketOptions.linearBuckets.width"),
        ("bucketOptions", EXPLICIT, "bucketOptions.explicitBuckets.bounds"),
        ("bucketOptions.linearBuckets", {"width": 1}, "bucketOptions.linearBuckets"),
    ],
)
def test_a_mistake_in_a_distribution_is_found(path: str, value: object, found_at: str) -> None:
    """Extractor, buckets, and the bounds of each kind of buckets (docs/facts/monitoring.md#log-based-metrics)."""
    good = {key: dict(item) if isinstance(item, dict) else item for key, item in DISTRIBUTION.items()}
    good["bucketOptions"] = {"exponentialBuckets": {"growthFactor": 2, "numFiniteBuckets": 64, "scale": 1}}
    assert check_plan([resource(LOG_METRIC, good)]) == []
    (found,) = check_plan([resource(LOG_METRIC, planted(good, path, value))])
    assert found.path == found_at
