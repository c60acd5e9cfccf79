"""What the identities of the image workflows may do, how the files are delivered, and who deletes is logged."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from readiness.managed_files.header import file_digest
from readiness.review.offline_plan import Plan
from tests.program.declared import FILE, by_name, depends_on, one, planned

MEMBER = "gcp:projects/iAMMember:IAMMember"
REGISTRY_MEMBER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
AUDIT = "gcp:projects/iAMAuditConfig:IAMAuditConfig"
METRIC = "gcp:logging/metric:Metric"


def roles(plan: Plan, type_: str, who: str) -> set[str]:
    """The roles that a plan gives an account."""
    return {
        each["inputs"]["role"]
        for each in plan.of_type(type_)
        if each["inputs"]["member"].partition("@")[0].endswith(who)
    }


@pytest.mark.parametrize(
    ("who", "registry", "project"),
    [
        ("shop-promoter", {"writer"}, {"run.viewer"}),
        ("shop-reporter", {"reader"}, {"logging.privateLogViewer", "logging.logWriter"}),
        ("shop-scanner", {"reader"}, {"run.viewer", "logging.viewer", "logging.logWriter"}),
    ],
)
def test_each_identity_may_do_what_its_workflow_does_and_none_may_delete(
    plans: dict[str, Plan], who: str, registry: set[str], project: set[str]
) -> None:
    """`artifactregistry.repoAdmin` and `admin` delete; the writer moves tags."""
    plan = plans["every-option"]
    assert roles(plan, REGISTRY_MEMBER, who) == {f"roles/artifactregistry.{each}" for each in registry}
    assert roles(plan, MEMBER, who) == {f"roles/{each}" for each in project}


@pytest.mark.parametrize("stack", ["prod", "every-option"])
def test_no_role_of_an_account_is_declared_twice(plans: dict[str, Plan], stack: str) -> None:
    """Of two declarations, the one that goes would take the role from the other."""
    members = [
        (each["type"], each["inputs"]["member"], each["inputs"]["role"])
        for type_ in (MEMBER, REGISTRY_MEMBER)
        for each in plans[stack].of_type(type_)
    ]
    assert [member for member, times in Counter(members).items() if times > 1] == []


def test_a_role_that_the_telemetry_declares_already_is_left_to_it(plans: dict[str, Plan], project: Path) -> None:
    """Without the telemetry it is declared here."""
    names = {each["name"] for each in plans["prod"].of_type(MEMBER)}
    assert "image-workflows-report-logging-logwriter" not in names
    text = (project / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    start = text.index("  readiness:deployment_telemetry:")
    rest = text[start + 3 :]
    after = rest.find("\n  readiness:")
    (project / "Pulumi.prod.yaml").write_text(
        text[:start] + (rest[after + 1 :] if after >= 0 else ""), encoding="utf-8"
    )
    names = {each["name"] for each in planned(project).of_type(MEMBER)}
    assert "image-workflows-report-logging-logwriter" in names


def test_a_role_on_the_repository_waits_for_the_repository(plans: dict[str, Plan]) -> None:
    """An account has no role on what is not there yet."""
    for each in plans["every-option"].of_type(REGISTRY_MEMBER):
        assert "images-repository" in depends_on(plans["every-option"], each)


def test_the_files_and_their_digests_are_in_the_plan(plans: dict[str, Plan]) -> None:
    """What a pull request will hold is reviewed before it is opened."""
    component = by_name(plans["prod"], "image-workflows-files")
    inputs, files = component["inputs"], component["files"]
    assert inputs["delivery"] == "pull_request"
    assert inputs["digests"] == {path: file_digest(text) for path, text in files.items()}
    assert ".github/workflows/cleanup-images.yml" in files
    assert not [each for each in plans["prod"].of_type(FILE) if "image" in each["name"]]


def test_a_commit_declares_every_file_and_leaves_it_in_place(plans: dict[str, Plan]) -> None:
    """By the delivery of the fixture stack."""
    plan = plans["every-option"]
    files = by_name(plan, "image-workflows-files")["files"]
    declared = {
        each["inputs"]["file"]: each for each in plan.of_type(FILE) if each["name"].startswith("image-workflows")
    }
    assert declared.keys() == files.keys()
    for path, each in declared.items():
        assert each["inputs"]["content"] == files[path]
        assert each["inputs"]["branch"] == "trunk"
        assert each["options"]["retainOnDelete"] is True


@pytest.mark.parametrize("stack", ["prod", "every-option"])
def test_who_deletes_from_the_registry_is_logged(plans: dict[str, Plan], stack: str) -> None:
    """Off by default: without it a dry run is blind and a deletion leaves no trace."""
    assert one(plans[stack], AUDIT)["inputs"] == {
        "project": "ytgrs-464303",
        "service": "artifactregistry.googleapis.com",
        "auditLogConfigs": [{"logType": "DATA_WRITE"}],
    }


def test_findings_are_counted_by_service_and_severity(plans: dict[str, Plan]) -> None:
    """Severities as a metric: one distribution, three labels of few values."""
    metric = by_name(plans["prod"], "registry-audit-vulnerabilities")["inputs"]
    assert metric["name"] == "readiness_vulnerabilities_v1"
    assert metric["valueExtractor"] == "EXTRACT(jsonPayload.count)"
    assert set(metric["labelExtractors"]) == {"environment", "service", "severity"}
    bounds = metric["bucketOptions"]["explicitBuckets"]["bounds"]
    assert bounds[0] == 1, "none and one fall into different buckets"
    assert 'jsonPayload.event="vulnerability_scan"' in metric["filter"]


def test_a_registry_without_the_workflows_has_its_audit_log_and_no_alert_on_them(project: Path) -> None:
    """The alerts count what the workflows write."""
    text = (project / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    start, end = text.index("  readiness:image_workflows:"), text.index("  readiness:production_environment:")
    (project / "Pulumi.prod.yaml").write_text(text[:start] + text[end:], encoding="utf-8")
    plan = planned(project)
    assert one(plan, AUDIT)
    assert not [each for each in plan.resources if each["name"].startswith("image-workflows")]
    assert not [each for each in plan.resources if each["name"] == "alerts-images-deleted-by-others"]
