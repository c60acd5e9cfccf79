"""One comment on a pull request, found again by its marker and its author and edited in place, and one label.

A marker alone could be quoted by anybody; the first page alone holds thirty comments.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

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
    existing = find_ours(github.items(f"issues/{number}/comments"), marker=marker, author=author)
    if existing is None:
        github.send("POST", f"issues/{number}/comments", {"body": text})
        return "created"
    if has_text(existing, text):
        return "unchanged"
    github.send("PATCH", f"issues/comments/{existing['id']}", {"body": text})
    return "updated"


def put_label(github: GitHub, number: int, label: str, *, instead_of: Iterable[str]) -> str:
    """Gives the pull request the label, and takes the others away. Returns `set` or `unchanged`.

    GitHub makes a label that the repository does not have. Raises GitHubError.
    """
    present = {entry.get("name") for entry in github.items(f"issues/{number}/labels")}
    # First what is wrong, so that a request that fails leaves no verdict rather than two.
    wrong = sorted(present & {*instead_of})
    for other in wrong:
        github.send("DELETE", f"issues/{number}/labels/{quote(other, safe='')}")
    if label not in present:
        github.send("POST", f"issues/{number}/labels", {"labels": [label]})
    return "set" if wrong or label not in present else "unchanged"


def find_ours(entries: Iterable[dict[str, Any]], *, marker: str, author: str) -> dict[str, Any] | None:
    """The first comment or issue of this author that begins with the marker; None where there is none.

    GitHub names nobody as the user where an account was deleted.
    """
    for entry in entries:
        if (entry.get("user") or {}).get("login") == author and (entry.get("body") or "").startswith(marker):
            return entry
    return None


def has_text(entry: dict[str, Any], text: str) -> bool:
    """Whether a comment or issue holds the text already; GitHub changes line ends and spaces at the end."""
    return (entry["body"] or "").replace("\r\n", "\n").rstrip() == text.rstrip()
