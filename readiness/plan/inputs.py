"""Takes values out of a resource's inputs, whatever they hold: a plan that was handed in promises nothing."""

from __future__ import annotations

from typing import Any

from readiness.plan.field_changes import ABSENT

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


def number_at(inputs: Any, path: str) -> float | None:
    """A number, also one written as a text; None for anything else."""
    value = at(inputs, path)
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


def list_at(inputs: Any, path: str) -> list[Any]:
    """A list; empty for anything else."""
    value = at(inputs, path)
    return value if isinstance(value, list) else []


def texts_at(inputs: Any, path: str) -> frozenset[str]:
    """The texts and numbers of a list, as texts."""
    return frozenset(str(value) for value in list_at(inputs, path) if isinstance(value, int | float | str))


def objects_at(inputs: Any, path: str) -> list[Inputs]:
    """The objects of a list."""
    return [value for value in list_at(inputs, path) if isinstance(value, dict)]
