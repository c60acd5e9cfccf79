"""What makes deployments visible, read from the plans: metrics, log, dashboard, roles, delivered files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from readiness.contracts import check_plan
from readiness.delivery.metrics import DURATION_BOUNDS, RECOVERY_BOUNDS, delivery_metrics
from readiness.delivery.watched import watched_deployments
from readiness.managed_files.delivery_files import delivery_files
from readiness.managed_files.header import file_digest
from readiness.review.offline_plan import Plan
from tests.program.declared import FILE, by_name, depends_on, one, planned
from tests.program.variations import METRIC
from tests.projects import EVERY_OPTION, STACKS, settings_of

BUCKET = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
SINK = "gcp:logging/projectSink:ProjectSink"
DASHBOARD = "gcp:monitoring/dashboard:Dashboard"
MEMBER = "gcp:projects/iAMMember:IAMMember"
OWNERS = ("prod", EVERY_OPTION)


def delivery_metrics_of(plan: Plan) -> dict[str, dict[str, object]]:
    """The inputs of the metrics of deployments by their name in Cloud Logging."""
    found = [each for each in plan.of_type(METRIC) if each["name"].startswith("delivery-metrics-")]
    return {each["inputs"]["name"]: each["inputs"] for each in found}


def test_the_owner_declares_four_metrics_for_each_environment(plans: dict[str, Plan]) -> None:
    """Names carry environment and version: both environments share a project, and a metric cannot be altered."""
    assert set(delivery_metrics_of(plans["prod"])) == {
        f"readiness_{environment}_{kind}_v1"
        for environment in ("staging", "production")
        for kind in ("deployments", "deployment_duration", "rollback_duration", "restore_duration")
    }
    assert delivery_metrics_of(plans["staging"]) == {}


def test_a_metric_is_declared_as_the_data_says(plans: dict[str, Plan]) -> None:
    """Filter, labels with an extractor each, and for a distribution the value and the buckets."""
    declared = delivery_metrics_of(plans["prod"])
    for environment in ("staging", "production"):
        for metric in delivery_metrics("ytgrs-464303", environment):
            inputs = declared[metric.name]
            assert inputs["filter"] == metric.filter
            assert inputs["labelExtractors"] == {label: f"EXTRACT(jsonPayload.{label})" for label in metric.labels}
            bounds = inputs.get("bucketOptions", {})
            assert bounds == ({"explicitBuckets": {"bounds": list(metric.bounds)}} if metric.bounds else {})
            assert inputs.get("valueExtractor") == (
                f"EXTRACT(jsonPayload.{metric.value_field})" if metric.value_field else None
            )


@pytest.mark.parametrize("bounds", [DURATION_BOUNDS, RECOVERY_BOUNDS])
def test_buckets_are_close_around_the_targets(bounds: tuple[int, ...]) -> None:
    """A percentile is interpolated inside its bucket: a minute around 8 and 10 minutes, five around 30."""
    targets, width = ((480, 600), 60) if bounds is DURATION_BOUNDS else ((1800,), 300)
    for target in targets:
        at = bounds.index(target)
        assert bounds[at] - bounds[at - 1] == bounds[at + 1] - bounds[at] == width
    assert list(bounds) == sorted(set(bounds))


def test_no_label_has_a_value_for_each_deployment(plans: dict[str, Plan]) -> None:
    """30,000 series a metric: a commit or a run as a label would fill them."""
    for stack in OWNERS:
        for inputs in delivery_metrics_of(plans[stack]).values():
            assert set(inputs["labelExtractors"]) <= {"service", "outcome"}  # type: ignore[arg-type]


def test_a_value_that_is_missing_is_not_counted_as_zero(plans: dict[str, Plan]) -> None:
    """Cloud Logging extracts 0 from an entry without the field; the filter lets no such entry through."""
    for name, inputs in delivery_metrics_of(plans["prod"]).items():
        field = {"deployments": None, "restore_duration": "restore_seconds"}
        kind = re.sub(r"^readiness_(staging|production)_|_v1$", "", name)
        wanted = field.get(kind, "duration_seconds")
        assert wanted is None or f"jsonPayload.{wanted}>=0" in str(inputs["filter"]).splitlines()


def test_the_entries_are_kept_for_400_days_with_sql(plans: dict[str, Plan]) -> None:
    """Log-based metrics forget after six weeks."""
    bucket = one(plans["prod"], BUCKET)["inputs"]
    assert (bucket["retentionDays"], bucket["enableAnalytics"], bucket["location"]) == (400, True, "global")
    assert one(plans[EVERY_OPTION], BUCKET)["inputs"]["retentionDays"] == 730
    sink = one(plans["prod"], SINK)
    assert sink["inputs"]["filter"] == 'logName="projects/ytgrs-464303/logs/readiness-deployments"'
    assert sink["inputs"]["destination"] == "logging.googleapis.com/<deployment-log-bucket.id>"


def test_the_identity_may_write_and_read_logs_and_write_metrics(plans: dict[str, Plan]) -> None:
    """Nothing of it deploys, and no role is taken from anybody else: members are added one by one."""
    granted = {
        each["inputs"]["role"]: each["inputs"]["member"]
        for each in plans["prod"].of_type(MEMBER)
        if each["name"].startswith("deployment-telemetry-")
    }
    member = "serviceAccount:github-actions-deployer@ytgrs-464303.iam.gserviceaccount.com"
    assert granted == dict.fromkeys(
        ("roles/logging.logWriter", "roles/logging.viewer", "roles/monitoring.metricWriter"), member
    )


def test_the_dashboard_is_shared_with_those_who_are_named(plans: dict[str, Plan]) -> None:
    """A group, a person and a domain in the fixture stack; nobody by default."""
    shared = {
        (each["inputs"]["member"], each["inputs"]["role"])
        for each in plans[EVERY_OPTION].of_type(MEMBER)
        if each["name"].startswith("deployment-dashboard-")
    }
    viewers = ("group:platform@shop.example.net", "user:head@shop.example.net", "domain:shop.example.net")
    roles = ("roles/monitoring.dashboardViewer", "roles/monitoring.viewer")
    assert shared == {(viewer, role) for viewer in viewers for role in roles}
    assert not [each for each in plans["prod"].of_type(MEMBER) if each["name"].startswith("deployment-dashboard-")]


def test_the_dashboards_address_is_an_output(plans: dict[str, Plan]) -> None:
    """`pulumi stack output deployment_dashboard` opens it; staging has none."""
    assert plans["prod"].outputs["deployment_dashboard"] == (
        "https://console.cloud.google.com/monitoring/dashboards/builder/<deployment-dashboard-dashboard.id>"
        "?project=ytgrs-464303"
    )
    assert "deployment_dashboard" not in plans["staging"].outputs


def test_the_dashboard_waits_for_its_metrics(plans: dict[str, Plan]) -> None:
    """And they for the API."""
    plan = plans["prod"]
    metrics = {each["name"] for each in plan.of_type(METRIC) if each["name"].startswith("delivery-metrics-")}
    assert metrics <= depends_on(plan, one(plan, DASHBOARD))
    for waiting in (by_name(plan, "delivery-metrics-production-deployments"), one(plan, BUCKET)):
        assert {"apis-logging", "apis-monitoring"} <= depends_on(plan, waiting)


@pytest.mark.parametrize("stack", OWNERS)
def test_the_files_stand_whole_in_the_plan_with_their_digests(plans: dict[str, Plan], stack: str) -> None:
    """What is delivered can be read and compared before it is."""
    settings = settings_of(stack)
    telemetry = watched_deployments(settings)
    assert telemetry is not None
    repository = f"{settings.github_owner}/{settings.repository.name}"
    expected = delivery_files(telemetry, repository=repository, project=settings.project)
    component = by_name(plans[stack], "deployment-telemetry-files")
    assert component["files"] == expected
    assert component["inputs"]["digests"] == {path: file_digest(text) for path, text in expected.items()}
    committed = {each["inputs"]["file"] for each in plans[stack].of_type(FILE)}
    if settings.managed_files.delivery == "commit":
        assert committed >= set(expected)
    else:
        assert not committed & set(expected)


def test_without_the_setting_nothing_of_it_is_declared(project: Path) -> None:
    """Another customer's choice."""
    file = project / "Pulumi.prod.yaml"
    text = file.read_text(encoding="utf-8")
    left = re.sub(r"  readiness:deployment_telemetry:\n(    .*\n)+", "", text)
    assert left != text
    file.write_text(left, encoding="utf-8")
    plan = planned(project)
    assert not [each for each in plan.resources if re.match("deployment|delivery", each["name"])]
    assert plan.outputs.get("deployment_dashboard") is None


@pytest.mark.parametrize("stack", STACKS)
def test_the_apis_would_take_every_body(plans: dict[str, Plan], stack: str) -> None:
    """Metrics with buckets, the log bucket, the sink and the dashboard against the published schemas."""
    names = [each["name"] for each in plans[stack].resources if re.match("deployment|delivery", each["name"])]
    assert [str(each) for each in check_plan(plans[stack].resources) if each.resource in names] == []
