"""Says which alerts a stack does not have because a setting is missing, so that none is left out in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from readiness.finding import Finding
from readiness.settings.base import GAUGE_WINDOW_SECONDS
from readiness.settings.model import Alerts, Database, Settings, UnwatchedAlert
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath
from readiness.settings.view import duplicates, findings_of, known, known_items

_UNWATCHED: KeyPath = ("alerts", "unwatched")
# What an engine other than PostgreSQL loses.
_OF_POSTGRESQL: dict[UnwatchedAlert, str] = {
    "DatabaseConnectionErrors": "does not read this server's log",
    "DatabaseConnectionsRunOut": "is not declared",
    "TransactionIdWraparound": "is not declared",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertGap:
    """An alert that a stack lacks, or has in part, for want of a setting.

    `path`: of the setting. `cause`: what is said of the setting, such as "is missing". `effect`: what is said of the
    alert, such as "is not declared". `hint`: how the stack gets the alert. `is_accepted`: `alerts.unwatched` names it.
    """

    alert: UnwatchedAlert
    path: KeyPath
    cause: str
    effect: str
    hint: str
    is_accepted: bool

    @property
    def sentence(self) -> str:
        """`DatabaseConnectionsRunOut is not declared: ...`."""
        return f"{self.alert} {self.effect}"


def alert_gaps(settings: Settings) -> tuple[AlertGap, ...]:
    """Every gap of a stack whose settings are valid, those that it accepts included."""
    return tuple(gap for gaps in _GAPS for gap in gaps(settings))


def gap_line(gap: AlertGap) -> str:
    """One sentence for people who read a plan or the runbook, without the full stop."""
    accepted = ". The team does without it: `readiness:alerts.unwatched` names it" if gap.is_accepted else ""
    return f"{gap.sentence}; `readiness:{'.'.join(map(str, gap.path))}` {gap.cause}{accepted}"


def _accepted(settings: Settings) -> frozenset[str]:
    alerts = known(settings, "alerts")
    return frozenset(name for _, name in known_items(known(alerts, "unwatched") or ())) if alerts else frozenset()


def _gap(settings: Settings, alert: UnwatchedAlert, path: KeyPath, cause: str, effect: str, hint: str) -> AlertGap:
    return AlertGap(
        alert=alert, path=path, cause=cause, effect=effect, hint=hint, is_accepted=alert in _accepted(settings)
    )


def _database_gaps(settings: Settings) -> Iterator[AlertGap]:
    database = settings.database
    if database is None:
        return
    if (engine := database.engine) != "postgresql":
        for alert, effect in _OF_POSTGRESQL.items():
            yield _gap(settings, alert, ("database", "engine"), f"is {engine}", effect, "Watch this in another way")
    elif database.max_connections is None:
        effect = "is not declared: nobody is notified before the connections are used up"
        path, hint = ("database", "max_connections"), "Write the instance's flag max_connections"
        yield _gap(settings, "DatabaseConnectionsRunOut", path, "is missing", effect, hint)


def _service_gaps(settings: Settings) -> Iterator[AlertGap]:
    without = [
        f"[{index}]"
        for index, service in known_items(settings.services)
        if "max_instances" not in service.model_fields_set
    ]
    if without:
        cause, hint = (
            f"has no max_instances at {', '.join(without)}",
            "Write the limit that the deployment sets (`--max-instances`)",
        )
        effect = "does not watch these services"
        yield _gap(settings, "InstanceLimitReached", ("services",), cause, effect, hint)


def _registry_gaps(settings: Settings) -> Iterator[AlertGap]:
    if settings.image_registry is not None and settings.image_workflows is None:
        effect, hint = "is not declared: nobody is notified when images are deleted", "Write readiness:image_workflows"
        yield _gap(settings, "ImagesDeletedByOthers", ("image_workflows",), "is missing", effect, hint)


def _deployment_gaps(settings: Settings) -> Iterator[AlertGap]:
    if settings.deployment_telemetry is not None and settings.alerts.delivery is None:
        effect = "and the other alerts on deployments are not declared"
        hint = "Write min_success_ratio and max_days_without_success"
        yield _gap(settings, "LowDeploymentSuccess", ("alerts", "delivery"), "is missing", effect, hint)


_GAPS = (_database_gaps, _service_gaps, _registry_gaps, _deployment_gaps)


def unwatched_problems(config: StackConfig, view: Settings) -> Iterator[Finding]:
    """A warning for each setting for want of which an alert is missing, unless `alerts.unwatched` names the alert."""
    missing: set[UnwatchedAlert] = set()

    def problems(gaps: Callable[[Settings], Iterator[AlertGap]]) -> Iterator[Finding]:
        # Those of one function are about one setting.
        found = list(gaps(view))
        missing.update(gap.alert for gap in found)
        wanted = [gap for gap in found if not gap.is_accepted]
        if wanted:
            message = f"{wanted[0].cause}, so that {', '.join(gap.sentence for gap in wanted)}"
            names = ", ".join(gap.alert for gap in wanted)
            hint = f"{wanted[0].hint}; or write {names} into readiness:alerts.unwatched"
            yield config.warning("settings-alert-missing", wanted[0].path, message, hint)

    def needless() -> Iterator[Finding]:
        for index, name in known_items(view.alerts.unwatched):
            if name not in missing:
                message = f"names {name}, which this stack declares, or which it has nothing to watch with"
                yield config.warning("settings-unwatched-needless", (*_UNWATCHED, index), message, "Remove it")

    yield from findings_of(
        *(lambda gaps=gaps: problems(gaps) for gaps in _GAPS),
        lambda: duplicates(config, _UNWATCHED, view.alerts.unwatched),
        needless,
    )


def storage_problems(config: StackConfig, database: Database | None) -> Iterator[Finding]:
    """Whether the disk grows, which DatabaseDiskFull must know, and a limit without effect."""
    if database is None:
        return
    storage = database.storage
    if storage is None:
        message = "is missing, so that DatabaseDiskFull counts the disk as one that does not grow"
        hint = "Write automatic_increase and limit_gib, as `gcloud sql instances describe` shows them"
        yield config.warning("settings-database-storage", ("database", "storage"), message, hint)
    elif storage.limit_gib is not None and not storage.automatic_increase:
        message = "has no effect: automatic_increase is false"
        hint = "Remove it, or write automatic_increase: true"
        yield config.error("settings-database-storage", ("database", "storage", "limit_gib"), message, hint)


def short_duration_problems(config: StackConfig, alerts: Alerts) -> Iterator[Finding]:
    """Durations of older settings that let one sample of a gauge page: the newest sample counts for five minutes."""
    for name in ("database_connections", "instance_limit"):
        section = known(alerts, name)
        seconds = known(section, "duration_seconds") if section is not None else None
        if seconds is not None and seconds < GAUGE_WINDOW_SECONDS:
            message = f"is {seconds}, so that one single sample pages: it counts for {GAUGE_WINDOW_SECONDS} s"
            hint = f"Write {GAUGE_WINDOW_SECONDS} or more"
            yield config.warning("settings-alert-duration", ("alerts", name, "duration_seconds"), message, hint)
