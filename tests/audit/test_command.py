"""`readiness audit` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.audit.application import FIRST, SECOND, Application
from tests.audit.google_project import GoogleProject
from tests.edits import edit, endpoint_lines
from tests.live.loopback import serving
from tests.projects import ROOT, Command

FILES = sorted((ROOT / "tests" / "fixtures" / "prowler").iterdir())
NOBODY = {"GOOGLE_OAUTH_ACCESS_TOKEN": "", "PATH": "", "READINESS_SMOKE_EMAIL": "", "READINESS_AUDIT_OTHER_EMAIL": ""}


def rows(text: str) -> dict[str, Any]:
    """The rows of a JSON report by their slug."""
    return {row["slug"]: row for row in json.loads(text)["rows"]}


def test_without_credentials_every_row_is_manual_and_says_what_is_missing(project: Path, command: Command) -> None:
    """Nothing failed, so the command ends with 0; the page of another customer is not there yet, and is made so."""
    (project / "docs").mkdir()
    (project / "docs" / "security-audit.md").write_text("made by `make docs`\n", encoding="utf-8")
    done = command("audit", "--format", "json", cwd=project, **NOBODY)
    found = rows(done.out)
    assert done.status == 0, done.err
    assert {row["result"] for row in found.values()} == {"manual", "pass"}
    reasons = {entry["found"] for row in found.values() for entry in row["evidence"]}
    assert reasons == {
        "no --gitleaks was given",
        "no --url was given",
        "no Google credentials: run `gcloud auth application-default login`, "
        "or set GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_OAUTH_ACCESS_TOKEN",
    }
    assert all(row["steps"] for row in found.values() if row["result"] == "manual")


def test_the_customers_record_fails_the_audit(command: Command) -> None:
    """Exit 1 until each finding is mended, and recorded as such."""
    done = command("audit", **NOBODY)
    assert done.status == 1
    assert done.out.startswith("# Security audit\n\n4 pass, 5 fail, 31 manual. Checked on 2")
    assert "Traceback" not in done.text


def test_prowlers_output_is_in_the_rows(project: Path, command: Command) -> None:
    """An unused account fails; the private address needs our own check too, which the login failed for."""
    done = command("audit", "--format", "json", "--prowler-output", str(FILES[0]), cwd=project, **NOBODY)
    found = rows(done.out)
    assert done.status == 1
    assert found["unused-service-accounts"]["result"] == "fail"
    assert found["sql-private-address"]["result"] == "manual"
    texts = [entry["found"] for entry in found["sql-private-address"]["evidence"]]
    assert texts[0] == "2 resources pass"
    assert texts[1].startswith("no Google credentials")
    assert len(texts) == 2


def test_a_file_that_is_not_prowlers_is_refused(tmp_path: Path, command: Command) -> None:
    """Before anything is asked."""
    file = tmp_path / "x.json"
    file.write_text("{}", encoding="utf-8")
    done = command("audit", "--prowler-output", str(file), **NOBODY)
    assert (done.status, done.out) == (1, "")
    assert "is not an output of Prowler for GCP" in done.err


def test_with_a_token_google_is_asked_at_the_stacks_endpoints(project: Path, command: Command) -> None:
    """The same keys that the provider takes."""
    live = GoogleProject()
    live.buckets[0]["retentionDays"] = 7
    with serving(live.answer) as server:
        apis = (
            "compute", "logging", "cloudRunV2", "iam", "monitoring", "resourceManager", "secretManager", "sql",
            "storage", "vpcAccess",
        )  # fmt: skip
        keys = endpoint_lines({api: f"{server.url}/{api}/" for api in apis})
        edit(project, "config:\n", f"config:\n{keys}", "Pulumi.prod.yaml")
        done = command(
            "audit", "--stack", "prod", "--stack", "staging", "--format", "json", "--compare-secrets", cwd=project,
            **{**NOBODY, "GOOGLE_OAUTH_ACCESS_TOKEN": "planted-token"},
        )  # fmt: skip
    found = rows(done.out)
    assert done.status == 1
    assert found["log-retention"]["result"] == "fail"
    passing = {
        "cloud-run-accounts", "sql-private-address", "firewall-rules", "secrets-differ", "secret-rotation",
        "encryption-at-rest", "sensitive-log-data", "audit-logs", "security-alerts",
    }  # fmt: skip
    assert {slug for slug in passing if found[slug]["result"] != "pass"} == set()
    assert "planted-token" not in done.text
    assert "value of" not in done.text


@pytest.mark.parametrize("form", ["json", "sarif", "markdown"])
def test_an_address_is_asked_only_when_it_is_given(project: Path, command: Command, form: str) -> None:
    """With the two test accounts of the environment, whose passwords no report holds."""
    application = Application(flaws=frozenset({"no-limit"}))
    accounts = {
        "READINESS_SMOKE_EMAIL": FIRST.email,
        "READINESS_SMOKE_PASSWORD": FIRST.password,
        "READINESS_AUDIT_OTHER_EMAIL": SECOND.email,
        "READINESS_AUDIT_OTHER_PASSWORD": SECOND.password,
    }
    with serving(application.answer) as server:
        silent = command("audit", "--format", form, cwd=project, **{**NOBODY, **accounts})
        asked_before = len(server.requests)
        done = command("audit", "--format", form, "--url", server.url, cwd=project, **{**NOBODY, **accounts})
    assert asked_before == 0
    assert "no --url was given" in silent.out
    assert done.status == 1
    assert "6 wrong logins in a row, and none is refused" in done.out
    assert "planted-password" not in done.text
    if form == "json":
        assert rows(done.out)["token-expiry"]["result"] == "pass"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x", "backend", "file:///etc/passwd", "http://", "https:///path", "http://[::1", "http://x:99999",
        "http://x:a", "https://x?", "https://x#a", "https://a b", "https://:hunter2@x",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(command: Command, url: str) -> None:
    """Only http and https are asked."""
    done = command("audit", "--url", url, **NOBODY)
    assert done.status == 1
    assert f"--url: {url!r} is not an http or https address" in done.err


def test_a_password_in_an_address_is_refused_and_not_printed(command: Command) -> None:
    """Accounts are given in the environment."""
    done = command("audit", "--url", "https://user:hunter2@backend.example.net", **NOBODY)
    assert done.status == 1
    assert "is not an http or https address" in done.err
    assert "hunter2" not in done.text


def test_a_day_after_which_nothing_can_be_due_is_refused(command: Command) -> None:
    """The calendar ends in the year 9999."""
    done = command("audit", "--date", "9999-12-31", **NOBODY)
    assert (done.status, done.out) == (1, "")
    assert "error: --date 9999-12-31 is too late" in done.err


def test_due_dates_count_from_the_day_that_is_given(command: Command) -> None:
    """The day on which the report was handed over."""
    done = command("audit", "--format", "json", "--date", "2026-12-01", **NOBODY)
    assert json.loads(done.out)["date"] == "2026-12-01"
    assert rows(done.out)["least-privilege"]["due"] == "2026-12-08"


def test_what_gitleaks_found_fails_the_line_without_the_secret(project: Path, command: Command) -> None:
    """Rule, file, line and commit are enough to find it."""
    file = ROOT / "tests" / "fixtures" / "gitleaks" / "gitleaks.sarif"
    done = command("audit", "--format", "json", "--gitleaks", str(file), cwd=project, **NOBODY)
    row = rows(done.out)["no-hardcoded-secrets"]
    assert (done.status, row["result"]) == (1, "fail")
    assert row["evidence"][0]["found"] == "generic-api-key at backend/app/core/config.py:12 in commit 0b6b26d1e2f3"
    assert "planted" not in done.text
