"""One comment on a pull request, which is found by its marker and author and edited in place, and one label.

Anybody can quote a marker, so the author counts too. The search reads all pages: the first has thirty comments.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from readiness.live.github_api import GitHub

# The user of a workflow's own token.
ACTIONS_BOT = "github-actions[bot]"
# GitHub's limit for a comment's body.
MAX_COMMENT_CHARACTERS = 65_536


def put_comment(github: GitHub, number: int, text: str, *, marker: str, author: str = ACTIONS_BOT) -> str:
    """Creates or edits the comment that begins with `marker`. Returns `created`, `updated` or `unchanged`.

    Raises GitHubError if GitHub refuses, ValueError if the text has no marker or is too long.
    """
    if not text.startswith(marker):
        raise ValueError(f"the text does not begin with {marker}, so it would not be found again")
    if len(text) > MAX_COMMENT_CHARACTERS:
        raise ValueError(f"the text has {len(text)} characters, and GitHub accepts {MAX_COMMENT_CHARACTERS}")
    existing = find_ours(github.items(f"issues/{number}/comments"), marker=marker, author=author)
    if existing is None:
        github.send("POST", f"issues/{number}/comments", {"body": text})
        return "created"
    if has_text(existing, text):
        return "unchanged"
    github.send("PATCH", f"issues/comments/{existing['id']}", {"body": text})
    return "updated"


def put_label(github: GitHub, number: int, label: str, *, instead_of: Iterable[str]) -> str:
    """Adds the label to the pull request, and removes the labels `instead_of`. Returns `set` or `unchanged`.

    GitHub creates a label that the repository does not have. Raises GitHubError.
    """
    present = {entry.get("name") for entry in github.items(f"issues/{number}/labels")}
    # Remove wrong labels first: if a request fails, the pull request has no verdict instead of two.
    wrong = sorted(present & {*instead_of})
    for other in wrong:
        github.send("DELETE", f"issues/{number}/labels/{quote(other, safe='')}")
    if label not in present:
        github.send("POST", f"issues/{number}/labels", {"labels": [label]})
    return "set" if wrong or label not in present else "unchanged"


def find_ours(entries: Iterable[dict[str, Any]], *, marker: str, author: str) -> dict[str, Any] | None:
    """The first comment or issue of this author that begins with the marker; None if there is none.

    For a deleted account, GitHub returns no user.
    """
    for entry in entries:
        if (entry.get("user") or {}).get("login") == author and (entry.get("body") or "").startswith(marker):
            return entry
    return None


def has_text(entry: dict[str, Any], text: str) -> bool:
    """Whether a comment or issue already has the text; GitHub changes line endings and trailing spaces."""
    return (entry["body"] or "").replace("\r\n", "\n").rstrip() == text.rstrip()
