"""Rulesets of a GitHub repository.

Sources: the descriptions in GitHub's OpenAPI description and its pages on rulesets; the provider lets all of it pass
(docs/facts/github.md#rulesets).
"""

from __future__ import annotations

from collections.abc import Iterator

from readiness.rules.body_view import BodyView
from readiness.rules.prose_rules.common import Rule
from readiness.rules.violation import FieldMessage

_PREFIX_OF_TARGET = {"branch": "refs/heads/", "tag": "refs/tags/"}
_WITHOUT_ID = frozenset({"DeployKey", "OrganizationAdmin"})


def _refs(ruleset: BodyView) -> Iterator[FieldMessage]:
    """A bare `main` matches nothing; without conditions the ruleset holds nowhere."""
    prefix = _PREFIX_OF_TARGET.get(ruleset.text("target") or "branch")
    if prefix is None:
        return
    names = ruleset.field("conditions").field("ref_name")
    if not names.each("include"):
        yield ruleset.finding("conditions.ref_name.include", "is required: without it the ruleset holds nowhere")
    special = ("~DEFAULT_BRANCH", "~ALL") if prefix == "refs/heads/" else ("~ALL",)
    for ref in (*names.each("include"), *names.each("exclude")):
        if isinstance(ref.value, str) and not ref.value.startswith((prefix, "<")) and ref.value not in special:
            yield ref.finding("", f"{ref.value!r} matches nothing; write {prefix}… or {' or '.join(special)}")


def _rules(ruleset: BodyView) -> Iterator[FieldMessage]:
    """A ruleset without rules shows as active and does nothing."""
    if not ruleset.each("rules"):
        yield ruleset.finding("rules", "is empty, so that the ruleset does nothing")


def _checks_of_one_app(ruleset: BodyView) -> Iterator[FieldMessage]:
    """Without an integration id any writer may set a status of that name."""
    for rule in ruleset.each("rules"):
        parameters = rule.field("parameters")
        checks = parameters.each("required_status_checks")
        if rule.text("type") == "required_status_checks" and not checks:
            yield parameters.finding("required_status_checks", "is empty")
        for check in checks:
            if not check.has("integration_id"):
                yield check.finding("integration_id", "is required by us: else any writer may set the status")


def _bypass(ruleset: BodyView) -> Iterator[FieldMessage]:
    """`Required for Integration, RepositoryRole, Team, and User`; `pull_request is not applicable for` deploy keys."""
    for actor in ruleset.each("bypass_actors"):
        type_ = actor.text("actor_type")
        if type_ is not None and type_ not in _WITHOUT_ID and not actor.has("actor_id"):
            yield actor.finding("actor_id", f"is required for {type_}")
        if type_ == "DeployKey" and actor.has("actor_id"):
            yield actor.finding("actor_id", "must be left out for DeployKey")
        if type_ == "DeployKey" and actor.text("bypass_mode") == "pull_request":
            yield actor.finding("bypass_mode", "pull_request does not go with DeployKey")


RULESET_RULES: tuple[Rule, ...] = (_refs, _rules, _checks_of_one_app, _bypass)
