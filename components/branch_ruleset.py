"""A ruleset for the default branch of a GitHub repository: pull requests, passed checks, no deletion, no force push.

With `enforcement` set to `disabled`, the ruleset exists in GitHub but has no effect.

Not managed here: the merge methods that the repository allows, and the repository itself, because declaring it resets
every field that is not declared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pulumi
import pulumi_github as github

from .arguments import check_arguments
from .outputs import with_version
from .resource_options import child_options

if TYPE_CHECKING:
    from readiness.settings.github import BranchRuleset as RulesetSettings

# GitHub's name for the default branch, also after it is renamed. A bare `main` would match nothing.
DEFAULT_BRANCH = "~DEFAULT_BRANCH"


@dataclass(frozen=True, kw_only=True, slots=True)
class RequiredCheckArgs:
    """`context` is the check's name as a pull request shows it: `Tests (3.12)`.

    `integration_id` is the id of the app that has to report the check; that of GitHub Actions is 15368
    (docs/required-checks.md). Without an app, anyone who can write to the repository could report the check.
    """

    context: pulumi.Input[str]
    integration_id: pulumi.Input[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class BypassActorArgs:
    """Who may bypass the ruleset: always, or with the mode `pull_request` when merging a pull request only."""

    kind: Literal["Integration", "RepositoryRole", "Team", "User"]
    id: pulumi.Input[int]
    mode: Literal["pull_request", "always"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BranchRulesetArgs:
    """`repository` is the repository's name without the owner, which is set on the provider.

    The enforcement `evaluate` only reports, and needs GitHub Enterprise. GitHub accepts 0 to 10 `required_approvals`.
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
    """Declares one ruleset, which is the attribute `ruleset`. It applies to everyone except the `bypass_actors`.

    `enforcement`: the argument of that name, known once the ruleset exists.
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
        self.register_outputs(with_version({"enforcement": self.enforcement}))


def _rules(args: BranchRulesetArgs) -> github.RepositoryRulesetRulesArgs:
    return github.RepositoryRulesetRulesArgs(
        deletion=True,
        non_fast_forward=True,
        pull_request=github.RepositoryRulesetRulesPullRequestArgs(
            required_approving_review_count=args.required_approvals,
            # Without it, commits that are pushed after an approval can be merged without a review.
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
