"""The weekly report on the cleanup: deleted versions, bytes before and after, as a log entry and, if set, on Slack.

It deletes nothing, and has no permission to. On all other days the same command, with `--count-only`, writes only the
entry, so that an alert on too many deletions fires within a day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..apis import REGISTRY, ApiError, Apis
from .deletions import Deletions, deletions_filter, deletions_of
from .say import annotate, code
from .settings import Settings

EVENT = "registry_cleanup"
MAX_SHOWN = 20


def report(apis: Apis, settings: Settings, now: datetime, *, count_only: bool) -> tuple[list[str], dict[str, Any]]:
    """Writes the entry and returns Markdown lines and the entry's payload. Raises ApiError.

    It counts the last 7 days, or with `count_only` the last 25 hours, because a run can be at the edge of a day. If the
    webhook was revoked, it writes an annotation, and the report remains.
    """
    since = now - (timedelta(hours=25) if count_only else timedelta(days=7))
    found = deletions_of(apis.all_entries(deletions_filter(settings, since)))
    size = int(apis.google(f"{REGISTRY}/{settings.resource}").get("sizeBytes") or 0)
    payload = _payload(settings, found, since, now, count_only=count_only)
    payload |= {"bytes_after": size, "bytes_before": None if count_only else _size_before(apis)}
    loud = payload["over_limit"] == "yes" or payload["by_others"]
    apis.write_entries([{"severity": "WARNING" if loud else "INFO", "jsonPayload": payload}])
    lines = _lines(settings, found, payload)
    if apis.webhook and not count_only:
        try:
            text = [f"*Image cleanup, {settings.repository}*", *_figures(settings, payload)]
            apis.post_to_slack({"text": "\n".join(text)})
        except ApiError as error:
            annotate("error", str(error))
    return lines, payload


def _payload(
    settings: Settings, found: Deletions, since: datetime, now: datetime, *, count_only: bool
) -> dict[str, Any]:
    return {
        "schema": 1,
        "event": EVENT,
        "kind": "count" if count_only else "weekly",
        "environment": settings.environment,
        "repository": settings.repository,
        "since": since.isoformat(),
        "until": now.isoformat(),
        "runs": len(found.runs),
        "deleted_versions": len(found.by_cleanup),
        "largest_run_versions": found.largest_run,
        # A word, because the metric's filter compares text.
        "over_limit": "yes" if found.largest_run > settings.max_deleted_versions else "no",
        "dry_run_versions": len(found.dry),
        "by_others": len(found.by_others),
        "packages": dict(sorted(Counter(deletion.package for deletion in found.by_cleanup).items())),
    }


def _size_before(apis: Apis) -> int | None:
    """The bytes in the last weekly report; None without one."""
    filter_ = f'logName="{apis.log_name}"\njsonPayload.event="{EVENT}"\njsonPayload.kind="weekly"'
    last = next(apis.newest_entries(filter_, 1), None)
    size = (last or {}).get("jsonPayload", {}).get("bytes_after")
    return None if size is None else int(size)


def _lines(settings: Settings, found: Deletions, payload: Mapping[str, Any]) -> list[str]:
    lines = [f"## Cleanup of {code(settings.repository)}", "", *_figures(settings, payload), ""]
    if found.by_others:
        lines += ["Deleted by others than Google's cleanup:", "", "| Image | Version | By |", "|---|---|---|"]
        rows = sorted(found.by_others, key=lambda deletion: (deletion.by, deletion.package, deletion.version))
        lines += [f"| {code(row.package)} | {code(row.version)} | {code(row.by)} |" for row in rows[:MAX_SHOWN]]
        lines += [f"| … and {len(rows) - MAX_SHOWN} more | | |"] if len(rows) > MAX_SHOWN else []
    return lines


def _figures(settings: Settings, payload: Mapping[str, Any]) -> list[str]:
    before = (
        "not known: no report before this one"
        if payload["bytes_before"] is None
        else size_text(payload["bytes_before"])
    )
    packages = ", ".join(f"{name} {count}" for name, count in payload["packages"].items()) or "none"
    over = f" (more than {settings.max_deleted_versions}: check why)" if payload["over_limit"] == "yes" else ""
    lines = [
        f"- versions deleted by Google's cleanup: {payload['deleted_versions']} in {payload['runs']} runs: {packages}",
        f"- most in one run: {payload['largest_run_versions']}{over}",
        f"- by anybody else: {payload['by_others']}",
        f"- size: {before} before, {size_text(payload['bytes_after'])} after",
    ]
    if payload["dry_run_versions"]:
        lines.append(f"- a dry run would have deleted: {payload['dry_run_versions']}")
    if not payload["runs"] and not payload["dry_run_versions"]:
        lines.append("- no run is in the log: is the Data Write audit log on?")
    return lines


def size_text(size: int) -> str:
    """Bytes in a readable form: 12.3 GB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
