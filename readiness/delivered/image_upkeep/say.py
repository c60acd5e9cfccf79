"""What a script says: lines in the log, annotations and a summary of the run, as GitHub shows them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping


def say(line: str) -> None:
    """A line in the log."""
    sys.stdout.write(f"{line}\n")


def annotate(kind: str, message: str) -> None:
    """An annotation of the run: `error`, `warning` or `notice`. What others wrote cannot end it or begin another."""
    escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    say(f"::{kind}::{escaped}")


def summarise(lines: Iterable[str], environment: Mapping[str, str] = os.environ) -> None:
    """Adds lines of Markdown to the summary of the run, where there is one."""
    path = environment.get("GITHUB_STEP_SUMMARY")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def code(text: str) -> str:
    """Text of others as a code span of Markdown that it cannot leave."""
    return "`" + " ".join(text.replace("`", "'").replace("|", "/").split()) + "`"
