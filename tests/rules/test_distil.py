"""The distillers, on tiny documents."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tools.distil_discovery import distil_discovery
from tools.distil_openapi import distil_openapi

DISCOVERY: dict[str, Any] = {
    "schemas": {
        "Policy": {
            "id": "Policy",
            "type": "object",
            "description": "A policy.",
            "properties": {
                "name": {"type": "string", "description": "Required. Its name."},
                "comment": {"type": "string", "description": "Required if there is no name."},
                "severity": {"type": "string", "enum": ["LOW", "HIGH"], "enumDescriptions": ["", ""]},
                "wait": {"type": "string", "format": "google-duration"},
                "size": {"type": "string", "format": "int64"},
                "share": {"type": "number", "format": "double"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "rules": {"type": "array", "items": {"$ref": "Rule"}},
                "anything": {"type": "any"},
                "created": {"$ref": "Unused", "readOnly": True},
                "state": {"type": "string", "description": "Output only. Its state."},
                "history": {"type": "string", "description": "A read-only record."},
            },
        },
        "Rule": {"type": "object", "properties": {"policy": {"$ref": "Policy"}}},
        "Unused": {"type": "object", "properties": {}},
    }
}
READ_ONLY: dict[str, Any] = {"readOnly": True, "not": {}}


@pytest.fixture(scope="module")
def policy() -> dict[str, Any]:
    """The distilled schema of the policy."""
    schema = distil_discovery(DISCOVERY, ["Policy"])["Policy"]
    assert isinstance(schema, dict)
    return schema


def test_only_what_the_roots_refer_to_is_kept() -> None:
    """A cycle ends, and the schema behind a read-only field is left out."""
    assert list(distil_discovery(DISCOVERY, ["Policy"])) == ["Policy", "Rule"]


def test_names_types_and_enums_are_kept_and_descriptions_are_not(policy: dict[str, Any]) -> None:
    """Each kind of field."""
    properties = policy["properties"]
    assert properties["severity"] == {"enum": ["LOW", "HIGH"]}
    assert properties["share"] == {"type": "number"}
    assert properties["labels"] == {"type": "object", "additionalProperties": {"type": "string"}}
    assert properties["rules"] == {"type": "array", "items": {"$ref": "#/$defs/Rule"}}
    assert properties["anything"] is True
    assert policy["additionalProperties"] is False
    assert "description" not in str(policy)


def test_required_is_read_from_the_start_of_a_description(policy: dict[str, Any]) -> None:
    """`Required if …` is a condition."""
    assert policy["required"] == ["name"]


def test_what_only_the_api_writes_is_refused(policy: dict[str, Any]) -> None:
    """By `readOnly`, and by two ways to say it in prose."""
    assert [policy["properties"][name] for name in ("created", "state", "history")] == [READ_ONLY] * 3


@pytest.mark.parametrize(
    ("body", "valid"),
    [
        ({"name": "a", "wait": "300s"}, True),
        ({"name": "a", "wait": "1.5s"}, True),
        ({"name": "a", "wait": "5m"}, False),
        ({"name": "a", "size": "12"}, True),
        ({"name": "a", "size": 12}, True),
        ({"name": "a", "size": "twelve"}, False),
        ({"name": "a", "rules": [{"policy": {"name": "b"}}]}, True),
        ({"name": "a", "rules": [{"policy": {}}]}, False),
        ({"name": "a", "state": "ON"}, False),
        ({"name": "a", "nmae": "b"}, False),
    ],
)
def test_the_distilled_schema_decides_as_the_api_does(body: dict[str, Any], valid: bool) -> None:
    """Durations in seconds, 64-bit numbers in both forms, references, closed objects."""
    definitions = distil_discovery(DISCOVERY, ["Policy"])
    schema = {"$ref": "#/$defs/Policy", "$defs": definitions}
    assert Draft202012Validator(schema).is_valid(body) is valid


def test_a_type_that_is_not_known_stops_the_distiller() -> None:
    """Rather than let everything pass."""
    with pytest.raises(ValueError, match="'tuple'"):
        distil_discovery({"schemas": {"A": {"type": "tuple"}}}, ["A"])


OPENAPI: dict[str, Any] = {
    "paths": {"/rules": {"post": {"requestBody": {"content": {"application/json": {"schema": {
        "type": "object",
        "description": "A set.",
        "required": ["rules"],
        "properties": {
            "mode": {"type": "string", "enum": ["on", "off"], "nullable": True, "example": "on"},
            "rules": {"type": "array", "items": {"$ref": "#/components/schemas/rule"}},
        },
    }}}}}}},
    "components": {"schemas": {
        "rule": {"oneOf": [{"$ref": "#/components/schemas/size"}, {"$ref": "#/components/schemas/plain"}]},
        "size": {"type": "object", "required": ["type", "max"], "properties": {
            "type": {"type": "string", "enum": ["size"]}, "max": {"type": "integer", "minimum": 1, "default": 5}}},
        "plain": {"type": "object", "title": "Plain", "required": ["type"], "properties": {
            "type": {"type": "string", "enum": ["plain"]}}},
    }},
}  # fmt: skip


@pytest.fixture(scope="module")
def rules() -> Draft202012Validator:
    """A validator of the distilled body."""
    return Draft202012Validator(distil_openapi(OPENAPI, [("rules", "post", "/rules")])["rules"])


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"mode": None, "rules": [{"type": "plain"}, {"type": "size", "max": 3}]}, []),
        ({"mode": "maybe", "rules": []}, ["$.mode"]),
        ({"rules": [], "moed": "on"}, ["$"]),
        ({"rules": [{"type": "size", "max": 0}]}, ["$.rules[0].max"]),
        ({"rules": [{"type": "plain"}, {"type": "sise"}]}, ["$.rules[1].type"]),
        ({"rules": [{"type": "plain", "max": 3}]}, ["$.rules[0]"]),
    ],
)
def test_a_mistake_is_reported_in_the_choice_that_was_meant(
    rules: Draft202012Validator, body: dict[str, Any], paths: list[str]
) -> None:
    """A `oneOf` would say only that none of 23 rules fits."""
    assert [error.json_path for error in rules.iter_errors(body)] == paths


def test_a_keyword_that_is_not_known_stops_the_distiller() -> None:
    """Rather than let everything pass."""
    body: dict[str, Any] = {"requestBody": {"content": {"application/json": {"schema": {"not": {}}}}}}
    with pytest.raises(ValueError, match="uses not"):
        distil_openapi({"paths": {"/a": {"put": body}}}, [("a", "put", "/a")])
