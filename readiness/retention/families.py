"""Image indexes and their children: the registry refuses to delete a manifest before the index that lists it.

Source: GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE, which gcr-cleaner handles. An index lists one manifest a platform and,
built by buildkit, one of attestations for each of them; none of these has a tag.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from readiness.retention.images import Version

# A push uploads the manifests and then the index that lists them, within seconds. Where a listing names no children
# (gcloud 528 does not), untagged manifests so near to an index are taken for its. Only a "delete" becomes a "keep".
PUSH_WINDOW = timedelta(minutes=10)

Key = tuple[str, str]


def key_of(version: Version) -> Key:
    """What tells a version from all others."""
    return version.package, version.digest


def children_of(versions: Sequence[Version]) -> dict[Key, tuple[Key, ...]]:
    """The children of every index, as far as the listing tells them or the time of the upload lets one infer them."""
    untagged: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for version in versions:
        if not version.tags and not version.is_index:
            untagged[version.package].append((version.created, version.digest))
    for manifests in untagged.values():
        manifests.sort()
    return {
        key_of(version): tuple((version.package, digest) for digest in _digests(version, untagged[version.package]))
        for version in versions
        if version.is_index or version.children
    }


def kept_with(decided: Mapping[Key, str], children: Mapping[Key, Iterable[Key]]) -> dict[Key, str]:
    """`decided` (kept versions and the policy of each) with their children added, each with its index's policy."""
    kept = dict(decided)
    waiting = list(decided)
    for key in waiting:
        for child in children.get(key, ()):
            if child not in kept:
                kept[child] = kept[key]
                waiting.append(child)
    return kept


def _digests(index: Version, manifests: list[tuple[datetime, str]]) -> Sequence[str]:
    if index.children:
        return index.children
    start = bisect_left(manifests, index.created - PUSH_WINDOW, key=lambda each: each[0])
    end = bisect_right(manifests, index.created + PUSH_WINDOW, key=lambda each: each[0])
    return [digest for _, digest in manifests[start:end]]
