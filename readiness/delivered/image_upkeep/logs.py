"""Cloud Logging: entries read by a filter, and entries of our own written, one for each thing that happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .rest import MAX_PAGES, Rest, RestError
from .settings import Settings

PAGE_SIZE = 1000


def read_entries(
    rest: Rest, settings: Settings, filter_: str, *, newest: int | None = None
) -> Iterator[dict[str, Any]]:
    """The entries, oldest first; with `newest`, only so many, the newest first. Raises RestError."""
    body: dict[str, Any] = {
        "resourceNames": [f"projects/{settings.project}"],
        "filter": filter_,
        "orderBy": "timestamp asc" if newest is None else "timestamp desc",
        "pageSize": newest or PAGE_SIZE,
    }
    for _ in range(MAX_PAGES):
        page = rest.send("POST", f"{settings.urls.logging}/v2/entries:list", body).body
        yield from page.get("entries") or ()
        if newest is not None or not page.get("nextPageToken"):
            return
        body["pageToken"] = page["nextPageToken"]
    raise RestError(0, f"the log has more than {MAX_PAGES} pages of {filter_.splitlines()[0]}")


def log_name(settings: Settings) -> str:
    """The log of our own entries."""
    return f"projects/{settings.project}/logs/{settings.log}"


def write_entries(rest: Rest, settings: Settings, payloads: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Writes `(severity, jsonPayload)` each as an entry of our log. Raises RestError."""
    entries = [{"severity": severity, "jsonPayload": payload} for severity, payload in payloads]
    body = {"logName": log_name(settings), "resource": {"type": "global"}, "entries": entries}
    rest.send("POST", f"{settings.urls.logging}/v2/entries:write", body)
