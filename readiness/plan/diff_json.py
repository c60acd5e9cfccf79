"""A difference of plans as JSON, for programs; `docs/cli.md` describes it."""

from __future__ import annotations

import json
from typing import Any

from readiness.plan.diff_report import DiffReport
from readiness.plan.field_changes import ABSENT
from readiness.plan.plan_diff import ResourceChange


def diff_json(report: DiffReport) -> str:
    """`{"stacks": [{"stack", "changed", "changes"}], "reduces_protection": [...], "open": [digest, ...]}`.

    `open` are the digests of the changes that reduce protection and that nobody has acknowledged.
    """
    document = {
        "stacks": [
            {
                "stack": diff.stack,
                "changed": not diff.is_empty,
                "changes": [_change(change) for change in diff.changes],
                "outputs": [field.path for field in diff.outputs],
                "providers": [{"package": name, "old": old, "new": new} for name, old, new in diff.provider_versions],
            }
            for diff in report.diffs
        ],
        "reduces_protection": [
            {
                "stack": weakening.stack,
                "urn": weakening.urn,
                "type": weakening.type,
                "field": weakening.field,
                "old": _value(weakening.old),
                "new": _value(weakening.new),
                "reasons": list(weakening.reasons),
                "digest": weakening.digest,
            }
            for weakening in report.weakened
        ],
        "open": [change.digest for change in report.agreement.open],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"


def _change(change: ResourceChange) -> dict[str, Any]:
    fields = (*change.inputs, *change.files, *change.options)
    return {
        "action": change.action.value,
        "urn": change.resource.urn,
        "type": change.resource.type,
        "fields": [{"path": field.path, "old": _value(field.old), "new": _value(field.new)} for field in fields],
        "replacing": list(change.replacing),
        "notes": list(change.notes),
    }


def _value(value: Any) -> Any:
    """Null for a field that one of the plans does not have."""
    return None if value is ABSENT else value
