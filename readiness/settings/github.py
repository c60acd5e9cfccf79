"""Settings of the GitHub repository: guarded environments, guarded branch, Dependabot, delivered files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from readiness.settings.base import FREE_TEXT_PATTERN, BranchName, BranchPattern, FreeText, Section

# A reviewer whose login begins so is not known yet: `check` warns, the plan says so, and `pulumi up` refuses.
TO_BE_FILLED_IN = "to-be-filled-in"

# GitHub's own limits (GHD manage-environments.md): at most 6 reviewers, users and teams together.
MAX_REVIEWERS = 6
MIN_REVIEWERS = 2
# The engine passes numbers as doubles: a greater one would arrive as another.
MAX_ID = 2**53 - 1

# The app GitHub Actions. A required check that names no app may be set by whoever can write to the repository.
ACTIONS_INTEGRATION_ID = 15368

# What auto-merge puts on a pull request that raises nothing beyond a minor version.
MINOR_OR_PATCH_LABEL = "minor-or-patch"

Ecosystem = Literal[
    "docker", "docker-compose", "github-actions", "gomod", "npm", "pip", "pre-commit", "terraform", "uv"
]  # fmt: skip


# What GitHub makes of a ruleset, the weakest first.
Enforcement = Literal["disabled", "evaluate", "active"]


def is_to_be_filled_in(name: object) -> bool:
    """Whether a login, slug or host stands in for one that is not known yet."""
    return isinstance(name, str) and name.lower().startswith(TO_BE_FILLED_IN)


class Repository(Section):
    """The GitHub repository of the application. Its owner is the provider's own key `github:owner`."""

    name: Annotated[str, Field(pattern=r"^\.?[A-Za-z0-9_-][A-Za-z0-9._-]{0,98}$")]
    visibility: Literal["public", "private", "internal"] = "public"
    plan: Annotated[
        Literal["free", "pro", "team", "enterprise"],
        Field(description="GitHub's billing plan: a repository that is not public needs `enterprise`."),
    ] = "free"


class UserReviewer(Section):
    """A person who may approve. The id is what GitHub is sent, the login is what a plan shows."""

    login: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,60}$")]
    id: Annotated[
        int, Field(ge=0, le=MAX_ID, description="`gh api users/LOGIN --jq .id`; 0 while it is to be filled in.")
    ]

    @property
    def is_placeholder(self) -> bool:
        """Whether the person is still to be filled in."""
        return is_to_be_filled_in(self.login)


class TeamReviewer(Section):
    """A team whose members may approve. It needs read access to the repository."""

    slug: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")]
    id: Annotated[
        int, Field(ge=0, le=MAX_ID, description="`gh api orgs/OWNER/teams/SLUG --jq .id`; 0 while to be filled in.")
    ]

    @property
    def is_placeholder(self) -> bool:
        """Whether the team is still to be filled in."""
        return is_to_be_filled_in(self.slug)


class Reviewers(Section):
    """Two to six, users and teams together. **One** of them approves: the list is of who may, not of who must."""

    users: Annotated[tuple[UserReviewer, ...], Field(strict=False)] = ()
    teams: Annotated[tuple[TeamReviewer, ...], Field(strict=False)] = ()


class DeploymentBranchPolicy(Section):
    """Which branches may deploy. GitHub takes exactly one of the two flags."""

    protected_branches: bool = False
    custom_branch_policies: bool = True
    branches: Annotated[
        tuple[BranchPattern, ...],
        Field(strict=False, min_length=1, description="Name patterns; `*` does not match `/`."),
    ] = ("main",)


class SecondApproval(Section):
    """An environment that a deployment passes before the guarded one, so that two people approve one deployment."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,100}$")]
    reviewers: Reviewers


class ProductionEnvironment(Section):
    """The GitHub environment that deployments to production wait in."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,100}$")] = "production"
    reviewers: Reviewers
    prevent_self_review: bool = True
    wait_timer_minutes: Annotated[int, Field(ge=0, le=43_200)] = 0
    can_admins_bypass: bool = False
    deployment_branch_policy: DeploymentBranchPolicy = DeploymentBranchPolicy()
    second_approval: SecondApproval | None = None


class RequiredCheck(Section):
    """A check without which nothing is merged."""

    context: Annotated[
        FreeText,
        Field(
            max_length=255,
            description="The job's name as a pull request shows it, with the values of its matrix: `Tests (3.12)`.",
        ),
    ]
    integration_id: Annotated[
        int, Field(ge=1, le=MAX_ID, description="The app that reports it; without a word, GitHub Actions.")
    ] = ACTIONS_INTEGRATION_ID


class BypassActor(Section):
    """Who may pass by the ruleset. Each is a hole in it: as a rule there is none."""

    kind: Literal["Integration", "RepositoryRole", "Team", "User"]
    id: Annotated[int, Field(ge=1, le=MAX_ID)]
    mode: Annotated[
        Literal["pull_request", "always"], Field(description="`pull_request`: not by a direct push either.")
    ] = "pull_request"


class BranchRuleset(Section):
    """What guards the default branch: pull requests, required checks, no deletion, no force push."""

    enforcement: Annotated[
        Enforcement,
        Field(description="`evaluate` only reports, and needs GitHub Enterprise; `active` needs honest checks."),
    ]
    required_checks: Annotated[tuple[RequiredCheck, ...], Field(strict=False, min_length=1)]
    required_approvals: Annotated[int, Field(ge=0, le=10, description="GitHub counts up to 10.")] = 1
    bypass_actors: Annotated[tuple[BypassActor, ...], Field(strict=False)] = ()


class AutoMerge(Section):
    """The workflow for minor and patch updates: without `enabled` it only labels them."""

    enabled: Annotated[bool, Field(description="Merge once the required checks have passed; see the preflight.")]
    app_client_id: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9.]{1,64}$",
            description="Client id of the GitHub App that merges: a merge by the workflow's own token deploys nothing.",
        ),
    ] = None


class DependabotUpdate(Section):
    """One ecosystem and the folders that hold its manifests."""

    ecosystem: Ecosystem
    directories: Annotated[
        tuple[Annotated[str, Field(pattern=r"^/[A-Za-z0-9._~+@,=!()\[\]/-]*$")], ...],
        Field(strict=False, min_length=1, description="Folders that hold a manifest, from the repository's root."),
    ]


class DependabotLabel(Section):
    """A label that Dependabot's pull requests carry. GitHub ignores one that the repository does not have."""

    name: Annotated[FreeText, Field(max_length=50)]
    color: Annotated[str, Field(pattern=r"^[0-9a-f]{6}$", description="Six hexadecimal digits, without `#`.")]
    description: Annotated[str, Field(max_length=100, pattern=f"^$|{FREE_TEXT_PATTERN}")] = ""


class Dependabot(Section):
    """Vulnerability alerts, security updates, and the version updates of `dependabot.yml`."""

    updates: Annotated[tuple[DependabotUpdate, ...], Field(strict=False, min_length=1)]
    labels: Annotated[tuple[DependabotLabel, ...], Field(strict=False)] = (
        DependabotLabel(name="dependencies", color="0366d6", description="Updates a dependency"),
    )
    interval: Literal["daily", "weekly", "monthly"] = "weekly"
    cooldown_days: Annotated[
        int, Field(ge=7, le=90, description="A version must be this old; the window in which bad ones are withdrawn.")
    ] = 7
    open_pull_requests_limit: Annotated[int, Field(ge=1, le=50, description="For each ecosystem.")] = 5
    auto_merge: Annotated[AutoMerge | None, Field(description="None: no workflow is delivered.")] = None


class ManagedFiles(Section):
    """How the files that belong into the application's repository get there."""

    delivery: Annotated[
        Literal["pull_request", "commit"],
        Field(description="`commit` writes to the default branch at every `pulumi up`: only where no push deploys."),
    ] = "pull_request"
    default_branch: BranchName = "main"
