"""Compares the first customer's task list with docs/customer/task-list.txt, which has a digest of each of its lines.

Usage: python -m tools.task_list FILE [--write]. FILE is the customer's document, which is not kept in this repository.
Ends with 1 when a line is new, gone, moved or reworded; with `--write` it writes the list instead.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).resolve().parent.parent / "docs" / "customer" / "task-list.txt"
_HEAD = """\
# The lines of the first customer's task list that ask for something: line number, section, and the start of the
# SHA-256 of its text. The document itself is the customer's and is not kept here.
# `python -m tools.task_list FILE` compares a newer document with this list; with `--write` it writes the list.
"""


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A line of the document. `section` is `1.2`, or `metrics`; `digest` the first 16 hex digits of its SHA-256."""

    number: int
    section: str
    digest: str

    def __str__(self) -> str:
        return f"{self.number} {self.section} {self.digest}"


def lines_of_document(document: str) -> list[TaskLine]:
    """The tasks, success criteria, notification events and success metrics of the document, in their order."""
    found: list[TaskLine] = []
    section, group = "", ""
    for number, line in enumerate(document.splitlines(), start=1):
        if heading := re.match(r"### (\d\.\d) ", line):
            section = heading.group(1)
        elif line.startswith("## "):
            section, group = ("metrics" if "Success Metrics" in line else ""), ""
        elif line.startswith("**"):
            group = line.strip("*: ")
        is_asked = group in ("Success Criteria", "Notification Events") or (
            section == "metrics" and group.endswith("Metrics")
        )
        if task := re.match(r"\s*- \[ \] (.*)", line):
            found.append(TaskLine(number, section, digest(task.group(1))))
        elif is_asked and line.startswith("- "):
            found.append(TaskLine(number, section, digest(line[2:])))
    return found


def lines_of_list(text: str) -> list[TaskLine]:
    """The lines that docs/customer/task-list.txt has."""
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return [TaskLine(int(number), section, hexdigits) for number, section, hexdigits in rows]


def digest(text: str) -> str:
    """The entry of the list for a line's text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def main(arguments: Sequence[str]) -> int:
    """The exit status."""
    names = [argument for argument in arguments if argument != "--write"]
    if len(names) != 1:
        print(__doc__, file=sys.stderr)
        return 1
    try:
        found = lines_of_document(Path(names[0]).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        print(f"error: {names[0]}: cannot be read: {error}", file=sys.stderr)
        return 1
    if not found:
        print(f"error: {names[0]}: has no task lines; name the customer's task list", file=sys.stderr)
        return 1
    if "--write" in arguments:
        LIST.write_text(_HEAD + "".join(f"{line}\n" for line in found), encoding="utf-8")
        return 0
    known = lines_of_list(LIST.read_text(encoding="utf-8"))
    for line in sorted({*found} ^ {*known}, key=lambda line: line.number):
        print(f"line {line.number}: {'new or changed' if line in found else 'gone or changed'}")
    return int(found != known)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
