"""The counters of failed logins and unusual secret reads, run on real log entries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from readiness.alerts.access_alerts import (
    FAILED_LOGINS,
    UNUSUAL_SECRET_ACCESS,
    failed_login_metric,
    unusual_secret_reads,
)
from readiness.alerts.catalogue import alerts_of
from readiness.settings.base import RefusedValueError
from tests.alerts.boolean_filter import parse
from tests.projects import EVERY_OPTION, ROOT, settings_of

PROD, STAGING = settings_of("prod"), settings_of("staging")
_LIST = re.compile(r'([\w.]+)([=:])\(("[^"]*"(?: OR "[^"]*")*)\)')


def counts(filter_text: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether an entry is counted. A line break is AND, and a list of values one comparison for each of them."""

    def each_value(found: re.Match[str]) -> str:
        comparisons = [f"{found[1]}{found[2]}{value}" for value in found[3].split(" OR ")]
        return f"({' OR '.join(comparisons)})"

    return parse(_LIST.sub(each_value, filter_text).replace("\n", " AND "))


def line(text: str, service: str = PROD.services[0].name, kind: str = "cloud_run_revision") -> dict[str, Any]:
    """A line of a service's log."""
    return {"resource": {"type": kind, "labels": {"service_name": service}}, "textPayload": text}


# As backend/app/features/auth/service.py of the first customer writes them, behind its format.
FAILED = (
    "2026-11-30 12:00:00,000 - app.features.auth.service - WARNING - Login attempt with non-existent email: a@b.net",
    "2026-11-30 12:00:00,000 - app.features.auth.service - WARNING - Login attempt for inactive user: a@b.example",
    "2026-11-30 12:00:00,000 - app.features.auth.service - WARNING - Login attempt for locked account: a@b.example",
    "2026-11-30 12:00:00,000 - app.features.auth.service - WARNING - Invalid password for user: a@b.example (failed"
    " attempts: 3)",
)


@pytest.mark.parametrize("text", FAILED)
def test_a_failed_login_is_counted_as_text_and_as_json(text: str) -> None:
    """Each of the four lines, of the stack's own services."""
    counted = counts(failed_login_metric(PROD).filter)
    as_json = {**line(""), "jsonPayload": {"message": text}}
    del as_json["textPayload"]
    assert counted(line(text))
    assert counted(as_json)
    assert not counted(line(text, STAGING.services[0].name))
    assert not counted(line(text, kind="cloud_run_job"))


@pytest.mark.parametrize(
    "text",
    [
        "app.features.auth.api - WARNING - Login failed from 203.0.113.7: wrong password",
        "app.features.auth.service - INFO - User logged in: a@b.example",
        "Failed to connect to Redis for rate limiting: refused",
    ],
)
def test_other_lines_are_not_counted(text: str) -> None:
    """The API writes another line about the same login, which does not count, so each login counts once."""
    assert not counts(failed_login_metric(PROD).filter)(line(text))


def read(principal: str | None, method: str = "AccessSecretVersion", **payload: Any) -> dict[str, Any]:
    """An entry of Secret Manager's Data Access log."""
    return {
        "resource": {"type": "audited_resource"},
        "protoPayload": {
            "serviceName": "secretmanager.googleapis.com",
            "methodName": f"google.cloud.secretmanager.v1.SecretManagerService.{method}",
            "authenticationInfo": {} if principal is None else {"principalEmail": principal},
            **payload,
        },
    }


def test_reads_by_declared_accounts_are_not_counted_and_all_others_are() -> None:
    """A federated identity has no e-mail address, so it counts."""
    assert PROD.security_audit is not None
    counted = counts(unusual_secret_reads(PROD).filter)
    assert [principal for principal in PROD.security_audit.secret_readers if counted(read(principal))] == []
    for principal in ("somebody@shop.example.net", f"x{PROD.security_audit.secret_readers[0]}", None):
        assert counted(read(principal)), principal
    assert not counted(read("somebody@shop.example.net", method="ListSecrets"))
    assert not counted(read("somebody@shop.example.net", serviceName="iam.googleapis.com"))


def test_an_alert_is_declared_by_the_stacks_that_have_its_settings() -> None:
    """FailedLogins in every stack with its texts, UnusualSecretAccess in the owner of the shared resources."""
    assert {FAILED_LOGINS, UNUSUAL_SECRET_ACCESS} <= set(alerts_of(PROD))
    assert FAILED_LOGINS in set(alerts_of(STAGING))
    assert UNUSUAL_SECRET_ACCESS not in set(alerts_of(STAGING))
    without = PROD.model_copy(update={"alerts": PROD.alerts.model_copy(update={"failed_logins": None})})
    assert FAILED_LOGINS not in set(alerts_of(without))
    with pytest.raises(RefusedValueError):
        failed_login_metric(without)


def test_no_log_text_of_a_customer_is_in_the_program() -> None:
    """The texts that a service logs are settings."""
    text = (ROOT / "readiness" / "alerts" / "access_alerts.py").read_text(encoding="utf-8")
    assert PROD.alerts.failed_logins is not None
    assert [known for known in PROD.alerts.failed_logins.log_texts if known in text] == []
    assert "wrong password for" in failed_login_metric(settings_of(EVERY_OPTION)).filter
