"""Text of settings as Markdown shows it: the one place that knows what ends a cell of a table."""

from __future__ import annotations


def table_cell(text: str) -> str:
    """Text on one line that can neither end the cell nor bring HTML of its own, which could fold the rest of the page.

    The settings refuse line ends. GitHub takes a `|` behind any backslash for text (github.github.com/gfm, "Tables").
    """
    return text.replace("|", r"\|").replace("<", "&lt;")
