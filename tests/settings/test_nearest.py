"""The name that a misspelt one was meant to be."""

from __future__ import annotations

import pytest

from readiness.settings.configuration_keys import known_keys
from readiness.settings.nearest import nearest, suggestion

LATENCY = ("latency_ms", "duration_seconds")


@pytest.mark.parametrize(
    ("name", "valid", "meant"),
    [
        ("cpu_percent", ("cpu_ratio", "duration_seconds"), "cpu_ratio"),
        ("cpuRatio", ("cpu_ratio", "duration_seconds"), "cpu_ratio"),
        ("CPU ratio", ("cpu_ratio", "duration_seconds"), "cpu_ratio"),
        ("cpu-rato", ("cpu_ratio", "duration_seconds"), "cpu_ratio"),
        ("latency_seconds", LATENCY, "latency_ms"),
        ("cpuratio", ("cpu_ratio2", "cpuRatio"), "cpuRatio"),
        ("duration", LATENCY, "duration_seconds"),
        ("projct", ("project", "projectId", "region"), "project"),
        ("acces-token", ("accessToken", "accessContext"), "accessToken"),
        ("email", ("emails", "slack", "existing"), "emails"),
        ("high_cpu_use", ("high_cpu_usage", "high_latency"), "high_cpu_usage"),
        ("threshhold", LATENCY, None),
        ("", LATENCY, None),
        ("x", (), None),
    ],
)
def test_the_nearest_name_is_found_across_spellings(name: str, valid: tuple[str, ...], meant: str | None) -> None:
    """A shared first word counts for more than shared letters at the end."""
    assert nearest(name, valid) == meant
    assert suggestion(name, valid) == (f"Did you mean `{meant}`? " if meant else "")


def test_a_name_of_a_million_letters_is_compared_in_no_time() -> None:
    """The time to compare grows with the product of the lengths."""
    assert nearest("x" * 1_000_000, [f"name_{number}" for number in range(300)]) is None


def test_a_providers_key_in_lower_case_is_shown_in_its_own_spelling() -> None:
    """Every key that the provider has; two of them differ in upper case alone."""
    keys = sorted(known_keys("gcp"))
    others = {key: found for key in keys if (found := nearest(key.lower(), keys)) != key}
    assert len(others) < 2
    assert all(found is not None and found.lower() == key.lower() for key, found in others.items())
