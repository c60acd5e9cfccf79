"""`readiness bootstrap`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readiness.cli.arguments import WholeNumber, examples
from readiness.cli.common import (
    plan_of,
    project_option,
    project_root,
    report,
    repository_option,
    settings_of_every_stack,
)

if TYPE_CHECKING:
    from readiness.finding import Finding
    from readiness.live.bootstrap import GoogleProject
    from readiness.settings.model import Settings


@click.command(
    epilog=examples(
        "bootstrap --repository acme/shop-readiness --repository-id 101 --owner-id 202 --project-number 303",
        "bootstrap --repository acme/shop --repository-id 1 --owner-id 2 --project-number 3 > set-up.sh",
    )
)
@repository_option("--repository", required=True, help="OWNER/NAME where this program's CI runs.")
@click.option("--repository-id", required=True, type=WholeNumber(), help="From: gh api repos/OWNER/NAME --jq .id")
@click.option("--owner-id", required=True, type=WholeNumber(), help="From: gh api repos/OWNER/NAME --jq .owner.id")
@click.option(
    "--project-number",
    required=True,
    type=WholeNumber(),
    help="From: gcloud projects describe PROJECT; of several, that of the stack that owns the shared resources.",
)
@project_option
def bootstrap(repository: str, repository_id: int, owner_id: int, project_number: int, project: str | None) -> None:
    """Print a script that sets up the Google projects for CI.

    It covers every Google project of the stacks, and prints how to create the GitHub Apps that CI needs.
    Review it, then run it; nothing runs it for you. It leaves what exists as it is, so that you can run it again.
    """
    from readiness.live.bootstrap import DRIFT, PREVIEW, Bootstrap, bootstrap_script, refuse_reserved_environments
    from readiness.live.github_apps import github_apps

    root = project_root(project)
    stacks = dict(settings_of_every_stack(root))
    refuse_reserved_environments({stack: settings.environment.name for stack, settings in stacks.items()})
    resources = {stack: plan_of(root, stack).resources for stack in stacks}
    wanted = Bootstrap(
        project_number=str(project_number),
        repository=repository,
        repository_id=repository_id,
        owner_id=owner_id,
        projects=tuple(_google_projects(stacks, resources)),
        apps=github_apps(stacks, reading=(PREVIEW, DRIFT)),
    )
    report(_warnings(root, stacks, resources), err=True)
    click.echo(bootstrap_script(wanted), nl=False)


def _google_projects(
    stacks: Mapping[str, Settings], resources: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[GoogleProject]:
    """The Google projects of the stacks, first that of the first stack that owns the shared resources."""
    from readiness.live.bootstrap import GoogleProject, StackPlace
    from readiness.live.bootstrap_rights import needs_of

    by_owner = sorted(stacks, key=lambda stack: not stacks[stack].owns_shared_resources)
    for name in dict.fromkeys(stacks[stack].project for stack in by_owner):
        own = {stack: settings for stack, settings in stacks.items() if settings.project == name}
        registries = {settings.image_registry.repository_id for settings in own.values() if settings.image_registry}
        yield GoogleProject(
            project=name,
            region=next(iter(own.values())).region,
            stacks=tuple(
                StackPlace(
                    stack=stack,
                    environment=settings.environment.name,
                    owns_shared_resources=settings.owns_shared_resources,
                )
                for stack, settings in own.items()
            ),
            registries=tuple(sorted(registries)),
            needs=needs_of([resource for stack in own for resource in resources[stack]]),
        )


def _warnings(
    root: Path, stacks: Mapping[str, Settings], resources: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[Finding]:
    """What the script does not do, or what it does that the settings do not expect."""
    from readiness.finding import Finding, Severity
    from readiness.settings.stack_files import read_stack

    for stack, settings in stacks.items():
        config, registry = read_stack(root, stack), settings.image_registry
        if registry is not None and not registry.adopt:
            message = f"is false, and the script creates {registry.repository_id} where it does not exist: the first "
            message += "apply then tries to create it again, and fails"
            hint = "Write true, unless the stack has created it already: an apply then imports it"
            yield config.warning("bootstrap-registry-adopt", ("image_registry", "adopt"), message, hint)
        others = {resource["inputs"].get("project", settings.project) for resource in resources[stack]}
        for other in sorted(others - {settings.project}):
            yield Finding(
                rule_id="bootstrap-other-project",
                file=stack,
                message=f"declares resources in {other}, which is not the stack's Google project {settings.project}",
                hint=f"Grant readiness-apply@{settings.project}.iam.gserviceaccount.com its roles there by hand",
                severity=Severity.WARNING,
            )
