"""How a service writes its log, and what a team's own code says when its database cannot be reached.

The drivers' own texts are in `readiness/alerts/log_patterns.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from pydantic_core import SchemaError

from readiness.finding import Finding
from readiness.settings.base import Listed, Section, refusal_of
from readiness.settings.stack_files import StackConfig
from readiness.settings.view import known, known_items

Language = Literal["python", "node", "java", "go", "other"]
LogFormat = Literal["text", "json"]

# What stays as it is inside the quotes of a filter and of a shell, and means the same to every engine of regular
# expressions: no quotes, no backslash, no braces, and `$` only as the end.
_PATTERN_CHARACTERS = r"^[A-Za-z0-9 _.,:;/()\[\]|*+?^@=%!#~-]+\$?$"
# RE2 refuses these, and other engines take them: https://github.com/google/re2/wiki/Syntax.
_RE2_REFUSES = re.compile(r"[*+?][*+]|[*+?][?][?*+]|\(\?(?!:)")
_CHARACTER_CLASS = re.compile(r"\[\^?\]?[^\]]*\]")
# Lines of a service that is well. A pattern that finds one of them would count every start.
_HEALTHY_LINES = (
    "INFO:     Application startup complete.",
    'INFO:     169.254.1.1:0 - "GET /health HTTP/1.1" 200 OK',
    "2026-01-31 09:00:00,123 - app.main - INFO - Database connection test successful",
    "Server listening on port 8080",
    "HikariPool-1 - Start completed.",
)


@cache
def _finder(pattern: str) -> TypeAdapter[str]:
    """A validator that accepts the texts in which the pattern is found. Raises SchemaError for an invalid pattern.

    pydantic runs Rust's regular expressions, which share RE2's syntax (https://docs.rs/regex, "Syntax"): no look-around
    and no back-references.
    """
    return TypeAdapter(Annotated[str, Field(pattern=pattern)])


def _finds(pattern: str, text: str) -> bool:
    try:
        _finder(pattern).validate_python(text)
    except ValidationError:
        return False
    return True


def _checked_pattern(pattern: str) -> str:
    hint = "Write the words of the message alone; `.` is any character, and `(a|b)` is one of two"
    if _RE2_REFUSES.search(_CHARACTER_CLASS.sub("x", pattern)):
        raise refusal_of("log_pattern", "is no regular expression that Cloud Logging takes", hint)
    try:
        _finder(pattern)
    except SchemaError:
        raise refusal_of("log_pattern", "is no regular expression that Cloud Logging takes", hint) from None
    if any(_finds(pattern, line) for line in ("", *_HEALTHY_LINES)):
        message = "is found in lines of a service that is well, so that it would count no errors"
        raise refusal_of("log_pattern", message, "Name more words of the message")
    return pattern


LogPattern = Annotated[
    str, Field(min_length=3, max_length=120, pattern=_PATTERN_CHARACTERS), AfterValidator(_checked_pattern)
]
JsonField = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)*$", max_length=60)]


class ServiceLogs(Section):
    """How the service writes its log, so that database connection errors are found in it."""

    language: Annotated[
        Language,
        Field(description="What the service is written in. The drivers of all but `other` have ready patterns."),
    ]
    format: Annotated[
        LogFormat,
        Field(description="`json`: one JSON object a line, which Cloud Logging parses; `text`: anything else."),
    ]
    connection_error_texts: Annotated[
        Listed[LogPattern],
        Field(
            max_length=10,
            description="What the service itself says of a failed connection, beside the drivers' texts: regular "
            "expressions (RE2), found anywhere in a message.",
        ),
    ] = ()
    not_counted_texts: Annotated[
        Listed[LogPattern],
        Field(
            max_length=10,
            description="What marks a message that repeats an error which another line has reported, or that holds "
            "such a text and is no connection error.",
        ),
    ] = ()
    message_fields: Annotated[
        Listed[JsonField],
        Field(max_length=5, description="Fields of the JSON that hold messages, beside those of the usual loggers."),
    ] = ()


# What a service that does not say how it logs is taken for.
ASSUMED_LOGS = ServiceLogs(language="python", format="text")


def log_problems(config: StackConfig, services: Iterable[Any], *, has_database: bool) -> Iterator[Finding]:
    """Patterns that can never match, and services of a stack with a database that do not say how they log."""
    for index, service in known_items(services):
        if "logs" not in service.model_fields_set:
            if has_database:
                yield _undeclared(config, index)
            continue
        logs = known(service, "logs")
        if logs is not None:
            yield from _unmatchable(config, index, logs, has_database=has_database)


def _undeclared(config: StackConfig, index: int) -> Finding:
    message = (
        "does not say how the service logs, so that database connection errors are only found if it is Python that "
        "logs plain text"
    )
    hint = "Write `logs: {language: python|node|java|go|other, format: text|json}`"
    return config.warning("settings-logs-not-declared", ("services", index), message, hint)


def _unmatchable(config: StackConfig, index: int, logs: ServiceLogs, *, has_database: bool) -> Iterator[Finding]:
    path = ("services", index, "logs")
    if known(logs, "message_fields") and known(logs, "format") == "text":
        message = "names fields of JSON, and the service logs text: they can match nothing"
        hint = "Write `format: json`, or remove the fields"
        yield config.error("settings-log-pattern-unmatchable", (*path, "message_fields"), message, hint)
    if has_database and known(logs, "language") == "other" and known(logs, "connection_error_texts") == ():
        message = "has no ready patterns, and there are none of your own: no connection error would ever count"
        hint = "List what the service logs of a failed connection in `connection_error_texts`"
        yield config.error("settings-log-pattern-unmatchable", (*path, "language"), message, hint)
