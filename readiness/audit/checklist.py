"""The lines of the audit from checklist.yaml, and the results that people have recorded in audit-record.yaml.

The record is in `reports/`, below the folder of `Pulumi.yaml`:

    - line: encryption-in-transit     # the row's name, as in JSON and SARIF
      result: fail                    # pass, fail, or note, which does not decide the row
      found: sslMode is not set
      source: terraform/modules/gcp-environment/main.tf at 0b6b26d
      date: "2025-10-17"

When a finding is fixed, change its entry to `pass` with a new date.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, with_config

from readiness.finding import Finding, RefusedError
from readiness.live.rows import Outcome, Row, row_of
from readiness.secret_shapes import looks_like_a_secret, mask_secrets
from readiness.settings.messages import why_no_text
from readiness.settings.nearest import suggestion
from readiness.settings.strict_yaml import read_yaml

# Findings about a live system do not belong in a repository that others read: git ignores the folder.
RECORD_FILE = "reports/audit-record.yaml"
# The path of the record in 0.1. It is still read.
FORMER_RECORD_FILE = "audit-record.yaml"
_KEYS = ("line", "result", "found", "source", "date")
_RESULTS = {outcome.value: outcome for outcome in (Outcome.PASS, Outcome.FAIL, Outcome.NOTE)}


class Risk(StrEnum):
    """How bad it is when the line fails. A failure of high risk must be fixed before a launch."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


# Our own choice: days from the day of the report until a failure must be fixed, by its risk.
DUE_DAYS = {Risk.HIGH: 7, Risk.MEDIUM: 30, Risk.LOW: 90}


@with_config(extra="forbid")
@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """One line of the checklist. The comment at the top of checklist.yaml describes each field."""

    area: str
    slug: str
    line: str
    risk: Risk
    owner: str
    checks: tuple[str, ...] = ()
    prowler: tuple[str, ...] = ()
    decided_by_checks: bool = True
    steps: tuple[str, ...]
    remediation: str

    @property
    def due_days(self) -> int:
        """Days from the day of the report until a failure must be fixed."""
        return DUE_DAYS[self.risk]


@cache
def audit_lines() -> tuple[AuditLine, ...]:
    """Every line, in the order of the checklist."""
    return read_checklist(Path(__file__).with_name("checklist.yaml"))


def read_checklist(file: Path) -> tuple[AuditLine, ...]:
    """The lines of a file. Raises RefusedError for invalid YAML, ValidationError for another form."""
    document = read_yaml(file, file.name)
    if document.problems:
        raise RefusedError(document.problems)
    lines = [{"area": area["area"], **line} for area in document.value for line in area["lines"]]
    return TypeAdapter(tuple[AuditLine, ...]).validate_python(lines)


def read_record(root: Path) -> dict[str, list[Row]]:
    """Rows by the line's slug; none without a file. Raises RefusedError with every problem of the file.

    It also reads a record at the path of 0.1. Two records are an error.
    """
    names = [name for name in (RECORD_FILE, FORMER_RECORD_FILE) if (root / name).exists()]
    if not names:
        return {}
    if len(names) == 2:
        hint = f"Move its entries to {RECORD_FILE} and delete it"
        message = f"is a second record in addition to {RECORD_FILE}"
        raise RefusedError([Finding(rule_id="audit-record-twice", file=FORMER_RECORD_FILE, message=message, hint=hint)])
    document = read_yaml(root / names[0], names[0], may_be_empty=True)
    entries = document.value
    if entries is None:
        return {}
    if not isinstance(entries, list):
        raise RefusedError(
            [_problem(names[0], "", "is not a list", "Begin each entry with `- line:`", document.line_of(()))]
        )
    problems = list(document.problems)
    for index, entry in enumerate(entries):
        for key, message, hint in _mistakes(entry):
            path = f"entry {index + 1}.{key}" if key else f"entry {index + 1}"
            problems.append(_problem(names[0], path, message, hint, document.line_of((index, key))))
    if problems:
        raise RefusedError(problems)
    found: dict[str, list[Row]] = defaultdict(list)
    for entry in entries:
        check, source, text = f"recorded on {entry['date']}", entry["source"], entry["found"]
        row = row_of(_RESULTS[entry["result"]], check, mask_secrets(source), mask_secrets(text))
        found[entry["line"]].append(row)
    return dict(found)


def _mistakes(entry: Any) -> Iterator[tuple[str, str, str]]:
    """For each mistake of an entry: the key (empty for the whole entry), what is wrong, and a hint."""
    if not isinstance(entry, Mapping):
        yield "", "is not an entry", f"Write {', '.join(_KEYS)}"
        return
    for key in sorted(entry.keys() - set(_KEYS)):
        yield key, "is unknown", f"Keys are {', '.join(_KEYS)}"
    for key in _KEYS:
        value = entry.get(key)
        if (wrong := why_no_text(value)) is not None:
            yield key, *wrong
        elif looks_like_a_secret(str(value)):
            yield key, "looks like a credential", "Remove it, and revoke it"
    line, result, day = entry.get("line"), entry.get("result"), entry.get("date")
    slugs = [known.slug for known in audit_lines()]
    if isinstance(line, str) and line not in slugs:
        hint = f"{suggestion(line, slugs)}The JSON report names every line's slug"
        yield "line", f"{line} is not a line of the audit", hint
    if isinstance(result, str) and result not in _RESULTS:
        yield "result", "is not pass, fail or note", "Write one of them"
    if isinstance(day, str) and not _is_day(day):
        yield "date", "is not a calendar date", 'Write it as "2027-03-31"'


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _problem(file: str, key: str, message: str, hint: str, line: int | None = None) -> Finding:
    return Finding(rule_id="audit-record-entry", file=file, line=line, key=key, message=message, hint=hint)
