"""Rules between the settings of uptime checks, availability and connections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from readiness.finding import Finding, Severity
from readiness.settings.expiry import expiry_warnings, too_late_problems
from readiness.settings.located import items_at, problem_at, value_at
from readiness.settings.observation import PLACES_OF_REGION, Availability
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath

MIN_PLACES = 3
# How many times faster than the objective allows; what pages is this share of errors over a window (burn_alerts.py).
BURN_FACTORS = (14.4, 6.0, 3.0)


def observation_problems(config: StackConfig, raw: Mapping[str, Any], today: date) -> Iterator[Finding]:
    """Dates that have passed or soon will, too few places, an objective that cannot page, too many connections."""
    yield from _degraded_problems(config, raw, today)
    yield from _date_problem(config, raw, ("prices", "date"))
    yield from _place_problems(config, raw)
    yield from _burn_problems(config, raw)
    yield from _connection_problems(config, raw)
    yield from _database_problems(config, raw)


def _degraded_problems(config: StackConfig, raw: Mapping[str, Any], today: date) -> Iterator[Finding]:
    for index, _ in enumerate(items_at(raw, ("services",))):
        path = ("services", index, "health_answer", "known_degraded", "accept_degraded_until")
        yield from _date_problem(config, raw, path)
        day = _date(value_at(raw, path))
        if day is not None and day < today:
            message = "has passed; the uptime check still takes the degraded answer, and `pulumi up` refuses that"
            hint = "Remove the line, or decide on a later day"
            yield problem_at(
                config, path, message, hint, severity=Severity.WARNING, placeholder=True, rule_id="settings-date-passed"
            )
        elif day is not None:
            yield from too_late_problems(config, path, day, today)
            hint = (
                "Remove the line once the service answers as healthy, or decide on a later day; after this day"
                " `pulumi up` refuses it"
            )
            yield from expiry_warnings(config, path, day, today, hint)


def _date_problem(config: StackConfig, raw: Mapping[str, Any], path: KeyPath) -> Iterator[Finding]:
    text = value_at(raw, path)
    if isinstance(text, str) and len(text) == len("2027-03-31") and _date(text) is None:
        yield problem_at(
            config, path, "is no day of the calendar", 'Write it as "2027-03-31"', rule_id="settings-date-unreadable"
        )


def _date(text: Any) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _place_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    regions = items_at(raw, ("uptime_checks", "regions"))
    places = sum(PLACES_OF_REGION.get(region, 1) for region in dict.fromkeys(map(str, regions)))
    if regions and places < MIN_PLACES:
        message = f"are {places} places, and the API takes {MIN_PLACES} or more"
        yield problem_at(
            config,
            ("uptime_checks", "regions"),
            message,
            "Add a region; USA alone is three places",
            rule_id="settings-uptime-regions",
        )


def _burn_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    goal = value_at(raw, ("availability", "goal"))
    goal = Availability().goal if goal is None else goal
    if isinstance(goal, bool) or not isinstance(goal, int | float) or not 0 < goal < 1:
        return
    for factor in BURN_FACTORS:
        if factor * (1 - goal) >= 1:
            message = (
                f"is so low that {factor:g} times the allowed errors are {factor * (1 - goal):.0%} of all requests"
            )
            hint = f"No alert could page for that: write more than {1 - 1 / factor:.3g}"
            yield problem_at(config, ("availability", "goal"), message, hint, rule_id="settings-availability-goal")
            return


def _connection_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    """The pools of all services at their largest, against what the instance takes."""
    slots = value_at(raw, ("database", "max_connections"))
    wanted = 0
    parts: list[str] = []
    for service in items_at(raw, ("services",)):
        pools = [pool for pool in items_at(service, ("connection_pools",)) if isinstance(pool, dict)]
        instances = value_at(service, ("max_instances",))
        sizes = [(pool.get("size"), pool.get("overflow", 0)) for pool in pools]
        if not sizes or not _whole(instances) or not all(_whole(size) and _whole(more) for size, more in sizes):
            continue
        each = sum(size + more for size, more in sizes)
        wanted += each * instances
        parts.append(f"{instances} instances x {each}")
    if _whole(slots) and wanted > slots:
        message = f"is {slots}, and the services may open {wanted} connections ({', '.join(parts)})"
        hint = "Lower the pools or `max_instances`, or raise the instance's flag"
        yield problem_at(
            config,
            ("database", "max_connections"),
            message,
            hint,
            severity=Severity.WARNING,
            rule_id="settings-database-connections",
        )


def _database_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    """What needs a database has one, and a database has the alert on its connection errors."""
    errors: KeyPath = ("alerts", "database_connection_errors")
    alerts = raw.get("alerts")
    if "database" in raw and isinstance(alerts, dict) and errors[1] not in alerts:
        message = "is missing, and readiness:database is set: connection errors would notify nobody"
        hint = "Write error_count and window_seconds, or remove readiness:database"
        yield problem_at(config, errors, message, hint, rule_id="settings-missing-key")
    if "database" in raw:
        return
    for path in (errors, ("migration_job",)):
        if value_at(raw, path) is not None:
            message = "needs a database, and readiness:database is not set"
            hint = "Write readiness:database with its instance, or remove this section"
            yield problem_at(config, path, message, hint, rule_id="settings-database-missing")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
