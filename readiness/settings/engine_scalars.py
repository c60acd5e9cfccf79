"""What a scalar of a YAML file means to the Pulumi engine, and which scalars are refused because readers disagree.

Two parsers read a stack file: the engine's (Go, yaml.v3) and ours. PyYAML's own rules are YAML 1.1 (`on` is true,
`1:30` is 90), the engine's are not; the loader here follows the engine. Compared, scalar by scalar, with the loader of
pulumi/pulumi's sdk v3.274.1 (`workspace.LoadProjectStack`). What it reads in a way that few people expect is refused.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

_PREFIX = "tag:yaml.org,2002:"

# From here on Go writes a whole number with an exponent (encoding/json, floatEncoder).
_LEAST_WITH_EXPONENT = 1e21


class EngineLoader(yaml.SafeLoader):
    """A SafeLoader whose implicit types are those of the engine's parser."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - the base class's shape


for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?(?:0|[1-9][0-9]{0,30})$", list("-+0123456789")),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
    ("merge", r"^<<$", ["<"]),
):
    EngineLoader.add_implicit_resolver(_PREFIX + _tag, re.compile(_pattern), _first)

_QUOTES = ", or put it in quotes where it is text"

# Plain scalars that are refused: what they look like, what is wrong, how to fix it.
_REFUSED = (
    (
        r"[-+]?0[0-9_]+",
        "begins with 0, and is octal to the engine",
        "Write it without the 0" + _QUOTES,
    ),
    (r"[-+]?0[xXoObB][0-9a-fA-F_]+", "is not a decimal number", "Write it in decimal digits" + _QUOTES),
    (r"[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?", "is a number with `_`", "Write the digits alone" + _QUOTES),
    (r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "is not a finite number", "Write a number" + _QUOTES),
    (r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?", "is a date, which the engine would rewrite", "Put it in quotes"),
)


def why_refused(node: yaml.ScalarNode) -> tuple[str, str] | None:
    """What is wrong with the scalar and how to fix it, or None where every reader reads it alike."""
    if has_tag(node):
        return "has a YAML tag", "Write a plain value, without `!`"
    if node.style is not None:
        return None
    found = (reason for pattern, *reason in _REFUSED if re.fullmatch(pattern, node.value))
    return next(((message, hint) for message, hint in found), None)


def has_tag(node: yaml.Node) -> bool:
    """Whether the file states the node's type, as in `!!int 5`."""
    return node.tag != _resolver.resolve(type(node), node.value, (_is_plain(node), not _is_plain(node)))


def scalar_value(node: yaml.ScalarNode) -> Any:
    """The plain value: None, bool, int, float or text. A whole number is an int however it is written, as in JSON."""
    match node.tag.removeprefix(_PREFIX):
        case "null":
            return None
        case "bool":
            return node.value.lower() == "true"
        case "int":
            return int(node.value)
        case "float":
            return _number(node.value)
    return node.value


def _number(text: str) -> Any:
    number = float(text)
    if math.isinf(number):
        return text  # too large for a number: the engine keeps the text
    return int(number) if number.is_integer() and abs(number) < _LEAST_WITH_EXPONENT else number


def _is_plain(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None


_resolver = EngineLoader("")
