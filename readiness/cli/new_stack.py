"""What `readiness up` and `readiness preview` do about a stack that the state backend does not have yet."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from readiness.live.new_stack import NewStack
    from readiness.settings.model import Settings


def on_a_terminal() -> bool:
    """Whether somebody can answer a question. On a CI runner (CI=true) nobody can."""
    # A closed input is None in Python.
    is_terminal = sys.stdin is not None and sys.stdin.isatty()
    return is_terminal and os.environ.get("CI", "").lower() not in ("1", "true")


def choose_backend(missing: list[str], settings: Settings) -> list[str]:
    """What is still missing after a terminal was asked for the state backend, if one is missing; else `missing`.

    Logs in to the answer with `pulumi login`. Raises click.ClickException where that fails.
    """
    from readiness.live.bootstrap import state_bucket
    from readiness.live.pulumi_cli import MISSING_BACKEND, MISSING_CLI, run_pulumi

    if MISSING_BACKEND not in missing or MISSING_CLI in missing or not on_a_terminal():
        return missing
    click.echo("No state backend is chosen yet. It keeps what is applied: a bucket, a folder, or Pulumi Cloud.")
    question = "Backend (gs://BUCKET, file://FOLDER, https://api.pulumi.com; - for none)"
    answer = click.prompt(question, default=f"gs://{state_bucket(settings.project)}").strip()
    if answer == "-":
        return missing
    if run_pulumi(Path.cwd(), "login", answer).returncode != 0:
        raise click.ClickException(f"`pulumi login {answer}` failed, see above; nothing was created")
    return [what for what in missing if what != MISSING_BACKEND]


def require_stack(root: Path, stack: str, settings: Settings, missing: list[str]) -> bool:
    """Whether the backend has the stack, or somebody on a terminal has just had it created. False: it does not.

    Then it has printed the command that creates the stack. `missing` is what the machine lacks. Where the backend
    cannot be asked, the answer is True: the engine says why, in its own words.
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
    """The stack with the secrets provider that somebody chose; None for no stack."""
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
        click.echo(f"The secrets provider is in {stack_file_name(wanted.stack)} now: commit that file.")
    return True
