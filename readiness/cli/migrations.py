"""`readiness migrations`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from readiness.cli.common import report


@click.group()
def migrations() -> None:
    """Database migrations, before they reach a database."""


@migrations.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
def lint(paths: tuple[Path, ...]) -> None:
    """Refuse what would take a migration out of its transaction, in SQL files and Alembic revisions."""
    from readiness.ci.migrations.lint import lint_paths

    problems = lint_paths(list(paths))
    report(problems)
    if problems:
        sys.exit(1)
    click.echo(f"ok {', '.join(map(str, paths))}")
