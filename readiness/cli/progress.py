"""A line of progress on stderr. It is shown on a terminal only, and not on a CI runner."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from readiness.cli.common import on_ci_runner

_WIDTH = 72


def shows_progress() -> bool:
    """Whether somebody can see the progress: stderr is a terminal, and this is not a CI runner."""
    return not on_ci_runner() and sys.stderr is not None and sys.stderr.isatty()


def show_progress(text: str) -> None:
    """Shows the text in place of the last one."""
    if shows_progress():
        click.echo(f"\r{text[:_WIDTH]:{_WIDTH}}", err=True, nl=False)


def end_progress() -> None:
    """Clears the line with spaces, because not every terminal has a code for it."""
    if shows_progress():
        click.echo(f"\r{'':{_WIDTH}}\r", err=True, nl=False)


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Shows the text while the body runs."""
    show_progress(f"{text} …")
    try:
        yield
    finally:
        end_progress()
