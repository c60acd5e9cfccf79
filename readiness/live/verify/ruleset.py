"""The ruleset of the default branch, as GitHub's REST API has it, against the one in the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.live.github_api import GitHub
from readiness.live.verify.rows import Row, failed, not_checked, passed

CHECK = "branch ruleset"

Inputs = Mapping[str, Any]


def ruleset_rows(github: GitHub, declared: Inputs) -> list[Row]:
    """A row for each difference, or one that passes. `declared` are the plan's inputs. Raises GitHubError.

    Who may bypass a ruleset is shown to those alone who may write to the repository; to others that row says so.
    """
    name = declared["name"]
    found = [each for each in github.items("rulesets?includes_parents=false") if each["name"] == name]
    if len(found) != 1:
        return [failed(CHECK, name, "is missing" if not found else f"{len(found)} live rulesets have this name")]
    live = github.get(f"rulesets/{found[0]['id']}") or {}
    rows = [
        failed(CHECK, name, f"{what}: declared {_shown(wanted)}, live {_shown(is_)}")
        for what, wanted, is_ in _compared(declared, live)
        if wanted != is_
    ]
    if "bypass_actors" not in live:
        rows.append(not_checked(CHECK, name, "who may bypass it: the GitHub token may not write to this repository"))
    return rows if any(row.outcome == "fail" for row in rows) else [passed(CHECK, name, "as declared"), *rows]


def _compared(declared: Inputs, live: Inputs) -> Iterator[tuple[str, Any, Any]]:
    """`(what, declared, live)` of everything that the program declares; what it leaves to GitHub is not compared."""
    rules = {rule["type"]: rule.get("parameters", {}) for rule in live.get("rules", [])}
    wanted = declared["rules"]
    yield "enforcement", declared["enforcement"], live.get("enforcement")
    live_names = live.get("conditions", {}).get("ref_name", {})
    names = declared["conditions"]["refName"]
    yield "branches", sorted(names["includes"]), sorted(live_names.get("include", []))
    yield "excepted branches", sorted(names.get("excludes", [])), sorted(live_names.get("exclude", []))
    yield "deletion refused", bool(wanted.get("deletion")), "deletion" in rules
    yield "force push refused", bool(wanted.get("nonFastForward")), "non_fast_forward" in rules
    pull = rules.get("pull_request")
    yield "pull request required", "pullRequest" in wanted, pull is not None
    if pull is not None and "pullRequest" in wanted:
        approvals, stale = "required_approving_review_count", "dismiss_stale_reviews_on_push"
        yield "approvals", wanted["pullRequest"].get("requiredApprovingReviewCount", 0), pull.get(approvals, 0)
        yield (
            "stale approvals dismissed",
            wanted["pullRequest"].get("dismissStaleReviewsOnPush", False),
            pull.get(stale),
        )
    checks = rules.get("required_status_checks", {}).get("required_status_checks", [])
    wanted_checks = wanted.get("requiredStatusChecks", {}).get("requiredChecks", [])
    yield (
        "required checks",
        sorted(f"{each['context']} (app {each.get('integrationId')})" for each in wanted_checks),
        sorted(f"{each['context']} (app {each.get('integration_id')})" for each in checks),
    )
    if "bypass_actors" in live:
        yield (
            "may bypass it",
            sorted(f"{each['actorType']} {each.get('actorId')}" for each in declared.get("bypassActors") or ()),
            sorted(f"{each['actor_type']} {each.get('actor_id')}" for each in live["bypass_actors"]),
        )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)
