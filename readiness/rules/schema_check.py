"""A body against the distilled schemas: misspelt fields, wrong enums, types, durations, read-only fields."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from readiness.rules.contract import UNKNOWN, holds_placeholder, is_placeholder
from readiness.rules.rule import Remark
from readiness.settings.nearest import suggestion

_SHOWN_CHARACTERS = 60
_SHOWN_CHOICES = 12
# What a mistake may have put in plain text where only a secret belongs.
_NEVER_SHOWN = frozenset({"auth_token", "encrypted_value", "password", "service_key"})


def schema_remarks(document: str, name: str, body: Any) -> Iterator[Remark]:
    """Everything that the schema `name` of the distilled document refuses. Raises KeyError when there is none."""
    for error in _validator(document, name).iter_errors(body):
        yield from _remarks(error)


@functools.cache
def _document(document: str) -> dict[str, Any]:
    file = resources.files("readiness.rules") / "schemas" / f"{document}.json"
    return json.loads(file.read_text(encoding="utf-8"))["$defs"]


@functools.cache
def _validator(document: str, name: str) -> Any:
    definitions = _document(document)
    if name not in definitions:
        raise KeyError(f"{document} has no schema {name}")
    return _Validator({"$ref": f"#/$defs/{name}", "$defs": definitions})


_Keyword = Callable[[Any, Any, Any, dict[str, Any]], Iterable[ValidationError] | None]


def _unless(stands_for_another: Callable[[object], bool], keyword: str) -> _Keyword:
    """The keyword's check, not made on values of which the plan knows too little."""
    check: _Keyword = Draft202012Validator.VALIDATORS[keyword]

    def checked(validator: Any, value: Any, instance: Any, schema: dict[str, Any]) -> Iterator[ValidationError]:
        if not stands_for_another(instance):
            yield from check(validator, value, instance, schema) or ()

    return checked


# `<unknown>` may be of any type; the other placeholders are texts of unknown form.
_Validator = extend(
    Draft202012Validator,
    {
        "type": _unless(lambda value: value == UNKNOWN, "type"),
        "enum": _unless(is_placeholder, "enum"),
        "pattern": _unless(holds_placeholder, "pattern"),
    },
)


def _remarks(error: Any) -> Iterator[Remark]:
    path = _path(error.absolute_path)
    if error.validator == "additionalProperties":
        valid = [name for name, schema in error.schema["properties"].items() if not _is_read_only(schema)]
        for name in error.instance.keys() - error.schema["properties"].keys():
            guess = suggestion(name, valid).strip()
            yield _below(path, name), f"is not a field of the API. {guess}".strip()
    elif error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield _below(path, name), "is required"
    else:
        yield path, _message(error)


def _message(error: Any) -> str:
    if _is_read_only(error.schema):
        return "is written by the API only"
    shown = "its value" if error.absolute_path and error.absolute_path[-1] in _NEVER_SHOWN else _shown(error.instance)
    if error.validator == "enum":
        choices = [str(choice) for choice in error.validator_value if not str(choice).endswith("_UNSPECIFIED")]
        more = ", …" if len(choices) > _SHOWN_CHOICES else ""
        return f"{shown} is not one of {', '.join(choices[:_SHOWN_CHOICES])}{more}"
    if error.validator == "type":
        types = error.validator_value
        return f"{shown} is not of type {types if isinstance(types, str) else ' or '.join(types)}"
    if error.validator == "pattern" and str(error.validator_value).endswith("s$"):
        return f"{shown} is not a duration as the API takes it; write seconds, such as 300s"
    return f"{shown} does not satisfy {error.validator} {error.validator_value}"


def _is_read_only(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("readOnly", False)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _path(parts: Iterable[str | int]) -> str:
    path = ""
    for part in parts:
        path = f"{path}[{part}]" if isinstance(part, int) else _below(path, part)
    return path


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
