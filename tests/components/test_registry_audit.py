"""The component `RegistryAudit`."""

from __future__ import annotations

import pulumi

from components.enabled_apis import EnabledApis, EnabledApisArgs
from components.log_metrics import LogMetricArgs
from components.registry_audit import RegistryAudit, RegistryAuditArgs
from tests.components.conftest import Declare
from tests.components.inputs import assert_inputs_are_inputs

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


def test_its_output_names_the_metric(declare: Declare) -> None:
    """By its name in Cloud Logging."""
    assert declare(declare_audit).outputs_of("audit") == {"metric_name": "shop_vulnerabilities_v1"}


def test_both_wait_for_what_the_component_depends_on(declare: Declare) -> None:
    """The API has to be enabled first."""

    def program() -> None:
        apis = EnabledApis("apis", EnabledApisArgs(project="shop-1234", apis=["logging.googleapis.com"]))
        RegistryAudit("audit", ARGS, pulumi.ResourceOptions(depends_on=[apis]))

    declared = declare(program)
    assert [declared.dependencies_of(f"audit-{key}") for key in ("log", "vulnerabilities")] == [{"apis-logging"}] * 2


def test_two_fit_into_one_program(declare: Declare) -> None:
    """Their children have different names, because each begins with the name of its component."""
    declared = declare(lambda: [RegistryAudit("first", ARGS), RegistryAudit("second", ARGS)])
    assert {name: declared.parent_of(name) for name in declared.names if "-" in name} == {
        "first-log": "first",
        "first-vulnerabilities": "first",
        "second-log": "second",
        "second-vulnerabilities": "second",
    }


def test_every_input_may_be_an_output_unknown_or_secret(declare: Declare) -> None:
    """Including those of the metric."""
    assert_inputs_are_inputs(declare, declare_audit, ARGS)
