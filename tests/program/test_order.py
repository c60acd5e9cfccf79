"""The order across components: a resource waits for the APIs and for what else has to exist before it."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.plan.offline_plan import Plan
from tests.program.declared import METRIC, REGISTRY_MEMBER, by_name, depends_on
from tests.projects import STACKS

API = "gcp:projects/service:Service"
MONITORING = {"apis-logging", "apis-monitoring"}
SCANNING = {"registry-apis-artifactregistry", "registry-apis-containeranalysis", "registry-apis-containerscanning"}
MIGRATION = {f"migration-job-apis-{api}" for api in ("iam", "run", "secretmanager", "sqladmin")}
# By the beginning of a type. Roles in a project need none of these APIs; those on a registry wait for it.
APIS_OF = (
    ("gcp:artifactregistry/repositoryIam", set[str]()),
    ("gcp:artifactregistry/", SCANNING),
    ("gcp:cloudrunv2/", MIGRATION),
    ("gcp:projects/iAMMember", set[str]()),
    ("gcp:secretmanager/", MIGRATION),
    ("gcp:serviceaccount/", MIGRATION),
)


@pytest.mark.parametrize("stack", STACKS)
def test_every_google_resource_waits_for_its_apis(plans: dict[str, Plan], stack: str) -> None:
    """On a new project the first `up` would fail with SERVICE_DISABLED."""
    plan = plans[stack]
    waiting = [
        resource for resource in plan.resources if resource["type"].startswith("gcp:") and resource["type"] != API
    ]
    assert len(waiting) >= 7
    for resource in waiting:
        apis = next((names for start, names in APIS_OF if resource["type"].startswith(start)), MONITORING)
        assert apis <= _waits_for(plan, resource), f"{resource['name']} does not wait for {apis}"


def _waits_for(plan: Plan, resource: dict[str, Any]) -> set[str]:
    """The names of all direct and indirect dependencies of a resource."""
    found: set[str] = set()
    queue = [resource["name"]]
    while queue:
        new = depends_on(plan, by_name(plan, queue.pop())) - found
        found |= new
        queue += new
    return found


def test_the_dashboard_waits_for_the_metrics_that_it_shows(plans: dict[str, Plan]) -> None:
    """Monitoring refuses a tile on a metric that it does not know."""
    plan = plans["prod"]
    metrics = {metric["name"] for metric in plan.of_type(METRIC) if metric["name"].startswith("delivery-metrics-")}
    assert len(metrics) == 16
    assert metrics <= depends_on(plan, by_name(plan, "deployment-dashboard-dashboard"))


def test_a_role_on_the_registry_waits_for_the_registry(plans: dict[str, Plan]) -> None:
    """A role cannot be granted on a registry that does not exist yet."""
    plan = plans["every-option"]
    roles = list(plan.of_type(REGISTRY_MEMBER))
    assert len(roles) == 3
    assert all("images-repository" in depends_on(plan, role) for role in roles)
