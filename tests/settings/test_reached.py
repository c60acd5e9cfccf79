"""Somebody is reached: `check` warns of e-mail alone, of one contact twice, and of placeholders."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.finding import Severity
from readiness.rules.stack import check_config
from readiness.settings.placeholders import is_placeholder, is_to_be_filled_in
from tests.pinned_clock import TODAY
from tests.projects import config_of

REAL = "ops@harbor.dev"
EXISTING = "projects/ytgrs-464303/notificationChannels/1001"
EMAIL_ONLY, SAME, PLACEHOLDER = "settings-email-only", "settings-escalation", "settings-placeholder"


def warnings(channels: dict[str, Any] | None = None, *contacts: tuple[str, str]) -> list[tuple[str, str]]:
    """The rule and the key of each warning on channels and contacts of staging, whose settings are replaced."""
    config = config_of("staging")
    named = [{"name": name, "reach": reach} for name, reach in contacts or [("On call", "+1 212 0100")]]
    config.values |= {
        "readiness:channels": channels or {"emails": [REAL], "existing": [{"kind": "slack", "id": EXISTING}]},
        "readiness:escalation": {"contacts": named},
    }
    problems = check_config(config, today=TODAY).problems
    found = [problem for problem in problems if problem.key.startswith(("readiness:channels", "readiness:escalation"))]
    assert all(problem.severity is Severity.WARNING for problem in found)
    return [(problem.rule_id, problem.key.removeprefix("readiness:")) for problem in found]


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        ({"emails": [REAL]}, [(EMAIL_ONLY, "channels")]),
        ({"emails": [], "existing": [{"kind": "email", "id": EXISTING}]}, [(EMAIL_ONLY, "channels")]),
        ({"emails": [REAL], "existing": [{"kind": "slack", "id": EXISTING}]}, []),
        ({"emails": [REAL], "existing": [{"kind": "pagerduty", "id": EXISTING}]}, []),
    ],
)
def test_a_stack_with_email_alone_is_warned_of(channels: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Its CRITICAL alerts wait until somebody reads mail. A channel that exists already counts."""
    assert warnings(channels) == expected


@pytest.mark.parametrize(
    ("reached", "expected"),
    [
        ((REAL, REAL.upper()), [(SAME, "escalation.contacts")]),
        (("+1 212 0100", "+1 212 0100", "+1 212 0100"), [(SAME, "escalation.contacts")]),
        ((REAL, REAL, "+1 212 0100"), []),
        ((REAL,), []),
    ],
)
def test_contacts_who_are_all_reached_in_one_way_are_warned_of(
    reached: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    """Whatever their case. One contact alone is said by the list itself."""
    contacts = [(f"Step {number}", reach) for number, reach in enumerate(reached)]
    assert warnings(None, *contacts) == expected


def test_a_placeholder_is_warned_of_where_it_is_written() -> None:
    """In an address, in how a contact is reached, and in a contact's name."""
    channels = {"emails": [REAL, "ops@mail.Example.com"], "existing": [{"kind": "slack", "id": EXISTING}]}
    assert sorted(warnings(channels, ("On call", "call TODO"), ("to-be-filled-in", REAL))) == [
        (PLACEHOLDER, "channels.emails[1]"),
        (PLACEHOLDER, "escalation.contacts[0].reach"),
        (PLACEHOLDER, "escalation.contacts[1].name"),
    ]


@pytest.mark.parametrize(
    "text",
    ["ops@example.com", "mail ops@team.example.org.", "https://pager.invalid/x", "rota.example", "TODO", "TBD later",
     "to-be-filled-in", "To-Be-Filled-In-first"],
)  # fmt: skip
def test_what_reaches_nobody_is_a_placeholder(text: str) -> None:
    """Wherever it is in the text, and whatever its case."""
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text", [REAL, "+1 555 0100", "#platform", "#test", "todo-bot", "ops@examples.com", "ops@example.company", None, 7]
)
def test_what_reaches_somebody_is_none(text: object) -> None:
    """`#test` is a channel, and `todo` can be part of a name."""
    assert not is_placeholder(text)


def test_a_host_of_a_reserved_domain_is_not_marked_as_to_be_filled_in() -> None:
    """Services in examples have such hosts; only the mark stops an update."""
    assert is_to_be_filled_in("to-be-filled-in.invalid")
    assert not is_to_be_filled_in("shop.example.net")
