"""The lines in which a change is shown, the same for a terminal and for a pull request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from readiness.plan.field_changes import ABSENT, FieldChange, flat
from readiness.plan.plan_diff import Action, ResourceChange, StackDiff
from readiness.plan.plan_file import PlannedResource
from readiness.plan.text_diff import SHORT_CHARACTERS, laid_out, printable, shortened, text_changes

# Of a text that is only there on one side: enough to know it by.
MAX_LINES_OF_A_TEXT = 12

# Options that a reviewer wants to see of something new or gone.
_TELLING_OPTIONS = ("protect", "retainOnDelete", "importId", "ignoreChanges", "deleteBeforeReplace", "replaceOnChanges")


_NUMBER = re.compile(r"^-?\d+(?:\.\d+)?$")


def resource_lines(diff: StackDiff, change: ResourceChange) -> list[str]:
    """Everything that is said of one resource, each line beginning with `- `, `+ `, `! ` or two spaces."""
    lines = [f"! forces the replacement: {', '.join(change.replacing)}"] if change.replacing else []
    lines += [f"! {note}" for note in change.notes]
    if change.moved_from:
        lines += [f"- {printable(change.moved_from)}", f"+ {printable(change.resource.urn)}"]
    if change.old is None or change.new is None:
        lines += _one_sided(change.resource, "+" if change.old is None else "-")
    else:
        lines += [line for each in (*change.inputs, *change.files) for line in field_lines(each)]
        lines += [line for each in change.options for line in field_lines(each, prefix="options.")]
    twin = diff.renamed.get(change.resource.urn) if change.action is Action.DELETE else None
    if twin:
        lines.append(f"! {printable(twin.name)} has the same inputs: an alias would keep this one under the new name")
    return [shortened(line) for line in lines]


def field_lines(change: FieldChange, prefix: str = "") -> list[str]:
    """One field that differs."""
    path = printable(prefix + change.path)
    old, new = change.old, change.new
    if isinstance(old, str) and isinstance(new, str) and _is_long(old, new):
        return [f"  {path}:", *(f"{line[:2]}  {line[2:]}" for line in text_changes(change.names, old, new))]
    if _is_plain_list(old) and _is_plain_list(new):
        return list(_list_lines(path, old, new))
    return [*_side("-", path, change.names, old), *_side("+", path, change.names, new)]


def value_text(value: Any) -> str:
    """A plain value as a person writes it; a text is quoted where it could be taken for something else."""
    if value is ABSENT:
        return "(absent)"
    if isinstance(value, str):
        needs_quotes = value != value.strip() or value in ("", "true", "false") or _NUMBER.match(value)
        return printable(f'"{value}"' if needs_quotes else value)
    return printable(json.dumps(value, ensure_ascii=False))


def _one_sided(resource: PlannedResource, sign: str) -> list[str]:
    options = {f"options.{name}": resource.options[name] for name in _TELLING_OPTIONS if name in resource.options}
    lines = _side(sign, "", (), resource.inputs) if resource.inputs else []
    lines += _side(sign, "files", ("files",), resource.files) if resource.files else []
    for name, value in options.items():
        lines += _side(sign, name, (name,), value)
    return lines


def _side(sign: str, path: str, names: tuple[str, ...], value: Any) -> list[str]:
    """A value that is only there on one side, field by field."""
    if value is ABSENT:
        return []
    lines: list[str] = []
    for field, item in flat(value, path):
        where = printable(field)
        if not isinstance(item, str) or not _is_long(item):
            lines.append(f"{sign} {where}: {value_text(item)}")
            continue
        # The names of a field below this one are its path without positions: good enough to know a query by.
        below = names if field == path else (*names, *field.replace("]", "").replace("[", ".").split("."))
        text = laid_out(below, item)
        lines.append(f"{sign} {where}:")
        lines += [f"{sign}     {line}" for line in text[:MAX_LINES_OF_A_TEXT]]
        if len(text) > MAX_LINES_OF_A_TEXT:
            lines.append(f"{sign}     … {len(text) - MAX_LINES_OF_A_TEXT} more lines")
    return lines


def _list_lines(path: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    before, after = [value_text(item) for item in old], [value_text(item) for item in new]
    kept = {*before} & {*after}
    lost, gained = ([item for item in items if item not in kept] for items in (before, after))
    if lost or gained:
        yield from (f"- {path}: {item}" for item in lost)
        yield from (f"+ {path}: {item}" for item in gained)
    else:
        yield from (f"- {path}: {', '.join(before)}", f"+ {path}: {', '.join(after)}")


def _is_plain_list(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value)


def _is_long(*texts: str) -> bool:
    return any("\n" in text.removesuffix("\n") or len(text) > SHORT_CHARACTERS for text in texts)
