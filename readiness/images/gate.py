"""Whether anything that cleanup chose runs, or would be rolled back to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from readiness.finding import Finding, Severity
from readiness.images.audit_log import Deletions
from readiness.images.gate_record import DELETIONS, DRY_RUN, GateRecord
from readiness.images.policies import policies_digest
from readiness.images.repositories import DeclaredRepository
from readiness.images.revisions import Needed
from readiness.timestamps import instant_text


def evidence_of(deletions: Deletions) -> str | None:
    """Which kind of run the log shows; None where it shows none. A real run confirms more than a dry one."""
    if deletions.real:
        return DELETIONS
    return DRY_RUN if deletions.dry else None


def gate_findings(
    deletions: Deletions, needed: Needed, repository: DeclaredRepository, now: datetime, *, log: str, revisions: str
) -> Iterator[Finding]:
    """Everything that speaks against deleting; `log` and `revisions` are the files' names."""
    yield from _hits(deletions, needed, revisions)
    real, by_others = deletions.real, deletions.by_others
    if repository.dry_run and real + by_others:
        message = f"holds {real} deletions by cleanup and {by_others} by others, which were no dry run"
        yield Finding(
            rule_id="cleanup-gate-deletions",
            file=log,
            message=message,
            hint="Apply cleanup_dry_run: true and find out who deletes",
        )
    elif by_others:
        message, hint = f"holds {by_others} deletions that cleanup did not make", "Find out who deletes"
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
            hint="Switch Data Write audit logs of Artifact Registry on, wait a day for the next run, fetch it again",
        )


def gate_record(
    deletions: Deletions, needed: Needed, repository: DeclaredRepository, now: datetime, *, stack: str, commit: str
) -> GateRecord:
    """The record of a gate that found nothing against deleting."""
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
        candidates=dict(Counter(candidate.package for candidate in deletions.candidates)),
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
