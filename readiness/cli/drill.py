"""`readiness drill`."""

from __future__ import annotations

import os
import signal

import click

from readiness import clock
from readiness.cli.arguments import WholeNumber, examples, stack_argument
from readiness.cli.common import by_option, google_of, project_option, project_root, settings_of


@click.command(epilog=examples("drill prod", "drill prod --received crane --by Ada"))
@stack_argument
@click.option("--received", metavar="WORD", help="Record that the notification with this word arrived.")
@click.option("--report", is_flag=True, help="Print the response time of every recorded drill; send nothing.")
@by_option("Who received it.")
@click.option(
    "--wait-minutes",
    type=WholeNumber(1, 30),
    default=5,
    show_default=True,
    help="How long the notification stays open, in minutes.",
)
@project_option
def drill(stack: str, received: str | None, report: bool, by: str, wait_minutes: int, project: str | None) -> None:
    """Send a test notification to every channel of STACK.

    The notification has a word in it. With that word, record who received it.
    """
    from readiness.live import drill as drills
    from readiness.live.google_api import GoogleError
    from readiness.settings.stack_files import read_stack
    from readiness.times import instant_text

    root = project_root(project)
    settings = settings_of(root, stack)
    path = drills.drill_record_path(root / read_stack(root, stack).file, stack)
    recorded = list(drills.read_drills(path))
    target_minutes = settings.notification_drill.target_response_minutes
    if report:
        if received is not None:
            raise click.UsageError("--report and --received exclude each other")
        for line in drills.response_report(stack, recorded, target_minutes):
            click.echo(line)
        return
    if received is not None:
        if not by:
            raise click.ClickException("--by names nobody. Say who received it: --by NAME")
        receipt = drills.Receipt(by=by, at=instant_text(clock.now()))
        recorded = drills.with_receipt(path, recorded, received, receipt)
        drills.write_drills(path, stack, recorded)
        word = received.strip().lower()
        click.echo(f"recorded: {by} received {word}; commit {path.relative_to(root)}")
        answered = next(drill for drill in recorded if drill.nonce == word)
        click.echo(drills.response_text(answered, target_minutes))
        return
    google = google_of(root, stack, settings, os.environ)
    nonce = drills.new_nonce()
    # What ends a cancelled job deletes the drill's policy too, as Ctrl-C does.
    on_end = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with drills.running_drill(google, settings.environment.name, nonce) as channels:
            now = instant_text(clock.now())
            drills.write_drills(
                path, stack, [*recorded, drills.RecordedDrill(nonce=nonce, sent=now, channels=channels)]
            )
            click.echo(f"sent {nonce} to {len(channels)} channels; it is ended in {wait_minutes} minutes")
            drills.wait_minutes(wait_minutes)
    except GoogleError as error:
        raise click.ClickException(f"the drill of {stack} failed: {error}") from None
    finally:
        signal.signal(signal.SIGTERM, on_end)
    click.echo(f"ended. Whoever got it: readiness drill {stack} --received {nonce} --by NAME")
