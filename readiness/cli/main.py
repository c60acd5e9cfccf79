"""`readiness`: the list of commands, and how a command ends."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence

import click

from readiness import __version__
from readiness.cli import (
    adopt,
    audit,
    bootstrap,
    check,
    checks_honest,
    ci,
    cleanup,
    comment,
    deliver,
    diff,
    docs,
    doctor,
    drift,
    drill,
    fix,
    init,
    migrations,
    plan,
    plugins,
    preview,
    pull_request,
    rehearse,
    rules,
    runbook,
    schema,
    snooze,
    test,
    up,
    upgrade,
    verify,
)
from readiness.cli.common import report
from readiness.cli.overview import EXIT_STATUSES, Overview


@click.group(cls=Overview, epilog=EXIT_STATUSES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="readiness", message="%(prog)s %(version)s")
def cli() -> None:
    """Make a Cloud Run and Cloud SQL application production-ready, as code."""


for command in (
    adopt.adopt,
    audit.audit,
    bootstrap.bootstrap,
    check.check,
    checks_honest.checks_honest,
    ci.ci,
    cleanup.cleanup,
    comment.comment,
    deliver.deliver,
    diff.diff,
    docs.docs,
    doctor.doctor,
    drift.drift,
    drill.drill,
    fix.fix,
    init.init,
    migrations.migrations,
    plan.plan,
    plugins.plugins,
    preview.preview,
    pull_request.pull_request,
    rehearse.rehearse,
    rules.rules,
    runbook.runbook,
    schema.schema,
    snooze.snooze,
    test.test,
    up.up,
    upgrade.upgrade,
    verify.verify,
):
    cli.add_command(command)


def main() -> None:
    """The entry point of the program."""
    # A command is short, and the SDK's objects live until it ends. Collecting them finds nothing, and takes a third of
    # the time of `readiness plan` (`make bench`).
    gc.disable()
    atexit.register(gc.freeze)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs a command and returns its exit status. Bad input ends in a message and status 1, never in a traceback."""
    from readiness.finding import RefusedError
    from readiness.secret_shapes import mask_secrets

    try:
        status = cli.main(list(arguments), prog_name="readiness", standalone_mode=False)
    except RefusedError as refusal:
        report(refusal.problems, err=True)
        return 1
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 1
    except click.ClickException as error:
        click.echo(f"error: {mask_secrets(_sentences(error))}", err=True)
        return 1
    except click.Abort:
        return 130
    except OSError as error:
        # For example a full disk, or a deleted working folder. (If the reader of a pipe ends, click exits with 1.)
        place = f": {error.filename}" if error.filename else ""
        # A failed request has no `strerror`: its text names the address and the reason.
        reason = error.strerror or mask_secrets(str(error)) or type(error).__name__
        click.echo(f"error: {reason}{place}.", err=True)
        _drop_unwritten_output()
        return 1
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return status if isinstance(status, int) else 0


def _drop_unwritten_output() -> None:
    """Drops output that a full disk refused: the interpreter would write it again at exit, and end with status 120."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _sentences(error: click.ClickException) -> str:
    """The message of click. For a wrong use of a command, it also names the command's help."""
    message = error.format_message()
    closed = message if message.endswith((".", "?", "?)")) else f"{message}."
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{closed} See `{error.ctx.command_path} --help`."
    return closed
