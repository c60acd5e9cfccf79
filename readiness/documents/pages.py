"""The generated documents: which there are, and the text of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from readiness.documents import parts
from readiness.documents.template import Stacks, fill
from readiness.settings.model import Settings

NOTICE = "<!-- Made by `readiness docs` from readiness/documents/templates/{} and the stacks' settings. Edit those. -->"


def page_texts(stacks: Stacks) -> dict[str, str]:
    """`{path below the project: text}` of every page. `stacks` are names and settings in any order.

    The stack that owns what is shared comes first everywhere: it is the one that people look for in a hurry.
    """
    ordered = sorted(stacks, key=lambda each: not each[1].owns_shared_resources)
    return {f"docs/{name}": fill(name, ordered, _with_notice(name, make(ordered))) for name, make in _PAGES.items()}


def _with_notice(name: str, own: Mapping[str, str]) -> dict[str, str]:
    return {"notice": NOTICE.format(name), **own}


def _rollback(stacks: Stacks) -> dict[str, str]:
    return {"contacts": parts.contact_table(stacks), "services": parts.service_table(stacks)}


def _troubleshooting(stacks: Stacks) -> dict[str, str]:
    return {
        "contacts": parts.contact_table(stacks),
        "services": parts.service_table(stacks),
        "actions": parts.repository_url(_first(stacks)) + "/actions",
        "project": _first(stacks).project,
    }


def _checklist(stacks: Stacks) -> dict[str, str]:
    first = _first(stacks)
    environment = first.production_environment
    return {
        "limits": parts.limit_table(stacks),
        "actions": parts.repository_url(first) + "/actions",
        "approval": f"environment `{environment.name}`" if environment is not None else "no guarded environment",
    }


def _application_readme(stacks: Stacks) -> dict[str, str]:
    first = _first(stacks)
    repository = parts.repository_url(first)
    rows = [
        f"| {settings.environment.name} | {service.role} | <{service.url}> |"
        for _, settings in stacks
        for service in settings.services
    ]
    return {
        "repository": repository,
        "branch": first.managed_files.default_branch,
        "branch_in_url": quote(first.managed_files.default_branch),
        "project": first.project,
        "region": first.region,
        "runbook": first.runbook.url,
        "addresses": "\n".join(["| Environment | Service | Address |", "|---|---|---|", *rows]),
    }


def _first(stacks: Stacks) -> Settings:
    return stacks[0][1]


_PAGES: Mapping[str, Callable[[Stacks], dict[str, str]]] = {
    "ROLLBACK_RUNBOOK.md": _rollback,
    "TROUBLESHOOTING.md": _troubleshooting,
    "DEPLOYMENT_CHECKLIST.md": _checklist,
    "application-readme-section.md": _application_readme,
}
