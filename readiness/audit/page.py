"""docs/security-audit.md: the audit as it stands without credentials, from the record, with dates relative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from readiness.audit.record import read_record
from readiness.audit.render import audit_markdown
from readiness.audit.rows import audit_rows
from readiness.settings.model import Settings

PAGE_PATH = "docs/security-audit.md"


def step_values(stacks: Sequence[Settings]) -> Mapping[str, str]:
    """What fills in the steps: the names of the stack that owns the shared resources, of the first without one."""
    settings = next((each for each in stacks if each.owns_shared_resources), stacks[0])
    service = settings.services[0]
    return {
        "project": settings.project,
        "region": settings.region,
        "repository": f"{settings.github_owner}/{settings.repository.name}",
        "instance": "INSTANCE" if settings.database is None else settings.database.instance,
        "service": service.name,
        "url": service.url.rstrip("/"),
    }


def page_text(root: Path, stacks: Sequence[Settings]) -> str:
    """The whole page. Raises RefusedError for a record that cannot be read."""
    rows = audit_rows({}, read_record(root), step_values(stacks), page_exists=True)
    head = files("readiness.audit").joinpath("page_head.md").read_text(encoding="utf-8")
    return head + "\n" + audit_markdown(rows, today=None)
