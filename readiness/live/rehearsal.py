"""A rehearsal of the rollback: who rolled back, when, and how long it took until the old revision served users again.

Cloud Run returns which revision serves at the start and at the end. Without credentials, the only evidence is that a
person ran the command twice, and the record says so. The record is `records/rollback-rehearsal.<stack>.json`; commit it
like the record of the drills.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from readiness.live.evidence import EvidenceFile
from readiness.live.google_api import Google, GoogleError
from readiness.live.rows import Row, not_checked, passed
from readiness.settings.model import Settings
from readiness.times import instant, instant_text

CHECK = "rollback rehearsal"
# One a month for two years.
MAX_REHEARSALS = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Serving:
    """The revision with the greatest share of a service's traffic, and when it was created (RFC 3339)."""

    service: str
    revision: str
    created: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsal:
    """One rehearsal. Times are in UTC, RFC 3339; `served_again` is empty, and `seconds` 0, until it has ended.

    `before` and `after` are the revisions that Cloud Run returned at both times; empty without credentials.
    """

    by: str
    started: str
    served_again: str = ""
    seconds: int = 0
    before: tuple[Serving, ...] = ()
    after: tuple[Serving, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Whether the old revision served users again."""
        return bool(self.served_again)

    @property
    def evidence(self) -> str:
        """The source of the record: Cloud Run, or a person."""
        return "Cloud Run" if self.before and self.after else self.by


REHEARSALS = EvidenceFile[Rehearsal](
    name="rollback-rehearsal",
    key="rehearsals",
    items=TypeAdapter(tuple[Rehearsal, ...]),
    most=MAX_REHEARSALS,
)


def serving_revisions(google: Google, settings: Settings) -> tuple[Serving, ...]:
    """The serving revision of each service of the stack. Raises GoogleError, also if Cloud Run returns none."""
    return tuple(_serving(google, settings.region, service.name) for service in settings.services)


def _serving(google: Google, region: str, service: str) -> Serving:
    path = f"projects/{google.project}/locations/{region}/services/{quote(service)}"
    found = google.get("cloudRunV2", path)
    targets = found.get("trafficStatuses")
    if not isinstance(targets, list) or not targets or not all(isinstance(target, dict) for target in targets):
        raise GoogleError(0, f"Cloud Run does not return the traffic of {service}")
    target: dict[str, Any] = max(targets, key=lambda target: target.get("percent") or 0)
    name = str(target.get("revision") or found.get("latestReadyRevision") or "").rpartition("/")[2]
    if not name:
        raise GoogleError(0, f"Cloud Run returns no revision for the traffic of {service}")
    revision = google.get("cloudRunV2", f"{path}/revisions/{quote(name)}")
    return Serving(service=service, revision=name, created=str(revision.get("createTime", "")))


def begun(recorded: Sequence[Rehearsal], by: str, now: datetime, before: tuple[Serving, ...]) -> list[Rehearsal]:
    """The record with a new rehearsal, and without rehearsals that did not end."""
    finished = [rehearsal for rehearsal in recorded if rehearsal.is_finished]
    return [*finished, Rehearsal(by=by, started=instant_text(now), before=before)]


def ended(
    path: Path, stack: str, recorded: Sequence[Rehearsal], by: str, now: datetime, after: tuple[Serving, ...]
) -> list[Rehearsal]:
    """The record in which the last rehearsal has ended.

    Raises RefusedError if none has begun, or if no service serves an older revision according to Cloud Run.
    """
    if not recorded or recorded[-1].is_finished:
        message = "contains no rehearsal that has begun"
        raise REHEARSALS.refused(path, message, f"Begin with `readiness rehearse {stack}`, then roll back")
    last = recorded[-1]
    if last.before and after and not _rolled_back(last.before, after):
        names = ", ".join(f"{serving.service} serves {serving.revision}" for serving in after)
        message = f"shows no rollback since {last.started}: {names}"
        raise REHEARSALS.refused(path, message, "Send the traffic to an older revision, then run the command again")
    seconds = max(0, round((now - instant(last.started)).total_seconds()))
    done = replace(last, by=by or last.by, served_again=instant_text(now), seconds=seconds, after=after)
    return [*recorded[:-1], done]


def _rolled_back(before: tuple[Serving, ...], after: tuple[Serving, ...]) -> bool:
    """Whether a service serves an older revision than before."""
    made = {serving.service: serving.created for serving in before}
    return any(serving.created < made.get(serving.service, "") for serving in after)


def rehearsal_rows(path: Path, stack: str, max_age_days: int, now: datetime) -> list[Row]:
    """The row for `readiness verify`: the newest rehearsal. Without a recent rehearsal, it is never a pass."""
    finished = [rehearsal for rehearsal in REHEARSALS.read(path) if rehearsal.is_finished]
    how = f"run `readiness rehearse {stack}` and roll back, on staging first"
    if not finished:
        return [not_checked(CHECK, stack, f"not rehearsed: {how}")]
    last = finished[-1]
    said = f"{last.by} rolled back on {last.started[:10]} in {spoken(last.seconds)} (source: {last.evidence})"
    if instant(last.started) < now - timedelta(days=max_age_days):
        return [not_checked(CHECK, stack, f"not rehearsed for {max_age_days} days, {said}: {how}")]
    return [passed(CHECK, stack, said)]


def spoken(seconds: int) -> str:
    """`252` as `4 min 12 s`."""
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
