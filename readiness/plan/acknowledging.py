"""Writes entries into acknowledged-weakenings.yaml and drops entries that no longer acknowledge a change.

Comments and layout stay: the places of PyYAML's nodes say which lines go, and the result is read again and compared
with what the edit should mean before it is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import yaml

from readiness.files import read_regular_bytes, read_regular_text, write_whole
from readiness.finding import Finding, RefusedError
from readiness.plan.acknowledgements import (
    ACKNOWLEDGED_FILE,
    Acknowledgement,
    AcknowledgementStatus,
    acknowledgements_in,
    entries_to_write,
)
from readiness.plan.change_groups import ChangeGroup
from readiness.plan.code_owners import CodeOwners
from readiness.plan.git import folder_path, top_folder
from readiness.secret_shapes import one_line
from readiness.settings.messages import why_no_text
from readiness.settings.strict_yaml import composed

_EMPTY = "acknowledged: []\n"
_BY_HAND = "Write each entry on lines of its own that begin with `- digest:`, or edit the file by hand"


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What an edit of the file did: the changes that now have an entry, and the digests of the entries that went."""

    added: tuple[ChangeGroup, ...]
    dropped: tuple[str, ...]


def acknowledge(root: Path, status: AcknowledgementStatus, *, reason: str, by: str) -> Written:
    """Writes an entry for each open change and drops the stale ones. Writes nothing where neither exists.

    Raises RefusedError for a reason or name that says nothing, for a name that owns none of the file, and where the
    file is not written as expected or cannot be written. Then the file is as before.
    """
    problems = [
        Finding(rule_id="acknowledge-option", file=option, message=wrong[0], hint=hint)
        for option, value, hint in (
            ("--reason", reason, "Say why the weaker protection is right, such as `--reason 'OPS-12: ...'`"),
            ("--by", by, "Name the login of the code owner who acknowledges the change"),
        )
        if (wrong := why_no_text(one_line(value).strip())) is not None
    ]
    if problems:
        raise RefusedError(problems)
    _refuse_foreign_name(root, by)
    text = _text(root)
    before = acknowledgements_in(text)
    stale = {entry.digest for entry in status.stale}
    new = [
        Acknowledgement(digest=digest, reason=one_line(reason).strip(), by=one_line(by).strip(), line=None)
        for group in status.open
        for digest in group.digests
    ]
    known = {entry.digest for entry in new}
    # A digest that was acknowledged for one of a group's stacks is now in the entry of all.
    going = stale | known
    if not new and not stale:
        return Written(added=(), dropped=())
    after = _with_entries(_without_entries(text, going), status.open, reason=one_line(reason), by=one_line(by))
    expected = [_bare(entry) for entry in before if entry.digest not in going] + [_bare(entry) for entry in new]
    if [_bare(entry) for entry in acknowledgements_in(after)] != expected:
        _refuse("is not in the expected form, so an edit would change other entries", _BY_HAND)
    write_whole(root / ACKNOWLEDGED_FILE, after.replace("\n", _line_end(root)))
    return Written(added=status.open, dropped=tuple(entry.digest for entry in status.stale))


def _bare(entry: Acknowledgement) -> tuple[str, str, str]:
    return entry.digest, entry.reason, entry.by


def _text(root: Path) -> str:
    path = root / ACKNOWLEDGED_FILE
    if not path.exists():
        return _EMPTY
    try:
        return read_regular_text(path)
    except UnicodeDecodeError:
        _refuse("is not UTF-8 text", "Save it as UTF-8, or restore it from version control")
    except OSError as error:
        _refuse(f"cannot be read ({error.strerror})", "Make it a readable file")


def _line_end(root: Path) -> str:
    path = root / ACKNOWLEDGED_FILE
    return "\r\n" if path.exists() and b"\r\n" in read_regular_bytes(path) else "\n"


def _without_entries(text: str, digests: set[str]) -> str:
    """The text without these digests; an entry without any other goes whole, with the comment right above it."""
    key, entries = _nodes(text)
    lines = text.splitlines(keepends=True)
    # From the end, so that the places of earlier nodes stay right.
    left = 0
    for entry in reversed(entries.value):
        node = next(value for name, value in entry.value if name.value == "digest")
        given = [item.value.strip() for item in (node.value if isinstance(node, yaml.SequenceNode) else [node])]
        kept = [digest for digest in given if digest not in digests]
        left += bool(kept)
        if not kept:
            first, last = entry.start_mark.line, _last_line(entry)
            while lines[first - 1].lstrip().startswith("#") and first - 1 > key.start_mark.line:
                first -= 1
            del lines[first : last + 1]
        elif kept != given:
            _refuse_unless_one_line(node)
            line, start, end = node.start_mark.line, node.start_mark.column, node.end_mark.column
            shown = kept[0] if len(kept) == 1 else f"[{', '.join(kept)}]"
            lines[line] = f"{lines[line][:start]}{shown}{lines[line][end:]}"
    if not left and entries.value:
        line = key.end_mark.line
        name, rest = lines[line][: key.end_mark.column], lines[line][key.end_mark.column :]
        lines[line] = f"{name}: []{rest.lstrip().removeprefix(':')}"
    return "".join(lines)


def _refuse_unless_one_line(node: yaml.Node) -> None:
    if node.start_mark.line != node.end_mark.line:
        _refuse("has a list of digests on several lines", "Write it as `digest: [FIRST, SECOND]`", node)


def _with_entries(text: str, groups: Sequence[ChangeGroup], *, reason: str, by: str) -> str:
    """The text with an entry for each group behind the last one."""
    if not groups:
        return text
    key, entries = _nodes(text)
    lines = text.splitlines(keepends=True)
    if entries.value:
        at, indent = _last_line(entries.value[-1]) + 1, entries.value[0].start_mark.column - len("- ")
    else:
        at, indent = entries.end_mark.line + 1, 2
        line = key.end_mark.line
        comment = lines[entries.end_mark.line][entries.end_mark.column :]
        lines[line:at] = [f"{lines[line][: key.end_mark.column]}:{comment}"]
        at = line + 1
    if lines and not lines[at - 1].endswith("\n"):
        lines[at - 1] += "\n"
    lines[at:at] = [f"{line}\n" for line in _entry_lines(groups, indent, reason=reason, by=by)]
    return "".join(lines)


def _entry_lines(groups: Sequence[ChangeGroup], indent: int, *, reason: str, by: str) -> Iterator[str]:
    values = {"reason": reason.strip(), "by": by.strip()}
    for line in entries_to_write(groups)[1:]:
        name = line.strip().removesuffix(":")
        # A text in JSON is one in YAML too, and needs no rule for what a plain one may hold.
        value = f" {json.dumps(values[name], ensure_ascii=False)}" if name in values else ""
        yield f"{' ' * indent}{line[2:].rstrip()}{value}"


def _nodes(text: str) -> tuple[yaml.Node, yaml.SequenceNode]:
    """The key of the list and the list, whose entries are on lines of their own. Raises RefusedError for another form.

    `acknowledgements_in` has read the text before, so there is one key with a list of entries.
    """
    root = composed(text)
    if not isinstance(root, yaml.MappingNode) or not isinstance(root.value[0][1], yaml.SequenceNode):
        _refuse("has no list of entries", _BY_HAND)
    if any(isinstance(token, yaml.AliasToken | yaml.AnchorToken) for token in yaml.scan(text)):
        _refuse("has an anchor or an alias", _BY_HAND)
    key, entries = root.value[0]
    is_flow = root.flow_style or (entries.value and entries.flow_style)
    if is_flow or any(entry.flow_style for entry in entries.value):
        _refuse("has entries in brackets or braces", _BY_HAND, entries)
    return key, entries


def _last_line(node: yaml.Node) -> int:
    """The last line of the node's own text, counted from 0: a collection ends where the next thing begins."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        return max(_last_line(value) for _, value in node.value)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style:
        return max(_last_line(value) for value in node.value)
    is_block_text = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    end: int = node.end_mark.line
    return end - 1 if is_block_text and node.end_mark.column == 0 else end


def _refuse_foreign_name(root: Path, by: str) -> None:
    """Raises RefusedError where the repository's code owners are people, and the name is none of them."""
    owners = code_owners(root)
    people = sorted({owner.removeprefix("@").lower() for owner in owners if "/" not in owner})
    # Who is in a team is not known here: GitHub asks one of them for a review.
    if not owners or len(people) < len(owners) or by.strip().removeprefix("@").lower() in people:
        return
    message = f"{one_line(by).strip()} is not a code owner of {ACKNOWLEDGED_FILE}"
    hint = f"Name one of those whose review counts: {', '.join(people)}"
    raise RefusedError([Finding(rule_id="acknowledge-option", file="--by", message=message, hint=hint)])


def code_owners(root: Path) -> tuple[str, ...]:
    """Who owns the file by the repository's CODEOWNERS, as written there (`@ada`, `@shop/team`); none where unknown."""
    top = top_folder(root)
    if top is None:
        return ()

    def read(name: str) -> str | None:
        try:
            return read_regular_text(top / name)
        except (OSError, UnicodeDecodeError):
            return None

    return CodeOwners.of_files(read).of(f"{folder_path(root)}{ACKNOWLEDGED_FILE}")


def _refuse(message: str, hint: str, node: yaml.Node | None = None) -> NoReturn:
    line = None if node is None else node.start_mark.line + 1
    finding = Finding(rule_id="acknowledgement-entry", file=ACKNOWLEDGED_FILE, line=line, message=message, hint=hint)
    raise RefusedError([finding]) from None
