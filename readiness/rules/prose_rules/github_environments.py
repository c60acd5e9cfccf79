"""Environments of a GitHub repository and who may deploy to them.

Sources: the descriptions in GitHub's OpenAPI description; its pages (docs/facts/github.md#environments); what the
provider does (docs/facts/github.md#what-the-provider-does-with-an-environment).
"""

from __future__ import annotations

from collections.abc import Iterator

from readiness.rules.body_view import BodyView
from readiness.rules.prose_rules.common import Rule, exactly_one_of
from readiness.rules.violation import FieldMessage

MAX_REVIEWERS = 6
MAX_WAIT_MINUTES = 43_200
MAX_NAME_CHARACTERS = 255


def _reviewers(environment: BodyView) -> Iterator[FieldMessage]:
    """`You can list up to six users or teams as reviewers.` The provider counts users and teams apart on create."""
    reviewers = environment.each("reviewers")
    if environment.field("reviewers").value == []:
        yield environment.finding("reviewers", "is an empty list: a gate that nobody guards; leave it out or fill it")
    if len(reviewers) > MAX_REVIEWERS:
        yield environment.finding("reviewers", f"are {len(reviewers)}; users and teams together are at most 6")
    yield from _duplicates(reviewers)


def _duplicates(reviewers: list[BodyView]) -> Iterator[FieldMessage]:
    """GitHub's ids start at 1; 0 stands for a reviewer who is still to be filled in."""
    first: dict[tuple[str | None, float], BodyView] = {}
    for reviewer in reviewers:
        identity = reviewer.number("id")
        if identity:
            other = first.setdefault((reviewer.text("type"), identity), reviewer)
            if other is not reviewer:
                yield reviewer.finding("", f"is the same as {other.path}")


def _wait(environment: BodyView) -> Iterator[FieldMessage]:
    """`An integer between 0 and 43,200 (30 days).`"""
    minutes = environment.number("wait_timer")
    if minutes is not None and not 0 <= minutes <= MAX_WAIT_MINUTES:
        yield environment.finding("wait_timer", f"is {minutes:g} minutes; GitHub takes 0 to {MAX_WAIT_MINUTES}")


def _branch_flags_differ(environment: BodyView) -> Iterator[FieldMessage]:
    """`If protected_branches is true, custom_branch_policies must be false` and the reverse; 422 otherwise."""
    policy = environment.field("deployment_branch_policy")
    flags = [policy.field(name).value for name in ("protected_branches", "custom_branch_policies")]
    if all(isinstance(flag, bool) for flag in flags) and flags[0] == flags[1]:
        message = "must not equal protected_branches; to let every branch deploy leave the policy out"
        yield policy.finding("custom_branch_policies", message)


def _name(inputs: BodyView) -> Iterator[FieldMessage]:
    """Names match whatever their case, so that a rename of the case alone deletes the gate (rule on inputs)."""
    name = inputs.text("environment")
    if name is not None and name != name.lower():
        yield inputs.finding("environment", f"{name!r} is not in lower case; GitHub takes both for the same")
    if name is not None and not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        yield inputs.finding("environment", f"has {len(name)} characters; GitHub takes 1 to {MAX_NAME_CHARACTERS}")


def _one_group(inputs: BodyView) -> Iterator[FieldMessage]:
    """The provider's schema has a list of at most one `{users, teams}` (rule on inputs)."""
    groups = len(inputs.each("reviewers"))
    if groups > 1:
        yield inputs.finding("reviewers", f"has {groups} entries; the provider takes one with all users and teams")


def _pattern_not_empty(policy: BodyView) -> Iterator[FieldMessage]:
    """An empty pattern matches no branch."""
    if policy.text("name") == "":
        yield policy.finding("name", "is empty, which matches nothing")


ENVIRONMENT_RULES: tuple[Rule, ...] = (_reviewers, _wait, _branch_flags_differ)
ENVIRONMENT_INPUT_RULES: tuple[Rule, ...] = (_name, _one_group)
DEPLOYMENT_POLICY_RULES: tuple[Rule, ...] = (_pattern_not_empty,)
DEPLOYMENT_POLICY_INPUT_RULES: tuple[Rule, ...] = (exactly_one_of("branchPattern", "tagPattern"),)
