"""`readiness snooze`."""

from __future__ import annotations

import os

import click

from readiness import clock
from readiness.cli.common import google_of, project_option, project_root, settings_of


@click.command()
@click.argument("stack")
@click.option("--for", "minutes", metavar="MIN", type=click.IntRange(1, 120), required=True, help="Minutes, 1 to 120.")
@project_option
def snooze(stack: str, minutes: int, project: str | None) -> None:
    """Tell nobody of STACK's alerts for some minutes, during a deployment. The weekly drill still arrives."""
    from readiness.live.google_api import GoogleError
    from readiness.live.snooze import snooze as snooze_policies

    root = project_root(project)
    settings = settings_of(root, stack)
    google = google_of(root, stack, settings, os.environ)
    try:
        policies, until = snooze_policies(google, settings.environment.name, minutes, clock.now())
    except GoogleError as error:
        raise click.ClickException(f"{stack} is not snoozed: {error}") from None
    click.echo(f"{policies} policies of {stack} notify nobody until {until}")
