"""The ruleset of the default branch: a pull request, checks that passed, no deletion, no force push.

Deliberately not managed here: the repository itself (declaring it for one field would reset its others), and which
merge methods it allows. While `enforcement` is `disabled` the ruleset stands in GitHub and holds nobody up.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_github as github

from readiness.settings.github import BranchRuleset as RulesetSettings

# GitHub's own name for it: a renamed default branch stays guarded, and a bare `main` would match nothing.
DEFAULT_BRANCH = "~DEFAULT_BRANCH"


@dataclass(frozen=True, kw_only=True, slots=True)
class BranchRulesetArgs:
    """`repository` is the name without its owner, which is the provider's."""

    repository: str
    ruleset: RulesetSettings


class BranchRuleset(pulumi.ComponentResource):
    """One ruleset. Nobody passes by it unless the settings name them."""

    def __init__(self, name: str, args: BranchRulesetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:github:BranchRuleset", name, None, opts)
        settings = args.ruleset
        self.ruleset = github.RepositoryRuleset(
            f"{name}-default-branch",
            repository=args.repository,
            name="Default branch",
            target="branch",
            enforcement=settings.enforcement,
            conditions=github.RepositoryRulesetConditionsArgs(
                ref_name=github.RepositoryRulesetConditionsRefNameArgs(includes=[DEFAULT_BRANCH], excludes=[])
            ),
            bypass_actors=[
                github.RepositoryRulesetBypassActorArgs(
                    actor_type=actor.kind, actor_id=actor.id, bypass_mode=actor.mode
                )
                for actor in settings.bypass_actors
            ],
            rules=_rules(settings),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"enforcement": settings.enforcement})


def _rules(settings: RulesetSettings) -> github.RepositoryRulesetRulesArgs:
    return github.RepositoryRulesetRulesArgs(
        deletion=True,
        non_fast_forward=True,
        pull_request=github.RepositoryRulesetRulesPullRequestArgs(
            required_approving_review_count=settings.required_approvals,
            # Else what is pushed after the approval would be merged unread.
            dismiss_stale_reviews_on_push=True,
        ),
        required_status_checks=github.RepositoryRulesetRulesRequiredStatusChecksArgs(
            required_checks=[
                github.RepositoryRulesetRulesRequiredStatusChecksRequiredCheckArgs(
                    context=check.context, integration_id=check.integration_id
                )
                for check in settings.required_checks
            ],
        ),
    )
