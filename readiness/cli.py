"""`readiness`: parse, call, print. Modules are imported inside the commands, so that `--help` stays fast."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from readiness.problems import Problem
    from readiness.review.offline_plan import Plan
    from readiness.settings.model import Settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Makes a Cloud Run and Cloud SQL application production-ready, as code that proves itself first."""


@cli.command()
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
def check(stacks: tuple[str, ...]) -> None:
    """Check the settings of the stacks (all of them by default) and print every problem at once."""
    from readiness.checks import check_stack, shared_name_problems
    from readiness.problems import errors_only
    from readiness.settings.stack_files import find_project_root, stack_file_name, stack_names

    root = find_project_root(Path.cwd())
    names = list(dict.fromkeys(stacks)) or stack_names(root)
    if not names:
        raise click.ClickException("no Pulumi.<stack>.yaml beside Pulumi.yaml: nothing to check. Create one.")
    checked = {stack: check_stack(root, stack) for stack in dict.fromkeys([*names, *stack_names(root)])}
    shared = shared_name_problems(
        {stack_file_name(stack): found.settings for stack, found in checked.items() if found.settings is not None}
    )
    failed = False
    for stack in names:
        file = stack_file_name(stack)
        problems = [*checked[stack].problems, *(problem for problem in shared if problem.file == file)]
        _report(problems)
        if errors_only(problems):
            failed = True
        else:
            click.echo(f"ok {stack}")
    if failed:
        sys.exit(1)


@cli.command()
@click.argument("stack")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def plan(stack: str, form: str) -> None:
    """Print every resource that the program declares, without engine, credentials or network."""
    from readiness.review.offline_plan import plan_json
    from readiness.review.render_plan import plan_markdown, plan_text

    renderers = {"text": plan_text, "json": plan_json, "markdown": plan_markdown}
    click.echo(renderers[form](_plan_of(stack)), nl=False)


@cli.command()
@click.argument("stack")
def rules(stack: str) -> None:
    """Print the stack's alert policies as a Prometheus rule file, for promtool."""
    from readiness.alerting.rule_file import ALERT_POLICY_TYPE, rule_file_header, rule_groups
    from readiness.yaml_text import yaml_text

    policies = _plan_of(stack).of_type(ALERT_POLICY_TYPE)
    click.echo(rule_file_header(stack) + yaml_text(rule_groups(policies)), nl=False)


@cli.command()
def schema() -> None:
    """Print the JSON Schema of a stack's file, for editors."""
    from readiness.settings.schema import schema_text

    click.echo(schema_text(), nl=False)


@cli.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when the file is not up to date.")
def runbook(only_check: bool) -> None:
    """Write docs/runbook.md from the alert catalogue and the settings of every stack."""
    from readiness.alerting.runbook import RUNBOOK_PATH, missing_sections, runbook_text
    from readiness.settings.stack_files import find_project_root, stack_names

    root = find_project_root(Path.cwd())
    text = runbook_text([(stack, _settings_of(root, stack)) for stack in stack_names(root)])
    path = root / RUNBOOK_PATH
    current = path.read_text(encoding="utf-8") if path.is_file() else ""
    if not only_check:
        from readiness.files import write_whole

        write_whole(path, text)
        click.echo(f"{'unchanged' if current == text else 'wrote'} {RUNBOOK_PATH}")
        return
    for name in missing_sections(current):
        click.echo(f"{RUNBOOK_PATH}: no section for {name}, to which its alert links", err=True)
    if current != text:
        raise click.ClickException(
            f"{RUNBOOK_PATH} is not what the settings say. Run `readiness runbook` and commit it."
        )
    click.echo(f"ok {RUNBOOK_PATH}")


@cli.command()
@click.argument("stack")
def preview(stack: str) -> None:
    """Run the real `pulumi preview` where CLI and credentials are found, else say what is missing and plan offline."""
    from readiness.operate.preview import missing_for_preview, run_preview
    from readiness.review.render_plan import plan_text
    from readiness.settings.stack_files import find_project_root, read_stack

    root = find_project_root(Path.cwd())
    _settings_of(root, stack)
    missing = missing_for_preview(dict(os.environ), stack_file=root / read_stack(root, stack).file)
    if not missing:
        sys.exit(run_preview(root, stack))
    text = plan_text(_plan_of(stack))
    click.echo("No real preview, because something is missing:")
    for what in missing:
        click.echo(f"  - {what}")
    click.echo("The offline plan of the same program instead:\n")
    click.echo(text, nl=False)


def _settings_of(root: Path, stack: str) -> Settings:
    from readiness.checks import check_stack, require_settings

    return require_settings(check_stack(root, stack))


def _plan_of(stack: str) -> Plan:
    from readiness.review.offline_plan import plan_stack
    from readiness.settings.stack_files import find_project_root, read_stack

    root = find_project_root(Path.cwd())
    _settings_of(root, stack)
    return plan_stack(root, read_stack(root, stack))


def _report(problems: Iterable[Problem], *, err: bool = False) -> None:
    """Prints problems; on a CI runner as annotations too. `NO_COLOR` and a pipe switch colour off."""
    for problem in problems:
        colour = "red" if problem.severity == "error" else "yellow"
        label = (
            click.style(f"{problem.severity}:", fg=colour, bold=True) if _use_colour(err) else f"{problem.severity}:"
        )
        click.echo(f"{label} {problem}", err=err)
        if os.environ.get("CI", "").lower() in ("1", "true"):
            click.echo(problem.annotation(), err=err)


def _use_colour(err: bool) -> bool:
    return not os.environ.get("NO_COLOR") and (sys.stderr if err else sys.stdout).isatty()


def main() -> None:
    """Runs the command; every refusal is a message and exit status 1, never a traceback."""
    from readiness.problems import RefusedError

    try:
        status = cli.main(prog_name="readiness", standalone_mode=False)
    except RefusedError as refusal:
        _report(refusal.problems, err=True)
        status = 1
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        status = 1
    except click.ClickException as error:
        click.echo(f"error: {error.format_message()}", err=True)
        status = 1
    except click.Abort:
        status = 130
    except BrokenPipeError:
        # The reader (`head`, a pager) has gone: nothing is left to be said, not even while closing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status if isinstance(status, int) else 0)
