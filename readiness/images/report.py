"""The report of a simulation: JSON for programs, tables for people, and warnings about its limits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from readiness.images.images import Version, package_path
from readiness.images.policies import DELETE, Policy
from readiness.images.simulate import Decision

_DIGEST_CHARACTERS = len("sha256:") + 12


def simulation_json(decisions: Sequence[Decision]) -> str:
    """`{"versions": [{package, version, tags, created, action, policy}], "totals": {…}}`.

    `totals` is `{"delete": {count, bytes}, "keep": {count, bytes}, "packages": {PACKAGE: {"delete": …, "keep": …}}}`.
    """
    versions = [
        {
            "package": decision.version.package,
            "version": decision.version.digest,
            "tags": list(decision.version.tags),
            "created": decision.version.created_text,
            "action": "delete" if decision.delete else "keep",
            "policy": decision.policy,
        }
        for decision in decisions
    ]
    packages = {package: _totals(found) for package, found in _by_package(decisions)}
    totals = {**_totals(decisions), "packages": packages}
    return json.dumps({"versions": versions, "totals": totals}, indent=2) + "\n"


def simulation_text(decisions: Sequence[Decision], *, dry_run: bool) -> str:
    """A table for each package, the totals, and the declared dry run."""
    lines: list[str] = []
    for package, found in _by_package(decisions):
        lines += [f"{package}: {_summary(found)}", *_table(found), ""]
    lines.append(f"Total: {_summary(decisions)}")
    declared = "true: cleanup logs this and deletes nothing" if dry_run else "false: cleanup deletes this within a day"
    lines.append(f"Declared: cleanup_dry_run is {declared}.")
    return "\n".join(lines) + "\n"


def size_text(size_bytes: int) -> str:
    """`1234567` as `1.2 MB`: powers of 1000, as the registry's price list counts."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    size = size_bytes / 1000
    for unit in ("kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _by_package(decisions: Sequence[Decision]) -> Iterator[tuple[str, list[Decision]]]:
    packages: dict[str, list[Decision]] = {}
    for decision in decisions:
        packages.setdefault(decision.version.package, []).append(decision)
    yield from packages.items()


def _totals(decisions: Sequence[Decision]) -> dict[str, Any]:
    sizes: dict[bool, list[int]] = {True: [], False: []}
    for decision in decisions:
        sizes[decision.delete].append(decision.version.size_bytes)
    return {
        name: {"count": len(sizes[delete]), "bytes": sum(sizes[delete])}
        for name, delete in (("delete", True), ("keep", False))
    }


def _summary(decisions: Sequence[Decision]) -> str:
    totals = _totals(decisions)
    parts = [f"{name} {totals[name]['count']} ({size_text(totals[name]['bytes'])})" for name in ("delete", "keep")]
    return f"{len(decisions)} versions, " + ", ".join(parts)


def _table(decisions: Sequence[Decision]) -> list[str]:
    rows = [("ACTION", "UPLOADED", "VERSION", "POLICY", "TAGS")]
    rows += [
        (
            "delete" if decision.delete else "keep",
            decision.version.created_text,
            decision.version.digest[:_DIGEST_CHARACTERS],
            decision.policy or "-",
            ", ".join(decision.version.tags) or "-",
        )
        for decision in decisions
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def observations(versions: Sequence[Version], policies: Sequence[Policy], repository: str) -> Iterator[tuple[str, str]]:
    """Unusual facts, each with a hint. `repository` is the declared one, `HOST/PROJECT/REPOSITORY`."""
    packages = sorted({version.package for version in versions})
    if versions and not any(version.tags for version in versions):
        yield "has no version with a tag", "List the images with --include-tags; without tags, no version is protected"
    strangers = sorted({package_path(package).repository for package in packages} - {"", repository})
    if strangers:
        yield f"lists {', '.join(strangers[:3])}, but the stack declares {repository}", "List the declared repository"
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
            hint = "Rename the longer ones: if Google counts per policy, the packages share one count"
            yield f"{policy.id} matches the packages {', '.join(matched)}", hint
    if not any(policy.action == DELETE for policy in policies):
        return
    for name in names:
        if not any(not policy.package_prefixes or name.startswith(policy.package_prefixes) for policy in counting):
            yield f"no policy keeps the newest versions of {name}", "Add it to readiness:image_registry.packages"


def _indexes(versions: Sequence[Version], policies: Sequence[Policy]) -> Iterator[tuple[str, str]]:
    indexes = Counter(version.package for version in versions if version.is_index)
    if indexes and any(policy.keep_count is not None for policy in policies):
        hint = "Raise keep_recent_versions, or build with --provenance=false"
        named = ", ".join(f"{count} in {package_path(package).name}" for package, count in sorted(indexes.items()))
        yield f"has image indexes ({named}), whose manifests count as separate versions", hint
