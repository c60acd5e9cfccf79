"""Weakening changes that somebody with the right to do so has agreed to, from a committed and reviewed file.

An entry names one change by its digest. It agrees to nothing else, and once the change is merged it is stale.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from readiness.finding import Finding, RefusedError
from readiness.plan.change_lines import printable, shortened
from readiness.plan.weakening import DIGEST_PATTERN, Weakening
from readiness.settings.messages import why_no_text
from readiness.settings.strict_yaml import Document, KeyPath, read_yaml

ACKNOWLEDGED_FILE = "acknowledged-weakenings.yaml"
_LIST = "acknowledged"
_KEYS = ("digest", "reason", "by")


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledgement:
    """An entry: who agrees to the change of this digest, and why. `line` is where it stands."""

    digest: str
    reason: str
    by: str
    line: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """What of the weakening changes is agreed to, what is open, and entries that agree to none of them."""

    agreed: dict[str, Acknowledgement]
    open: tuple[Weakening, ...]
    stale: tuple[Acknowledgement, ...]


def read_acknowledgements(root: Path) -> tuple[Acknowledgement, ...]:
    """The entries of the project's file; none without a file. Raises RefusedError with everything wrong in it."""
    if not (root / ACKNOWLEDGED_FILE).exists():
        return ()
    document = read_yaml(root / ACKNOWLEDGED_FILE, ACKNOWLEDGED_FILE)
    problems = list(document.problems)
    value = document.value
    if not isinstance(value, dict) or set(value) != {_LIST} or not isinstance(value[_LIST], list):
        message = f"is no list under the one key `{_LIST}:`"
        raise RefusedError([*problems, _problem(document, (), message, f"Write `{_LIST}: []` and the entries in it")])
    problems += [found for index in range(len(value[_LIST])) for found in _entry_problems(document, index)]
    if problems:
        raise RefusedError(problems)
    return tuple(
        Acknowledgement(**{key: entry[key].strip() for key in _KEYS}, line=document.line_of((_LIST, index)))
        for index, entry in enumerate(value[_LIST])
    )


def agreement(found: Iterable[Weakening], entries: Iterable[Acknowledgement]) -> Agreement:
    """Which weakening changes the entries agree to."""
    by_digest = {entry.digest: entry for entry in entries}
    changes = {change.digest: change for change in found}
    return Agreement(
        agreed={digest: entry for digest, entry in by_digest.items() if digest in changes},
        open=tuple(change for digest, change in changes.items() if digest not in by_digest),
        stale=tuple(entry for digest, entry in by_digest.items() if digest not in changes),
    )


def entries_to_write(open_changes: Iterable[Weakening]) -> list[str]:
    """Lines that agree to the changes, to be put into the file by whoever may."""
    lines = [f"{_LIST}:"]
    for change in open_changes:
        what = printable(f"{change.stack}, {change.name}: {'; '.join(change.reasons)}")
        lines += [f"  # {shortened(what)}", f"  - digest: {change.digest}", "    reason: ", "    by: "]
    return lines


def _entry_problems(document: Document, index: int) -> Iterable[Finding]:
    entry, path = document.value[_LIST][index], (_LIST, index)
    hint = f"Write {', '.join(f'`{key}:`' for key in _KEYS)}, each with a text"
    if not isinstance(entry, dict):
        yield _problem(document, path, "is no entry", hint)
        return
    for key in entry:
        if key not in _KEYS:
            yield _problem(document, (*path, key), "is an unknown key", hint)
    for key in _KEYS:
        value = entry.get(key)
        if (wrong := why_no_text(value)) is not None:
            yield _problem(document, (*path, key), *wrong)
        elif key == "digest" and not re.match(DIGEST_PATTERN, str(value).strip()):
            digest_hint = "Copy the one that `readiness diff` prints"
            yield _problem(document, (*path, key), "is no digest of a change", digest_hint)
    digest = entry.get("digest")
    earlier = [each for each in document.value[_LIST][:index] if isinstance(each, dict)]
    if isinstance(digest, str) and any(each.get("digest") == digest for each in earlier):
        yield _problem(document, (*path, "digest"), "is acknowledged twice", "Keep one entry")


def _problem(document: Document, path: KeyPath, message: str, hint: str) -> Finding:
    return document.finding(path, message, hint, rule_id="acknowledgement-entry")
