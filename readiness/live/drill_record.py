"""The drills of a stack and who received them: `records/drill.<stack>.json`, committed like any other evidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from readiness.files import read_regular_text, write_whole
from readiness.finding import Finding
from readiness.refusal import RefusedError
from readiness.sealed_record import record_file

_SCHEMA = 1
# A weekly drill for a year.
MAX_DRILLS = 52


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """Somebody got the word; `at` in UTC, RFC 3339."""

    by: str
    at: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedDrill:
    """A drill that was sent; `channels` are the names that Monitoring has for them."""

    nonce: str
    sent: str
    channels: tuple[str, ...]
    received: tuple[Receipt, ...] = ()


def drill_record_path(stack_file: Path, stack: str) -> Path:
    """Beside the stack's file."""
    return Path(record_file(str(stack_file), f"drill.{stack}"))


def read_drills(path: Path) -> tuple[RecordedDrill, ...]:
    """The recorded drills, oldest first; none where there is no file. Raises RefusedError for what is no record."""
    if not path.exists():
        return ()
    try:
        fields = json.loads(read_regular_text(path))
        if fields["schema"] != _SCHEMA:
            raise ValueError
        return tuple(_drill(each) for each in fields["drills"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        problem = Finding(
            rule_id="drill-record",
            file=str(path),
            message="is no record of drills",
            hint="Restore it from version control",
        )
        raise RefusedError([problem]) from None


def write_drills(path: Path, stack: str, drills: Sequence[RecordedDrill]) -> None:
    """Writes the newest of the drills, whole or not at all."""
    listed = [
        {
            "nonce": each.nonce,
            "sent": each.sent,
            "channels": list(each.channels),
            "received": [{"by": receipt.by, "at": receipt.at} for receipt in each.received],
        }
        for each in drills[-MAX_DRILLS:]
    ]
    text = json.dumps({"schema": _SCHEMA, "stack": stack, "drills": listed}, indent=2, ensure_ascii=False)
    write_whole(path, text + "\n")


def with_receipt(path: Path, drills: Sequence[RecordedDrill], nonce: str, receipt: Receipt) -> list[RecordedDrill]:
    """The drills with one more receipt. Raises RefusedError for a word that no drill has sent."""
    word = nonce.strip().lower()
    if word not in {each.nonce for each in drills}:
        known = ", ".join(each.nonce for each in drills[-3:]) or "none"
        message = f"holds no drill with the word {word}; the latest: {known}"
        raise RefusedError(
            [
                Finding(
                    rule_id="drill-record", file=str(path), message=message, hint="Copy the word from the notification"
                )
            ]
        )
    return [replace(each, received=(*each.received, receipt)) if each.nonce == word else each for each in drills]


def _drill(fields: dict[str, Any]) -> RecordedDrill:
    nonce, sent, *channels = _texts([fields["nonce"], fields["sent"], *_listed(fields["channels"])])
    receipts = [_texts([each["by"], each["at"]]) for each in _listed(fields["received"])]
    return RecordedDrill(
        nonce=nonce,
        sent=sent,
        channels=tuple(channels),
        received=tuple(Receipt(by=by, at=at) for by, at in receipts),
    )


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _texts(values: list[Any]) -> list[str]:
    if not all(isinstance(value, str) for value in values):
        raise TypeError
    return values
