"""The record that the required checks were found honest: when, of which workflow files, and for which checks.

`readiness check` recomputes what it can: the declared checks, repository, branch and the seal always, the digest of the
workflow files where it is handed their folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from readiness.sealed_record import NoRecordError, opened, record_file, sealed_text
from readiness.settings.github import RequiredCheck
from readiness.times import instant_text

# Workflows change with the application, and this project does not see that.
MAX_AGE = timedelta(days=14)


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What a record is about. `repository` is OWNER/NAME, `branch` the protected one."""

    repository: str
    branch: str
    required_checks: tuple[RequiredCheck, ...]

    def fields(self) -> dict[str, Any]:
        """As the record holds it."""
        checks = [{"context": check.context, "integration_id": check.integration_id} for check in self.required_checks]
        return {"repository": self.repository, "branch": self.branch, "required_checks": checks}


def record_text(subject: Subject, *, made: datetime, commit: str, workflows_digest: str) -> str:
    """The record's file. `commit` is that of the workflows' checkout.

    It is empty where they are in no git repository, and ends in `-dirty` where they are not as committed there.
    """
    return sealed_text(made, {**subject.fields(), "commit": commit, "workflows_digest": workflows_digest})


def record_path(stack_file: str) -> str:
    """The path of the record, relative like the stack's file. One, because one stack protects the repository."""
    return record_file(stack_file, "checks-honest")


def record_faults(text: str | None, subject: Subject, *, now: datetime, workflows_digest: str | None) -> Iterator[str]:
    """Why a record does not count for the checks; nothing where it does.

    `text` is None where there is no file, `workflows_digest` where the workflow files are not at hand.
    """
    try:
        record = opened(text, "honest checks")
    except NoRecordError as fault:
        yield str(fault)
        return
    yield from record.faults(now)
    for name, expected in subject.fields().items():
        if record.fields.get(name) != expected:
            yield f"was made for another {name.replace('_', ' ').removesuffix('s')} than the declared one"
    if workflows_digest is not None and record.fields.get("workflows_digest") != workflows_digest:
        yield "was made for other workflow files than those that are there now"
    if now - record.made > MAX_AGE:
        yield f"is of {instant_text(record.made)}, more than {MAX_AGE.days} days ago"


def contexts_text(checks: Sequence[RequiredCheck]) -> str:
    """The checks' names, for a message."""
    return ", ".join(check.context for check in checks)
