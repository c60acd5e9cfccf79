"""The answers of `readiness init`: each question with its check, and the answers in a form that files are made of.

An answer is text, or a list of texts, wherever it comes from: an option, a file, the terminal. A name may hold `{env}`,
which is the stack's name in the files: `shop-api-{env}` is `shop-api-staging` and `shop-api-prod`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from readiness.live.init.questions import DEFAULT_STACKS, NONE, QUESTIONS, Question
from readiness.settings.channels import Channels, ExistingChannel, PagerDutyService, SlackChannel
from readiness.settings.github import (
    MAX_REVIEWERS,
    DependabotUpdate,
    Ecosystem,
    ProductionEnvironment,
    Repository,
    TeamReviewer,
    UserReviewer,
)
from readiness.settings.logs import ServiceLogs
from readiness.settings.messages import Spot, explain
from readiness.settings.model import Database, Environment, MigrationJob, Runbook, Service, Settings
from readiness.settings.nearest import suggestion
from readiness.settings.placeholders import is_to_be_filled_in
from readiness.settings.registry import ImageRegistry

Visibility = Literal["public", "private", "internal"]
Plan = Literal["free", "pro", "team", "enterprise"]
Given = Mapping[str, tuple[str, ...]]
# What is wrong, and how to fix it.
Problem = tuple[str, str]

ENV = "{env}"
# The environment of a stack is called as the stack, but for this one.
_ENVIRONMENTS = {"prod": "production"}
# `readiness bootstrap` gives it to the identity that only reads.
_RESERVED_ENVIRONMENT = "preview"

_STACK = re.compile(r"([^=:]*)(?:=([^:=]*)(?::([^:=]*))?)?")
_SERVICE = re.compile(r"([^=:]*)(?:=([^:=]*)(?::([^=]*))?)?")
# SERVICE=LANGUAGE/FORMAT, or LANGUAGE/FORMAT of all services.
_LOGS = re.compile(r"(?:([^=:/]+)=)?([a-z]+)/([a-z]+)")
_DEPENDABOT = re.compile(r"([^=]+)=(.+)")
# LOGIN:ID of a person, or ORGANIZATION/TEAM:ID.
_REVIEWER = re.compile(r"(?:([^:/]+)/)?([^:/]+):([0-9]{1,15})")
_OWNER = re.compile(r"@[A-Za-z0-9][A-Za-z0-9-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?|[^\s@#]+@[^\s@#]+\.[^\s@#]+")
_ASK_FOR_USER = "`gh api users/LOGIN --jq .id`"
_ASK_FOR_TEAM = "`gh api orgs/ORGANIZATION/teams/TEAM --jq .id`"
# The default of `readiness:production_environment`.
GITHUB_ENVIRONMENT = "production"
# One requirement of pip on a line: NAME==VERSION, NAME @ https://… of a wheel, or the path of a wheel in the project.
_PACKAGE = re.compile(
    r"readiness==[A-Za-z0-9.+!-]+|readiness @ https://[^\s]+|(\./)?([\w-]+/)*readiness-[\w.+!-]+\.whl"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class StackAnswer:
    """One stack; `project_number` makes the addresses of its Cloud Run services, if it is known.

    `database` is its Cloud SQL instance, None if it has none.
    """

    name: str
    environment: str
    project: str
    project_number: str | None = None
    database: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceAnswer:
    """A Cloud Run service of every stack; `name` may hold `{env}`. `logs`: its language and format, if given."""

    name: str
    role: str
    health_path: str
    logs: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationAnswer:
    """What the job that migrates the database needs; all but `connector` may hold `{env}`."""

    database: str
    user: str
    password_secret: str
    connector: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What the files are made of. The last stack owns what exists once.

    `reviewers` are login and id of people, `reviewer_teams` slug and id of the owner's teams; they approve deployments
    to the application's GitHub environment `github_environment`.
    """

    stacks: tuple[StackAnswer, ...]
    region: str
    github_owner: str
    repository: str
    own_repository: str
    visibility: Visibility
    plan: Plan | None
    services: tuple[ServiceAnswer, ...]
    emails: tuple[str, ...]
    slack_channel: str | None
    pagerduty_service: str | None
    images: tuple[str, ...]
    registry: str
    adopt_registry: bool
    reviewers: tuple[tuple[str, int], ...]
    reviewer_teams: tuple[tuple[str, int], ...]
    github_environment: str
    code_owners: tuple[str, ...]
    migration: MigrationAnswer | None
    dependabot: tuple[tuple[str, tuple[str, ...]], ...]
    runbook_url: str
    package: str

    @property
    def owner(self) -> StackAnswer:
        """The stack that declares what exists once for all of them."""
        return self.stacks[-1]

    @property
    def enforces_reviewers(self) -> bool:
        """Whether GitHub enforces reviewers of an environment of the application's repository."""
        return reviewers_are_enforced(self.visibility, self.plan)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """`problem` checks one text; `unused` says why an answer would have no effect, if it would not."""

    problem: Callable[[str, Given], Problem | None] = lambda _text, _given: None
    required: Callable[[Given], bool] = lambda _given: False
    unused: Callable[[Given], str | None] = lambda _given: None


def reviewers_are_enforced(visibility: str | None, plan: str | None) -> bool:
    """GitHub's rule: in a public repository, or in any of an organization with GitHub Enterprise.

    Source: docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments, "Required reviewers".
    """
    return visibility == "public" or plan == "enterprise"


def one(given: Given, name: str) -> str | None:
    """The one text of an answer, None where it was not given."""
    texts = given.get(name, ())
    return texts[0] if texts else None


def stacks_in(given: Given) -> tuple[StackAnswer, ...]:
    """The stacks as far as they can be read; `problem`s name what cannot."""
    found: list[StackAnswer] = []
    for text in given.get("stacks") or DEFAULT_STACKS:
        match = _STACK.fullmatch(text)
        if match is None:
            continue
        name, project, number = match.groups()
        shared = one(given, "project") or ""
        found.append(
            StackAnswer(
                name=name,
                environment=_ENVIRONMENTS.get(name, name),
                project=project or shared.replace(ENV, name),
                project_number=number or (None if project else one(given, "project_number")),
                database=_database_of(name, given),
            )
        )
    return tuple(found)


def _database_of(stack: str, given: Given) -> str | None:
    """The stack's Cloud SQL instance: its own answer, or the one for all stacks."""
    for text in given.get("database", ()):
        owner, is_own, name = text.rpartition("=")
        if not is_own or owner == stack:
            return None if name == NONE else name.replace(ENV, stack)
    return None


def services_in(given: Given) -> tuple[ServiceAnswer, ...]:
    """The services, those of the older options included."""
    found: list[str] = []
    for name, role in (("backend_service", "backend"), ("frontend_service", "frontend")):
        found += [f"{text}={role}" for text in given.get(name, ())]
    answers: list[ServiceAnswer] = []
    for text in (*found, *given.get("services", ())):
        match = _SERVICE.fullmatch(text)
        if match is not None:
            service, role, path = match.groups()
            role = role or "backend"
            path = path or ("/health" if role == "backend" else "/")
            answers.append(ServiceAnswer(name=service, role=role, health_path=path, logs=_logs_of(service, given)))
    return tuple(answers)


def _logs_of(service: str, given: Given) -> tuple[str, str] | None:
    """How a service logs: its own answer, or the one for all services."""
    for text in given.get("logs", ()):
        match = _LOGS.fullmatch(text)
        if match is not None and match[1] in (None, service):
            return match[2], match[3]
    return None


def answers_from(given: Given, *, package: str) -> Answers:
    """The answers, which must have no problem."""
    repository, owner = one(given, "repository") or "", one(given, "github_owner") or ""
    named = [match.groups() for text in given.get("reviewers", ()) if (match := _REVIEWER.fullmatch(text))]
    reviewers = tuple((name, int(identity)) for organization, name, identity in named if organization is None)
    teams = tuple((name, int(identity)) for organization, name, identity in named if organization is not None)
    people = [f"@{login}" for login, _ in reviewers if not is_to_be_filled_in(login)]
    owners = given.get("code_owners") or (*people, *(f"@{owner}/{slug}" for slug, _ in teams))
    database, user, secret = (one(given, f"migration_{name}") for name in ("database", "user", "password_secret"))
    migration = None
    if database and user and secret:
        connector = one(given, "vpc_connector")
        migration = MigrationAnswer(database=database, user=user, password_secret=secret, connector=connector)
    updates = given.get("dependabot") or ("github-actions=/",)
    pairs = [match.groups() for text in updates if (match := _DEPENDABOT.fullmatch(text))]
    own = one(given, "own_repository") or f"{repository}-readiness"
    page = f"https://github.com/{owner}/{own}/blob/main/docs/runbook.md"
    return Answers(
        stacks=stacks_in(given),
        region=one(given, "region") or "",
        github_owner=owner,
        repository=repository,
        own_repository=own,
        visibility=TypeAdapter(Visibility).validate_python(one(given, "visibility")),
        plan=TypeAdapter(Plan | None).validate_python(one(given, "plan")),
        services=services_in(given),
        emails=given.get("emails", ()),
        slack_channel=one(given, "slack_channel"),
        pagerduty_service=one(given, "pagerduty_service"),
        images=given.get("images", ()),
        registry=one(given, "registry") or repository,
        adopt_registry=one(given, "adopt_registry") != "false",
        reviewers=reviewers,
        reviewer_teams=teams,
        github_environment=one(given, "github_environment") or GITHUB_ENVIRONMENT,
        code_owners=owners,
        migration=migration,
        dependabot=tuple((ecosystem, tuple(folders.split(","))) for ecosystem, folders in pairs),
        runbook_url=one(given, "runbook_url") or page,
        package=one(given, "package") or package,
    )


def rule_of(question: Question) -> Rule:
    """What an answer to the question must be."""
    return RULES.get(question.name, Rule())


def problems_of(given: Given) -> Iterator[tuple[Question, Problem]]:
    """Everything that is wrong with the answers, in the order of the questions."""
    for question in QUESTIONS:
        yield from ((question, problem) for problem in problems_with(question, given))


def problems_with(question: Question, given: Given) -> Iterator[Problem]:
    """What is wrong with the answer to one question, or that it is missing."""
    texts, rule = given.get(question.name, ()), rule_of(question)
    if not texts:
        if rule.required(given):
            yield "is missing", f"Give it: {question.text}"
        return
    reason = rule.unused(given)
    if reason is not None:
        yield f"has no effect: {reason}", "Leave it out"
        return
    if len(texts) > 1 and not question.many:
        yield f"is given {len(texts)} times", "Give it once"
        return
    if len(set(texts)) < len(texts):
        yield "names the same twice", "Give each once"
    for text in texts:
        if question.choices and text not in question.choices:
            yield "is none of the choices", f"{suggestion(text, question.choices)}Choose {_or(question.choices)}"
        elif problem := rule.problem(text, given):
            yield problem


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def _field_problem(model: type[BaseModel], name: str, value: Any, *, item: bool = False) -> Problem | None:
    """What the setting's own rule says of the value; `item`: the setting is a list, and the value one of its items."""
    field: FieldInfo = model.model_fields[name]
    annotation: Any = get_args(field.annotation)[0] if item else field.rebuild_annotation()
    try:
        TypeAdapter(annotation).validate_python(value)
    except ValidationError as error:
        return explain(error.errors(include_url=False, include_input=False)[0], Spot(value=value, field=field))
    return None


def _name_problem(model: type[BaseModel], name: str, text: str, given: Given, *, item: bool = False) -> Problem | None:
    """The same for a text with `{env}`, in every stack."""
    for stack in stacks_in(given):
        if problem := _field_problem(model, name, text.replace(ENV, stack.name), item=item):
            return problem
    return None


def _distinct_problem(model: type[BaseModel], name: str, text: str, given: Given) -> Problem | None:
    """The same, and two stacks of one Google project may not have the same."""
    if problem := _name_problem(model, name, text, given):
        return problem
    places = [(stack.project, text.replace(ENV, stack.name)) for stack in stacks_in(given)]
    if len(set(places)) < len(places):
        names = " or ".join(stack.name for stack in stacks_in(given))
        return "names the same thing in two stacks of one project", f"Write {ENV} where the name has {names}"
    return None


def _stack_problem(text: str, given: Given) -> Problem | None:
    match = _STACK.fullmatch(text)
    if match is None:
        return "is not NAME, NAME=PROJECT or NAME=PROJECT:NUMBER", "Write it as prod or prod=shop-prod:123456789012"
    name, project, number = match.groups()
    if problem := _field_problem(Environment, "short_name", name):
        return problem
    if name == _RESERVED_ENVIRONMENT:
        return "is the environment of the identity that only reads", "Give the stack another name"
    environments = [stack.environment for stack in stacks_in(given)]
    if environments.count(_ENVIRONMENTS.get(name, name)) > 1:
        return f"has the environment {_ENVIRONMENTS.get(name, name)}, as another stack", "Leave one of the two out"
    if project is not None and (problem := _field_problem(Settings, "project", project)):
        return problem
    return None if number is None else _number_problem(number, given)


def _project_problem(text: str, given: Given) -> Problem | None:
    return _name_problem(Settings, "project", text, given)


def _number_problem(text: str, _given: Given) -> Problem | None:
    # It is a part of an address only, where other texts would pass.
    if not re.fullmatch("[0-9]{1,20}", text):
        return "is not a number", "Write what `gcloud projects describe PROJECT` prints as projectNumber"
    return None


def _project_unused(given: Given) -> str | None:
    own = [match.group(2) for text in given.get("stacks", ()) if (match := _STACK.fullmatch(text))]
    return "every stack names a project of its own" if own and all(own) else None


def _number_unused(given: Given) -> str | None:
    if ENV in (one(given, "project") or ""):
        return "each stack has a project of its own, with a number of its own: --stack NAME=PROJECT:NUMBER"
    return _project_unused(given)


def _service_problem(text: str, given: Given) -> Problem | None:
    match = _SERVICE.fullmatch(text)
    if match is None:
        return "is not NAME, NAME=ROLE or NAME=ROLE:PATH", "Write it as shop-api-{env}=backend:/health"
    name, role, path = match.groups()
    for field, value in (("role", role), ("health_path", path)):
        if value is not None and (problem := _field_problem(Service, field, value)):
            return problem
    if [service.name for service in services_in(given)].count(name) > 1:
        return "names a service that another answer names", "Give each once"
    return _distinct_problem(Service, "name", name, given)


def _logs_problem(text: str, given: Given) -> Problem | None:
    match = _LOGS.fullmatch(text)
    if match is None:
        return "is not LANGUAGE/FORMAT or SERVICE=LANGUAGE/FORMAT", "Write it as node/json or shop-api-{env}=node/json"
    owner, language, format_ = match.groups()
    services = [service.name for service in services_in(given)]
    owners = [other.rpartition("=")[0] for other in given["logs"]]
    if owner is None and len(owners) > 1:
        return "is given for all services, beside another answer", "Write SERVICE=LANGUAGE/FORMAT for each service"
    if owner is not None and owner not in services:
        return f"names the service {owner}, which is none", f"{suggestion(owner, services)}Name {_or(tuple(services))}"
    if owner is not None and owners.count(owner) > 1:
        return f"names the service {owner} twice", "Give each once"
    if language == "other":
        hint = "Leave it out, and write `logs` with `connection_error_texts` into the stack files"
        return "has no ready patterns: it needs texts of your own, which are no answer here", hint
    return _field_problem(ServiceLogs, "language", language) or _field_problem(ServiceLogs, "format", format_)


def _database_problem(text: str, given: Given) -> Problem | None:
    owner, is_own, name = text.rpartition("=")
    stacks = {stack.name: stack for stack in stacks_in(given)}
    if not is_own:
        if len(given["database"]) > 1:
            return "is given for all stacks, beside another answer", "Write STACK=NAME for each stack that has one"
        return None if text == NONE else _distinct_problem(Database, "instance", text, given)
    if owner not in stacks:
        return f"names the stack {owner}, which is none", f"{suggestion(owner, stacks)}Name {_or(tuple(stacks))}"
    if [other.rpartition("=")[0] for other in given["database"]].count(owner) > 1:
        return f"is given twice for the stack {owner}", "Give it once"
    if name == NONE:
        return None
    if problem := _field_problem(Database, "instance", name.replace(ENV, owner)):
        return problem
    if [_instance_of(stack) for stack in stacks.values()].count(_instance_of(stacks[owner])) > 1:
        return "names the same thing in two stacks of one project", "Give each stack its own instance"
    return None


def _instance_of(stack: StackAnswer) -> tuple[str, str | None]:
    return stack.project, stack.database


def _slack_problem(text: str, given: Given) -> Problem | None:
    if text.startswith("projects/"):
        for stack in stacks_in(given):
            own = text.replace(ENV, stack.name)
            if problem := _field_problem(ExistingChannel, "id", own):
                return problem
            if own.split("/")[1] != stack.project:
                return f"is a channel of another project than the stack {stack.name}", "Name a channel of its project"
        return None
    return _name_problem(SlackChannel, "channel_name", text, given)


def _plan_problem(text: str, given: Given) -> Problem | None:
    if one(given, "visibility") == "internal" and text != "enterprise":
        return (
            "has no internal repositories: only GitHub Enterprise has them",
            "Write enterprise, or another visibility",
        )
    return None


def _reviewer_problem(text: str, given: Given) -> Problem | None:
    match = _REVIEWER.fullmatch(text)
    if match is None:
        hint = "Write it as ada:1001 or shop/operators:2001"
        return (
            "is not LOGIN:ID or ORGANIZATION/TEAM:ID",
            f"{hint}; {_ASK_FOR_USER} or {_ASK_FOR_TEAM} prints the number",
        )
    organization, name, number = match.groups()
    ask = f"Ask GitHub: {_ASK_FOR_USER if organization is None else _ASK_FOR_TEAM}"
    model, field = (UserReviewer, "login") if organization is None else (TeamReviewer, "slug")
    if problem := _field_problem(model, field, name):
        return problem
    owner = one(given, "github_owner")
    if organization is not None and owner is not None and organization.lower() != owner.lower():
        return (
            f"is a team of another organization than {owner}",
            "Name teams of the organization that owns the repository",
        )
    named = [
        (who.lower(), identity) for who, _, identity in (reviewer.partition(":") for reviewer in given["reviewers"])
    ]
    same_kind = [(who, identity) for who, identity in named if ("/" in who) == (organization is not None)]
    who = text.partition(":")[0]
    if [other for other, _ in same_kind].count(who.lower()) > 1:
        return f"names {who} twice", "Give each once"
    if [identity for _, identity in same_kind].count(number) > 1:
        return f"has the number {number} of another reviewer", ask
    if len(named) > MAX_REVIEWERS:
        return f"is one of {len(named)}, and GitHub takes {MAX_REVIEWERS}", "Leave some out, or name a team instead"
    return None if int(number) else ("has the number 0, which nobody has", ask)


def _reviewers_unused(given: Given) -> str | None:
    visibility, plan = one(given, "visibility"), one(given, "plan")
    if visibility is None or reviewers_are_enforced(visibility, plan):
        return None
    return f"GitHub's {plan or 'free'} plan enforces no reviewers in a repository that is {visibility}"


def _owner_problem(text: str, _given: Given) -> Problem | None:
    if _OWNER.fullmatch(text):
        return None
    return "is not an owner that GitHub knows", "Write it as @login, @organization/team or an e-mail address"


def _dependabot_problem(text: str, given: Given) -> Problem | None:
    if text == NONE:
        several = len(given.get("dependabot", ())) > 1
        return ("is given beside ecosystems", "Leave one of the two out") if several else None
    match = _DEPENDABOT.fullmatch(text)
    if match is None:
        return "is not ECOSYSTEM=FOLDER", "Write it as pip=/backend or docker=/backend,/frontend"
    if match[1] not in get_args(Ecosystem):
        known = get_args(Ecosystem)
        return "is of no known ecosystem", f"{suggestion(match[1], known)}Known are {', '.join(known)}"
    return _field_problem(DependabotUpdate, "directories", match[2].split(","))


def _package_problem(text: str, _given: Given) -> Problem | None:
    if _PACKAGE.fullmatch(text):
        return None
    hint = "Write what pip installs Readiness from"
    return "is not readiness==VERSION, readiness @ https://… or ./wheels/readiness-VERSION-py3-none-any.whl", hint


def _registry_required(given: Given) -> bool:
    """The name of the GitHub repository is its name, unless it cannot be."""
    name = one(given, "repository")
    return (
        bool(given.get("images"))
        and name is not None
        and _field_problem(ImageRegistry, "repository_id", name) is not None
    )


def _registry_unused(given: Given) -> str | None:
    return None if given.get("images") else "no image is named, so that no registry is declared"


def _migration_unused(given: Given) -> str | None:
    return None if any(stack.database for stack in stacks_in(given)) else "there is no database to migrate"


def _connector_unused(given: Given) -> str | None:
    return (
        None
        if given.get("migration_database")
        else "it is for the job that migrates, and --migration-database is missing"
    )


def _migrates(given: Given) -> bool:
    names = ("migration_database", "migration_user", "migration_password_secret")
    return any(given.get(name) for name in names)


def _of(model: type[BaseModel], name: str, *, item: bool = False) -> Callable[[str, Given], Problem | None]:
    return lambda text, given: _name_problem(model, name, text, given, item=item)


def _plain(model: type[BaseModel], name: str) -> Callable[[str, Given], Problem | None]:
    return lambda text, _given: _field_problem(model, name, text)


def _always(_given: Given) -> bool:
    return True


RULES = {
    "stacks": Rule(problem=_stack_problem),
    "project": Rule(
        problem=_project_problem, required=lambda given: _project_unused(given) is None, unused=_project_unused
    ),
    "project_number": Rule(problem=_number_problem, unused=_number_unused),
    "region": Rule(problem=_plain(Settings, "region"), required=_always),
    "github_owner": Rule(problem=_plain(Settings, "github_owner"), required=_always),
    "repository": Rule(problem=_plain(Repository, "name"), required=_always),
    "own_repository": Rule(problem=_plain(Repository, "name")),
    "visibility": Rule(required=_always),
    "plan": Rule(problem=_plan_problem, required=lambda given: one(given, "visibility") in ("private", "internal")),
    "reviewers": Rule(problem=_reviewer_problem, unused=_reviewers_unused),
    "github_environment": Rule(problem=_plain(ProductionEnvironment, "name"), unused=_reviewers_unused),
    "services": Rule(problem=_service_problem, required=lambda given: not services_in(given)),
    "backend_service": Rule(problem=_service_problem),
    "frontend_service": Rule(problem=_service_problem),
    "database": Rule(problem=_database_problem),
    "logs": Rule(problem=_logs_problem),
    "emails": Rule(problem=_of(Channels, "emails", item=True), required=_always),
    "slack_channel": Rule(problem=_slack_problem),
    "pagerduty_service": Rule(problem=_of(PagerDutyService, "service_name")),
    "images": Rule(problem=lambda text, _given: _field_problem(ImageRegistry, "packages", [text])),
    "registry": Rule(
        problem=_plain(ImageRegistry, "repository_id"), required=_registry_required, unused=_registry_unused
    ),
    "adopt_registry": Rule(unused=_registry_unused),
    "migration_database": Rule(problem=_of(MigrationJob, "database"), required=_migrates, unused=_migration_unused),
    "migration_user": Rule(problem=_of(MigrationJob, "user"), required=_migrates, unused=_migration_unused),
    "migration_password_secret": Rule(
        problem=_of(MigrationJob, "password_secret"), required=_migrates, unused=_migration_unused
    ),
    "vpc_connector": Rule(problem=_plain(MigrationJob, "vpc_connector"), unused=_connector_unused),
    "dependabot": Rule(problem=_dependabot_problem),
    "code_owners": Rule(problem=_owner_problem),
    "runbook_url": Rule(problem=_plain(Runbook, "url")),
    "package": Rule(problem=_package_problem),
}
