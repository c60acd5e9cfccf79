"""What weakens: every change by which a guard guards less, with the digest by which somebody can agree to it.

The rules are small functions in tables, one for each way to become weaker (`weakening_alerts.py`, `…_registry.py`,
`…_github.py`, `…_records.py`, `…_plan.py`). A change whose effect cannot be judged counts as weakening, and says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from readiness.plan.engine_rules import lifting_commands
from readiness.plan.field_changes import ABSENT, FieldChange
from readiness.plan.plan_diff import ResourceChange, StackDiff
from readiness.plan.program_setup import decision_of_field
from readiness.plan.weakening_alerts import ALERT_RULES
from readiness.plan.weakening_github import GITHUB_RULES
from readiness.plan.weakening_grants import GRANT_RULES
from readiness.plan.weakening_plan import PLAN_RULES
from readiness.plan.weakening_records import RECORD_RULES
from readiness.plan.weakening_registry import REGISTRY_RULES
from readiness.plan.weakening_rule import WHOLE_RESOURCE, WeakenedField
from readiness.settings.key_decisions import Comparison

# What the setup of a stack is called in a diff: no resource, and no URN of one ends so.
SETUP_NAME = "program and providers"

RULES = (*ALERT_RULES, *REGISTRY_RULES, *GITHUB_RULES, *RECORD_RULES)

# 80 bits: nobody finds another change with the same digest, and a line of a table still holds it. The letter in front
# keeps YAML from taking one for a number.
_DIGEST_LETTER = "w"
_HEX_DIGITS = 20
DIGEST_PATTERN = rf"^{_DIGEST_LETTER}[0-9a-f]{{{_HEX_DIGITS}}}$"


@dataclass(frozen=True, kw_only=True, slots=True)
class Weakening:
    """One field of one resource that guards less, or a protected resource that goes; `reasons` end sentences on it."""

    stack: str
    urn: str
    type: str
    name: str
    field: str
    old: Any
    new: Any
    reasons: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Of stack, URN, field, old and new value: an agreement to this change is none to another."""
        parts = [self.stack, self.urn, self.field, _json(self.old), _json(self.new)]
        return _DIGEST_LETTER + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_HEX_DIGITS]


def weakenings(diff: StackDiff) -> tuple[Weakening, ...]:
    """Everything that weakens in the diff of a stack, sorted by URN and field, with all reasons of a field together."""
    found = [_setup_weakening(diff, change) for change in diff.setup]
    if not diff.is_setup_known and (diff.old.setup is not None or diff.new.setup is not None):
        found.append(_unknown_setup(diff))
    return (*(each for each in found if each is not None), *_resource_weakenings(diff))


def _setup_weakening(diff: StackDiff, change: FieldChange) -> Weakening | None:
    decision = decision_of_field(change)
    if decision.comparison is not Comparison.AGREEMENT:
        return None
    return _of_setup(diff, change.path, change.old, change.new, f"{change.path}: {decision.why}")


def _unknown_setup(diff: StackDiff) -> Weakening:
    side = "old" if diff.old.setup is None else "new"
    reason = f"the {side} plan does not say which program is run and where credentials go"
    old, new = (ABSENT if plan.setup is None else plan.setup for plan in (diff.old, diff.new))
    return _of_setup(diff, WHOLE_RESOURCE, old, new, reason)


def _of_setup(diff: StackDiff, field: str, old: Any, new: Any, reason: str) -> Weakening:
    urn = f"urn:pulumi:{diff.stack}::{diff.new.project}::{SETUP_NAME}"
    return Weakening(
        stack=diff.stack, urn=urn, type="", name=SETUP_NAME, field=field, old=old, new=new, reasons=(reason,)
    )


def _resource_weakenings(diff: StackDiff) -> tuple[Weakening, ...]:
    grouped: dict[tuple[str, str, str, str], tuple[ResourceChange, WeakenedField, list[str]]] = {}
    for change in diff.changes:
        for finding in _findings(diff, change):
            key = (change.resource.urn, finding.field, _json(finding.old), _json(finding.new))
            reasons = grouped.setdefault(key, (change, finding, []))[2]
            if finding.reason not in reasons:
                reasons.append(finding.reason)
    return tuple(
        Weakening(
            stack=diff.stack,
            urn=change.resource.urn,
            type=change.resource.type,
            name=change.resource.name,
            field=finding.field,
            old=finding.old,
            new=finding.new,
            reasons=tuple(reasons),
        )
        for _, (change, finding, reasons) in sorted(grouped.items())
    )


def _findings(diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    if change.is_protected_loss and change.old is not None:
        new = change.new.inputs if change.new else ABSENT
        reason = f"is protected and would be {change.action}d"
        if change.old.refuses_deletion:
            commands = " and ".join(f"`{each}`" for each in lifting_commands(diff.stack, change.old))
            reason += f", which `readiness up` refuses until you run {commands}"
        yield WeakenedField(field=WHOLE_RESOURCE, old=change.old.inputs, new=new, reason=reason)
    for rule in (*PLAN_RULES, *GRANT_RULES):
        yield from rule(diff, change)
    if change.old is not None and change.new is not None:
        for type_, compare in RULES:
            if type_ == change.new.type:
                yield from compare(change.old.inputs, change.new.inputs)


def _json(value: Any) -> str:
    return "" if value is ABSENT else json.dumps(value, sort_keys=True, ensure_ascii=False)
