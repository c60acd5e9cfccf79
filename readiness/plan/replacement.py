"""Which changed fields make a provider replace a resource instead of updating it.

The lists are distilled from the providers' source; `replacement_fields.json` names the revisions. A type that is not in
it counts as updated in place, except for what its own option `replaceOnChanges` names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from readiness.plan.field_changes import ABSENT, FieldChange
from readiness.plan.plan_file import PlannedResource

_FILE = Path(__file__).with_name("replacement_fields.json")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplacementFields:
    """Of one type, as dotted paths. `a+b` replaces when both change; `defaults` are what an absent field means.

    `replace_if_both_given` are fields that the provider fills in: leaving one out, or writing out what was filled in,
    replaces nothing. `notes` say what else a change of the field does.
    """

    replace: list[str] = field(default_factory=list)
    replace_if_both_given: list[str] = field(default_factory=list)
    defaults: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


@cache
def replacement_fields() -> dict[str, ReplacementFields]:
    """The lists by resource type."""
    types = json.loads(_FILE.read_text(encoding="utf-8"))["types"]
    return {type_: ReplacementFields(**fields) for type_, fields in types.items()}


def forces_replacement(
    old: PlannedResource, new: PlannedResource, changes: Iterable[FieldChange]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths among the changes that force a replacement, and the notes on changed fields; both may be empty."""
    fields = replacement_fields().get(new.type, ReplacementFields())
    effective = [change for change in changes if not _means_the_same(change, fields)]
    on_changes = new.options.get("replaceOnChanges", [])
    wanted = [*fields.replace, *(path for path in on_changes if isinstance(path, str))]
    replacing: list[str] = []
    for path in wanted:
        hits = [[change for change in effective if _is_at(change, part)] for part in path.split("+")]
        if all(hits):
            replacing += [change.path for hit in hits for change in hit]
    for path in fields.replace_if_both_given:
        replacing += [each.path for each in effective if _is_at(each, path) and ABSENT not in (each.old, each.new)]
    notes = [note for path, note in sorted(fields.notes.items()) if any(_is_at(change, path) for change in effective)]
    return tuple(dict.fromkeys(replacing)), tuple(notes)


def _means_the_same(change: FieldChange, fields: ReplacementFields) -> bool:
    default = fields.defaults.get(".".join(change.names), ABSENT)
    values = [default if value is ABSENT else value for value in (change.old, change.new)]
    return default is not ABSENT and values[0] == values[1]


def _is_at(change: FieldChange, path: str) -> bool:
    """Whether the change is at the path, below it, or takes it away with what holds it."""
    wanted = tuple(path.split("."))
    shared = min(len(wanted), len(change.names))
    return path == "*" or change.names[:shared] == wanted[:shared]
