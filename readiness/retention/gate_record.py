"""The gate's record: that the declared policies were held against what runs, when, and on which evidence.

From the repository alone `readiness check` recomputes the digest of the declared policies and the record's own seal,
and compares repository, stack and date. It cannot recompute the log and the revisions, of which the record holds only
digests and counts. The seal shows a slip of the hand, not a forger's: the record is reviewed like any other change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from readiness.retention.timestamps import instant, instant_text

# Beside the stack's file.
RECORDS = "records"
# What the log showed: runs that only pretended, or real ones, which confirm a dry run that has been switched off.
DRY_RUN, DELETIONS = "dry run", "deletions"
# What runs changes with every deployment: a dry run older than this says little. Real runs are confirmed once.
MAX_AGE = timedelta(days=14)
_CLOCK_SKEW = timedelta(hours=1)
_SCHEMA = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class GateRecord:
    """One passed gate. `candidates` counts versions by package, `revisions` those held against them.

    `commit` is empty where the project is in no git repository.
    """

    stack: str
    repository: str
    made: datetime
    commit: str
    evidence: str
    policies_digest: str
    log_digest: str
    revisions_digest: str
    entries: int
    candidates: dict[str, int]
    revisions: int

    def text(self) -> str:
        """The record's file."""
        fields: dict[str, Any] = {
            "schema": _SCHEMA,
            "stack": self.stack,
            "repository": self.repository,
            "made": instant_text(self.made),
            "commit": self.commit,
            "evidence": self.evidence,
            "policies_digest": self.policies_digest,
            "log_digest": self.log_digest,
            "revisions_digest": self.revisions_digest,
            "entries": self.entries,
            "candidates": dict(sorted(self.candidates.items())),
            "revisions": self.revisions,
        }
        return json.dumps({**fields, "seal": _seal(fields)}, indent=2) + "\n"


def record_path(stack_file: str, stack: str) -> str:
    """Where a stack's record is, relative as its file is."""
    return str(PurePosixPath(stack_file).parent / RECORDS / f"cleanup-gate.{stack}.json")


def record_faults(
    text: str | None, *, stack: str, repository: str, policies_digest: str, now: datetime
) -> Iterator[str]:
    """Why a record does not allow cleanup to delete; nothing where it does. `text` is None where there is no file."""
    if text is None:
        yield "does not exist"
        return
    try:
        fields = json.loads(text)
        if not isinstance(fields, dict) or fields.get("schema") != _SCHEMA:
            raise ValueError
        made = instant(fields.get("made"))
    except (ValueError, RecursionError):
        yield "is no record of the gate"
        return
    if fields.pop("seal", None) != _seal(fields):
        yield "was edited since the gate wrote it"
    for name, expected in (("stack", stack), ("repository", repository)):
        if fields.get(name) != expected:
            yield f"speaks of another {name} than {expected}"
    if fields.get("policies_digest") != policies_digest:
        yield "was made for other policies than the declared ones"
    if made > now + _CLOCK_SKEW:
        yield f"is dated {instant_text(made)}, which is to come"
    if fields.get("evidence") != DELETIONS and now - made > MAX_AGE:
        yield f"rests on dry runs of {instant_text(made)}, more than {MAX_AGE.days} days ago"


def _seal(fields: dict[str, Any]) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
