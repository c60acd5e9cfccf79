"""The GitHub repository: protected environments and branch, Dependabot, delivered files.

The sections come first, then their rules: what GitHub and its provider check too late or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from readiness.finding import Finding
from readiness.settings.base import FREE_TEXT_PATTERN, BranchName, BranchPattern, FreeText, Listed, Section
from readiness.settings.placeholders import is_to_be_filled_in
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath
from readiness.settings.view import duplicates, findings_of, known, known_items

ENVIRONMENT: KeyPath = ("production_environment",)
SECOND_APPROVAL: KeyPath = (*ENVIRONMENT, "second_approval")
_BRANCH_POLICY: KeyPath = (*ENVIRONMENT, "deployment_branch_policy")
RULESET: KeyPath = ("branch_ruleset",)
ENFORCEMENT: KeyPath = (*RULESET, "enforcement")
AUTO_MERGE: KeyPath = ("dependabot", "auto_merge")

# A reviewer whose login begins so is not known yet: `check` warns, the plan says so, and `pulumi up` refuses.

# GitHub's own limits (GHD manage-environments.md): at most 6 reviewers, users and teams together.
MAX_REVIEWERS = 6
MIN_REVIEWERS = 2
# The engine passes numbers as doubles: a greater one would arrive as another.
MAX_ID = 2**53 - 1

# The app GitHub Actions. A required check that names no app may be set by everybody who can write to the repository.
ACTIONS_INTEGRATION_ID = 15368

# What auto-merge puts on a pull request that raises nothing beyond a minor version.
MINOR_OR_PATCH_LABEL = "minor-or-patch"

Ecosystem = Literal[
    "docker", "docker-compose", "github-actions", "gomod", "npm", "pip", "pre-commit", "terraform", "uv"
]  # fmt: skip


# What GitHub makes of a ruleset, the weakest first.
Enforcement = Literal["disabled", "evaluate", "active"]


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

    users: Listed[UserReviewer] = ()
    teams: Listed[TeamReviewer] = ()


class DeploymentBranchPolicy(Section):
    """Which branches may deploy. GitHub takes exactly one of the two flags."""

    protected_branches: bool = False
    custom_branch_policies: bool = True
    branches: Annotated[
        Listed[BranchPattern],
        Field(min_length=1, description="Name patterns; `*` does not match `/`."),
    ] = ("main",)


class SecondApproval(Section):
    """An environment that a deployment passes before the protected one, so that two people approve one deployment."""

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
        int, Field(ge=1, le=MAX_ID, description="The app that reports it; default: GitHub Actions.")
    ] = ACTIONS_INTEGRATION_ID


class BypassActor(Section):
    """Who may bypass the ruleset. Each is a hole in it: as a rule there is none."""

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
    required_checks: Annotated[Listed[RequiredCheck], Field(min_length=1)]
    required_approvals: Annotated[int, Field(ge=0, le=10, description="GitHub counts up to 10.")] = 1
    bypass_actors: Listed[BypassActor] = ()


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
        Listed[Annotated[str, Field(pattern=r"^/[A-Za-z0-9._~+@,=!()\[\]/-]*$", max_length=1000)]],
        Field(min_length=1, description="Folders that hold a manifest, from the repository's root."),
    ]


class DependabotLabel(Section):
    """A label that Dependabot's pull requests carry. GitHub ignores one that the repository does not have."""

    name: Annotated[FreeText, Field(max_length=50)]
    color: Annotated[str, Field(pattern=r"^[0-9a-f]{6}$", description="Six hexadecimal digits, without `#`.")]
    description: Annotated[str, Field(max_length=100, pattern=f"^$|{FREE_TEXT_PATTERN}")] = ""


class Dependabot(Section):
    """Vulnerability alerts, security updates, and the version updates of `dependabot.yml`."""

    updates: Annotated[Listed[DependabotUpdate], Field(min_length=1)]
    labels: Listed[DependabotLabel] = (
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
    documents: Annotated[
        bool,
        Field(
            description="Whether `readiness deliver` also brings the runbook, ROLLBACK_RUNBOOK.md, TROUBLESHOOTING.md "
            "and DEPLOYMENT_CHECKLIST.md, always by a pull request. Of the stack that owns the shared resources."
        ),
    ] = False


def environment_problems(config: StackConfig, environment: ProductionEnvironment | None) -> Iterator[Finding]:
    """Every rule about the protected environment, and about the approval before it."""
    if environment is None:
        return
    yield from findings_of(
        lambda: _name_problems(config, ENVIRONMENT, environment.name),
        lambda: _reviewer_problems(config, ENVIRONMENT, environment.reviewers),
        lambda: _second_approval_problems(config, environment, environment.second_approval),
        lambda: _flag_problems(config, environment.deployment_branch_policy),
        lambda: _branch_problems(config, environment.deployment_branch_policy),
        lambda: _weak_flag_warnings(config, environment),
    )


def reviewers_are_enforced(repository: Repository) -> bool:
    """Whether GitHub enforces reviewers of the repository's environments."""
    return repository.visibility == "public" or repository.plan == "enterprise"


def environment_plan_problems(
    config: StackConfig, environment: ProductionEnvironment | None, repository: Repository
) -> Iterator[Finding]:
    """Which of GitHub's plans enforce reviewers."""
    visibility, plan = repository.visibility, repository.plan
    if environment is not None and not reviewers_are_enforced(repository):
        message = f"is for a {visibility} repository, where GitHub's {plan} plan does not enforce reviewers"
        hint = "Use GitHub Enterprise (repository.plan: enterprise), make the repository public, or remove this section"
        yield config.error("settings-environment-plan", ENVIRONMENT, message, hint)


def _name_problems(config: StackConfig, path: KeyPath, name: str) -> Iterator[Finding]:
    if name != name.lower():
        message = "is not in lower case: GitHub takes both for one environment, the engine would make and delete it"
        yield config.error("settings-environment-name", (*path, "name"), message, f"Write {name.lower()}")


def _reviewer_problems(config: StackConfig, above: KeyPath, reviewers: Reviewers) -> Iterator[Finding]:
    rule_id, path = "settings-environment-reviewers", (*above, "reviewers")
    yield from findings_of(
        lambda: _listed_problems(config, (*path, "users"), reviewers.users, "login"),
        lambda: _listed_problems(config, (*path, "teams"), reviewers.teams, "slug"),
    )
    count = len(reviewers.users) + len(reviewers.teams)
    if count < MIN_REVIEWERS:
        message = "names nobody" if count == 0 else "names one reviewer only, who could not approve an own deployment"
        yield config.error(rule_id, path, message, f"List at least {MIN_REVIEWERS} users or teams")
    if count > MAX_REVIEWERS:
        message = f"names {count} users and teams, and GitHub takes {MAX_REVIEWERS} together"
        yield config.error(rule_id, path, message, "List a team instead of its members")


def _listed_problems(
    config: StackConfig, path: KeyPath, reviewers: tuple[UserReviewer | TeamReviewer, ...], name_key: str
) -> Iterator[Finding]:
    """Who is missing still, who is nobody, and who is listed twice: by name, or by id under another name."""
    rule_id = "settings-environment-reviewers"
    first_at: dict[str | int, int] = {}
    for index, reviewer in known_items(reviewers):
        if is_to_be_filled_in(known(reviewer, name_key)):
            message = "is a placeholder for a reviewer; `pulumi up` refuses it until you replace it"
            hint = f"Write the real {name_key} and id"
            yield config.warning("settings-placeholder", (*path, index), message, hint, placeholder=True)
            continue
        if known(reviewer, "id") == 0:
            hint = "Write the numeric id that GitHub's API gives"
            yield config.error(rule_id, (*path, index, "id"), "is 0, which is nobody's id", hint)
        identities = _identities(reviewer, name_key)
        if repeated := [identity for identity in identities if identity in first_at]:
            by_name = repeated[0] == identities[0]
            message = f"repeats item [{first_at[repeated[0]]}]"
            hint = f"Keep one of the two{'' if by_name else ', or write the right id'}"
            yield config.error(rule_id, (*path, index, name_key if by_name else "id"), message, hint)
        for identity in identities:
            first_at.setdefault(identity, index)


def _identities(reviewer: UserReviewer | TeamReviewer, name_key: str) -> list[str | int]:
    """What distinguishes reviewers: the name whatever its case, then the id; nothing of a placeholder."""
    name, identity = known(reviewer, name_key), known(reviewer, "id")
    if name is None or is_to_be_filled_in(name):
        return []
    return [name.lower(), identity] if identity else [name.lower()]


def _second_approval_problems(
    config: StackConfig, environment: ProductionEnvironment, second: SecondApproval | None
) -> Iterator[Finding]:
    if second is None:
        return
    yield from findings_of(
        lambda: _name_problems(config, SECOND_APPROVAL, second.name),
        lambda: _reviewer_problems(config, SECOND_APPROVAL, second.reviewers),
        lambda: _same_name_problems(config, environment.name, second.name),
        lambda: _both_problems(config, "users", environment.reviewers.users, second.reviewers.users, "login"),
        lambda: _both_problems(config, "teams", environment.reviewers.teams, second.reviewers.teams, "slug"),
    )


def _same_name_problems(config: StackConfig, name: str, second: str) -> Iterator[Finding]:
    if name.lower() == second.lower():
        path = (*SECOND_APPROVAL, "name")
        yield config.error("settings-second-approval", path, "is the protected environment itself", "Rename it")


def _both_problems(
    config: StackConfig,
    kind: str,
    first: tuple[UserReviewer | TeamReviewer, ...],
    second: tuple[UserReviewer | TeamReviewer, ...],
    name_key: str,
) -> Iterator[Finding]:
    listed = {identity for _, reviewer in known_items(first) for identity in _identities(reviewer, name_key)}
    for index, reviewer in known_items(second):
        if not listed.isdisjoint(_identities(reviewer, name_key)):
            message = "may also approve in the protected environment, so one person could give both approvals"
            path = (*SECOND_APPROVAL, "reviewers", kind, index)
            yield config.error("settings-second-approval", path, message, "List each reviewer in one of the two")


def _flag_problems(config: StackConfig, policy: DeploymentBranchPolicy) -> Iterator[Finding]:
    protected, custom = policy.protected_branches, policy.custom_branch_policies
    hint = "Write custom_branch_policies: true and protected_branches: false, with `branches: [main]`"
    if protected and custom:
        unwritten = "custom_branch_policies" not in policy.model_fields_set
        default = " (custom_branch_policies is true unless it is written)" if unwritten else ""
        message = f"sets both branch flags, and GitHub takes exactly one{default}"
        yield config.error("settings-environment-branches", _BRANCH_POLICY, message, hint)
    elif not protected and not custom:
        message = "sets neither branch flag, so that every branch could deploy"
        yield config.error("settings-environment-branches", _BRANCH_POLICY, message, hint)
    elif protected:
        message = "relies on protected branches; while no branch is protected, every branch can deploy"
        yield config.warning("settings-environment-branches", _BRANCH_POLICY, message, hint)
    if not custom and "branches" in policy.model_fields_set:
        message = "is read only with custom_branch_policies: true"
        path = (*_BRANCH_POLICY, "branches")
        yield config.error("settings-environment-branches", path, message, "Write that, or remove the list")


def _branch_problems(config: StackConfig, policy: DeploymentBranchPolicy) -> Iterator[Finding]:
    yield from duplicates(config, (*_BRANCH_POLICY, "branches"), policy.branches)
    for index, pattern in known_items(policy.branches):
        path = (*_BRANCH_POLICY, "branches", index)
        if pattern.startswith("refs/"):
            message = "is a ref; GitHub compares names of branches, and none has that name"
            hint = f"Write {pattern.removeprefix('refs/heads/')}"
            yield config.error("settings-environment-branches", path, message, hint)
        elif not pattern.strip("*/"):
            message = "allows every branch with a name of that form to deploy"
            yield config.warning("settings-environment-branches", path, message, "Write the names, as main")


def _weak_flag_warnings(config: StackConfig, environment: ProductionEnvironment) -> Iterator[Finding]:
    rule_id = "settings-environment-weak"
    if known(environment, "can_admins_bypass"):
        message = "allows administrators to deploy without approval"
        hint = "Write false, unless the person on call must be able to"
        yield config.warning(rule_id, (*ENVIRONMENT, "can_admins_bypass"), message, hint)
    if known(environment, "prevent_self_review") is False:
        message, hint = "allows reviewers to approve their own deployments", "Write true, or remove the line"
        yield config.warning(rule_id, (*ENVIRONMENT, "prevent_self_review"), message, hint)


def ruleset_problems(config: StackConfig, ruleset: BranchRuleset | None) -> Iterator[Finding]:
    """Every rule of the ruleset by itself."""
    if ruleset is None:
        return
    yield from findings_of(
        lambda: duplicates(config, (*RULESET, "required_checks"), ruleset.required_checks, "context"),
        lambda: _bypass_problems(config, ruleset.bypass_actors),
    )


def ruleset_plan_problems(
    config: StackConfig, ruleset: BranchRuleset | None, repository: Repository
) -> Iterator[Finding]:
    """What GitHub's plan does not have.

    `evaluate`: "only available with GitHub Enterprise" (GitHub's OpenAPI description). Private: about-rulesets.
    """
    if ruleset is None:
        return
    if ruleset.enforcement == "evaluate" and repository.plan != "enterprise":
        message = f"is evaluate, which only organisations with GitHub Enterprise have; the plan is {repository.plan}"
        hint = "Stay with disabled, and go to active from there"
        yield config.error("settings-ruleset-plan", ENFORCEMENT, message, hint)
    elif ruleset.enforcement != "disabled" and repository.visibility != "public" and repository.plan == "free":
        message = f"is for a {repository.visibility} repository, where GitHub's free plan has no rulesets"
        hint = "Use a paid plan (repository.plan), or write disabled"
        yield config.error("settings-ruleset-plan", ENFORCEMENT, message, hint)


def _bypass_problems(config: StackConfig, actors: tuple[BypassActor, ...]) -> Iterator[Finding]:
    first_at: dict[tuple[str, int], int] = {}
    for index, actor in known_items(actors):
        path, identity = (*RULESET, "bypass_actors", index), (known(actor, "kind"), known(actor, "id"))
        if None in identity:
            continue
        first = first_at.setdefault(identity, index)
        if first != index:
            yield config.error("settings-ruleset-bypass", path, f"repeats item [{first}]", "Keep one of the two")
        elif known(actor, "mode") == "always":
            message, hint = "may push past pull request and checks", "Write mode: pull_request, or remove the actor"
            yield config.warning("settings-ruleset-bypass", path, message, hint)


def dependabot_problems(config: StackConfig, dependabot: Dependabot | None) -> Iterator[Finding]:
    """Every rule of Dependabot's file by itself."""
    if dependabot is None:
        return
    yield from findings_of(
        lambda: _update_problems(config, dependabot.updates),
        lambda: duplicates(config, ("dependabot", "labels"), dependabot.labels, "name"),
        lambda: _label_problems(config, dependabot.labels, dependabot.auto_merge),
    )


def _update_problems(config: StackConfig, updates: tuple[DependabotUpdate, ...]) -> Iterator[Finding]:
    first_at: dict[tuple[str, str], str] = {}
    for index, update in known_items(updates):
        ecosystem = known(update, "ecosystem")
        for place, folder in known_items(known(update, "directories") or ()):
            here = f"[{index}].directories[{place}]"
            first = here if ecosystem is None else first_at.setdefault((ecosystem, folder.rstrip("/") or "/"), here)
            if first != here:
                path = ("dependabot", "updates", index, "directories", place)
                message = f"repeats {first}, and Dependabot refuses the whole file"
                yield config.error("settings-dependabot-updates", path, message, "Keep one of the two")


def _label_problems(
    config: StackConfig, labels: tuple[DependabotLabel, ...], merging: AutoMerge | None
) -> Iterator[Finding]:
    for index, label in known_items(labels if merging is not None else ()):
        if str(known(label, "name")).lower() == MINOR_OR_PATCH_LABEL:
            path = ("dependabot", "labels", index, "name")
            message = "is the label that auto-merge sets on minor and patch updates alone"
            yield config.error("settings-dependabot-reserved-label", path, message, "Remove or rename it")


def auto_merge_app_problems(config: StackConfig, merging: AutoMerge | None) -> Iterator[Finding]:
    """Auto-merge needs an identity of its own."""
    if merging is not None and merging.enabled and merging.app_client_id is None:
        message = "needs an App: what the workflow's own token merges starts no deployment"
        hint = "Write the client ID of a GitHub App that may merge there, or enabled: false, which only labels"
        yield config.error("settings-auto-merge", (*AUTO_MERGE, "app_client_id"), message, hint)


def auto_merge_check_problems(
    config: StackConfig, merging: AutoMerge | None, ruleset: BranchRuleset | None
) -> Iterator[Finding]:
    """The half of the preflight that the settings show; the record of honest checks is the other."""
    if merging is None or not merging.enabled:
        return
    path = (*AUTO_MERGE, "enabled")
    if ruleset is None or ruleset.enforcement != "active":
        message = "would merge at once, whatever the checks say, while no active branch_ruleset requires one"
        hint = "Write false, which only labels, until the ruleset is active"
        yield config.error("settings-auto-merge", path, message, hint)
    elif ruleset.required_approvals != 0:
        message = "waits for a person: the ruleset asks for approvals"
        hint = "Write required_approvals: 0 where checks alone shall decide"
        yield config.warning("settings-auto-merge", path, message, hint)
