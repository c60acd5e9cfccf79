"""`readiness rehearse`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from readiness import clock
from readiness.cli.arguments import examples, format_option, stack_argument
from readiness.cli.common import by_option, google_of, print_json, project_option, project_root, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from readiness.live.rehearsal import Serving
    from readiness.settings.model import Settings


@click.command(epilog=examples("rehearse staging", "rehearse staging --served-again --by Ada --format json"))
@stack_argument
@click.option("--served-again", is_flag=True, help="Record that users get the old revision.")
@by_option("Who rolls back.")
@format_option("text", "json")
@project_option
def rehearse(stack: str, served_again: bool, by: str, form: str, project: str | None) -> None:
    """Record a rehearsal of the rollback of STACK.

    Run it before the rollback, and again with --served-again when users get the old revision.
    """
    from dataclasses import asdict

    from readiness.live.rehearsal import REHEARSALS, begun, ended, spoken
    from readiness.settings.stack_files import read_stack

    root = project_root(project)
    settings = settings_of(root, stack)
    path = REHEARSALS.path(root / read_stack(root, stack).file, stack)
    recorded = REHEARSALS.read(path)
    if not by:
        raise click.ClickException("--by is empty, and your user name is not known. Name who rolls back: --by NAME.")
    if served_again and not (recorded and not recorded[-1].is_finished):
        ended(path, stack, recorded, by, clock.now(), ())
    serving = _serving(root, stack, settings)
    now = clock.now()
    rehearsals = ended(path, stack, recorded, by, now, serving) if served_again else begun(recorded, by, now, serving)
    REHEARSALS.write(path, stack, rehearsals)
    if form == "json":
        print_json({"stack": stack, "record": str(path.relative_to(root)), **asdict(rehearsals[-1])})
        return
    for found in serving:
        click.echo(f"{found.service} serves {found.revision}")
    if served_again:
        click.echo(f"recorded: {by} rolled back in {spoken(rehearsals[-1].seconds)}; commit {path.relative_to(root)}")
        return
    click.echo("The rehearsal has begun. Roll back as docs/ROLLBACK_RUNBOOK.md describes.")
    click.echo("Run this as soon as users get the old revision:")
    click.echo(f"readiness rehearse {stack} --served-again")


def _serving(root: Path, stack: str, settings: Settings) -> tuple[Serving, ...]:
    """The revision that each service serves. Where Cloud Run cannot be read: nothing, and a warning with the reason."""
    from readiness.live.google_api import GoogleError
    from readiness.live.rehearsal import serving_revisions

    try:
        return serving_revisions(google_of(root, stack, settings, os.environ), settings)
    except (GoogleError, click.ClickException) as error:
        message = "warning: Cloud Run could not be read, so the record contains only what you report"
        click.echo(f"{message}: {error}", err=True)
        return ()
