"""What an edited project declares, and runs of its program with what the engine would hand it."""

from __future__ import annotations

import contextlib
import json
import runpy
from pathlib import Path
from typing import Any

from readiness.review.offline_plan import Plan, plan_of, plan_stack
from readiness.review.recorder import Recording, record
from readiness.settings.stack_files import read_stack

ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
BRANCH = "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy"
SECRET = "github:index/actionsSecret:ActionsSecret"  # noqa: S105 - a type
ALERTS = "github:index/repositoryVulnerabilityAlerts:RepositoryVulnerabilityAlerts"
SECURITY_UPDATES = "github:index/repositoryDependabotSecurityUpdates:RepositoryDependabotSecurityUpdates"
LABEL = "github:index/issueLabel:IssueLabel"
FILE = "github:index/repositoryFile:RepositoryFile"
REGISTRY = "gcp:artifactregistry/repository:Repository"
API = "gcp:projects/service:Service"

WEBHOOK = "https://hooks.slack.com/services/" + "T0/B0/abc"


def planned(project: Path, stack: str = "prod") -> Plan:
    """The offline plan of a stack of an edited project."""
    return plan_stack(project, read_stack(project, stack))


def one(plan: Plan, type_: str) -> dict[str, Any]:
    """The only resource of a type."""
    (resource,) = plan.of_type(type_)
    return resource


def by_name(plan: Plan, name: str) -> dict[str, Any]:
    """The resource of a name."""
    (resource,) = (each for each in plan.resources if each["name"] == name)
    return resource


def depends_on(plan: Plan, resource: dict[str, Any]) -> set[str]:
    """The names of what a resource waits for."""
    names = {each["urn"]: each["name"] for each in plan.resources}
    return {names[urn] for urn in resource["options"].get("dependencies", ())}


def run_as_engine(
    project: Path, *, secrets: dict[str, str] | None = None, plain: dict[str, str] | None = None, dry_run: bool = True
) -> Plan:
    """Runs the program of `prod` in its folder with decrypted secrets, as a preview or an update of the engine does."""
    recording = recorded_as_engine(project, secrets=secrets, plain=plain, dry_run=dry_run)
    return plan_of(recording, root=project, project="readiness", stack="prod")


def recorded_as_engine(
    project: Path, *, secrets: dict[str, str] | None = None, plain: dict[str, str] | None = None, dry_run: bool = True
) -> Recording:
    """The same, as recorded: values of secrets stand in their wrappers."""
    values = read_stack(project, "prod").values
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    config |= (plain or {}) | (secrets or {})
    with contextlib.chdir(project):
        return record(
            lambda: (runpy.run_path("__main__.py", run_name="__main__"), None)[1],
            project="readiness",
            stack="prod",
            config=config,
            secret_keys=list(secrets or ()),
            dry_run=dry_run,
        )
