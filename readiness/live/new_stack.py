"""Whether the state backend has a stack, and the command that creates a missing one.

For a missing stack, `pulumi preview` and `pulumi up` end with "no stack named …" and name no command. The command needs
a secrets provider: Pulumi Cloud has its own; every other backend needs a passphrase or a key in a cloud key service
(https://www.pulumi.com/docs/iac/concepts/secrets/#available-encryption-providers).
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from readiness.live.bootstrap import key_name, state_bucket
from readiness.live.pulumi_cli import PASSPHRASE_PROVIDERS, has_passphrase, project_mapping, run_pulumi, state_backend
from readiness.secret_shapes import mask_secrets, one_line
from readiness.settings.stack_files import PROJECT_FILE, stack_file_name

# The CLI's message with status 6 (v3.274.1; other versions may end with another status).
_ABSENT = "no stack named"
# A time limit for commands that take a second or two.
_QUESTION_SECONDS = 60.0
_CLOUD = ("https://", "http://")
PASSPHRASE = "passphrase"  # noqa: S105 - the name of a provider


class Presence(Enum):
    """Whether the backend has a stack."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, kw_only=True, slots=True)
class PulumiAnswer:
    """The result of a CLI command; `error` is one line, and `status` is not 0 if the command failed."""

    status: int
    out: str
    error: str


def pulumi_answer(root: Path, *arguments: str) -> PulumiAnswer:
    """Runs a CLI command that needs no terminal and changes nothing. Raises nothing."""
    try:
        done = run_pulumi(root, *arguments, captured=True, timeout_seconds=_QUESTION_SECONDS)
    except OSError as error:
        return PulumiAnswer(status=-1, out="", error=f"`pulumi` does not run: {error.strerror or type(error).__name__}")
    except subprocess.TimeoutExpired:
        return PulumiAnswer(status=-1, out="", error=f"it did not end within {_QUESTION_SECONDS:.0f} s")
    said = one_line(mask_secrets(done.stderr.strip())).removeprefix("error: ")
    return PulumiAnswer(
        status=done.returncode,
        out=done.stdout.strip(),
        error=said or (f"`pulumi {arguments[0]}` ended with status {done.returncode}" if done.returncode else ""),
    )


def stack_presence(root: Path, stack: str) -> tuple[Presence, str]:
    """Whether the backend has the stack, and the reason if that is not known. Changes nothing and needs no input."""
    answer = pulumi_answer(root, "stack", "export", "--stack", stack, "--non-interactive")
    if answer.status == 0:
        return Presence.PRESENT, ""
    return (Presence.ABSENT, "") if _ABSENT in answer.error else (Presence.NOT_KNOWN, answer.error)


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
        """What the command needs and the environment lacks; empty if nothing is missing."""
        if self.provider != PASSPHRASE or has_passphrase(environment):
            return ""
        return "set PULUMI_CONFIG_PASSPHRASE or its _FILE first"

    def message(self, environment: Mapping[str, str]) -> str:
        """The message for the user: what is missing, and the exact command."""
        lines = [f"The stack {self.stack} does not exist in {self.backend}. Create it once:", f"  {self.command}"]
        if missing := self.missing(environment):
            lines.append(f"It asks for a passphrase, which encrypts the stack's secrets: on a runner {missing}.")
        if self.provider:
            lines.append(f"It writes the secrets provider into {stack_file_name(self.stack)}: commit that file.")
        return "\n".join(lines)


def new_stack(root: Path, stack: str, environment: Mapping[str, str], *, project: str, region: str) -> NewStack:
    """The stack to create, with the secrets provider of its file, or else the usual one of the backend.

    `project` and `region` are the stack's Google project and region: `readiness bootstrap` creates the state bucket and
    its key there.
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
