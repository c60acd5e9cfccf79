"""Rules between settings. They look at raw values, so that one mistake does not hide another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from readiness.finding import Finding, Severity
from readiness.settings.branch_ruleset_rules import branch_ruleset_problems
from readiness.settings.channels import Channels
from readiness.settings.delivery_rules import delivery_problems
from readiness.settings.github import is_to_be_filled_in
from readiness.settings.github_rules import github_problems, reviewers_are_enforced
from readiness.settings.image_workflow_rules import image_workflow_problems
from readiness.settings.located import duplicates, is_refused, items_at, problem_at, value_at
from readiness.settings.observation_rules import observation_problems
from readiness.settings.provider_hosts import provider_host_problems
from readiness.settings.registry_rules import registry_problems
from readiness.settings.secret_names import SECRETS, SLACK_WEBHOOK_URL, SecretName
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import path_text

# A second-hand figure (docs/facts/monitoring.md#channels-of-a-policy).
MAX_CHANNELS_PER_POLICY = 16

# What exists once for all stacks, in the project or in the repository, and what its lack means; None: it is optional.
SHARED_SECTIONS = {
    "image_registry": None,
    "image_workflows": None,
    "production_environment": "nobody has to approve a deployment to production",
    "branch_ruleset": None,
    "dependabot": "nobody is told of vulnerable dependencies",
    "security_alerts": "a change of roles, networks or databases tells nobody",
}
_OWNS = "readiness:owns_shared_resources"

# Reserved by RFC 2606 and RFC 6761: mail to them reaches nobody.
_RESERVED_DOMAINS = (".example.com", ".example.org", ".example.net", ".example", ".invalid", ".test", ".localhost")


def cross_rule_problems(config: StackConfig, raw: Mapping[str, Any], today: date) -> Iterator[Finding]:
    """Every rule that speaks of more than one value, or of the day."""
    yield from duplicates(config, raw, ("services",), "name")
    yield from duplicates(config, raw, ("channels", "emails"), None)
    yield from duplicates(config, raw, ("channels", "existing"), "id")
    for secret in SECRETS:
        yield from _secret_problems(config, raw, secret)
    yield from provider_host_problems(config, raw)
    yield from _channel_problems(config, raw)
    yield from _placeholder_warnings(config, raw)
    yield from _ownership_problems(config, raw)
    yield from github_problems(config, raw)
    yield from branch_ruleset_problems(config, raw)
    yield from registry_problems(config, raw)
    yield from image_workflow_problems(config, raw, today)
    yield from delivery_problems(config, raw)
    yield from observation_problems(config, raw, today)


def _ownership_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    """The owner declares every shared thing, another stack none: else nobody or both would manage it."""
    owns = raw.get("owns_shared_resources")
    if not isinstance(owns, bool):
        return
    for name, consequence in SHARED_SECTIONS.items():
        if owns and name not in raw and consequence is not None:
            hint = f"Write it here, or give the shared resources to another stack: {_OWNS}: false"
            if name == "production_environment" and not reviewers_are_enforced(raw):
                hint = "GitHub enforces reviewers of a repository that is not public with GitHub Enterprise only"
            yield problem_at(
                config,
                (name,),
                f"is missing, so {consequence}",
                hint,
                severity=Severity.WARNING,
                rule_id="settings-shared-section-missing",
            )
        if not owns and raw.get(name) is not None:
            hint = f"Move it to the file of the stack with {_OWNS}: true"
            yield problem_at(
                config,
                (name,),
                f"belongs to the stack that owns it, and {_OWNS} is false here",
                hint,
                rule_id="settings-shared-section-misplaced",
            )
    key = SLACK_WEBHOOK_URL.key
    if not owns and (key in config.secret_keys or key in config.values):
        message = f"is stored, but {_OWNS} is false here, so nothing uses it"
        hint = f"Remove it with `pulumi config rm {key}`, and store it in the stack that owns the shared resources"
        yield problem_at(config, (SLACK_WEBHOOK_URL.name,), message, hint, rule_id="settings-shared-section-misplaced")


def _secret_problems(config: StackConfig, raw: Mapping[str, Any], secret: SecretName) -> Iterator[Finding]:
    if secret.needed_by is None:
        return
    needed = value_at(raw, secret.needed_by) is not None
    present = secret.key in config.secret_keys or secret.key in config.values
    dotted = "readiness:" + path_text(secret.needed_by)
    if needed and not present:
        message = f"is set, but {secret.what} is missing"
        yield problem_at(
            config,
            secret.needed_by,
            message,
            f"Store it with `{secret.set_command}`",
            rule_id="settings-secret-missing",
        )
    if present and not needed and not is_refused(raw, secret.needed_by):
        file, line = config.place(secret.key)
        message = f"is stored, but {dotted} is not set, so nothing uses it"
        hint = f"Set {dotted}, or remove the secret with `pulumi config rm {secret.key}`"
        yield Finding(
            rule_id="settings-secret-unused", file=file, line=line, key=secret.key, message=message, hint=hint
        )


def _channel_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    channels = value_at(raw, ("channels",))
    if not isinstance(channels, dict):
        return
    existing = [item for item in items_at(raw, ("channels", "existing")) if isinstance(item, dict)]
    emails = items_at(raw, ("channels", "emails"))
    # Where the keys or the lists themselves are wrong, that is what has to be said.
    well_formed = channels.keys() <= Channels.model_fields.keys() and all(
        isinstance(channels.get(name, []), list) for name in ("emails", "existing")
    )
    if well_formed and not emails and not any(item.get("kind") == "email" for item in existing):
        message = "has no e-mail channel, and an alert that goes by e-mail only would reach nobody"
        yield problem_at(
            config,
            ("channels",),
            message,
            "Add an address to `emails`, or an existing channel of kind email",
            rule_id="settings-channels",
        )
    total = sum(_count(channels.get(name)) for name in Channels.model_fields)
    if total > MAX_CHANNELS_PER_POLICY:
        message = f"holds {total} channels, and a policy takes at most {MAX_CHANNELS_PER_POLICY}"
        yield problem_at(
            config, ("channels",), message, "Put the addresses behind a mailing list", rule_id="settings-channels"
        )
    project = raw.get("project")
    for index, item in enumerate(items_at(raw, ("channels", "existing"))):
        identity = item.get("id") if isinstance(item, dict) else None
        if not isinstance(identity, str) or not isinstance(project, str):
            continue
        if identity.startswith("projects/") and identity.split("/")[1] != project:
            where = ("channels", "existing", index, "id")
            yield problem_at(
                config,
                where,
                "belongs to another project",
                "Name one of the project in `gcp:project`",
                rule_id="settings-channels",
            )


def _count(channels: Any) -> int:
    """Of the channels of one setting: a list of them, or an object for a single one."""
    return len(channels) if isinstance(channels, list) else int(channels is not None)


def _placeholder_warnings(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    for index, address in enumerate(items_at(raw, ("channels", "emails"))):
        if isinstance(address, str) and f".{address.lower().rpartition('@')[2]}".endswith(_RESERVED_DOMAINS):
            yield problem_at(
                config,
                ("channels", "emails", index),
                "is an address of a reserved domain, which reaches nobody",
                "Write the real address before the first `pulumi up`",
                severity=Severity.WARNING,
                rule_id="settings-placeholder",
            )
    for index, service in enumerate(items_at(raw, ("services",))):
        url = service.get("url") if isinstance(service, dict) else None
        if isinstance(url, str) and is_to_be_filled_in(url.removeprefix("https://")):
            message = "stands for an address to be filled in; `pulumi up` refuses until then"
            hint = "Write what `gcloud run services describe` prints as status.url"
            where = ("services", index, "url")
            yield problem_at(
                config,
                where,
                message,
                hint,
                severity=Severity.WARNING,
                placeholder=True,
                rule_id="settings-placeholder",
            )
