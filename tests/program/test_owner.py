"""A resource that exists once is declared once, by the stack that owns the shared resources."""

from __future__ import annotations

from collections import Counter

import pytest

from readiness.delivered.application_files import MIGRATION_PATH
from readiness.plan.offline_plan import Plan
from tests.program.declared import MEMBER, REGISTRY_MEMBER, by_name
from tests.projects import ROOT, STACKS

API = "gcp:projects/service:Service"


def kinds(plan: Plan) -> set[str]:
    """Every type that a plan declares."""
    return {resource["type"] for resource in plan.resources}


def test_prod_alone_declares_the_shared_types(plans: dict[str, Plan]) -> None:
    """Staging declares no resource of GitHub or of the registry."""
    shared = {type_ for type_ in kinds(plans["staging"]) if type_.startswith(("github:", "gcp:artifactregistry/"))}
    assert shared == set()
    assert kinds(plans["prod"]) - kinds(plans["staging"]) == {
        "gcp:artifactregistry/repository:Repository",
        "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
        "gcp:logging/projectBucketConfig:ProjectBucketConfig",
        "gcp:logging/projectSink:ProjectSink",
        "gcp:monitoring/dashboard:Dashboard",
        "gcp:projects/iAMAuditConfig:IAMAuditConfig",
        "github:index/issueLabel:IssueLabel",
        "github:index/repositoryDependabotSecurityUpdates:RepositoryDependabotSecurityUpdates",
        "github:index/repositoryEnvironment:RepositoryEnvironment",
        "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy",
        "github:index/repositoryRuleset:RepositoryRuleset",
        "github:index/repositoryVulnerabilityAlerts:RepositoryVulnerabilityAlerts",
        "readiness:delivery:DeploymentDashboard",
        "readiness:delivery:DeploymentLog",
        "readiness:github:BranchRuleset",
        "readiness:github:Dependabot",
        "readiness:github:ProductionEnvironment",
        "readiness:project:AccessLogs",
        "readiness:project:ManagedFiles",
        "readiness:project:RoleGrants",
        "readiness:registry:ImageRegistry",
        "readiness:registry:RegistryAudit",
    }


def test_the_apis_of_the_registry_are_enabled_by_its_owner(plans: dict[str, Plan]) -> None:
    """Both stacks enable those of Monitoring and of the migration job: destroying one stack disables none."""
    enabled = {stack: {api["name"] for api in plans[stack].of_type(API)} for stack in ("prod", "staging")}
    assert enabled["prod"] - enabled["staging"] == {
        "registry-apis-artifactregistry",
        "registry-apis-containeranalysis",
        "registry-apis-containerscanning",
    }
    assert enabled["staging"] == {
        *(f"apis-{api}" for api in ("logging", "monitoring")),
        *(f"migration-job-apis-{api}" for api in ("iam", "run", "secretmanager", "sqladmin")),
    }


def test_the_workflow_that_migrates_is_delivered_by_the_owner_alone(plans: dict[str, Plan]) -> None:
    """One workflow serves both environments, because its caller names the job and the instance."""
    assert MIGRATION_PATH in by_name(plans["prod"], "migration-workflow")["files"]
    assert not [resource["name"] for resource in plans["staging"].resources if resource.get("files")]


def test_no_import_id_occurs_in_two_stacks(plans: dict[str, Plan]) -> None:
    """Two stacks must not manage the same live resource."""
    ids = [
        resource["options"]["importId"]
        for stack in ("prod", "staging")
        for resource in plans[stack].resources
        if "importId" in resource["options"]
    ]
    assert len(ids) == len(set(ids)) == 1


@pytest.mark.parametrize("stack", STACKS)
def test_no_role_of_an_account_is_declared_twice(plans: dict[str, Plan], stack: str) -> None:
    """When one of two declarations is removed, the account loses the role."""
    grants = [
        (type_, grant["inputs"]["member"], grant["inputs"]["role"])
        for type_ in (MEMBER, REGISTRY_MEMBER)
        for grant in plans[stack].of_type(type_)
    ]
    assert grants
    assert [grant for grant, times in Counter(grants).items() if times > 1] == []


def test_the_repository_itself_and_its_environments_secrets_are_never_declared() -> None:
    """Declaring the repository for one field resets its others; destroying it deletes it."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "components").glob("*.py"))
    assert "github.Repository(" not in text
    assert "ActionsEnvironmentSecret(" not in text
