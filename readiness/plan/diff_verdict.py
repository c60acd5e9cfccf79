"""The verdict on a diff with its label, and which commits and run the diff comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from readiness.plan.diff_report import DiffReport


class Verdict(StrEnum):
    """What a diff comes to, the gravest first."""

    FAILED = "failed"
    WEAKENS = "weakens"
    ACKNOWLEDGED = "acknowledged"
    CHANGES = "changes"
    SAME = "same"


# A pull request has one of these. GitHub takes 50 characters.
LABELS: Mapping[Verdict, str] = {
    Verdict.FAILED: "plan: failed",
    Verdict.WEAKENS: "plan: weakens protection",
    Verdict.ACKNOWLEDGED: "plan: acknowledged",
    Verdict.CHANGES: "plan: changes",
    Verdict.SAME: "plan: no change",
}


def verdict_of(report: DiffReport) -> Verdict:
    """The verdict on a diff that could be made. What the plans do not say is a change."""
    if report.acknowledgements.open:
        return Verdict.WEAKENS
    if report.acknowledgements.acknowledged:
        return Verdict.ACKNOWLEDGED
    is_known = all(diff.is_setup_known for diff in report.diffs)
    return Verdict.SAME if report.is_empty and is_known else Verdict.CHANGES


def other_labels(verdict: Verdict) -> list[str]:
    """The labels that a pull request with this verdict must not have."""
    return [label for other, label in LABELS.items() if other is not verdict]


_COMMIT = re.compile(r"[0-9a-f]{7,64}", re.IGNORECASE)
# Without what would end a link in Markdown, and without a name and password in front of the host.
_URL = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~%/?=&#-]*)?")
MAX_URL_CHARACTERS = 500
_SHOWN_DIGITS = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What was compared, and which run compared it; each is empty where it is not known."""

    base_commit: str = ""
    head_commit: str = ""
    run_url: str = ""

    def words(self) -> list[str]:
        """`base 0123456789ab`, `head …`, and a link to the log, as Markdown."""
        commits = (("base", self.base_commit), ("head", self.head_commit))
        words = [f"{side} <code>{commit[:_SHOWN_DIGITS]}</code>" for side, commit in commits if commit]
        return [*words, f'<a href="{self.run_url}">log of this run</a>'] if self.run_url else words


def commit_problem(commit: str) -> str | None:
    """Why this is not the id of a commit; None where it is."""
    return None if _COMMIT.fullmatch(commit) else "is not the ID of a commit. Give 7 to 64 hexadecimal digits"


def url_problem(url: str) -> str | None:
    """Why this is not the address of a run; None where it is."""
    if len(url) <= MAX_URL_CHARACTERS and _URL.fullmatch(url):
        return None
    return f"is not an address of a run. Give an https:// URL of at most {MAX_URL_CHARACTERS} plain characters"


def run_url_of(environment: Mapping[str, str]) -> str:
    """The address of the GitHub Actions run that has this environment; empty elsewhere."""
    server, repository, run = (
        environment.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    url = f"{server}/{repository}/actions/runs/{run}"
    return url if server and repository and run and url_problem(url) is None else ""
