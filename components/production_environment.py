"""A GitHub environment: who approves deployments to it, and from which branches they may come.

A workflow that already names the environment needs no change. If an environment of that name exists, `pulumi up`
overwrites its rules without a warning: GitHub creates and updates with the same request, and no import is needed.

**One** approval of any reviewer is enough: GitHub cannot require a number of approvals. With
`second_approval`, two people approve, because the component declares a second environment. The workflow then needs an
earlier job that names it.

Not managed here: the environment's secrets and variables, and the repository itself, because declaring it resets every
field that is not declared. A refresh does not detect reviewers that were removed in the browser
(https://github.com/integrations/terraform-provider-github/issues/3609): read the environment with GitHub's API.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pulumi
import pulumi_github as github

from .arguments import Place, check_arguments
from .outputs import with_version
from .resource_options import child_options

if TYPE_CHECKING:
    from readiness.settings.github import ProductionEnvironment as EnvironmentSettings
    from readiness.settings.github import Reviewers

# https://docs.github.com/en/rest/deployments/environments
MAX_REVIEWERS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewerArgs:
    """Who may approve. GitHub reads the numeric `id`. A plan also shows `name`, a login or a team's slug.

    Set `is_placeholder` while the reviewer is not known; a plan then says "to be filled in".
    """

    kind: Literal["user", "team"]
    name: pulumi.Input[str]
    id: pulumi.Input[int]
    is_placeholder: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentArgs:
    """`reviewers`: one to six, users and teams together.

    `branch_patterns` select the branches that may deploy; `*` does not match `/`. They also end their resources' names.
    Without a pattern, only branches with a protection rule may deploy.
    """

    name: pulumi.Input[str]
    reviewers: Sequence[ReviewerArgs]
    branch_patterns: Sequence[str]
    prevent_self_review: bool = True
    wait_timer_minutes: int = 0
    can_admins_bypass: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondApprovalArgs:
    """A second environment with the same rules and reviewers of its own."""

    name: pulumi.Input[str]
    reviewers: Sequence[ReviewerArgs]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductionEnvironmentArgs:
    """`repository` is the repository's name without the owner, which is set on the provider."""

    repository: pulumi.Input[str]
    environment: EnvironmentArgs
    second_approval: SecondApprovalArgs | None = None

    @classmethod
    def of(cls, settings: EnvironmentSettings, *, repository: pulumi.Input[str]) -> ProductionEnvironmentArgs:
        """What the section `production_environment` of the settings declares."""
        policy, second = settings.deployment_branch_policy, settings.second_approval
        return cls(
            repository=repository,
            environment=EnvironmentArgs(
                name=settings.name,
                reviewers=_reviewers(settings.reviewers),
                branch_patterns=policy.branches if policy.custom_branch_policies else (),
                prevent_self_review=settings.prevent_self_review,
                wait_timer_minutes=settings.wait_timer_minutes,
                can_admins_bypass=settings.can_admins_bypass,
            ),
            second_approval=None
            if second is None
            else SecondApprovalArgs(name=second.name, reviewers=_reviewers(second.reviewers)),
        )


class ProductionEnvironment(pulumi.ComponentResource):
    """Declares the environment with its branch patterns, and with `second_approval` a second environment.

    The component's own inputs describe the approval and name the reviewers, of whom the environment has only numbers.
    `environment_name`: the name, known once the environment exists. The attributes `environment` and `second_approval`
    have the resources.
    """

    environment_name: pulumi.Output[str]

    def __init__(self, name: str, args: ProductionEnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        place = check_arguments(name, args, ProductionEnvironmentArgs)
        _check_reviewers(args.environment, place.at(".environment.reviewers"))
        if args.second_approval is not None:
            _check_reviewers(args.second_approval, place.at(".second_approval.reviewers"))
            if isinstance(args.environment.name, str) and args.second_approval.name == args.environment.name:
                place.at(".second_approval.name").refuse("is the name of the first environment. Choose another one.")
        super().__init__("readiness:github:ProductionEnvironment", name, _in_words(args), opts)
        children = child_options(self, opts)
        self.environment = _environment(f"{name}-guard", args.environment, args, children)
        self.second_approval: github.RepositoryEnvironment | None = None
        if args.second_approval is not None:
            self.second_approval = _environment(f"{name}-second-approval", args.second_approval, args, children)
        self.environment_name = self.environment.environment
        self.register_outputs(with_version({"environment_name": self.environment_name}))


def _check_reviewers(named: EnvironmentArgs | SecondApprovalArgs, place: Place) -> None:
    """Refuses an environment without reviewers: GitHub would accept it, and every deployment to it would pass."""
    count = len(named.reviewers)
    if not 1 <= count <= MAX_REVIEWERS:
        place.refuse(f"has {count} reviewers. Name 1 to {MAX_REVIEWERS}, users and teams together.")


def _environment(
    name: str,
    named: EnvironmentArgs | SecondApprovalArgs,
    args: ProductionEnvironmentArgs,
    opts: pulumi.ResourceOptions,
) -> github.RepositoryEnvironment:
    """An environment with the name and reviewers of `named`; the rules are the same for both."""
    rules = args.environment
    patterns = rules.branch_patterns
    environment = github.RepositoryEnvironment(
        name,
        repository=args.repository,
        environment=named.name,
        reviewers=[
            github.RepositoryEnvironmentReviewerArgs(
                users=[reviewer.id for reviewer in named.reviewers if reviewer.kind == "user"],
                teams=[reviewer.id for reviewer in named.reviewers if reviewer.kind == "team"],
            )
        ],
        prevent_self_review=rules.prevent_self_review,
        wait_timer=rules.wait_timer_minutes,
        can_admins_bypass=rules.can_admins_bypass,
        # GitHub accepts exactly one of the two flags.
        deployment_branch_policy=github.RepositoryEnvironmentDeploymentBranchPolicyArgs(
            protected_branches=not patterns, custom_branch_policies=bool(patterns)
        ),
        opts=pulumi.ResourceOptions.merge(
            opts,
            # The next workflow run that names a destroyed environment creates it without rules, open to everyone.
            pulumi.ResourceOptions(protect=True, retain_on_delete=True),
        ),
    )
    for pattern in patterns:
        github.RepositoryEnvironmentDeploymentPolicy(
            f"{name}-branch-{pattern}",
            repository=args.repository,
            # The output, so that the environment comes first: without it, GitHub refuses the pattern.
            environment=environment.environment,
            branch_pattern=pattern,
            opts=opts,
        )
    return environment


def _in_words(args: ProductionEnvironmentArgs) -> dict[str, pulumi.Input[str] | list[pulumi.Output[str]]]:
    words: dict[str, pulumi.Input[str] | list[pulumi.Output[str]]] = {
        "approval": _approval(args.environment),
        "reviewers": [_reviewer_in_words(reviewer) for reviewer in args.environment.reviewers],
    }
    if args.second_approval is not None:
        words["secondApproval"] = _approval(args.second_approval)
        words["secondApprovalReviewers"] = [_reviewer_in_words(reviewer) for reviewer in args.second_approval.reviewers]
    return words


def _approval(environment: EnvironmentArgs | SecondApprovalArgs) -> pulumi.Output[str]:
    count = len(environment.reviewers)
    return pulumi.Output.concat(
        f"one of these {count} reviewers approves a deployment to ",
        environment.name,
        "; GitHub does not ask for a second",
    )


def _reviewer_in_words(reviewer: ReviewerArgs) -> pulumi.Output[str]:
    if reviewer.is_placeholder:
        return pulumi.Output.concat(reviewer.kind, " ", reviewer.name, ": to be filled in")
    # A number from another stack's output is a float.
    number = pulumi.Output.from_input(reviewer.id).apply(lambda identity: str(int(identity)))
    return pulumi.Output.concat(reviewer.kind, " ", reviewer.name, " (id ", number, ")")


def _reviewers(reviewers: Reviewers) -> list[ReviewerArgs]:
    """Users first, then teams."""
    users = [
        ReviewerArgs(kind="user", name=user.login, id=user.id, is_placeholder=user.is_placeholder)
        for user in reviewers.users
    ]
    teams = [
        ReviewerArgs(kind="team", name=team.slug, id=team.id, is_placeholder=team.is_placeholder)
        for team in reviewers.teams
    ]
    return users + teams
