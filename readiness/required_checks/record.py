"""The record that the required checks were found honest: when, of which workflow files, and for which checks.

`readiness check` recomputes what it can: the declared checks, repository, branch and the seal always, the digest of the
workflow files where it is handed their folder. The seal shows a slip of the hand, not a forger's: the record is
reviewed like any other change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from readiness.retention.gate_record import RECORDS
from readiness.retention.timestamps import instant, instant_text
from readiness.settings.github import RequiredCheck

# Workflows change with the application, and nobody tells this project.
MAX_AGE = timedelta(days=14)
_CLOCK_SKEW = timedelta(hours=1)
_SCHEMA = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What a record speaks of. `repository` is OWNER/NAME, `branch` the one that is guarded."""

    repository: str
    branch: str
    required_checks: tuple[RequiredCheck, ...]

    def fields(self) -> dict[str, Any]:
        """As the record holds it."""
        checks = [{"context": each.context, "integration_id": each.integration_id} for each in self.required_checks]
        return {"repository": self.repository, "branch": self.branch, "required_checks": checks}


def record_text(subject: Subject, *, made: datetime, commit: str, workflows_digest: str) -> str:
    """The record's file. `commit` is that of the workflows' checkout, empty where they are in no git repository."""
    fields: dict[str, Any] = {
        "schema": _SCHEMA,
        **subject.fields(),
        "made": instant_text(made),
        "commit": commit,
        "workflows_digest": workflows_digest,
    }
    return json.dumps({**fields, "seal": _seal(fields)}, indent=2) + "\n"


def record_path(stack_file: str) -> str:
    """Where the record is, relative as the stack's file is. One: the repository is guarded once."""
    return str(PurePosixPath(stack_file).parent / RECORDS / "checks-honest.json")


def record_faults(text: str | None, subject: Subject, *, now: datetime, workflows_digest: str | None) -> Iterator[str]:
    """Why a record does not speak for the checks; nothing where it does.

    `text` is None where there is no file, `workflows_digest` where the workflow files are not at hand.
    """
    if text is None:
        yield "does not exist"
        return
    try:
        fields = json.loads(text)
        if not isinstance(fields, dict) or fields.get("schema") != _SCHEMA:
            raise ValueError
        made = instant(fields.get("made"))
    except (ValueError, RecursionError):
        yield "is no record of honest checks"
        return
    if fields.pop("seal", None) != _seal(fields):
        yield "was edited since it was written"
    yield from _other_subject(fields, subject)
    if workflows_digest is not None and fields.get("workflows_digest") != workflows_digest:
        yield "was made for other workflow files than those that are there now"
    if made > now + _CLOCK_SKEW:
        yield f"is dated {instant_text(made)}, which is to come"
    if now - made > MAX_AGE:
        yield f"is of {instant_text(made)}, more than {MAX_AGE.days} days ago"


def _other_subject(fields: dict[str, Any], subject: Subject) -> Iterator[str]:
    for name, expected in subject.fields().items():
        if fields.get(name) != expected:
            yield f"was made for another {name.replace('_', ' ').removesuffix('s')} than the declared one"


def contexts_text(checks: Sequence[RequiredCheck]) -> str:
    """The checks' names, for a message."""
    return ", ".join(each.context for each in checks)


def _seal(fields: dict[str, Any]) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
