"""Values of JSON documents that others wrote, which may have any type anywhere."""

from __future__ import annotations

import json
from typing import Any


class UnreadableJsonError(ValueError):
    """What keeps bytes from being JSON, as a sentence without its subject, with the line where it is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def parsed_json(data: bytes, **hooks: Any) -> Any:
    """The value in the bytes of a file; `hooks` are those of `json.loads`. Raises UnreadableJsonError."""
    try:
        return json.loads(data.decode("utf-8-sig"), **hooks)
    except UnicodeDecodeError:
        raise UnreadableJsonError("is not UTF-8 text") from None
    except RecursionError:
        raise UnreadableJsonError("is nested too deeply to be read") from None
    except json.JSONDecodeError as error:
        raise UnreadableJsonError(f"is not valid JSON: {error.msg}", error.lineno) from None
    except ValueError as error:
        raise UnreadableJsonError(f"is not valid JSON: {error}") from None


def as_object(value: Any) -> dict[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; none where the value is no list."""
    return [item for item in as_list(value) if isinstance(item, dict)]
