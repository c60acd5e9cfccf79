"""The JSON Schema of a stack's file, for editors and for `check-jsonschema`.

Made from the model, so that a setting's name, type and range are written once. What spans settings (duplicates, a
token without its channel) and what is in `Pulumi.yaml` is left to `readiness check`.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from readiness.settings.configuration_keys import PROVIDERS, SECRET_PROVIDER_KEYS, SECRETS, known_keys
from readiness.settings.model import PROVIDER_SETTINGS, Settings

SECURE = {
    "type": "object",
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "additionalProperties": False,
    "description": "Encrypted by `pulumi config set --secret`.",
}
PROVIDER_VALUE = {"type": ["string", "number", "boolean", "object", "array"]}


class _WithoutNull(GenerateJsonSchema):
    """What is optional is left out: an empty value is refused (`Section`), so an editor must mark it."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """The schema of the value that may be left out."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """With the default, where there is one: of a section, without what the section leaves out."""
        found = super().default_schema(schema)
        default = found.get("default")
        if isinstance(default, dict):
            found["default"] = {name: value for name, value in default.items() if value is not None}
        return {name: value for name, value in found.items() if name != "default" or value is not None}


def stack_file_schema() -> dict[str, Any]:
    """Draft 2020-12 schema of `Pulumi.<stack>.yaml`."""
    model = Settings.model_json_schema(ref_template="#/$defs/{model}", schema_generator=_WithoutNull)
    settings = model["properties"]
    config: dict[str, Any] = {f"readiness:{name}": settings[name] for name in settings if name not in PROVIDER_SETTINGS}
    config |= {
        secret.key: {**SECURE, "description": f"{secret.what}; set it with `{secret.set_command}`"}
        for secret in SECRETS
    }
    for provider in PROVIDERS:
        config |= {f"{provider}:{name}": PROVIDER_VALUE for name in sorted(known_keys(provider))}
    config |= {f"pulumi:{name}": {} for name in sorted(known_keys("pulumi"))}
    config |= {PROVIDER_SETTINGS[name]: settings[name] for name in PROVIDER_SETTINGS}
    config |= dict.fromkeys(SECRET_PROVIDER_KEYS, SECURE)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of a readiness stack (Pulumi.<stack>.yaml)",
        "description": "Made by `readiness schema`. A key that is in Pulumi.yaml may be left out here.",
        "type": "object",
        "required": ["config"],
        "additionalProperties": False,
        "properties": {
            "config": {"type": "object", "additionalProperties": False, "properties": dict(sorted(config.items()))},
            "encryptionsalt": {"type": "string"},
            "secretsprovider": {"type": "string"},
            "encryptedkey": {"type": "string"},
            "environment": {"type": ["array", "object"]},
        },
        "$defs": model["$defs"],
    }


def schema_text() -> str:
    """The schema as committed at `docs/stack.schema.json`."""
    return json.dumps(stack_file_schema(), indent=2, ensure_ascii=False) + "\n"
