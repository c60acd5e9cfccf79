"""Text as Markdown shows it: the one place that knows what ends a cell of a table, or a block of code."""

from __future__ import annotations

import re
from collections.abc import Sequence


def table_cell(text: str) -> str:
    """Text on one line that can neither end the cell nor bring HTML of its own, which could fold the rest of the page.

    The settings refuse line ends. GitHub takes a `|` behind any backslash for text (github.github.com/gfm, "Tables").
    """
    return text.replace("|", r"\|").replace("<", "&lt;")


def fenced(lines: Sequence[str], language: str) -> list[str]:
    """The lines as a Markdown block of code, whose fence is longer than any run of backticks in them."""
    fence = "`" * max(3, longest_run_of_backticks("\n".join(lines)) + 1)
    return [f"{fence}{language}", *lines, fence]


def longest_run_of_backticks(text: str) -> int:
    """How many backticks follow each other at most."""
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def anchors(markdown: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page: lower case, spaces to hyphens, punctuation dropped."""
    headings = re.findall(r"^#{1,6} (.+)$", markdown, flags=re.MULTILINE)
    return {anchor_of(heading) for heading in headings}


def anchor_of(heading: str) -> str:
    """The anchor of one heading, given without its `#`."""
    return re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")
