"""A SARIF report of gitleaks is read, and none of the secrets in it is shown.

The fixture has the form that gitleaks 8 writes (report/sarif.go in its repository), with a made-up finding.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from readiness.audit.gitleaks_output import MAX_FINDINGS_SHOWN, read_gitleaks_output
from readiness.finding import RefusedError
from readiness.live.rows import Outcome
from tests.projects import ROOT

FILE = ROOT / "tests" / "fixtures" / "gitleaks" / "gitleaks.sarif"


def changed(folder: Path, **result: Any) -> Path:
    """The report with other fields in its one result."""
    document = json.loads(FILE.read_text(encoding="utf-8"))
    document["runs"][0]["results"][0] |= result
    return written(folder, document)


def written(folder: Path, document: Any) -> Path:
    """The document as a file."""
    file = folder / "report.sarif"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_a_finding_is_shown_by_its_place_alone() -> None:
    """Neither snippet nor message nor author."""
    (row,) = read_gitleaks_output(FILE)
    assert row.outcome is Outcome.FAIL
    assert row.how == "gitleaks v8.0.0"
    assert row.detail == "generic-api-key at backend/app/core/config.py:12 in commit 0b6b26d1e2f3"
    assert "planted" not in repr(row)


def test_a_report_without_a_finding_passes(tmp_path: Path) -> None:
    """It says what it saw, and not that there is no secret."""
    document = json.loads(FILE.read_text(encoding="utf-8"))
    document["runs"][0]["results"] = []
    (row,) = read_gitleaks_output(written(tmp_path, document))
    assert (row.outcome, row.detail) == (Outcome.PASS, "no secret in the scanned commits")


def test_an_accepted_finding_is_neither_a_pass_nor_a_failure(tmp_path: Path) -> None:
    """SARIF calls it suppressed."""
    (row,) = read_gitleaks_output(changed(tmp_path, suppressions=[{"kind": "external"}]))
    assert row.outcome is Outcome.NOT_CHECKED


def test_a_secret_in_the_name_of_a_file_is_masked(tmp_path: Path) -> None:
    """And no name of a file forges a second line."""
    name = "ghp_" + "a1" * 18 + "\nFAIL"
    location = {"physicalLocation": {"artifactLocation": {"uri": name}, "region": {"startLine": 1}}}
    (row,) = read_gitleaks_output(changed(tmp_path, locations=[location]))
    assert row.detail.startswith("generic-api-key at [secret] FAIL:1")


def test_many_findings_are_shown_shortly(tmp_path: Path) -> None:
    """The last row counts the rest."""
    document = json.loads(FILE.read_text(encoding="utf-8"))
    document["runs"][0]["results"] *= MAX_FINDINGS_SHOWN + 5
    shown = read_gitleaks_output(written(tmp_path, document))
    assert [row.outcome for row in shown] == [Outcome.FAIL] * (MAX_FINDINGS_SHOWN + 1)
    assert shown[-1].detail == "and 5 more"


@pytest.mark.parametrize(
    "change",
    [
        {"ruleId": "planted secret"},
        {"ruleId": 5},
        {"locations": []},
        {"locations": [{"physicalLocation": {"artifactLocation": {}}}]},
        {"locations": [{"physicalLocation": {"artifactLocation": {"uri": "a"}, "region": {"startLine": "planted"}}}]},
        {
            "locations": [
                {"physicalLocation": {"artifactLocation": {"uri": {"planted": 1}}, "region": {"startLine": 1}}}
            ]
        },
        {"locations": [{"physicalLocation": {"artifactLocation": {"uri": "a" * 5000}, "region": {"startLine": 1}}}]},
        {"locations": [{"physicalLocation": {"artifactLocation": {"uri": "a"}, "region": {"startLine": True}}}]},
        {"locations": [{"physicalLocation": {"artifactLocation": {"uri": "a"}, "region": {"startLine": -1}}}]},
        {"locations": [{"physicalLocation": {"artifactLocation": {"uri": "a"}, "region": {"startLine": 10**30}}}]},
        {"partialFingerprints": 1},
    ],
)
def test_a_finding_of_another_form_is_refused_whole(tmp_path: Path, change: dict[str, Any]) -> None:
    """What cannot be read is no clean report, and the error quotes nothing of it."""
    with pytest.raises(RefusedError) as refusal:
        read_gitleaks_output(changed(tmp_path, **change))
    assert "planted" not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "{", "null", '{"runs": []}',
        '{"runs": [{"tool": {"driver": {"name": "trivy"}}, "results": []}]}',
        '{"runs": [{"tool": {"driver": {"name": "gitleaks"}}}]}',
        '{"runs": [{"tool": {"driver": {"name": "gitleaks"}}, "results": {}}]}', "[" * 100_000, "\x00",
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    """One clear message, with the command that writes the right one."""
    file = tmp_path / "x"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RefusedError, match=r"is not a SARIF report of gitleaks.*gitleaks git --report-format sarif"):
        read_gitleaks_output(file)


def test_a_folder_and_bytes_are_refused(tmp_path: Path) -> None:
    """Neither is a traceback."""
    file = tmp_path / "x"
    file.write_bytes(b"\xff\xfe")
    for path, words in ((file, "is not UTF-8 text"), (tmp_path, "cannot be read")):
        with pytest.raises(RefusedError, match=words):
            read_gitleaks_output(path)
