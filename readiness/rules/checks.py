"""Checks of fields that several APIs describe in the same words, and no schema expresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.rules.contract import Check, Field, is_placeholder
from readiness.rules.rule import Remark

_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_MAX_LABELS = 64


def one_of(*names: str, required: bool = True) -> Check:
    """A `oneof` of the API: one of these fields is written. Neither discovery documents nor OpenAPI express it."""

    def check(field: Field) -> Iterator[Remark]:
        written = field.written(*names)
        if len(written) > 1:
            yield field.remark(written[1], f"is written beside {written[0]}; the API takes one of {', '.join(names)}")
        if required and not written and isinstance(field.value, dict):
            yield field.remark("", f"has none of {', '.join(names)}")

    return check


def needs(*names: str) -> Check:
    """Required fields that the schema does not mark."""
    return lambda field: (field.remark(name, "is required") for name in names if not field.has(name))


def length(name: str, most: int, least: int = 0, *, of_bytes: bool = False, takes: str = "the API takes") -> Check:
    """The length of a text in characters, or in bytes of UTF-8."""

    def check(field: Field) -> Iterator[Remark]:
        text = field.text(name)
        size = None if text is None else len(text.encode() if of_bytes else text)
        if size is not None and not least <= size <= most:
            limits = f"{least} to {most}" if least else most
            yield field.remark(name, f"has {size} {'bytes' if of_bytes else 'characters'}; {takes} {limits}")

    return check


def count(name: str, most: int, least: int = 0, *, takes: str = "the API takes") -> Check:
    """How many items a list has, or how many keys a map."""

    def check(field: Field) -> Iterator[Remark]:
        size = len(field.items(name)) or len(field.entries(name))
        if not least <= size <= most:
            yield field.remark(name, f"has {size} items; {takes} {f'{least} to {most}' if least else most}")

    return check


def number(name: str, least: float, most: float, unit: str = "", *, takes: str = "the API takes") -> Check:
    """The range of a number."""

    def check(field: Field) -> Iterator[Remark]:
        value = field.number(name)
        if value is not None and not least <= value <= most:
            yield field.remark(name, f"is {value:g}{unit}; {takes} {least:g} to {most:g}")

    return check


def seconds(name: str, least: float = 0, most: float | None = None, *, step: int | None = None) -> Check:
    """The range of a duration, and what it is a multiple of."""

    def check(field: Field) -> Iterator[Remark]:
        value = field.seconds(name)
        if value is None:
            return
        if value < least or (most is not None and value > most):
            limits = f"{least:g} s or more" if most is None else f"{least:g} to {most:g} s"
            yield field.remark(name, f"is {value:g} s; the API takes {limits if least else 'no negative duration'}")
        elif step is not None and value % step:
            yield field.remark(name, f"is {value:g} s; the API takes multiples of {step} s")

    return check


def choice(name: str, *values: str) -> Check:
    """The values of a text that are supported, where the schema has more or names none."""

    def check(field: Field) -> Iterator[Remark]:
        text = field.text(name)
        if text is not None and text not in values:
            yield field.remark(name, f"{text!r} is not one of {', '.join(values)}")

    return check


def form(name: str, pattern: str, words: str) -> Check:
    """The form of a text, which `words` describes. An empty name means the value itself."""
    return lambda field: malformed(field.field(name) if name else field, pattern, words)


def malformed(text: Field, pattern: str, words: str) -> Iterator[Remark]:
    """A remark if a text does not match the pattern."""
    value = text.value
    if isinstance(value, str) and not is_placeholder(value) and not re.fullmatch(pattern, value):
        yield text.remark("", f"{value!r} is not {words}")


def labels(name: str) -> Check:
    """At most 64 labels of 63 characters of `[a-z0-9_-]`, keys starting with a letter.

    Source: descriptions of `userLabels` (monitoring v3) and `Repository.labels` (artifactregistry v1).
    """

    def check(field: Field) -> Iterator[Remark]:
        yield from count(name, _MAX_LABELS)(field)
        for key, value in field.entries(name):
            if not _LABEL_KEY.fullmatch(key):
                yield value.remark("", "is no key of a label: a letter, then at most 62 of a-z, 0-9, _ and -")
            text = field.field(name).text(key)
            if text is not None and not _LABEL_VALUE.fullmatch(text):
                yield value.remark("", f"{text!r} is no value of a label: at most 63 of a-z, 0-9, _ and -")

    return check


def each(name: str, *checks: Check) -> Check:
    """The checks on every item of a list."""
    return lambda field: (remark for item in field.items(name) for check in checks for remark in check(item))


def inside(path: str, *checks: Check) -> Check:
    """The checks on the field at a dotted path, if it is written."""

    def check(field: Field) -> Iterator[Remark]:
        for name in path.split("."):
            field = field.field(name)
        if field.value is not None:
            for inner in checks:
                yield from inner(field)

    return check
