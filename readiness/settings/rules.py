"""The rules between settings, and which values each of them reads.

A rule is checked whenever the values in its line are valid, whatever is wrong elsewhere: reading one that is refused
raises RefusedValueError, and ends that rule alone. The rules of a section are in its own file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from readiness.finding import Finding
from readiness.settings.base import SecretName
from readiness.settings.channels import channel_problems, channel_project_problems
from readiness.settings.configuration_keys import SECRETS, SLACK_WEBHOOK_URL
from readiness.settings.delivery import delivery_problems
from readiness.settings.github import (
    AutoMerge,
    auto_merge_app_problems,
    auto_merge_check_problems,
    dependabot_problems,
    environment_plan_problems,
    environment_problems,
    reviewers_are_enforced,
    ruleset_plan_problems,
    ruleset_problems,
)
from readiness.settings.image_workflows import image_workflow_problems
from readiness.settings.logs import log_problems
from readiness.settings.model import Contact, Settings
from readiness.settings.observation import availability_problems, uptime_problems
from readiness.settings.placeholders import REACHES_NOBODY, is_placeholder
from readiness.settings.provider_hosts import provider_host_problems
from readiness.settings.registry import registry_problems
from readiness.settings.security_audit import security_audit_problems
from readiness.settings.services import connection_problems, service_problems
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath, path_text
from readiness.settings.unwatched import short_duration_problems, storage_problems, unwatched_problems
from readiness.settings.view import findings_of, known, known_items

# What exists once for all stacks, in the project or in the repository, and what its lack means; None: it is optional.
SHARED_SECTIONS = {
    "image_registry": None,
    "image_workflows": None,
    "production_environment": "nobody has to approve a deployment to production",
    "branch_ruleset": None,
    "dependabot": "nobody is notified of vulnerable dependencies",
    "security_alerts": "nobody is notified of a change of roles, networks or databases",
    "security_audit": None,
}
_OWNS = "readiness:owns_shared_resources"


def rule_findings(config: StackConfig, view: Settings, today: date) -> Iterator[Finding]:
    """Every rule that reads more than one value, or the day. `view` has the values that are valid."""
    yield from findings_of(
        lambda: service_problems(config, view.services, today),
        lambda: log_problems(config, view.services, has_database="database" in view.model_fields_set),
        lambda: channel_problems(config, view.channels),
        *(lambda secret=secret: _secret_problems(config, view, secret) for secret in SECRETS),
        lambda: provider_host_problems(config, known(view, "provider_hosts") or ()),
        lambda: channel_project_problems(config, view.channels.existing, view.project),
        lambda: _escalation_problems(config, view.escalation.contacts),
        lambda: _ownership_problems(config, view, owns=view.owns_shared_resources),
        lambda: _not_production_problems(config, view),
        lambda: environment_problems(config, view.production_environment),
        lambda: environment_plan_problems(config, view.production_environment, view.repository),
        lambda: dependabot_problems(config, view.dependabot),
        lambda: ruleset_problems(config, view.branch_ruleset),
        lambda: ruleset_plan_problems(config, view.branch_ruleset, view.repository),
        lambda: auto_merge_check_problems(config, _auto_merge(view), view.branch_ruleset),
        lambda: auto_merge_app_problems(config, _auto_merge(view)),
        lambda: registry_problems(config, view.image_registry),
        lambda: security_audit_problems(config, view.security_audit),
        lambda: image_workflow_problems(config, view.image_workflows, today),
        lambda: _telemetry_problems(config, view),
        lambda: uptime_problems(config, view.uptime_checks),
        lambda: availability_problems(config, view.availability),
        lambda: connection_problems(config, view.services, view.database.max_connections if view.database else None),
        lambda: _database_problems(config, view),
        lambda: storage_problems(config, view.database),
        lambda: short_duration_problems(config, view.alerts),
        lambda: unwatched_problems(config, view),
    )


def _auto_merge(view: Settings) -> AutoMerge | None:
    return view.dependabot.auto_merge if view.dependabot is not None else None


def _escalation_problems(config: StackConfig, contacts: tuple[Contact, ...]) -> Iterator[Finding]:
    """Somebody is reached: no contact is a placeholder, and the second step is not the first one again."""
    path: KeyPath = ("escalation", "contacts")
    for index, contact in known_items(contacts):
        for name in ("name", "reach"):
            if is_placeholder(known(contact, name)):
                hint = "Write whom to call, and how"
                yield config.warning(
                    "settings-placeholder", (*path, index, name), REACHES_NOBODY, hint, placeholder=True
                )
    reached = [known(contact, "reach") for _, contact in known_items(contacts)]
    if len(reached) > 1 and None not in reached and len({str(reach).casefold() for reach in reached}) == 1:
        message = f"lists {len(reached)} contacts who are all reached in one way: if it fails, nobody else is called"
        hint = "Write another address or number for the second contact"
        yield config.warning("settings-escalation", path, message, hint)


def _not_production_problems(config: StackConfig, view: Settings) -> Iterator[Finding]:
    """A stack that declares who approves deployments to production and says of itself that it is not production."""
    if view.production_environment is not None and not view.environment.production:
        message = "is false, and the stack declares readiness:production_environment: a failed migration pages nobody"
        hint = "Write true, or leave it out"
        yield config.warning("settings-not-production", ("environment", "production"), message, hint)


def _ownership_problems(config: StackConfig, view: Settings, *, owns: bool) -> Iterator[Finding]:
    """The owner declares every shared thing, another stack none: else nobody or both would manage it."""
    for name, consequence in SHARED_SECTIONS.items():
        if owns and name not in view.model_fields_set and consequence is not None:
            hint = f"Write it here, or give the shared resources to another stack: {_OWNS}: false"
            if name == "production_environment" and not reviewers_are_enforced(view.repository):
                hint = "GitHub enforces reviewers of a repository that is not public with GitHub Enterprise only"
            yield config.warning("settings-shared-section-missing", (name,), f"is missing, so {consequence}", hint)
        if not owns and known(view, name) is not None:
            yield _misplaced(config, name)
    key = SLACK_WEBHOOK_URL.key
    if not owns and config.has(key):
        message = f"is stored, but {_OWNS} is false here, so nothing uses it"
        hint = f"Remove it with `pulumi config rm {key}`, and store it in the stack that owns the shared resources"
        yield config.error("settings-shared-section-misplaced", (SLACK_WEBHOOK_URL.name,), message, hint)


def _database_problems(config: StackConfig, view: Settings) -> Iterator[Finding]:
    """What needs a database has one, and a database has the alert on its connection errors."""
    alert = "database_connection_errors"
    has_database = "database" in view.model_fields_set
    alerts = known(view, "alerts")
    if has_database and alerts is not None and alert not in alerts.model_fields_set:
        message = "is missing, and readiness:database is set: connection errors would notify nobody"
        hint = "Write error_count and window_seconds, or remove readiness:database"
        yield config.error("settings-missing-key", ("alerts", alert), message, hint)
    if has_database:
        return
    needing: dict[KeyPath, Any] = {
        ("alerts", alert): known(alerts, alert) if alerts is not None else None,
        ("migration_job",): known(view, "migration_job"),
    }
    for path, section in needing.items():
        if section is not None:
            message = "needs a database, and readiness:database is not set"
            hint = "Write readiness:database with its instance, or remove this section"
            yield config.error("settings-database-missing", path, message, hint)


def _misplaced(config: StackConfig, name: str) -> Finding:
    message = f"belongs to the stack that owns it, and {_OWNS} is false here"
    hint = f"Move it to the file of the stack with {_OWNS}: true"
    return config.error("settings-shared-section-misplaced", (name,), message, hint)


def _telemetry_problems(config: StackConfig, view: Settings) -> Iterator[Finding]:
    if view.deployment_telemetry is not None and known(view, "owns_shared_resources") is False:
        yield _misplaced(config, "deployment_telemetry")
        return
    environment = known(view, "environment")
    own = known(environment, "name") if environment is not None else None
    services = [known(service, "name") for _, service in known_items(known(view, "services") or ())]
    yield from delivery_problems(config, view.deployment_telemetry, own, services)


def _secret_problems(config: StackConfig, view: Settings, secret: SecretName) -> Iterator[Finding]:
    """A secret that a setting needs and nobody stored, and one that no setting needs."""
    if secret.needed_by is None:
        return
    needing = view
    for name in secret.needed_by:
        needing = getattr(needing, name)
    if needing is not None and not config.has(secret.key):
        message, hint = f"is set, but {secret.what} is missing", f"Store it with `{secret.set_command}`"
        yield config.error("settings-secret-missing", secret.needed_by, message, hint)
    if needing is None and config.has(secret.key):
        dotted = "readiness:" + path_text(secret.needed_by)
        message = f"is stored, but {dotted} is not set, so nothing uses it"
        hint = f"Set {dotted}, or remove the secret with `pulumi config rm {secret.key}`"
        yield config.error_at_key("settings-secret-unused", secret.key, message, hint)
