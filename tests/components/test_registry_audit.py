"""The component `RegistryAudit`."""

from __future__ import annotations

from components.log_metrics import LogMetricArgs
from components.registry_audit import RegistryAudit, RegistryAuditArgs
from tests.components.conftest import Declare

ARGS = RegistryAuditArgs(
    project="shop-1234",
    vulnerabilities=LogMetricArgs(
        key="vulnerabilities",
        name="shop_vulnerabilities_v1",
        description="What the scan found",
        filter='jsonPayload.event="scan"',
        labels={"severity": "critical or high"},
        value_field="count",
        bucket_bounds=(1, 2, 11),
    ),
)


def declare_audit(args: RegistryAuditArgs = ARGS) -> RegistryAudit:
    """The component alone."""
    return RegistryAudit("audit", args)


def test_who_deletes_from_the_registry_is_logged(declare: Declare) -> None:
    """The log is off by default, and without it a deletion is not logged."""
    assert declare(declare_audit).inputs("audit-log") == {
        "project": "shop-1234",
        "service": "artifactregistry.googleapis.com",
        "auditLogConfigs": [{"logType": "DATA_WRITE"}],
    }


def test_vulnerabilities_are_a_distribution_by_their_labels(declare: Declare) -> None:
    """As the arguments describe the metric."""
    assert declare(declare_audit).inputs("audit-vulnerabilities") == {
        "project": "shop-1234",
        "name": "shop_vulnerabilities_v1",
        "description": "What the scan found",
        "filter": 'jsonPayload.event="scan"',
        "metricDescriptor": {
            "metricKind": "DELTA",
            "valueType": "DISTRIBUTION",
            "unit": "1",
            "labels": [{"key": "severity", "valueType": "STRING", "description": "critical or high"}],
        },
        "labelExtractors": {"severity": "EXTRACT(jsonPayload.severity)"},
        "valueExtractor": "EXTRACT(jsonPayload.count)",
        "bucketOptions": {"explicitBuckets": {"bounds": [1, 2, 11]}},
    }
