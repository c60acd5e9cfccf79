"""What is wrong with a plan itself, by the table of rules about plans."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from readiness.alerts.runbook_address import link_targets
from readiness.finding import Finding, RefusedError
from readiness.plan.offline_plan import Plan
from readiness.rules.plan_rules import plan_findings
from readiness.rules.project import counted_environments
from readiness.settings.model import Settings
from readiness.settings.stack_files import read_stack
from readiness.settings.stack_names import stack_names
from readiness.settings.validation import view_of


def plan_problems(root: Path, plan: Plan) -> list[Finding]:
    """What the rules find in a stack's plan, each at the line that declares the resource."""
    found = plan_findings(
        plan.resources,
        runbook_targets=link_targets(root),
        counted_environments=counted_environments(_readable_stacks(root)),
    )
    return [replace(finding, key=f"stack {plan.stack}: {finding.key}") for finding in found]


def _readable_stacks(root: Path) -> Iterator[Settings]:
    for stack in stack_names(root):
        with suppress(RefusedError):
            yield view_of(read_stack(root, stack))
