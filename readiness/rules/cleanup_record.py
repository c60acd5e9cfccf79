"""Cleanup may delete only with a valid record of the gate, which is kept beside the stack's file.

Not part of `check_config`: the gate itself works on a stack that says `cleanup_dry_run: false` and has no record yet.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from readiness.finding import Finding
from readiness.images.gate_record import record_faults, record_path
from readiness.images.policies import declared_policies, policies_digest
from readiness.images.repositories import resource_name
from readiness.sealed_record import file_text
from readiness.settings.model import Settings
from readiness.settings.registry import DRY_RUN
from readiness.settings.stack_files import StackConfig


def cleanup_problems(root: Path, config: StackConfig, settings: Settings, now: datetime) -> Iterator[Finding]:
    """What keeps a stack's cleanup from deleting; nothing while it only pretends.

    Raises RefusedValueError where `settings` is a view that lacks what the policies are made of.
    """
    registry = settings.image_registry
    if registry is None or registry.cleanup_dry_run:
        return
    place = record_path(config.file, config.stack)
    faults = record_faults(
        file_text(root / place),
        stack=config.stack,
        repository=resource_name(settings.project, settings.region, registry.repository_id),
        policies_digest=policies_digest(declared_policies(registry)),
        now=now,
    )
    for fault in faults:
        message = f"lets cleanup delete, and the gate's record {place} {fault}"
        command = f"readiness cleanup gate {shlex.quote(config.stack)}"
        hint = f"Write true, or pass `{command}` and commit its record"
        yield config.error("cleanup-gate-record", DRY_RUN, message, hint)
