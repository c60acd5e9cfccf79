"""`readiness schema`."""

from __future__ import annotations

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema of a stack's file, for editors."""
    from readiness.settings.schema import schema_text

    click.echo(schema_text(), nl=False)
