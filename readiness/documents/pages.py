"""The list of the generated documents, and the text of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from readiness.documents import parts
from readiness.documents.template import (
    Stacks,
    fill,
    has_smoke_test,
    other_deployment,
    production_deployment,
    verify_command,
)
from readiness.markdown_text import table_cell
from readiness.settings.model import Settings

NOTICE = "<!-- Made by `readiness docs` from the stacks' settings: change those, and run it again. -->"


def page_texts(stacks: Stacks) -> dict[str, str]:
    """`{path below the project: text}` of every page. `stacks` are names and settings in any order.

    The stack that owns the shared resources comes first everywhere, because readers look for it most often.
    """
    ordered = sorted(stacks, key=lambda stack: not stack[1].owns_shared_resources)
    return {f"docs/{name}": fill(name, ordered, {"notice": NOTICE, **make(ordered)}) for name, make in _PAGES.items()}


def _rollback(stacks: Stacks) -> dict[str, str]:
    return {
        "contacts": parts.contact_table(stacks),
        "services": parts.service_table(stacks),
        "rehearsal_age": f" of the last {_first(stacks).runbook.max_rehearsal_age_days} days",
    }


def _troubleshooting(stacks: Stacks) -> dict[str, str]:
    first = _first(stacks)
    return {
        "contacts": parts.contact_table(stacks),
        "services": parts.service_table(stacks),
        "actions": parts.repository_url(first) + "/actions",
        "project": first.project,
        "branch": first.managed_files.default_branch,
        **{where: parts.trouble_rows(stacks, where) for where in ("build", "deployment", "health", "database")},
    }


def _checklist(stacks: Stacks) -> dict[str, str]:
    first = _first(stacks)
    environment = first.production_environment
    deployment = production_deployment(first)
    notes = parts.listed(first.notes.deployment)
    verified = "All rows pass:"
    if has_smoke_test(first):
        verified = (
            "All rows pass, and the test account of `READINESS_SMOKE_EMAIL` and `READINESS_SMOKE_PASSWORD` can log in,"
            ' upload and log out (rows "smoke"). Try by hand what is "not declared":'
        )
    after = list(first.notes.after_deployment)
    if not has_smoke_test(first):
        after.insert(0, "No service declares a smoke test (setting `smoke`): log in, upload and log out by hand.")
    return {
        "verified": verified,
        "failing_rows": "health, response time or smoke" if has_smoke_test(first) else "health or response time",
        "limits": parts.limit_table(stacks),
        "actions": parts.repository_url(first) + "/actions",
        "approval": f"environment `{environment.name}`" if environment is not None else "no protected environment",
        "branch": first.managed_files.default_branch,
        "workflow": "the workflow that deploys" if deployment is None else f'"{table_cell(deployment.workflow)}"',
        "deployment_notes": f"{notes}\n" if notes else "",
        "after_deployment": parts.listed(after, mark="- [ ] "),
        "verify": verify_command(*stacks[0]),
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
        "badges": _badges(first, repository),
        "branch": first.managed_files.default_branch,
        "project": first.project,
        "region": first.region,
        "runbook": first.runbook.url,
        "addresses": "\n".join(["| Environment | Service | Address |", "|---|---|---|", *rows]),
        "nodes": "\n".join(_nodes(first)),
        "notes": parts.listed(first.notes.application_readme),
        "verify": verify_command(*stacks[0]),
    }


def _badges(first: Settings, repository: str) -> str:
    """A badge for each workflow that the settings name."""
    branch = quote(first.managed_files.default_branch)
    lines = []
    for deployment in (other_deployment(first), production_deployment(first)):
        if deployment is not None:
            page = f"{repository}/actions/workflows/{deployment.workflow_file}"
            query = "" if deployment == production_deployment(first) else f"?branch={branch}"
            title = re.sub(r"[\[\]]", "", table_cell(deployment.workflow))
            lines.append(f"[![{title}]({page}/badge.svg{query})]({page})")
    return "\n".join(lines)


def _nodes(first: Settings) -> list[str]:
    """The services as the nodes of a diagram, with the systems that connect to them."""
    lines = []
    for number, service in enumerate(first.services):
        lines.append(f'    browser["browser"] --> service{number}["Cloud Run<br>{service.role}"]')
        lines.append(f'    uptime["uptime checks"] --> service{number}')
        lines.append(f'    registry["Artifact Registry<br>scanning, cleanup"] --> service{number}')
        lines.append(f'    service{number} -- "logs, metrics" --> monitoring["Cloud Monitoring<br>alert policies"]')
    return lines


def _first(stacks: Stacks) -> Settings:
    return stacks[0][1]


_PAGES: Mapping[str, Callable[[Stacks], dict[str, str]]] = {
    "ROLLBACK_RUNBOOK.md": _rollback,
    "TROUBLESHOOTING.md": _troubleshooting,
    "DEPLOYMENT_CHECKLIST.md": _checklist,
    "application-readme-section.md": _application_readme,
}
