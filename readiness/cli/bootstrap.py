"""`readiness bootstrap`."""

from __future__ import annotations

import click

from readiness.cli.arguments import WholeNumber, examples
from readiness.cli.common import plan_of, project_option, project_root, settings_of_every_stack


def _repository(_: click.Context, __: click.Parameter, value: str) -> str:
    import re

    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}", value) is None:
        raise click.BadParameter("write OWNER/NAME, as acme/shop.")
    return value


@click.command(
    epilog=examples(
        "bootstrap --repository acme/shop-readiness --repository-id 101 --owner-id 202 --project-number 303",
        "bootstrap --repository acme/shop --repository-id 1 --owner-id 2 --project-number 3 > set-up.sh",
    )
)
@click.option(
    "--repository",
    required=True,
    metavar="OWNER/NAME",
    callback=_repository,
    help="The repository whose CI runs this program.",
)
@click.option("--repository-id", required=True, type=WholeNumber(), help="From: gh api repos/OWNER/NAME --jq .id")
@click.option("--owner-id", required=True, type=WholeNumber(), help="From: gh api repos/OWNER/NAME --jq .owner.id")
@click.option("--project-number", required=True, type=WholeNumber(), help="From: gcloud projects describe PROJECT")
@project_option
def bootstrap(repository: str, repository_id: int, owner_id: int, project_number: int, project: str | None) -> None:
    """Print the commands that set up the state, key and identities of CI.

    Review them and run them yourself: this command runs none of them.
    """
    from readiness.live.bootstrap import Bootstrap, bootstrap_script, refuse_reserved_environments
    from readiness.live.bootstrap_rights import needs_of

    root = project_root(project)
    stacks, every = zip(*settings_of_every_stack(root), strict=True)
    environments = {stack: settings.environment.name for stack, settings in zip(stacks, every, strict=True)}
    refuse_reserved_environments(environments)
    registries = [settings.image_registry.repository_id for settings in every if settings.image_registry is not None]
    wanted = Bootstrap(
        project=every[0].project,
        project_number=str(project_number),
        region=every[0].region,
        repository=repository,
        repository_id=repository_id,
        owner_id=owner_id,
        registry=registries[0] if registries else None,
        stacks=stacks,
        environments=tuple(environments.values()),
        owner_environments=tuple(settings.environment.name for settings in every if settings.owns_shared_resources),
        needs=needs_of([resource for stack in stacks for resource in plan_of(root, stack).resources]),
    )
    click.echo(bootstrap_script(wanted), nl=False)
