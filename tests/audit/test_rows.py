"""Every line that was asked for is a row, and what the evidence makes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError

from readiness.alerts.security_alerts import SECURITY_ALERTS
from readiness.audit.black_box import BLACK_BOX_CHECKS
from readiness.audit.checklist import DUE_DAYS, Risk, audit_lines, read_checklist
from readiness.audit.gitleaks_output import GITLEAKS
from readiness.audit.google_checks import GOOGLE_CHECKS
from readiness.audit.report import COMPUTED_AREAS, AuditRow, Result, audit_rows, page_text, step_values
from readiness.finding import RefusedError
from readiness.live.rows import Outcome, Row, failed, not_checked, passed, row_of
from tests.projects import settings_of

VALUES = step_values([settings_of("prod"), settings_of("staging")])
LINES = list(audit_lines())


def rows(
    found: Mapping[str, Sequence[Row]] | None = None, recorded: Mapping[str, Sequence[Row]] | None = None
) -> dict[str, AuditRow]:
    """The rows by their slug."""
    made = audit_rows(found or {}, recorded or {}, VALUES, page_exists=True)
    return {row.slug: row for row in made}


def all_checks(*evidence: Row) -> dict[str, Sequence[Row]]:
    """The same evidence for every check that any line names."""
    return {check: evidence for line in LINES for check in (*line.prowler, *line.checks)}


def test_every_line_of_the_checklist_is_a_row_in_its_order() -> None:
    """Tasks, deliverables, success criteria: what docs/customer/seed.md counts."""
    assert [row.line for row in rows().values()] == [line.line for line in LINES]


def test_every_row_has_steps_a_remediation_an_owner_and_a_date() -> None:
    """Exact steps where nobody has checked; the names of this customer stand in them."""
    for row in rows().values():
        assert row.remediation
        assert row.owner
        assert row.due_days == DUE_DAYS[row.risk]
        assert row.steps or row.result is Result.PASS, row.line
        assert "$" not in "".join(row.steps).replace("$2b$12$", ""), f"something is not filled in: {row.steps}"
    assert any("ytgrs-464303" in step for row in rows().values() for step in row.steps)


def test_slugs_are_unique_and_every_own_check_is_named_by_a_line() -> None:
    """A check that no line names would run for nothing, and one that is misspelt would never run."""
    assert len({line.slug for line in LINES}) == len(LINES)
    named = {check for line in LINES for check in line.checks}
    assert named == {*GOOGLE_CHECKS, *BLACK_BOX_CHECKS, GITLEAKS}


def test_every_line_but_one_is_checked_and_most_are_decided_by_it() -> None:
    """What is left for a person: passwords in the database, and lines of which checks see a part."""
    asked = [line for line in LINES if line.area not in COMPUTED_AREAS]
    assert len(asked) == 34
    assert [line.slug for line in asked if not line.checks] == ["password-hashing"]
    assert [line.slug for line in asked if not line.decided_by_checks] == [
        "no-hardcoded-secrets", "resume-data", "data-deletion", "input-validation",
    ]  # fmt: skip


def test_a_line_needs_no_output_of_prowler_and_a_failure_in_it_counts() -> None:
    """Prowler adds evidence: without it our own checks decide, and what it muted is not passed over."""
    own = {check: [passed("x", "", "good")] for line in LINES for check in line.checks}
    prowler = {"cloudsql_instance_public_ip": [failed("Prowler", "", "bad")]}
    muted = {"cloudsql_instance_public_ip": [not_checked("Prowler", "", "muted in Prowler's list: bad")]}
    assert rows(own)["sql-private-address"].result is Result.PASS
    assert rows({**own, **prowler})["sql-private-address"].result is Result.FAIL
    assert rows({**own, **muted})["sql-private-address"].result is Result.MANUAL
    assert (
        rows({"cloudsql_instance_public_ip": [passed("x", "", "good")]})["sql-private-address"].result is Result.MANUAL
    )


def test_a_step_in_code_is_a_command_and_nothing_else() -> None:
    """A sentence behind the command would be pasted with it."""
    page = page_text([settings_of("prod"), settings_of("staging")])
    commands = re.findall(r"^[0-9]+\. `([^`]+)`$", page, flags=re.MULTILINE)
    assert len(commands) > 10
    assert [
        command for command in commands if command.endswith(".") or re.search(r" (prints|shows|must) ", command)
    ] == []


def test_the_line_on_alerts_names_prowlers_check_of_every_alert() -> None:
    """The checklist is data and cannot ask the alerts; an alert that is added must be added there."""
    (line,) = [line for line in LINES if line.slug == "security-alerts"]
    assert line.prowler == tuple(alert.prowler_check for alert in SECURITY_ALERTS)


@pytest.mark.parametrize(
    ("old", "new", "error", "said"),
    [
        ("slug: x", "slug: x\n      check: [cors]", ValidationError, "check"),
        ("remediation:", "remedy:", ValidationError, "remediation"),
        ("risk: high", "risk: extreme", ValidationError, "risk"),
        ("steps: [Look.]", "steps: Look.", ValidationError, "steps"),
        ("owner: DevOps", "owner: DevOps\n      owner: DevOps", RefusedError, "is written twice"),
    ],
)
def test_a_checklist_of_another_form_is_refused(
    tmp_path: Path, old: str, new: str, error: type[Exception], said: str
) -> None:
    """A misspelt key would leave a line without its checks or its remediation."""
    fields = ("slug: x", "line: X", "risk: high", "owner: DevOps", "steps: [Look.]", "remediation: Fix it.")
    file = tmp_path / "checklist.yaml"
    file.write_text("- area: A\n  lines:\n    - " + "\n      ".join(fields) + "\n", encoding="utf-8")
    (line,) = read_checklist(file)
    assert (line.area, line.risk, line.due_days, line.steps) == ("A", Risk.HIGH, 7, ("Look.",))
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(error, match=said):
        read_checklist(file)


def test_without_evidence_every_line_about_the_application_is_manual() -> None:
    """No credentials, no address, no record: nothing is claimed."""
    found = rows()
    computed = {"audit-report", "remediation-plan", "security-documentation", "risks-documented"}
    assert {slug for slug, row in found.items() if row.result is not Result.MANUAL} == computed


def test_a_line_passes_when_all_of_its_checks_do() -> None:
    """And has no steps left."""
    row = rows(all_checks(passed("x", "", "good")))["sql-private-address"]
    assert (row.result, row.steps) == (Result.PASS, ())


def test_a_line_of_which_checks_see_a_part_stays_manual_when_they_pass() -> None:
    """Two injected texts that are refused do not prove that every query is bound."""
    found = rows(all_checks(passed("x", "", "good")))
    assert found["input-validation"].result is Result.MANUAL
    assert found["input-validation"].steps


def test_one_check_that_was_not_made_keeps_a_line_manual() -> None:
    """Half of the evidence is no proof."""
    evidence = {**all_checks(passed("x", "", "good")), "tls-versions": [not_checked("x", "", "no --url was given")]}
    assert rows(evidence)["encryption-in-transit"].result is Result.MANUAL


def test_one_failure_fails_the_line_whatever_passes() -> None:
    """Evidence of a flaw is not outvoted."""
    evidence = {**all_checks(passed("x", "", "good")), "cors": [passed("x", "", "a"), failed("x", "", "b")]}
    recorded = {"cors": [passed("x", "", "looked fine")]}
    assert rows(evidence, recorded)["cors"].result is Result.FAIL


def test_what_a_person_has_recorded_decides_a_line_without_checks() -> None:
    """Pass, fail; a note decides nothing."""
    note = row_of(Outcome.NOTE, "x", "", "y")
    for evidence, result in (
        (passed("x", "", "y"), Result.PASS),
        (failed("x", "", "y"), Result.FAIL),
        (note, Result.MANUAL),
    ):
        assert rows(recorded={"password-hashing": [evidence]})["password-hashing"].result is result


@pytest.mark.parametrize(
    ("slug", "risk", "criterion"),
    [("own-data", Risk.HIGH, "no-high-risk"), ("cors", Risk.MEDIUM, "best-practices")],
)
def test_a_failure_fails_the_criteria_that_speak_of_it(slug: str, risk: Risk, criterion: str) -> None:
    """No high risk; best practices confirmed."""
    everything = {line.slug: [passed("x", "", "y")] for line in LINES}
    assert {row.result for row in rows(recorded=everything).values()} == {Result.PASS}
    bad = rows(recorded={**everything, slug: [failed("x", "", "y")]})
    assert bad[slug].risk is risk
    assert bad[criterion].result is Result.FAIL
    assert bad["no-high-risk"].result is (Result.FAIL if risk is Risk.HIGH else Result.PASS)


def test_documentation_that_is_missing_fails_its_line() -> None:
    """The page is a deliverable."""
    made = audit_rows({}, {}, VALUES, page_exists=False)
    assert {row.slug: row.result for row in made}["security-documentation"] is Result.FAIL
