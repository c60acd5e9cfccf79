"""How a change moves the table of docs/detection.md: which alerts notify sooner, later, or no longer."""

from __future__ import annotations

import re
from pathlib import Path

from readiness.files import text_of
from readiness.plan.change_lines import printable, shortened
from readiness.plan.git import file_text, resolve_commit

PAGE = "docs/detection.md"
# For the alerts of both stacks. More rows mean that the whole page was rewritten.
MAX_LINES_IN_A_COMMENT = 60
_TITLE = "How soon alerts page, before and after"


def detection_change(root: Path, base: str, *, page_of: Path | None = None) -> list[str]:
    """Rows of the page that are others than at the commit, `- ` before and `+ ` after; none where none changes.

    `page_of` is another folder, that of a pull request, which has the page where the pull request changes it.
    """
    if page_of is not None and not (page_of / PAGE).is_file():
        return []
    before = file_text(root, resolve_commit(root, base), PAGE) or ""
    old, new = _rows(before), _rows(text_of((page_of or root) / PAGE))
    # A page that is new has nothing that it was before.
    if not old:
        return []
    changed = [key for key in dict.fromkeys((*old, *new)) if old.get(key) != new.get(key)]
    sides = (("-", old), ("+", new))
    return [
        shortened(printable(f"{sign} {key}: {rows[key]}")) for key in changed for sign, rows in sides if key in rows
    ]


def detection_text(lines: list[str]) -> str:
    """The section for a terminal; empty where nothing changes."""
    return "\n".join(["", _TITLE, *(f"  {line}" for line in lines), ""]) if lines else ""


def detection_markdown(lines: list[str]) -> str:
    """The section for a pull request's comment, short enough to leave space for the rest; empty if nothing changes."""
    if not lines:
        return ""
    left_out = len(lines) - MAX_LINES_IN_A_COMMENT
    shown = [*lines[:MAX_LINES_IN_A_COMMENT], *([f"  … {left_out} more lines"] if left_out > 0 else [])]
    return "\n".join(["", f"### {_TITLE}", "", "```diff", *shown, "```", ""])


def _rows(page: str) -> dict[str, str]:
    """The cells of each row, by stacks and alert."""
    found: dict[str, str] = {}
    stacks = ""
    for line in page.splitlines():
        if line.startswith("## "):
            stacks = line.removeprefix("## ")
        row = re.fullmatch(r"\| ([A-Z]\w+) \| (.+) \|", line)
        if row and row[1] != "Alert":
            found[f"{stacks}, {row[1]}"] = row[2].replace("`", "'")
    return found
