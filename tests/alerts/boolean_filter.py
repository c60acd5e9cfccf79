"""Runs a Cloud Logging filter with AND, OR, NOT and parentheses on log entries, without Cloud Logging.

Only what the security alerts' filters use: comparisons `=`, `:` (contains) and `:*` (is there), and a bare word, which
is looked for in every value of the entry. What Cloud Logging does with it (cloud.google.com/logging/docs/view/
logging-query-language): NOT binds strongest, **then OR, then AND**; a comparison on a repeated field is true when it
is true for one of its entries; `:` and a bare word take no heed of case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Entry = Mapping[str, Any]
Matches = Callable[[Entry], bool]

_TOKEN = re.compile(r'\s*(?:(\(|\))|([A-Za-z_][\w.]*)(:\*|=|:)("[^"\\]*")?|([A-Za-z_]\w*))')


class UnknownFilterError(ValueError):
    """The filter contains something that is not known here."""


def parse(text: str) -> Matches:
    """Whether an entry matches. Raises UnknownFilterError with the rest that is not understood."""
    tokens = list(_tokens(text))
    matches, rest = _conjunction(tokens)
    if rest:
        raise UnknownFilterError(f"not known here: {rest}")
    return matches


def _tokens(text: str) -> Iterator[Any]:
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            raise UnknownFilterError(f"not known here: {text[at:]}")
        parenthesis, path, operator, value, word = found.groups()
        if path and operator != ":*" and value is None:
            raise UnknownFilterError(f"not known here: {text[at:]}")
        yield parenthesis or ((path, operator, (value or "").strip('"')) if path else word)
        at = found.end()


def _conjunction(tokens: list[Any]) -> tuple[Matches, list[Any]]:
    parts, rest = _list_of(tokens, "AND", _disjunction)
    return (lambda entry: all(part(entry) for part in parts)), rest


def _disjunction(tokens: list[Any]) -> tuple[Matches, list[Any]]:
    parts, rest = _list_of(tokens, "OR", _term)
    return (lambda entry: any(part(entry) for part in parts)), rest


def _list_of(
    tokens: list[Any], joint: str, part_of: Callable[[list[Any]], tuple[Matches, list[Any]]]
) -> tuple[list[Matches], list[Any]]:
    part, rest = part_of(tokens)
    parts = [part]
    while rest and rest[0] == joint:
        part, rest = part_of(rest[1:])
        parts.append(part)
    return parts, rest


def _term(tokens: list[Any]) -> tuple[Matches, list[Any]]:
    if not tokens or tokens[0] in (")", "AND", "OR"):
        raise UnknownFilterError(f"a comparison is missing before {tokens[:1]}")
    first, rest = tokens[0], tokens[1:]
    if first == "NOT":
        inner, rest = _term(rest)
        return (lambda entry: not inner(entry)), rest
    if first == "(":
        inner, rest = _conjunction(rest)
        if not rest or rest[0] != ")":
            raise UnknownFilterError("a parenthesis is not closed")
        return inner, rest[1:]
    if isinstance(first, tuple):
        return (lambda entry: _compares(entry, *first)), rest
    return (lambda entry: any(first.lower() in text.lower() for text in _texts(entry))), rest


def _compares(entry: Entry, path: str, operator: str, value: str) -> bool:
    found = list(_values(entry, path.split(".")))
    if operator == ":*":
        return bool(found)
    if operator == "=":
        return value in found
    return any(value.lower() in str(item).lower() for item in found)


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _values(value[path[0]], path[1:])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for item in value.values() for text in _texts(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in _texts(item))
