"""What a person should know of a simulation before trusting it; none of it changes a decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from readiness.images.images import Version, package_path
from readiness.images.policies import DELETE, Policy


def observations(versions: Sequence[Version], policies: Sequence[Policy], repository: str) -> Iterator[tuple[str, str]]:
    """What is odd, and what to do. `repository` is the declared one, `HOST/PROJECT/REPOSITORY`."""
    packages = sorted({version.package for version in versions})
    if versions and not any(version.tags for version in versions):
        yield "holds no version with a tag", "List it with --include-tags, or protected tags protect nothing here"
    strangers = sorted({package_path(package).repository for package in packages} - {"", repository})
    if strangers:
        yield f"lists {', '.join(strangers[:3])}, and the stack declares {repository}", "List that repository"
    yield from _unprotected(packages, policies)
    yield from _indexes(versions, policies)


def _unprotected(packages: Sequence[str], policies: Sequence[Policy]) -> Iterator[tuple[str, str]]:
    names = sorted({package_path(package).name for package in packages})
    counting = [policy for policy in policies if policy.keep_count is not None]
    for policy in counting:
        matched = (
            [name for name in names if name.startswith(policy.package_prefixes)] if policy.package_prefixes else []
        )
        if len(matched) > 1:
            hint = "Rename the longer ones: where Google counts per policy, they take each other's places"
            yield f"{policy.id} matches the packages {', '.join(matched)}", hint
    if not any(policy.action == DELETE for policy in policies):
        return
    for name in names:
        if not any(not policy.package_prefixes or name.startswith(policy.package_prefixes) for policy in counting):
            yield f"the newest of {name} are kept by no policy", "Add it to readiness:image_registry.packages"


def _indexes(versions: Sequence[Version], policies: Sequence[Policy]) -> Iterator[tuple[str, str]]:
    indexes = Counter(version.package for version in versions if version.is_index)
    if indexes and any(policy.keep_count is not None for policy in policies):
        hint = "Raise keep_recent_versions, or build with --provenance=false"
        named = ", ".join(f"{count} in {package_path(package).name}" for package, count in sorted(indexes.items()))
        yield f"holds image indexes ({named}), whose manifests count as versions of their own", hint
