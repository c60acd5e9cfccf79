"""`readiness comment`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.cli.arguments import WholeNumber, examples
from readiness.cli.common import this_repository

if TYPE_CHECKING:
    from readiness.plan.diff_verdict import Verdict


@click.command(epilog=examples("comment 17 --file diff.md", "comment 17 --file diff.md --labels-by diff.json"))
@click.argument("number", type=WholeNumber(), metavar="PULL_REQUEST")
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="What `readiness diff --format markdown` wrote.",
)
@click.option(
    "--labels-by",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also set the label of the verdict in this file, which `readiness diff --json-to` wrote.",
)
def comment(number: int, file: Path, labels_by: Path | None) -> None:
    """Put the diff into a comment on a pull request.

    A pull request has one such comment, which each run replaces. The environment variables GITHUB_REPOSITORY and
    GITHUB_TOKEN name the repository and authorize the request.
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
    verdict = None if labels_by is None else _verdict(labels_by)
    try:
        done = put_comment(this_repository(os.environ), number, text, marker=MARKER)
    except ValueError as error:
        hint = "Name the file that `readiness diff --format markdown` wrote."
        raise click.ClickException(f"{file}: not posted on #{number}: {error}. {hint}") from None
    except GitHubError as error:
        raise click.ClickException(f"{file}: not posted on #{number}: {error}") from None
    click.echo(f"{done} the comment on #{number}")
    if verdict is not None:
        _set_label(number, verdict)


def _verdict(file: Path) -> Verdict:
    from readiness.files import read_regular_bytes
    from readiness.plan.diff_json import verdict_in

    try:
        return verdict_in(read_regular_bytes(file))
    except OSError as error:
        reason = f"cannot be read ({error.strerror or type(error).__name__})"
    except ValueError as error:
        reason = str(error)
    raise click.ClickException(f"{file}: {reason}. Name the file that `readiness diff --json-to` wrote.")


def _set_label(number: int, verdict: Verdict) -> None:
    from readiness.live.github_api import GitHubError
    from readiness.live.pull_request_comment import put_label
    from readiness.plan.diff_verdict import LABELS, other_labels

    label = LABELS[verdict]
    try:
        done = put_label(this_repository(os.environ), number, label, instead_of=other_labels(verdict))
    except GitHubError as error:
        raise click.ClickException(f"#{number} did not get the label {label!r}: {error}") from None
    click.echo(f"{done}: label {label!r} on #{number}")
