"""What Prowler wrote is read, in both of its forms.

The fixtures were written by the output classes of Prowler 5.46.0; the texts of its checks are left out of them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from readiness.audit.checklist import audit_lines
from readiness.audit.prowler_output import MAX_FINDINGS_SHOWN, read_prowler_output
from readiness.finding import RefusedError
from readiness.live.rows import Outcome, Row
from tests.projects import ROOT

FILES = sorted((ROOT / "tests" / "fixtures" / "prowler").iterdir())
WANTED = [check for line in audit_lines() for check in line.prowler]
PROJECT = "ytgrs-464303"


def read(file: Path, project: str = PROJECT) -> dict[str, list[Row]]:
    """The evidence of a file."""
    return read_prowler_output(file, WANTED, project=project)


def verdicts(evidence: list[Row]) -> list[Outcome]:
    """In their order."""
    return [entry.outcome for entry in evidence]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_passes_failures_muted_and_manual_findings_are_distinguished(file: Path) -> None:
    """The same eight findings, as OCSF JSON and as CSV."""
    found = read(file)
    assert verdicts(found["iam_workload_identity_pool_provider_attribute_condition"]) == [Outcome.PASS]
    assert verdicts(found["iam_service_account_unused"]) == [Outcome.FAIL, Outcome.PASS]
    assert "arr-v2-github-actions" in found["iam_service_account_unused"][0].detail
    assert found["cloudsql_instance_public_ip"][0].detail == "2 resources pass"
    assert verdicts(found["secretmanager_secret_rotation_enabled"]) == [Outcome.NOT_CHECKED]
    assert found["secretmanager_secret_rotation_enabled"][0].detail.startswith("muted in Prowler's mutelist: ")
    assert verdicts(found["iam_audit_logs_enabled"]) == [Outcome.NOT_CHECKED]
    assert len(found) == 6
    assert all(item.how.startswith("Prowler 5.46.0: ") for item in found["iam_service_account_unused"])


def test_both_forms_say_the_same() -> None:
    """Whichever was kept."""
    first, second = (read(file) for file in FILES)
    assert first == second


def test_checks_that_the_audit_names_exist_in_that_version_of_prowler() -> None:
    """Listed from its package: a misspelt one would be `not checked` for ever."""
    listed = (ROOT / "tests" / "fixtures" / "prowler-gcp-checks.txt").read_text(encoding="utf-8").split()
    assert set(WANTED) - set(listed) == set()


def test_another_project_is_refused() -> None:
    """A file of yesterday's project would pass every line."""
    with pytest.raises(RefusedError, match="contains no finding of the project another-project"):
        read(FILES[0], "another-project")


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "[{}]", "{", "[1]", "a;b\n1;2\n", '[{"finding_info": {}, "metadata": {"event_code": "x"}}]', "\x00",
        "[" * 100_000, "CHECK_ID;STATUS;ACCOUNT_UID\nx;FAIL;ytgrs-464303\n",
    ],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_a_file_of_something_else_is_refused_without_a_traceback(tmp_path: Path, text: str) -> None:
    """One clear message with the command that writes the right one."""
    file = tmp_path / "x"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RefusedError, match=r"(is not an output of Prowler for GCP|contains no finding).*prowler gcp"):
        read(file)


@pytest.mark.parametrize(
    "change", [{"status_code": "PERHAPS"}, {"status_detail": 5}, {"metadata": {"event_code": [], "product": {}}}]
)
def test_an_unknown_status_or_a_field_of_another_kind_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    """A new version's word is not taken for a pass."""
    findings = json.loads(next(file for file in FILES if file.suffix == ".json").read_text(encoding="utf-8"))
    findings[0] |= change
    file = tmp_path / "x.ocsf.json"
    file.write_text(json.dumps(findings), encoding="utf-8")
    with pytest.raises(RefusedError):
        read(file)


def test_many_failures_of_a_check_are_shown_shortly(tmp_path: Path) -> None:
    """The row says how many there are."""
    findings = json.loads(next(file for file in FILES if file.suffix == ".json").read_text(encoding="utf-8"))
    many = [{**findings[1], "status_detail": f"account {number}"} for number in range(20)]
    file = tmp_path / "x.ocsf.json"
    file.write_text(json.dumps(many), encoding="utf-8")
    shown = read(file)["iam_service_account_unused"]
    assert len(shown) == MAX_FINDINGS_SHOWN + 1
    assert shown[-1].detail == "and 15 more"
