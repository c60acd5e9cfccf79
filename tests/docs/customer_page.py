"""Reads the tables of docs/customer/seed.md."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row: the number of the customer's line, its section, what it asks for in our words, and the answer."""

    number: int
    section: str
    words: str
    answer: str


def table_rows(page: str) -> list[Row]:
    """Every row of the page's tables."""
    rows: list[Row] = []
    section = ""
    for line in page.splitlines():
        if heading := re.match(r"## (\d\.\d|Success metrics)", line):
            section = "metrics" if heading.group(1) == "Success metrics" else heading.group(1)
        elif re.match(r"\| \d+ \|", line):
            number, words, answer = re.split(r"(?<!\\) \| ", line.strip("| "), maxsplit=2)
            rows.append(Row(number=int(number), section=section, words=words, answer=answer))
    return rows
