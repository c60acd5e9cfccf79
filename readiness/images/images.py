"""The versions of a registry, read from `gcloud artifacts docker images list --include-tags --format=json`.

Fields as gcloud 528 writes them (command_lib/artifacts/docker_util.py): `createTime` is the upload. `tags` is a list,
or `""` without `--include-tags`. `metadata.imageSizeBytes` is text, and `"None"` if the API has no size.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from readiness.finding import Finding
from readiness.images.json_lists import read_json_list, refuse
from readiness.json_values import as_object
from readiness.times import instant

LIST_IMAGES = "gcloud artifacts docker images list REPOSITORY --include-tags --format=json"
# Media types of image indexes, of Docker and of OCI; only these have children.
INDEX_MEDIA_TYPES = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
_HOST = re.compile(r"[a-z0-9-]+-docker\.pkg\.dev")
_RESOURCE = re.compile(r"projects/([^/]+)/locations/([^/]+)/repositories/([^/]+)/packages/(.+)")
# A name without address, tag and digest, and not a host alone: policies match names.
_IMAGE_NAME = re.compile(r"(?!projects/)(?![a-z0-9-]+-docker\.pkg\.dev(?:/|$))[^/@:]+(?:/[^/@:]+)*")
_WORD = re.compile(r"[!-~]+")
_NO_TIME = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One version of a package.

    `package` and `created_text` are as in the file. `size_bytes` counts a shared layer once for each version; it is 0
    if the registry returns no size. `children` are digests, if the listing contains those of an index.
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
    """`repository` is `HOST/PROJECT/REPOSITORY`, empty for a bare name; policies match `name`."""

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
        version, faults = _version(item)
        key = (version.package, version.digest)
        if all(key) and first_at.setdefault(key, index) != index:
            faults.append(("version", f"repeats [{first_at[key]}]", "List every version once"))
        problems += (
            Finding(rule_id="image-list-entry", file=found.file, key=f"[{index}].{field}", message=message, hint=hint)
            for field, message, hint in faults
        )
        versions.append(version)
    refuse(problems)
    return tuple(versions)


def _version(item: dict[str, Any]) -> tuple[Version, list[tuple[str, str, str]]]:
    """The readable part of an entry, and for each fault: the field, what is wrong, how to fix it."""
    faults: list[tuple[str, str, str]] = []
    package, digest, time = _word(item.get("package")), _word(item.get("version")), item.get("createTime")
    for field, name in (("package", package), ("version", digest)):
        if not name:
            wrong = "is missing" if item.get(field) in (None, "") else "is not a name"
            faults.append((field, wrong, f"Write the file with `{LIST_IMAGES}`"))
    if package and not _IMAGE_NAME.fullmatch(package_path(package).name):
        hint = "Write HOST/PROJECT/REPOSITORY/IMAGE, without tag or digest"
        faults.append(("package", f"{package} is not the name of a package", hint))
    created = _NO_TIME
    try:
        created = instant(time)
    except ValueError as error:
        wrong = "is missing" if time is None else str(error)
        faults.append(("createTime", wrong, "Write it as 2025-10-17T08:00:00Z"))
    metadata = item.get("metadata")
    fields = as_object(metadata)
    tags, size, media_type = _tags(item.get("tags")), _size(fields.get("imageSizeBytes")), fields.get("mediaType") or ""
    children = _children(item.get("imageManifests") or fields.get("imageManifests"))
    manifests, as_gcloud = "is not a list of manifests with digests", "Leave it as gcloud writes it"
    for field, is_right, wrong, hint in (
        ("tags", tags is not None, "is not a list of tags", 'Write ["a", "b"] or "a, b"'),
        ("metadata", metadata is None or isinstance(metadata, dict), "is not an object", as_gcloud),
        ("metadata.imageSizeBytes", size is not None, "is not a number of bytes", "Write a whole number from 0"),
        ("metadata.mediaType", isinstance(media_type, str), "is not text", as_gcloud),
        ("metadata.imageManifests", children is not None, manifests, as_gcloud),
    ):
        if not is_right:
            faults.append((field, wrong, hint))
    version = Version(
        package=package,
        digest=digest,
        created=created,
        created_text=str(time),
        tags=tags or (),
        size_bytes=size or 0,
        media_type=str(media_type),
        children=children or (),
    )
    return version, faults


def _word(value: Any) -> str:
    """The text if it is one printable word, otherwise an empty text."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def _tags(value: Any) -> tuple[str, ...] | None:
    """The sorted tags without duplicates; None if the value is not a list of tags."""
    if isinstance(value, str):
        value = [tag.strip() for tag in value.split(",") if tag.strip()]
    if value is None:
        return ()
    if not isinstance(value, list) or not all(_word(tag) for tag in value):
        return None
    return tuple(sorted(set(value)))


def _size(value: Any) -> int | None:
    """Bytes; 0 if the registry returns no size, None if the value is not a size."""
    if value in (None, "", "None"):
        return 0
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value >= 0 and value == int(value) else None


def _children(listed: Any) -> tuple[str, ...] | None:
    """Digests of an index's manifests: `imageManifests` of the API's DockerImage, which gcloud 528 leaves out."""
    if not listed:
        return ()
    if not isinstance(listed, list):
        return None
    digests = [_word(item.get("digest")) if isinstance(item, dict) else "" for item in listed]
    return tuple(digests) if all(digests) else None
