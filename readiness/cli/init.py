"""`readiness init`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readiness.cli.common import report

if TYPE_CHECKING:
    from readiness.finding import Finding

# What is asked for on a terminal, and what has to be given as an option elsewhere.
_REQUIRED = {
    "project": "Google Cloud project (id)",
    "region": "Region, as us-central1",
    "github_owner": "GitHub owner of the application's repository",
    "repository": "Name of that repository",
    "backend_service": "Cloud Run service of the backend, {env} for staging or prod",
    "database": "Cloud SQL instance, {env} for staging or prod",
    "email": "Address that alerts go to",
    "image": "Images in the registry, separated by commas",
}
_OPTIONAL = {
    "frontend_service": "Cloud Run service of the frontend, if there is one",
    "project_number": "Number of the project, from which Cloud Run makes addresses, if you know it",
}


def _described(names: dict[str, str], **more: Any) -> Any:
    """A decorator that adds one option for each name."""

    def add(command: Any) -> Any:
        for name, text in reversed(names.items()):
            command = click.option(f"--{name.replace('_', '-')}", name, help=f"{text}.", **more)(command)
        return command

    return add


@click.command()
@_described(_REQUIRED)
@_described(_OPTIONAL)
@click.option("--registry", help="Artifact Registry repository.  [default: the name of the GitHub repository]")
@click.option("--adopt-registry/--create-registry", default=True, help="Whether it exists.", show_default=True)
@click.option("--reviewer", "reviewers", multiple=True, metavar="LOGIN:ID", help="Who may approve; repeat it.")
@click.option("--visibility", type=click.Choice(["public", "private", "internal"]), default="public", show_default=True)
@click.option("--plan", type=click.Choice(["free", "pro", "team", "enterprise"]), default="free", show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Where to write.  [default: this project]")
@click.option("--force", is_flag=True, help="Replace files that exist.")
def init(folder: Path | None, force: bool, image: str | None, reviewers: tuple[str, ...], **given: Any) -> None:
    """Write Pulumi.yaml and both stacks' files for another project.

    {env} in a name stands for staging and prod. What is not given is asked for on a terminal.
    """
    from readiness.live.init import write_project
    from readiness.live.init_files import Answers, files_of
    from readiness.refusal import RefusedError
    from readiness.settings.stack_files import find_project_root

    given["image"] = image
    problems = _ask(given) if _on_a_terminal() else _missing(given)
    people = [re.fullmatch(r"([^:]+):([0-9]{1,15})", each) for each in reviewers]
    if None in people:
        problems.append(_problem("reviewer", "is not LOGIN:ID", "Write it as ada:1001, with the number of the user"))
    if problems:
        raise RefusedError(problems)
    images = tuple(each.strip() for each in given.pop("image").split(","))
    approving = tuple((found[1], int(found[2])) for found in people if found)
    try:
        target = folder or find_project_root(Path.cwd())
    except RefusedError:
        target = Path.cwd()
    answers = Answers(images=images, reviewers=approving, **given)
    warnings = write_project(target, answers, force=force)
    report(warnings)
    *first, last = files_of(answers)
    click.echo(f"wrote {', '.join(first)} and {last}")
    click.echo("Next: fill in what is warned of, then `make docs`, which writes the runbook, and `make check`.")


def _on_a_terminal() -> bool:
    # A closed input is None in Python.
    return sys.stdin is not None and sys.stdin.isatty()


def _ask(given: dict[str, Any]) -> list[Finding]:
    """Asks for every answer that is not given. Nothing can then be missing."""
    for name, text in _REQUIRED.items():
        given[name] = given[name] or click.prompt(text)
    for name, text in _OPTIONAL.items():
        given[name] = given[name] or click.prompt(text, default="", show_default=False) or None
    return []


def _missing(given: dict[str, Any]) -> list[Finding]:
    return [_problem(name, "is missing", f"Give it: {text}") for name, text in _REQUIRED.items() if not given[name]]


def _problem(name: str, message: str, hint: str) -> Finding:
    from readiness.finding import Finding
    from readiness.live.init import COMMAND

    return Finding(rule_id="init-option", file=COMMAND, key=f"--{name.replace('_', '-')}", message=message, hint=hint)
