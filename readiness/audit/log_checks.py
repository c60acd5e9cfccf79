"""Checks of the logs of the services. A report shows which kind of sensitive text an entry has, never the text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from readiness import clock
from readiness.audit.live_project import LOG_ENTRIES, LiveProject, short_name, variables_of
from readiness.live.rows import NotCheckedError, Observation, judged
from readiness.settings.model import Settings
from readiness.times import instant_text

Check = Callable[[LiveProject, Sequence[Settings]], Iterable[Observation]]

LOG_DAYS = 1
# Patterns with the same meaning in Logging's RE2 and in Python. After a password's name, there must be a value.
_SENSITIVE = {
    "an e-mail address": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+[.][A-Za-z]{2,}",
    "a token": r"eyJ[A-Za-z0-9_-]{20}",
    "a password": r"[Pp]assword[\"']?[=:] ?[^ ,]+",
}
# The report shows the words before the match, which help to find the line of code, and nothing after them.
_SHOWN_CHARACTERS = 40
_ON = frozenset({"1", "on", "true", "yes"})


def log_contents(project: LiveProject, stacks: Sequence[Settings]) -> list[Observation]:
    """No log entry of the services within a day contains an e-mail address, a token or a password."""
    where = _of_services(stacks)
    pattern = json.dumps("|".join(_SENSITIVE.values()))
    found = project.log_entries(f"{where} AND (textPayload=~{pattern} OR jsonPayload.message=~{pattern})")
    if not found and not project.log_entries(where, limit=1):
        raise NotCheckedError(f"no entry of the services within {LOG_DAYS} day(s) is visible")
    counts: dict[tuple[str, str], int] = {}
    samples: dict[tuple[str, str], str] = {}
    for entry in found:
        key = _service(entry), _kinds(_text(entry))
        counts[key] = counts.get(key, 0) + 1
        samples.setdefault(key, _sample(_text(entry)))
    more = " or more" if len(found) == LOG_ENTRIES else ""
    faults = [
        f"{number}{more} entries of {service} contain {kinds}, as in: {samples[service, kinds]}"
        for (service, kinds), number in sorted(counts.items())
    ]
    return judged(faults, f"no entry within {LOG_DAYS} day(s) contains {', '.join(_SENSITIVE)} in a known form")


def debug_variables(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """No service of the stacks has DEBUG on, because frameworks then log queries with their values."""
    declared = {service.name for settings in stacks for service in settings.services}
    services = [service for service in project.services if short_name(service["name"]) in declared]
    if not services:
        raise NotCheckedError("no service of the stacks is deployed in this region")
    for service in services:
        name = short_name(service["name"])
        values = {str(variable.get("name")): str(variable.get("value", "")) for variable in variables_of(service)}
        faults = [f"{name} is deployed with DEBUG on"] if values.get("DEBUG", "").lower() in _ON else []
        yield from judged(faults, f"{name} is not deployed with DEBUG on")


LOG_CHECKS: Mapping[str, tuple[str, Check]] = {
    "log-contents": ("logs of the Cloud Run services", log_contents),
    "debug-variables": ("Cloud Run services", debug_variables),
}


def _of_services(stacks: Sequence[Settings]) -> str:
    names = " OR ".join(f'"{service.name}"' for settings in stacks for service in settings.services)
    since = instant_text(clock.now() - timedelta(days=LOG_DAYS))
    return f'resource.type="cloud_run_revision" AND resource.labels.service_name=({names}) AND timestamp>="{since}"'


def _text(entry: Mapping[str, Any]) -> str:
    payload = entry.get("jsonPayload")
    message = payload.get("message", "") if isinstance(payload, Mapping) else ""
    return str(entry.get("textPayload", message))


def _service(entry: Mapping[str, Any]) -> str:
    return str(entry.get("resource", {}).get("labels", {}).get("service_name", "an unknown service"))


def _kinds(text: str) -> str:
    return " and ".join(kind for kind, pattern in _SENSITIVE.items() if re.search(pattern, text)) or "sensitive text"


def _sample(text: str) -> str:
    """The words before the first match, and `[…]` for the rest."""
    starts = [found.start() for pattern in _SENSITIVE.values() if (found := re.search(pattern, text))]
    return f"{text[: min(starts, default=0)][-_SHOWN_CHARACTERS:]}[…]"
