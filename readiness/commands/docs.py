"""`readiness docs`."""

from __future__ import annotations

from pathlib import Path

import click

from readiness.commands.common import settings_of


@click.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when a document is not up to date.")
def docs(only_check: bool) -> None:
    """Write the documents that repeat what the stacks declare: rollback, troubleshooting, checklist, README section."""
    from readiness.documents.pages import page_texts
    from readiness.files import write_all
    from readiness.settings.stack_files import find_project_root, stack_names

    root = find_project_root(Path.cwd())
    texts = page_texts([(stack, settings_of(root, stack)) for stack in stack_names(root)])
    old = [name for name, text in texts.items() if not _is(root / name, text)]
    if not only_check:
        write_all({root / name: texts[name] for name in old})
        for name in texts:
            click.echo(f"{'wrote' if name in old else 'unchanged'} {name}")
        return
    if old:
        raise click.ClickException(f"{', '.join(old)}: not what the settings say. Run `readiness docs` and commit it.")
    click.echo(f"ok {', '.join(texts)}")


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
