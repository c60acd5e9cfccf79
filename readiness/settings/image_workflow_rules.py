"""Rules of the accepted vulnerabilities: no entry twice, none without an end, none that ends too late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from readiness.finding import Finding, Severity
from readiness.settings.expiry import expiry_warnings, too_late_problems
from readiness.settings.image_workflows import MAX_ACCEPTED
from readiness.settings.located import items_at, problem_at
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath

ACCEPTED: KeyPath = ("image_workflows", "accepted_vulnerabilities")


def image_workflow_problems(config: StackConfig, raw: Mapping[str, Any], today: date) -> Iterator[Finding]:
    """Every rule of the list, all broken ones at once.

    What turns wrong by time alone is a warning: an expired entry excuses nothing any more, and stops no other change.
    """
    first_at: dict[tuple[Any, Any], int] = {}
    for index, item in enumerate(items_at(raw, ACCEPTED)):
        if not isinstance(item, dict):
            continue
        identity = (item.get("id"), item.get("package"))
        if identity in first_at:
            message = f"repeats item [{first_at[identity]}]"
            yield problem_at(
                config, (*ACCEPTED, index), message, "Keep one of the two", rule_id="settings-repeated-item"
            )
        first_at.setdefault(identity, index)
        if isinstance(item.get("expires"), str):
            yield from _expiry_problems(config, (*ACCEPTED, index, "expires"), item["expires"], today)


def _expiry_problems(config: StackConfig, path: KeyPath, text: str, today: date) -> Iterator[Finding]:
    try:
        expires = date.fromisoformat(text)
    except ValueError:
        # A wrong form is refused by the model; this is a day that no calendar has.
        if len(text) == len("2026-01-31"):
            yield problem_at(
                config, path, "is no day of the calendar", "Write it as 2026-01-31", rule_id="settings-date-unreadable"
            )
        return
    yield from too_late_problems(config, path, expires, today, MAX_ACCEPTED)
    if expires <= today:
        message = "has passed: the entry excuses nothing any more"
        hint = "Mend the vulnerability and remove the entry, or renew it with a reason that still holds"
        yield problem_at(config, path, message, hint, severity=Severity.WARNING, rule_id="settings-date-passed")
    else:
        hint = "Update the package and remove the entry, or renew it with a reason that still applies"
        yield from expiry_warnings(config, path, expires, today, hint)
