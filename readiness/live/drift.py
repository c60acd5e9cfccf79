"""Does what is live still match what is declared? The engine's answer, and GitHub's own for the gate.

`preview --expect-no-changes` without `--refresh` says "no changes" of a policy that was edited by hand, and even a
refresh is blind to reviewers that were removed in the browser: hence both halves.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from readiness.live.apply import CHANGES_FOUND
from readiness.live.github_api import GitHub
from readiness.live.github_gate import gate_differences
from readiness.secret_shapes import mask_secrets
from readiness.settings.model import Settings

# GitHub takes 65,536 characters; a dashboard is one line of thousands.
MAX_PREVIEW_LINES = 300
MAX_PREVIEW_CHARACTERS = 50_000
MAX_LINE_CHARACTERS = 1_000
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class UncheckedError(Exception):
    """The check itself failed: nothing is known of the stack."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """What differs; both empty where nothing does. `preview` is the engine's text, `gate` one line a difference."""

    preview: str
    gate: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether anything drifted."""
        return bool(self.preview or self.gate)


def find_drift(root: Path, stack: str, settings: Settings, github: GitHub) -> Drift:
    """Asks the engine, then GitHub. Raises UncheckedError where the preview fails, GitHubError where GitHub does."""
    gate: list[str] = []
    if settings.production_environment is not None:
        gate = [str(each) for each in gate_differences(github, settings.production_environment)]
    return Drift(preview=_preview_changes(root, stack), gate=tuple(gate))


def drift_markdown(stack: str, drift: Drift) -> str:
    """The report as the text of an issue."""
    parts = [f"What is live is not what stack `{stack}` declares.", ""]
    if drift.gate:
        parts += ["### The GitHub gate", "", *_fenced(drift.gate), ""]
    if drift.preview:
        parts += ["### Resources", "", *_fenced(drift.preview.splitlines()), ""]
    command = f"readiness up {shlex.quote(stack)}"
    parts.append(f"To put back what is declared: `{command}`. To keep what is live: change the settings.")
    return "\n".join(parts) + "\n"


def _fenced(lines: Sequence[str]) -> list[str]:
    """As many lines as an issue takes, in a fence that they cannot end: branches and values are other people's."""
    shown: list[str] = []
    characters = 0
    for line in lines[:MAX_PREVIEW_LINES]:
        short = line if len(line) <= MAX_LINE_CHARACTERS else f"{line[:MAX_LINE_CHARACTERS]}…"
        characters += len(short) + 1
        if characters > MAX_PREVIEW_CHARACTERS:
            break
        shown.append(short)
    if len(shown) < len(lines):
        shown.append(f"… {len(lines) - len(shown)} lines more")
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", "\n".join(shown))), 3)
    return [f"{fence}text", *shown, fence]


def _preview_changes(root: Path, stack: str) -> str:
    done = subprocess.run(  # noqa: S603 - a fixed command
        ["pulumi", "preview", "--stack", stack, "--refresh", "--expect-no-changes", "--diff", "--non-interactive"],  # noqa: S607
        cwd=root,
        check=False,
        encoding="utf-8",
        errors="replace",
        capture_output=True,
    )
    text = mask_secrets(_ESCAPES.sub("", done.stdout + done.stderr)).strip()
    if done.returncode == 0:
        return ""
    if done.returncode == CHANGES_FOUND:
        return text
    raise UncheckedError(f"`pulumi preview` ended with status {done.returncode}:\n{text}")
