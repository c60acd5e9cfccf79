"""The gate: it passes if cleanup chose no image that runs or is a rollback target. A record shows that it passed.

`readiness check` recomputes the digest of the declared policies and the record's own seal, and compares repository,
stack and date. It cannot recompute the log and the revisions: the record has only their digests and counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from readiness.finding import Finding, Severity
from readiness.images.audit_log import Deletions
from readiness.images.policies import policies_digest
from readiness.images.repositories import DeclaredRepository
from readiness.images.revisions import Needed
from readiness.sealed_record import NoRecordError, opened, record_file, sealed_text
from readiness.times import instant_text

# The runs in the log: dry runs, or real deletions, which confirm the gate after the dry run was turned off.
DRY_RUN, DELETIONS = "dry run", "deletions"
# Every deployment changes which images run, so an older dry run proves little. Real deletions are confirmed once.
MAX_AGE = timedelta(days=14)


@dataclass(frozen=True, kw_only=True, slots=True)
class GateRecord:
    """One passed gate. `candidates` counts versions by package, sorted by name; `revisions` those compared with them.

    `commit` is empty if the project is not in a git repository.
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
        fields = asdict(self)
        return sealed_text(fields.pop("made"), fields)


def record_path(stack_file: str, stack: str) -> str:
    """The path of a stack's record, relative like the stack file."""
    return record_file(stack_file, f"cleanup-gate.{stack}")


def record_faults(
    text: str | None, *, stack: str, repository: str, policies_digest: str, now: datetime
) -> Iterator[str]:
    """Why a record does not allow cleanup to delete; nothing if it does. `text` is None if there is no file."""
    try:
        record = opened(text, "the gate")
    except NoRecordError as fault:
        yield str(fault)
        return
    yield from record.faults(now)
    for name, expected in (("stack", stack), ("repository", repository)):
        if record.fields.get(name) != expected:
            yield f"has another {name} than {expected}"
    if record.fields.get("policies_digest") != policies_digest:
        yield "was made for policies that differ from the declared ones"
    if record.fields.get("evidence") != DELETIONS and now - record.made > MAX_AGE:
        yield f"is based on dry runs of {instant_text(record.made)}, more than {MAX_AGE.days} days ago"


def evidence_of(deletions: Deletions) -> str | None:
    """The kind of run in the log; None without a run. A real run confirms more than a dry run."""
    if deletions.real:
        return DELETIONS
    return DRY_RUN if deletions.dry else None


def gate_findings(
    deletions: Deletions, needed: Needed, repository: DeclaredRepository, now: datetime, *, log: str, revisions: str
) -> Iterator[Finding]:
    """Every reason not to delete; `log` and `revisions` are the files' names."""
    yield from _hits(deletions, needed, revisions)
    real, by_others = deletions.real, deletions.by_others
    if repository.dry_run and real + by_others:
        message = f"has {real} deletions by cleanup and {by_others} by others, which were not dry runs"
        yield Finding(
            rule_id="cleanup-gate-deletions",
            file=log,
            message=message,
            hint="Apply cleanup_dry_run: true and find out who deletes",
        )
    elif by_others:
        message, hint = f"has {by_others} deletions that cleanup did not make", "Find out who deletes"
        yield Finding(
            rule_id="cleanup-gate-other-deleters", file=log, message=message, hint=hint, severity=Severity.WARNING
        )
    if evidence_of(deletions) is None:
        left = f"{deletions.old} entries are older, {deletions.elsewhere} of other repositories or methods"
        yield Finding(
            rule_id="cleanup-gate-log",
            file=log,
            message=f"is inconclusive: no cleanup run of {repository.resource} in the 48 h before {instant_text(now)}"
            f" ({left})",
            hint="Turn on Data Write audit logs of Artifact Registry, wait a day for the next run, and fetch it again",
        )


def gate_record(
    deletions: Deletions, needed: Needed, repository: DeclaredRepository, now: datetime, *, stack: str, commit: str
) -> GateRecord:
    """The record of a gate that passed."""
    evidence = evidence_of(deletions)
    return GateRecord(
        stack=stack,
        repository=repository.resource,
        made=now,
        commit=commit,
        evidence=evidence or DRY_RUN,
        policies_digest=policies_digest(repository.policies),
        log_digest=deletions.digest,
        revisions_digest=needed.digest,
        entries=deletions.real if evidence == DELETIONS else deletions.dry,
        candidates=dict(sorted(Counter(candidate.package for candidate in deletions.candidates).items())),
        revisions=len(needed.serving) + len(needed.rollback),
    )


def _hits(deletions: Deletions, needed: Needed, revisions: str) -> Iterator[Finding]:
    chosen: dict[str, list[str]] = {}
    for candidate in sorted(deletions.candidates):
        chosen.setdefault(candidate.digest, []).append(candidate.package)
    did = "would delete or has deleted" if deletions.real + deletions.by_others else "would delete"
    for role, held in (("serves", needed.serving), ("is the rollback target", needed.rollback)):
        for revision in held:
            for digest in revision.digests:
                for package in chosen.get(digest, ()):
                    yield Finding(
                        rule_id="cleanup-gate-needed-image",
                        file=revisions,
                        key=revision.name,
                        message=f"{role} with {package}@{digest}, which cleanup {did}",
                        hint="Tag that image production-latest or production-previous, and keep the dry run on",
                    )
