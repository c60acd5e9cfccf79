"""APIs: enabled before what uses them, and never disabled."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.review.offline_plan import Plan
from tests.program.declared import API, depends_on

MONITORING = {"apis-logging", "apis-monitoring"}
SCANNING = {"registry-apis-artifactregistry", "registry-apis-containeranalysis", "registry-apis-containerscanning"}

MIGRATION = {f"migration-job-apis-{api}" for api in ("iam", "run", "secretmanager", "sqladmin")}
# Beginnings of types. Access to a project is Resource Manager's own; that of a registry waits for the registry.
APIS_OF = (
    ("gcp:artifactregistry/repositoryIam", set[str]()),
    ("gcp:artifactregistry/", SCANNING),
    ("gcp:cloudrunv2/", MIGRATION),
    ("gcp:projects/iAMMember", set[str]()),
    ("gcp:secretmanager/", MIGRATION),
    ("gcp:serviceaccount/", MIGRATION),
)


@pytest.mark.parametrize("stack", ["staging", "prod", "every-option"])
def test_no_api_is_ever_disabled(plans: dict[str, Plan], stack: str) -> None:
    """By now it may serve others; both answers are written, for the provider's defaults have changed before."""
    declared = list(plans[stack].of_type(API))
    assert declared
    for each in declared:
        assert each["inputs"]["disableOnDestroy"] is False
        assert each["inputs"]["disableDependentServices"] is False
        assert each["inputs"]["project"] == "ytgrs-464303"
        assert each["inputs"]["service"].endswith(".googleapis.com")


@pytest.mark.parametrize("stack", ["staging", "prod", "every-option"])
def test_every_google_resource_waits_for_its_apis(plans: dict[str, Plan], stack: str) -> None:
    """On a new project the first `up` would fail with SERVICE_DISABLED."""
    plan = plans[stack]
    waiting = [each for each in plan.resources if each["type"].startswith("gcp:") and each["type"] != API]
    assert len(waiting) >= 7
    for each in waiting:
        apis = next((names for start, names in APIS_OF if each["type"].startswith(start)), MONITORING)
        assert apis <= _waits_for(plan, each), f"{each['name']} does not wait for {apis}"


def _waits_for(plan: Plan, resource: dict[str, Any]) -> set[str]:
    """What a resource waits for, and what that waits for."""
    by_name = {each["name"]: each for each in plan.resources}
    found: set[str] = set()
    queue = [resource["name"]]
    while queue:
        new = depends_on(plan, by_name[queue.pop()]) - found
        found |= new
        queue += new
    return found


def test_scanning_is_enabled_by_the_stack_that_owns_the_registry(plans: dict[str, Plan]) -> None:
    """Monitoring by both: neither can take it from the other."""
    assert {each["name"] for each in plans["staging"].of_type(API)} == MONITORING | MIGRATION
    assert {each["name"] for each in plans["prod"].of_type(API)} == MONITORING | MIGRATION | SCANNING
