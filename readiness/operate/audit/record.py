"""What people have found for a line of the audit: `audit-record.yaml` beside `Pulumi.yaml`.

    - line: encryption-in-transit     # the row's name, as in JSON and SARIF
      result: fail                    # pass, fail, or note, which decides nothing
      found: sslMode is not set
      source: terraform/modules/gcp-environment/main.tf at 0b6b26d
      date: "2025-10-17"

A finding that is mended is changed to `pass` with a new date, so that the page keeps its history in git.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from readiness.operate.audit.evidence import Evidence, Verdict
from readiness.operate.audit.lines import audit_lines
from readiness.problems import Problem, RefusedError, looks_like_a_secret, mask_secrets
from readiness.settings.nearest import suggestion

RECORD_FILE = "audit-record.yaml"
_KEYS = ("line", "result", "found", "source", "date")
_RESULTS = {"pass": Verdict.PASS, "fail": Verdict.FAIL, "note": Verdict.NOTE}


def read_record(root: Path) -> dict[str, list[Evidence]]:
    """Evidence by the line's slug; none without a file. Raises RefusedError with every problem of the file."""
    file = root / RECORD_FILE
    if not file.exists():
        return {}
    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, OverflowError, RecursionError, yaml.YAMLError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        # PyYAML's own, of a date that stands without quotes: "day is out of range for month".
        reason = f" ({error})" if type(error) is ValueError else ""
        raise RefusedError(
            [_problem("", f"is no readable YAML{reason}", "Mend it", None if line is None else line + 1)]
        ) from None
    if entries is None:
        return {}
    if not isinstance(entries, list):
        raise RefusedError([_problem("", "is no list", "Begin each entry with `- line:`")])
    problems = [problem for number, entry in enumerate(entries, start=1) for problem in _problems(number, entry)]
    if problems:
        raise RefusedError(problems)
    found: dict[str, list[Evidence]] = defaultdict(list)
    for entry in entries:
        how = f"recorded on {entry['date']}: {entry['source']}"
        found[entry["line"]].append(
            Evidence(how=mask_secrets(how), verdict=_RESULTS[entry["result"]], found=mask_secrets(entry["found"]))
        )
    return dict(found)


def _problems(number: int, entry: Any) -> Iterator[Problem]:
    if not isinstance(entry, Mapping):
        yield _problem(f"entry {number}", "is no entry", f"Write {', '.join(_KEYS)}")
        return
    slugs = [line.slug for line in audit_lines()]
    for key in sorted(map(str, entry.keys() - set(_KEYS))):
        yield _problem(f"entry {number}.{key}", "is unknown", f"Keys are {', '.join(_KEYS)}")
    for key in _KEYS:
        value = entry.get(key)
        if not isinstance(value, str) or not value.strip():
            yield _problem(f"entry {number}.{key}", "is missing or no text", "Write it; a date in quotes")
        elif looks_like_a_secret(value):
            yield _problem(f"entry {number}.{key}", "holds what looks like a credential", "Remove it, and revoke it")
    line, result, day = entry.get("line"), entry.get("result"), entry.get("date")
    if isinstance(line, str) and line not in slugs:
        yield _problem(
            f"entry {number}.line",
            f"{line} is no line of the audit",
            f"{suggestion(line, slugs)}The JSON report names every line's slug",
        )
    if isinstance(result, str) and result not in _RESULTS:
        yield _problem(f"entry {number}.result", "is none of pass, fail, note", "Write one of them")
    if isinstance(day, str) and not _is_day(day):
        yield _problem(f"entry {number}.date", "is no day of the calendar", 'Write it as "2027-03-31"')


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _problem(key: str, message: str, mend: str, line: int | None = None) -> Problem:
    return Problem(file=RECORD_FILE, line=line, key=key, message=message, mend=mend)
