"""`readiness comment`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from readiness.cli.arguments import WholeNumber, examples
from readiness.cli.common import this_repository


@click.command(epilog=examples("comment 17 --file diff.md", 'comment "$PULL_REQUEST" --file diff.md'))
@click.argument("number", type=WholeNumber(), metavar="PULL_REQUEST")
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="What `readiness diff --format markdown` wrote.",
)
def comment(number: int, file: Path) -> None:
    """Put the diff into the one comment of a pull request.

    The environment variables GITHUB_REPOSITORY and GITHUB_TOKEN say in which repository, and with which rights.
    """
    from readiness.files import read_regular_text
    from readiness.live.github_api import GitHubError
    from readiness.live.pull_request_comment import put_comment
    from readiness.plan.render_diff import MARKER

    try:
        text = read_regular_text(file)
    except OSError as error:
        reason = f"cannot be read ({error.strerror or type(error).__name__})"
        raise click.ClickException(f"{file}: {reason}. Name the file that `readiness diff` wrote.") from None
    except UnicodeDecodeError:
        raise click.ClickException(
            f"{file}: is not UTF-8 text. Write it with `readiness diff --format markdown`."
        ) from None
    try:
        done = put_comment(this_repository(os.environ), number, text, marker=MARKER)
    except (GitHubError, ValueError) as error:
        raise click.ClickException(f"{file}: not put on #{number}: {error}") from None
    click.echo(f"{done} the comment on #{number}")
