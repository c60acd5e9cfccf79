"""The questions of `readiness init`: their texts, and their names, which options and the keys of the file use too.

It imports only the standard library, because every command imports it. `answers.py` has the rules of the answers.
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
        text="Stacks in the order of an apply; the last one owns shared resources: NAME, NAME=PROJECT[:NUMBER]",
    ),
    Question(name="project", text="Id of the Google Cloud project; {env} stands for the stack"),
    Question(name="project_number", text="Number of the project, for the addresses of Cloud Run, if you know it"),
    Question(name="region", text="Region, such as us-central1"),
    Question(name="github_owner", text="GitHub owner of the application's repository"),
    Question(name="repository", text="Name of that repository"),
    Question(
        name="own_repository",
        asked=False,
        text="Name of the repository for the written files; the default is that name with -readiness",
    ),
    Question(
        name="visibility",
        choices=("public", "private", "internal"),
        text="Visibility of that repository, which decides what GitHub enforces there",
    ),
    Question(name="plan", choices=("free", "pro", "team", "enterprise"), text="GitHub plan of its owner"),
    Question(
        name="reviewers",
        many=True,
        text="Who may approve a deployment to production, as LOGIN:ID or ORGANIZATION/TEAM:ID",
    ),
    Question(
        name="github_environment",
        asked=False,
        text="GitHub environment of the application's repository that deploys to production; the default is production",
    ),
    Question(
        name="services",
        many=True,
        text="Cloud Run services; {env} stands for the stack: NAME, NAME=ROLE or NAME=ROLE:PATH",
    ),
    Question(name="backend_service", asked=False, text="The same as --service NAME=backend"),
    Question(name="frontend_service", asked=False, text="The same as --service NAME=frontend"),
    Question(
        name="database",
        many=True,
        shown_default=NONE,
        text="Cloud SQL instance; {env} stands for the stack; none for none; STACK=NAME if only some stacks have one",
    ),
    Question(
        name="logs",
        many=True,
        text="How the services log, such as node/json: python, node, java or go, and text or json; SERVICE=node/json "
        "if they differ",
    ),
    Question(name="emails", many=True, text="E-mail addresses for the alerts"),
    Question(name="slack_channel", text="Slack channel: #NAME, or the id of an existing notification channel"),
    Question(name="pagerduty_service", asked=False, text="PagerDuty service"),
    Question(name="images", many=True, text="Images whose old versions to delete, if any"),
    Question(
        name="registry",
        asked=False,
        text="Artifact Registry repository of the images; the default is the GitHub repository's name",
    ),
    Question(
        name="adopt_registry",
        asked=False,
        choices=("true", "false"),
        text="Whether the Artifact Registry repository exists already",
    ),
    Question(name="migration_database", asked=False, text="Database of the instance that a job migrates"),
    Question(name="migration_user", asked=False, text="Database user who owns its tables"),
    Question(name="migration_password_secret", asked=False, text="Secret of Secret Manager that contains the password"),
    Question(name="vpc_connector", asked=False, text="VPC connector of the job, if the instance has no public address"),
    Question(
        name="dependabot",
        many=True,
        asked=False,
        text="Dependency updates, such as pip=/backend; none for no Dependabot; the default is github-actions=/",
    ),
    Question(
        name="code_owners",
        many=True,
        text="Who has to acknowledge a change of this project, as @organization/team; the default is the reviewers",
    ),
    Question(
        name="runbook_url",
        asked=False,
        text="Address of the published docs/runbook.md; the default is the file in the repository of these files",
    ),
    Question(
        name="package",
        asked=False,
        text="What pip installs Readiness from; the default is where this version came from",
    ),
)
