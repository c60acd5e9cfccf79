"""What a contract of an API is made of: how inputs become the body of a request, and checks of what only prose says.

A check takes a field of a body, or of a resource's inputs, and yields remarks. Types are the schema's business: what is
absent, of another type or a placeholder reads as None, so that a check says only what it is about and never fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from readiness.rules.rule import Remark, Resource, Surroundings

Inputs = dict[str, Any]

UNKNOWN = "<unknown>"
# `<NAME.id>`, `<unknown>` and `<urn:…>` stand for what the engine will know, `[secret]` for what a plan never shows.
_PLACEHOLDER = re.compile(r"<[^<>\n]+>|\[secret\]")
_SECONDS = re.compile(r"(-?\d+(?:\.\d{1,9})?)s")
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_MAX_LABELS = 64


def is_placeholder(value: object) -> bool:
    """Whether the whole value stands for one that a plan does not know."""
    return isinstance(value, str) and _PLACEHOLDER.fullmatch(value) is not None


def holds_placeholder(value: object) -> bool:
    """Whether a part of the text stands for one that a plan does not know."""
    return isinstance(value, str) and _PLACEHOLDER.search(value) is not None


@dataclass(frozen=True, slots=True)
class Field:
    """A value of a body and its path."""

    value: Any
    path: str = ""

    def remark(self, name: str, message: str) -> Remark:
        """What is wrong with a field of this one, or with this one if the name is empty."""
        return (f"{self.path}.{name}" if self.path and name else self.path or name, message)

    def has(self, name: str) -> bool:
        """Whether the field is written, and not as null."""
        return isinstance(self.value, dict) and self.value.get(name) is not None

    def written(self, *names: str) -> list[str]:
        """Which of the fields are written."""
        return [name for name in names if self.has(name)]

    def field(self, name: str) -> Field:
        """The field; its value is None if it is absent."""
        value = self.value.get(name) if isinstance(self.value, dict) else None
        return Field(value, f"{self.path}.{name}" if self.path else name)

    def items(self, name: str) -> list[Field]:
        """The items of a list; none if there is no list."""
        found = self.field(name)
        items = found.value if isinstance(found.value, list) else []
        return [Field(item, f"{found.path}[{index}]") for index, item in enumerate(items)]

    def entries(self, name: str) -> list[tuple[str, Field]]:
        """Keys and values of a map; none if there is no map."""
        found = self.field(name)
        return [(key, found.field(key)) for key in found.value] if isinstance(found.value, dict) else []

    def text(self, name: str) -> str | None:
        """A field's text."""
        value = self.field(name).value
        return value if isinstance(value, str) and not is_placeholder(value) else None

    def number(self, name: str) -> float | None:
        """A field's number."""
        value = self.field(name).value
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def seconds(self, name: str) -> float | None:
        """A duration as the APIs write it, such as `300s`, in seconds."""
        found = _SECONDS.fullmatch(self.text(name) or "")
        return float(found[1]) if found else None

    def walk(self) -> Iterator[Field]:
        """The value, and every value below it."""
        yield self
        if isinstance(self.value, dict):
            for key in self.value:
                yield from self.field(key).walk()
        elif isinstance(self.value, list):
            for index, item in enumerate(self.value):
                yield from Field(item, f"{self.path}[{index}]").walk()


Check = Callable[[Field], Iterator[Remark]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """What an API takes of a resource type.

    `schema` is a distilled document and a name in it; None if the request has no body. `body` makes the body from the
    inputs as the real provider does under the real engine; what it does not name goes through unchanged, misspellings
    included, so that the schema sees them. `plan_checks` look at the rest of the plan. `not_in_schema` are fields that
    the provider sends and the API takes, though its description lacks them.
    """

    schema: tuple[str, str] | None
    body: Callable[[Inputs], Any]
    checks: tuple[Check, ...] = ()
    input_checks: tuple[Check, ...] = ()
    plan_checks: tuple[Callable[[Resource, Surroundings], Iterator[Remark]], ...] = ()
    not_in_schema: frozenset[str] = frozenset()


def without(inputs: Inputs, *names: str) -> Inputs:
    """A Google body: the inputs without those that belong to the address of the request or to the provider itself."""
    never_sent = {"project", "deletionPolicy", *names}
    return {key: value for key, value in inputs.items() if key not in never_sent}


def renamed(value: Inputs, **names: str) -> Inputs:
    """The fields by the API's names."""
    return {names.get(key, key): item for key, item in value.items()}


def no_body(inputs: Inputs) -> None:
    """The address of the request says everything."""
    del inputs


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


def each_item(name: str, *checks: Check) -> Check:
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
