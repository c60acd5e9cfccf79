"""Says which alerts a stack does not have because a setting is missing, so that none is left out in silence."""

from __future__ import annotations

from collections.abc import Iterator

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


def unwatched_problems(config: StackConfig, view: Settings) -> Iterator[Finding]:
    """A warning for each alert that the stack lacks for want of a setting, unless `alerts.unwatched` names it."""
    alerts = known(view, "alerts")
    accepted = frozenset(name for _, name in known_items(known(alerts, "unwatched") or ())) if alerts else frozenset()
    missing: set[UnwatchedAlert] = set()

    def gap(path: KeyPath, alerts_: tuple[UnwatchedAlert, ...], message: str, hint: str) -> Iterator[Finding]:
        missing.update(alerts_)
        wanted = [name for name in alerts_ if name not in accepted]
        if wanted:
            names = " and ".join(wanted)
            hint = f"{hint}; or write {', '.join(wanted)} into readiness:alerts.unwatched"
            yield config.warning("settings-alert-missing", path, message.replace("ALERTS", names), hint)

    def of_the_database() -> Iterator[Finding]:
        database = view.database
        if database is None:
            return
        if (engine := database.engine) != "postgresql":
            wanted = {name: text for name, text in _OF_POSTGRESQL.items() if name not in accepted}
            missing.update(_OF_POSTGRESQL)
            if wanted:
                message = f"is {engine}, so that " + ", ".join(f"{name} {text}" for name, text in wanted.items())
                hint = f"Watch these in another way, and write {', '.join(wanted)} into readiness:alerts.unwatched"
                yield config.warning("settings-alert-missing", ("database", "engine"), message, hint)
        elif database.max_connections is None:
            yield from gap(
                ("database", "max_connections"),
                ("DatabaseConnectionsRunOut",),
                "is missing, so that ALERTS is not declared: nobody is notified before the connections are used up",
                "Write the instance's flag max_connections",
            )

    def of_the_services() -> Iterator[Finding]:
        without = [
            f"[{index}]"
            for index, service in known_items(view.services)
            if "max_instances" not in service.model_fields_set
        ]
        if without:
            yield from gap(
                ("services",),
                ("InstanceLimitReached",),
                f"has no max_instances at {', '.join(without)}, so that ALERTS does not watch these services",
                "Write the limit that the deployment sets (`--max-instances`)",
            )

    def of_the_registry() -> Iterator[Finding]:
        if view.image_registry is not None and view.image_workflows is None:
            yield from gap(
                ("image_workflows",),
                ("ImagesDeletedByOthers",),
                "is missing, so that ALERTS is not declared: nobody is notified when images are deleted",
                "Write readiness:image_workflows",
            )

    def of_deployments() -> Iterator[Finding]:
        if view.deployment_telemetry is not None and view.alerts.delivery is None:
            yield from gap(
                ("alerts", "delivery"),
                ("LowDeploymentSuccess",),
                "is missing, so that ALERTS and the other alerts on deployments are not declared",
                "Write min_success_ratio and max_days_without_success",
            )

    def needless() -> Iterator[Finding]:
        for index, name in known_items(view.alerts.unwatched):
            if name not in missing:
                message = f"names {name}, which this stack declares, or which it has nothing to watch with"
                yield config.warning("settings-unwatched-needless", (*_UNWATCHED, index), message, "Remove it")

    yield from findings_of(
        of_the_database,
        of_the_services,
        of_the_registry,
        of_deployments,
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
