"""The JSON Schema that the stacks' files name in their first line, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from readiness.settings.model import Settings, full_key
from readiness.settings.schema import schema_text, stack_file_schema
from tests.projects import EVERY_OPTION_FILE, FIRST_CUSTOMER, ROOT, Command
from tests.settings.mutations import mutations_of

STAGING_FILE = FIRST_CUSTOMER / "Pulumi.staging.yaml"
FILES = (STAGING_FILE, FIRST_CUSTOMER / "Pulumi.prod.yaml", EVERY_OPTION_FILE)
SCHEMA_FILE = ROOT / "docs" / "stack.schema.json"
VALIDATOR = Draft202012Validator(stack_file_schema())


def tree(file: Path) -> dict[str, Any]:
    """A stack's file as an editor reads it."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def is_valid(value: Any) -> bool:
    """Whether an editor would mark nothing."""
    return VALIDATOR.is_valid(value)


def test_the_committed_schema_is_what_the_model_says(command: Command) -> None:
    """`make docs` writes it."""
    committed = SCHEMA_FILE.read_text(encoding="utf-8")
    assert schema_text() == committed
    assert command("schema").out == committed
    assert json.loads(committed) == stack_file_schema()


def test_it_is_a_valid_schema_of_its_draft() -> None:
    """Editors fall silent over one that is not."""
    schema = stack_file_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_accepts_the_stacks_and_each_names_it(file: Path) -> None:
    """The fixture stack has every option on."""
    assert list(VALIDATOR.iter_errors(tree(file))) == []
    if file != EVERY_OPTION_FILE:
        named = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# yaml-language-server: $schema=")
        assert (file.parent / named).resolve() == SCHEMA_FILE


@pytest.mark.parametrize(
    "config",
    [
        {"readiness:chanels": {}},
        {"gcp:projct": "x"},
        {"gpc:project": "x"},
        {"readiness:database": ["shop-db"]},
        {"readiness:database": "shop-db"},
        {"readiness:database": {"instance": ""}},
        {"readiness:database": {"instanze": "shop-db"}},
        {"readiness:services": []},
        {"readiness:channels": {"emails": ["dev-alerts"]}},
        {"readiness:alerts": {"high_cpu_usage": {"cpu_ratio": 80, "duration_seconds": 300}}},
        {"readiness:alerts": {"high_cpu_usage": {"cpu_ratio": -0.8, "duration_seconds": 300}}},
        {"readiness:owns_shared_resources": "no"},
        {"readiness:slack_auth_token": "xoxb-" + "made-up"},
        {"gcp:credentials": "{}"},
        {"github:token": "made-up"},
        {"gcp:project": "No Project"},
    ],
)
def test_it_refuses_what_can_be_seen_in_one_file(config: dict[str, Any]) -> None:
    """Misspelt keys, types, ranges, secrets in plain text."""
    whole = {"config": tree(STAGING_FILE)["config"] | config}
    assert not is_valid(whole)
    assert not is_valid({"config": {}, "confg": {}})


def test_it_agrees_with_the_model_about_every_mutation_of_a_setting() -> None:
    """Neither a false alarm in the editor nor silence over what `readiness check` would refuse."""
    keys = {name: full_key(name) for name in Settings.model_fields}
    refused, taken = 0, 0
    usual = tree(EVERY_OPTION_FILE)["config"]
    # Every tenth of some thousands, at every place.
    for what, mutate in list(mutations_of(usual))[::10]:
        config = mutate()
        raw = {name: config[key] for name, key in keys.items() if key in config}
        # A file need not hold what Pulumi.yaml holds.
        errors = [
            error for error in model_errors(raw) if error["loc"] != (error["loc"][0],) or error["type"] != "missing"
        ]
        # The schema judges each setting by itself, and takes the usual ones.
        settings = {
            key: config[key] for key in keys.values() if key in config and repr(config[key]) != repr(usual.get(key))
        }
        assert is_valid({"config": settings}) == (not errors), f"{what}: the model says {errors}"
        refused, taken = (refused + 1, taken) if errors else (refused, taken + 1)
    assert min(refused, taken) > 30


def model_errors(raw: dict[str, Any]) -> list[Any]:
    """What pydantic refuses."""
    try:
        Settings.model_validate(raw)
    except ValidationError as error:
        return list(error.errors())
    return []
