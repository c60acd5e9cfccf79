"""Runs a Cloud Logging filter on log entries, without Cloud Logging. Pure.

Only what our filters use: comparisons joined by line breaks (AND), `=`, `=~`, a list of values `("a" OR "b")`, `NOT`
before a comparison, and `log_id("…")`. Everything else is refused by name: a filter that is half understood proves
nothing.

What Cloud Logging does with it (cloud.google.com/logging/docs/view/logging-query-language): `=~` looks for a match
anywhere in the text, case-sensitively, with the engine RE2, which is used here too; a comparison on a field that the
entry lacks is false, so its NOT is true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import re2

LogEntry = Mapping[str, Any]

_LINE = re.compile(
    r"""
    (?P<negated>NOT[ ]+)?
    (?:
      log_id\("(?P<log_id>[^"\\]+)"\)
      | (?P<path>[A-Za-z_][A-Za-z0-9_.]*)(?P<operator>=~|=)
        (?: "(?P<value>[^"\\]*)" | \((?P<values>"[^"\\]*"(?:[ ]OR[ ]"[^"\\]*")*)\) )
    )
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
    """A filter holds something that this evaluator does not know; the message names it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One line of a filter. `pattern` is set for `=~`, `values` otherwise."""

    path: str
    values: tuple[str, ...]
    pattern: RE2Pattern | None
    negated: bool

    def matches(self, entry: LogEntry) -> bool:
        """Whether the line holds for an entry."""
        return self._holds(_field(entry, self.path)) is not self.negated

    def _holds(self, text: str | None) -> bool:
        if text is None:
            return False
        return bool(self.pattern.search(text)) if self.pattern else text in self.values


@dataclass(frozen=True, kw_only=True, slots=True)
class LogFilter:
    """A filter that is understood whole."""

    comparisons: tuple[Comparison, ...]

    def matches(self, entry: LogEntry) -> bool:
        """Whether Cloud Logging would count the entry (`resource`, `logName`, `textPayload` as in the API)."""
        return all(comparison.matches(entry) for comparison in self.comparisons)


def parse_filter(text: str) -> LogFilter:
    """A filter from its text. Raises UnknownFilterError with the first part that is not of our subset."""
    comparisons = tuple(_comparison(line.strip()) for line in text.splitlines() if line.strip())
    if not comparisons:
        raise UnknownFilterError("an empty filter matches everything")
    return LogFilter(comparisons=comparisons)


def _comparison(line: str) -> Comparison:
    found = _LINE.match(line)
    if found is None or found.end() != len(line):
        rest = line[found.end() :] if found else line
        raise UnknownFilterError(f"`{rest}` is not known here (only =, =~, NOT, a list of values and log_id)")
    negated = found["negated"] is not None
    if found["log_id"]:
        # The name of a log stands percent-encoded at the end of the entry's logName.
        end = re2.compile(f"/logs/{re2.escape(quote(found['log_id'], safe=''))}$")
        return Comparison(path="logName", values=(), pattern=end, negated=negated)
    if found["operator"] == "=~":
        return Comparison(path=found["path"], values=(), pattern=_pattern(found["value"], line), negated=negated)
    values = tuple(_values(found["value"], found["values"]))
    return Comparison(path=found["path"], values=values, pattern=None, negated=negated)


def _values(value: str | None, values: str | None) -> Iterator[str]:
    if values is None:
        yield value or ""
        return
    yield from re.findall(r'"([^"]*)"', values)


def _pattern(text: str | None, line: str) -> RE2Pattern:
    if text is None:
        raise UnknownFilterError(f"`{line}`: =~ takes one pattern, not a list")
    try:
        return re2.compile(text, _QUIET)
    except re2.error as error:
        raise UnknownFilterError(f"the pattern `{text}` is not valid: {error.args[0].decode()}") from None


def _field(entry: LogEntry, path: str) -> str | None:
    value: Any = entry
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    return value if isinstance(value, str) else None
