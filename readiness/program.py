"""The settings as the Pulumi engine hands them to the program: the only reader of its configuration.

The engine accepts misspelt keys silently and looks into no object, so the check runs here again, inside every
`pulumi preview` and `up`, on what the engine really resolved (`--config`, `--config-file`, environment), and on the
stack's file where it lies in its usual place (the engine drops unknown top-level keys before the program starts). The
checks of the whole project run here too, so that a plain `pulumi up` applies nothing that `readiness check` refuses.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import config as engine_config

from readiness import clock
from readiness.finding import Finding, RefusedError, Severity, errors_only, text_line
from readiness.rules.project import project_problems
from readiness.rules.stack import check_config, require_settings
from readiness.settings.base import SecretName
from readiness.settings.configuration_keys import OFFLINE_PLACEHOLDER, PROVIDERS, SECRETS
from readiness.settings.model import Settings
from readiness.settings.provider_hosts import variable_problems
from readiness.settings.stack_files import Origin, StackConfig, read_stack, stack_file_name
from readiness.settings.strict_yaml import Document

# In place of a file's name: `--config`, `--config-file` and the environment set keys that no file here holds.
ELSEWHERE = "the stack's configuration"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredSecret:
    """A secret that the stack stores: its value, and the digest of its ciphertext where a file holds it."""

    value: pulumi.Output[str]
    ciphertext_digest: str


def load_settings() -> Settings:
    """The stack's settings. Raises pulumi.RunError, which the engine prints without a traceback.

    A value that is to be filled in (a reviewer, an address of a reserved domain) passes a preview and stops an update.
    So does what only the project's checks refuse: a preview changes nothing, and the cleanup gate and
    `readiness drift` need one of such a stack. Warnings become the engine's own.
    """
    try:
        now = clock.now()
        config = _engine_config(_files_config())
        checked = check_config(config, today=now.date())
        settings = require_settings(checked)
        of_project = project_problems(Path.cwd(), config, settings, now)
        if not pulumi.runtime.is_dry_run():
            placeholders = [
                replace(problem, severity=Severity.ERROR) for problem in checked.problems if problem.placeholder
            ]
            refused = errors_only([*of_project, *variable_problems(os.environ, settings.provider_hosts)])
            if placeholders or refused:
                raise RefusedError([*placeholders, *refused])
    except RefusedError as refusal:
        lines = "\n".join(f"  {text_line(problem)}" for problem in refusal.problems)
        raise pulumi.RunError(f"the settings of stack {pulumi.get_stack()} are refused:\n{lines}") from None
    for problem in checked.problems:
        pulumi.warn(text_line(problem))
    for problem in of_project:
        refused = "an update is refused: " if problem.severity is Severity.ERROR else ""
        pulumi.warn(f"{refused}{text_line(problem)}")
    return settings


def secret(name: SecretName) -> pulumi.Output[str]:
    """A secret of the stack, as the engine keeps it."""
    return pulumi.Config("readiness").require_secret(name.name)


def stored_secret(name: SecretName) -> StoredSecret | None:
    """A secret that a stack may store or not; None where it does not."""
    if name.key not in engine_config.CONFIG.get():
        return None
    digest = _files_config().ciphertext_digests.get(name.key, "not in a file")
    return StoredSecret(value=secret(name), ciphertext_digest=digest)


def _files_config() -> StackConfig:
    stack = pulumi.get_stack()
    if (Path.cwd() / stack_file_name(stack)).exists():
        return read_stack(Path.cwd(), stack)
    return StackConfig(stack=stack, file=ELSEWHERE, project=pulumi.get_project())


def _engine_config(files: StackConfig) -> StackConfig:
    """The engine's values, with the files' lines and the files' problems beside them."""
    values: dict[str, str] = engine_config.CONFIG.get()
    secret_keys = {key for key in values if engine_config.is_config_secret(key)}
    plain = {key: _parsed(key, text) for key, text in values.items() if key not in secret_keys}
    return replace(
        files,
        values=plain,
        secret_keys=secret_keys,
        origins={key: _origin(files, key, plain.get(key)) for key in values},
        problems=[*files.problems, *_malformed_secrets(files, values, secret_keys)],
    )


def _origin(files: StackConfig, key: str, value: Any) -> Origin:
    """Where a key was written: in the file, unless the engine has it or another value from somewhere else."""
    if key in files.origins and value == files.values.get(key):
        return files.origins[key]
    return Origin(document=Document(file=ELSEWHERE, value=value), path=())


def _parsed(key: str, text: str) -> Any:
    """The engine passes text as it is and everything else as JSON; no setting of ours is a lone text or number."""
    if key.partition(":")[0] in PROVIDERS or not (text.startswith(("{", "[")) or text in ("true", "false")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _malformed_secrets(files: StackConfig, values: dict[str, str], secret_keys: set[str]) -> Iterator[Finding]:
    offline = pulumi.runtime.is_dry_run()
    for name in SECRETS:
        if name.key not in secret_keys or name.accepts(values[name.key]):
            continue
        if not (offline and values[name.key] == OFFLINE_PLACEHOLDER):
            file, line = files.place(name.key) if name.key in files.secret_keys else (ELSEWHERE, None)
            message, hint = f"is not {name.what}, {name.form}", f"Store it with `{name.set_command}`"
            rule_id = "settings-secret-malformed"
            yield Finding(rule_id=rule_id, file=file, line=line, key=name.key, message=message, hint=hint)
