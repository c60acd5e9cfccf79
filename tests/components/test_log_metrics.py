"""The component `LogMetrics`."""

from __future__ import annotations

from components.log_metrics import LogMetricArgs, LogMetrics, LogMetricsArgs
from readiness.alerts.log_metric import LogMetric
from tests.components.conftest import Declare

COUNTER = LogMetricArgs(key="errors", name="errors", description="Errors", filter="severity=ERROR")
DISTRIBUTION = LogMetricArgs(
    key="duration",
    name="deploy_duration",
    description="How long a deployment took",
    filter='jsonPayload.kind="deployment"',
    labels={"outcome": "success or failure"},
    value_field="seconds",
    unit="s",
    bucket_bounds=(60, 300),
)
ARGS = LogMetricsArgs(project="shop-1234", metrics=[COUNTER, DISTRIBUTION])


def test_a_metric_without_a_value_counts_entries(declare: Declare) -> None:
    """It has neither labels nor buckets."""
    declared = declare(lambda: LogMetrics("logs", ARGS))
    assert declared.inputs("logs-errors") == {
        "project": "shop-1234",
        "name": "errors",
        "description": "Errors",
        "filter": "severity=ERROR",
        "metricDescriptor": {"metricKind": "DELTA", "valueType": "INT64", "unit": "1"},
    }


def test_a_metric_with_a_value_is_a_distribution_by_its_labels(declare: Declare) -> None:
    """The labels and the value are fields of the entry."""
    inputs = declare(lambda: LogMetrics("logs", ARGS)).inputs("logs-duration")
    assert inputs["metricDescriptor"] == {
        "metricKind": "DELTA",
        "valueType": "DISTRIBUTION",
        "unit": "s",
        "labels": [{"key": "outcome", "valueType": "STRING", "description": "success or failure"}],
    }
    assert inputs["labelExtractors"] == {"outcome": "EXTRACT(jsonPayload.outcome)"}
    assert inputs["valueExtractor"] == "EXTRACT(jsonPayload.seconds)"
    assert inputs["bucketOptions"] == {"explicitBuckets": {"bounds": [60.0, 300.0]}}


def test_a_label_can_be_taken_from_a_text(declare: Declare) -> None:
    """By an expression of its own; the other labels are still fields."""
    labels = {"kind": "what it is", "outcome": "how it went"}
    extractors = {"kind": 'REGEXP_EXTRACT(textPayload, "(exit|probe)")'}
    metric = LogMetricArgs(
        key="kinds", name="kinds", description="Kinds", filter="x", labels=labels, label_extractors=extractors
    )
    inputs = declare(lambda: LogMetrics("logs", LogMetricsArgs(project="p", metrics=[metric]))).inputs("logs-kinds")
    assert inputs["labelExtractors"] == {**extractors, "outcome": "EXTRACT(jsonPayload.outcome)"}


def test_a_metric_of_the_toolkit_becomes_the_arguments() -> None:
    """Its slug is the key."""
    metric = LogMetric(
        slug="duration",
        name="deploy_duration",
        description="How long a deployment took",
        filter='jsonPayload.kind="deployment"',
        labels={"outcome": "success or failure"},
        value_field="seconds",
        unit="s",
        bounds=(60, 300),
    )
    assert LogMetricArgs.of(metric) == DISTRIBUTION
