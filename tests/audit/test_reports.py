"""The three forms of the report, the record that people keep, and the page that is made of it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from readiness.audit.checklist import FORMER_RECORD_FILE, RECORD_FILE, audit_lines, read_record
from readiness.audit.report import (
    AuditRow,
    Result,
    audit_json,
    audit_markdown,
    audit_rows,
    audit_sarif,
    audit_summary,
    step_values,
)
from readiness.finding import RefusedError, text_line
from readiness.live.rows import failed, passed
from tests.projects import settings_of
from tests.sarif_structure import SARIF

TODAY = date(2026, 11, 25)
VALUES = step_values([settings_of("prod")])


@pytest.fixture(scope="module")
def rows() -> list[AuditRow]:
    """A failure of each risk, a pass, the rest manual."""
    recorded = {
        "own-data": [failed("as user B", "", "user B | reads <b>`x`</b>\nof A")],
        "cors": [failed("curl", "", "reflects")],
        "log-retention": [failed("gcloud", "", "7 days")],
        "password-hashing": [passed("read", "", "bcrypt")],
    }
    return audit_rows({}, recorded, VALUES, page_exists=True)


def test_json_has_a_row_for_each_line_with_owner_and_date_where_it_failed(rows: list[AuditRow]) -> None:
    """High within 7 days, medium 30, low 90, from the day of the report."""
    report = json.loads(audit_json(rows, today=TODAY))
    by_slug = {row["slug"]: row for row in report["rows"]}
    assert len(by_slug) == 40
    dues = [by_slug[slug]["due"] for slug in ("own-data", "cors", "log-retention")]
    assert dues == ["2026-12-02", "2026-12-25", "2027-02-23"]
    assert by_slug["own-data"]["owner"] == "Backend team"
    hashing = by_slug["password-hashing"]
    assert (hashing["due"], hashing["owner"], hashing["remediation"], hashing["steps"]) == (None, None, None, [])
    assert report["totals"]["fail"] == len([row for row in rows if row.result is Result.FAIL])
    assert sum(report["totals"].values()) == 40


def test_markdown_has_every_line_the_plan_and_the_steps(rows: list[AuditRow]) -> None:
    """What failed comes with its date, high risk first."""
    text = audit_markdown(rows, today=TODAY)
    for line in audit_lines():
        assert f"| {line.line} |" in text
    plan = text.partition("## Remediation plan")[2].partition("## Steps")[0]
    assert "| 2026-12-02 |" in plan
    assert plan.index("users can only access own data") < plan.index("CORS") < plan.index("log retention")
    assert "**Check firewall rules** (DevOps)" in text.partition("## Steps to follow by hand")[2]
    assert "**Verify password hashing" not in text.partition("## Steps to follow by hand")[2]


def test_texts_of_live_systems_bring_no_markup_into_markdown(rows: list[AuditRow]) -> None:
    """They could end a cell, or load a picture."""
    text = audit_markdown(rows, today=TODAY)
    assert r"user B \| reads &lt;b>'x'&lt;/b> of A" in text


def test_without_a_day_the_dates_are_relative(rows: list[AuditRow]) -> None:
    """So that the committed page does not change by itself."""
    text = audit_markdown(rows, today=None)
    assert "| within 7 days |" in text
    assert "2026" not in text


def test_an_audit_in_which_nothing_failed_says_so() -> None:
    """And lists what is left."""
    made = audit_rows({}, {}, VALUES, page_exists=True)
    assert "## Remediation plan\n\nNothing failed." in audit_markdown(made, today=TODAY)
    assert audit_summary(made) == "4 pass, 0 fail, 36 manual"


def test_sarif_has_the_structure_of_the_standard(rows: list[AuditRow]) -> None:
    """Every line is a rule and has a result."""
    report = json.loads(audit_sarif(rows, today=TODAY))
    jsonschema.validate(report, SARIF)
    (run,) = report["runs"]
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    assert len(rules) == len(results) == 40
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in results)
    by_rule = {result["ruleId"]: result for result in results}
    assert [by_rule[slug]["level"] for slug in ("own-data", "cors", "log-retention")] == ["error", "warning", "note"]
    assert (by_rule["password-hashing"]["kind"], by_rule["password-hashing"]["level"]) == ("pass", "none")
    assert (by_rule["firewall-rules"]["kind"], by_rule["firewall-rules"]["level"]) == ("review", "none")
    assert "By hand:" in by_rule["firewall-rules"]["message"]["text"]
    assert "Due: 2026-12-02." in by_rule["own-data"]["message"]["text"]


def test_a_broken_sarif_is_seen(rows: list[AuditRow]) -> None:
    """The structure can be violated."""
    report = json.loads(audit_sarif(rows, today=TODAY))
    report["runs"][0]["results"][0]["level"] = "error"
    report["runs"][0]["results"][0]["kind"] = "pass"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, SARIF)


ENTRY = {"line": "cors", "result": "fail", "found": "x", "source": "y", "date": "2025-10-17"}


def recorded(folder: Path, text: str) -> list[str]:
    """The problems of a record."""
    (folder / RECORD_FILE).parent.mkdir(exist_ok=True)
    (folder / RECORD_FILE).write_text(text, encoding="utf-8")
    try:
        read_record(folder)
    except RefusedError as refusal:
        return [text_line(problem) for problem in refusal.problems]
    return []


def test_without_a_record_nothing_is_recorded(tmp_path: Path) -> None:
    """Another customer begins without one, or with an empty file."""
    assert read_record(tmp_path) == {}
    assert recorded(tmp_path, "# nothing yet\n") == []


def test_the_record_is_read_where_the_first_version_kept_it_but_not_from_two_places(tmp_path: Path) -> None:
    """An old record is not lost in silence, and two are not mixed."""
    former = tmp_path / FORMER_RECORD_FILE
    former.write_text(json.dumps([ENTRY]), encoding="utf-8")
    assert list(read_record(tmp_path)) == ["cors"]
    former.write_text(json.dumps([{**ENTRY, "result": "ok"}]), encoding="utf-8")
    with pytest.raises(RefusedError, match=r"^audit-record.yaml:1: entry 1.result: is not pass"):
        read_record(tmp_path)
    assert recorded(tmp_path, json.dumps([ENTRY])) == [
        "audit-record.yaml: is a second record in addition to reports/audit-record.yaml."
        " Move its entries to reports/audit-record.yaml and delete it."
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"line": "corz"}, "entry 1.line: corz is not a line of the audit. Did you mean `cors`?"),
        ({"result": "ok"}, "entry 1.result: is not pass, fail or note"),
        ({"date": "2025-02-30"}, "entry 1.date: is not a calendar date"),
        ({"found": ""}, "entry 1.found: is empty"),
        ({"date": 5}, "entry 1.date: must be text, not the number 5. Put it in quotes"),
        ({"date": None}, "entry 1.date: is missing or empty"),
        ({"extra": "x"}, "entry 1.extra: is unknown"),
        ({"found": "postgresql://app:hunter2@db/x"}, "entry 1.found: looks like a credential"),
    ],
)
def test_a_bad_entry_is_refused_with_its_key(tmp_path: Path, change: dict[str, object], problem: str) -> None:
    """One clear error, never a credential's value."""
    (found,) = recorded(tmp_path, json.dumps([{**ENTRY, **change}]))
    assert found.startswith(f"{RECORD_FILE}:1: {problem}")
    assert "hunter2" not in found


def test_every_bad_entry_is_reported_at_once(tmp_path: Path) -> None:
    """Nobody fixes a file line by line."""
    entries = [{**ENTRY, "result": "ok", "line": "x"}, "text", ENTRY]
    assert len(recorded(tmp_path, json.dumps(entries))) == 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "is not valid YAML"),
        ("[" * 5000, "is nested too deeply to be read"),
        ('a: "\\UFFFFFFFF"', "holds an escape that is no character"),
        ("a: 1\na: 2", "is not a list"),
        ("a: 1", "is not a list"),
    ],
)
def test_a_record_that_is_not_a_list_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """With its line, where the YAML breaks."""
    (found,) = recorded(tmp_path, text)
    assert problem in found


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("9" * 5000, None),
        ("1:40", None),
        (
            "12345678901234567890123456789",
            "must be text, not the number 12345678901234567890123456789. Put it in quotes",
        ),
        ("2025-02-30", "is a date, which the engine would rewrite. Put it in quotes"),
        ("true", "must be text, not true. Put it in quotes"),
        ("[a]", "must be text, not a list. Write text"),
    ],
)
def test_a_value_without_quotes_is_read_as_in_the_settings(tmp_path: Path, written: str, said: str | None) -> None:
    """What was read, at its line, and that quotes fix it; what every reader takes for text is text."""
    entry = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in ENTRY.items() if key != "found")
    found = recorded(tmp_path, f"- # one\n{entry}  found: {written}\n")
    assert found == ([] if said is None else [f"{RECORD_FILE}:6: {found[0].split(': ')[1]}: {said}."])
