"""The questions of `readiness init`: their names, which are those of the options and of the file's keys, and texts.

Standard library only: the command line reads it whichever command runs. `answers.py` has the rules of the answers.
"""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_STACKS = ("staging", "prod")
NONE = "none"

_SINGULAR = {
    "stacks": "stack", "services": "service", "emails": "email", "images": "image", "reviewers": "reviewer",
    "code_owners": "code_owner", "database": "database", "logs": "log",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One question. `many`: whether several answers are taken.

    `asked`: whether it is asked for on a terminal; the others are options and keys of the file.
    """

    name: str
    text: str
    many: bool = False
    asked: bool = True
    choices: tuple[str, ...] = ()
    shown_default: str = ""

    @property
    def option(self) -> str:
        """Its name on the command line."""
        return "--" + _SINGULAR.get(self.name, self.name).replace("_", "-")

    @property
    def splits_at_commas(self) -> bool:
        """Whether a comma separates answers in an option or a typed line; in `pip=/a,/b` it is part of one."""
        return self.name in _SINGULAR


# In the order in which they are asked: an answer is checked with those before it.
QUESTIONS = (
    Question(
        name="stacks",
        many=True,
        shown_default=",".join(DEFAULT_STACKS),
        text="Stacks in the order of a change, the last owns what exists once: NAME, NAME=PROJECT[:NUMBER]",
    ),
    Question(name="project", text="Google Cloud project (id), {env} for the stack's name"),
    Question(name="project_number", text="Number of the project, from which Cloud Run makes addresses, if you know it"),
    Question(name="region", text="Region, as us-central1"),
    Question(name="github_owner", text="GitHub owner of the application's repository"),
    Question(name="repository", text="Name of that repository"),
    Question(
        name="own_repository",
        asked=False,
        text="Name of the repository for the files that are written; that name with -readiness unless given",
    ),
    Question(
        name="visibility",
        choices=("public", "private", "internal"),
        text="Visibility of that repository, which decides what GitHub enforces there",
    ),
    Question(name="plan", choices=("free", "pro", "team", "enterprise"), text="GitHub's plan of its owner"),
    Question(
        name="reviewers",
        many=True,
        text="Who may approve a deployment to production, as LOGIN:ID or ORGANIZATION/TEAM:ID",
    ),
    Question(
        name="github_environment",
        asked=False,
        text="GitHub environment of the application's repository that deploys to production; production unless given",
    ),
    Question(
        name="services",
        many=True,
        text="Cloud Run services, {env} for the stack's name: NAME, NAME=ROLE or NAME=ROLE:PATH",
    ),
    Question(name="backend_service", asked=False, text="The same as --service NAME=backend"),
    Question(name="frontend_service", asked=False, text="The same as --service NAME=frontend"),
    Question(
        name="database",
        many=True,
        shown_default=NONE,
        text="Cloud SQL instance, {env} for the stack's name, or none; STACK=NAME if only some stacks have one",
    ),
    Question(
        name="logs",
        many=True,
        text="How the services log, as node/json: python, node, java or go, and text or json; SERVICE=node/json if "
        "they differ",
    ),
    Question(name="emails", many=True, text="Addresses that alerts go to"),
    Question(name="slack_channel", text="Slack channel: #NAME, or the id of an existing notification channel"),
    Question(name="pagerduty_service", asked=False, text="PagerDuty service"),
    Question(name="images", many=True, text="Images whose old versions are cleaned up, if any"),
    Question(
        name="registry",
        asked=False,
        text="Artifact Registry repository of the images; the GitHub repository's name unless given, if in lower case",
    ),
    Question(
        name="adopt_registry",
        asked=False,
        choices=("true", "false"),
        text="Whether the Artifact Registry repository exists",
    ),
    Question(name="migration_database", asked=False, text="Database inside the instance that a job migrates"),
    Question(name="migration_user", asked=False, text="User who owns its tables"),
    Question(name="migration_password_secret", asked=False, text="Secret in Secret Manager that holds the password"),
    Question(
        name="vpc_connector", asked=False, text="VPC connector of the job, where the instance has no public address"
    ),
    Question(
        name="dependabot",
        many=True,
        asked=False,
        text="Dependency updates, as pip=/backend; none for no Dependabot; github-actions=/ unless given",
    ),
    Question(
        name="code_owners",
        many=True,
        text="Who has to acknowledge a change here, as @organization/team; the reviewers unless given",
    ),
    Question(
        name="runbook_url",
        asked=False,
        text="Address of the published docs/runbook.md; that in the repository for these files unless given",
    ),
    Question(
        name="package",
        asked=False,
        text="What pip installs Readiness from; where this version came from unless given",
    ),
)
