"""Rules of the guarded environment and of Dependabot that GitHub and its provider leave unchecked or check too late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.finding import Finding, Severity
from readiness.settings.github import MAX_REVIEWERS, MIN_REVIEWERS, is_to_be_filled_in
from readiness.settings.located import duplicates, items_at, problem_at, value_at
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath

ENVIRONMENT: KeyPath = ("production_environment",)
SECOND_APPROVAL: KeyPath = (*ENVIRONMENT, "second_approval")

_NAMES = {"users": "login", "teams": "slug"}


def github_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    """Every rule between the settings of the repository, all broken ones at once."""
    for path in (ENVIRONMENT, SECOND_APPROVAL):
        if isinstance(value_at(raw, path), dict):
            yield from _name_problems(config, raw, path)
            yield from _reviewer_problems(config, raw, path)
    if isinstance(value_at(raw, ENVIRONMENT), dict):
        yield from _branch_problems(config, raw)
        yield from _plan_problems(config, raw)
        yield from _weakening_warnings(config, raw)
    if isinstance(value_at(raw, SECOND_APPROVAL), dict):
        yield from _second_approval_problems(config, raw)
    yield from _dependabot_problems(config, raw)


def _name_problems(config: StackConfig, raw: Mapping[str, Any], path: KeyPath) -> Iterator[Finding]:
    name = value_at(raw, (*path, "name"))
    if isinstance(name, str) and name != name.lower():
        message = "is not in lower case: GitHub takes both for one environment, the engine would make and delete it"
        yield problem_at(config, (*path, "name"), message, f"Write {name.lower()}", rule_id="settings-environment-name")


def _reviewer_problems(config: StackConfig, raw: Mapping[str, Any], path: KeyPath) -> Iterator[Finding]:
    reviewers = (*path, "reviewers")
    if not isinstance(value_at(raw, reviewers), dict):
        return
    count = sum(len(items_at(raw, (*reviewers, kind))) for kind in _NAMES)
    if count < MIN_REVIEWERS:
        message = "names nobody" if count == 0 else "names one reviewer only, who could not approve an own deployment"
        yield problem_at(
            config,
            reviewers,
            message,
            f"List at least {MIN_REVIEWERS} users or teams",
            rule_id="settings-environment-reviewers",
        )
    if count > MAX_REVIEWERS:
        message = f"names {count} users and teams, and GitHub takes {MAX_REVIEWERS} together"
        yield problem_at(
            config, reviewers, message, "List a team instead of its members", rule_id="settings-environment-reviewers"
        )
    for kind, name in _NAMES.items():
        yield from _listed_problems(config, raw, (*reviewers, kind), name)


def _listed_problems(config: StackConfig, raw: Mapping[str, Any], path: KeyPath, name_key: str) -> Iterator[Finding]:
    """Who is missing still, who is nobody, and who is listed twice: by name, or by id under another name."""
    first_at: dict[str | int, int] = {}
    for index, item in enumerate(items_at(raw, path)):
        if isinstance(item, dict) and is_to_be_filled_in(item.get(name_key)):
            message = "stands for a reviewer to be filled in; `pulumi up` refuses until then"
            hint = f"Write the real {name_key} and id"
            yield problem_at(
                config,
                (*path, index),
                message,
                hint,
                severity=Severity.WARNING,
                placeholder=True,
                rule_id="settings-placeholder",
            )
            continue
        if isinstance(item, dict) and item.get("id") == 0:
            message = "is 0, which is nobody's id"
            yield problem_at(
                config,
                (*path, index, "id"),
                message,
                "Write the numeric id that GitHub's API gives",
                rule_id="settings-environment-reviewers",
            )
        identities = _identities(item, name_key)
        known = [each for each in identities if each in first_at]
        if known:
            field, hint = (name_key, "") if known[0] == identities[0] else ("id", ", or write the right id")
            message = f"repeats item [{first_at[known[0]]}]"
            yield problem_at(
                config,
                (*path, index, field),
                message,
                f"Keep one of the two{hint}",
                rule_id="settings-environment-reviewers",
            )
        for each in identities:
            first_at.setdefault(each, index)


def _identities(item: Any, name_key: str) -> list[str | int]:
    """What tells one reviewer from another: the name whatever its case, then the id; nothing of a placeholder."""
    name, identity = (item.get(name_key), item.get("id")) if isinstance(item, dict) else (None, None)
    if not isinstance(name, str) or is_to_be_filled_in(name):
        return []
    return [name.lower(), identity] if type(identity) is int and identity > 0 else [name.lower()]


def _branch_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    path = (*ENVIRONMENT, "deployment_branch_policy")
    policy = value_at(raw, path)
    if not isinstance(policy, dict):
        return
    protected, custom = policy.get("protected_branches", False), policy.get("custom_branch_policies", True)
    hint = "Write custom_branch_policies: true and protected_branches: false, with `branches: [main]`"
    if protected is True and custom is True:
        default = "" if "custom_branch_policies" in policy else " (custom_branch_policies is true unless it is written)"
        yield problem_at(
            config,
            path,
            f"sets both branch flags, and GitHub takes exactly one{default}",
            hint,
            rule_id="settings-environment-branches",
        )
    elif protected is False and custom is False:
        yield problem_at(
            config,
            path,
            "sets neither branch flag, so that every branch could deploy",
            hint,
            rule_id="settings-environment-branches",
        )
    elif protected is True:
        message = "relies on protected branches; while no branch is protected, every branch can deploy"
        yield problem_at(
            config, path, message, hint, severity=Severity.WARNING, rule_id="settings-environment-branches"
        )
    if custom is False and "branches" in policy:
        message = "is read only with custom_branch_policies: true"
        yield problem_at(
            config,
            (*path, "branches"),
            message,
            "Write that, or remove the list",
            rule_id="settings-environment-branches",
        )
    yield from duplicates(config, raw, (*path, "branches"), None)
    yield from _pattern_problems(config, raw, (*path, "branches"))


def _pattern_problems(config: StackConfig, raw: Mapping[str, Any], path: KeyPath) -> Iterator[Finding]:
    for index, pattern in enumerate(items_at(raw, path)):
        if isinstance(pattern, str) and pattern.startswith("refs/"):
            message = "is a ref; GitHub compares names of branches, and none has that name"
            yield problem_at(
                config,
                (*path, index),
                message,
                f"Write {pattern.removeprefix('refs/heads/')}",
                rule_id="settings-environment-branches",
            )
        elif isinstance(pattern, str) and pattern and not pattern.strip("*/"):
            message = "lets every branch deploy whose name is of that form"
            yield problem_at(
                config,
                (*path, index),
                message,
                "Write the names, as main",
                severity=Severity.WARNING,
                rule_id="settings-environment-branches",
            )


def reviewers_are_enforced(raw: Mapping[str, Any]) -> bool:
    """Whether GitHub enforces reviewers of the repository's environments, as far as visibility and plan are known."""
    visibility = value_at(raw, ("repository", "visibility")) or "public"
    plan = value_at(raw, ("repository", "plan")) or "free"
    return visibility not in ("private", "internal") or plan not in ("free", "pro", "team")


def _plan_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    visibility = value_at(raw, ("repository", "visibility")) or "public"
    plan = value_at(raw, ("repository", "plan")) or "free"
    if not reviewers_are_enforced(raw):
        message = f"is for a {visibility} repository, where GitHub's {plan} plan does not enforce reviewers"
        hint = "Use GitHub Enterprise (repository.plan: enterprise), make the repository public, or remove this section"
        yield problem_at(config, ENVIRONMENT, message, hint, rule_id="settings-environment-plan")


def _weakening_warnings(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    bypass, own = (*ENVIRONMENT, "can_admins_bypass"), (*ENVIRONMENT, "prevent_self_review")
    if value_at(raw, bypass) is True:
        message = "lets administrators deploy without approval"
        hint = "Write false, unless the person on call must be able to"
        yield problem_at(config, bypass, message, hint, severity=Severity.WARNING, rule_id="settings-environment-weak")
    if value_at(raw, own) is False:
        message = "lets a reviewer approve an own deployment"
        yield problem_at(
            config,
            own,
            message,
            "Write true, or remove the line",
            severity=Severity.WARNING,
            rule_id="settings-environment-weak",
        )


def _second_approval_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    name, second = value_at(raw, (*ENVIRONMENT, "name")) or "production", value_at(raw, (*SECOND_APPROVAL, "name"))
    if isinstance(second, str) and str(name).lower() == second.lower():
        yield problem_at(
            config,
            (*SECOND_APPROVAL, "name"),
            "is the guarded environment itself",
            "Rename it",
            rule_id="settings-second-approval",
        )
    for kind, name_key in _NAMES.items():
        first_list = items_at(raw, (*ENVIRONMENT, "reviewers", kind))
        listed = {identity for item in first_list for identity in _identities(item, name_key)}
        path = (*SECOND_APPROVAL, "reviewers", kind)
        for index, item in enumerate(items_at(raw, path)):
            if not listed.isdisjoint(_identities(item, name_key)):
                message = "may approve in the guarded environment too, so that one person could give both approvals"
                yield problem_at(
                    config,
                    (*path, index),
                    message,
                    "List each reviewer in one of the two",
                    rule_id="settings-second-approval",
                )


def _dependabot_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    path: KeyPath = ("dependabot", "updates")
    first_at: dict[tuple[str, str], str] = {}
    for index, item in enumerate(items_at(raw, path)):
        if not isinstance(item, dict):
            continue
        for place, folder in enumerate(items_at(raw, (*path, index, "directories"))):
            if not isinstance(folder, str) or not isinstance(item.get("ecosystem"), str):
                continue
            identity = (item["ecosystem"], folder.rstrip("/") or "/")
            where = f"[{index}].directories[{place}]"
            if identity in first_at:
                message = f"repeats {first_at[identity]}, and Dependabot refuses the whole file"
                yield problem_at(
                    config,
                    (*path, index, "directories", place),
                    message,
                    "Keep one of the two",
                    rule_id="settings-dependabot-updates",
                )
            first_at.setdefault(identity, where)
    yield from duplicates(config, raw, ("dependabot", "labels"), "name")
