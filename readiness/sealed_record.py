"""A record of evidence that is committed beside the stack's file: a JSON object with its date and its seal.

The seal shows a slip of the hand, not a forger's: a record is reviewed like any other change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from readiness.files import read_regular_text
from readiness.times import instant, instant_text

_FOLDER = "records"
_CLOCK_SKEW = timedelta(hours=1)
_SCHEMA = 1


class NoRecordError(Exception):
    """What a file is instead of a record, as the end of a sentence: `does not exist`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedRecord:
    """`fields` as the record's owner wrote them."""

    fields: dict[str, Any]
    made: datetime
    is_sealed: bool

    def faults(self, now: datetime) -> Iterator[str]:
        """What is wrong with it whatever it is about: edited, or from the future."""
        if not self.is_sealed:
            yield "was edited since it was written"
        if self.made > now + _CLOCK_SKEW:
            yield f"is dated {instant_text(self.made)}, which is to come"


def sealed_text(made: datetime, fields: dict[str, Any]) -> str:
    """The record's file."""
    whole = {"schema": _SCHEMA, "made": instant_text(made), **fields}
    return json.dumps({**whole, "seal": _seal(whole)}, indent=2) + "\n"


def opened(text: str | None, what: str) -> SealedRecord:
    """The record in a file's text, which is None where there is none. Raises NoRecordError, which names `what`."""
    if text is None:
        raise NoRecordError("does not exist")
    try:
        whole = json.loads(text)
        if not isinstance(whole, dict) or whole.get("schema") != _SCHEMA:
            raise ValueError
        made = instant(whole.get("made"))
    except (ValueError, RecursionError):
        raise NoRecordError(f"is no record of {what}") from None
    seal = whole.pop("seal", None)
    return SealedRecord(fields=whole, made=made, is_sealed=seal == _seal(whole))


def record_file(stack_file: str, name: str) -> str:
    """Where a record is, relative as the stack's file is."""
    return str(PurePosixPath(stack_file).parent / _FOLDER / f"{name}.json")


def file_text(path: Path) -> str | None:
    """The file's text, None where there is none; what is no text is an empty one, which is no record."""
    try:
        return read_regular_text(path)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        return ""


def _seal(fields: dict[str, Any]) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
