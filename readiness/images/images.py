"""The versions of a registry, read from `gcloud artifacts docker images list --include-tags --format=json`.

Fields as gcloud 528 writes them (command_lib/artifacts/docker_util.py): `createTime` is the upload, `tags` is a list,
or `""` where `--include-tags` was not given, `metadata.imageSizeBytes` is text, `"None"` where the API has no size.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from readiness.finding import Finding
from readiness.images.json_lists import read_json_list, refuse
from readiness.times import instant

LIST_IMAGES = "gcloud artifacts docker images list REPOSITORY --include-tags --format=json"
# Image indexes as Docker and as OCI call them; only these have children.
INDEX_MEDIA_TYPES = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
_HOST = re.compile(r"[a-z0-9-]+-docker\.pkg\.dev")
_RESOURCE = re.compile(r"projects/([^/]+)/locations/([^/]+)/repositories/([^/]+)/packages/(.+)")
# No address, no image with its tag or digest, and no host without a package: policies match names.
_IMAGE_NAME = re.compile(r"(?!projects/)(?![a-z0-9-]+-docker\.pkg\.dev(?:/|$))[^/@:]+(?:/[^/@:]+)*")
_WORD = re.compile(r"[!-~]+")
_NO_TIME = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One version of a package.

    `package` and `created_text` are as the file has them. `size_bytes` counts layers that versions share once for each;
    it is 0 where the registry says nothing. `children` are digests, where the listing tells those of an index.
    """

    package: str
    digest: str
    created: datetime
    created_text: str
    tags: tuple[str, ...] = ()
    size_bytes: int = 0
    media_type: str = ""
    children: tuple[str, ...] = ()

    @property
    def is_index(self) -> bool:
        """Whether it is a list of manifests, of platforms or attestations."""
        return self.media_type in INDEX_MEDIA_TYPES


@dataclass(frozen=True, slots=True)
class PackagePath:
    """`repository` is `HOST/PROJECT/REPOSITORY`, empty for a bare name; `name` is what policies are matched with."""

    repository: str
    name: str


def package_path(package: str) -> PackagePath:
    """Splits `us-central1-docker.pkg.dev/PROJECT/REPOSITORY/web/shop`, and a package's name in the API.

    Anything else is a name by itself.
    """
    text = unquote(package)
    resource = _RESOURCE.fullmatch(text)
    if resource:
        project, location, repository, name = resource.groups()
        return PackagePath(f"{location}-docker.pkg.dev/{project}/{repository}", name)
    parts = text.split("/")
    if len(parts) > 3 and _HOST.fullmatch(parts[0]):
        return PackagePath("/".join(parts[:3]), "/".join(parts[3:]))
    return PackagePath("", text)


def read_images(path: Path) -> tuple[Version, ...]:
    """The versions in the file, in its order. Raises RefusedError with every mistake of the file."""
    found = read_json_list(path, LIST_IMAGES)
    problems: list[Finding] = []
    versions: list[Version] = []
    first_at: dict[tuple[str, str], int] = {}
    for index, item in enumerate(found.items):
        faults = list(_faults(item))
        version = _version(item)
        key = (version.package, version.digest)
        if version.package and version.digest and first_at.setdefault(key, index) != index:
            faults.append(("version", f"repeats [{first_at[key]}]", "List every version once"))
        problems += (
            Finding(rule_id="image-list-entry", file=found.file, key=f"[{index}].{field}", message=message, hint=hint)
            for field, message, hint in faults
        )
        versions.append(version)
    refuse(problems)
    return tuple(versions)


def _faults(item: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Field, what is wrong and how to fix it, of everything that is wrong with an entry."""
    for field in ("package", "version"):
        if not _word(item.get(field)):
            yield field, _missing(item, field, "name"), f"Write the file with `{LIST_IMAGES}`"
    package = _word(item.get("package"))
    if package and not _IMAGE_NAME.fullmatch(package_path(package).name):
        yield "package", f"{package} names no package", "Write HOST/PROJECT/REPOSITORY/IMAGE, without tag or digest"
    try:
        instant(item.get("createTime"))
    except ValueError as error:
        wrong = "is missing" if item.get("createTime") is None else str(error)
        yield "createTime", wrong, "Write it as 2025-10-17T08:00:00Z"
    if _tags(item.get("tags")) is None:
        yield "tags", "is no list of tags", 'Write ["a", "b"] or "a, b"'
    metadata = item.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        yield "metadata", "is no object", "Leave it as gcloud writes it"
        return
    fields = metadata or {}
    if _size(fields.get("imageSizeBytes")) is None:
        yield "metadata.imageSizeBytes", "is no number of bytes", "Write a whole number from 0"
    if not isinstance(fields.get("mediaType") or "", str):
        yield "metadata.mediaType", "is no text", "Leave it as gcloud writes it"
    if _children(item) is None:
        yield "metadata.imageManifests", "is no list of manifests with a digest each", "Leave it as gcloud writes it"


def _version(item: dict[str, Any]) -> Version:
    """The entry as far as it can be read; what cannot be is reported by `_faults`."""
    metadata = item.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    media_type = metadata.get("mediaType")
    try:
        created = instant(item.get("createTime"))
    except ValueError:
        created = _NO_TIME
    return Version(
        package=_word(item.get("package")),
        digest=_word(item.get("version")),
        created=created,
        created_text=str(item.get("createTime")),
        tags=_tags(item.get("tags")) or (),
        size_bytes=_size(metadata.get("imageSizeBytes")) or 0,
        media_type=media_type if isinstance(media_type, str) else "",
        children=_children(item) or (),
    )


def _missing(item: dict[str, Any], field: str, what: str) -> str:
    return "is missing" if item.get(field) in (None, "") else f"is no {what}"


def _word(value: Any) -> str:
    """The text where it is one printable word, else an empty one."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def _tags(value: Any) -> tuple[str, ...] | None:
    """Sorted and each once; None for anything that is no list of tags."""
    if isinstance(value, str):
        value = [tag.strip() for tag in value.split(",") if tag.strip()]
    if value is None:
        return ()
    if not isinstance(value, list) or not all(_word(tag) for tag in value):
        return None
    return tuple(sorted(set(value)))


def _size(value: Any) -> int | None:
    """Bytes; 0 where the registry says nothing, None for what is no size."""
    if value in (None, "", "None"):
        return 0
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value >= 0 and value == int(value) else None


def _children(item: dict[str, Any]) -> tuple[str, ...] | None:
    """Digests of an index's manifests: `imageManifests` of the API's DockerImage, which gcloud 528 leaves out."""
    metadata = item.get("metadata")
    listed = item.get("imageManifests") or (metadata.get("imageManifests") if isinstance(metadata, dict) else None)
    if not listed:
        return ()
    if not isinstance(listed, list):
        return None
    digests = [_word(item.get("digest")) if isinstance(item, dict) else "" for item in listed]
    return tuple(digests) if all(digests) else None
