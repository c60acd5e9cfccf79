"""`readiness adopt`."""

from __future__ import annotations

import json
import os

import click

from readiness.cli.arguments import examples, stack_argument
from readiness.cli.common import google_of, plan_of, project_option, project_root, settings_to_apply
from readiness.cli.progress import progress


@click.command(epilog=examples("adopt prod > import.json", "adopt staging --project infrastructure > import.json"))
@stack_argument
@project_option
def adopt(stack: str, project: str | None) -> None:
    """Print a Pulumi import file for existing resources.

    Save the output as FILE, then run `pulumi import --file FILE --protect=false`.
    """
    from readiness.live.adopt import adoption, import_file, read_live_resources
    from readiness.live.github_api import GitHub, GitHubError
    from readiness.live.google_api import GoogleError

    root = project_root(project)
    settings = settings_to_apply(root, stack)
    google = google_of(root, stack, settings, os.environ)
    github = GitHub.from_environment(os.environ, owner=settings.github_owner, repository=settings.repository.name)
    resources = plan_of(root, stack).resources
    try:
        with progress("reading the existing resources"):
            live = read_live_resources(google, github, region=settings.region, resources=resources)
    except (GoogleError, GitHubError) as error:
        raise click.ClickException(f"the existing resources cannot be read: {error}") from None
    found = adoption(resources, live, adopts_old_policies=settings.owns_shared_resources)
    if found.ambiguous:
        raise click.ClickException(
            "more than one existing resource matches. Delete or rename all but one:\n  " + "\n  ".join(found.ambiguous)
        )
    for note in found.notes:
        click.echo(f"not adopted: {note}", err=True)
    click.echo(json.dumps(import_file(resources, found.imports), indent=2))
