"""Whether what is live still matches what is declared, and the issue that says so.

The engine answers for the resources, and GitHub itself for the protected environment:
`preview --expect-no-changes` without `--refresh` says "no changes" of a policy that was edited by hand, and even a
refresh is blind to reviewers that were removed in the browser. A stack has one issue: opened when drift shows, updated
while it lasts, closed when it is gone.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readiness.live.github_api import GitHub
from readiness.live.github_gate import gate_differences
from readiness.live.pull_request_comment import ACTIONS_BOT, find_ours, has_text
from readiness.live.pulumi_cli import CHANGES_FOUND, run_pulumi
from readiness.markdown_text import fenced
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
    """What differs; both empty where nothing does. `preview` is the engine's text, `gate` the other differences."""

    preview: str
    gate: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether anything drifted."""
        return bool(self.preview or self.gate)


def find_drift(root: Path, stack: str, settings: Settings, github: GitHub) -> Drift:
    """Asks the engine, then GitHub. Raises UncheckedError where the preview fails, GitHubError where GitHub does."""
    gate: list[str] = []
    if settings.production_environment is not None:
        gate = [str(difference) for difference in gate_differences(github, settings.production_environment)]
    return Drift(preview=_preview_changes(root, stack), gate=tuple(gate))


def drift_markdown(stack: str, drift: Drift) -> str:
    """The report as the text of an issue."""
    parts = [f"What is live is not what stack `{stack}` declares.", ""]
    if drift.gate:
        parts += ["### The GitHub gate", "", *_shortened(drift.gate), ""]
    if drift.preview:
        parts += ["### Resources", "", *_shortened(drift.preview.splitlines()), ""]
    command = f"readiness up {shlex.quote(stack)}"
    parts.append(f"To put back what is declared: `{command}`. To keep what is live: change the settings.")
    return "\n".join(parts) + "\n"


def drift_json(stack: str, drift: Drift) -> str:
    """`{"stack", "drifted", "gate": [text, ...], "preview": text}`, for programs."""
    document = {"stack": stack, "drifted": bool(drift), "gate": list(drift.gate), "preview": drift.preview}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def drift_marker(stack: str) -> str:
    """The first line of the issue's text, by which it is found again."""
    return f"<!-- readiness drift {stack} -->"


def report_drift(github: GitHub, stack: str, report: str, *, author: str = ACTIONS_BOT) -> str:
    """Opens the stack's issue, or brings the open one up to date. Returns what it did and the issue's number."""
    text = f"{drift_marker(stack)}\n{report}"
    issue = _open_issue(github, stack, author)
    if issue is None:
        made = github.send("POST", "issues", {"title": f"Stack {stack} has drifted", "body": text})
        return f"opened #{made['number']}"
    if has_text(issue, text):
        return f"unchanged #{issue['number']}"
    github.send("PATCH", f"issues/{issue['number']}", {"body": text})
    return f"updated #{issue['number']}"


def close_drift(github: GitHub, stack: str, *, author: str = ACTIONS_BOT) -> str:
    """Closes the stack's issue where one is open, saying why. Returns what it did."""
    issue = _open_issue(github, stack, author)
    if issue is None:
        return "no issue is open"
    github.send("POST", f"issues/{issue['number']}/comments", {"body": "The stack is as it is declared again."})
    github.send("PATCH", f"issues/{issue['number']}", {"state": "closed", "state_reason": "completed"})
    return f"closed #{issue['number']}"


def _shortened(lines: Sequence[str]) -> list[str]:
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
    return fenced(shown, "text")


def _open_issue(github: GitHub, stack: str, author: str) -> dict[str, Any] | None:
    issues = (issue for issue in github.items("issues?state=open") if "pull_request" not in issue)
    return find_ours(issues, marker=drift_marker(stack), author=author)


def _preview_changes(root: Path, stack: str) -> str:
    options = ["--refresh", "--expect-no-changes", "--diff", "--non-interactive"]
    done = run_pulumi(root, "preview", "--stack", stack, *options, captured=True)
    text = mask_secrets(_ESCAPES.sub("", done.stdout + done.stderr)).strip()
    if done.returncode == 0:
        return ""
    if done.returncode == CHANGES_FOUND:
        return text
    raise UncheckedError(f"`pulumi preview` ended with status {done.returncode}:\n{text}")
