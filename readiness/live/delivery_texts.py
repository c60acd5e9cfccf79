"""What a delivery is called: its branch, its commit, its pull request; and how a commit of ours is known again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from readiness.delivered.header import file_digest

BRANCH = "readiness/managed-files"
TITLE = "Update the files that readiness manages"
_TRAILER = "Readiness-Delivery: "


def commit_message(paths: Sequence[str], stack: str) -> str:
    """One line for each file, and the trailer by which the commit is known as ours."""
    return "\n".join([TITLE, "", *(f"- {path}" for path in paths), "", f"{_TRAILER}{stack}"])


def is_our_message(message: str) -> bool:
    """Whether a commit was made by a delivery."""
    return any(line.startswith(_TRAILER) for line in message.splitlines())


def pull_request_body(texts: Mapping[str, str], stack: str) -> str:
    """The files with the digests that `readiness plan` shows, and what merging does."""
    rows = [f"| `{path}` | `{file_digest(text)}` |" for path, text in sorted(texts.items())]
    return "\n".join(
        [
            f"These files are declared by the stack `{stack}` of the readiness project, and are edited there:",
            "a change made here is refused by the next delivery until somebody says what becomes of it.",
            "",
            "| file | digest, as `readiness plan` shows it |",
            "|---|---|",
            *rows,
            "",
            "Merging is a push to the default branch: whatever deploys on one deploys.",
            "Closed without merging, it is not opened again unless somebody asks for it.",
            "",
        ]
    )
