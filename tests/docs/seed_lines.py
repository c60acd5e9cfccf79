"""The lines of the first customer's task list that ask for something: tasks, success criteria and success metrics."""

from __future__ import annotations

import re


def seed_lines(document: str) -> list[tuple[str, str]]:
    """`(section, line)` of each, in order: `("1.2", "Create alert policy: High Latency")`."""
    found: list[tuple[str, str]] = []
    section, group = "", ""
    for line in document.splitlines():
        if heading := re.match(r"### (\d\.\d) ", line):
            section = heading.group(1)
        elif line.startswith("## "):
            section, group = ("metrics" if "Success Metrics" in line else ""), ""
        elif line.startswith("**"):
            group = line.strip("*: ")
        asked = group == "Success Criteria" or (section == "metrics" and group.endswith("Metrics"))
        if task := re.match(r"\s*- \[ \] (.*)", line):
            found.append((section, task.group(1)))
        elif asked and line.startswith("- "):
            found.append((section, line[2:]))
    return found


def table_rows(page: str) -> list[tuple[str, str, str]]:
    """`(section, line, answer)` of every row of the page's tables."""
    rows: list[tuple[str, str, str]] = []
    section = ""
    for line in page.splitlines():
        if heading := re.match(r"## (\d\.\d|Success metrics)", line):
            section = "metrics" if heading.group(1) == "Success metrics" else heading.group(1)
        elif line.startswith("| ") and not line.startswith("| Line | Answer"):
            asked, answer = re.split(r"(?<!\\) \| ", line.removeprefix("| ").removesuffix(" |"), maxsplit=1)
            rows.append((section, asked, answer))
    return rows
