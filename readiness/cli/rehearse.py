"""`readiness rehearse`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from readiness import clock
from readiness.cli.arguments import examples, stack_argument
from readiness.cli.common import by_option, google_of, project_option, project_root, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from readiness.live.rehearsal import Serving
    from readiness.settings.model import Settings


@click.command(epilog=examples("rehearse staging", "rehearse staging --served-again --by Ada"))
@stack_argument
@click.option("--served-again", is_flag=True, help="Record that users get the old revision.")
@by_option("Who rolls back.")
@project_option
def rehearse(stack: str, served_again: bool, by: str, project: str | None) -> None:
    """Record a rehearsal of the rollback of STACK.

    Run it before the rollback, and again with --served-again when users get the old revision.
    """
    from readiness.live.rehearsal import REHEARSALS, begun, ended, spoken
    from readiness.settings.stack_files import read_stack

    root = project_root(project)
    settings = settings_of(root, stack)
    path = REHEARSALS.path(root / read_stack(root, stack).file, stack)
    recorded = REHEARSALS.read(path)
    if not by:
        raise click.ClickException("--by names nobody. Say who rolls back: --by NAME")
    if served_again and not (recorded and not recorded[-1].is_finished):
        ended(path, stack, recorded, by, clock.now(), ())
    serving = _serving(root, stack, settings)
    now = clock.now()
    if served_again:
        rehearsals = ended(path, stack, recorded, by, now, serving)
        REHEARSALS.write(path, stack, rehearsals)
        click.echo(f"recorded: {by} rolled back in {spoken(rehearsals[-1].seconds)}; commit {path.relative_to(root)}")
        return
    REHEARSALS.write(path, stack, begun(recorded, by, now, serving))
    click.echo(
        "the time runs. Roll back as docs/ROLLBACK_RUNBOOK.md says, then, as soon as users get the old revision:"
    )
    click.echo(f"readiness rehearse {stack} --served-again")


def _serving(root: Path, stack: str, settings: Settings) -> tuple[Serving, ...]:
    """What Cloud Run serves, and a line for each service; nothing, and why, where it cannot be asked."""
    from readiness.live.google_api import GoogleError
    from readiness.live.rehearsal import serving_revisions

    try:
        found = serving_revisions(google_of(root, stack, settings, os.environ), settings)
    except (GoogleError, click.ClickException) as error:
        click.echo(f"Cloud Run was not asked, so that the record rests on your word: {error}", err=True)
        return ()
    for serving in found:
        click.echo(f"{serving.service} serves {serving.revision}")
    return found
