"""The guarded GitHub environment: who may approve a deployment to production, and from which branch it may come.

`production.yml` names the environment already, so that the guard needs no change of a workflow. Creating it is a PUT
that takes over an environment of that name silently: there is nothing to import.

**One** listed reviewer approves; GitHub has no count of approvals. Two approvals of one deployment are two environments
in a chain (`second_approval`); the workflow then needs a job before its own that names the first of the two.

Deliberately not managed here: the environment's secrets and variables, and the repository itself (declaring it for one
field would reset its others). A refresh does not see reviewers that were removed in the browser
(integrations/terraform-provider-github#3609), so the live gate has to be read by other means.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_github as github

from readiness.settings.github import ProductionEnvironment as EnvironmentSettings
from readiness.settings.github import Reviewers
from readiness.settings.github_rules import is_to_be_filled_in


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductionEnvironmentArgs:
    """`repository` is the name without its owner, which is the provider's."""

    repository: str
    environment: EnvironmentSettings


class ProductionEnvironment(pulumi.ComponentResource):
    """The environment, its branch policies, and the one before it where two approvals are asked for.

    The component's own inputs say in words what the numeric ids in the environment's do not.
    """

    def __init__(self, name: str, args: ProductionEnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:github:ProductionEnvironment", name, _in_words(args.environment), opts)
        settings = args.environment
        self.environment = self._declare(f"{name}-guard", settings.name, settings.reviewers, args)
        self.second_approval: github.RepositoryEnvironment | None = None
        if settings.second_approval is not None:
            second = settings.second_approval
            self.second_approval = self._declare(f"{name}-second-approval", second.name, second.reviewers, args)
        self.register_outputs({"environment": self.environment.environment})

    def _declare(
        self, name: str, environment: str, reviewers: Reviewers, args: ProductionEnvironmentArgs
    ) -> github.RepositoryEnvironment:
        settings = args.environment
        policy = settings.deployment_branch_policy
        declared = github.RepositoryEnvironment(
            name,
            repository=args.repository,
            environment=environment,
            reviewers=[
                github.RepositoryEnvironmentReviewerArgs(
                    users=[user.id for user in reviewers.users],
                    teams=[team.id for team in reviewers.teams],
                )
            ],
            prevent_self_review=settings.prevent_self_review,
            wait_timer=settings.wait_timer_minutes,
            can_admins_bypass=settings.can_admins_bypass,
            deployment_branch_policy=github.RepositoryEnvironmentDeploymentBranchPolicyArgs(
                protected_branches=policy.protected_branches,
                custom_branch_policies=policy.custom_branch_policies,
            ),
            # A destroyed environment comes back open: the next run that names it makes it anew, without any rule.
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        for branch in policy.branches if policy.custom_branch_policies else ():
            github.RepositoryEnvironmentDeploymentPolicy(
                f"{name}-branch-{branch}",
                repository=args.repository,
                # By reference: GitHub takes a pattern only once the environment asks for custom ones.
                environment=declared.environment,
                branch_pattern=branch,
                opts=pulumi.ResourceOptions(parent=self),
            )
        return declared


def _in_words(settings: EnvironmentSettings) -> dict[str, object]:
    words: dict[str, object] = {
        "approval": _approval(settings.name, settings.reviewers),
        "reviewers": _names(settings.reviewers),
    }
    if settings.second_approval is not None:
        second = settings.second_approval
        words["secondApproval"] = _approval(second.name, second.reviewers)
        words["secondApprovalReviewers"] = _names(second.reviewers)
    return words


def _approval(environment: str, reviewers: Reviewers) -> str:
    count = len(reviewers.users) + len(reviewers.teams)
    return f"one of these {count} reviewers approves a deployment to {environment}; GitHub does not ask for a second"


def _names(reviewers: Reviewers) -> list[str]:
    people = [("user", user.login, user.id) for user in reviewers.users]
    people += [("team", team.slug, team.id) for team in reviewers.teams]
    return [
        f"{kind} {name}: to be filled in" if is_to_be_filled_in(name) else f"{kind} {name} (id {identity})"
        for kind, name, identity in people
    ]
