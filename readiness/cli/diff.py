"""`readiness diff`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness import clock
from readiness.cli.arguments import complete_stacks, examples, format_option
from readiness.cli.common import cost_basis, project_option, project_root, settings_of, use_colour
from readiness.cli.progress import progress

if TYPE_CHECKING:
    from readiness.finding import Finding
    from readiness.plan.cost import Basis
    from readiness.plan.cost_change import CostChange
    from readiness.plan.diff_report import DiffReport
    from readiness.plan.diff_verdict import Origin
    from readiness.plan.engine_preview import PreviewComparison
    from readiness.plan.pull_request_folder import PullRequestFiles

DIFFERENT = 2
_WORDS = "readiness.diff.words"


class _Handed(click.Command):
    """Keeps the words that it was given, for the base's toolkit to be given the same."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does."""
        ctx.meta[_WORDS] = tuple(args)
        return super().parse_args(ctx, args)


def _commit(_: click.Context, __: click.Parameter, commit: str | None) -> str:
    from readiness.plan.diff_verdict import commit_problem

    if commit is None:
        return ""
    if (problem := commit_problem(commit)) is not None:
        raise click.BadParameter(f"{commit[:80]!r} {problem}.")
    return commit.lower()


def _url(_: click.Context, __: click.Parameter, url: str | None) -> str:
    from readiness.plan.diff_verdict import run_url_of, url_problem

    if url is None:
        return run_url_of(os.environ)
    if (problem := url_problem(url)) is not None:
        raise click.BadParameter(f"{url[:80]!r} {problem}.")
    return url


def _preview_files(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for text in given:
        stack, separator, file = text.partition("=")
        if not stack or not separator or not file:
            raise click.BadParameter(f"{text[:80]!r} is not STACK=FILE.")
        if stack in files:
            raise click.BadParameter(f"the stack {stack[:80]} has two files. Give one.")
        files[stack] = Path(file)
    return files


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
@format_option("text", "markdown", "json")
@click.option(
    "--json-to", type=click.Path(path_type=Path), metavar="FILE", help="Also write the JSON form to this file."
)
@click.option(
    "--preview",
    "preview_files",
    multiple=True,
    metavar="STACK=FILE",
    callback=_preview_files,
    help="What `pulumi preview --json` prints for a stack, to show what the plan does not know; may be repeated.",
)
@click.option(
    "--base-commit", callback=_commit, metavar="SHA", help="The base to name in the comment.  [default: that of --base]"
)
@click.option("--head-commit", callback=_commit, metavar="SHA", help="The commit to name in the comment.")
@click.option(
    "--run-url", callback=_url, metavar="URL", help="The log to link in the comment.  [default: that of GitHub Actions]"
)
@click.option("--acknowledge", is_flag=True, help="Write entries into acknowledged-weakenings.yaml; drop stale ones.")
@click.option("--reason", metavar="TEXT", help="With --acknowledge: why the weaker protection is right.")
@click.option("--by", metavar="LOGIN", help="With --acknowledge: the code owner who agrees.")
@click.option("--exit-code", is_flag=True, help=f"End with status {DIFFERENT} when the plans differ.")
@project_option
def diff(
    files: tuple[Path, ...],
    base: str | None,
    pull_request: Path | None,
    stacks: tuple[str, ...],
    form: str,
    json_to: Path | None,
    preview_files: dict[str, Path],
    base_commit: str,
    head_commit: str,
    run_url: str,
    acknowledge: bool,
    reason: str | None,
    by: str | None,
    exit_code: bool,
    project: str | None,
) -> None:
    """Show what a change does to the plans.

    Changes that weaken protection come first, then each resource field by field. If a change weakens protection, the
    command ends with status 1 until acknowledged-weakenings.yaml names its digest.
    """
    from readiness.finding import RefusedError
    from readiness.plan.diff_verdict import Origin
    from readiness.plan.judge import judge_elsewhere

    of_commit = base is not None and not files
    if not of_commit and not (base is None and len(files) == 2 and not stacks):
        raise click.UsageError("give either --base REF (with --stack, where not all), or OLD.json and NEW.json")
    if pull_request is not None and base is None:
        raise click.UsageError("--pull-request FOLDER needs --base REF, the commit to compare with")
    _refuse_half_an_agreement(acknowledge, reason, by, is_plain=form == "text" and json_to is None)
    if acknowledge and pull_request is not None:
        raise click.UsageError("--acknowledge writes into the working tree, so leave out --pull-request")
    origin = Origin(base_commit=base_commit, head_commit=head_commit, run_url=run_url)
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
        previews = _fetched_previews(report, pull_request) | _previews(report, preview_files)
        no_preview = _no_preview(pull_request)
    except RefusedError as refusal:
        _print_failure(refusal.problems, form, json_to, origin)
        raise
    if reason is not None and by is not None:
        _write_agreement(project_root(project), report, reason=reason, by=by)
        return
    if base is not None:
        origin = replace(origin, base_commit=base_commit or _commit_of(project_root(project), base))
    costs = _cost_changes(project, report)
    _print_json(report, form, json_to, origin, previews, costs, no_preview)
    if form != "json":
        appendix = _costs_text(costs, form) + _detection(project, base, form, pull_request)
        print_diff(report, form, appendix=appendix, origin=origin, previews=previews, no_preview=no_preview)
    refuse_open_changes(report)
    if exit_code and not report.is_empty:
        sys.exit(DIFFERENT)


def _refuse_half_an_agreement(acknowledge: bool, reason: str | None, by: str | None, *, is_plain: bool) -> None:
    if acknowledge and (reason is None or by is None):
        raise click.UsageError("--acknowledge needs --reason TEXT and --by LOGIN")
    if not acknowledge and (reason is not None or by is not None):
        raise click.UsageError("--reason and --by belong to --acknowledge")
    if acknowledge and not is_plain:
        raise click.UsageError("--acknowledge prints what it writes, so leave out --format and --json-to")


def _previews(report: DiffReport, files: Mapping[str, Path]) -> dict[str, PreviewComparison]:
    """What the engine would do otherwise, by stack. Raises RefusedError for a file that is no preview of its stack."""
    from readiness.finding import Finding, RefusedError
    from readiness.plan.engine_preview import compare_preview, read_preview

    diffs = {diff.stack: diff for diff in report.diffs}
    if unknown := sorted(set(files) - set(diffs)):
        message = f"names {', '.join(unknown)[:200]}, which is not compared"
        hint = f"Name one of: {', '.join(diffs)}"
        raise RefusedError([Finding(rule_id="preview-file-unreadable", file="--preview", message=message, hint=hint)])
    return {stack: compare_preview(diffs[stack], read_preview(file, stack)) for stack, file in files.items()}


def _fetched_previews(report: DiffReport, folder: Path | None) -> dict[str, PreviewComparison]:
    """The same from the folder of a pull request, where one that cannot be read stops nothing."""
    from readiness.plan.engine_preview import PreviewComparison, compare_preview
    from readiness.plan.pull_request_folder import read_previews

    if folder is None:
        return {}
    diffs = {diff.stack: diff for diff in report.diffs}
    return {
        stack: PreviewComparison(stack=stack, problem=found)
        if isinstance(found, str)
        else compare_preview(diffs[stack], found)
        for stack, found in read_previews(folder, diffs).items()
    }


def _no_preview(folder: Path | None) -> str:
    """Why a stack of a pull request has no preview; empty outside of one."""
    from readiness.plan.pull_request_folder import read_pull_request

    return read_pull_request(folder).previews_problem if folder is not None else ""


def _write_agreement(root: Path, report: DiffReport, *, reason: str, by: str) -> None:
    from readiness.plan.acknowledgements import ACKNOWLEDGED_FILE
    from readiness.plan.acknowledging import acknowledge
    from readiness.plan.change_lines import printable

    written = acknowledge(root, report.acknowledgements, reason=reason, by=by)
    for group in written.added:
        what = printable(f"{', '.join(group.stacks)}, {group.subject}: {'; '.join(group.reasons)}")
        click.echo(f"{ACKNOWLEDGED_FILE}: acknowledged {what} ({', '.join(group.digests)})")
    for digest in written.dropped:
        click.echo(f"{ACKNOWLEDGED_FILE}: dropped {digest}, which acknowledges no change any more")
    if not written.added and not written.dropped:
        click.echo(f"{ACKNOWLEDGED_FILE}: unchanged, because every change that weakens protection has an entry already")


def _commit_of(root: Path, ref: str) -> str:
    from readiness.plan.git import resolve_commit

    return resolve_commit(root, ref)


def _detection(project: str | None, base: str | None, form: str, pull_request: Path | None) -> str:
    """What changes in who detects what, as an appendix; empty for two files."""
    from readiness.plan.detection_change import detection_change, detection_markdown, detection_text

    if base is None:
        return ""
    moved = detection_change(project_root(project), base, page_of=pull_request)
    return (detection_markdown if form == "markdown" else detection_text)(moved)


def _print_failure(problems: Sequence[Finding], form: str, json_to: Path | None, origin: Origin) -> None:
    """For a comment and for programs, which would keep an older answer otherwise."""
    from readiness.files import write_whole
    from readiness.plan.diff_json import failure_json
    from readiness.plan.render_diff import failure_markdown

    if json_to is not None:
        write_whole(json_to, failure_json(problems, origin))
    if form == "markdown":
        click.echo(failure_markdown(problems, origin), nl=False)
    elif form == "json":
        click.echo(failure_json(problems, origin), nl=False)


def _print_json(
    report: DiffReport,
    form: str,
    json_to: Path | None,
    origin: Origin,
    previews: Mapping[str, PreviewComparison],
    costs: Sequence[CostChange],
    no_preview: str,
) -> None:
    """Prints and writes the JSON form, each where it is asked for."""
    from readiness.files import write_whole
    from readiness.plan.diff_json import diff_json
    from readiness.plan.engine_preview import NO_PREVIEW

    if form != "json" and json_to is None:
        return
    text = diff_json(report, origin, previews, costs, no_preview or NO_PREVIEW)
    if json_to is not None:
        write_whole(json_to, text)
    if form == "json":
        click.echo(text, nl=False)


def print_diff(
    report: DiffReport,
    form: str,
    *,
    appendix: str = "",
    origin: Origin | None = None,
    previews: Mapping[str, PreviewComparison] | None = None,
    no_preview: str = "",
) -> None:
    """Prints the report as Markdown or as text, which is coloured on a terminal, then the appendix."""
    from readiness.plan.diff_verdict import Origin
    from readiness.plan.engine_preview import NO_PREVIEW
    from readiness.plan.render_diff import diff_markdown, diff_text

    if form == "markdown":
        why = no_preview or NO_PREVIEW
        text = diff_markdown(report, appendix=appendix, origin=origin or Origin(), previews=previews, no_preview=why)
    else:
        paint = _paint if use_colour(err=False) else _plain
        text = diff_text(report, paint, previews=previews, no_preview=no_preview) + appendix
    click.echo(text, nl=False)


def refuse_open_changes(report: DiffReport) -> None:
    """Raises click.ClickException where a change weakens protection and no entry acknowledges it."""
    if report.acknowledgements.open:
        count = len(report.acknowledgements.open)
        verb, them = ("change weakens", "it") if count == 1 else ("changes weaken", "them")
        message = f"{count} {verb} protection and nobody has acknowledged {them}"
        raise click.ClickException(f"{message}. The digests for acknowledged-weakenings.yaml are in the diff.")


def _cost_changes(project: str | None, report: DiffReport) -> list[CostChange]:
    """What the change does to the costs, by the prices of the working tree's settings; by list prices without any."""
    from readiness.finding import RefusedError
    from readiness.plan.cost_change import cost_changes

    bases: dict[str, Basis] = {}
    compared = [diff.stack for diff in report.diffs]
    for stack in compared:
        # Two files can be compared anywhere, and a stack that is deleted has no settings any more.
        with suppress(RefusedError):
            root = project_root(project)
            bases[stack] = cost_basis(root, settings_of(root, stack), compared)
    return list(cost_changes(report.diffs, bases))


def _costs_text(costs: Sequence[CostChange], form: str) -> str:
    from readiness.plan.render_cost import cost_changes_markdown, cost_changes_text

    return (cost_changes_markdown if form == "markdown" else cost_changes_text)(costs, clock.today())


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
    from readiness.plan.pull_request_folder import is_settings_file, read_plans, read_pull_request, settings_text

    secrets = SecretMask()
    changed, entries = read_pull_request(folder), read_acknowledgements(folder)
    texts = {name: settings_text(folder, name) for name in filter(is_settings_file, changed.paths)}
    edited = {name: text for name, text in texts.items() if text is not None}
    diffs = against_plans(root, base, read_plans(folder, changed, secrets), secrets, stacks, edited=edited)
    report = diff_report(diffs, entries, all_stacks=not stacks)
    return replace(report, notes=_notes(root, base, changed))


def _notes(root: Path, base: str, changed: PullRequestFiles | None) -> tuple[str, ...]:
    """What the report begins with. Without the changed files of a pull request, those of the working tree count."""
    from readiness.plan.code_owners import CodeOwners, owners_note
    from readiness.plan.git import changed_files, folder_path, resolve_commit, top_file_text
    from readiness.plan.judge import judge_note

    commit = resolve_commit(root, base)
    owners = CodeOwners.of_files(lambda name: top_file_text(root, commit, name))
    paths = changed.paths if changed is not None else changed_files(root, commit)
    is_complete = changed is None or changed.is_complete
    note = owners_note(paths, owners, folder=folder_path(root), is_complete=is_complete)
    return (*([note] if note else []), judge_note(root, base))


def _paint(text: str, colour: str) -> str:
    return click.style(text, fg=colour)


def _plain(text: str, _colour: str) -> str:
    return text
