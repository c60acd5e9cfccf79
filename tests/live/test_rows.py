"""A row is evidence that something is as it should be, or a Finding."""

from __future__ import annotations

import json

import jsonschema
import pytest

from readiness.finding import Finding, Severity, text_line
from readiness.finding_formats import annotation, findings_sarif
from readiness.live.rows import Outcome, Row, cleaned, count, failed, judged, not_checked, observed, passed, row_of
from tests.sarif_structure import SARIF


def finding_of(row: Row) -> Finding:
    """The finding of a row that has one."""
    assert isinstance(row.found, Finding)
    return row.found


@pytest.mark.parametrize(
    ("outcome", "severity"),
    [(Outcome.FAIL, Severity.ERROR), (Outcome.NOT_CHECKED, Severity.WARNING), (Outcome.NOTE, Severity.NOTE)],
)
def test_everything_that_is_no_pass_is_a_finding(outcome: Outcome, severity: Severity) -> None:
    """What is not known included: it never counts as a pass."""
    row = row_of(outcome, "smoke: login", "backend", "answered 500")
    assert (row.outcome, row.detail, row.how) == (outcome, "answered 500", "smoke: login: backend")
    assert finding_of(row).severity is severity
    assert finding_of(row).rule_id == "smoke-login"
    assert finding_of(row).file == "backend"
    assert [count([row], counted) for counted in (outcome, Outcome.PASS)] == [1, 0]


def test_a_pass_is_its_evidence() -> None:
    """There is nothing to fix."""
    row = passed("health", "backend", "answered 200")
    assert (row.outcome, row.found, row.detail) == (Outcome.PASS, "answered 200", "answered 200")


def test_a_hint_follows_what_is_wrong() -> None:
    """On one line of the report; as a part of its own for programs."""
    row = failed("alert policy", "High latency", "is missing", "`make up` creates it")
    assert row.detail == "is missing: `make up` creates it"
    assert finding_of(row).hint == "`make up` creates it"


def test_without_a_fault_one_observation_passes_and_no_credential_is_kept() -> None:
    """A failure for each fault otherwise."""
    assert [row.outcome for row in observed("cors", "", judged([], "not allowed"))] == [Outcome.PASS]
    rows = observed("cors", "", judged(["a", "b ya29.planted-token"], "not allowed"))
    assert [(row.outcome, row.detail) for row in rows] == [(Outcome.FAIL, "a"), (Outcome.FAIL, "b [secret]")]


def test_cleaning_reaches_every_text_of_a_row() -> None:
    """Evidence, message and hint."""
    rows = [passed("x", "", "a"), failed("x", "", "b", "c"), not_checked("x", "", "d")]
    assert [cleaned(row, str.upper).detail for row in rows] == ["A", "B: C", "D"]


def test_the_findings_of_rows_print_in_every_form() -> None:
    """A finding without a hint ends after its message; a note is a notice of GitHub's, and a note of SARIF's."""
    note = finding_of(row_of(Outcome.NOTE, "recorded on 2026-01-02", "terraform", "sslMode is not set"))
    assert text_line(note) == "terraform: sslMode is not set."
    assert annotation(note) == "::notice file=terraform::sslMode is not set."
    report = json.loads(findings_sarif([note], tool="readiness audit"))
    jsonschema.validate(report, SARIF)
    assert report["runs"][0]["results"][0]["level"] == "note"
