"""Reads the findings of Prowler from its file: OCSF JSON or CSV.

Prowler is a separate program (docs/security-audit.md describes how to run it); this module only reads its file.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from readiness.files import read_regular_text
from readiness.finding import Finding, RefusedError
from readiness.live.rows import Row, cleaned, failed, not_checked, passed
from readiness.secret_shapes import mask_secrets

MAX_FINDINGS_SHOWN = 5
# Our own limit: the findings of a large project fit, and a wrong file does not fill the memory.
MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, config=ConfigDict(strict=True))
class _Result:
    """The result of one check of one resource. Raises ValueError for values that Prowler does not write."""

    check: str
    status: Literal["PASS", "FAIL", "MANUAL", "MUTED"]
    text: str
    project: str
    suppressed: bool
    version: str

    @property
    def muted(self) -> bool:
        """Whether Prowler's mutelist accepts the failure: the result neither passes nor fails."""
        return self.suppressed or self.status == "MUTED"


def read_prowler_output(file: Path, wanted: Sequence[str], *, project: str) -> dict[str, list[Row]]:
    """Rows by the id of a check, for the `wanted` ones. Findings of other projects are left out.

    Raises RefusedError if the file is not from Prowler, or has no finding of the project.
    """
    try:
        results = list(_results(read_regular_text(file, MAX_BYTES)))
    except OSError as error:
        raise _refused(file, f"cannot be read ({error.strerror or type(error).__name__})") from None
    except UnicodeDecodeError:
        raise _refused(file, "is not UTF-8 text") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, csv.Error):
        raise _refused(file, "is not an output of Prowler for GCP") from None
    by_check: dict[str, list[_Result]] = defaultdict(list)
    for result in results:
        if result.project == project:
            by_check[result.check].append(result)
    if not by_check:
        raise _refused(file, f"contains no finding of the project {project}")
    return {check: _rows(check, by_check[check]) for check in wanted if check in by_check}


def _rows(check: str, results: Sequence[_Result]) -> list[Row]:
    """A row for each failure, up to MAX_FINDINGS_SHOWN, and one row for all resources that pass."""
    prowler = f"Prowler {results[0].version}".strip()
    bad = [result for result in results if result.status == "FAIL" and not result.muted]
    rows = [failed(prowler, check, result.text) for result in bad[:MAX_FINDINGS_SHOWN]]
    if len(bad) > MAX_FINDINGS_SHOWN:
        rows.append(failed(prowler, check, f"and {len(bad) - MAX_FINDINGS_SHOWN} more"))
    for result in results:
        if result.muted and result.status != "PASS":
            rows.append(not_checked(prowler, check, f"muted in Prowler's mutelist: {result.text}"))
        elif result.status == "MANUAL":
            rows.append(not_checked(prowler, check, result.text))
    good = [result for result in results if result.status == "PASS"]
    if good:
        rows.append(passed(prowler, check, good[0].text if len(good) == 1 else f"{len(good)} resources pass"))
    return [cleaned(row, mask_secrets) for row in rows]


def _results(text: str) -> Iterator[_Result]:
    if text.lstrip().startswith("["):
        for finding in json.loads(text):
            yield _Result(
                check=finding["metadata"]["event_code"],
                status=finding["status_code"],
                text=finding.get("status_detail") or finding.get("message") or "",
                project=finding["cloud"]["account"]["uid"],
                suppressed=finding.get("status") == "Suppressed",
                version=finding["metadata"]["product"].get("version", ""),
            )
        return
    rows = csv.DictReader(io.StringIO(text), delimiter=";")
    if not {"CHECK_ID", "STATUS", "ACCOUNT_UID"} <= set(rows.fieldnames or ()):
        raise ValueError("no columns of Prowler")
    for row in rows:
        status: Any = row["STATUS"]
        yield _Result(
            check=row["CHECK_ID"],
            status=status,
            text=row["STATUS_EXTENDED"],
            project=row["ACCOUNT_UID"],
            suppressed=row.get("MUTED") == "True",
            version=row.get("PROWLER_VERSION") or "",
        )


def _refused(file: Path, message: str) -> RefusedError:
    hint = "Pass the file that `prowler gcp --project-ids PROJECT --output-formats json-ocsf csv` wrote"
    return RefusedError([Finding(rule_id="prowler-output", file=str(file), message=message, hint=hint)])
