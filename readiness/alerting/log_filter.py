"""Runs a Cloud Logging filter on log entries, without Cloud Logging. Pure.

Only what our filters use: comparisons joined by line breaks (AND), `=`, `=~`, a list of values `("a" OR "b")`, `NOT`
before a comparison, and `log_id("…")`. Everything else is refused by name: a filter that is half understood proves
nothing.

What Cloud Logging does with it (cloud.google.com/logging/docs/view/logging-query-language): `=~` looks for a match
anywhere in the text, case-sensitively; a comparison on a field that the entry lacks is false, so its NOT is true.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

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
# RE2, which Cloud Logging uses, has no look-around, back reference or possessive quantifier; Python has all three.
# To RE2 `{,5}` is text, and it repeats a thousand times at most.
_NOT_IN_RE2 = re.compile(r"\(\?|\\[1-9]|[*+?}]\+|\{,|\{(?:[0-9]+,)?[0-9]{4,}")


class UnknownFilterError(ValueError):
    """A filter holds something that this evaluator does not know; the message names it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One line of a filter. `pattern` is set for `=~`, `values` otherwise."""

    path: str
    values: tuple[str, ...]
    pattern: re.Pattern[str] | None
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
        end = re.compile(f"/logs/{re.escape(quote(found['log_id'], safe=''))}$")
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


def _pattern(text: str | None, line: str) -> re.Pattern[str]:
    if text is None:
        raise UnknownFilterError(f"`{line}`: =~ takes one pattern, not a list")
    unknown = _NOT_IN_RE2.search(text)
    if unknown:
        raise UnknownFilterError(f"`{unknown[0]}` in the pattern `{text}` is not of RE2")
    try:
        with warnings.catch_warnings():
            # Sets within sets (`[[:alpha:]]`, `[a&&b]`), which Python does not read as RE2 does.
            warnings.simplefilter("error", FutureWarning)
            return re.compile(text, re.ASCII)
    except (re.error, FutureWarning) as error:
        raise UnknownFilterError(f"the pattern `{text}` is not valid: {error}") from None


def _field(entry: LogEntry, path: str) -> str | None:
    value: Any = entry
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    return value if isinstance(value, str) else None
