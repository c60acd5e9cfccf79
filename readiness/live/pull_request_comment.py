"""One comment on a pull request, found again by its marker and its author, and edited in place.

A marker alone could be quoted by anybody; the first page alone holds thirty comments.
"""

from __future__ import annotations

from typing import Any

from readiness.live.github_api import GitHub

# Who a workflow's own token writes as.
ACTIONS_BOT = "github-actions[bot]"
# GitHub's limit for a comment's body.
MAX_COMMENT_CHARACTERS = 65_536


def put_comment(github: GitHub, number: int, text: str, *, marker: str, author: str = ACTIONS_BOT) -> str:
    """Creates or edits the comment that begins with `marker`. Returns `created`, `updated` or `unchanged`.

    Raises GitHubError where GitHub refuses, ValueError where the text has no marker or is too long.
    """
    if not text.startswith(marker):
        raise ValueError(f"the text does not begin with {marker}, and would not be found again")
    if len(text) > MAX_COMMENT_CHARACTERS:
        raise ValueError(f"the text has {len(text)} characters, and GitHub takes {MAX_COMMENT_CHARACTERS}")
    existing = find_comment(github, number, marker=marker, author=author)
    if existing is None:
        github.send("POST", f"issues/{number}/comments", {"body": text})
        return "created"
    if existing["body"].replace("\r\n", "\n").rstrip() == text.rstrip():
        return "unchanged"
    github.send("PATCH", f"issues/comments/{existing['id']}", {"body": text})
    return "updated"


def find_comment(github: GitHub, number: int, *, marker: str, author: str) -> dict[str, Any] | None:
    """The first comment of this author that begins with the marker, over all pages; None where there is none."""
    for comment in github.items(f"issues/{number}/comments"):
        if is_by(comment, author) and (comment.get("body") or "").startswith(marker):
            return comment
    return None


def is_by(entry: dict[str, Any], author: str) -> bool:
    """Whether a comment or issue is this author's; GitHub names nobody where an account was deleted."""
    return (entry.get("user") or {}).get("login") == author
