"""The output of a run on GitHub: lines in the log, annotations and a summary."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping


def say(line: str) -> None:
    """Writes a line to the log."""
    sys.stdout.write(f"{line}\n")


def annotate(kind: str, message: str) -> None:
    """Writes an annotation: `error`, `warning` or `notice`. The escaped message cannot begin another command."""
    escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    say(f"::{kind}::{escaped}")


def summarise(lines: Iterable[str], environment: Mapping[str, str] = os.environ) -> None:
    """Adds lines of Markdown to the summary of the run, if there is one."""
    path = environment.get("GITHUB_STEP_SUMMARY")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def code(text: str) -> str:
    """A text as a code span of Markdown, escaped so that it cannot end the span."""
    return "`" + " ".join(text.replace("`", "'").replace("|", "/").split()) + "`"
