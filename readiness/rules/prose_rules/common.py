"""What several APIs say in the same words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from readiness.rules.body_view import BodyView
from readiness.rules.placeholders import is_placeholder
from readiness.rules.violation import FieldMessage

Rule = Callable[[BodyView], Iterator[FieldMessage]]

_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_MAX_LABELS = 64


def exactly_one_of(*names: str, at_least_one: bool = True) -> Rule:
    """A `oneof` of the API: of these fields one is written. Neither discovery documents nor OpenAPI express it."""

    def check(view: BodyView) -> Iterator[FieldMessage]:
        written = view.written(*names)
        if len(written) > 1:
            yield view.finding(written[1], f"stands beside {written[0]}; the API takes one of {', '.join(names)}")
        if at_least_one and not written and isinstance(view.value, dict):
            yield view.finding("", f"has none of {', '.join(names)}")

    return check


def labels_well_formed(field: str) -> Rule:
    """At most 64 labels of 63 characters of `[a-z0-9_-]`, keys starting with a letter.

    Source: descriptions of `userLabels` (monitoring v3) and `Repository.labels` (artifactregistry v1).
    """

    def check(view: BodyView) -> Iterator[FieldMessage]:
        entries = view.entries(field)
        if len(entries) > _MAX_LABELS:
            yield view.finding(field, f"has {len(entries)} labels; the API takes {_MAX_LABELS}")
        for key, value in entries:
            if not _LABEL_KEY.fullmatch(key):
                yield value.finding("", "is no key of a label: a letter, then at most 62 of a-z, 0-9, _ and -")
            text = view.field(field).text(key)
            if text is not None and not _LABEL_VALUE.fullmatch(text):
                yield value.finding("", f"{text!r} is no value of a label: at most 63 of a-z, 0-9, _ and -")

    return check


def at_most_characters(field: str, limit: int) -> Rule:
    """A text no longer than a description allows."""

    def check(view: BodyView) -> Iterator[FieldMessage]:
        text = view.text(field)
        if text is not None and len(text) > limit:
            yield view.finding(field, f"has {len(text)} characters; the API takes {limit}")

    return check


def malformed(text: BodyView, pattern: str, form: str) -> Iterator[FieldMessage]:
    """A finding where a text is not of the form, which `form` says in words."""
    value = text.value
    if isinstance(value, str) and not is_placeholder(value) and not re.fullmatch(pattern, value):
        yield text.finding("", f"{value!r} is not {form}")


def matches(field: str, pattern: str, form: str) -> Rule:
    """A field whose form only prose gives."""
    return lambda view: malformed(view.field(field), pattern, form)


def in_each(field: str, *rules: Rule) -> Rule:
    """The rules on every entry of a list."""

    def check(view: BodyView) -> Iterator[FieldMessage]:
        for entry in view.each(field):
            for rule in rules:
                yield from rule(entry)

    return check


def inside(field: str, *rules: Rule) -> Rule:
    """The rules on a field, where it is written."""

    def check(view: BodyView) -> Iterator[FieldMessage]:
        if view.has(field):
            for rule in rules:
                yield from rule(view.field(field))

    return check
