"""What the settings of a service accept as its healthy answer."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.settings.services import AcceptedValue, HealthAnswer
from tests.health.matcher import passes

KNOWN = {"value": "error", "because": "a known mistake"}


def accepted(healthy: str = "healthy", **known: Any) -> AcceptedValue:
    """Of an answer with or without a known degraded value."""
    raw = {"json_path": "$.status", "healthy": healthy} | ({"known_degraded": known} if known else {})
    return HealthAnswer.model_validate(raw).accepted


def is_accepted(found: AcceptedValue, value: str) -> bool:
    """Whether a check passes on an answer with this value."""
    answer = {"status": 200, "body": {"status": value}}
    return passes(answer, json_path="$.status", json_matcher=found.match, content=found.content)


def test_the_healthy_value_alone_is_compared_as_a_json_literal() -> None:
    """With its quotes, and what JSON escapes."""
    assert accepted() == ('"healthy"', "EXACT_MATCH")
    assert accepted('all "fine"') == (r'"all \"fine\""', "EXACT_MATCH")


def test_a_known_degraded_value_without_a_date_is_not_accepted() -> None:
    """It is for `verify --allow-degraded` alone."""
    assert accepted(**KNOWN) == accepted()


@pytest.mark.parametrize("day", ["2001-01-01", "2999-01-01"])
def test_a_known_degraded_value_with_a_date_is_accepted_on_any_day(day: str) -> None:
    """A date that has passed changes what `check` says, and no plan."""
    assert accepted(**KNOWN, accept_degraded_until=day) == ('^"?(healthy|error)"?$', "REGEX_MATCH")


@pytest.mark.parametrize(
    ("value", "expected"), [("healthy", True), ("error", True), ("unhealthy", False), ("errors", False), ("", False)]
)
def test_the_expression_takes_the_two_values_whole(value: str, expected: bool) -> None:
    """With and without quotes."""
    assert is_accepted(accepted(**KNOWN, accept_degraded_until="2030-01-01"), value) is expected


def test_a_value_with_special_characters_stands_for_itself() -> None:
    """In the expression, `.` and `|` have a meaning."""
    found = accepted("a.b|c", **KNOWN, accept_degraded_until="2030-01-01")
    assert [is_accepted(found, value) for value in ("a.b|c", "axb|c", "a.b", "c")] == [True, False, False, False]
