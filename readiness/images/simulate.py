"""What cleanup would do with every version at an instant, by the documented meaning of its policies.

KEEP wins over DELETE; a version that no policy deletes stays. Ages count from the upload: older and newer are meant
strictly. The newest are counted per package, by upload and then by digest. docs/retention.md gives the sources.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from readiness.images.families import Key, kept_with, key_of
from readiness.images.images import Version, package_path
from readiness.images.policies import DELETE, KEEP, Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What becomes of a version. `policy` is the id of the first declared policy that decided; empty where none did.

    A child that stays because its index does has the index's policy.
    """

    version: Version
    delete: bool
    policy: str


def decide(versions: Sequence[Version], policies: Sequence[Policy], now: datetime) -> tuple[Decision, ...]:
    """A decision for each version, sorted by package, the newest first, then by digest; the same for any order."""
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
                if key_of(version) in newest[policy.id]:
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
            deleting[key_of(version)] = delete
        else:
            staying[key_of(version)] = keep or ""
    kept = kept_with(staying, ordered)
    return tuple(
        Decision(version=version, delete=key not in kept, policy=kept[key] if key in kept else deleting[key])
        for version, key in ((version, key_of(version)) for version in ordered)
    )


def newest_first(versions: Iterable[Version]) -> list[Version]:
    """By upload, the newest first; of the same instant the smaller digest first."""
    return sorted(
        sorted(versions, key=lambda version: version.digest), key=lambda version: version.created, reverse=True
    )


def _newest(ordered: Iterable[Version], names: dict[str, str], policy: Policy) -> set[Key]:
    """The versions that a policy with a count keeps: of every package that it matches, the newest."""
    kept: dict[str, list[Key]] = defaultdict(list)
    for version in ordered:
        of_package = kept[version.package]
        if len(of_package) < (policy.keep_count or 0) and _begins(names[version.package], policy.package_prefixes):
            of_package.append(key_of(version))
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
