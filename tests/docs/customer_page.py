"""Reads the tables of docs/customer/seed.md."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from tests.projects import ROOT

# The commands of the page: ours, those of Google, GitHub and Pulumi, and the application's own tools.
PROGRAMS = frozenset(
    {
        "bandit", "black", "curl", "flake8", "gcloud", "gh", "git", "make", "npm", "npx", "pulumi", "pytest", "python",
        "readiness",
    }
)  # fmt: skip
_COMPLETE_WITHOUT_ARGUMENTS = frozenset({"pytest"})


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


def shown_by(answer: str, declared: Collection[str]) -> list[str]:
    """What in an answer a reader can look at: commands, declared resources, and tests that exist."""
    codes = re.findall(r"`([^`]+)`", answer)
    return [code for code in codes if _is_command(code) or code in declared or _is_test(code)]


def commands_after_not_ours(answer: str) -> list[str] | None:
    """The commands after "not ours", without those of make, which run our own tests. None where the answer is ours."""
    _, words, rest = answer.replace("Not ours", "not ours").partition("not ours")
    commands = [code for code in re.findall(r"`([^`]+)`", rest) if _is_command(code)]
    return [command for command in commands if not command.startswith("make ")] if words else None


def _is_command(code: str) -> bool:
    program, *arguments = code.split()
    return program in PROGRAMS and bool(arguments or program in _COMPLETE_WITHOUT_ARGUMENTS)


def _is_test(code: str) -> bool:
    return code.startswith("tests/") and (ROOT / code).exists()
