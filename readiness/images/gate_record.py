"""The gate's record: that the declared policies were held against what runs, when, and on which evidence.

From the repository alone `readiness check` recomputes the digest of the declared policies and the record's own seal,
and compares repository, stack and date. It cannot recompute the log and the revisions, of which the record holds only
digests and counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from readiness.sealed_record import NoRecordError, opened, record_file, sealed_text
from readiness.timestamps import instant_text

# What the log showed: runs that only pretended, or real ones, which confirm a dry run that has been switched off.
DRY_RUN, DELETIONS = "dry run", "deletions"
# What runs changes with every deployment: a dry run older than this says little. Real runs are confirmed once.
MAX_AGE = timedelta(days=14)


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
        fields = {
            "stack": self.stack,
            "repository": self.repository,
            "commit": self.commit,
            "evidence": self.evidence,
            "policies_digest": self.policies_digest,
            "log_digest": self.log_digest,
            "revisions_digest": self.revisions_digest,
            "entries": self.entries,
            "candidates": dict(sorted(self.candidates.items())),
            "revisions": self.revisions,
        }
        return sealed_text(self.made, fields)


def record_path(stack_file: str, stack: str) -> str:
    """Where a stack's record is, relative as its file is."""
    return record_file(stack_file, f"cleanup-gate.{stack}")


def record_faults(
    text: str | None, *, stack: str, repository: str, policies_digest: str, now: datetime
) -> Iterator[str]:
    """Why a record does not allow cleanup to delete; nothing where it does. `text` is None where there is no file."""
    try:
        record = opened(text, "the gate")
    except NoRecordError as fault:
        yield str(fault)
        return
    yield from record.faults(now)
    for name, expected in (("stack", stack), ("repository", repository)):
        if record.fields.get(name) != expected:
            yield f"speaks of another {name} than {expected}"
    if record.fields.get("policies_digest") != policies_digest:
        yield "was made for other policies than the declared ones"
    if record.fields.get("evidence") != DELETIONS and now - record.made > MAX_AGE:
        yield f"rests on dry runs of {instant_text(record.made)}, more than {MAX_AGE.days} days ago"
