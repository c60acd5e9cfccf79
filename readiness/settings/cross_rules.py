"""Rules between settings. They look at raw values, so that one mistake does not hide another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.problems import Problem, Severity
from readiness.settings.secret_names import SECRETS, SecretName
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath, path_text

# Google's page was not found; the figure is second-hand (monitoring facts, 4c).
MAX_CHANNELS_PER_POLICY = 16

# Reserved by RFC 2606 and RFC 6761: mail to them reaches nobody.
_RESERVED_DOMAINS = (".example.com", ".example.org", ".example.net", ".example", ".invalid", ".test", ".localhost")


def cross_rule_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Every rule that speaks of more than one value."""
    yield from _duplicates(config, raw, ("services",), "name")
    yield from _duplicates(config, raw, ("channels", "emails"), None)
    yield from _duplicates(config, raw, ("channels", "existing"), "id")
    for secret in SECRETS:
        yield from _secret_problems(config, raw, secret)
    yield from _channel_problems(config, raw)
    yield from _placeholder_warnings(config, raw)


def value_at(raw: Any, path: KeyPath) -> Any:
    """The value at `path`, None where there is none."""
    for part in path:
        if not isinstance(raw, Mapping) or part not in raw:
            return None
        raw = raw[part]
    return raw


def _items(raw: Mapping[str, Any], path: KeyPath) -> list[Any]:
    found = value_at(raw, path)
    return found if isinstance(found, list) else []


def _problem(config: StackConfig, path: KeyPath, message: str, mend: str, **more: Any) -> Problem:
    key = f"readiness:{path[0]}"
    file, line = config.place(key, path[1:])
    return Problem(file=file, line=line, key=path_text((key, *path[1:])), message=message, mend=mend, **more)


def _duplicates(config: StackConfig, raw: Mapping[str, Any], path: KeyPath, field: str | None) -> Iterator[Problem]:
    first_at: dict[str, int] = {}
    for index, item in enumerate(_items(raw, path)):
        value = item.get(field) if field and isinstance(item, dict) else item
        if not isinstance(value, str):
            continue
        identity = value.lower()
        if identity in first_at:
            where = (*path, index, field) if field else (*path, index)
            message = f"repeats item [{first_at[identity]}]"
            yield _problem(config, where, message, "Keep one of the two")
        first_at.setdefault(identity, index)


def _secret_problems(config: StackConfig, raw: Mapping[str, Any], secret: SecretName) -> Iterator[Problem]:
    needed = value_at(raw, secret.needed_by) is not None
    present = secret.key in config.secret_keys or secret.key in config.values
    dotted = "readiness:" + path_text(secret.needed_by)
    if needed and not present:
        message = f"is set, but {secret.what} is missing"
        yield _problem(config, secret.needed_by, message, f"Store it with `{secret.set_command}`")
    if present and not needed:
        file, line = config.place(secret.key)
        message = f"is stored, but {dotted} is not set, so nothing uses it"
        mend = f"Set {dotted}, or remove the secret with `pulumi config rm {secret.key}`"
        yield Problem(file=file, line=line, key=secret.key, message=message, mend=mend)


def _channel_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Problem]:
    channels = value_at(raw, ("channels",))
    if not isinstance(channels, dict):
        return
    existing = [item for item in _items(raw, ("channels", "existing")) if isinstance(item, dict)]
    emails = _items(raw, ("channels", "emails"))
    if not emails and not any(item.get("kind") == "email" for item in existing):
        message = "has no e-mail channel, and an alert that goes by e-mail only would reach nobody"
        yield _problem(
            config, ("channels",), message, "Add an address to `emails`, or an existing channel of kind email"
        )
    total = len(emails) + len(existing) + sum(channels.get(kind) is not None for kind in ("slack", "pagerduty"))
    if total > MAX_CHANNELS_PER_POLICY:
        message = f"holds {total} channels, and a policy takes at most {MAX_CHANNELS_PER_POLICY}"
        yield _problem(config, ("channels",), message, "Put the addresses behind a mailing list")
    project = raw.get("project")
    for index, item in enumerate(_items(raw, ("channels", "existing"))):
        identity = item.get("id") if isinstance(item, dict) else None
        if not isinstance(identity, str) or not isinstance(project, str):
            continue
        if identity.startswith("projects/") and identity.split("/")[1] != project:
            where = ("channels", "existing", index, "id")
            yield _problem(config, where, "belongs to another project", f"Name a channel of {project}")


def _placeholder_warnings(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Problem]:
    for index, address in enumerate(_items(raw, ("channels", "emails"))):
        if isinstance(address, str) and f".{address.lower().rpartition('@')[2]}".endswith(_RESERVED_DOMAINS):
            yield _problem(
                config,
                ("channels", "emails", index),
                "is an address of a reserved domain, which reaches nobody",
                "Write the real address before the first `pulumi up`",
                severity=Severity.WARNING,
            )
