"""What the contract of an API is made of: a schema, how inputs become the body of a request, and checks of its fields.

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
# `<NAME.id>`, `<unknown>` and `<urn:…>` replace what the engine will know, `[secret]` what a plan never shows.
_PLACEHOLDER = re.compile(r"<[^<>\n]+>|\[secret\]")
_SECONDS = re.compile(r"(-?\d+(?:\.\d{1,9})?)s")


def is_placeholder(value: object) -> bool:
    """Whether the whole value is a placeholder for one that a plan does not know."""
    return isinstance(value, str) and _PLACEHOLDER.fullmatch(value) is not None


def holds_placeholder(value: object) -> bool:
    """Whether a part of the text is a placeholder for one that a plan does not know."""
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
    included, so that the schema sees them. `plan_checks` read the rest of the plan. `not_in_schema` are fields that
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
