"""`Pulumi.yaml` and the files of both stacks for another customer, as text made from a dozen answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import yaml

from readiness.settings.github import MIN_REVIEWERS, TO_BE_FILLED_IN

# Stands in a name for the environment: `shop-api-{env}` is `shop-api-staging` and `shop-api-prod`.
ENV = "{env}"
# Short and long name of the environment of each stack; a stack is called by the short one.
STACKS = {"staging": "staging", "prod": "production"}
OWNER = "prod"

# A comment goes above the first line that begins so.
_PROJECT_COMMENTS = {
    "    toolchain:": "Said outright: without it the engine picks uv or poetry when it finds their lock file in any "
    "parent folder.",
    "config:": "Values that both stacks share. A key that a stack's own file sets replaces the one here whole: objects "
    "are not merged.",
}
_STACK_COMMENTS = {
    "  readiness:owns_shared_resources:": "Registry, GitHub environment and Dependabot exist once for both stacks: "
    f"{OWNER} declares them.",
    "    cleanup_dry_run:": "Switched to false by a reviewed change, after the list of what cleanup would delete has "
    "been read.",
    "      users:": "Of these, one approves. Ask GitHub for an id: gh api users/LOGIN --jq .id",
    "    updates:": "One entry for each ecosystem, with the folders that hold its manifests.",
}
_SCHEMA = "# yaml-language-server: $schema=docs/stack.schema.json\n"

# They have no defaults in the model: a stack's file says what pages.
# Without `delivery`: nobody writes what those alerts read until `readiness:deployment_telemetry` is there.
_ALERTS = {
    "high_cpu_usage": {"cpu_ratio": 0.8, "duration_seconds": 300},
    "high_memory_usage": {"memory_ratio": 0.9, "duration_seconds": 300},
    "high_error_rate": {"error_ratio": 0.05, "duration_seconds": 300},
    "high_latency": {"latency_ms": 5000, "duration_seconds": 300},
    "database_connection_errors": {"error_count": 10, "window_seconds": 300},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What the files are made of: `reviewers` are login and id, `project_number` makes Cloud Run's addresses."""

    project: str
    region: str
    github_owner: str
    repository: str
    backend_service: str
    database: str
    email: str
    images: tuple[str, ...]
    frontend_service: str | None = None
    project_number: str | None = None
    registry: str | None = None
    adopt_registry: bool = True
    reviewers: tuple[tuple[str, int], ...] = ()
    visibility: Literal["public", "private", "internal"] = "public"
    plan: Literal["free", "pro", "team", "enterprise"] = "free"


def files_of(answers: Answers) -> dict[str, str]:
    """The text of every file, by its name."""
    files = {"Pulumi.yaml": _text(_project(answers), _PROJECT_COMMENTS)}
    for stack in STACKS:
        files[f"Pulumi.{stack}.yaml"] = _SCHEMA + _text({"config": _stack(answers, stack)}, _STACK_COMMENTS)
    return files


def _project(answers: Answers) -> dict[str, Any]:
    repository: dict[str, Any] = {"name": answers.repository}
    if answers.visibility != "public":
        repository |= {"visibility": answers.visibility, "plan": answers.plan}
    page = f"https://github.com/{answers.github_owner}/{answers.repository}/blob/main/docs/runbook.md"
    return {
        "name": "readiness",
        "description": "Alert policies, channels and the rest that makes a Cloud Run and Cloud SQL application "
        "production-ready",
        "runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}},
        "config": {
            "gcp:project": {"value": answers.project},
            "gcp:region": {"value": answers.region},
            "github:owner": {"value": answers.github_owner},
            "readiness:repository": {"default": repository},
            "readiness:runbook": {"default": {"url": page}},
            "readiness:alerts": {"default": _ALERTS},
        },
    }


def _stack(answers: Answers, stack: str) -> dict[str, Any]:
    services = [_service(answers, answers.backend_service.replace(ENV, stack), "backend", "/health")]
    if answers.frontend_service:
        services.append(_service(answers, answers.frontend_service.replace(ENV, stack), "frontend", "/"))
    address = answers.email.replace(ENV, stack)
    settings: dict[str, Any] = {
        "environment": {"name": STACKS[stack], "short_name": stack},
        "services": services,
        "database": {"instance": answers.database.replace(ENV, stack)},
        "channels": {"emails": [address]},
        "escalation": {"contacts": [{"name": "On call", "reach": address}]},
        "owns_shared_resources": stack == OWNER,
    }
    if stack == OWNER:
        settings |= _shared(answers)
    return {f"readiness:{name}": value for name, value in settings.items()}


def _service(answers: Answers, name: str, role: str, health_path: str) -> dict[str, Any]:
    url = f"https://{TO_BE_FILLED_IN}.invalid"
    if answers.project_number:
        url = f"https://{name}-{answers.project_number}.{answers.region}.run.app"
    return {"name": name, "role": role, "url": url, "health_path": health_path}


def _shared(answers: Answers) -> dict[str, Any]:
    shared: dict[str, Any] = {
        "security_alerts": {"enabled": True},
        "image_registry": {
            "repository_id": answers.registry or answers.repository,
            "adopt": answers.adopt_registry,
            "packages": list(answers.images),
            "cleanup_dry_run": True,
        },
    }
    # Where GitHub does not enforce reviewers, a guard would be refused; `check` says that nobody has to approve.
    if answers.visibility == "public" or answers.plan == "enterprise":
        missing = range(len(answers.reviewers) + 1, MIN_REVIEWERS + 1)
        people = [*answers.reviewers, *((f"{TO_BE_FILLED_IN}-{number}", 0) for number in missing)]
        users = [{"login": login, "id": identity} for login, identity in people]
        shared["production_environment"] = {"name": "production", "reviewers": {"users": users}}
    shared["dependabot"] = {"updates": [{"ecosystem": "github-actions", "directories": ["/"]}]}
    return shared


class _IndentedDumper(yaml.SafeDumper):
    """Lists indented below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """PyYAML would write a list at its key's own indentation."""
        super().increase_indent(flow, False)


def _text(value: Any, comments: dict[str, str]) -> str:
    lines: list[str] = []
    waiting = dict(comments)
    for line in yaml.dump(value, Dumper=_IndentedDumper, sort_keys=False, allow_unicode=True, width=2000).splitlines():
        found = next((start for start in waiting if line.startswith(start)), None)
        if found is not None:
            if not found.startswith(" "):
                lines.append("")
            lines.append(f"{' ' * (len(found) - len(found.lstrip()))}# {waiting.pop(found)}")
        lines.append(line)
    return "\n".join(lines) + "\n"
