"""A body as rules read it: fields by path, and what is absent, of another type or a placeholder read as None.

Types are the schema's business, so that a rule looks only at what it speaks of and never fails on a malformed body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from readiness.rules.placeholders import is_placeholder
from readiness.rules.violation import FieldMessage

_SECONDS = re.compile(r"(-?\d+(?:\.\d{1,9})?)s")


@dataclass(frozen=True, slots=True)
class BodyView:
    """A value of a body and its path."""

    value: Any
    path: str = ""

    def at(self, name: str) -> str:
        """The path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def finding(self, name: str, message: str) -> FieldMessage:
        """What is wrong with a field; an empty name means the value itself."""
        return (self.at(name) if name else self.path, message)

    def has(self, name: str) -> bool:
        """Whether the field is written, and not as null."""
        return isinstance(self.value, dict) and self.value.get(name) is not None

    def field(self, name: str) -> BodyView:
        """The field; its value is None where it is absent."""
        return BodyView(self.value.get(name) if isinstance(self.value, dict) else None, self.at(name))

    def each(self, name: str) -> list[BodyView]:
        """The entries of a list; none where there is no list."""
        entries = self.field(name).value
        if not isinstance(entries, list):
            return []
        return [BodyView(entry, f"{self.at(name)}[{index}]") for index, entry in enumerate(entries)]

    def entries(self, name: str) -> list[tuple[str, BodyView]]:
        """Keys and values of a map; none where there is no map."""
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

    def flag(self, name: str) -> bool:
        """Whether a field is true."""
        return self.field(name).value is True

    def seconds(self, name: str) -> float | None:
        """A duration in the APIs' form, `300s`, in seconds."""
        found = _SECONDS.fullmatch(self.text(name) or "")
        return float(found[1]) if found else None

    def written(self, *names: str) -> list[str]:
        """Which of the fields are written."""
        return [name for name in names if self.has(name)]

    def walk(self) -> Iterator[BodyView]:
        """The value, and every value below it."""
        yield self
        if isinstance(self.value, dict):
            for key in self.value:
                yield from self.field(key).walk()
        elif isinstance(self.value, list):
            for index, entry in enumerate(self.value):
                yield from BodyView(entry, f"{self.path}[{index}]").walk()
