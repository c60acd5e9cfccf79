"""`readiness upgrade`."""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

import click

from readiness.cli.arguments import examples, format_option, stacks_argument
from readiness.cli.common import no_stack, project_option, project_root
from readiness.cli.diff import DIFFERENT, print_diff, refuse_open_changes
from readiness.cli.progress import progress

_BY_HAND = (
    "`readiness upgrade` needs --check. To upgrade, edit the line of readiness in requirements.txt, run `readiness "
    "upgrade --check` and read the diff, then run `.venv/bin/pip install --requirement requirements.txt`"
)


@click.command(epilog=examples("upgrade --check", "upgrade --check prod --to 0.2.0"))
@stacks_argument
@click.option("--check", is_flag=True, help="Compare the plans. Required: the command does nothing else.")
@click.option("--to", "version", metavar="VERSION", help="The version to compare with.  [default: requirements.txt's]")
@click.option("--wheel", type=click.Path(path_type=Path), metavar="FILE", help="The wheel to compare with.")
@format_option("text", "json", "markdown")
@click.option("--exit-code", is_flag=True, help=f"End with status {DIFFERENT} when the plans differ.")
@project_option
def upgrade(
    stacks: tuple[str, ...],
    check: bool,
    version: str | None,
    wheel: Path | None,
    form: str,
    exit_code: bool,
    project: str | None,
) -> None:
    """Show what another version changes in the plans.

    It compares all stacks unless you name some, and changes no file. pip installs the other version into a temporary
    environment. If a change weakens protection, the command ends with status 1, as `readiness diff` does.
    """
    from readiness import __version__
    from readiness.plan.acknowledgements import read_acknowledgements
    from readiness.plan.diff_json import diff_json
    from readiness.plan.diff_report import diff_report
    from readiness.plan.diff_verdict import Origin
    from readiness.plan.upgrade import compare_versions

    root = project_root(project)
    if not check:
        raise click.UsageError(_BY_HAND)
    if version is not None and wheel is not None:
        raise click.UsageError("give either --to or --wheel")
    names = _stacks(root, stacks)
    package = _package(root, version, wheel)
    entries = read_acknowledgements(root)
    what = package or "readiness as requirements.txt has it"
    with progress("planning both versions"):
        found = compare_versions(
            root,
            package,
            names,
            installed=__version__,
            before_install=lambda: click.echo(f"installing {what} into a temporary environment", err=True),
        )
    # Other entries are for the diff of a commit, so they are not reported as stale.
    report = diff_report(found.diffs, entries, all_stacks=False)
    title = f"The plans by readiness {found.old} (-) and {found.new} (+), with the same settings"
    appendix = f"\n{title}.\n" if form == "markdown" else ""
    if form == "text":
        click.echo(f"{title}:\n")
    if form == "json":
        click.echo(diff_json(report, Origin(), {}), nl=False)
    else:
        print_diff(report, form, appendix=appendix)
    refuse_open_changes(report)
    if exit_code and not report.is_empty:
        sys.exit(DIFFERENT)


def _stacks(root: Path, asked: tuple[str, ...]) -> list[str]:
    """The stacks of the project, or the given ones, in the order of their names."""
    from readiness.settings.stack_names import stack_names

    if (root / "readiness" / "__init__.py").is_file():
        message = "this project contains the code of Readiness itself, so no other version can be compared"
        raise click.ClickException(f"{message}. Compare with a commit: `readiness diff --base REF`.")
    names = sorted(dict.fromkeys(asked)) or stack_names(root)
    if not names:
        raise no_stack("compare")
    return names


def _package(root: Path, version: str | None, wheel: Path | None) -> str | None:
    """What pip installs Readiness from; None for the line of requirements.txt, if it names another version."""
    from readiness.live.init.project_files import installed_package
    from readiness.plan.upgrade import REQUIREMENTS, required_package

    required = required_package(root)
    if wheel is not None:
        if problem := _wheel_problem(wheel):
            raise click.ClickException(f"--wheel: {wheel} {problem}. Name a file readiness-VERSION-py3-none-any.whl.")
        return f"readiness @ {wheel.resolve().as_uri()}"
    if version is not None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+!-]*", version):
            raise click.ClickException(f"--to: {version!r} is not a version. Write it as 0.2.0.")
        if required is not None and ("@" in required or ".whl" in required):
            message = f"--to: {REQUIREMENTS} takes readiness from a wheel, not from a package index"
            raise click.ClickException(f"{message}. Edit the line there and leave out --to, or give --wheel FILE.")
        return f"readiness=={version}"
    installed = installed_package()
    if required is None or required.replace(" ", "") == installed.replace(" ", ""):
        found = f"asks for {installed}, which is installed" if required else "does not name readiness"
        hint = "Edit its line first, without installing it, or give --to VERSION or --wheel FILE"
        if not (root / REQUIREMENTS).exists():
            found, hint = "does not exist", "Give --to VERSION or --wheel FILE"
        raise click.ClickException(f"nothing to compare with: {REQUIREMENTS} {found}. {hint}.")
    if required.endswith(".whl") and "//" not in required and (problem := _wheel_problem(root / required)):
        raise click.ClickException(f"{REQUIREMENTS}: {required} {problem}. Copy a wheel of Readiness to that place.")
    return None


def _wheel_problem(wheel: Path) -> str | None:
    """Why pip cannot install Readiness from the file; None for a wheel of Readiness."""
    if not wheel.exists():
        return "does not exist"
    if not wheel.is_file() or not zipfile.is_zipfile(wheel):
        return "is not a wheel"
    # pip takes name and version from the file's name.
    named = re.fullmatch(r"readiness-\d[\w.+!]*(-[\w.]+){3,4}\.whl", wheel.name)
    return None if named else "is not a wheel of Readiness"
