"""The section `security_audit` and the texts of failed logins: what is refused, and how it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.settings.security_audit import DEFAULT_AUDIT_LOGS
from tests.edits import add, edit, found

LOGS = "    log_retention_days: 90\n"


def with_logs(project: Path, *entries: str) -> None:
    """Production with these audit logs."""
    edit(project, LOGS, f"{LOGS}    audit_logs:\n" + "".join(f"      - {entry}\n" for entry in entries))


@pytest.mark.parametrize(
    ("entries", "key", "words"),
    [
        (
            [f"{{service: iam.googleapis.com, log_types: [{kind}]}}" for kind in ("DATA_READ", "DATA_WRITE")],
            "security_audit.audit_logs[1].service",
            "repeats item [0]",
        ),
        (
            ["{service: artifactregistry.googleapis.com, log_types: [DATA_WRITE]}"],
            "security_audit.audit_logs[0].service",
            "is declared by readiness:image_registry already",
        ),
        (["{service: iam, log_types: [DATA_READ]}"], "security_audit.audit_logs[0].service", "Google API"),
        (
            ["{service: iam.googleapis.com, log_types: [READ]}"],
            "security_audit.audit_logs[0].log_types[0]",
            "ADMIN_READ",
        ),
        (["{service: iam.googleapis.com, log_types: []}"], "security_audit.audit_logs[0].log_types", ""),
    ],
)  # fmt: skip
def test_audit_logs_that_would_undo_each_other_or_do_not_exist_are_refused(
    project: Path, entries: list[str], key: str, words: str
) -> None:
    """An audit configuration is authoritative for its API."""
    with_logs(project, *entries)
    problem = found(project)[key]
    assert words in f"{problem.message} {problem.hint}"


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ("log_retention_days: 29", "log_retention_days", "30"),
        ("backup_readers: [ada@shop.example.net]", "backup_readers[0]", "user:ADDRESS"),
        ("backup_readers: ['allUsers']", "backup_readers[0]", "user:ADDRESS"),
        ("secret_readers: ['serviceAccount:a@b.iam.gserviceaccount.com']", "secret_readers[0]", "e-mail address"),
        ("backup_buckets: ['gs://exports']", "backup_buckets[0]", "bucket"),
        ("open_firewall_rules: [Allow_All]", "open_firewall_rules[0]", "lower-case"),
    ],
)
def test_a_value_of_the_wrong_form_is_said_in_words(project: Path, line: str, key: str, words: str) -> None:
    """With an example."""
    edit(project, LOGS, f"    {line}\n")
    if line.startswith("secret_readers"):
        text = (project / "Pulumi.prod.yaml").read_text(encoding="utf-8")
        start = text.index("    secret_readers:\n")
        end = text.index("  readiness:image_registry")
        (project / "Pulumi.prod.yaml").write_text(text[:start] + text[end:], encoding="utf-8")
    problem = found(project)[f"security_audit.{key}"]
    assert words in f"{problem.message} {problem.hint}"


def test_a_stack_that_owns_nothing_may_not_declare_it(project: Path) -> None:
    """Two stacks would undo each other's audit logs."""
    add(project, "  readiness:security_audit: {}\n", "Pulumi.staging.yaml")
    assert "belongs to the stack that owns it" in found(project, "staging")["security_audit"].message


@pytest.mark.parametrize("text", ["Lo", 'a "quoted" text', "back\\slash text", "a|b failed"])
def test_a_text_that_a_filter_would_read_otherwise_is_refused(project: Path, text: str) -> None:
    """It stands in the quotes of a filter."""
    edit(project, '          - "Invalid password for user:"\n', f"          - '{text}'\n", "Pulumi.yaml")
    assert "alerts.failed_logins.log_texts[3]" in found(project)


def test_the_usual_logs_are_those_that_the_audit_asks_for() -> None:
    """Who reads secrets, who acts as an account, who reaches the database."""
    assert {log.service: log.log_types for log in DEFAULT_AUDIT_LOGS} == {
        "secretmanager.googleapis.com": ("DATA_READ",),
        "iam.googleapis.com": ("ADMIN_READ", "DATA_READ"),
        "cloudsql.googleapis.com": ("DATA_READ", "DATA_WRITE"),
    }


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("backup_readers: ['group:dba@shop.example.net', 'group:dba@shop.example.net']", "backup_readers[1]"),
        ("backup_buckets: [shop-exports, shop-exports]", "backup_buckets[1]"),
        ("open_firewall_rules: [a, a]", "open_firewall_rules[1]"),
        (
            "audit_logs: [{service: a.googleapis.com, log_types: [DATA_READ, DATA_READ]}]",
            "audit_logs[0].log_types[1]",
        ),
    ],
)
def test_an_entry_that_is_written_twice_is_refused(project: Path, line: str, key: str) -> None:
    """One of the two is a slip: somebody meant another entry."""
    edit(project, LOGS, f"{LOGS}    {line}\n")
    assert found(project)[f"security_audit.{key}"].message == "repeats item [0]"
