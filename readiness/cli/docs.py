"""`readiness docs`."""

from __future__ import annotations

import click

from readiness.cli.arguments import examples, format_option
from readiness.cli.common import (
    end_check,
    files_document,
    print_json,
    project_option,
    project_root,
    settings_of_every_stack,
)


@click.command(epilog=examples("docs", "docs --check", "docs --check --format json"))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when a document is not up to date.")
@format_option("text", "json")
@project_option
def docs(only_check: bool, form: str, project: str | None) -> None:
    """Write the pages on rollback and troubleshooting.

    These are the rollback runbook, the troubleshooting page, the checklist and the section for a README. With
    --check --format json, the result is the findings.
    """
    from readiness.documents.pages import page_texts
    from readiness.files import text_of, write_all
    from readiness.finding import Finding

    root = project_root(project)
    texts = page_texts(settings_of_every_stack(root))
    old = [name for name, text in texts.items() if text_of(root / name) != text]
    if only_check:
        message, hint = "is not up to date with the settings", "Run `readiness docs` and commit it"
        found = [Finding(rule_id="document-out-of-date", file=name, message=message, hint=hint) for name in old]
        end_check(found, form, tool="readiness docs", ok=", ".join(texts))
        return
    write_all({root / name: texts[name] for name in old})
    if form == "json":
        print_json(files_document(written=old, unchanged=[name for name in texts if name not in old]))
        return
    for name in texts:
        click.echo(f"{'wrote' if name in old else 'unchanged'} {name}")
