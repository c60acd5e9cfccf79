"""Runs a Cloud Logging filter on log entries, without Cloud Logging. Pure.

Only what our filters use: the comparisons `=`, `=~`, `>=`, a list of values `("a" OR "b")` and `log_id("…")`, with
`NOT`, `AND`, `OR` and parentheses; a line break is an AND. Everything else is refused by name: a filter that is half
understood proves nothing.

What Cloud Logging does with it (cloud.google.com/logging/docs/view/logging-query-language): `NOT` binds strongest,
**then `OR`, then `AND`**. `=~` looks for a match anywhere in the text, case-sensitively, with the engine RE2, which is
used here too. A comparison on a field that the entry lacks is false, so its NOT is true. One on a list, or on a
field of a list's items, is true if it is true for one item. Severities have an order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import re2

LogEntry = Mapping[str, Any]
Matches = Callable[[LogEntry], bool]

# logging.v2 LogSeverity, in its order.
_SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")
_TOKEN = re.compile(
    r"""
    (?P<space>[ ]+)
    | (?P<line>\s*\n\s*)
    | (?P<word>NOT|AND|OR)(?=[ (\n])
    | log_id\("(?P<log_id>[^"\\]+)"\)
    | (?P<path>[A-Za-z_][A-Za-z0-9_.]*)(?P<operator>=~|=|>=)
      (?: "(?P<value>[^"\\]*)" | (?P<bare>[A-Z]+|[0-9]+)\b
        | \((?P<values>"[^"\\]*"(?:[ ]OR[ ]"[^"\\]*")*)\) )
    | (?P<parenthesis>[()])
    """,
    re.VERBOSE,
)

_QUIET = re2.Options()
_QUIET.log_errors = False  # an invalid pattern is an exception here; RE2 would write it to stderr as well


class RE2Pattern(Protocol):
    """What is used of a compiled pattern; the package has no types."""

    def search(self, text: str) -> object:
        """A match anywhere in the text, or None."""
        ...


class UnknownFilterError(ValueError):
    """A filter contains something that this evaluator does not know; the message names it."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """A filter that is understood whole. `matches`: whether Cloud Logging would count an entry, as the API has it."""

    matches: Matches


def parse_filter(text: str) -> LogFilter:
    """A filter from its text. Raises UnknownFilterError with the first part that is not of our subset."""
    # A line break before or after an operator is no AND.
    joined = re.sub(r"\s*\n\s*(AND|OR)\b", r" \1", re.sub(r"\b(AND|OR|NOT)\s*\n\s*", r"\1 ", text.strip()))
    tokens = list(_tokens(joined))
    if not tokens:
        raise UnknownFilterError("an empty filter matches everything")
    matches, rest = _conjunction(tokens)
    if rest:
        raise UnknownFilterError(f"`{rest[0]}` is not expected there")
    return LogFilter(matches)


def _tokens(text: str) -> Iterator[str | Matches]:
    for token in re.split(r"(\s*\n\s*)", text):
        rest = token
        while rest:
            found = _TOKEN.match(rest)
            if found is None:
                raise UnknownFilterError(f"`{rest}` is not known here (only =, =~, >=, a list, log_id, NOT, AND, OR)")
            if found["line"]:
                yield "\n"
            elif not found["space"]:
                yield found["word"] or found["parenthesis"] or _comparison(found, rest)
            rest = rest[found.end() :]


def _comparison(found: re.Match[str], text: str) -> Matches:
    if found["log_id"]:
        # The name of a log is percent-encoded at the end of the entry's logName.
        end = f"/logs/{quote(found['log_id'], safe='')}"
        return lambda entry: str(entry.get("logName")).endswith(end)
    path = found["path"]
    if found["operator"] == ">=":
        return _at_least(path, found["bare"], text)
    if found["bare"]:
        raise UnknownFilterError(f"`{text}`: a value needs quotes")
    if found["operator"] == "=~":
        pattern = _pattern(found["value"], text)
        return lambda entry: any(isinstance(value, str) and pattern.search(value) for value in _values(entry, path))
    values = re.findall(r'"([^"]*)"', found["values"]) if found["values"] else [found["value"]]
    return lambda entry: any(value in values for value in _values(entry, path))


def _at_least(path: str, bare: str | None, text: str) -> Matches:
    if bare is None:
        raise UnknownFilterError(f"`{text}`: >= takes a number or a severity without quotes")
    if bare.isdecimal():
        return lambda entry: any(
            isinstance(value, int | float) and value >= int(bare) for value in _values(entry, path)
        )
    if path != "severity" or bare not in _SEVERITIES:
        raise UnknownFilterError(f"`{text}`: {bare} is no severity")
    least = _SEVERITIES.index(bare)
    return lambda entry: _SEVERITIES.index(entry.get("severity", "DEFAULT")) >= least


def _pattern(text: str | None, line: str) -> RE2Pattern:
    if text is None:
        raise UnknownFilterError(f"`{line}`: =~ takes one pattern, not a list")
    try:
        return re2.compile(text, _QUIET)
    except re2.error as error:
        raise UnknownFilterError(f"the pattern `{text}` is not valid: {error.args[0].decode()}") from None


def _conjunction(tokens: list[Any]) -> tuple[Matches, list[Any]]:
    part, rest = _disjunction(tokens)
    parts = [part]
    while rest and rest[0] in ("AND", "\n"):
        part, rest = _disjunction(rest[1:])
        parts.append(part)
    return (lambda entry: all(part(entry) for part in parts)), rest


def _disjunction(tokens: list[Any]) -> tuple[Matches, list[Any]]:
    part, rest = _term(tokens)
    parts = [part]
    while rest and rest[0] == "OR":
        part, rest = _term(rest[1:])
        parts.append(part)
    return (lambda entry: any(part(entry) for part in parts)), rest


def _term(tokens: list[Any]) -> tuple[Matches, list[Any]]:
    if not tokens or (isinstance(tokens[0], str) and tokens[0] not in ("NOT", "(")):
        raise UnknownFilterError(f"a comparison is missing before `{''.join(map(str, tokens[:1]))}`")
    first, rest = tokens[0], tokens[1:]
    if first == "NOT":
        inner, rest = _term(rest)
        return (lambda entry: not inner(entry)), rest
    if first == "(":
        inner, rest = _conjunction(rest)
        if not rest or rest[0] != ")":
            raise UnknownFilterError("a `)` is missing")
        return inner, rest[1:]
    return first, rest


def _values(entry: LogEntry, path: str) -> Iterator[Any]:
    """The values of an entry at a path: several if a list is on the way, none if it lacks the field."""
    found: list[Any] = [entry]
    for name in path.split("."):
        found = [value[name] for value in found if isinstance(value, Mapping) and name in value]
        found = [item for value in found for item in (value if isinstance(value, list) else [value])]
    yield from found
