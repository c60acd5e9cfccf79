"""Compares the live GitHub environment, as the REST API returns it, with the declared one.

A refresh does not notice reviewers that were removed in the browser, because the provider keeps what it last wrote
(integrations/terraform-provider-github#3609). A plan does not notice it either. Only the API shows whether the
environment is protected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from readiness.live.github_api import GitHub, GitHubError
from readiness.settings.github import ProductionEnvironment, Reviewers


@dataclass(frozen=True, kw_only=True, slots=True)
class GateDifference:
    """A difference between the live and the declared environment. `weaker`: the live one protects less."""

    environment: str
    what: str
    declared: str
    live: str
    weaker: bool

    def __str__(self) -> str:
        """`production: reviewers: declared user 1, live nobody (WEAKER)`."""
        mark = " (WEAKER than declared)" if self.weaker else ""
        return f"{self.environment}: {self.what}: declared {self.declared}, live {self.live}{mark}"


# What is compared, the declared text, the live text, and whether the live one protects less if they differ.
_Compared = tuple[str, str, str, bool]


def gate_differences(github: GitHub, settings: ProductionEnvironment) -> list[GateDifference]:
    """Every difference, weaker ones first. Raises GitHubError."""
    environments = [(settings.name, settings.reviewers)]
    if settings.second_approval is not None:
        environments.append((settings.second_approval.name, settings.second_approval.reviewers))
    found = [
        GateDifference(environment=name, what=what, declared=declared, live=live, weaker=weaker)
        for name, reviewers in environments
        for what, declared, live, weaker in _compared(github, name, reviewers, settings)
        if declared != live
    ]
    return sorted(found, key=lambda difference: not difference.weaker)


def _compared(github: GitHub, name: str, reviewers: Reviewers, settings: ProductionEnvironment) -> Iterator[_Compared]:
    live = github.get(f"environments/{quote(name, safe='')}")
    if live is None:
        if github.get("") is None:
            # For a private repository, GitHub answers 404 to every request of a token without access.
            raise GitHubError(404, f"{github.name}: 404 (does it exist, and may this token read it?)")
        yield "environment", "exists", "is missing", True
        return
    rules = {rule["type"]: rule for rule in live.get("protection_rules", [])}
    review = rules.get("required_reviewers", {})
    declared = {("User", user.id) for user in reviewers.users} | {("Team", team.id) for team in reviewers.teams}
    found = {(entry["type"], entry["reviewer"]["id"]) for entry in review.get("reviewers", []) if entry.get("reviewer")}
    yield "reviewers", _names(declared), _names(found), True
    yield _flag("self-review prevented", settings.prevent_self_review, bool(review.get("prevent_self_review")), True)
    declared_minutes, minutes = settings.wait_timer_minutes, rules.get("wait_timer", {}).get("wait_timer", 0)
    yield "wait timer", f"{declared_minutes} min", f"{minutes} min", minutes < declared_minutes
    bypass = live.get("can_admins_bypass")
    if bypass is not None:
        yield _flag("administrators may bypass", settings.can_admins_bypass, bypass, False)
    yield from _compared_branches(github, name, settings, live.get("deployment_branch_policy"))


def _compared_branches(
    github: GitHub, name: str, settings: ProductionEnvironment, flags: dict[str, Any] | None
) -> Iterator[_Compared]:
    what, policy = "branches that may deploy", settings.deployment_branch_policy
    if flags is None:
        declared = ", ".join(policy.branches) if policy.custom_branch_policies else "protected branches"
        yield what, declared, "every branch", True
        return
    live_flag = bool(flags.get("custom_branch_policies"))
    # The policy "protected branches only" protects nothing if no branch is protected.
    yield _flag("branches named", policy.custom_branch_policies, live_flag, True)
    if policy.custom_branch_policies and live_flag:
        listed = github.items(f"environments/{quote(name, safe='')}/deployment-branch-policies", "branch_policies")
        names = {f"{branch.get('type', 'branch')} {branch['name']}" for branch in listed}
        wanted = {f"branch {branch}" for branch in policy.branches}
        yield what, ", ".join(sorted(wanted)), ", ".join(sorted(names)) or "none", not names <= wanted


def _flag(what: str, declared: bool, live: bool, safe: bool) -> _Compared:
    texts = {True: "yes", False: "no"}
    return what, texts[declared], texts[live], live is not safe


def _names(reviewers: set[tuple[str, int]]) -> str:
    return ", ".join(f"{kind.lower()} {identity}" for kind, identity in sorted(reviewers)) or "nobody"
