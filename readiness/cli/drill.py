"""`readiness drill`."""

from __future__ import annotations

import os
import signal

import click

from readiness import clock
from readiness.cli.arguments import WholeNumber, examples, format_option, stack_argument
from readiness.cli.common import by_option, google_of, print_json, project_option, project_root, settings_of


@click.command(
    epilog=examples("drill prod", "drill prod --received 1f2e3d4c --by Ada", "drill prod --report --format json")
)
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
@format_option("text", "json")
@project_option
def drill(
    stack: str, received: str | None, report: bool, by: str, wait_minutes: int, form: str, project: str | None
) -> None:
    """Send a test notification to every channel of STACK.

    The notification contains a word. Use that word to record who received it.
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
            raise click.UsageError("give either --report or --received")
        if form == "json":
            print_json({"stack": stack, "drills": [drills.drill_document(done, target_minutes) for done in recorded]})
            return
        for line in drills.response_report(stack, recorded, target_minutes):
            click.echo(line)
        return
    if received is not None:
        if not by:
            raise click.ClickException(
                "--by is empty, and your user name is not known. Name who received it: --by NAME."
            )
        receipt = drills.Receipt(by=by, at=instant_text(clock.now()))
        recorded = drills.with_receipt(path, recorded, received, receipt)
        drills.write_drills(path, stack, recorded)
        word = received.strip().lower()
        answered = next(drill for drill in recorded if drill.nonce == word)
        if form == "json":
            print_json({"stack": stack, **drills.drill_document(answered, target_minutes)})
            return
        click.echo(f"recorded: {by} received {word}; commit {path.relative_to(root)}")
        click.echo(drills.response_text(answered, target_minutes))
        return
    google = google_of(root, stack, settings, os.environ)
    nonce = drills.new_nonce()
    # The signal that ends a cancelled job deletes the drill's policy too, as Ctrl-C does.
    on_end = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with drills.running_drill(google, settings.environment.name, nonce) as channels:
            sent = drills.RecordedDrill(nonce=nonce, sent=instant_text(clock.now()), channels=channels)
            drills.write_drills(path, stack, [*recorded, sent])
            # With --format json, stdout is the document alone.
            text = f"sent {nonce} to {len(channels)} channels; the drill ends in {wait_minutes} minutes"
            click.echo(text, err=form == "json")
            drills.wait_minutes(wait_minutes)
    except GoogleError as error:
        raise click.ClickException(f"the drill of {stack} failed: {error}") from None
    finally:
        signal.signal(signal.SIGTERM, on_end)
    if form == "json":
        print_json({"stack": stack, **drills.drill_document(sent, target_minutes)})
        return
    click.echo(f"The drill has ended. Record who received it: readiness drill {stack} --received {nonce} --by NAME")
