"""`readiness cleanup`: shows what the declared cleanup policies would delete, and whether that is safe."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.cli.arguments import examples, format_option, stack_argument
from readiness.cli.common import (
    head_commit,
    plan_of,
    print_json,
    project_option,
    project_root,
    report,
    settings_of_every_stack,
)
from readiness.cli.overview import WholeSummaries

if TYPE_CHECKING:
    from datetime import datetime

    from readiness.images.repositories import DeclaredRepository

_NOW = click.option("--now", "moment", metavar="RFC3339", help="Compute ages at this time instead of now.")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(cls=WholeSummaries)
def cleanup() -> None:
    """Check what the cleanup policies would delete."""


@cleanup.command(
    epilog=examples(
        "cleanup simulate prod --images images.json",
        "cleanup simulate prod --images images.json --format json",
    )
)
@stack_argument
@click.option("--images", metavar="FILE", type=_FILE, help="The output of `gcloud artifacts docker images list`.")
@_NOW
@format_option("text", "json")
@project_option
def simulate(stack: str, images: Path | None, moment: str | None, form: str, project: str | None) -> None:
    """Print which images a cleanup would delete or keep.

    It applies the declared cleanup policies. For each version, it names the policy that decides.
    """
    from readiness.finding import Finding, Severity
    from readiness.images.images import read_images
    from readiness.images.report import observations, simulation_json, simulation_text
    from readiness.images.repositories import list_images_command
    from readiness.images.simulate import decide

    now = _instant(moment)
    repository = _repository(project_root(project), stack)
    if images is None:
        raise _missing("--images", list_images_command(repository))
    versions = read_images(images)
    decisions = decide(versions, repository.policies, now)
    notes = observations(versions, repository.policies, repository.host_path)
    report(
        (
            Finding(rule_id="cleanup-observation", file=str(images), message=what, hint=hint, severity=Severity.WARNING)
            for what, hint in notes
        ),
        err=True,
    )
    text = simulation_json(decisions) if form == "json" else simulation_text(decisions, dry_run=repository.dry_run)
    click.echo(text, nl=False)


@cleanup.command(
    epilog=examples(
        "cleanup gate prod --log log.json --revisions revisions.json",
        "cleanup gate prod --log log.json --revisions revisions.json --format json",
    )
)
@stack_argument
@click.option("--log", metavar="FILE", type=_FILE, help="The output of `gcloud logging read`.")
@click.option("--revisions", metavar="FILE", type=_FILE, help="The output of `gcloud run revisions list`.")
@_NOW
@format_option("text", "json")
@project_option
def gate(
    stack: str, log: Path | None, revisions: Path | None, moment: str | None, form: str, project: str | None
) -> None:
    """Refuse a cleanup that would delete an image in use.

    Images that serve, and those that you could roll back to, are in use. If the cleanup has chosen none of them, the
    command writes a record.
    """
    from readiness.files import write_whole
    from readiness.finding import errors_only
    from readiness.finding_formats import finding_rows
    from readiness.images.audit_log import read_deletions
    from readiness.images.gate import gate_findings, gate_record, record_path
    from readiness.images.repositories import list_revisions_command, read_log_command
    from readiness.images.revisions import read_needed
    from readiness.settings.stack_files import read_stack

    now = _instant(moment)
    root = project_root(project)
    repository = _repository(root, stack)
    if log is None:
        raise _missing("--log", read_log_command(repository))
    if revisions is None:
        raise _missing("--revisions", list_revisions_command(repository))
    deletions = read_deletions(log, repository.resource, now)
    needed = read_needed(revisions, _services(root))
    findings = tuple(gate_findings(deletions, needed, repository, now, log=str(log), revisions=str(revisions)))
    record = gate_record(deletions, needed, repository, now, stack=stack, commit=head_commit(root))
    place = record_path(read_stack(root, stack).file, stack)
    is_passed = not errors_only(findings)
    if is_passed:
        write_whole(root / place, record.text())
    if form == "json":
        counts = {name: getattr(record, name) for name in ("evidence", "entries", "candidates", "revisions")}
        written = {"passed": is_passed, "record": place if is_passed else None}
        print_json({"stack": stack, **written, **counts, "findings": finding_rows(findings)})
    else:
        report(findings, err=True)
    if not is_passed:
        sys.exit(1)
    if form == "json":
        return
    click.echo(
        f"ok {stack}: {len(deletions.candidates)} versions chosen by {record.entries} entries ({record.evidence})"
    )
    click.echo(f"None of them is in the {record.revisions} revisions that serve or are rolled back to. Wrote {place}.")


def _services(root: Path) -> list[str]:
    """The services of every stack: they all run images of the one repository."""
    return [service.name for _, settings in settings_of_every_stack(root) for service in settings.services]


def _missing(option: str, command: str) -> click.ClickException:
    return click.ClickException(
        f"{option} is missing. Write its file first, with credentials that can read it:\n  {command}\nThen pass it."
    )


def _instant(text: str | None) -> datetime:
    """The instant of `--now`, else this one."""
    from readiness import clock
    from readiness.times import instant

    if text is None:
        return clock.now()
    try:
        return instant(text)
    except ValueError as error:
        raise click.ClickException(f"--now {error}. Write it as 2025-10-17T08:00:00Z.") from None


def _repository(root: Path, stack: str) -> DeclaredRepository:
    """The repository that the stack declares. Raises RefusedError, which names the stack that does."""
    from readiness.finding import Finding, RefusedError
    from readiness.images.repositories import declared_repository
    from readiness.rules.stack import check_stack
    from readiness.settings.stack_files import stack_file_name
    from readiness.settings.stack_names import stack_names

    declared = declared_repository(plan_of(root, stack).resources)
    if declared is not None:
        return declared
    checked = {name: check_stack(root, name).settings for name in stack_names(root)}
    owners = [name for name, settings in checked.items() if settings is not None and settings.image_registry]
    hint = f"Name the stack {owners[0]}, which owns it" if owners else "Declare it in the stack that owns it"
    message = "declares no image registry, so it has no cleanup policies"
    raise RefusedError(
        [
            Finding(
                rule_id="image-registry-not-declared",
                file=stack_file_name(stack),
                key="readiness:image_registry",
                message=message,
                hint=hint,
            )
        ]
    )
