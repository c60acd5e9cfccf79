"""A simulation as JSON for programs and as tables for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

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
    """A table for each package, the totals, and whether cleanup may delete at all as declared."""
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
