"""A ruleset may be enforced, and Dependabot may merge, only with a valid record that the required checks are honest.

Beside the stack's file, as the record of the cleanup gate is, and no part of `check_config` for the same reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from readiness.ci.checks_record import Subject, record_faults, record_path
from readiness.ci.required_checks import required_check_findings
from readiness.ci.workflow_files import WorkflowFile, workflows_digest
from readiness.finding import Finding
from readiness.sealed_record import file_text
from readiness.settings.base import RefusedValueError
from readiness.settings.github import AUTO_MERGE, ENFORCEMENT, BranchRuleset
from readiness.settings.model import Settings
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath


def subject_of(settings: Settings, ruleset: BranchRuleset) -> Subject:
    """What a record of the stack's required checks speaks of."""
    return Subject(
        repository=f"{settings.github_owner}/{settings.repository.name}",
        branch=settings.managed_files.default_branch,
        required_checks=ruleset.required_checks,
    )


def honesty_record_problems(
    root: Path, config: StackConfig, settings: Settings, now: datetime, workflows: list[WorkflowFile] | None
) -> Iterator[Finding]:
    """What is declared as if the checks could say no, without a record that they can.

    `workflows` are the application's workflow files where they are at hand; then they are judged once more, too: a
    record says what an earlier version of this check found.

    Raises RefusedValueError where `settings` is a view that lacks what the record speaks of.
    """
    ruleset = settings.branch_ruleset
    relying = list(_relying(settings))
    if ruleset is None or not relying:
        return
    place = record_path(config.file)
    subject, text = subject_of(settings, ruleset), file_text(root / place)
    digest = None if workflows is None else workflows_digest(workflows)
    faults = list(record_faults(text, subject, now=now, workflows_digest=digest))
    for path, what, instead in relying:
        for fault in faults:
            message = f"{what}, and the record {place} {fault}"
            hint = f"Write {instead}, or pass `readiness checks-honest --workflows DIR --write` and commit its record"
            yield config.error("required-checks-record", path, message, hint)
    if workflows is not None:
        folder = str(Path(workflows[0].file).parent)
        yield from required_check_findings(folder, workflows, ruleset.required_checks, subject.branch)


def _relying(settings: Settings) -> Iterator[tuple[KeyPath, str, str]]:
    """Each setting that relies on the checks, what it does, and what to write without them."""
    with suppress(RefusedValueError):
        if settings.branch_ruleset is not None and settings.branch_ruleset.enforcement == "active":
            yield ENFORCEMENT, "holds merges up for checks that may not be able to fail", "disabled"
    with suppress(RefusedValueError):
        merging = settings.dependabot.auto_merge if settings.dependabot is not None else None
        if merging is not None and merging.enabled:
            yield (*AUTO_MERGE, "enabled"), "merges what the checks let pass", "false"
