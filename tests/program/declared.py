"""Reads the plans of fixture projects, and runs the program with what the engine would pass to it."""

from __future__ import annotations

import contextlib
import json
import runpy
from pathlib import Path
from typing import Any

from readiness.plan.offline_plan import Plan, plan_stack
from readiness.plan.recorder import Recording, record
from readiness.settings.stack_files import read_stack

ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
REGISTRY = "gcp:artifactregistry/repository:Repository"
POLICY = "gcp:monitoring/alertPolicy:AlertPolicy"
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
METRIC = "gcp:logging/metric:Metric"
MEMBER = "gcp:projects/iAMMember:IAMMember"
REGISTRY_MEMBER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
FILE = "github:index/repositoryFile:RepositoryFile"


def planned(project: Path, stack: str = "prod") -> Plan:
    """The offline plan of a stack of an edited project."""
    return plan_stack(project, read_stack(project, stack))


def one(plan: Plan, type_: str) -> dict[str, Any]:
    """The only resource of a type."""
    (resource,) = plan.of_type(type_)
    return resource


def by_name(plan: Plan, name: str) -> dict[str, Any]:
    """The only resource with this name."""
    (resource,) = (resource for resource in plan.resources if resource["name"] == name)
    return resource


def depends_on(plan: Plan, resource: dict[str, Any]) -> set[str]:
    """The names of the resources that `resource` depends on."""
    names = {resource["urn"]: resource["name"] for resource in plan.resources}
    return {names[urn] for urn in resource["options"].get("dependencies", ())}


def run_as_engine(project: Path, stack: str, *, secrets: dict[str, str], dry_run: bool) -> Recording:
    """Runs the program in the project's folder with decrypted secrets, as a preview or an update of the engine does."""
    values = read_stack(project, stack).values
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    with contextlib.chdir(project):
        return record(
            lambda: (runpy.run_path("__main__.py", run_name="__main__"), None)[1],
            project="readiness",
            stack=stack,
            config=config | secrets,
            secret_keys=list(secrets),
            dry_run=dry_run,
        )
