"""Cleanup policies, from the settings and from a plan.

The meaning of the fields is from Artifact Registry's API (messages of gcloud 528) and its cleanup-policy-overview: a
version must meet all fields of a condition, the entries of a list of prefixes are alternatives, tags match by prefix.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from readiness.times import duration_text

if TYPE_CHECKING:
    from readiness.settings.registry import ImageRegistry

DELETE, KEEP = "DELETE", "KEEP"
TAG_STATES = ("ANY", "TAGGED", "UNTAGGED")

_POLICY_FIELDS = {"id", "action", "condition", "mostRecentVersions"}
_CONDITION_FIELDS = {
    "tagState", "tagPrefixes", "versionNamePrefixes", "packageNamePrefixes", "olderThan", "newerThan",
}  # fmt: skip
_RECENT_FIELDS = {"keepCount", "packageNamePrefixes"}
_SECONDS = re.compile(r"(\d{1,12})s")


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """One policy. With `keep_count`, it keeps that many versions of each package; otherwise it has a condition."""

    id: str
    action: str
    tag_state: str = "ANY"
    tag_prefixes: tuple[str, ...] = ()
    version_prefixes: tuple[str, ...] = ()
    package_prefixes: tuple[str, ...] = ()
    older_than_seconds: int | None = None
    newer_than_seconds: int | None = None
    keep_count: int | None = None

    @property
    def keeps_by_tag_alone(self) -> bool:
        """Whether it keeps every version with one of its tags, independent of age, name and package."""
        narrowing = (self.version_prefixes, self.package_prefixes, self.older_than_seconds, self.newer_than_seconds)
        return self.action == KEEP and self.tag_state != "UNTAGGED" and not any(narrowing)

    def as_body(self) -> dict[str, Any]:
        """The policy as the API and a plan write it."""
        prefixes = {"packageNamePrefixes": list(self.package_prefixes)} if self.package_prefixes else {}
        if self.keep_count is not None:
            recent = {"keepCount": self.keep_count, **prefixes}
            return {"id": self.id, "action": self.action, "mostRecentVersions": recent}
        condition: dict[str, Any] = {"tagState": self.tag_state, **prefixes}
        for name, values in (("tagPrefixes", self.tag_prefixes), ("versionNamePrefixes", self.version_prefixes)):
            if values:
                condition[name] = list(values)
        for name, seconds in (("olderThan", self.older_than_seconds), ("newerThan", self.newer_than_seconds)):
            if seconds is not None:
                condition[name] = duration_text(seconds)
        return {"id": self.id, "action": self.action, "condition": condition}


def declared_policies(settings: ImageRegistry) -> tuple[Policy, ...]:
    """The policies of a stack's settings: one deletes by age; the others keep versions, and override it."""
    # Imported here, because the policy pack reads policies with the standard library alone.
    from readiness.settings.registry import keep_policy_id

    days = settings.delete_older_than_days
    age_seconds = days * 86_400
    # One policy for each package is correct if Google counts per package, and if it counts per policy.
    recent = (
        Policy(
            id=keep_policy_id(package),
            action=KEEP,
            keep_count=settings.keep_recent_versions,
            package_prefixes=(package,),
        )
        for package in settings.packages
    )
    return (
        Policy(id=f"delete-older-than-{days}-days", action=DELETE, older_than_seconds=age_seconds),
        *recent,
        Policy(id="keep-protected-tags", action=KEEP, tag_state="TAGGED", tag_prefixes=settings.keep_tags),
        Policy(id=f"keep-younger-than-{days}-days", action=KEEP, newer_than_seconds=age_seconds),
    )


def policies_digest(policies: Iterable[Policy]) -> str:
    """`sha256:` and 64 digits. The order of the policies does not matter, because the API treats them as a set."""
    bodies = sorted((policy.as_body() for policy in policies), key=lambda body: body["id"])
    return "sha256:" + hashlib.sha256(json.dumps(bodies, sort_keys=True).encode()).hexdigest()


def policies_of(bodies: Sequence[dict[str, Any]]) -> tuple[Policy, ...]:
    """The policies that a plan declares, in its order. Raises ValueError with a line for each invalid one.

    The provider does not check this; otherwise only the API, or even the cleanup itself, would find a mistake.
    """
    faults = [fault for body in bodies for fault in _faults(body)]
    names = [body.get("id") for body in bodies]
    faults += [f"{name}: two policies have this id" for name in dict.fromkeys(names) if names.count(name) > 1]
    if faults:
        raise ValueError("\n".join(faults))
    return tuple(_policy(body) for body in bodies)


def _policy(body: dict[str, Any]) -> Policy:
    recent, condition = body.get("mostRecentVersions", {}), body.get("condition", {})
    ages = {name: _SECONDS.fullmatch(condition[name]) for name in ("olderThan", "newerThan") if name in condition}
    seconds = {name: int(found[1]) for name, found in ages.items() if found}
    return Policy(
        id=body["id"],
        action=body["action"],
        tag_state=condition.get("tagState", "ANY"),
        tag_prefixes=tuple(condition.get("tagPrefixes", ())),
        version_prefixes=tuple(condition.get("versionNamePrefixes", ())),
        package_prefixes=tuple((recent or condition).get("packageNamePrefixes", ())),
        older_than_seconds=seconds.get("olderThan"),
        newer_than_seconds=seconds.get("newerThan"),
        keep_count=recent.get("keepCount"),
    )


def _faults(body: dict[str, Any]) -> Iterator[str]:
    name, condition, recent = body.get("id", "a policy"), body.get("condition"), body.get("mostRecentVersions")
    unknown = sorted(set(body) - _POLICY_FIELDS)
    unknown += sorted(set(condition or ()) - _CONDITION_FIELDS) + sorted(set(recent or ()) - _RECENT_FIELDS)
    yield from (f"{name}: the simulator does not support the field {field}" for field in unknown)
    if not body.get("id"):
        yield f"{name}: it has no id"
    if body.get("action") not in (DELETE, KEEP):
        yield f"{name}: its action is neither {DELETE} nor {KEEP}"
    if (condition is None) == (recent is None):
        yield f"{name}: it needs one of condition and mostRecentVersions, and not both"
    if recent is not None and body.get("action") == DELETE:
        yield f"{name}: mostRecentVersions only keeps versions, so a policy that deletes cannot have it"
    count = 1 if recent is None else recent.get("keepCount")
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        yield f"{name}: keepCount is not a number of versions"
    if condition is not None:
        yield from _condition_faults(name, condition)


def _condition_faults(name: str, condition: dict[str, Any]) -> Iterator[str]:
    if condition.get("tagState", "ANY") not in TAG_STATES:
        yield f"{name}: its tagState is not one of {', '.join(TAG_STATES)}"
    if condition.get("tagState") == "UNTAGGED" and condition.get("tagPrefixes"):
        yield f"{name}: it matches nothing, because tagPrefixes never match a version without tags"
    for field in ("olderThan", "newerThan"):
        text = condition.get(field, "0s")
        if not isinstance(text, str) or not _SECONDS.fullmatch(text):
            yield f"{name}: {field} is not a time in seconds such as 2592000s"
