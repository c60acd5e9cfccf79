"""The fields in which two values of JSON's types differ, and ways to take values out of a resource's inputs.

A plan from a file may hold anything, so every function takes any value. Entries of a list that have a name of their own
are compared with the entry of that name, whatever its position.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

# The keys that identify an entry of a list, if unique. A display name contains the threshold, so that it only helps
# to find the entry and does not name it.
_NAMES_OF_ENTRIES = ("id", "context", "name", "displayName")
_PLAIN_KEY = re.compile(r"^[A-Za-z_][A-Za-z0-9_-]*$")


class Absent:
    """The value of a field that is not there."""

    def __repr__(self) -> str:
        return "(absent)"


ABSENT: Final = Absent()


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One field. `names` are the keys on the way to it, positions in lists left out."""

    path: str
    names: tuple[str, ...]
    old: Any
    new: Any


def field_changes(old: Any, new: Any, path: str = "", names: tuple[str, ...] = ()) -> Iterator[FieldChange]:
    """Every innermost field that differs, sorted by key. A list of plain values is one field."""
    if is_same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            before, after = old.get(key, ABSENT), new.get(key, ABSENT)
            yield from field_changes(before, after, below(path, key), (*names, key))
    elif holds_objects(old) and holds_objects(new):
        for step, before, after in paired_entries(old, new):
            yield from field_changes(before, after, f"{path}[{step}]", names)
    else:
        yield FieldChange(path=path, names=names, old=old, new=new)


def is_same(old: Any, new: Any) -> bool:
    """Whether the values are equal as JSON: `true` is not 1, and 1.0 is 1."""
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(is_same(value, new[key]) for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(is_same, old, new))
    return bool(old == new)


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every innermost field of a value with its path; a list of plain values is one field."""
    if isinstance(value, dict) and value:
        for key, item in sorted(value.items()):
            yield from flat(item, below(path, key))
    elif holds_objects(value):
        for index, item in enumerate(value):
            yield from flat(item, f"{path}[{index}]")
    else:
        yield path, value


def below(path: str, key: str) -> str:
    """The path of a key in the object at `path`."""
    if not _PLAIN_KEY.match(key):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


def holds_objects(value: Any) -> bool:
    """Whether the value is a list of more than plain values."""
    return isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value)


def paired_entries(old: list[Any], new: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    """Entries that belong together, each with the step to it: its name, else its position."""
    key = next((key for key in _NAMES_OF_ENTRIES if _is_keyed(old, key) and _is_keyed(new, key)), None)
    new_by_name = {item[key]: index for index, item in enumerate(new)} if key else {}
    pairs: list[tuple[int | None, int | None]] = [
        (index, new_by_name.get(item[key]) if key else None) for index, item in enumerate(old)
    ]
    taken = {right for _, right in pairs if right is not None}
    # What has lost its name is paired in order: a renamed entry is one that changed.
    left_over = iter([index for index in range(len(new)) if index not in taken])
    pairs = [(left, right if right is not None else next(left_over, None)) for left, right in pairs]
    pairs += [(None, right) for right in left_over]
    for left, right in pairs:
        before = ABSENT if left is None else old[left]
        after = ABSENT if right is None else new[right]
        yield _step(key, before, after, left if left is not None else right), before, after


def _step(key: str | None, before: Any, after: Any, position: int | None) -> str:
    names = [entry[key] for entry in (before, after) if key is not None and isinstance(entry, dict)]
    is_named = key not in (None, "displayName") and len({*names}) == 1
    return names[0] if is_named and _PLAIN_KEY.match(names[0]) else str(position)


def _is_keyed(entries: list[Any], key: str) -> bool:
    names = [entry.get(key) for entry in entries if isinstance(entry, dict)]
    return len(names) == len(entries) and all(isinstance(name, str) for name in names) and len({*names}) == len(names)


Inputs = dict[str, Any]


def at(inputs: Any, path: str) -> Any:
    """The value at a dotted path; ABSENT where there is none."""
    for key in path.split("."):
        if not isinstance(inputs, dict) or key not in inputs:
            return ABSENT
        inputs = inputs[key]
    return inputs


def is_on(inputs: Any, path: str, *, default: bool) -> bool:
    """Whether a flag is on; the providers take texts too."""
    value = at(inputs, path)
    return default if value is ABSENT else value in (True, "true")


def number_of(value: Any) -> float | None:
    """A number, also one written as a text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def text_at(inputs: Any, path: str) -> str:
    """A text; empty for anything else."""
    value = at(inputs, path)
    return value if isinstance(value, str) else ""


def list_of(value: Any) -> list[Any]:
    """A list; empty for anything else."""
    return value if isinstance(value, list) else []


def texts_of(value: Any) -> frozenset[str]:
    """The texts and numbers of a list, as texts."""
    return frozenset(str(item) for item in list_of(value) if isinstance(item, int | float | str))


def objects_of(value: Any) -> list[Inputs]:
    """The objects of a list."""
    return [item for item in list_of(value) if isinstance(item, dict)]
