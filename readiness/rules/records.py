"""What a stack may do only with a valid record beside its file: delete images, and rely on required checks.

Not part of `check_config`: the commands that write the records work on a stack that has none yet.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from readiness.ci import checks_record
from readiness.ci.required_checks import required_check_findings
from readiness.ci.workflow_files import WorkflowFile, workflows_digest
from readiness.finding import Finding
from readiness.images import gate
from readiness.images.policies import declared_policies, policies_digest
from readiness.images.repositories import resource_name
from readiness.sealed_record import file_text
from readiness.settings.base import RefusedValueError
from readiness.settings.github import AUTO_MERGE, ENFORCEMENT, BranchRuleset
from readiness.settings.model import Settings
from readiness.settings.registry import DRY_RUN
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath


def cleanup_problems(root: Path, config: StackConfig, settings: Settings, now: datetime) -> Iterator[Finding]:
    """What keeps a stack's cleanup from deleting; nothing in a dry run.

    Raises RefusedValueError if `settings` is a view without the settings of the policies.
    """
    registry = settings.image_registry
    if registry is None or registry.cleanup_dry_run:
        return
    place = gate.record_path(config.file, config.stack)
    faults = gate.record_faults(
        file_text(root / place),
        stack=config.stack,
        repository=resource_name(settings.project, settings.region, registry.repository_id),
        policies_digest=policies_digest(declared_policies(registry)),
        now=now,
    )
    for fault in faults:
        message = f"allows cleanup to delete, and the gate's record {place} {fault}"
        command = f"readiness cleanup gate {shlex.quote(config.stack)}"
        hint = f"Write true, or pass `{command}` and commit its record"
        yield config.error("cleanup-gate-record", DRY_RUN, message, hint)


def subject_of(settings: Settings, ruleset: BranchRuleset) -> checks_record.Subject:
    """What a record of the stack's required checks is about."""
    return checks_record.Subject(
        repository=f"{settings.github_owner}/{settings.repository.name}",
        branch=settings.managed_files.default_branch,
        required_checks=ruleset.required_checks,
    )


def honesty_record_problems(
    root: Path, config: StackConfig, settings: Settings, now: datetime, workflows: list[WorkflowFile] | None
) -> Iterator[Finding]:
    """The settings that require checks which no record shows to be able to fail.

    `workflows` are the application's workflow files, if available. Then they are checked again, because a record
    contains what an earlier version of this check found.

    Raises RefusedValueError if `settings` is a view without the settings of the record.
    """
    ruleset = settings.branch_ruleset
    relying = list(_relying(settings))
    if ruleset is None or not relying:
        return
    place = checks_record.record_path(config.file)
    subject, text = subject_of(settings, ruleset), file_text(root / place)
    digest = None if workflows is None else workflows_digest(workflows)
    faults = list(checks_record.record_faults(text, subject, now=now, workflows_digest=digest))
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
            yield ENFORCEMENT, "blocks merges with checks that may not be able to fail", "disabled"
    with suppress(RefusedValueError):
        merging = settings.dependabot.auto_merge if settings.dependabot is not None else None
        if merging is not None and merging.enabled:
            yield (*AUTO_MERGE, "enabled"), "merges what the checks let pass", "false"
