"""Image indexes and their children: the registry refuses to delete a manifest before the index that lists it.

Source: GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE, which gcr-cleaner handles. An index lists one manifest a platform and,
built by buildkit, one of attestations for each of them; none of these has a tag.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from readiness.images.images import Version

# A push uploads the manifests and then the index that lists them, within seconds. Where a listing names no children
# (gcloud 528 does not), untagged manifests so near to an index are taken for its. Only a "delete" becomes a "keep".
PUSH_WINDOW = timedelta(minutes=10)

Key = tuple[str, str]


def key_of(version: Version) -> Key:
    """What tells a version from all others."""
    return version.package, version.digest


def kept_with(decided: Mapping[Key, str], versions: Iterable[Version]) -> dict[Key, str]:
    """`decided` (kept versions and the policy of each) with the children of indexes, which have their index's policy.

    The children are those that the listing names, else those that the time of the upload lets one infer.
    """
    indexes: dict[Key, Version] = {}
    untagged: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for version in versions:
        if version.is_index or version.children:
            indexes[key_of(version)] = version
        elif not version.tags:
            untagged[version.package].append((version.created, version.digest))
    for manifests in untagged.values():
        manifests.sort()
    kept = dict(decided)
    waiting = [key for key in decided if key in indexes]
    for key in waiting:
        index = indexes[key]
        for digest in index.children or _taken_near(index, untagged[index.package]):
            child = (index.package, digest)
            if child not in kept:
                kept[child] = kept[key]
                waiting += [child] if child in indexes else []
    return kept


def _taken_near(index: Version, manifests: list[tuple[datetime, str]]) -> list[str]:
    """The digests of the manifests that were uploaded near to the index; they are taken out of the sorted list.

    The first index that stays keeps them, and no other needs to: of thousands in one hour each would read them all.
    """
    start = bisect_left(manifests, index.created - PUSH_WINDOW, key=lambda manifest: manifest[0])
    end = bisect_right(manifests, index.created + PUSH_WINDOW, key=lambda manifest: manifest[0])
    taken = [digest for _, digest in manifests[start:end]]
    del manifests[start:end]
    return taken
