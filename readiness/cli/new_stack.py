"""Creates a stack that the state backend does not have yet, for `readiness up` and `readiness preview`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.cli.common import on_ci_runner

if TYPE_CHECKING:
    from readiness.live.new_stack import NewStack
    from readiness.settings.model import Settings


def on_a_terminal() -> bool:
    """Whether somebody can answer a question: stdin is a terminal, and this is not a CI runner (CI=true)."""
    # A closed input is None in Python.
    is_terminal = sys.stdin is not None and sys.stdin.isatty()
    return is_terminal and not on_ci_runner()


def choose_backend(missing: list[str], settings: Settings) -> list[str]:
    """Asks on a terminal for a missing state backend, and returns what is then still missing.

    It logs in to the backend with `pulumi login`. Raises click.ClickException if that fails.
    """
    from readiness.live.bootstrap import state_bucket
    from readiness.live.pulumi_cli import MISSING_BACKEND, MISSING_CLI, run_pulumi

    if MISSING_BACKEND not in missing or MISSING_CLI in missing or not on_a_terminal():
        return missing
    click.echo("No backend is chosen yet. It stores the state of the stacks: a bucket, a folder, or Pulumi Cloud.")
    question = "Backend (gs://BUCKET, file://FOLDER, https://api.pulumi.com; - for none)"
    answer = click.prompt(question, default=f"gs://{state_bucket(settings.project)}").strip()
    if answer == "-":
        return missing
    if run_pulumi(Path.cwd(), "login", answer).returncode != 0:
        raise click.ClickException(f"`pulumi login {answer}` failed, see above. Nothing was created")
    return [what for what in missing if what != MISSING_BACKEND]


def require_stack(root: Path, stack: str, settings: Settings, missing: list[str]) -> bool:
    """Whether the backend has the stack. On a terminal, it offers to create a missing stack.

    For False, it has printed the command that creates the stack. `missing` is what the machine lacks. If the backend
    cannot be read, the answer is True, because the engine then reports the reason.
    """
    from readiness.live.new_stack import Presence, new_stack, stack_presence
    from readiness.live.pulumi_cli import MISSING_PASSPHRASE

    if set(missing) - {MISSING_PASSPHRASE} or stack_presence(root, stack)[0] is not Presence.ABSENT:
        return True
    wanted = new_stack(root, stack, os.environ, project=settings.project, region=settings.region)
    if on_a_terminal() and (chosen := _chosen(wanted)) is not None:
        return _created(root, chosen)
    click.echo(f"error: {wanted.message(os.environ)}", err=True)
    return False


def _chosen(wanted: NewStack) -> NewStack | None:
    """The stack with the secrets provider that the user chose; None if the user declined."""
    from dataclasses import replace

    if not click.confirm(f"The stack {wanted.stack} does not exist in {wanted.backend}. Create it?", default=False):
        return None
    if not wanted.provider:
        return wanted
    question = "Secrets provider (passphrase, or gcpkms://KEY, awskms://KEY, azurekeyvault://KEY, hashivault://KEY)"
    return replace(wanted, provider=click.prompt(question, default=wanted.provider).strip())


def _created(root: Path, wanted: NewStack) -> bool:
    from readiness.live.pulumi_cli import run_pulumi
    from readiness.settings.stack_files import stack_file_name

    click.echo(f"$ {wanted.command}")
    if run_pulumi(root, *wanted.arguments).returncode != 0:
        raise click.ClickException(f"`{wanted.command}` failed, see above: the stack does not exist")
    if wanted.provider:
        click.echo(f"The secrets provider is now in {stack_file_name(wanted.stack)}. Commit that file.")
    return True
