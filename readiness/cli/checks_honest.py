"""`readiness checks-honest`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.cli.arguments import complete_folders, examples, format_option
from readiness.cli.common import described_commit, print_findings, project_option, project_root

if TYPE_CHECKING:
    from readiness.settings.github import BranchRuleset
    from readiness.settings.model import Settings


@click.command(
    "checks-honest",
    epilog=examples(
        "checks-honest --workflows ../shop/.github/workflows",
        "checks-honest --workflows ../shop/.github/workflows --write",
    ),
)
@click.option(
    "--workflows",
    metavar="DIR",
    shell_complete=complete_folders,
    type=click.Path(path_type=Path),
    required=True,
    help="The `.github/workflows` of a checkout of the application.",
)
@click.option("--write", is_flag=True, help="Write the record that `readiness check` needs.")
@format_option("text", "json", "sarif")
@project_option
def checks_honest(workflows: Path, write: bool, form: str, project: str | None) -> None:
    """Refuse required checks that cannot block a merge.

    Such a check does not exist, does not run on pull requests, can be skipped, or cannot fail.
    """
    from readiness import clock
    from readiness.ci.checks_record import contexts_text, record_path, record_text
    from readiness.ci.required_checks import required_check_findings
    from readiness.ci.workflow_files import read_workflows, workflows_digest
    from readiness.files import write_whole
    from readiness.finding import errors_only
    from readiness.rules.records import subject_of
    from readiness.settings.stack_files import read_stack

    root = project_root(project)
    # A folder that cannot be read is reported first, before problems of the settings.
    found = read_workflows(workflows)
    stack, settings, ruleset = _owner_of_the_ruleset(root)
    subject = subject_of(settings, ruleset)
    problems = required_check_findings(str(workflows), found, ruleset.required_checks, subject.branch)
    print_findings(problems, form, tool="readiness checks-honest")
    if errors_only(problems):
        sys.exit(1)
    # With --format json, stdout is the document alone.
    click.echo(
        f"ok: {contexts_text(ruleset.required_checks)}: runs on every pull request, and can fail", err=form != "text"
    )
    if not write:
        return
    place = record_path(read_stack(root, stack).file)
    text = record_text(
        subject, made=clock.now(), commit=described_commit(workflows), workflows_digest=workflows_digest(found)
    )
    write_whole(root / place, text)
    click.echo(f"Wrote {place}. Commit it: it is valid for 14 days.", err=form != "text")


def _owner_of_the_ruleset(root: Path) -> tuple[str, Settings, BranchRuleset]:
    """The stack that declares the ruleset. Raises RefusedError if no stack does, or if its settings are wrong."""
    from readiness.finding import Finding, RefusedError
    from readiness.rules.stack import check_stack, require_settings
    from readiness.settings.stack_files import PROJECT_FILE
    from readiness.settings.stack_names import stack_names

    checked = {stack: check_stack(root, stack) for stack in stack_names(root)}
    for stack, found in checked.items():
        if found.settings is not None and found.settings.branch_ruleset is not None:
            return stack, require_settings(found), found.settings.branch_ruleset
    for found in checked.values():
        require_settings(found)
    message = "is not declared by any stack, so no check is required"
    hint = "Write it into the file of the stack that owns the shared resources"
    raise RefusedError(
        [
            Finding(
                rule_id="required-checks-not-declared",
                file=PROJECT_FILE,
                key="readiness:branch_ruleset",
                message=message,
                hint=hint,
            )
        ]
    )
