"""What a validation error means to the person who wrote the file. Text values are never repeated, numbers are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo

from readiness.settings.nearest import suggestion

_KINDS = {
    "model_type": "an object (keys and values)",
    "model_attributes_type": "an object (keys and values)",
    "dict_type": "an object (keys and values)",
    "tuple_type": "a list",
    "list_type": "a list",
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
}

# What a pattern asks for, in words, by a piece of the pattern that no other one has.
_PATTERNS = (
    ("@", "is not an e-mail address", "Write it as name@domain.example"),
    ("https://", "is not an https address", "Write it as https://host/path, without `#` and spaces"),
    ("notificationChannels", "is not the id of a channel", "Write it as projects/PROJECT/notificationChannels/NUMBER"),
    ("^#", "is not the name of a Slack channel", "Write it as #name, in lower case and in quotes"),
    (r"^\/", "is not a path", "Write it as /path, without `?` and `#`"),
    ("^/", "is not a path", "Write it as /path, without `?` and `#`"),
)
_RANGE_ERRORS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of")
_RANGE_WORDS = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most", "multiple_of": "a multiple of"}


def explain(
    error: Mapping[str, Any], *, value: Any, allowed: tuple[str, ...], field: FieldInfo | None
) -> tuple[str, str]:
    """What is wrong and how to mend it, both without a closing full stop. `field` describes the setting itself."""
    description = (field.description or "") if field else ""
    kind, context, name = error["type"], error.get("ctx", {}), str(error["loc"][-1])
    about = f" ({description.rstrip('.')})" if description else ""
    if kind == "missing":
        return "is missing", f"Add it{about}"
    if kind == "extra_forbidden":
        return "is an unknown key", f"{suggestion(name, allowed)}Allowed: {', '.join(allowed)}"
    if kind in _KINDS:
        return f"must be {_KINDS[kind]}, not {_kind_of(value)}", _mend_kind(kind, value, about)
    if kind in _RANGE_ERRORS:
        return _explain_range(field, value, about)
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        meant = suggestion(value, choices) if isinstance(value, str) else ""
        return "is not one of the allowed values", f"{meant}Allowed: {', '.join(choices)}"
    if kind in ("string_too_short", "too_short") or value == "":
        return "is empty", f"Write a value{about}" if kind != "too_short" else "List at least one"
    if kind == "string_pattern_mismatch":
        return _explain_pattern(str(context.get("pattern", "")), about)
    if kind in ("string_too_long", "too_long"):
        return f"is longer than {context.get('max_length')}", "Shorten it"
    return f"is not valid ({str(error['msg']).rstrip('.')})", f"Change it{about}"


def _explain_range(field: FieldInfo | None, value: Any, about: str) -> tuple[str, str]:
    limits = {
        name: getattr(rule, name)
        for rule in (field.metadata if field else ())
        for name in _RANGE_WORDS
        if getattr(rule, name, None) is not None
    }
    wanted = " and ".join(f"{_RANGE_WORDS[name]} {limit}" for name, limit in limits.items())
    message = f"is {value}, but must be {wanted}"
    if limits.get("lt") == 1 and value >= 1:
        percent = value if value < 100 else 80
        return message, f"A ratio is a share of 1: write {percent / 100:g} for {percent:g} %"
    return message, f"Change it{about}"


def _explain_pattern(pattern: str, about: str) -> tuple[str, str]:
    for piece, message, mend in _PATTERNS:
        if piece in pattern:
            return message, mend
    return f"is not of the form {pattern}", f"Change it{about}"


def _mend_kind(kind: str, value: Any, about: str) -> str:
    if kind in ("int_type", "float_type") and isinstance(value, str):
        return f"Write the number without quotes and units{about}"
    if value is None:
        return f"Write a value after the colon, or remove the key{about}"
    return f"Write {_KINDS[kind]}{about}"


def _kind_of(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int():
            return f"the number {value}"
        case float():
            return f"the number {value:g}"
        case str():
            return "text"
        case list():
            return "a list"
    return "an object"
