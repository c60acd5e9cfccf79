"""`readiness pull-request`: the workflow steps that plan and judge a pull request."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from readiness.cli.arguments import examples
from readiness.cli.common import project_option, project_root, this_repository
from readiness.cli.overview import WholeSummaries

_STATES = {"0": "success", "1": "failure"}


@click.group("pull-request", cls=WholeSummaries)
def pull_request() -> None:
    """Run the workflow steps that plan and judge a pull request.

    The workflow that plans runs the pull request's code without permissions. The workflow that judges has permissions
    and runs none of that code.
    """


@pull_request.command(epilog=examples("pull-request plans plans", "pull-request plans plans --python .venv/bin/python"))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--python",
    default=sys.executable,
    metavar="PATH",
    help="The Python of the project's program.",
)
@project_option
def plans(folder: Path, python: str, project: str | None) -> None:
    """Write the plan of every stack into FOLDER.

    The file of a stack is FOLDER/STACK.json. The program runs in a separate process with its own packages. The
    installed Readiness records what the program registers.
    """
    from readiness.files import write_all
    from readiness.finding import Finding, RefusedError
    from readiness.plan.offline_plan import plan_json
    from readiness.plan.program_process import programs
    from readiness.settings.stack_files import read_stack
    from readiness.settings.stack_names import stack_names

    root = project_root(project)
    stacks = stack_names(root)
    if not stacks:
        message, hint = "the project has no stack", "Create a Pulumi.<stack>.yaml"
        raise RefusedError(
            [Finding(rule_id="stack-file-missing", file="pull-request plans", message=message, hint=hint)]
        )
    if shutil.which(python) is None:
        message = f"--python: {python} is not a program that can be run. Name the Python of the project's environment."
        raise click.ClickException(message)
    python = str(Path(python).absolute()) if os.sep in python else python
    with programs([(root, read_stack(root, stack)) for stack in stacks], python=python) as running:
        texts = {folder / f"{program.config.stack}.json": plan_json(program.plan()) for program in running}
    write_all(texts)
    click.echo(f"wrote {len(texts)} plans into {folder}")


@pull_request.command(epilog=examples("pull-request fetch pull-request", 'pull-request fetch "$RUNNER_TEMP"'))
@click.argument("folder", type=click.Path(path_type=Path))
def fetch(folder: Path) -> None:
    """Write the plans and data of a pull request into FOLDER.

    GITHUB_EVENT_PATH names the event `workflow_run`, whose pull request it reads with GITHUB_REPOSITORY and
    GITHUB_TOKEN. It writes the outputs `number` and `head` to GITHUB_OUTPUT. If there is nothing to judge, it prints
    the reason and sets no output.
    """
    from readiness.live import pull_request_run
    from readiness.live.github_api import GitHubError

    event = os.environ.get("GITHUB_EVENT_PATH")
    if not event:
        message = "GITHUB_EVENT_PATH is not set. Run this in a workflow that `workflow_run` starts, or set it."
        raise click.ClickException(message)
    try:
        run = pull_request_run.EndedRun.of_event(Path(event))
        number = pull_request_run.fetch(this_repository(os.environ), run, folder)
    except pull_request_run.NotJudgedError as reason:
        click.echo(f"nothing to judge: {reason}")
        return
    except ValueError as error:
        message = f"GITHUB_EVENT_PATH: {event}: {error}. Name the file of a `workflow_run` event."
        raise click.ClickException(message) from None
    except GitHubError as error:
        raise click.ClickException(f"the pull request of the run cannot be read: {error}") from None
    if output := os.environ.get("GITHUB_OUTPUT"):
        with Path(output).open("a", encoding="utf-8") as file:
            file.write(f"number={number}\nhead={run.head_sha}\n")
    click.echo(f"wrote the plans and data of #{number} into {folder}")


@pull_request.command(
    epilog=examples(
        "pull-request status 0123456789abcdef0123456789abcdef01234567 --diff-ended-with 0",
        "pull-request status 0123456789abcdef0123456789abcdef01234567 --diff-ended-with 1",
    )
)
@click.argument("head", metavar="COMMIT")
@click.option("--diff-ended-with", "ended", default="", metavar="STATUS", help="The exit status of `readiness diff`.")
def status(head: str, ended: str) -> None:
    """Set the status `readiness diff` of a commit.

    The status is success if `readiness diff` ended with 0, failure for 1, and error for anything else.
    """
    from readiness.live.github_api import GitHubError
    from readiness.live.pull_request_run import is_commit, set_status

    if not is_commit(head):
        message = f"{head[:80]!r} is not the full id of a commit. Write its 40 hexadecimal digits."
        raise click.BadParameter(message, param_hint="COMMIT")
    state = _STATES.get(ended, "error")
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (os.environ.get(name, "") for name in names)
    url = f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""
    try:
        set_status(this_repository(os.environ), head, state, run_url=url)
    except GitHubError as error:
        raise click.ClickException(f"the status of {head[:12]} is not set: {error}") from None
    click.echo(f"set {state} on {head[:12]}")
    if state == "error":
        raise click.ClickException("`readiness diff` ended with neither 0 nor 1. Read the log of its step.")
