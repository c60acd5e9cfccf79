"""The live GitHub environment against the declared one, read from the REST API itself.

A refresh is blind to reviewers that were removed in the browser: the provider keeps what it last wrote
(integrations/terraform-provider-github#3609). So is every plan. Only GitHub knows whether the gate stands.
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
    """Something of the live gate that is not as declared. `weaker`: it lets through more than declared."""

    environment: str
    what: str
    declared: str
    live: str
    weaker: bool

    def __str__(self) -> str:
        """`production: reviewers: declared user 1, live nobody (WEAKER)`."""
        mark = " (WEAKER than declared)" if self.weaker else ""
        return f"{self.environment}: {self.what}: declared {self.declared}, live {self.live}{mark}"


def gate_differences(github: GitHub, settings: ProductionEnvironment) -> list[GateDifference]:
    """Every difference, weaker ones first. Raises GitHubError where GitHub cannot be asked."""
    found = list(_of_environment(github, settings.name, settings.reviewers, settings))
    if settings.second_approval is not None:
        second = settings.second_approval
        found += _of_environment(github, second.name, second.reviewers, settings)
    return sorted(found, key=lambda each: not each.weaker)


def _of_environment(
    github: GitHub, name: str, reviewers: Reviewers, settings: ProductionEnvironment
) -> Iterator[GateDifference]:
    live = github.get(f"environments/{quote(name, safe='')}")
    if live is None:
        if github.get("") is None:
            # A private repository says 404 of everything to a token that may not see it.
            raise GitHubError(404, f"{github.owner}/{github.repository}: 404 (does it exist, for this token?)")
        yield GateDifference(environment=name, what="environment", declared="exists", live="is missing", weaker=True)
        return
    rules = {rule["type"]: rule for rule in live.get("protection_rules", [])}
    yield from _reviewer_differences(name, reviewers, settings, rules.get("required_reviewers", {}))
    waits = rules.get("wait_timer", {}).get("wait_timer", 0)
    if waits != settings.wait_timer_minutes:
        yield GateDifference(
            environment=name,
            what="wait timer",
            declared=f"{settings.wait_timer_minutes} min",
            live=f"{waits} min",
            weaker=waits < settings.wait_timer_minutes,
        )
    bypass = live.get("can_admins_bypass")
    if bypass is not None and bypass != settings.can_admins_bypass:
        yield _flag(name, "administrators may bypass", declared=settings.can_admins_bypass, live=bypass, safe=False)
    yield from _branch_differences(github, name, settings, live)


def _reviewer_differences(
    name: str, reviewers: Reviewers, settings: ProductionEnvironment, rule: dict[str, Any]
) -> Iterator[GateDifference]:
    declared = {("User", user.id) for user in reviewers.users} | {("Team", team.id) for team in reviewers.teams}
    live = {(each["type"], each["reviewer"]["id"]) for each in rule.get("reviewers", []) if each.get("reviewer")}
    if live != declared:
        what = "reviewers"
        yield GateDifference(environment=name, what=what, declared=_names(declared), live=_names(live), weaker=True)
    prevents = bool(rule.get("prevent_self_review", False))
    if prevents != settings.prevent_self_review:
        yield _flag(name, "self-review prevented", declared=settings.prevent_self_review, live=prevents, safe=True)


def _branch_differences(
    github: GitHub, name: str, settings: ProductionEnvironment, live: dict[str, Any]
) -> Iterator[GateDifference]:
    policy = settings.deployment_branch_policy
    flags = live.get("deployment_branch_policy")
    if flags is None:
        what, everything = "branches that may deploy", "every branch"
        declared = ", ".join(policy.branches) if policy.custom_branch_policies else "protected branches"
        yield GateDifference(environment=name, what=what, declared=declared, live=everything, weaker=True)
        return
    if flags.get("custom_branch_policies") != policy.custom_branch_policies:
        # Protected branches alone guard nothing while no branch is protected.
        live_flag = bool(flags.get("custom_branch_policies"))
        yield _flag(name, "branches named", declared=policy.custom_branch_policies, live=live_flag, safe=True)
        return
    if not policy.custom_branch_policies:
        return
    listed = github.items(f"environments/{quote(name, safe='')}/deployment-branch-policies", "branch_policies")
    names = {f"{each.get('type', 'branch')} {each['name']}" for each in listed}
    wanted = {f"branch {branch}" for branch in policy.branches}
    if names != wanted:
        yield GateDifference(
            environment=name,
            what="branches that may deploy",
            declared=", ".join(sorted(wanted)),
            live=", ".join(sorted(names)) or "none",
            weaker=not names <= wanted,
        )


def _flag(environment: str, what: str, *, declared: bool, live: bool, safe: bool) -> GateDifference:
    yes = {True: "yes", False: "no"}
    return GateDifference(
        environment=environment, what=what, declared=yes[declared], live=yes[live], weaker=live is not safe
    )


def _names(reviewers: set[tuple[str, int]]) -> str:
    return ", ".join(f"{kind.lower()} {identity}" for kind, identity in sorted(reviewers)) or "nobody"
