"""The lines in which a change is shown, the same for a terminal and for a pull request.

Lines begin as in a unified diff: `- `, `+ `, two spaces for what stays, `! ` for a note on the change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from difflib import SequenceMatcher
from typing import Any

from readiness.alerts.promql import PromqlError, parse
from readiness.markdown_text import longest_run_of_backticks
from readiness.plan.field_changes import ABSENT, FieldChange, flat, holds_objects
from readiness.plan.plan_diff import Action, ResourceChange, StackDiff
from readiness.plan.query_change import query_changes

CONTEXT_LINES = 2
# A text this short is shown whole in its line.
SHORT_CHARACTERS = 100
# Past these a comparison takes seconds, and nobody reads it.
MAX_COMPARED_LINES = 1_000
MAX_COMPARED_CHARACTERS = 200_000
MAX_CHARACTERS_OF_A_LINE = 300
_CONTEXT_CHARACTERS = 40
# Of a text that is only there on one side: enough to recognize it.
MAX_LINES_OF_A_TEXT = 12
# Options that a reviewer wants to see of something new or gone.
_TELLING_OPTIONS = ("protect", "retainOnDelete", "importId", "ignoreChanges", "deleteBeforeReplace", "replaceOnChanges")
_NUMBER = re.compile(r"^-?\d+(?:\.\d+)?$")


def is_query(names: Sequence[str]) -> bool:
    """Whether the field at this path of keys is PromQL."""
    return bool(names) and names[-1] == "query" and "conditionPrometheusQueryLanguage" in names


def laid_out(names: Sequence[str], text: str) -> list[str]:
    """The text in lines that mean something: PromQL by operand, JSON by key, a filter by clause, the rest as it is.

    A query that does not parse is shown as it is written.
    """
    if len(text) > MAX_COMPARED_CHARACTERS:
        return [f"(a text of {len(text)} characters)"]
    lines = text.removesuffix("\n").split("\n")
    if is_query(names):
        with suppress(PromqlError):
            lines = [piece for line in parse(text).prettify().splitlines() for piece in _matcher_lines(line)]
    elif text.lstrip()[:1] in ("{", "["):
        with suppress(ValueError, RecursionError):
            lines = json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False).split("\n")
    elif names[-1:] and names[-1].lower().endswith("filter") and "\n" not in text:
        lines = re.split(r"\s+(?=AND\s)", text)
    return [printable(line) for line in lines]


def text_changes(names: Sequence[str], old: str, new: str) -> list[str]:
    """The removed and added lines, with a little context."""
    changes = query_changes(old, new) if is_query(names) else []
    # The finding on the resource says what is weaker.
    notes = [f"! {change.text}" for change in changes if not change.is_weaker]
    before, after = laid_out(names, old), laid_out(names, new)
    if max(len(before), len(after)) > MAX_COMPARED_LINES or max(len(old), len(new)) > MAX_COMPARED_CHARACTERS:
        return [f"! {len(before)} lines became {len(after)}: too long to compare"]
    if len(before) == len(after) == 1:
        return [*notes, *_within_line(before[0], after[0])]
    changed = line_changes(before, after)
    return [*notes, *(changed or ["! spaces or the order of keys changed"])]


def line_changes(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """A unified diff without its header; `  …` marks omitted lines."""
    result: list[str] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for number, group in enumerate(matcher.get_grouped_opcodes(CONTEXT_LINES)):
        if number or group[0][1] > 0:
            result.append("  …")
        for tag, left, left_end, right, right_end in group:
            if tag == "equal":
                result += [f"  {line}" for line in before[left:left_end]]
            else:
                result += [f"- {line}" for line in before[left:left_end]]
                result += [f"+ {line}" for line in after[right:right_end]]
    return result


def printable(text: str) -> str:
    """One line without characters that steer a terminal, hide, or turn the direction of reading."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else f"\\u{{{ord(letter):x}}}" for letter in text)


def code_span(text: str, *, in_table: bool = False) -> str:
    """The text as inline code, whatever characters it contains."""
    shown = printable(text) or " "
    if in_table:
        shown = shown.replace("|", "\\|")
    ticks = "`" * (longest_run_of_backticks(shown) + 1)
    padding = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{padding}{shown}{padding}{ticks}"


def shortened(line: str, most_characters: int = MAX_CHARACTERS_OF_A_LINE) -> str:
    """A line that fits. If it is cut, its length is at its end."""
    if len(line) <= most_characters:
        return line
    return f"{line[: most_characters - 40]}… ({len(line)} characters)"


def _within_line(old: str, new: str) -> list[str]:
    """The part in which two long lines differ, with its context."""
    shared = min(len(old), len(new))
    start = next((index for index in range(shared) if old[index] != new[index]), shared)
    end = next((index for index in range(shared - start) if old[-1 - index] != new[-1 - index]), shared - start)
    start, end = max(start - _CONTEXT_CHARACTERS, 0), max(end - _CONTEXT_CHARACTERS, 0)
    before, after = "…" if start else "", "…" if end else ""
    return [f"{sign} {before}{text[start : len(text) - end]}{after}" for sign, text in (("-", old), ("+", new))]


def _matcher_lines(line: str) -> list[str]:
    """A long line of a query with one matcher a line, so that a change inside one is seen."""
    if len(line) <= SHORT_CHARACTERS:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    pieces = [""]
    for text in re.findall(r'"(?:\\.|[^"\\])*"|[{},]|[^"{},]+', line):
        if text == "}":
            pieces += [indent + text]
        else:
            pieces[-1] += text
            pieces += [f"{indent}  "] if text in ("{", ",") else []
    return pieces


def resource_lines(diff: StackDiff, change: ResourceChange) -> list[str]:
    """All lines about one resource, each beginning with `- `, `+ `, `! ` or two spaces."""
    lines = [f"! forces the replacement: {', '.join(change.replacing)}"] if change.replacing else []
    lines += [f"! {note}" for note in change.notes]
    if change.moved_from:
        lines += [f"- {printable(change.moved_from)}", f"+ {printable(change.resource.urn)}"]
    if change.old is None or change.new is None:
        sign, resource = "+" if change.old is None else "-", change.resource
        lines += _side(sign, "", (), resource.inputs) if resource.inputs else []
        lines += _side(sign, "files", ("files",), resource.files) if resource.files else []
        for name in (name for name in _TELLING_OPTIONS if name in resource.options):
            lines += _side(sign, f"options.{name}", (f"options.{name}",), resource.options[name])
    else:
        lines += [line for item in (*change.inputs, *change.files) for line in field_lines(item)]
        # What a changed resource waits for follows from the references in its inputs.
        options = [option for option in change.options if option.path != "dependencies" or not change.inputs]
        lines += [line for option in options for line in field_lines(option, prefix="options.")]
    twin = diff.renamed.get(change.resource.urn) if change.action is Action.DELETE else None
    if twin:
        lines.append(f"! {printable(twin.name)} has the same inputs: an alias would keep the state of this one")
    return [shortened(line) for line in lines]


def field_lines(change: FieldChange, prefix: str = "") -> list[str]:
    """One field that differs."""
    path = printable(prefix + change.path)
    old, new = change.old, change.new
    if isinstance(old, str) and isinstance(new, str) and _is_long(old, new):
        return [f"  {path}:", *(f"{line[:2]}  {line[2:]}" for line in text_changes(change.names, old, new))]
    if isinstance(old, list) and isinstance(new, list) and not holds_objects(old) and not holds_objects(new):
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
    if not lost and not gained:
        lost, gained = [", ".join(before)], [", ".join(after)]
    yield from (f"- {path}: {item}" for item in lost)
    yield from (f"+ {path}: {item}" for item in gained)


def _is_long(*texts: str) -> bool:
    return any("\n" in text.removesuffix("\n") or len(text) > SHORT_CHARACTERS for text in texts)
