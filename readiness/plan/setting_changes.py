"""Which settings a change edits, with the file and line of each, so that the diff says where a change comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from readiness.plan.field_changes import ABSENT, FieldChange, field_changes, flat, holds_objects
from readiness.plan.plan_file import SECRET, holds_a_secret
from readiness.secret_shapes import mask_secrets
from readiness.settings.stack_files import StackConfig

_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
# Values that are in so many lines that they show no connection.
_COMMON = frozenset({"0", "1", "true", "false", "null", ""})


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingChange:
    """One setting, with `file:line` of its new value, or of its old one where it is removed. Values are texts."""

    place: str
    key: str
    old: str
    new: str
    stacks: tuple[str, ...]

    @property
    def text(self) -> str:
        """`Pulumi.yaml:31 alerts.high_error_rate.error_ratio 0.05 → 0.2`."""
        return f"{self.place} {self.key} {self.old or '(absent)'} → {self.new or '(absent)'}"


def setting_changes(stack: str, old: StackConfig, new: StackConfig) -> tuple[SettingChange, ...]:
    """Every setting under `config:` that differs between two versions of a stack; secrets are left out."""
    found: list[SettingChange] = []
    for key in sorted(old.values.keys() | new.values.keys()):
        before, after = (config.values.get(key, ABSENT) for config in (old, new))
        for change in _innermost(field_changes(before, after)):
            config = old if change.new is ABSENT else new
            file, line = config.place(key, _steps(change.path))
            name = key.removeprefix(f"{new.project}:") + ("." if change.path[:1] not in ("", "[") else "") + change.path
            sides = {"old": _text(name, change.old), "new": _text(name, change.new)}
            place = f"{file}:{line}" if line else file
            found.append(SettingChange(place=place, key=name, **sides, stacks=(stack,)))
    return tuple(found)


def over_stacks(found: Iterable[Sequence[SettingChange]]) -> tuple[SettingChange, ...]:
    """The changes of several stacks; what they share is there once and names them all."""
    shared: dict[tuple[str, str, str, str], SettingChange] = {}
    for change in (change for changes in found for change in changes):
        key = (change.place, change.key, change.old, change.new)
        known = shared.get(key)
        shared[key] = change if known is None else replace(known, stacks=(*known.stacks, *change.stacks))
    return tuple(shared.values())


def causes(settings: Sequence[SettingChange], name: str, lines: Sequence[str]) -> list[SettingChange]:
    """The settings that a resource's change comes from, as far as its name or its changed lines show that.

    A setting belongs to the resource if one of its keys is part of the resource's name, or if its old value is in a
    removed line and its new value in an added one.
    """
    return [change for change in settings if _names(change.key, name) or _shows(change, lines)]


def _names(key: str, name: str) -> bool:
    words = [word.replace("_", "-") for word in re.split(r"[.\[\]]+", key)[:-1] if "_" in word]
    return any(re.search(rf"(?:^|-){re.escape(word)}(?:$|-)", name) for word in words)


def _shows(change: SettingChange, lines: Sequence[str]) -> bool:
    if change.old in _COMMON and change.new in _COMMON:
        return False
    gone = "\n".join(line for line in lines if line.startswith("-"))
    come = "\n".join(line for line in lines if line.startswith("+"))
    return all(not value or _holds(text, value) for value, text in ((change.old, gone), (change.new, come)))


def _holds(text: str, value: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(value)}(?![\w]|\.\d)", text) is not None


def _innermost(changes: Iterable[FieldChange]) -> Iterator[FieldChange]:
    """A section that comes or goes is one change for each of its values, and a list for each of its entries."""
    for change in changes:
        old, new = change.old, change.new
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for index, (before, after) in enumerate(zip(old, new, strict=True)):
                if before != after:
                    yield replace(change, path=f"{change.path}[{index}]", old=before, new=after)
        elif old is ABSENT and isinstance(new, dict):
            for path, value in flat(new, change.path):
                yield replace(change, path=path, new=value)
        elif new is ABSENT and isinstance(old, dict):
            for path, value in flat(old, change.path):
                yield replace(change, path=path, old=value)
        else:
            yield change


def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(int(match[1]) if match[1] else match[2] for match in _STEP.finditer(path))


def _text(key: str, value: Any) -> str:
    """The value on one line, without credentials."""
    if value is ABSENT:
        return ""
    if holds_a_secret((key.rpartition(".")[2],), ""):
        return SECRET
    if isinstance(value, list) and not holds_objects(value):
        shown = ", ".join(map(str, value))
    else:
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return " ".join(mask_secrets(shown).split())
