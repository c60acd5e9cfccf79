"""Rules of the guarded branch, and of auto-merge, which is no safer than the checks that the branch requires."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.finding import Finding, Severity
from readiness.settings.github import MINOR_OR_PATCH_LABEL
from readiness.settings.located import duplicates, is_refused, items_at, problem_at, value_at
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath

RULESET: KeyPath = ("branch_ruleset",)
ENFORCEMENT: KeyPath = (*RULESET, "enforcement")
AUTO_MERGE: KeyPath = ("dependabot", "auto_merge")


def branch_ruleset_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    """Every rule between the ruleset, auto-merge and the repository's plan."""
    yield from duplicates(config, raw, (*RULESET, "required_checks"), "context")
    yield from _plan_problems(config, raw)
    yield from _bypass_problems(config, raw)
    yield from _auto_merge_problems(config, raw)


def _plan_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    """What GitHub's plan does not have.

    `evaluate`: "only available with GitHub Enterprise" (GitHub's OpenAPI description). Private: about-rulesets.
    """
    enforcement = value_at(raw, ENFORCEMENT)
    visibility = value_at(raw, ("repository", "visibility")) or "public"
    plan = value_at(raw, ("repository", "plan")) or "free"
    if enforcement == "evaluate" and plan != "enterprise":
        message = f"is evaluate, which only organisations with GitHub Enterprise have; the plan is {plan}"
        yield problem_at(
            config,
            ENFORCEMENT,
            message,
            "Stay with disabled, and go to active from there",
            rule_id="settings-ruleset-plan",
        )
    elif enforcement in ("evaluate", "active") and visibility != "public" and plan == "free":
        message = f"is for a {visibility} repository, where GitHub's free plan has no rulesets"
        yield problem_at(
            config,
            ENFORCEMENT,
            message,
            "Use a paid plan (repository.plan), or write disabled",
            rule_id="settings-ruleset-plan",
        )


def _bypass_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    path = (*RULESET, "bypass_actors")
    first_at: dict[tuple[str, int], int] = {}
    for index, item in enumerate(items_at(raw, path)):
        kind, identity = (item.get("kind"), item.get("id")) if isinstance(item, dict) else (None, None)
        if not isinstance(kind, str) or type(identity) is not int:
            continue
        if (kind, identity) in first_at:
            message = f"repeats item [{first_at[kind, identity]}]"
            yield problem_at(config, (*path, index), message, "Keep one of the two", rule_id="settings-ruleset-bypass")
        elif item.get("mode") == "always":
            message = "may push past pull request and checks"
            hint = "Write mode: pull_request, or remove the actor"
            yield problem_at(
                config, (*path, index), message, hint, severity=Severity.WARNING, rule_id="settings-ruleset-bypass"
            )
        first_at.setdefault((kind, identity), index)


def _auto_merge_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    """The half of the preflight that the settings show; the record of honest checks is the other."""
    if isinstance(value_at(raw, AUTO_MERGE), dict):
        for index, label in enumerate(items_at(raw, ("dependabot", "labels"))):
            name = label.get("name") if isinstance(label, dict) else None
            if isinstance(name, str) and name.lower() == MINOR_OR_PATCH_LABEL:
                message = "is the label that auto-merge sets on minor and patch updates alone"
                yield problem_at(
                    config,
                    ("dependabot", "labels", index, "name"),
                    message,
                    "Remove or rename it",
                    rule_id="settings-dependabot-reserved-label",
                )
    if value_at(raw, (*AUTO_MERGE, "enabled")) is not True:
        return
    enabled = (*AUTO_MERGE, "enabled")
    if value_at(raw, ENFORCEMENT) != "active" and not is_refused(raw, ENFORCEMENT):
        message = "would merge at once, whatever the checks say, while no active branch_ruleset requires one"
        yield problem_at(
            config,
            enabled,
            message,
            "Write false, which only labels, until the ruleset is active",
            rule_id="settings-auto-merge",
        )
    app = (*AUTO_MERGE, "app_client_id")
    if value_at(raw, app) is None and not is_refused(raw, app):
        message = "needs an App: what the workflow's own token merges starts no deployment"
        hint = "Write its app_client_id (docs/dependency-updates.md), or false, which only labels"
        yield problem_at(config, app, message, hint, rule_id="settings-auto-merge")
    approvals = (*RULESET, "required_approvals")
    if value_at(raw, ENFORCEMENT) == "active" and value_at(raw, approvals) != 0 and not is_refused(raw, approvals):
        message = "waits for a person: the ruleset asks for approvals"
        hint = "Write required_approvals: 0 where checks alone shall decide"
        yield problem_at(config, enabled, message, hint, severity=Severity.WARNING, rule_id="settings-auto-merge")
