"""`Pulumi.yaml` and the file of each stack, as text made from the answers."""

from __future__ import annotations

from typing import Any

import yaml

from readiness.live.init.answers import ENV, Answers, ServiceAnswer, StackAnswer
from readiness.settings.base import SecretName
from readiness.settings.channels import PAGERDUTY_SERVICE_KEY, SLACK_AUTH_TOKEN
from readiness.settings.github import MIN_REVIEWERS
from readiness.settings.placeholders import TO_BE_FILLED_IN
from readiness.settings.stack_files import PROJECT_FILE, stack_file_name

# A service account's name has at most 30 characters (MigrationJob.account_id).
_ACCOUNT_CHARACTERS = 30

# A comment goes above the first line that begins so.
_PROJECT_COMMENTS = {
    "    toolchain:": "Without this line, the engine uses uv or poetry if it finds their lock file in a parent folder.",
    "config:": "Values that all stacks share. If a stack's file sets a key too, its value replaces the whole value "
    "here: objects are not merged.",
}
# Words in the names of environments that serve the application's users.
_PRODUCTION_WORDS = ("prod", "live")
_STACK_COMMENTS = {
    "    production: false": "A failed migration of this stack pages nobody. Remove the line if the stack serves "
    "your users.",
    "  readiness:database:": "Its alerts also read max_connections, storage and, unless it is PostgreSQL, engine: "
    "`readiness check` names the alerts that are missing without them.",
    "  readiness:migration_job:": "Declares the job and its service account. The deployment workflow runs the job.",
    "  readiness:owns_shared_resources: true": "This stack declares the resources that all stacks share.",
    "    cleanup_dry_run:": "Set this to false in a reviewed change, after you have read the list of images that "
    "cleanup would delete.",
    "  readiness:alerts:": "In the file of every stack, because only some stacks have the alert on the database. "
    "Pulumi.yaml contains only what all stacks have.",
    "    reviewers:": "One of these approves. To find an id: gh api users/LOGIN --jq .id",
    "    updates:": "One entry for each ecosystem, with the folders that contain its manifests.",
}

_SAY_HOW_IT_LOGS = (
    "Add to each service how it logs. Otherwise its database errors are found only if it is Python that logs text: "
    "logs: {language: python|node|java|go|other, format: text|json}"
)

# The steps before the secret. docs/slack-channel.md of Readiness explains the scope and the invitation.
_SLACK_STEPS = """\
  # Slack: make an app with the bot scope chat:write at https://api.slack.com/apps, install it, and run
  # /invite @APP in the channel. The secret is its bot token, which begins with xoxb-.
"""

# The thresholds that the first customer asked for. The model has no defaults for them: the stack files set what pages.
# The alerts of `delivery` are left out: they need metrics that only `readiness:deployment_telemetry` writes.
_ALERTS = {
    "high_cpu_usage": {"cpu_ratio": 0.8, "duration_seconds": 300},
    "high_memory_usage": {"memory_ratio": 0.9, "duration_seconds": 300},
    "high_error_rate": {"error_ratio": 0.05, "duration_seconds": 300},
    "high_latency": {"latency_ms": 5000, "duration_seconds": 300},
}
_DATABASE_ALERTS = {"database_connection_errors": {"error_count": 10, "window_seconds": 300}}


def settings_files(answers: Answers) -> dict[str, str]:
    """The text of every file with settings, by its name."""
    files = {PROJECT_FILE: _text(_project(answers), _PROJECT_COMMENTS)}
    for stack in answers.stacks:
        text = _text({"config": _stack(answers, stack)}, _comments(answers, stack))
        files[stack_file_name(stack.name)] = text + _waiting_comments(answers, stack)
    return files


def waiting_channels(answers: Answers) -> list[tuple[SecretName, dict[str, str]]]:
    """The channels that are not declared before their secret is stored: each secret, and the channel's settings."""
    texts = {
        SLACK_AUTH_TOKEN: ("channel_name", answers.slack_channel),
        PAGERDUTY_SERVICE_KEY: ("service_name", answers.pagerduty_service),
    }
    return [(secret, {key: text}) for secret, (key, text) in texts.items() if text and not text.startswith("projects/")]


def setting_of(secret: SecretName) -> str:
    """The channel's key below `readiness:channels`."""
    return (secret.needed_by or ("", secret.name))[-1]


def _shared_project(answers: Answers) -> str | None:
    """The Google project of every stack, None where they have several."""
    projects = {stack.project for stack in answers.stacks}
    return projects.pop() if len(projects) == 1 else None


def _alerts_of(stack: StackAnswer) -> dict[str, Any]:
    return _ALERTS if stack.database is None else _ALERTS | _DATABASE_ALERTS


def _shared_alerts(answers: Answers) -> dict[str, Any] | None:
    """The thresholds of every stack, None where only some have a database."""
    first, *others = (_alerts_of(stack) for stack in answers.stacks)
    return first if all(other == first for other in others) else None


def thresholds_file(answers: Answers) -> str:
    """The file that holds the thresholds of the last stack."""
    return stack_file_name(answers.owner.name) if _shared_alerts(answers) is None else PROJECT_FILE


def _project(answers: Answers) -> dict[str, Any]:
    repository: dict[str, Any] = {"name": answers.repository, "visibility": answers.visibility}
    if answers.plan is not None:
        repository["plan"] = answers.plan
    project, alerts = _shared_project(answers), _shared_alerts(answers)
    return {
        "name": "readiness",
        "description": "Alert policies, channels and the rest that makes a Cloud Run and Cloud SQL application "
        "production-ready",
        "runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}},
        "config": {
            **({} if project is None else {"gcp:project": {"value": project}}),
            "gcp:region": {"value": answers.region},
            "github:owner": {"value": answers.github_owner},
            "readiness:repository": {"default": repository},
            "readiness:runbook": {"default": {"url": answers.runbook_url}},
            **({} if alerts is None else {"readiness:alerts": {"default": alerts}}),
        },
    }


def _stack(answers: Answers, stack: StackAnswer) -> dict[str, Any]:
    addresses = [email.replace(ENV, stack.name) for email in answers.emails]
    settings: dict[str, Any] = {
        "environment": _environment(answers, stack),
        "services": [_service(answers, stack, service) for service in answers.services],
    }
    if stack.database is not None:
        settings["database"] = {"instance": stack.database}
    if _shared_alerts(answers) is None:
        settings["alerts"] = _alerts_of(stack)
    settings["channels"] = {"emails": addresses, **_existing_slack(answers, stack)}
    settings["escalation"] = {"contacts": [{"name": "On call", "reach": addresses[0]}]}
    if answers.migration is not None and stack.database is not None:
        settings["migration_job"] = _migration_job(answers, stack)
    settings["owns_shared_resources"] = stack == answers.owner
    if stack == answers.owner:
        settings |= _shared(answers)
    config = {f"readiness:{name}": value for name, value in settings.items()}
    return config if _shared_project(answers) else {"gcp:project": stack.project, **config}


def _environment(answers: Answers, stack: StackAnswer) -> dict[str, Any]:
    """The environment of a stack. The last stack is production, and so is one with a word such as `prod` in its name.

    In the other stacks, a failed migration pages nobody.
    """
    environment: dict[str, Any] = {"name": stack.environment, "short_name": stack.name}
    is_production = stack == answers.owner or any(word in stack.environment for word in _PRODUCTION_WORDS)
    return environment if is_production else {**environment, "production": False}


def _service(answers: Answers, stack: StackAnswer, service: ServiceAnswer) -> dict[str, Any]:
    name = service.name.replace(ENV, stack.name)
    url = f"https://{TO_BE_FILLED_IN}.invalid"
    if stack.project_number is not None:
        url = f"https://{name}-{stack.project_number}.{answers.region}.run.app"
    written: dict[str, Any] = {"name": name, "role": service.role, "url": url, "health_path": service.health_path}
    if service.logs is not None:
        language, format_ = service.logs
        written["logs"] = {"language": language, "format": format_}
    return written


def _existing_slack(answers: Answers, stack: StackAnswer) -> dict[str, Any]:
    if answers.slack_channel is None or not answers.slack_channel.startswith("projects/"):
        return {}
    return {"existing": [{"kind": "slack", "id": answers.slack_channel.replace(ENV, stack.name)}]}


def _migration_job(answers: Answers, stack: StackAnswer) -> dict[str, Any]:
    assert answers.migration is not None
    end = f"-migrate-{stack.name}"
    stem = answers.repository.lower().replace("_", "-").replace(".", "-").strip("-")
    texts = {
        "database": answers.migration.database,
        "user": answers.migration.user,
        "password_secret": answers.migration.password_secret,
    }
    job = {
        "name": f"{stem[: 49 - len(end)].rstrip('-')}{end}",
        "account_id": f"{stem[: _ACCOUNT_CHARACTERS - len(end)].rstrip('-')}{end}",
        **{name: text.replace(ENV, stack.name) for name, text in texts.items()},
    }
    return job if answers.migration.connector is None else {**job, "vpc_connector": answers.migration.connector}


def _shared(answers: Answers) -> dict[str, Any]:
    shared: dict[str, Any] = {"security_alerts": {"enabled": True}}
    if answers.images:
        shared["image_registry"] = {
            "repository_id": answers.registry,
            "adopt": answers.adopt_registry,
            "packages": list(answers.images),
            "cleanup_dry_run": True,
        }
    # If GitHub does not enforce reviewers, `check` would refuse the environment. It warns that nobody has to approve.
    if answers.enforces_reviewers:
        missing = range(len(answers.reviewers) + len(answers.reviewer_teams) + 1, MIN_REVIEWERS + 1)
        people = [*answers.reviewers, *((f"{TO_BE_FILLED_IN}-{number}", 0) for number in missing)]
        reviewers = {"users": [{"login": login, "id": identity} for login, identity in people]}
        if answers.reviewer_teams:
            reviewers["teams"] = [{"slug": slug, "id": identity} for slug, identity in answers.reviewer_teams]
        named = {kind: listed for kind, listed in reviewers.items() if listed}
        shared["production_environment"] = {"name": answers.github_environment, "reviewers": named}
    # Notifications link to pages that only `readiness deliver` writes there.
    if answers.runbook_url.startswith(f"https://github.com/{answers.github_owner}/{answers.repository}/"):
        shared["managed_files"] = {"documents": True}
    if answers.dependabot:
        updates = [{"ecosystem": ecosystem, "directories": list(folders)} for ecosystem, folders in answers.dependabot]
        shared["dependabot"] = {"updates": updates}
    return shared


def _comments(answers: Answers, stack: StackAnswer) -> dict[str, str]:
    comments = dict(_STACK_COMMENTS)
    if any(service.logs is None for service in answers.services):
        comments["  readiness:services:"] = _SAY_HOW_IT_LOGS
    if stack != answers.owner:
        comments["  readiness:owns_shared_resources: false"] = (
            f"The stack {answers.owner.name} declares the resources that all stacks share."
        )
    return comments


def _waiting_comments(answers: Answers, stack: StackAnswer) -> str:
    """The channels whose secret is not stored yet, as comments, because `check` refuses a channel without its secret.

    A comment for Slack is written even if no answer names a channel, so that somebody can add one later.
    """
    text = ""
    ready = [] if answers.slack_channel is not None else [(SLACK_AUTH_TOKEN, {"channel_name": "#alerts"})]
    for secret, settings in [*waiting_channels(answers), *ready]:
        own = {key: value.replace(ENV, stack.name) for key, value in settings.items()}
        body = yaml.safe_dump({setting_of(secret): own}, allow_unicode=True, width=2000).splitlines()
        text += _SLACK_STEPS if secret == SLACK_AUTH_TOKEN else ""
        text += "  # Move this below readiness:channels: after you have stored its secret with\n"
        text += f"  # {secret.set_command} --stack {stack.name}\n"
        text += "".join(f"  #     {line}\n" for line in body)
    return text


class _IndentedDumper(yaml.SafeDumper):
    """Lists indented below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """PyYAML would write a list at its key's own indentation."""
        super().increase_indent(flow, False)


def _text(value: Any, comments: dict[str, str]) -> str:
    lines: list[str] = []
    waiting = dict(comments)
    for line in yaml.dump(value, Dumper=_IndentedDumper, sort_keys=False, allow_unicode=True, width=2000).splitlines():
        found = next((start for start in waiting if line.startswith(start)), None)
        if found is not None:
            if not found.startswith(" "):
                lines.append("")
            lines.append(f"{' ' * (len(found) - len(found.lstrip()))}# {waiting.pop(found)}")
        lines.append(line)
    return "\n".join(lines) + "\n"
