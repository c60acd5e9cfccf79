"""`readiness docs`."""

from __future__ import annotations

import click

from readiness.cli.arguments import examples
from readiness.cli.common import project_option, project_root, settings_of_every_stack


@click.command(epilog=examples("docs", "docs --check"))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when a document is not up to date.")
@project_option
def docs(only_check: bool, project: str | None) -> None:
    """Write the documents that repeat what the stacks declare.

    These are the rollback runbook, the troubleshooting page, the checklist and the section for a README.
    """
    from readiness.documents.pages import page_texts
    from readiness.files import text_of, write_all
    from readiness.finding import Finding, RefusedError

    root = project_root(project)
    texts = page_texts(settings_of_every_stack(root))
    old = [name for name, text in texts.items() if text_of(root / name) != text]
    if not only_check:
        write_all({root / name: texts[name] for name in old})
        for name in texts:
            click.echo(f"{'wrote' if name in old else 'unchanged'} {name}")
        return
    if old:
        message, hint = "is not what the settings say", "Run `readiness docs` and commit it"
        raise RefusedError(
            Finding(rule_id="document-out-of-date", file=name, message=message, hint=hint) for name in old
        )
    click.echo(f"ok {', '.join(texts)}")
