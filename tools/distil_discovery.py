"""From Google's discovery documents to JSON Schema: names, types and enums of the bodies that we send, nothing else.

A discovery document says in prose what JSON Schema says in keywords; three of its habits are regular enough to read:
`Required.` and `Output only.` at the start of a description, and `google-duration` as a format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Schema = dict[str, Any] | bool

# `readOnly` is a mere remark in JSON Schema; `not: {}` is what refuses the field.
_READ_ONLY: dict[str, Any] = {"readOnly": True, "not": {}}

_FORMATS: dict[tuple[str, str], dict[str, Any]] = {
    ("string", "google-duration"): {"type": "string", "pattern": r"^-?\d+(\.\d{1,9})?s$"},
    # The APIs take a 64-bit number as text or as a number, and the providers send either.
    ("string", "int64"): {"type": ["string", "integer"], "pattern": r"^-?\d+$"},
}
# Starts of the descriptions of fields that only the API writes, where `readOnly` is not set.
_WRITTEN_BY_THE_API = ("Output only.", "Read-only", "A read-only")


def distil_discovery(document: dict[str, Any], roots: Iterable[str]) -> dict[str, Schema]:
    """The schemas named in `roots` and all that they refer to, by name; read-only fields are refused.

    Raises KeyError for a schema that the document lacks, ValueError for a type that is not known here.
    """
    schemas: dict[str, Schema] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in schemas:
            schemas[name] = _convert(document["schemas"][name])
            waiting += _references(schemas[name])
    return dict(sorted(schemas.items()))


def _convert(found: dict[str, Any]) -> Schema:
    if "$ref" in found:
        return {"$ref": f"#/$defs/{found['$ref']}"}
    kind = found.get("type")
    if kind == "any":
        return True
    if kind == "object":
        return _convert_object(found)
    if kind == "array":
        return {"type": "array", "items": _convert(found["items"])}
    if kind not in ("string", "integer", "number", "boolean"):
        raise ValueError(f"a discovery document has the type {kind!r}, which is not known here")
    if "enum" in found:
        return {"enum": found["enum"]}
    return _FORMATS.get((kind, found.get("format", "")), {"type": kind})


def _convert_object(found: dict[str, Any]) -> Schema:
    if "additionalProperties" in found:
        return {"type": "object", "additionalProperties": _convert(found["additionalProperties"])}
    fields = found.get("properties", {})
    properties = {
        name: _READ_ONLY if _is_read_only(field) else _convert(field) for name, field in sorted(fields.items())
    }
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    required = [name for name, field in sorted(fields.items()) if _is_required(field) and not _is_read_only(field)]
    return {**schema, "required": required} if required else schema


def _is_read_only(field: dict[str, Any]) -> bool:
    return field.get("readOnly", False) or field.get("description", "").startswith(_WRITTEN_BY_THE_API)


def _is_required(field: dict[str, Any]) -> bool:
    """Not `Required for …` or `Required if …`, which are conditions."""
    return field.get("description", "").startswith("Required.")


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix("#/$defs/")
        for value in schema.values():
            yield from _references(value)
