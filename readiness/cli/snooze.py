"""`readiness snooze`."""

from __future__ import annotations

import os

import click

from readiness import clock
from readiness.cli.arguments import WholeNumber, examples, format_option, stack_argument
from readiness.cli.common import google_of, print_json, project_option, project_root, settings_of


@click.command(epilog=examples("snooze prod --for 20", "snooze staging --for 60 --format json"))
@stack_argument
@click.option(
    "--for", "minutes", metavar="MIN", type=WholeNumber(1, 120), required=True, help="For how many minutes, 1 to 120."
)
@format_option("text", "json")
@project_option
def snooze(stack: str, minutes: int, form: str, project: str | None) -> None:
    """Pause the notifications of STACK for some minutes.

    Use it during a deployment. The weekly drill is still sent.
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
    if form == "json":
        print_json({"stack": stack, "policies": policies, "until": until})
        return
    click.echo(f"{policies} policies of {stack} notify nobody until {until}")
