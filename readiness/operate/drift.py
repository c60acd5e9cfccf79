"""Does what is live still match what is declared? The engine's answer, and GitHub's own for the gate.

`preview --expect-no-changes` without `--refresh` says "no changes" of a policy that was edited by hand, and even a
refresh is blind to reviewers that were removed in the browser: hence both halves.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from readiness.operate.apply import CHANGES_FOUND
from readiness.operate.github_api import GitHub
from readiness.operate.github_gate import gate_differences
from readiness.problems import mask_secrets
from readiness.settings.model import Settings

MAX_PREVIEW_LINES = 300
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
        parts += ["### The GitHub gate", "", *(f"- {line}" for line in drift.gate), ""]
    if drift.preview:
        lines = drift.preview.splitlines()
        cut = [f"… {len(lines) - MAX_PREVIEW_LINES} lines more"] if len(lines) > MAX_PREVIEW_LINES else []
        shown = "\n".join([*lines[:MAX_PREVIEW_LINES], *cut])
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", shown)), 3)
        parts += ["### Resources", "", f"{fence}text", shown, fence, ""]
    parts.append(f"To put back what is declared: `make up STACK={stack}`. To keep what is live: change the settings.")
    return "\n".join(parts) + "\n"


def _preview_changes(root: Path, stack: str) -> str:
    done = subprocess.run(  # noqa: S603 - a fixed command
        ["pulumi", "preview", "--stack", stack, "--refresh", "--expect-no-changes", "--diff", "--non-interactive"],  # noqa: S607
        cwd=root,
        check=False,
        text=True,
        capture_output=True,
    )
    text = mask_secrets(_ESCAPES.sub("", done.stdout + done.stderr)).strip()
    if done.returncode == 0:
        return ""
    if done.returncode == CHANGES_FOUND:
        return text
    raise UncheckedError(f"`pulumi preview` ended with status {done.returncode}:\n{text}")
