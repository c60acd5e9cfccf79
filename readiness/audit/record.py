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

from readiness.audit.checklist import audit_lines
from readiness.audit.evidence import Evidence, Verdict
from readiness.finding import Finding
from readiness.refusal import RefusedError
from readiness.secret_shapes import looks_like_a_secret, mask_secrets
from readiness.settings.messages import why_no_text
from readiness.settings.nearest import suggestion
from readiness.settings.strict_yaml import read_yaml

RECORD_FILE = "audit-record.yaml"
_KEYS = ("line", "result", "found", "source", "date")
_RESULTS = {"pass": Verdict.PASS, "fail": Verdict.FAIL, "note": Verdict.NOTE}


def read_record(root: Path) -> dict[str, list[Evidence]]:
    """Evidence by the line's slug; none without a file. Raises RefusedError with every problem of the file."""
    file = root / RECORD_FILE
    if not file.exists():
        return {}
    document = read_yaml(file, RECORD_FILE, may_be_empty=True)
    entries = document.value
    if entries is None:
        return {}
    if not isinstance(entries, list):
        raise RefusedError([_problem("", "is no list", "Begin each entry with `- line:`", document.line_of(()))])
    problems = list(document.problems)
    for index, entry in enumerate(entries):
        for key, message, hint in _mistakes(entry):
            path = f"entry {index + 1}.{key}" if key else f"entry {index + 1}"
            problems.append(_problem(path, message, hint, document.line_of((index, key))))
    if problems:
        raise RefusedError(problems)
    found: dict[str, list[Evidence]] = defaultdict(list)
    for entry in entries:
        how = mask_secrets(f"recorded on {entry['date']}: {entry['source']}")
        verdict = _RESULTS[entry["result"]]
        found[entry["line"]].append(Evidence(how=how, verdict=verdict, found=mask_secrets(entry["found"])))
    return dict(found)


def _mistakes(entry: Any) -> Iterator[tuple[str, str, str]]:
    """Of each mistake of an entry the key (empty for the whole entry), what is wrong, and a hint."""
    if not isinstance(entry, Mapping):
        yield "", "is no entry", f"Write {', '.join(_KEYS)}"
        return
    for key in sorted(entry.keys() - set(_KEYS)):
        yield key, "is unknown", f"Keys are {', '.join(_KEYS)}"
    for key in _KEYS:
        value = entry.get(key)
        if (wrong := why_no_text(value)) is not None:
            yield key, *wrong
        elif looks_like_a_secret(str(value)):
            yield key, "holds what looks like a credential", "Remove it, and revoke it"
    line, result, day = entry.get("line"), entry.get("result"), entry.get("date")
    slugs = [known.slug for known in audit_lines()]
    if isinstance(line, str) and line not in slugs:
        hint = f"{suggestion(line, slugs)}The JSON report names every line's slug"
        yield "line", f"{line} is no line of the audit", hint
    if isinstance(result, str) and result not in _RESULTS:
        yield "result", "is none of pass, fail, note", "Write one of them"
    if isinstance(day, str) and not _is_day(day):
        yield "date", "is no day of the calendar", 'Write it as "2027-03-31"'


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _problem(key: str, message: str, hint: str, line: int | None = None) -> Finding:
    return Finding(rule_id="audit-record-entry", file=RECORD_FILE, line=line, key=key, message=message, hint=hint)
