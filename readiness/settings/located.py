"""Raw settings and where they stand: what the rules between settings are written with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.finding import Finding, Severity
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath, path_text


def value_at(raw: Any, path: KeyPath) -> Any:
    """The value at `path`, None where there is none."""
    for part in path:
        if isinstance(part, int) and isinstance(raw, list):
            raw = raw[part] if part < len(raw) else None
        elif isinstance(raw, Mapping) and part in raw:
            raw = raw[part]
        else:
            return None
    return raw


def is_refused(raw: Any, path: KeyPath) -> bool:
    """Whether the value at `path`, or an object around it, was refused: it stands there as None, and is not missing."""
    holders = ((value_at(raw, path[:length]), path[length]) for length in range(len(path)))
    return any(isinstance(holder, Mapping) and part in holder and holder[part] is None for holder, part in holders)


def items_at(raw: Mapping[str, Any], path: KeyPath) -> list[Any]:
    """The list at `path`, empty where there is none."""
    found = value_at(raw, path)
    return found if isinstance(found, list) else []


def problem_at(
    config: StackConfig,
    path: KeyPath,
    message: str,
    hint: str,
    *,
    rule_id: str,
    severity: Severity = Severity.ERROR,
    placeholder: bool = False,
) -> Finding:
    """A problem of the setting at `path`, with the file and line where it was written."""
    key = f"readiness:{path[0]}"
    file, line = config.place(key, path[1:])
    return Finding(
        rule_id=rule_id,
        file=file,
        line=line,
        key=path_text((key, *path[1:])),
        message=message,
        hint=hint,
        severity=severity,
        placeholder=placeholder,
    )


def duplicates(config: StackConfig, raw: Mapping[str, Any], path: KeyPath, field: str | None) -> Iterator[Finding]:
    """Every item of the list at `path` that repeats an earlier one, by `field` or as it is, whatever its case."""
    first_at: dict[str | int, int] = {}
    for index, item in enumerate(items_at(raw, path)):
        value = item.get(field) if field and isinstance(item, dict) else item
        if isinstance(value, bool) or not isinstance(value, str | int):
            continue
        identity = value.lower() if isinstance(value, str) else value
        if identity in first_at:
            where = (*path, index, field) if field else (*path, index)
            yield problem_at(
                config,
                where,
                f"repeats item [{first_at[identity]}]",
                "Keep one of the two",
                rule_id="settings-repeated-item",
            )
        first_at.setdefault(identity, index)
