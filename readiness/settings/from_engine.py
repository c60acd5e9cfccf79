"""The settings as the Pulumi engine hands them to the program: the only reader of its configuration.

The engine accepts misspelt keys silently and looks into no object, so the check runs here again, inside every
`pulumi preview` and `up`, on what the engine really resolved (`--config`, `--config-file`, environment), and on the
stack's file where it lies in its usual place (the engine drops unknown top-level keys before the program starts).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import config as engine_config

from readiness.checks import check_config, require_settings
from readiness.problems import Problem, RefusedError
from readiness.settings.model import Settings
from readiness.settings.provider_keys import PROVIDERS
from readiness.settings.secret_names import OFFLINE_PLACEHOLDER, SECRETS, SecretName
from readiness.settings.stack_files import StackConfig, read_stack, stack_file_name


def load_settings() -> Settings:
    """The stack's settings. Raises pulumi.RunError, which the engine prints without a traceback."""
    try:
        return require_settings(check_config(_engine_config(_files_config())))
    except RefusedError as refusal:
        lines = "\n".join(f"  {problem}" for problem in refusal.problems)
        raise pulumi.RunError(f"the settings of stack {pulumi.get_stack()} are refused:\n{lines}") from None


def secret(name: SecretName) -> pulumi.Output[str]:
    """A secret of the stack, as the engine keeps it."""
    return pulumi.Config("readiness").require_secret(name.name)


def _files_config() -> StackConfig:
    stack = pulumi.get_stack()
    if (Path.cwd() / stack_file_name(stack)).exists():
        return read_stack(Path.cwd(), stack)
    return StackConfig(stack=stack, file="the stack's configuration", project=pulumi.get_project())


def _engine_config(files: StackConfig) -> StackConfig:
    """The engine's values, with the files' lines and the files' problems beside them."""
    values: dict[str, str] = engine_config.CONFIG.get()
    secret_keys = {key for key in values if engine_config.is_config_secret(key)}
    return StackConfig(
        stack=files.stack,
        file=files.file,
        project=files.project,
        values={key: _parsed(key, text) for key, text in values.items() if key not in secret_keys},
        secret_keys=secret_keys,
        origins=files.origins,
        problems=[*files.problems, *_malformed_secrets(values, secret_keys)],
    )


def _parsed(key: str, text: str) -> Any:
    """The engine passes text as it is and everything else as JSON."""
    if key.partition(":")[0] in PROVIDERS or not text.startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _malformed_secrets(values: dict[str, str], secret_keys: set[str]) -> list[Problem]:
    return [
        Problem(
            file="the stack's configuration",
            key=each.key,
            message=f"is not {each.what}, which begins with `{each.prefix}`",
            mend=f"Store it with `{each.set_command}`",
        )
        for each in SECRETS
        if each.key in secret_keys
        and values[each.key] != OFFLINE_PLACEHOLDER
        and (not values[each.key].strip() or not values[each.key].startswith(each.prefix))
    ]
