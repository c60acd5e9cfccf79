"""When the image registry's guard becomes weaker: more is deleted, less is kept, or images are not scanned."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.durations import seconds_of
from readiness.plan.field_changes import Inputs, at, number_at, objects_at, text_at, texts_at
from readiness.plan.weakening_rule import Rule, WeakenedField, switched
from readiness.resource_types import REGISTRY

# Which versions a policy speaks of, apart from their age: tag state, and prefixes of package, tag and version.
_Scope = tuple[str, frozenset[str], frozenset[str], frozenset[str]]
_PREFIXES = ("packageNamePrefixes", "tagPrefixes", "versionNamePrefixes")
_POLICIES = "cleanupPolicies"
_EVERY_PACKAGE = ""


def dry_run_off(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Cleanup begins to delete. An absent field means that it does."""
    reason = "cleanup begins to delete"
    yield from switched(old, new, "cleanupPolicyDryRun", off=True, default=False, reason=reason)


def keep_count(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Fewer of the newest versions of a package are kept."""
    before, after = _keep_counts(old), _keep_counts(new)
    for package, count in sorted(before.items()):
        kept = max(after.get(package, 0), after.get(_EVERY_PACKAGE, 0))
        if kept < count:
            name = package or "every package"
            reason = f"keeps {kept:g} instead of {count:g} newest versions of {name}"
            yield WeakenedField(field=f"{_POLICIES}.keepCount[{package}]", old=count, new=kept, reason=reason)


def keep_tags(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """A tag is no longer protected from cleanup. Tags match as prefixes."""
    before, after = _keep_tags(old), _keep_tags(new)
    lost = sorted(tag for tag in before if not any(tag.startswith(kept) for kept in after))
    if lost:
        reason = f"no longer keeps the tag {', '.join(lost)}"
        yield WeakenedField(field=f"{_POLICIES}.keepTags", old=sorted(before), new=sorted(after), reason=reason)


def keep_young(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Young versions are kept for a shorter time, or not for their age."""
    before, after = _keep_young(old), _keep_young(new)
    if after < before:
        reason = f"keeps young versions for {after / 86_400:g} days instead of {before / 86_400:g}"
        yield WeakenedField(field=f"{_POLICIES}.keepNewerThan", old=before, new=after, reason=reason)


def delete_sooner(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Deletes younger versions, or versions that it did not delete before."""
    before, after = _deletions(old), _deletions(new)
    for scope, age in sorted(after.items(), key=repr):
        known = [old_age for old_scope, old_age in before.items() if _covers(old_scope, scope)]
        if not known or age < min(known):
            words = f"deletes {_in_words(scope)} older than {age / 86_400:g} days"
            reason = f"{words} instead of {min(known) / 86_400:g}" if known else f"{words}, which it kept before"
            field = f"{_POLICIES}.deleteOlderThan[{_in_words(scope)}]"
            yield WeakenedField(field=field, old=min(known, default=None), new=age, reason=reason)


def scanning_off(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Images are no longer scanned for vulnerabilities."""
    field = "vulnerabilityScanningConfig.enablementConfig"
    if text_at(old, field) != "DISABLED" and text_at(new, field) == "DISABLED":
        yield WeakenedField(field=field, old=at(old, field), new="DISABLED", reason="images are no longer scanned")


def tags_movable(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """A tag may be moved to another image."""
    yield from switched(
        old, new, "dockerConfig.immutableTags", off=True, default=False, reason="tags may be moved to other images"
    )


def _of(inputs: Inputs, action: str) -> list[Inputs]:
    return [policy for policy in objects_at(inputs, _POLICIES) if text_at(policy, "action") == action]


def _keep_counts(inputs: Inputs) -> dict[str, float]:
    counts: dict[str, float] = {}
    for policy in _of(inputs, "KEEP"):
        count = number_at(policy, "mostRecentVersions.keepCount")
        if count is not None:
            for package in texts_at(policy, "mostRecentVersions.packageNamePrefixes") or {_EVERY_PACKAGE}:
                counts[package] = max(count, counts.get(package, 0))
    return counts


def _keep_tags(inputs: Inputs) -> frozenset[str]:
    """Prefixes that protect a version by its tag alone."""
    found: set[str] = set()
    for policy in _of(inputs, "KEEP"):
        condition = at(policy, "condition")
        if isinstance(condition, dict) and condition.keys() <= {"tagState", "tagPrefixes"}:
            found |= texts_at(condition, "tagPrefixes")
    return frozenset(found)


def _keep_young(inputs: Inputs) -> float:
    """The longest time, in seconds, for which every version is kept; 0 without such a policy."""
    longest = 0.0
    for policy in _of(inputs, "KEEP"):
        condition = at(policy, "condition")
        if not isinstance(condition, dict) or not condition.keys() <= {"tagState", "newerThan"}:
            continue
        if text_at(condition, "tagState") in ("", "ANY"):
            longest = max(longest, seconds_of(condition.get("newerThan")) or 0.0)
    return longest


def _deletions(inputs: Inputs) -> dict[_Scope, float]:
    """The least age, in seconds, at which a DELETE policy takes the versions of a scope; 0 without an age."""
    found: dict[_Scope, float] = {}
    for policy in _of(inputs, "DELETE"):
        condition = at(policy, "condition")
        prefixes = tuple(texts_at(condition, name) for name in _PREFIXES)
        scope: _Scope = (text_at(condition, "tagState") or "ANY", prefixes[0], prefixes[1], prefixes[2])
        age = seconds_of(text_at(condition, "olderThan")) or 0.0
        found[scope] = min(age, found.get(scope, age))
    return found


def _covers(wide: _Scope, narrow: _Scope) -> bool:
    """Whether every version of the one is of the other."""
    states = wide[0] in ("ANY", narrow[0])
    prefixes = zip(wide[1:], narrow[1:], strict=True)
    return states and all(
        not outer or (bool(inner) and all(any(each.startswith(prefix) for prefix in outer) for each in inner))
        for outer, inner in prefixes
    )


def _in_words(scope: _Scope) -> str:
    prefixes = sorted(prefix for group in scope[1:] for prefix in group)
    kind = {"ANY": "versions", "TAGGED": "tagged versions", "UNTAGGED": "untagged versions"}.get(scope[0], scope[0])
    return f"{kind} of {', '.join(prefixes)}" if prefixes else kind


REGISTRY_RULES: tuple[tuple[str, Rule], ...] = (
    (REGISTRY, dry_run_off),
    (REGISTRY, keep_count),
    (REGISTRY, keep_tags),
    (REGISTRY, keep_young),
    (REGISTRY, delete_sooner),
    (REGISTRY, scanning_off),
    (REGISTRY, tags_movable),
)
