"""From GitHub's OpenAPI description to JSON Schema: names, types and enums of the bodies that we send, nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# Keywords that are kept as they stand, those that are read, and those that say nothing about a body's form.
_KEPT = ("type", "enum", "required", "pattern", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength")
_READ = ("properties", "additionalProperties", "items", "nullable", "$ref", "oneOf")
_DROPPED = ("description", "title", "example", "default", "format", "deprecated", "externalDocs")


def distil_openapi(document: dict[str, Any], operations: Iterable[tuple[str, str, str]]) -> dict[str, Any]:
    """The request body of each `(name, method, path)`, by name, references written out.

    Raises KeyError for an operation or a body that the document lacks, ValueError for a keyword that is not known here.
    """
    bodies = {}
    for name, method, path in operations:
        content = document["paths"][path][method]["requestBody"]["content"]
        bodies[name] = _convert(document, content["application/json"]["schema"])
    return dict(sorted(bodies.items()))


def _convert(document: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in found:
        name = found["$ref"].removeprefix("#/components/schemas/")
        return _convert(document, document["components"]["schemas"][name])
    unknown = [key for key in found if key not in (*_KEPT, *_READ, *_DROPPED) and not key.startswith("x-")]
    if unknown:
        raise ValueError(f"the OpenAPI description uses {', '.join(unknown)}, which is not known here")
    if "oneOf" in found:
        return _told_apart_by_type([_convert(document, choice) for choice in found["oneOf"]])
    schema = {key: found[key] for key in _KEPT if key in found}
    if "properties" in found:
        fields = found["properties"].items()
        schema["properties"] = {name: _convert(document, field) for name, field in sorted(fields)}
        # GitHub ignores what it does not know; for us an unknown field is a misspelt one.
        schema["additionalProperties"] = False
    if "items" in found:
        schema["items"] = _convert(document, found["items"])
    return _nullable(schema) if found.get("nullable") else schema


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    schema["type"] = [schema["type"], "null"]
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return schema


def _told_apart_by_type(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """`oneOf` as one condition for each `type`, so that a mistake is reported in the choice that was meant."""
    types = [choice["properties"]["type"]["enum"][0] for choice in choices]
    conditions = [
        {"if": {"properties": {"type": {"const": type_}}, "required": ["type"]}, "then": choice}
        for type_, choice in zip(types, choices, strict=True)
    ]
    return {"type": "object", "required": ["type"], "properties": {"type": {"enum": types}}, "allOf": conditions}
