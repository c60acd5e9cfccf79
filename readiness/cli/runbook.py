"""`readiness runbook`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from readiness.finding import Finding


@click.command(epilog=examples("runbook", "runbook --check", "runbook --check --format json"))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when a page is not up to date.")
@format_option("text", "json")
@project_option
def runbook(only_check: bool, form: str, project: str | None) -> None:
    """Write the runbook, with a page for each alert.

    It writes docs/runbook.md and the pages in docs/runbook/ from the settings of every stack. With --check
    --format json, the result is the findings.
    """
    from readiness.documents.runbook import left_over_pages, runbook_texts
    from readiness.files import text_of, write_all
    from readiness.finding import RefusedError

    root = project_root(project)
    texts = runbook_texts(settings_of_every_stack(root))
    if blocked := list(_blocked(root, texts)):
        raise RefusedError([_blocking_finding(root, name) for name in blocked])
    current = {name: text_of(root / name) for name in texts}
    left_over = left_over_pages(root, texts)
    if only_check:
        found = list(_out_of_date(texts, current, left_over))
        end_check(found, form, tool="readiness runbook", ok=_summary(texts))
        return
    old = [name for name in texts if current[name] != texts[name]]
    write_all({root / name: texts[name] for name in old}, remove=[root / name for name in left_over])
    if form == "json":
        unchanged = [name for name in texts if name not in old]
        print_json(files_document(written=old, removed=left_over, unchanged=unchanged))
        return
    for name in old:
        click.echo(f"wrote {name}")
    for name in left_over:
        click.echo(f"removed {name}")
    if not (old or left_over):
        click.echo(f"unchanged {_summary(texts)}")


def _summary(texts: Mapping[str, str]) -> str:
    common, *pages = texts
    return f"{common}, {len(pages)} pages in {Path(common).with_suffix('')}/"


def _blocked(root: Path, names: Iterable[str]) -> Iterator[str]:
    """The paths where a page or its folder cannot be written, because something else is there.

    A folder is listed once, not once for each page.
    """
    folders = dict.fromkeys(str(parent) for name in names for parent in reversed(Path(name).parents))
    not_folders = [name for name in folders if (root / name).exists() and not (root / name).is_dir()]
    yield from not_folders or (name for name in names if (root / name).exists() and not (root / name).is_file())


def _blocking_finding(root: Path, name: str) -> Finding:
    from readiness.finding import Finding

    hint = "Rename or move it, then run `readiness runbook`"
    place = root / name
    if place.is_file():
        message = "is a file, and the runbook needs a folder there"
    else:
        message = "is a folder, not a file" if place.is_dir() else "is not a regular file"
    return Finding(rule_id="document-not-a-file", file=name, message=message, hint=hint)


def _out_of_date(texts: Mapping[str, str], current: Mapping[str, str], left_over: tuple[str, ...]) -> Iterator[Finding]:
    """One finding for each page that is missing, stale or left over."""
    from readiness.finding import Finding

    messages = {
        name: "is not up to date with the settings" if current[name].strip() else "is missing or empty"
        for name, text in texts.items()
        if current[name] != text
    }
    messages |= dict.fromkeys(left_over, "is the page of an alert that no stack declares any more")
    hint = "Run `readiness runbook` and commit it"
    if not any(text.strip() for text in current.values()):
        name, *others = texts
        message = f"is missing or empty, and so are the {len(others)} pages of the alerts"
        yield Finding(rule_id="document-out-of-date", file=name, message=message, hint=hint)
        return
    for name, message in messages.items():
        yield Finding(rule_id="document-out-of-date", file=name, message=message, hint=hint)
