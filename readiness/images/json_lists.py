"""Reads a list of JSON objects as gcloud prints it, and reports every mistake at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readiness.files import read_regular_bytes
from readiness.finding import Finding, RefusedError

# The report shows at most this many mistakes, and the number of the others.
MAX_SHOWN = 20
# Our own limit: a registry's whole list fits, and a wrong file does not fill the memory.
MAX_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class JsonList:
    """The objects of a file, and the digest of its bytes: `sha256:` and 64 hexadecimal digits."""

    file: str
    items: tuple[dict[str, Any], ...]
    digest: str


def read_json_list(path: Path, made_by: str) -> JsonList:
    """Reads a file with a JSON list of objects; `made_by` is the command that writes one.

    Raises RefusedError for a file that is missing, empty, not text, not JSON, or anything but a list of objects.
    """
    file, hint = str(path), f"Write it with `{made_by}`"
    try:
        content = read_regular_bytes(path, MAX_BYTES)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise RefusedError([_unreadable(file, f"cannot be read ({reason})", hint)]) from None
    value = _parsed(file, content, hint)
    if not isinstance(value, list):
        raise RefusedError([_unreadable(file, f"contains {_kind(value)} instead of a list", hint)])
    refuse(
        Finding(
            rule_id="json-list-entry",
            file=file,
            key=f"[{index}]",
            message=f"is {_kind(item)} instead of an object",
            hint=hint,
        )
        for index, item in enumerate(value)
        if not isinstance(item, dict)
    )
    return JsonList(file=file, items=tuple(value), digest="sha256:" + hashlib.sha256(content).hexdigest())


def _unreadable(file: str, message: str, hint: str, line: int | None = None) -> Finding:
    return Finding(rule_id="json-list-unreadable", file=file, line=line, message=message, hint=hint)


def refuse(problems: Iterable[Finding]) -> None:
    """Raises RefusedError with the first problems and the number of the others; without any, does nothing."""
    found = list(problems)
    if len(found) > MAX_SHOWN:
        message = f"has {len(found) - MAX_SHOWN} more mistakes of this kind"
        hint = "Fix the errors above first"
        found[MAX_SHOWN:] = [Finding(rule_id="json-list-more", file=found[0].file, message=message, hint=hint)]
    if found:
        raise RefusedError(found)


def _parsed(file: str, content: bytes, hint: str) -> Any:
    line: int | None = None
    if not content.strip():
        message = "is empty"
    else:
        try:
            return json.loads(content.decode("utf-8-sig"))
        except UnicodeDecodeError:
            message = "is not UTF-8 text"
        except json.JSONDecodeError as error:
            message, line = f"is not JSON ({error.msg})", error.lineno
        except (ValueError, RecursionError):
            message = "is not JSON that a command would write: a number is too long, or values are nested too deeply"
    raise RefusedError([_unreadable(file, message, hint, line)])


def _kind(value: Any) -> str:
    """What a JSON value is, for a message."""
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
