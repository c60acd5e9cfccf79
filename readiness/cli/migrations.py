"""`readiness migrations`."""

from __future__ import annotations

from pathlib import Path

import click

from readiness.cli.arguments import examples, format_option
from readiness.cli.common import end_check
from readiness.cli.overview import WholeSummaries


@click.group(cls=WholeSummaries)
def migrations() -> None:
    """Check database migrations before they reach a database."""


@migrations.command(epilog=examples("migrations lint migrations/versions", "migrations lint 0042_orders.sql"))
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@format_option("text", "json", "sarif")
def lint(paths: tuple[Path, ...], form: str) -> None:
    """Refuse migrations that would leave their transaction.

    It reads SQL files and Alembic revisions.
    """
    from readiness.ci.migrations.lint import lint_paths

    problems = lint_paths(list(paths))
    end_check(problems, form, tool="readiness migrations lint", ok=", ".join(map(str, paths)))
