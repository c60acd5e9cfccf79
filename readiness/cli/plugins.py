"""`readiness plugins`: the lock of the engine and its plugins."""

from __future__ import annotations

import os

import click

from readiness.cli.arguments import examples, format_option
from readiness.cli.common import print_json, project_option, project_root
from readiness.cli.overview import WholeSummaries


@click.group(cls=WholeSummaries)
def plugins() -> None:
    """Lock the Pulumi engine and its plugins by checksum."""


@plugins.command(epilog=examples("plugins lock", "plugins lock --format json"))
@format_option("text", "json")
@project_option
def lock(form: str, project: str | None) -> None:
    """Write the checksums of the Pulumi engine and plugins.

    It reads the engine and the plugins of this machine. Commit the file, plugins.lock.json.
    """
    from readiness.files import read_regular_text, write_whole
    from readiness.live.plugin_lock import LOCK_FILE, Machine, lock_text, sdk_plugins

    path = project_root(project) / LOCK_FILE
    try:
        before = read_regular_text(path) if path.exists() else None
    except UnicodeDecodeError:
        raise click.ClickException(f"{LOCK_FILE}: is not UTF-8 text. Restore it from git.") from None
    text, changes = lock_text(before, Machine.from_environment(os.environ), sdk_plugins())
    is_current = text == before
    if not is_current:
        write_whole(path, text)
    if form == "json":
        print_json({"file": LOCK_FILE, "written": not is_current, "changes": changes})
        return
    for change in changes:
        click.echo(change)
    if is_current:
        click.echo(f"{LOCK_FILE} is up to date")
        return
    click.echo(f"{LOCK_FILE} is written. Commit it: `up`, `preview` and `drift` then run nothing else.")
