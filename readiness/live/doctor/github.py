"""Whether this token may apply a stack on GitHub, and whether the workflows could: `readiness doctor --ci`."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from readiness import resource_types as types
from readiness.finding import RefusedError
from readiness.live.bootstrap import APPLY_VARIABLE, DRIFT, PREVIEW
from readiness.live.doctor.machine import not_known, optional
from readiness.live.github_api import GitHub, GitHubError
from readiness.live.github_apps import MANAGEMENT_TOKEN, GitHubApp, github_apps
from readiness.live.google_api import Google, GoogleError
from readiness.live.pulumi_cli import PASSPHRASE_PROVIDERS, project_mapping
from readiness.live.rows import Row, failed, passed
from readiness.settings.model import Settings
from readiness.settings.stack_files import stack_file_name
from readiness.settings.strict_yaml import read_yaml

WORKFLOWS = ".github/workflows"
# docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens
_PERMISSIONS: Mapping[str, str] = {
    types.BRANCH_POLICY: "Administration",
    types.ENVIRONMENT: "Administration",
    types.ENVIRONMENT_SECRET: "Environments",
    types.ENVIRONMENT_VARIABLE: "Environments",
    types.LABEL: "Issues",
    types.REPOSITORY_FILE: "Contents and Workflows",
    types.REPOSITORY_SECRET: "Secrets",
    types.REPOSITORY_VARIABLE: "Variables",
    types.RULESET: "Administration",
    types.SECURITY_UPDATES: "Administration",
    types.VULNERABILITY_ALERTS: "Administration",
}
_NEW_TOKEN = "https://github.com/settings/personal-access-tokens/new"  # noqa: S105 - an address
_TOKEN_COMMAND = 'export GITHUB_TOKEN="$(gh auth token)"'  # noqa: S105 - a command
_NAMED = re.compile(r"\b(vars|secrets)\.([A-Za-z_][A-Za-z0-9_]*)")
_TOKEN_CHECK = "GitHub token"  # noqa: S105 - a check's name


def token_rows(github: GitHub, resources: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Whether there is a token that may do what the declared resources need in the application's repository."""
    subject = f"GitHub repository {github.name}"
    kinds = {resource["type"] for resource in resources}
    rights = sorted({permission for kind, permission in _PERMISSIONS.items() if kind in kinds})
    if github.token is None:
        if not rights:
            return [optional(_TOKEN_CHECK, subject, "none; no stack here declares anything there", _TOKEN_COMMAND)]
        needed = f"neither GITHUB_TOKEN nor GH_TOKEN is set; it needs {', '.join(rights)}: read and write"
        return [failed(_TOKEN_CHECK, subject, needed, f"{_TOKEN_COMMAND}\n{_NEW_TOKEN}")]
    return _asked(_TOKEN_CHECK, subject, lambda: _right_rows(github, subject, rights))


def _right_rows(github: GitHub, subject: str, rights: Sequence[str]) -> Iterator[Row]:
    repository = github.get("")
    if repository is None:
        yield failed(_TOKEN_CHECK, subject, "the repository does not exist, or the token may not see it", _NEW_TOKEN)
        return
    administers = repository.get("permissions", {}).get("admin") is True
    yield passed(_TOKEN_CHECK, subject, "GitHub takes it, and it sees the repository")
    check, wanted = "permissions", f"{', '.join(rights) or 'nothing'}: read and write"
    if not rights:
        return
    if not administers:
        yield failed(check, subject, f"the token's owner does not administer it; needed: {wanted}", _NEW_TOKEN)
        return
    scopes = github.scopes()
    if scopes is None:
        # What a fine-grained token may write shows when it writes.
        yield not_known(check, subject, f"GitHub does not say what this kind of token may write; needed: {wanted}")
    elif "repo" in scopes:
        yield passed(check, subject, "its owner administers the repository, and the token has the scope repo")
    else:
        yield failed(check, subject, "the token lacks the scope repo", "gh auth refresh --scopes repo,workflow")


def _asked(check: str, subject: str, ask: Callable[[], Iterable[Row]]) -> list[Row]:
    """The rows of a question to GitHub; what it refuses to answer, or does not answer, is not known."""
    try:
        return list(ask())
    except GitHubError as error:
        if error.status == 401:
            return [failed(_TOKEN_CHECK, subject, f"GitHub refuses it: {error}", f"{_TOKEN_COMMAND}\n{_NEW_TOKEN}")]
        return [not_known(check, subject, str(error))]
    except (KeyError, TypeError, AttributeError) as error:
        return [not_known(check, subject, f"GitHub's answer has an unknown form ({type(error).__name__})")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What a job of a workflow reads: names of variables and secrets, in which environments."""

    name: str
    environments: tuple[str, ...]
    variables: frozenset[str]
    secrets: frozenset[str]

    def names(self, kind: str) -> frozenset[str]:
        """Those of `variables` or of `secrets`."""
        return self.variables if kind == "variables" else self.secrets


def jobs_of(root: Path, environments: Sequence[str]) -> list[Job]:
    """The jobs of the project's workflows that read a variable or a secret.

    A job whose environment is an expression may be in any of `environments`. Raises RefusedError.
    """
    found = []
    for file in sorted((root / WORKFLOWS).glob("*.y*ml")):
        document = read_yaml(file, f"{WORKFLOWS}/{file.name}").value
        jobs = document.get("jobs") if isinstance(document, dict) else None
        for name, job in jobs.items() if isinstance(jobs, dict) else ():
            if not isinstance(job, dict):
                continue
            environment = job.get("environment")
            named = environment.get("name") if isinstance(environment, dict) else environment
            names = _NAMED.findall(str(job))
            if not names:
                continue
            own = () if not named else tuple(environments) if "${{" in str(named) else (str(named),)
            found.append(
                Job(
                    name=f"{file.name}: {name}",
                    environments=own,
                    variables=frozenset(word for kind, word in names if kind == "vars"),
                    secrets=frozenset(word for kind, word in names if kind == "secrets") - {"GITHUB_TOKEN"},
                )
            )
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Ci:
    """The repository in which CI runs, and the stacks that it applies. `google` is None where Google is not asked."""

    root: Path
    github: GitHub
    stacks: Mapping[str, Settings]
    google: Google | None

    @property
    def subject(self) -> str:
        """How its rows name it."""
        return f"CI of {self.github.name}"

    @property
    def apps(self) -> tuple[GitHubApp, ...]:
        """The Apps whose tokens the jobs take."""
        return github_apps(self.stacks, reading=(PREVIEW, DRIFT))

    @property
    def owner_environments(self) -> list[str]:
        """The environments of the stacks that own what exists once."""
        return [settings.environment.name for settings in self.stacks.values() if settings.owns_shared_resources]

    @property
    def home(self) -> str:
        """The Google project that holds the state and the pool."""
        owners = [settings.project for settings in self.stacks.values() if settings.owns_shared_resources]
        return (owners or [settings.project for settings in self.stacks.values()])[0]

    @property
    def bootstrap(self) -> str:
        """The command that sets up what is missing; run again, it leaves what exists as it is."""
        name = self.github.name
        return (
            f'readiness bootstrap --repository {name} --repository-id "$(gh api repos/{name} --jq .id)" '
            f'--owner-id "$(gh api repos/{name} --jq .owner.id)" --project-number '
            f"\"$(gcloud projects describe {self.home} --format='value(projectNumber)')\" > bootstrap.sh"
            "\nless bootstrap.sh && bash bootstrap.sh"
        )


def ci_rows(ci: Ci) -> Iterator[Row]:
    """Whether the workflows of the repository could apply the stacks."""
    yield from _key_rows(ci)
    environments = [settings.environment.name for settings in ci.stacks.values()]
    try:
        jobs = jobs_of(ci.root, environments)
    except RefusedError as refusal:
        for problem in refusal.problems:
            yield failed("workflows", ci.subject, f"{problem.file}: {problem.message}", problem.hint)
        return
    if not any(APPLY_VARIABLE in job.variables for job in jobs):
        yield failed(
            "workflows",
            ci.subject,
            f"none in {WORKFLOWS} reads {APPLY_VARIABLE}, so none applies",
            "readiness init --help",
        )
        return
    checks = ("environments", "variables", "secrets", "branch protection", "workload identity")
    if ci.github.token is None:
        yield failed(_TOKEN_CHECK, ci.subject, "neither GITHUB_TOKEN nor GH_TOKEN is set", _TOKEN_COMMAND)
        yield from (not_known(check, ci.subject, "GitHub was not asked: no token") for check in checks)
        return
    repository: dict[str, Any] | None = None
    try:
        repository = ci.github.get("")
    except GitHubError as error:
        yield from (not_known(check, ci.subject, str(error)) for check in checks)
        return
    if repository is None:
        yield failed("repository", ci.subject, "does not exist, or the token may not see it", _NEW_TOKEN)
        yield from (not_known(check, ci.subject, "the repository was not found") for check in checks)
        return
    yield from _environment_rows(ci, repository, sorted({name for job in jobs for name in job.environments}))
    yield from _value_rows(ci, jobs)
    yield from _asked("branch protection", ci.subject, lambda: _branch_rows(ci, repository))
    yield from _identity_rows(ci, repository)


def _key_rows(ci: Ci) -> Iterator[Row]:
    """A runner has no passphrase: the stack files must name a key service."""
    for stack in ci.stacks:
        file = stack_file_name(stack)
        declared = str(project_mapping(ci.root / file).get("secretsprovider") or "")
        if declared not in PASSPHRASE_PROVIDERS:
            yield passed("secrets provider", f"stack {stack}, in CI", f"{declared.partition('://')[0]} in {file}")
        else:
            what = f"{file} names no key service, and a runner has no passphrase"
            yield failed("secrets provider", f"stack {stack}, in CI", what, ci.bootstrap)


def _environment_rows(ci: Ci, repository: Mapping[str, Any], names: Sequence[str]) -> Iterator[Row]:
    for name in names:
        yield from _asked("environments", ci.subject, lambda name=name: _of_environment(ci, repository, name))


def _of_environment(ci: Ci, repository: Mapping[str, Any], name: str) -> Iterator[Row]:
    check, live = "environments", ci.github.get(f"environments/{quote(name, safe='')}")
    settings_page = f"https://github.com/{ci.github.name}/settings/environments"
    if live is None:
        path = f"repos/{ci.github.name}/environments/{name}"
        yield failed(check, ci.subject, f"{name} does not exist", f"gh api -X PUT {path}")
        return
    yield passed(check, ci.subject, f"{name} exists")
    if name == PREVIEW:
        return
    kinds = {rule.get("type") for rule in live.get("protection_rules", ())}
    # GitHub enforces these in public repositories on every plan, and in private ones on some.
    lacking = optional if repository.get("private") else failed
    more = ", where GitHub's plan allows it" if repository.get("private") else ""
    if live.get("deployment_branch_policy") is None:
        yield lacking(check, ci.subject, f"{name} takes deployments from every branch{more}", settings_page)
    if name == DRIFT and "required_reviewers" in kinds:
        yield failed(check, ci.subject, f"{name} has reviewers, for whom every night waits", settings_page)
    if name in ci.owner_environments and "required_reviewers" not in kinds:
        yield lacking(check, ci.subject, f"{name} has no reviewers: a merge applies at once{more}", settings_page)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Set:
    """The names of one kind that are set: for every job, and in each environment."""

    shared: frozenset[str]
    own: Mapping[str, frozenset[str]]

    def has(self, name: str, environment: str) -> bool:
        """Whether a job in the environment, or in none (empty), can read the name."""
        return name in self.shared or name in self.own.get(environment, ())


def _value_rows(ci: Ci, jobs: Sequence[Job]) -> Iterator[Row]:
    """Whether the jobs have the variables and secrets that they read: of the repository, organization or environment.

    A job that can take the token of a person in place of the App needs only one of the two.
    """
    found: dict[str, _Set] = {}
    for kind in ("variables", "secrets"):
        try:
            found[kind] = _names_set(ci, jobs, kind)
        except GitHubError as error:
            yield not_known(kind, ci.subject, str(error))
    apps = {name for app in ci.apps for name in (app.client_id, app.private_key)}
    for kind, names in found.items():
        missing: dict[tuple[str, str], list[str]] = {}
        needed: set[str] = set()
        for job in jobs:
            for environment in job.environments or ("",):
                for name in job.names(kind):
                    needed.add(name)
                    if names.has(name, environment) or _is_replaced(job, name, environment, found, apps):
                        continue
                    # A variable that is set in the repository is there for every environment.
                    missing.setdefault((name, environment if kind == "secrets" else ""), []).append(job.name)
        for (name, environment), readers in sorted(missing.items()):
            where = f" in the environment {environment}" if environment else ""
            detail = f"{name} is not set{where}; read by {', '.join(dict.fromkeys(readers))}"
            yield failed(kind, ci.subject, detail, _how_to_set(ci, kind, name, environment))
        if not missing:
            yield passed(kind, ci.subject, f"the jobs have all that they read ({len(needed)} names)")
    names = found.get("variables")
    if names is not None and any(names.has(app.client_id, "") for app in ci.apps):
        page = f"https://github.com/organizations/{ci.apps[0].owner}/settings/installations"
        detail = f"GitHub shows only to the Apps themselves whether they are installed on {ci.apps[0].application}"
        yield not_known("GitHub Apps", ci.subject, detail, page)


def _is_replaced(job: Job, name: str, environment: str, found: Mapping[str, _Set], apps: Container[str]) -> bool:
    """Whether the job has what it can take in place of the name: the App for the token of a person, or that token."""
    if MANAGEMENT_TOKEN not in job.secrets or "secrets" not in found:
        return False
    if name == MANAGEMENT_TOKEN:
        # Where neither exists, the App is what is missing.
        return any(secret in apps for secret in job.secrets)
    return name in apps and found["secrets"].has(MANAGEMENT_TOKEN, environment)


def _names_set(ci: Ci, jobs: Sequence[Job], kind: str) -> _Set:
    """What is set of a kind. Raises GitHubError where GitHub does not say."""
    shared = {str(item["name"]) for item in ci.github.items(f"actions/{kind}", kind)}
    try:
        shared |= {str(item["name"]) for item in ci.github.items(f"actions/organization-{kind}", kind)}
    except GitHubError as error:
        # The repository of a person has no organization.
        if error.status != 404:
            raise
    environments = sorted({name for job in jobs if job.names(kind) for name in job.environments})
    own = {name: _names_in(ci, name, kind) for name in environments}
    return _Set(shared=frozenset(shared), own=own)


def _names_in(ci: Ci, environment: str, kind: str) -> frozenset[str]:
    """The names that are set in an environment; none where it does not exist."""
    path = f"environments/{quote(environment, safe='')}"
    try:
        return frozenset(str(item["name"]) for item in ci.github.items(f"{path}/{kind}", kind))
    except GitHubError as error:
        if error.status == 404 and ci.github.get(path) is None:
            return frozenset()
        raise


def _how_to_set(ci: Ci, kind: str, name: str, environment: str) -> str:
    repository = ci.github.name
    for app in ci.apps:
        if name == app.client_id:
            return f"{app.address}\n{app.set_client_id(repository)}"
        if name == app.private_key:
            return app.set_private_key(repository, environment)
    if kind == "secrets":
        option = f" --env {environment}" if environment else ""
        return f"gh secret set {name} --repo {repository}{option}"
    return ci.bootstrap


def _branch_rows(ci: Ci, repository: Mapping[str, Any]) -> Iterator[Row]:
    check, name = "branch protection", str(repository["default_branch"])
    page = f"https://github.com/{ci.github.name}/settings/rules"
    if name != "main":
        yield failed(
            check, ci.subject, f"the default branch is {name}; the identity is given to runs of main alone", page
        )
        return
    branch = ci.github.get(f"branches/{name}")
    if branch is None:
        yield failed(check, ci.subject, f"{name} does not exist yet", "git push --set-upstream origin main")
    elif branch["protected"]:
        yield passed(check, ci.subject, f"{name} is protected")
    else:
        lacking = optional if repository.get("private") else failed
        yield lacking(check, ci.subject, f"{name} is not protected: everybody who may push there can apply", page)


def _identity_rows(ci: Ci, repository: Mapping[str, Any]) -> Iterator[Row]:
    """Whether Google gives the runs of this repository an identity."""
    check = "workload identity"
    if ci.google is None:
        yield not_known(check, ci.subject, "Google was not asked: no credentials that work")
        return
    try:
        values = {str(item["name"]): str(item["value"]) for item in ci.github.items("actions/variables", "variables")}
        provider = values.get("WORKLOAD_IDENTITY_PROVIDER", "")
        if not provider:
            yield failed(check, ci.subject, "WORKLOAD_IDENTITY_PROVIDER is not set in the repository", ci.bootstrap)
            return
        live = ci.google.get("iam", provider)
        faults = list(_trust_faults(ci, repository, live))
        accounts = sorted({values[name] for name in (APPLY_VARIABLE, "PREVIEW_IDENTITY") if name in values})
        for account in accounts:
            ci.google.get("iam", f"projects/-/serviceAccounts/{quote(account, safe='@')}")
    except (GitHubError, GoogleError) as error:
        if error.status == 404:
            yield failed(check, ci.subject, f"does not exist: {error}", ci.bootstrap)
        else:
            yield not_known(check, ci.subject, str(error))
        return
    for fault in faults:
        yield failed(check, ci.subject, fault, ci.bootstrap)
    if not faults:
        yield passed(check, ci.subject, f"{provider} trusts this repository and the environments of its stacks")


def _trust_faults(ci: Ci, repository: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[str]:
    if live.get("state") != "ACTIVE" or live.get("disabled"):
        yield "the provider is deleted or disabled"
    if f"'{repository['id']}'" not in str(live.get("attributeCondition", "")):
        yield f"the provider does not trust {ci.github.name} by its number {repository['id']}"
    mapping = str(live.get("attributeMapping", {}).get("attribute.identity", ""))
    for settings in ci.stacks.values():
        if f"'{settings.environment.name}'" not in mapping:
            yield f"the provider gives the environment {settings.environment.name} no identity"
