"""Reads the findings of gitleaks from its SARIF report. The report contains the secrets themselves; no row does.

gitleaks is a separate program (docs/security-audit.md describes how to run it); this module only reads its file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from readiness.files import read_regular_text
from readiness.finding import Finding, RefusedError
from readiness.live.rows import Row, cleaned, failed, not_checked, passed
from readiness.secret_shapes import one_line

GITLEAKS = "gitleaks"
MAX_FINDINGS_SHOWN = 20
# Our own limit: a report of a long history fits, and a wrong file does not fill the memory.
MAX_BYTES = 256 * 1024 * 1024
_RULE_ID = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_MAX_PATH, _MAX_LINE = 4096, 1_000_000_000
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


def read_gitleaks_output(file: Path) -> list[Row]:
    """A row for each finding: rule, file, line and commit. Raises RefusedError if the file is not such a report."""
    try:
        document = json.loads(read_regular_text(file, MAX_BYTES))
        rows = [row for run in _runs(document) for row in _rows(run)]
    except OSError as error:
        raise _refused(file, f"cannot be read ({error.strerror or type(error).__name__})") from None
    except UnicodeDecodeError:
        raise _refused(file, "is not UTF-8 text") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        # The error's text may quote the file, and with it a secret.
        raise _refused(file, "is not a SARIF report of gitleaks") from None
    return [cleaned(row, one_line) for row in rows]


def _runs(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The runs of gitleaks. Raises ValueError for a document without one, or with one of another program."""
    runs = document["runs"]
    if not runs or any(run["tool"]["driver"]["name"].lower() != GITLEAKS for run in runs):
        raise ValueError("no run of gitleaks")
    return list(runs)


def _rows(run: Mapping[str, Any]) -> Iterator[Row]:
    version = run["tool"]["driver"].get("semanticVersion")
    program = f"gitleaks {version}" if isinstance(version, str) and _RULE_ID.fullmatch(version) else "gitleaks"
    results = run["results"]
    if not isinstance(results, list):
        raise TypeError("no list of results")
    found = [_place(result) for result in results if not result.get("suppressions")]
    accepted = [_place(result) for result in results if result.get("suppressions")]
    yield from (failed(program, "", place) for place in found[:MAX_FINDINGS_SHOWN])
    if len(found) > MAX_FINDINGS_SHOWN:
        yield failed(program, "", f"and {len(found) - MAX_FINDINGS_SHOWN} more")
    yield from (not_checked(program, "", f"accepted in the report: {place}") for place in accepted[:MAX_FINDINGS_SHOWN])
    if not results:
        yield passed(program, "", "no secret in the scanned commits")


def _place(result: Mapping[str, Any]) -> str:
    """Rule, file, line and commit of a finding, without its snippet and message. Raises ValueError for another form."""
    rule, location = result["ruleId"], result["locations"][0]["physicalLocation"]
    commit = str(result.get("partialFingerprints", {}).get("commitSha", ""))
    line = location.get("region", {}).get("startLine", 0)
    file = location["artifactLocation"]["uri"]
    # A value of another type may contain the secret. No path is longer than Linux allows.
    is_place = isinstance(file, str) and len(file) <= _MAX_PATH and type(line) is int and 0 <= line < _MAX_LINE
    if not _RULE_ID.fullmatch(rule) or not is_place:
        raise ValueError("no rule or no place")
    in_commit = f" in commit {commit[:12]}" if _COMMIT.fullmatch(commit) else ""
    return f"{rule} at {file}:{line}{in_commit}"


def _refused(file: Path, message: str) -> RefusedError:
    hint = "Pass the file that `gitleaks git --report-format sarif --report-path FILE` wrote"
    return RefusedError([Finding(rule_id="gitleaks-output", file=str(file), message=message, hint=hint)])
