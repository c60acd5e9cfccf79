"""The format of recorded answers: text files that show in a pull request what changed for whoever runs a command."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

RECORDED = Path(__file__).parent / "recorded"
# Of a longer text the beginning is kept, and the digest of all; generated documents are committed elsewhere.
MAX_LINES = 320
MAX_WRITTEN_LINES = 130
BEGINNING_LINES = 12
_TITLE = "=== "
_INDENT = "  "


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What one command answered. `texts` holds each stream and each written file by its name; empty ones are absent."""

    title: str
    status: int
    texts: Mapping[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The answer as it is recorded, without its title."""
        found = [f"exit status {self.status}"]
        for name, text in self.texts.items():
            found += [f"--- {name}", *_lines_of(text, MAX_WRITTEN_LINES if name.startswith("wrote ") else MAX_LINES)]
        return found


def _lines_of(text: str, most: int) -> Iterator[str]:
    lines = text.split("\n")
    is_whole = lines[-1] == ""
    if is_whole:
        lines.pop()
    shortened = len(lines) > most
    for line in lines[:BEGINNING_LINES] if shortened else lines:
        yield f"{_INDENT}{line}" if line else ""
    if shortened:
        yield f"\\ {len(lines)} lines in all, sha256 {hashlib.sha256(text.encode()).hexdigest()[:16]}"
    elif not is_whole:
        yield "\\ no newline at the end"


def section_text(answers: Iterable[Answer]) -> str:
    """A section as committed. Raises ValueError for two answers with one title."""
    found: dict[str, list[str]] = {}
    for answer in answers:
        if answer.title in found:
            raise ValueError(f"two answers have the title {answer.title!r}")
        found[answer.title] = answer.lines()
    return "".join(f"{_TITLE}{title}\n" + "".join(f"{line}\n" for line in lines) for title, lines in found.items())


def read_section(text: str) -> dict[str, list[str]]:
    """The lines of each answer of a section by its title."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    # `splitlines` would also split at characters that a message may hold, such as a form feed.
    for line in text.split("\n")[:-1]:
        if line.startswith(_TITLE):
            current = found.setdefault(line.removeprefix(_TITLE), [])
        else:
            current.append(line)
    return found


def differences(recorded: str, now: str) -> list[str]:
    """One unified diff for each answer of a section that differs, is new, or is gone."""
    before, after = read_section(recorded), read_section(now)
    return [
        "\n".join(
            difflib.unified_diff(
                before.get(title, []), after.get(title, []), f"recorded: {title}", f"now: {title}", lineterm="", n=2
            )
        )
        for title in dict.fromkeys([*before, *after])
        if before.get(title) != after.get(title)
    ]
