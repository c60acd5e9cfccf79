"""The log-based metrics of deployments."""

from __future__ import annotations

import pytest

from readiness.alerts.deployment_metrics import DURATION_BOUNDS, RECOVERY_BOUNDS, delivery_metrics

METRICS = {metric.slug: metric for metric in delivery_metrics("shop-1234", "try-out")}


def test_an_environment_has_its_metrics_named_after_it_and_their_version() -> None:
    """Environments share a project, where a name exists once, and a metric cannot be altered."""
    assert {slug: metric.name for slug, metric in METRICS.items()} == {
        "deployments": "readiness_try_out_deployments_v1",
        "deployment-duration": "readiness_try_out_deployment_duration_v1",
        "rollback-duration": "readiness_try_out_rollback_duration_v1",
        "restore-duration": "readiness_try_out_restore_duration_v1",
        "incident-duration": "readiness_try_out_incident_duration_v1",
        "lead-time": "readiness_try_out_lead_time_v1",
        "failed-changes": "readiness_try_out_failed_changes_v1",
        "rework": "readiness_try_out_rework_v1",
    }


def test_no_label_has_a_value_for_each_deployment() -> None:
    """Cloud Logging takes 30,000 series a metric: a commit or a run as a label would use them up."""
    for metric in METRICS.values():
        assert set(metric.labels) <= {"service", "outcome", "alert"}


def test_a_value_that_is_missing_is_not_counted_as_zero() -> None:
    """Cloud Logging extracts 0 from an entry without the field; the filter matches no such entry."""
    fields = {slug: metric.value_field for slug, metric in METRICS.items()}
    assert fields == {
        "deployments": None,
        "deployment-duration": "duration_seconds",
        "rollback-duration": "duration_seconds",
        "restore-duration": "restore_seconds",
        "incident-duration": "incident_seconds",
        "lead-time": "lead_seconds",
        "failed-changes": None,
        "rework": None,
    }
    for slug, name in fields.items():
        assert name is None or f"jsonPayload.{name}>=0" in METRICS[slug].filter.splitlines()


@pytest.mark.parametrize(
    ("bounds", "targets_seconds", "width_seconds"),
    [(DURATION_BOUNDS, (480, 600), 60), (RECOVERY_BOUNDS, (1800,), 300)],
)
def test_buckets_are_close_around_the_targets(
    bounds: tuple[int, ...], targets_seconds: tuple[int, ...], width_seconds: int
) -> None:
    """A percentile is interpolated inside its bucket: a minute around 8 and 10 minutes, five around 30."""
    for target in targets_seconds:
        place = bounds.index(target)
        assert bounds[place] - bounds[place - 1] == bounds[place + 1] - bounds[place] == width_seconds
    assert list(bounds) == sorted(set(bounds))
