"""A stack that the state backend does not have yet: whether that is so, and the command that creates it.

`pulumi preview` and `pulumi up` end with "no stack named …" and name no command. The command needs a secrets provider:
Pulumi Cloud has one of its own, every other backend takes a passphrase or a key of a cloud
(https://www.pulumi.com/docs/iac/concepts/secrets/#available-encryption-providers).
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from readiness.live.bootstrap import key_name, state_bucket
from readiness.live.pulumi_cli import PASSPHRASE_PROVIDERS, project_mapping, run_pulumi, state_backend
from readiness.secret_shapes import mask_secrets, one_line
from readiness.settings.stack_files import PROJECT_FILE, stack_file_name

# What the CLI says with status 6 (seen with v3.274.1; other versions may end with another status).
_ABSENT = "no stack named"
_CLOUD = ("https://", "http://")
PASSPHRASE = "passphrase"  # noqa: S105 - the name of a provider


class Presence(Enum):
    """Whether the backend has a stack."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_KNOWN = "not known"


def stack_presence(root: Path, stack: str) -> tuple[Presence, str]:
    """Whether the backend has the stack, and why that is not known where it is not. Changes nothing, asks nobody."""
    try:
        exported = run_pulumi(root, "stack", "export", "--stack", stack, "--non-interactive", captured=True)
    except OSError as error:
        return Presence.NOT_KNOWN, f"`pulumi` does not run: {error.strerror or type(error).__name__}"
    if exported.returncode == 0:
        return Presence.PRESENT, ""
    if _ABSENT in exported.stderr:
        return Presence.ABSENT, ""
    reason = one_line(mask_secrets(exported.stderr.strip())).removeprefix("error: ")
    return Presence.NOT_KNOWN, reason or f"`pulumi stack export` ended with status {exported.returncode}"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewStack:
    """A stack that the backend does not have. `provider` is its secrets provider; empty for Pulumi Cloud's own."""

    stack: str
    backend: str
    provider: str

    @property
    def arguments(self) -> list[str]:
        """The arguments of `pulumi` that create it."""
        option = [f"--secrets-provider={self.provider}"] if self.provider else []
        return ["stack", "init", self.stack, *option]

    @property
    def command(self) -> str:
        """The command that creates it."""
        return shlex.join(["pulumi", *self.arguments])

    def missing(self, environment: Mapping[str, str]) -> str:
        """What the command needs and the environment lacks; empty when nothing is missing."""
        needs_passphrase = self.provider == PASSPHRASE
        has_one = environment.keys() & {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"}
        return "set PULUMI_CONFIG_PASSPHRASE or its _FILE first" if needs_passphrase and not has_one else ""

    def message(self, environment: Mapping[str, str]) -> str:
        """What is missing and the exact command, in lines."""
        lines = [f"The stack {self.stack} does not exist in {self.backend}. Create it once:", f"  {self.command}"]
        if missing := self.missing(environment):
            lines.append(f"It asks for a passphrase, which encrypts the stack's secrets: on a runner {missing}.")
        if self.provider:
            lines.append(f"It writes the secrets provider into {stack_file_name(self.stack)}: commit that file.")
        return "\n".join(lines)


def new_stack(root: Path, stack: str, environment: Mapping[str, str], *, project: str, region: str) -> NewStack:
    """The stack to create, with the secrets provider of its file, or else the usual one of the backend.

    `project` and `region` are the stack's Google project and region: `readiness bootstrap` makes a key there for the
    state bucket that it makes.
    """
    backend = state_backend(environment, root / PROJECT_FILE) or ""
    declared = str(project_mapping(root / stack_file_name(stack)).get("secretsprovider") or "")
    if declared not in PASSPHRASE_PROVIDERS:
        provider = declared
    elif backend.startswith(_CLOUD):
        provider = ""
    elif backend.rstrip("/") == f"gs://{state_bucket(project)}":
        provider = f"gcpkms://{key_name(project, region)}"
    else:
        provider = PASSPHRASE
    return NewStack(stack=stack, backend=mask_secrets(backend), provider=provider)
