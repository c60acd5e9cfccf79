"""Acknowledged changes that weaken protection, from a committed and reviewed file.

An entry names one change by its digest, or by a list with its digest in each stack. It acknowledges no other change,
and is stale once the change is merged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from readiness.finding import Finding, RefusedError
from readiness.plan.change_groups import ChangeGroup
from readiness.plan.change_lines import printable, shortened
from readiness.plan.weakening import DIGEST_PATTERN, Weakening
from readiness.settings.messages import why_no_text
from readiness.settings.strict_yaml import Document, KeyPath, parse_yaml, read_yaml

ACKNOWLEDGED_FILE = "acknowledged-weakenings.yaml"
_LIST = "acknowledged"
_KEYS = ("digest", "reason", "by")


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledgement:
    """Who acknowledges the change with this digest, and why. `line` is that of its entry, which can have several."""

    digest: str
    reason: str
    by: str
    line: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AcknowledgementStatus:
    """The changes that weaken protection, acknowledged (by their digests) and open ones, and the stale entries."""

    acknowledged: dict[tuple[str, ...], Acknowledgement]
    open: tuple[ChangeGroup, ...]
    stale: tuple[Acknowledgement, ...]


def read_acknowledgements(root: Path) -> tuple[Acknowledgement, ...]:
    """The entries of the project's file; none without a file. Raises RefusedError with everything wrong in it."""
    if not (root / ACKNOWLEDGED_FILE).exists():
        return ()
    return _entries(read_yaml(root / ACKNOWLEDGED_FILE, ACKNOWLEDGED_FILE))


def acknowledgements_in(text: str) -> tuple[Acknowledgement, ...]:
    """The entries of the file's text. Raises RefusedError with everything wrong in it."""
    return _entries(parse_yaml(text, ACKNOWLEDGED_FILE))


def _entries(document: Document) -> tuple[Acknowledgement, ...]:
    problems = list(document.problems)
    value = document.value
    if not isinstance(value, dict) or set(value) != {_LIST} or not isinstance(value[_LIST], list):
        message = f"must have one key, `{_LIST}:`, with a list"
        raise RefusedError([*problems, _problem(document, (), message, f"Write `{_LIST}: []` and the entries in it")])
    problems += [found for index in range(len(value[_LIST])) for found in _entry_problems(document, index)]
    if problems:
        raise RefusedError(problems)
    return tuple(
        Acknowledgement(
            digest=str(digest).strip(),
            reason=entry["reason"].strip(),
            by=entry["by"].strip(),
            line=document.line_of((_LIST, index)),
        )
        for index, entry in enumerate(value[_LIST])
        for digest in _digests(entry)
    )


def acknowledgement_status(found: Iterable[ChangeGroup], entries: Iterable[Acknowledgement]) -> AcknowledgementStatus:
    """Which changes the entries acknowledge.

    A group needs for each of its stacks the digest that it has there, or those of all its members in this stack:
    entries of release 0.1, which did not group changes, stay valid in release 0.2.
    """
    by_digest = {entry.digest: entry for entry in entries}
    acknowledged: dict[tuple[str, ...], Acknowledgement] = {}
    still_open: list[ChangeGroup] = []
    known: set[str] = set()
    for group in found:
        known |= {*group.digests, *(member.digest for member in group.members)}
        given = [
            by_digest.get(digest) or _entry_of_every(group.of_stack(stack), by_digest)
            for stack, digest in zip(group.stacks, group.digests, strict=True)
        ]
        entries_of_group = [entry for entry in given if entry is not None]
        if len(entries_of_group) == len(given):
            acknowledged[group.digests] = entries_of_group[0]
        else:
            still_open.append(group)
    stale = tuple(entry for digest, entry in by_digest.items() if digest not in known)
    return AcknowledgementStatus(acknowledged=acknowledged, open=tuple(still_open), stale=stale)


def _entry_of_every(members: Sequence[Weakening], by_digest: dict[str, Acknowledgement]) -> Acknowledgement | None:
    """The entry of the first, if every member has one."""
    by_member = [by_digest.get(member.digest) for member in members]
    return by_member[0] if all(by_member) else None


def entries_to_write(open_changes: Iterable[ChangeGroup]) -> list[str]:
    """The lines to add to the file to acknowledge the changes."""
    lines = [f"{_LIST}:"]
    for group in open_changes:
        what = printable(f"{', '.join(group.stacks)}, {group.subject}: {'; '.join(group.reasons)}")
        lines += [f"  # {shortened(what)}", f"  - digest: {_digests_text(group)}", "    reason: ", "    by: "]
    return lines


def _digests_text(group: ChangeGroup) -> str:
    return group.digests[0] if len(group.digests) == 1 else f"[{', '.join(group.digests)}]"


def _digests(entry: object) -> list[object]:
    """The digests of an entry: one text, or a list with one for each stack."""
    value = entry.get("digest") if isinstance(entry, dict) else None
    return value if isinstance(value, list) and value else [value]


def _entry_problems(document: Document, index: int) -> Iterable[Finding]:
    entry, path = document.value[_LIST][index], (_LIST, index)
    hint = f"Write {', '.join(f'`{key}:`' for key in _KEYS)}, each with a text"
    if not isinstance(entry, dict):
        yield _problem(document, path, "is not an entry", hint)
        return
    for key in entry:
        if key not in _KEYS:
            yield _problem(document, (*path, key), "is an unknown key", hint)
    given = [("digest", digest) for digest in _digests(entry)] + [(key, entry.get(key)) for key in _KEYS[1:]]
    for key, value in given:
        if (wrong := why_no_text(value)) is not None:
            yield _problem(document, (*path, key), *wrong)
        elif key == "digest" and not re.match(DIGEST_PATTERN, str(value).strip()):
            digest_hint = "Copy the one that `readiness diff` prints"
            yield _problem(document, (*path, key), "is not a digest of a change", digest_hint)
    digests = [digest for digest in _digests(entry) if isinstance(digest, str)]
    earlier = [digest for other in document.value[_LIST][:index] for digest in _digests(other)]
    if any(digest in earlier for digest in digests) or len({*digests}) < len(digests):
        yield _problem(document, (*path, "digest"), "is acknowledged twice", "Keep one entry")


def _problem(document: Document, path: KeyPath, message: str, hint: str) -> Finding:
    return document.finding(path, message, hint, rule_id="acknowledgement-entry")
