"""What is said of a value of the wrong form: in words, with an example, and never as a regular expression."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from readiness.settings.messages import Spot, explain
from readiness.settings.schema import stack_file_schema


def patterns_of(schema: Any) -> Iterator[str]:
    """Every pattern that a setting has."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for value in schema.values():
            yield from patterns_of(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from patterns_of(value)


PATTERNS = sorted(set(patterns_of(stack_file_schema())))


def said(pattern: str, value: str = "?") -> tuple[str, str]:
    """Message and hint for a value that does not fit the pattern."""
    return explain(
        {"type": "string_pattern_mismatch", "ctx": {"pattern": pattern}, "loc": (), "msg": ""},
        Spot(value=value, field=None),
    )


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_of_a_setting_has_words(pattern: str) -> None:
    """One that is new is added to `_PATTERNS` in messages.py."""
    message, hint = said(pattern)
    assert pattern not in message
    assert len(hint) > len("Change it")


def test_a_pattern_that_is_not_known_is_shown() -> None:
    """Better than nothing; the test above would name it."""
    assert said("^x+$") == ("is not of the form `^x+$`", "Change it")


@pytest.mark.parametrize(
    ("key", "message", "hint"),
    [
        ("gcp:region", "is not a Google Cloud region", "Write it as europe-west1 or us-central1"),
        ("gcp:project", "is not the id of a Google Cloud project", "as shop-prod-4711"),
        ("github:owner", "is not an account on GitHub", "as github.com/NAME has it"),
    ],
)
def test_the_providers_keys_are_explained(key: str, message: str, hint: str) -> None:
    """They are the first that a new user writes."""
    pattern = stack_file_schema()["properties"]["config"]["properties"][key]["pattern"]
    assert said(pattern)[0] == message
    assert hint in said(pattern)[1]


@pytest.mark.parametrize(
    ("definition", "name", "message"),
    [
        ("UserReviewer", "login", "is not a login on GitHub"),
        ("TeamReviewer", "slug", "is not the slug of a team"),
        ("ProductionEnvironment", "name", "is not the name of an environment"),
        ("MigrationJob", "account_id", "is not the id of a service account"),
        ("MigrationJob", "password_secret", "is not the name of a secret"),
        ("MigrationJob", "user", "is not a name that PostgreSQL takes"),
        ("AutoMerge", "app_client_id", "is not the client id of a GitHub App"),
        ("AcceptedVulnerability", "id", "is not the id of a vulnerability"),
        ("AcceptedVulnerability", "package", "is not the purl of a package"),
        ("Prices", "date", "is no day of the calendar"),
        ("DeliveryEnvironment", "workflow_file", "is not the name of a workflow file"),
        ("DependabotLabel", "color", "is not a color"),
        ("HealthAnswer", "json_path", "is not a path into JSON"),
        ("ProviderHost", "key", "is not a provider's key for a host"),
        ("Repository", "name", "is not the name of a repository"),
    ],
)
def test_no_pattern_gets_the_words_of_another_one(definition: str, name: str, message: str) -> None:
    """The pieces that distinguish patterns are in one pattern only."""
    patterns = list(patterns_of(stack_file_schema()["$defs"][definition]["properties"][name]))
    assert {said(pattern)[0] for pattern in patterns} == {message}
