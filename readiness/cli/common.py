"""Functions that several commands share: they read the settings or the plan of a stack, and report problems."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from readiness.cli.arguments import MAX_NAME_CHARACTERS, complete_folders

if TYPE_CHECKING:
    from readiness.finding import Finding
    from readiness.live.github_api import GitHub
    from readiness.live.google_api import Google
    from readiness.plan.cost import Basis, Cost
    from readiness.plan.offline_plan import Plan
    from readiness.settings.model import Settings

Command = TypeVar("Command", bound=Callable[..., Any])


def project_option(command: Command) -> Command:
    """Adds `--project DIR` to a command that reads a project; `project_root` turns its value into a folder."""
    text = "The folder of Pulumi.yaml.  [default: the current folder, or the nearest one above that has the file]"
    return click.option("--project", metavar="DIR", shell_complete=complete_folders, help=text)(command)


def repository_option(name: str, **options: Any) -> Callable[[Command], Command]:
    """Adds an option for a GitHub repository. It refuses a value that is not `OWNER/NAME`."""
    return click.option(name, metavar="OWNER/NAME", callback=_repository_name, **options)


def _repository_name(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    import re

    if value is not None and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}", value) is None:
        raise click.BadParameter(f"{value[:80]!r} is not OWNER/NAME. Write it as acme/shop.")
    return value


def by_option(text: str) -> Callable[[Command], Command]:
    """Adds `--by NAME` to a command that records who did something. The default is the user's name."""
    return click.option(
        "--by", metavar="NAME", default=_user_name, show_default="your user name", callback=_name_of, help=text
    )


def _user_name() -> str:
    """The user's name. It is empty if the system has no name for the user id, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _name_of(_: click.Context, __: click.Parameter, given: str) -> str:
    """The name on one line. Raises click.BadParameter for one that is too long for a record."""
    from readiness.secret_shapes import one_line

    name = one_line(given).strip()
    if len(name) > MAX_NAME_CHARACTERS:
        raise click.BadParameter(f"a name has at most {MAX_NAME_CHARACTERS} characters, and this has {len(name)}.")
    return name


def project_root(project: str | None) -> Path:
    """The folder of the project: the given one, else the nearest with a Pulumi.yaml at or above the current folder.

    Raises RefusedError where there is no Pulumi.yaml.
    """
    from readiness.finding import Finding, RefusedError
    from readiness.settings.stack_files import PROJECT_FILE, find_project_root

    if project is None:
        return find_project_root(Path.cwd())
    # Resolved like the current folder, so that the files of the program are found below it.
    folder = Path(os.path.realpath(project))
    if not project:
        message = "is empty"
    elif not folder.is_dir():
        message = f"{project} is not a folder" if folder.exists() else f"{project} does not exist"
    elif not os.path.lexists(folder / PROJECT_FILE):
        message = f"{project} has no {PROJECT_FILE}"
    else:
        return folder
    hint = f"Name the folder that has {PROJECT_FILE}, or run the command inside it"
    raise RefusedError([Finding(rule_id="project-file-missing", file="--project", message=message, hint=hint)])


def settings_of(root: Path, stack: str) -> Settings:
    """The settings of a stack. Raises RefusedError with every problem."""
    from readiness.rules.stack import check_stack, require_settings

    return require_settings(check_stack(root, stack))


def settings_to_apply(root: Path, stack: str) -> Settings:
    """The settings of a stack that is about to be applied. Raises RefusedError with everything that `check` refuses.

    A command that only reads uses `settings_of`, because it must also run if a record is missing or out of date.
    """
    from readiness.rules.project import check_in_project
    from readiness.rules.stack import require_settings

    return require_settings(check_in_project(root, stack))


def no_stack(verb: str) -> click.ClickException:
    """The error of a project without a stack, for a command that does `verb` with its stacks."""
    return click.ClickException(
        f"no Pulumi.<stack>.yaml is beside Pulumi.yaml, so there is nothing to {verb}. Create one."
    )


def settings_of_every_stack(root: Path) -> list[tuple[str, Settings]]:
    """The stacks with their settings. Raises RefusedError with every problem, or if there is no stack."""
    from readiness.finding import Finding, RefusedError, errors_only
    from readiness.rules.stack import check_stack, require_settings
    from readiness.settings.stack_names import stack_names

    checked = {stack: check_stack(root, stack) for stack in stack_names(root)}
    if not checked:
        message, hint = "does not exist beside Pulumi.yaml", "Write one, or run `readiness init`"
        raise RefusedError(
            [Finding(rule_id="stack-file-missing", file="Pulumi.<stack>.yaml", message=message, hint=hint)]
        )
    refused = dict.fromkeys(problem for found in checked.values() for problem in errors_only(found.problems))
    if refused:
        raise RefusedError(refused)
    return [(stack, require_settings(found)) for stack, found in checked.items()]


def refuse_foreign_hosts(root: Path, stack: str) -> None:
    """Raises RefusedError if an environment variable would send a provider's credentials to an unknown host.

    Prints a warning for variables that make the engine run another program as the provider.
    """
    from readiness.finding import RefusedError
    from readiness.settings.provider_hosts import PROGRAM_VARIABLES, variable_problems
    from readiness.settings.stack_files import read_stack
    from readiness.settings.validation import view_of
    from readiness.settings.view import known

    if problems := variable_problems(os.environ, known(view_of(read_stack(root, stack)), "provider_hosts") or ()):
        raise RefusedError(problems)
    for name in PROGRAM_VARIABLES:
        if os.environ.get(name):
            what = f"{name} is set: the engine runs the program there, and gives it credentials"
            click.echo(f"warning: {what}. Unset it if you did not set it.", err=True)


def refuse_unlocked_plugins(root: Path, stack: str, *, warn: bool = True) -> None:
    """Raises RefusedError if the engine, or a plugin that the stack needs, differs from plugins.lock.json.

    Prints a warning if the project has no such file, unless `warn` is False. Call it directly before the engine runs,
    because it sets environment variables that the engine reads.
    """
    from readiness.finding import RefusedError
    from readiness.live.plugin_lock import (
        LOCK_FILE,
        LOCKED_ENVIRONMENT,
        Machine,
        engine_problems,
        install_command,
        plugin_problems,
        read_lock,
        sdk_plugins,
        state_plugins,
    )
    from readiness.live.pulumi_cli import run_pulumi, stack_state

    machine = Machine.from_environment(os.environ)
    locked = read_lock(root, machine)
    if locked is None:
        hint = "`readiness plugins lock` writes it on a machine that you trust"
        if warn:
            click.echo(
                f"warning: {LOCK_FILE} does not exist: the engine and its plugins are not checked. {hint}.", err=True
            )
        return
    if problems := engine_problems(locked, machine, os.environ):
        raise RefusedError(problems)
    os.environ.update(LOCKED_ENVIRONMENT)
    # There is no state for a stack that does not exist yet. The engine reports that.
    needed = {*sdk_plugins(), *state_plugins(stack_state(root, stack) or {})}
    if problems := plugin_problems(
        locked, machine, sorted(needed), lambda name: run_pulumi(root, *install_command(name)[1:]).returncode == 0
    ):
        raise RefusedError(problems)


def plan_of(root: Path, stack: str) -> Plan:
    """The offline plan of a stack of the project. Raises RefusedError."""
    from readiness.plan.offline_plan import plan_stack
    from readiness.settings.stack_files import read_stack

    settings_of(root, stack)
    return plan_stack(root, read_stack(root, stack))


def cost_of_plan(root: Path, declared: Plan, settings: Settings) -> Cost:
    """The costs of a stack. The free tier of its Google project is shared with the other stacks there."""
    from readiness.plan.cost import cost_of

    return cost_of(declared.stack, declared.resources, cost_basis(root, settings, [declared.stack]))


def cost_basis(root: Path, settings: Settings, stacks: Collection[str]) -> Basis:
    """The prices and usage of a stack, and the usage of the other stacks of its Google project, except `stacks`."""
    from readiness.plan.cost import Basis, others_in
    from readiness.rules.stack import check_stack
    from readiness.settings.stack_names import stack_names

    left_out = {name: check_stack(root, name).settings for name in stack_names(root) if name not in stacks}
    others = others_in(settings.project, left_out)
    return Basis(prices=settings.prices, usage=settings.expected_usage, others=others)


def report(problems: Iterable[Finding], *, err: bool = False) -> None:
    """Prints problems, on a CI runner as annotations too. `NO_COLOR` and a pipe turn colour off."""
    from readiness.finding import text_line
    from readiness.finding_formats import annotation

    for problem in problems:
        colour = "red" if problem.severity == "error" else "yellow"
        label = click.style(f"{problem.severity}:", fg=colour, bold=True) if use_colour(err) else f"{problem.severity}:"
        click.echo(f"{label} {text_line(problem)}", err=err)
        if on_ci_runner():
            click.echo(annotation(problem), err=err)


def print_findings(findings: Sequence[Finding], form: str, *, tool: str) -> None:
    """Prints findings as text on stderr, or as a JSON or SARIF document on stdout."""
    from readiness.finding_formats import findings_json, findings_sarif

    if form == "text":
        report(findings, err=True)
    else:
        click.echo(findings_json(findings) if form == "json" else findings_sarif(findings, tool=tool), nl=False)


def end_check(findings: Sequence[Finding], form: str, *, tool: str, ok: str) -> None:
    """Prints the findings of a check, or `ok`. Ends the command with status 1 where there are findings."""
    print_findings(findings, form, tool=tool)
    if findings:
        sys.exit(1)
    if form == "text":
        click.echo(f"ok {ok}")


def files_document(
    *, written: Iterable[str] = (), removed: Iterable[str] = (), unchanged: Iterable[str] = ()
) -> dict[str, Any]:
    """What a command did with its files, for `print_json`: `{"files": [{"path", "status"}]}`."""
    statuses = {"written": written, "removed": removed, "unchanged": unchanged}
    return {"files": [{"path": path, "status": status} for status, paths in statuses.items() for path in paths]}


def print_json(document: Mapping[str, Any]) -> None:
    """Prints the result of a command as JSON."""
    import json

    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def on_ci_runner() -> bool:
    """Whether a CI runner runs the command: `CI` is `true` or `1` there."""
    return os.environ.get("CI", "").lower() in ("1", "true")


def use_colour(err: bool) -> bool:
    """Whether to colour the output: the stream is a terminal, and `NO_COLOR` is not set."""
    stream = sys.stderr if err else sys.stdout
    return not os.environ.get("NO_COLOR") and stream is not None and stream.isatty()


def head_commit(folder: Path) -> str:
    """The commit that is checked out in the folder; empty if there is no commit, or git is not installed."""
    return _git(folder, "rev-parse", "--verify", "HEAD")


def described_commit(folder: Path) -> str:
    """The commit that is checked out, with the suffix `-dirty` if the files differ from those of the commit."""
    commit = head_commit(folder)
    return f"{commit}-dirty" if commit and _git(folder, "status", "--porcelain", "--ignored", ".") else commit


def origin_repository(folder: Path) -> str | None:
    """`OWNER/NAME` of the remote `origin` of a checkout, if that is on GitHub."""
    import re

    found = re.search(
        r"github\.com[:/]([A-Za-z0-9-]+/[A-Za-z0-9._-]+?)(?:\.git)?/?$", _git(folder, "remote", "get-url", "origin")
    )
    return None if found is None else found[1]


def _git(folder: Path, *arguments: str) -> str:
    import subprocess

    command = ["git", *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - fixed commands
    except OSError:
        return ""
    return done.stdout.strip()


def this_repository(environment: Mapping[str, str]) -> GitHub:
    """The API of the repository that a workflow runs in. Raises RefusedError if GITHUB_REPOSITORY is not set."""
    from readiness.finding import Finding, RefusedError
    from readiness.live.github_api import GitHub

    owner, _, name = environment.get("GITHUB_REPOSITORY", "").partition("/")
    if not owner or not name:
        message, hint = "is not set to OWNER/NAME", "Run this in a workflow, or set it"
        raise RefusedError(
            [Finding(rule_id="environment-variable-missing", file="GITHUB_REPOSITORY", message=message, hint=hint)]
        )
    return GitHub.from_environment(environment, owner=owner, repository=name)


def google_of(root: Path, stack: str, settings: Settings, environment: Mapping[str, str]) -> Google:
    """Google's APIs of a stack's project. Raises click.ClickException without credentials that work."""
    from readiness.live.google_api import Google
    from readiness.live.google_login import LoginError
    from readiness.settings.stack_files import read_stack

    values = read_stack(root, stack).values
    try:
        return Google.from_environment(environment, project=settings.project, provider_values=values)
    except LoginError as missing:
        raise click.ClickException(str(missing)) from None
