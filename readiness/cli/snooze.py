"""`readiness snooze`."""

from __future__ import annotations

import os

import click

from readiness import clock
from readiness.cli.arguments import WholeNumber, examples, stack_argument
from readiness.cli.common import google_of, project_option, project_root, settings_of


@click.command(epilog=examples("snooze prod --for 20", "snooze staging --for 60"))
@stack_argument
@click.option("--for", "minutes", metavar="MIN", type=WholeNumber(1, 120), required=True, help="Minutes, 1 to 120.")
@project_option
def snooze(stack: str, minutes: int, project: str | None) -> None:
    """Send no notifications of STACK's alerts for some minutes.

    Use it during a deployment. The weekly drill still arrives.
    """
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
