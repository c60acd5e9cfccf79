"""The Artifact Registry repository that holds the images, and what its cleanup could delete by a slip.

Neither the provider nor the API checks these rules before images are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from readiness.finding import Finding
from readiness.settings.base import Listed, Section
from readiness.settings.protected_tags import PROTECTED_TAGS
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath
from readiness.settings.view import duplicates, findings_of, known_items

Tag = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")]
# Docker's grammar of an image's path. A policy's id is shorter than 128 characters, and ours names the package.
_PATH = "[a-z0-9]+([._-]+[a-z0-9]+)*"
Package = Annotated[str, Field(pattern=f"^{_PATH}(/{_PATH})*$", max_length=115)]

PACKAGES: KeyPath = ("image_registry", "packages")
KEEP_TAGS: KeyPath = ("image_registry", "keep_tags")
DRY_RUN: KeyPath = ("image_registry", "cleanup_dry_run")

# The API's limit (cleanup-policy-overview), less the three policies that stand beside those of the packages.
MAX_POLICIES = 10
MAX_PACKAGES = MAX_POLICIES - 3
_REGISTRY_HOSTS = ("docker.pkg.dev", "gcr.io")


class ImageRegistry(Section):
    """The repository, and which of its images are cleaned up. Its location is `gcp:region`."""

    repository_id: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
    adopt: Annotated[
        bool, Field(description="Whether it exists already: then `pulumi import` brings it in, and nothing creates it.")
    ]
    packages: Annotated[Listed[Package], Field(min_length=1, description="Image names; each keeps its own newest.")]
    delete_older_than_days: Annotated[int, Field(ge=1, le=3650)] = 30
    keep_recent_versions: Annotated[int, Field(ge=1, le=1000, description="Of each package.")] = 5
    keep_tags: Annotated[
        Listed[Tag], Field(min_length=1, description="Matched as prefixes: `latest` keeps `latest-2` too.")
    ] = PROTECTED_TAGS
    cleanup_dry_run: Annotated[bool, Field(description="Whether cleanup only logs what it would delete.")] = True


def keep_policy_id(package: str) -> str:
    """The id of the cleanup policy that keeps the newest images of `package`."""
    return f"keep-recent-{package.replace('/', '-')}"


def registry_problems(config: StackConfig, registry: ImageRegistry | None) -> Iterator[Finding]:
    """Every rule between the settings of the registry, all broken ones at once."""
    if registry is None:
        return
    yield from findings_of(
        lambda: duplicates(config, PACKAGES, registry.packages),
        lambda: duplicates(config, KEEP_TAGS, registry.keep_tags),
        lambda: _package_problems(config, registry.packages),
        lambda: _tag_problems(config, registry.keep_tags),
        lambda: _dry_run_warning(config, dry_run=registry.cleanup_dry_run),
    )


def _package_problems(config: StackConfig, packages: tuple[str, ...]) -> Iterator[Finding]:
    rule_id, rename = "settings-registry-packages", "Rename one of the two images"
    if len(packages) > MAX_PACKAGES:
        message = f"lists {len(packages)} packages; a repository takes {MAX_POLICIES} policies, {MAX_PACKAGES} for them"
        yield config.error(rule_id, PACKAGES, message, "Split the images over two repositories")
    names = dict(known_items(packages))
    for index, package in names.items():
        path = (*PACKAGES, index)
        if package.partition("/")[0].endswith(_REGISTRY_HOSTS):
            message = "is an address; no package has that name, so that its newest would not be kept"
            yield config.error(rule_id, path, message, "Write what follows the repository's name")
        wider = next((name for name in names.values() if package != name and package.startswith(name)), None)
        if wider is not None:
            # A package is matched by prefix: the wider policy would count the images of both together.
            message = f"begins like {wider}, whose keep policy would match it too"
            yield config.error(rule_id, path, message, rename)
        earlier = (name for other, name in names.items() if other < index and name != package)
        if same := next((name for name in earlier if keep_policy_id(name) == keep_policy_id(package)), None):
            message = f"takes the same policy id as {same}, and the provider would drop one of the two"
            yield config.error(rule_id, path, message, rename)


def _tag_problems(config: StackConfig, tags: tuple[str, ...]) -> Iterator[Finding]:
    for tag in PROTECTED_TAGS:
        if tag not in tags:
            message = f"does not hold {tag}, so that cleanup could delete what runs or is rolled back to"
            yield config.error("settings-registry-tags", KEEP_TAGS, message, f"Add {tag}")


def _dry_run_warning(config: StackConfig, *, dry_run: bool) -> Iterator[Finding]:
    if not dry_run:
        hint = "Write true until the list of what it would delete has been read"
        yield config.warning("settings-registry-dry-run", DRY_RUN, "allows cleanup to delete", hint)
