"""`readiness schema`."""

from __future__ import annotations

import click

from readiness.cli.arguments import examples


@click.command(epilog=examples("schema > stack.schema.json", "schema | less"))
def schema() -> None:
    """Print the JSON Schema of the stack files.

    Editors use it to complete and check settings.
    """
    from readiness.settings.schema import schema_text

    click.echo(schema_text(), nl=False)
