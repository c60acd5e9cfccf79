"""Every input of a resource type, as the installed SDKs declare it, with two sample values each."""

from __future__ import annotations

import collections.abc
import importlib
import typing
from collections.abc import Iterator
from typing import Any

from pulumi import _types

Inputs = dict[str, Any]
# What a text is by the name of its field, where a rule reads it; the second value is the weaker one.
_TEXTS = {
    "duration": ("60s", "120s"),
    "evaluationInterval": ("30s", "60s"),
    "period": ("60s", "300s"),
    "timeout": ("5s", "10s"),
    "autoClose": ("1800s", "3600s"),
    "severity": ("CRITICAL", "WARNING"),
    "combiner": ("OR", "AND"),
    "comparison": ("COMPARISON_GT", "COMPARISON_LT"),
    "enforcement": ("active", "evaluate"),
    "query": ("a > 1", "a > 2"),
    "filter": ('a="1"', 'a="1" AND b="2"'),
    "branchPattern": ("main", "*"),
    "tagPattern": ("v1", "*"),
    "role": ("roles/viewer", "roles/owner"),
    "permission": ("pull", "admin"),
    "enablementConfig": ("INHERITED", "DISABLED"),
}


def sample(type_: str) -> Inputs:
    """A resource of the type with every input that it can have."""
    return typing.cast("Inputs", _value(_arguments(type_), "", 0))


def variants(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every field with another value; of an object and of a list of objects the fields below too."""
    if isinstance(value, dict):
        for name, item in value.items():
            below = f"{path}.{name}" if path else name
            yield from variants(item, below)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield path, None
        yield from variants(value[0], f"{path}.0")
    else:
        yield path, _other(value, path.rpartition(".")[2])


def _arguments(type_: str) -> Any:
    package, module, name = type_.split(":")
    folder = module.partition("/")[0]
    sdk = f"pulumi_{package}" if folder == "index" else f"pulumi_{package}.{folder}"
    return getattr(importlib.import_module(sdk), f"{name}Args")


def _value(declared: Any, name: str, which: int) -> Any:
    """A value of a declared type: the first or the second sample."""
    origin = typing.get_origin(declared)
    if origin is typing.Union:
        return _value(typing.get_args(declared)[0], name, which)
    if origin in (collections.abc.Sequence, list):
        return [_value(typing.get_args(declared)[0], name, which)]
    if origin in (collections.abc.Mapping, dict):
        return {"key": _value(typing.get_args(declared)[1], "", which)}
    if declared is bool:
        return which == 0
    if declared in (int, float):
        return (5, 3)[which]
    if declared is str:
        return _TEXTS.get(name, ("a", "b"))[which]
    if _types.is_input_type(declared) or isinstance(declared, type):
        fields = _types.input_type_types(declared)
        return {field: _value(inner, field, which) for field, inner in sorted(fields.items())}
    return "a"


def _other(value: Any, name: str) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return 3
    if isinstance(value, list):
        return [_other(item, name) for item in value]
    return _TEXTS.get(name, ("a", "b"))[1]
