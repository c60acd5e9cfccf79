"""Simulates what cleanup would do with every version at an instant, as its policies are documented.

KEEP overrides DELETE; a version that no policy deletes stays. Ages count from the upload; older and newer are strict.
The newest versions are counted per package, by upload and then by digest. docs/retention.md has the sources.

The registry refuses to delete a manifest before the index that lists it (GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE, which
gcr-cleaner handles). An index lists one manifest for each platform, and with buildkit one of attestations for each of
them; none of these has a tag. So the manifests of an index stay as long as the index.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from readiness.images.images import Version, package_path
from readiness.images.policies import DELETE, KEEP, Policy

# A push uploads the manifests and then the index that lists them, within seconds. If a listing names no children
# (gcloud 528 does not), untagged manifests within this time of an index count as its children. This only turns a
# "delete" into a "keep".
PUSH_WINDOW = timedelta(minutes=10)

Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Whether a version is deleted. `policy` is the id of the first declared policy that decided; empty if none did.

    A child that stays because its index stays has the index's policy.
    """

    version: Version
    delete: bool
    policy: str


def decide(versions: Sequence[Version], policies: Sequence[Policy], now: datetime) -> tuple[Decision, ...]:
    """A decision for each version, sorted by package, newest first, then by digest. The input can have any order."""
    ordered = sorted(newest_first(versions), key=lambda version: version.package)
    names = {package: package_path(package).name for package in {version.package for version in ordered}}
    newest = {
        policy.id: _newest(ordered, names, policy)
        for policy in policies
        if policy.keep_count is not None
    }  # fmt: skip

    def first(version: Version, action: str) -> str | None:
        for policy in policies:
            if policy.action != action:
                continue
            if policy.id in newest:
                if _key_of(version) in newest[policy.id]:
                    return policy.id
            elif _matches(policy, version, names[version.package], now):
                return policy.id
        return None

    deleting: dict[Key, str] = {}
    staying: dict[Key, str] = {}
    for version in ordered:
        keep = first(version, KEEP)
        delete = first(version, DELETE) if keep is None else None
        if delete is not None:
            deleting[_key_of(version)] = delete
        else:
            staying[_key_of(version)] = keep or ""
    kept = _kept_with(staying, ordered)
    return tuple(
        Decision(version=version, delete=key not in kept, policy=kept[key] if key in kept else deleting[key])
        for version, key in ((version, _key_of(version)) for version in ordered)
    )


def newest_first(versions: Iterable[Version]) -> list[Version]:
    """The versions by upload, newest first; for the same instant, the smaller digest first."""
    return sorted(
        sorted(versions, key=lambda version: version.digest), key=lambda version: version.created, reverse=True
    )


def _newest(ordered: Iterable[Version], names: dict[str, str], policy: Policy) -> set[Key]:
    """The versions that a policy with a count keeps: the newest of every package that it matches."""
    kept: dict[str, list[Key]] = defaultdict(list)
    for version in ordered:
        of_package = kept[version.package]
        if len(of_package) < (policy.keep_count or 0) and _begins(names[version.package], policy.package_prefixes):
            of_package.append(_key_of(version))
    return {key for keys in kept.values() for key in keys}


def _matches(policy: Policy, version: Version, name: str, now: datetime) -> bool:
    age_seconds = (now - version.created).total_seconds()
    return (
        (policy.tag_state == "ANY" or (policy.tag_state == "TAGGED") == bool(version.tags))
        and (not policy.tag_prefixes or any(tag.startswith(policy.tag_prefixes) for tag in version.tags))
        and _begins(version.digest, policy.version_prefixes)
        and _begins(name, policy.package_prefixes)
        and (policy.older_than_seconds is None or age_seconds > policy.older_than_seconds)
        and (policy.newer_than_seconds is None or age_seconds < policy.newer_than_seconds)
    )


def _begins(text: str, prefixes: tuple[str, ...]) -> bool:
    return not prefixes or text.startswith(prefixes)


def _key_of(version: Version) -> Key:
    """The unique key of a version."""
    return version.package, version.digest


def _kept_with(decided: Mapping[Key, str], versions: Iterable[Version]) -> dict[Key, str]:
    """`decided` (kept versions and the policy of each) with the children of indexes, which have their index's policy.

    The children are those in the listing, otherwise manifests that were uploaded at about the same time.
    """
    indexes: dict[Key, Version] = {}
    untagged: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for version in versions:
        if version.is_index or version.children:
            indexes[_key_of(version)] = version
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
    """The digests of the manifests that were uploaded near the index; they are removed from the sorted list.

    The first index that stays keeps them. Removing them saves time: thousands of indexes in one hour would otherwise
    each read them all.
    """
    start = bisect_left(manifests, index.created - PUSH_WINDOW, key=lambda manifest: manifest[0])
    end = bisect_right(manifests, index.created + PUSH_WINDOW, key=lambda manifest: manifest[0])
    taken = [digest for _, digest in manifests[start:end]]
    del manifests[start:end]
    return taken
