"""`readiness diff`."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness import clock
from readiness.cli.arguments import complete_stacks, examples
from readiness.cli.common import cost_basis, project_option, project_root, settings_of, use_colour
from readiness.cli.progress import progress

if TYPE_CHECKING:
    from readiness.plan.cost import Basis
    from readiness.plan.diff_report import DiffReport
    from readiness.plan.pull_request_folder import PullRequestFiles

DIFFERENT = 2
_WORDS = "readiness.diff.words"


class _Handed(click.Command):
    """Keeps the words that it was given, for the base's toolkit to be given the same."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does."""
        ctx.meta[_WORDS] = tuple(args)
        return super().parse_args(ctx, args)


@click.command(
    cls=_Handed, epilog=examples("diff --base origin/main", "diff --base HEAD --stack prod --format markdown")
)
@click.argument("files", nargs=-1, metavar="[OLD.json NEW.json]", type=click.Path(path_type=Path))
@click.option("--base", metavar="REF", help="Compare the working tree's plans with those of this commit.")
@click.option(
    "--pull-request",
    "pull_request",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Compare the plans of a pull request, which `readiness pull-request fetch` wrote there, with the commit's.",
)
@click.option(
    "--stack",
    "stacks",
    multiple=True,
    metavar="STACK",
    shell_complete=complete_stacks,
    help="Only this stack. Repeatable.",
)
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--exit-code", is_flag=True, help=f"End with status {DIFFERENT} when the plans differ.")
@project_option
def diff(
    files: tuple[Path, ...],
    base: str | None,
    pull_request: Path | None,
    stacks: tuple[str, ...],
    form: str,
    exit_code: bool,
    project: str | None,
) -> None:
    """Show what a change does to the plans: what weakens first, then each resource field by field.

    A change that reduces protection ends with status 1 until acknowledged-weakenings.yaml names its digest.
    """
    from readiness.finding import RefusedError
    from readiness.plan.detection_change import detection_change, detection_markdown, detection_text
    from readiness.plan.judge import judge_elsewhere
    from readiness.plan.render_diff import failure_markdown

    of_commit = base is not None and not files
    if not of_commit and not (base is None and len(files) == 2 and not stacks):
        raise click.UsageError("give either --base REF (with --stack, where not all), or OLD.json and NEW.json")
    if pull_request is not None and base is None:
        raise click.UsageError("--pull-request FOLDER needs --base REF, the commit to compare with")
    try:
        if base is not None:
            root = project_root(project)
            # The last value of an option counts. Without FILES, no word needs the separator.
            given = [word for word in click.get_current_context().meta[_WORDS] if word != "--"]
            status = judge_elsewhere(root, base, ["diff", *given, f"--project={root}"])
            if status is not None:
                sys.exit(status)
        with progress("planning both versions"):
            report = _report(project, files, base, stacks, pull_request)
    except RefusedError as refusal:
        if form == "markdown":
            click.echo(failure_markdown(refusal.problems), nl=False)
        raise
    moved = detection_change(project_root(project), base, page_of=pull_request) if base is not None else []
    appendix = (detection_markdown if form == "markdown" else detection_text)(moved)
    print_diff(report, form, appendix=_costs(project, report, form) + appendix)
    refuse_open_changes(report)
    if exit_code and not report.is_empty:
        sys.exit(DIFFERENT)


def print_diff(report: DiffReport, form: str, *, appendix: str = "") -> None:
    """Prints the report as Markdown or as text, which is coloured on a terminal, then the appendix; or as JSON."""
    from readiness.plan.diff_json import diff_json
    from readiness.plan.render_diff import diff_markdown, diff_text

    if form == "json":
        click.echo(diff_json(report), nl=False)
    elif form == "markdown":
        click.echo(diff_markdown(report, appendix=appendix), nl=False)
    else:
        click.echo(diff_text(report, _paint if use_colour(err=False) else _plain) + appendix, nl=False)


def refuse_open_changes(report: DiffReport) -> None:
    """Raises click.ClickException where a change reduces protection and no entry acknowledges it."""
    if report.agreement.open:
        count = len(report.agreement.open)
        verb = "change reduces" if count == 1 else "changes reduce"
        message = f"{count} {verb} protection and nobody has acknowledged it"
        raise click.ClickException(f"{message}. The digests for acknowledged-weakenings.yaml are in the diff.")


def _costs(project: str | None, report: DiffReport, form: str) -> str:
    """What the change does to the costs, by the prices of the working tree's settings; by list prices without any."""
    from readiness.finding import RefusedError
    from readiness.plan.cost_change import cost_changes
    from readiness.plan.render_cost import cost_changes_markdown, cost_changes_text

    bases: dict[str, Basis] = {}
    compared = [diff.stack for diff in report.diffs]
    for stack in compared:
        # Two files can be compared anywhere, and a stack that is deleted has no settings any more.
        with suppress(RefusedError):
            root = project_root(project)
            bases[stack] = cost_basis(root, settings_of(root, stack), compared)
    render = cost_changes_markdown if form == "markdown" else cost_changes_text
    return render(cost_changes(report.diffs, bases), clock.today())


def _report(
    project: str | None, files: tuple[Path, ...], base: str | None, stacks: tuple[str, ...], pull_request: Path | None
) -> DiffReport:
    from readiness.finding import RefusedError
    from readiness.plan.acknowledgements import read_acknowledgements
    from readiness.plan.base_plan import against_commit, of_files
    from readiness.plan.diff_report import diff_report

    if base is not None:
        root = project_root(project)
        if pull_request is not None:
            return _report_of_pull_request(root, base, stacks, pull_request)
        entries = read_acknowledgements(root)
        report = diff_report(against_commit(root, base, stacks), entries, all_stacks=not stacks)
        return replace(report, notes=_notes(root, base, None))
    try:
        entries = read_acknowledgements(project_root(project))
    except RefusedError as refusal:
        # Two files can be compared anywhere; inside a project its agreements count.
        if project is not None or all(problem.file != "Pulumi.yaml" for problem in refusal.problems):
            raise
        entries = ()
    return diff_report([of_files(*files)], entries, all_stacks=False)


def _report_of_pull_request(root: Path, base: str, stacks: tuple[str, ...], folder: Path) -> DiffReport:
    """By the plans and the acknowledgements of the pull request; whatever else is read is of this checkout."""
    from readiness.plan.acknowledgements import read_acknowledgements
    from readiness.plan.base_plan import against_plans
    from readiness.plan.diff_report import diff_report
    from readiness.plan.plan_file import SecretMask
    from readiness.plan.pull_request_folder import read_plans, read_pull_request

    secrets = SecretMask()
    changed, entries = read_pull_request(folder), read_acknowledgements(folder)
    diffs = against_plans(root, base, read_plans(folder, changed, secrets), secrets, stacks)
    report = diff_report(diffs, entries, all_stacks=not stacks)
    return replace(report, notes=_notes(root, base, changed))


def _notes(root: Path, base: str, changed: PullRequestFiles | None) -> tuple[str, ...]:
    """What the report begins with. Without the changed files of a pull request, those of the working tree count."""
    from readiness.plan.code_owners import CodeOwners, own_word_note
    from readiness.plan.git import changed_files, folder_path, resolve_commit, top_file_text
    from readiness.plan.judge import judge_note

    commit = resolve_commit(root, base)
    owners = CodeOwners.of_files(lambda name: top_file_text(root, commit, name))
    paths = changed.paths if changed is not None else changed_files(root, commit)
    is_complete = changed is None or changed.is_complete
    note = own_word_note(paths, owners, folder=folder_path(root), is_complete=is_complete)
    return (*([note] if note else []), judge_note(root, base))


def _paint(text: str, colour: str) -> str:
    return click.style(text, fg=colour)


def _plain(text: str, _colour: str) -> str:
    return text
