"""What a run of Prowler found, from the file that it wrote: OCSF JSON or CSV.

Prowler is a program of its own (docs/security-audit.md says how to run it); only its file is read here.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from readiness.audit.evidence import Evidence, failed, not_checked, passed
from readiness.files import read_regular_text
from readiness.finding import Finding
from readiness.refusal import RefusedError

# A muted failure is one that somebody has accepted in Prowler's own list: it neither passes nor fails.
_STATUSES = ("PASS", "FAIL", "MANUAL", "MUTED")
MAX_FINDINGS_SHOWN = 5
# Ours: the findings of a large project fit, and a wrong file does not fill the memory.
MAX_BYTES = 256 * 1024 * 1024


def read_prowler_output(file: Path, wanted: Sequence[str], *, project: str) -> dict[str, list[Evidence]]:
    """Evidence by the id of a check, for the `wanted` ones. Findings of other projects are left out.

    Raises RefusedError for a file that is none of Prowler's, or that holds nothing of the project.
    """
    try:
        findings = list(_findings(read_regular_text(file, MAX_BYTES)))
    except OSError as error:
        raise _refused(file, f"cannot be read ({error.strerror or type(error).__name__})") from None
    except UnicodeDecodeError:
        raise _refused(file, "is not UTF-8 text") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, csv.Error):
        raise _refused(file, "is not an output of Prowler for GCP") from None
    own = [each for each in findings if each["project"] == project]
    if not own:
        raise _refused(file, f"holds no finding of the project {project}")
    by_check: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for each in own:
        by_check[each["check"]].append(each)
    return {check: _evidence(check, by_check[check]) for check in wanted if check in by_check}


def _evidence(check: str, findings: Sequence[Mapping[str, Any]]) -> list[Evidence]:
    """Failures one by one, up to a few; what passed as one line."""
    how = f"Prowler {findings[0]['version']}: {check}".replace("  ", " ")
    bad = [each for each in findings if each["status"] == "FAIL" and not each["muted"]]
    shown = [failed(how, each["text"]) for each in bad[:MAX_FINDINGS_SHOWN]]
    if len(bad) > MAX_FINDINGS_SHOWN:
        shown.append(failed(how, f"and {len(bad) - MAX_FINDINGS_SHOWN} more"))
    for each in findings:
        if each["muted"] and each["status"] != "PASS":
            shown.append(not_checked(how, f"muted in Prowler's list: {each['text']}"))
        elif each["status"] == "MANUAL":
            shown.append(not_checked(how, each["text"]))
    good = [each for each in findings if each["status"] == "PASS"]
    if good:
        shown.append(passed(how, good[0]["text"] if len(good) == 1 else f"{len(good)} resources pass"))
    return shown


def _findings(text: str) -> Iterator[dict[str, Any]]:
    if text.lstrip().startswith("["):
        for each in json.loads(text):
            yield _of_ocsf(each)
        return
    rows = csv.DictReader(io.StringIO(text), delimiter=";")
    if not {"CHECK_ID", "STATUS", "ACCOUNT_UID"} <= set(rows.fieldnames or ()):
        raise ValueError("no columns of Prowler")
    for row in rows:
        yield _finding(
            row["CHECK_ID"],
            row["STATUS"],
            row["STATUS_EXTENDED"],
            row["ACCOUNT_UID"],
            muted=row.get("MUTED") == "True",
            version=row.get("PROWLER_VERSION") or "",
        )


def _of_ocsf(each: Mapping[str, Any]) -> dict[str, Any]:
    return _finding(
        each["metadata"]["event_code"],
        each["status_code"],
        each.get("status_detail") or each.get("message") or "",
        each["cloud"]["account"]["uid"],
        muted=each.get("status") == "Suppressed",
        version=each["metadata"]["product"].get("version", ""),
    )


def _finding(check: str, status: str, text: str, project: str, *, muted: bool, version: str) -> dict[str, Any]:
    if status not in _STATUSES or not all(isinstance(each, str) for each in (check, text, project)):
        raise ValueError("no finding of Prowler")
    is_muted = muted or status == "MUTED"
    return {"check": check, "status": status, "text": text, "project": project, "muted": is_muted, "version": version}


def _refused(file: Path, message: str) -> RefusedError:
    hint = "Give what `prowler gcp --project-ids PROJECT --output-formats json-ocsf csv` wrote"
    return RefusedError([Finding(rule_id="prowler-output", file=str(file), message=message, hint=hint)])
