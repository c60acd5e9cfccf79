"""What exists once is declared by the one stack that owns it."""

from __future__ import annotations

from pathlib import Path

from readiness.review.offline_plan import Plan
from tests.program.declared import REGISTRY, planned
from tests.projects import ROOT


def kinds(plan: Plan) -> set[str]:
    """Every type that a plan declares."""
    return {each["type"] for each in plan.resources}


def test_prod_alone_declares_the_shared_types(plans: dict[str, Plan]) -> None:
    """Nothing of GitHub and nothing of the registry in staging."""
    shared = {each for each in kinds(plans["staging"]) if each.startswith(("github:", "gcp:artifactregistry/"))}
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
        "readiness:project:ManagedFiles",
        "readiness:project:RoleGrants",
        "readiness:registry:ImageRegistry",
        "readiness:registry:RegistryAudit",
    }


def test_no_import_id_occurs_in_two_stacks(plans: dict[str, Plan]) -> None:
    """Two states of one thing would take it from each other."""
    ids = [
        each["options"]["importId"]
        for stack in ("prod", "staging")
        for each in plans[stack].resources
        if "importId" in each["options"]
    ]
    assert len(ids) == len(set(ids)) == 1


def test_only_what_is_set_is_declared(project: Path) -> None:
    """The guard and Dependabot can be left out; the registry cannot."""
    text = (project / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    (project / "Pulumi.prod.yaml").write_text(
        text[: text.index("  readiness:production_environment:")], encoding="utf-8"
    )
    plan = planned(project)
    assert REGISTRY in kinds(plan)
    assert not {each for each in kinds(plan) if each.startswith(("github:", "readiness:github:"))}


def test_the_repository_itself_and_its_environments_secrets_are_never_declared() -> None:
    """Declaring the repository for one field resets its others; destroying it deletes it."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "components").glob("*.py"))
    assert "github.Repository(" not in text
    assert "ActionsEnvironmentSecret(" not in text
