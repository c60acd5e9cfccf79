"""Evidence of drills and rehearsals: a list in a JSON file that is committed next to the stack file.

The file is `{"schema": 1, "stack": STACK, KEY: [ITEM, …]}`, oldest first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from readiness.files import read_regular_text, write_whole
from readiness.finding import Finding, RefusedError
from readiness.sealed_record import record_file

_SCHEMA = 1

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class EvidenceFile(Generic[Item]):
    """One kind of evidence. `name` is in the file's name, the items are below `key`, the newest `most` are kept."""

    name: str
    key: str
    items: TypeAdapter[tuple[Item, ...]]
    most: int

    def path(self, stack_file: Path, stack: str) -> Path:
        """The path of a stack's file: in `records/`, next to the stack file."""
        return Path(record_file(str(stack_file), f"{self.name}.{stack}"))

    def read(self, path: Path) -> tuple[Item, ...]:
        """The items, oldest first; none without a file. Raises RefusedError if the file has another form."""
        if not path.exists():
            return ()
        try:
            whole = json.loads(read_regular_text(path))
            if not isinstance(whole, dict) or whole.get("schema") != _SCHEMA:
                raise ValueError
            return self.items.validate_json(json.dumps(whole.get(self.key)), strict=True)
        except (OSError, ValueError, RecursionError, ValidationError):
            raise self.refused(path, f"is not a record of {self.key}", "Restore it from version control") from None

    def write(self, path: Path, stack: str, items: Sequence[Any]) -> None:
        """Writes the newest of the items, which are dataclasses: the whole file or nothing."""
        whole = {"schema": _SCHEMA, "stack": stack, self.key: [asdict(item) for item in items[-self.most :]]}
        write_whole(path, json.dumps(whole, indent=2, ensure_ascii=False) + "\n")

    def refused(self, path: Path, message: str, hint: str) -> RefusedError:
        """The error that the file does not contain what the caller needs."""
        rule_id = f"{self.name}-record"
        return RefusedError([Finding(rule_id=rule_id, file=str(path), message=message, hint=hint)])
