"""The ruleset of a repository's default branch: a pull request, passed checks, no deletion, no force push.

With `enforcement` set to `disabled` the ruleset exists in GitHub and stops nobody.

Not managed here: the repository itself (a declared repository resets every field that is not declared), and the merge
methods that it allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pulumi
import pulumi_github as github

from components.arguments import check_arguments
from components.resource_options import child_options

if TYPE_CHECKING:
    from readiness.settings.github import BranchRuleset as RulesetSettings

# GitHub's own name for it: the ruleset follows a renamed default branch, and a bare `main` would match nothing.
DEFAULT_BRANCH = "~DEFAULT_BRANCH"


@dataclass(frozen=True, kw_only=True, slots=True)
class RequiredCheckArgs:
    """`context` is the check's name as a pull request shows it: `Tests (3.12)`.

    `integration_id` is the app that has to report it; GitHub Actions is 15368. GitHub would take a check without an app
    from everyone who can write to the repository.
    """

    context: pulumi.Input[str]
    integration_id: pulumi.Input[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class BypassActorArgs:
    """Whom the ruleset does not bind. With the mode `pull_request`, a direct push stays refused."""

    kind: Literal["Integration", "RepositoryRole", "Team", "User"]
    id: pulumi.Input[int]
    mode: Literal["pull_request", "always"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BranchRulesetArgs:
    """`repository` is the name without its owner, which the provider's settings hold.

    `enforcement` `evaluate` only reports, and needs GitHub Enterprise. GitHub counts up to 10 `required_approvals`.
    """

    repository: pulumi.Input[str]
    enforcement: Literal["disabled", "evaluate", "active"]
    required_approvals: int
    required_checks: Sequence[RequiredCheckArgs]
    bypass_actors: Sequence[BypassActorArgs] = ()

    @classmethod
    def of(cls, settings: RulesetSettings, *, repository: pulumi.Input[str]) -> BranchRulesetArgs:
        """What the section `branch_ruleset` of the settings declares."""
        return cls(
            repository=repository,
            enforcement=settings.enforcement,
            required_approvals=settings.required_approvals,
            required_checks=[
                RequiredCheckArgs(context=check.context, integration_id=check.integration_id)
                for check in settings.required_checks
            ],
            bypass_actors=[
                BypassActorArgs(kind=actor.kind, id=actor.id, mode=actor.mode) for actor in settings.bypass_actors
            ],
        )


class BranchRuleset(pulumi.ComponentResource):
    """One ruleset, `ruleset`. It binds everyone but the `bypass_actors`.

    `enforcement`: how GitHub enforces it, known once the ruleset exists.
    """

    enforcement: pulumi.Output[str]

    def __init__(self, name: str, args: BranchRulesetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(name, args, BranchRulesetArgs)
        super().__init__("readiness:github:BranchRuleset", name, None, opts)
        self.ruleset = github.RepositoryRuleset(
            f"{name}-default-branch",
            repository=args.repository,
            name="Default branch",
            target="branch",
            enforcement=args.enforcement,
            conditions=github.RepositoryRulesetConditionsArgs(
                ref_name=github.RepositoryRulesetConditionsRefNameArgs(includes=[DEFAULT_BRANCH], excludes=[])
            ),
            bypass_actors=[
                github.RepositoryRulesetBypassActorArgs(
                    actor_type=actor.kind, actor_id=actor.id, bypass_mode=actor.mode
                )
                for actor in args.bypass_actors
            ],
            rules=_rules(args),
            opts=child_options(self, opts),
        )
        self.enforcement = self.ruleset.enforcement
        self.register_outputs({"enforcement": self.enforcement})


def _rules(args: BranchRulesetArgs) -> github.RepositoryRulesetRulesArgs:
    return github.RepositoryRulesetRulesArgs(
        deletion=True,
        non_fast_forward=True,
        pull_request=github.RepositoryRulesetRulesPullRequestArgs(
            required_approving_review_count=args.required_approvals,
            # Without it, what is pushed after the approval is merged unread.
            dismiss_stale_reviews_on_push=True,
        ),
        required_status_checks=github.RepositoryRulesetRulesRequiredStatusChecksArgs(
            required_checks=[
                github.RepositoryRulesetRulesRequiredStatusChecksRequiredCheckArgs(
                    context=check.context, integration_id=check.integration_id
                )
                for check in args.required_checks
            ],
        ),
    )
