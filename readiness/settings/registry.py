"""Settings of the Artifact Registry repository that holds the images."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from readiness.settings.base import Section
from readiness.settings.protected_tags import PROTECTED_TAGS

Tag = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")]
# Docker's grammar of an image's path. A policy's id is shorter than 128 characters, and ours names the package.
_PATH = "[a-z0-9]+([._-]+[a-z0-9]+)*"
Package = Annotated[str, Field(pattern=f"^{_PATH}(/{_PATH})*$", max_length=115)]


class ImageRegistry(Section):
    """The repository, and which of its images are cleaned up. Its location is `gcp:region`."""

    repository_id: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
    adopt: Annotated[
        bool, Field(description="Whether it exists already: then `pulumi import` brings it in, and nothing creates it.")
    ]
    packages: Annotated[
        tuple[Package, ...], Field(strict=False, min_length=1, description="Image names; each keeps its own newest.")
    ]
    delete_older_than_days: Annotated[int, Field(ge=1, le=3650)] = 30
    keep_recent_versions: Annotated[int, Field(ge=1, le=1000, description="Of each package.")] = 5
    keep_tags: Annotated[
        tuple[Tag, ...],
        Field(strict=False, min_length=1, description="Matched as prefixes: `latest` keeps `latest-2` too."),
    ] = PROTECTED_TAGS
    cleanup_dry_run: Annotated[bool, Field(description="Whether cleanup only logs what it would delete.")] = True


def keep_policy_id(package: str) -> str:
    """The id of the cleanup policy that keeps the newest images of `package`."""
    return f"keep-recent-{package.replace('/', '-')}"
