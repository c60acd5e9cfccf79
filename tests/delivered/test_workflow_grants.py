"""What the accounts of the managed workflows may do."""

from __future__ import annotations

import pytest

from readiness.delivered.workflow_grants import workflow_grants
from readiness.settings.model import Settings
from tests.projects import EVERY_OPTION, settings_of

ACCOUNT = "one@shop-1234.iam.gserviceaccount.com"
TELEMETRY = {
    "log-writer": "roles/logging.logWriter",
    "log-viewer": "roles/logging.viewer",
    "metric-writer": "roles/monitoring.metricWriter",
    "monitoring-viewer": "roles/monitoring.viewer",
}
IMAGES = {
    "promotion-writer": "roles/artifactregistry.writer",
    "report-reader": "roles/artifactregistry.reader",
    "scan-reader": "roles/artifactregistry.reader",
    "promotion-run-viewer": "roles/run.viewer",
    "report-logging-privatelogviewer": "roles/logging.privateLogViewer",
    "report-logging-logwriter": "roles/logging.logWriter",
    "scan-run-viewer": "roles/run.viewer",
    "scan-logging-viewer": "roles/logging.viewer",
    "scan-logging-logwriter": "roles/logging.logWriter",
}


def with_accounts(telemetry: str, promotion: str, report: str, scan: str) -> Settings:
    """The settings with these accounts."""
    settings = settings_of(EVERY_OPTION)
    assert settings.deployment_telemetry is not None
    assert settings.image_workflows is not None
    identities = {"promotion_identity": promotion, "report_identity": report, "scan_identity": scan}
    return settings.model_copy(
        update={
            "deployment_telemetry": settings.deployment_telemetry.model_copy(update={"service_account": telemetry}),
            "image_workflows": settings.image_workflows.model_copy(update=identities),
        }
    )


def keys(settings: Settings, component: str) -> list[str]:
    """The keys of a component's grants."""
    return [grant.key for grant in workflow_grants(settings)[component]]


def test_with_an_account_for_each_workflow_each_has_what_its_workflow_does() -> None:
    """None of the roles can delete a version; two of three are on the registry alone."""
    accounts = {name: f"{name}@shop-1234.iam.gserviceaccount.com" for name in ("promotion", "report", "scan")}
    grants = workflow_grants(with_accounts(ACCOUNT, **accounts))
    assert {grant.key: grant.role for grant in grants["deployment-telemetry"]} == TELEMETRY
    assert {grant.member for grant in grants["deployment-telemetry"]} == {f"serviceAccount:{ACCOUNT}"}
    assert {grant.key: grant.role for grant in grants["image-workflows"]} == IMAGES
    for grant in grants["image-workflows"]:
        assert grant.member == f"serviceAccount:{accounts[grant.key.partition('-')[0]]}"
        assert grant.on_registry is grant.role.startswith("roles/artifactregistry.")


def test_one_account_for_every_workflow_has_each_role_once() -> None:
    """Of two declarations, the one that goes would take the role from the other."""
    settings = with_accounts(ACCOUNT, ACCOUNT, ACCOUNT, ACCOUNT)
    assert keys(settings, "deployment-telemetry") == list(TELEMETRY)
    assert keys(settings, "image-workflows") == [
        "promotion-writer",
        "report-reader",
        "promotion-run-viewer",
        "report-logging-privatelogviewer",
    ]


def test_a_role_that_the_telemetry_has_is_left_out_for_the_same_account_alone() -> None:
    """The other accounts keep theirs."""
    other = "other@shop-1234.iam.gserviceaccount.com"
    left_out = set(IMAGES) - set(keys(with_accounts(ACCOUNT, other, other, ACCOUNT), "image-workflows"))
    assert left_out == {"scan-logging-viewer", "scan-logging-logwriter"}


def test_without_the_telemetry_the_image_workflows_declare_every_role() -> None:
    """Each once, as nobody else does."""
    settings = with_accounts(ACCOUNT, ACCOUNT, ACCOUNT, ACCOUNT).model_copy(update={"deployment_telemetry": None})
    assert list(workflow_grants(settings)) == ["image-workflows"]
    assert [key for key in keys(settings, "image-workflows") if "logging" in key] == [
        "report-logging-privatelogviewer",
        "report-logging-logwriter",
        "scan-logging-viewer",
    ]


@pytest.mark.parametrize("section", ["image_workflows", "image_registry"])
def test_without_images_to_look_after_only_the_telemetry_is_granted(section: str) -> None:
    """A role on a registry needs the registry."""
    settings = settings_of(EVERY_OPTION).model_copy(update={section: None})
    assert list(workflow_grants(settings)) == ["deployment-telemetry"]


def test_without_both_nothing_is_granted() -> None:
    """The stack declares neither."""
    settings = settings_of(EVERY_OPTION).model_copy(update={"image_workflows": None, "deployment_telemetry": None})
    assert workflow_grants(settings) == {}
