"""The series for each alert and column of docs/detection.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from readiness.alerts.connection_errors import application_metric
from readiness.alerts.container_exits import EVIDENCE, container_exit_metric
from readiness.alerts.scenarios import containers, database_instance, health_checks, limits
from readiness.alerts.scenarios.cloud_run import Minute, requests
from readiness.alerts.scenarios.error_budget import FAST, SLOW, Burn
from readiness.alerts.scenarios.gauge import Gauge
from readiness.alerts.scenarios.series import Series, minutes
from readiness.alerts.scenarios.signals import SIGNALS, Signal
from readiness.alerts.scenarios.stack import Stack

COLUMNS = ("twice the threshold", "everything fails", "everything fails, 1 a minute", "idle", "one lone error")
BEFORE = 60
AFTER = 75
IDLE = (None,) * (BEFORE + AFTER)

Shown = Callable[[Stack], Iterable[Series]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An alert and its columns. None: the column does not apply to it."""

    alert: str
    columns: tuple[Shown | None, Shown | None, Shown | None, Shown | None, Shown | None]


def _timeline(good: Minute, bad: Minute) -> tuple[Minute, ...]:
    return minutes((BEFORE, good), (AFTER, bad))


def _lone() -> tuple[Minute, ...]:
    """Eight requests in an hour; one of them fails."""
    requests_ = {instant * 7: (1.0, 0.0) for instant in range(8)} | {BEFORE: (1.0, 1.0)}
    return tuple(requests_.get(minute, (0.0, 0.0)) for minute in range(BEFORE + AFTER))


def _of_signal(signal: Signal) -> Row:
    def shown(timeline: Callable[[Stack], tuple[Minute, ...]]) -> Shown:
        return lambda stack: signal.series(stack, stack.backend, timeline(stack))

    return Row(
        alert=signal.alert,
        columns=(
            shown(lambda stack: _timeline((60, 0), signal.twice_of_60(stack))),
            shown(lambda _stack: _timeline((60, 0), (60, 60))),
            shown(lambda _stack: _timeline((1, 0), (1, 1))),
            shown(lambda _stack: IDLE),
            shown(lambda _stack: _lone()),
        ),
    )


def _of_burn(burn: Burn) -> Row:
    def shown(timeline: Callable[[Stack], tuple[Minute, ...]]) -> Shown:
        return lambda stack: requests(stack.backend, timeline(stack))

    return Row(
        alert=burn.alert,
        columns=(
            shown(lambda stack: _timeline((60, 0), (60, 60 * 2 * burn.share(stack)))),
            shown(lambda _stack: _timeline((60, 0), (60, 60))),
            shown(lambda _stack: _timeline((1, 0), (1, 1))),
            shown(lambda _stack: IDLE),
            shown(lambda _stack: _lone()),
        ),
    )


def _counts(bad: Iterable[float]) -> tuple[float, ...]:
    """Nothing for an hour, then these counts, then nothing."""
    listed = tuple(bad)[:AFTER]
    return (*minutes((BEFORE, 0.0)), *listed, *minutes((AFTER - len(listed), 0.0)))


def _of_counter(
    alert: str, series: Callable[[Stack, tuple[float | None, ...]], Iterable[Series]], limit: Callable[[Stack], int]
) -> Row:
    return Row(
        alert=alert,
        columns=(
            lambda stack: series(stack, _counts([2.0 * limit(stack)])),
            lambda stack: series(stack, _counts([60.0] * AFTER)),
            lambda stack: series(stack, _counts([1.0] * AFTER)),
            lambda stack: series(stack, IDLE),
            lambda stack: series(stack, _counts([1.0])),
        ),
    )


def _connection_errors(stack: Stack, counts: tuple[float | None, ...]) -> list[Series]:
    return [Series(metric=application_metric(stack.settings).promql_name, labels=stack.backend.labels, minutes=counts)]


def _dead_containers(stack: Stack, counts: tuple[float | None, ...]) -> list[Series]:
    labels = {**stack.backend.labels, EVIDENCE: "Container"}
    return [Series(metric=container_exit_metric(stack.settings).promql_name, labels=labels, minutes=counts)]


def _of_gauge(gauge: Gauge) -> Row:
    def shown(figure: Callable[[Stack], float]) -> Shown:
        return lambda stack: gauge.series(stack, minutes((BEFORE, gauge.little(stack)), (AFTER, figure(stack))))

    def peak(stack: Stack) -> tuple[Series, ...]:
        little = gauge.little(stack)
        return gauge.series(stack, minutes((BEFORE, little), (1, gauge.full(stack)), (AFTER - 1, little)))

    return Row(
        alert=gauge.alert,
        columns=(None, shown(gauge.full), None, lambda stack: gauge.series(stack, IDLE), peak),
    )


def _probes(stack: Stack, failing: int, *, regions: int = 3, lone: bool = False) -> list[Series]:
    period = stack.settings.uptime_checks.period_seconds // 60
    bad = "F" + "G" * (AFTER // period - 1) if lone else "F" * (AFTER // period)
    good = "G" * (BEFORE // period)
    names = [f"region-{number}" for number in range(regions)]
    return [
        health_checks.probes(stack, name, good + (bad if number < failing else "G" * len(bad)))
        for number, name in enumerate(names)
    ]


def _starts(stack: Stack, count: int) -> tuple[Series, ...]:
    at = {BEFORE + number: {1.8: 1.0} for number in range(count)} | {BEFORE + AFTER - 4: {}}
    return containers.starts(stack, stack.backend, at)


ROWS: tuple[Row, ...] = (
    *(_of_signal(signal) for signal in SIGNALS),
    _of_burn(FAST),
    _of_burn(SLOW),
    Row(
        alert="FailedHealthChecks",
        columns=(
            lambda stack: _probes(stack, 2),
            lambda stack: _probes(stack, 3),
            None,
            lambda stack: _probes(stack, 0, regions=0) or [_silence()],
            lambda stack: _probes(stack, 3, lone=True),
        ),
    ),
    _of_counter(
        "DatabaseConnectionErrors",
        _connection_errors,
        lambda stack: stack.settings.connection_errors.error_count,
    ),
    _of_gauge(limits.CONNECTIONS),
    Row(
        alert="DatabaseDown",
        columns=(
            None,
            lambda stack: [database_instance.up(stack, minutes((BEFORE, 1.0), (AFTER, 0.0)))],
            None,
            lambda stack: [database_instance.up(stack, minutes((BEFORE + AFTER, 1.0)))],
            lambda stack: [database_instance.up(stack, minutes((BEFORE, 1.0), (1, 0.0), (AFTER - 1, 1.0)))],
        ),
    ),
    *(_of_gauge(gauge) for gauge in database_instance.INSTANCE_GAUGES),
    _of_counter(
        "ContainerCrashLoop", _dead_containers, lambda stack: stack.settings.alerts.container_crash_loop.line_count
    ),
    _of_gauge(limits.INSTANCES),
    Row(
        alert="SlowStartUp",
        columns=(
            None,
            lambda stack: _starts(stack, 20),
            None,
            lambda _stack: [_silence()],
            lambda stack: _starts(stack, 1),
        ),
    ),
)


def _silence() -> Series:
    """A time without samples."""
    return Series(metric="clock", labels={}, minutes=IDLE)


# Alerts of the catalogue that the table leaves out, and why: the columns are about requests, probes and log lines.
_DONE_BY_SOMEBODY = "pages at the first line about it; there is no threshold to reach"
_DEPLOYMENTS = "counts deployments, of which there are a few a day"
WITHOUT_A_ROW = {
    "HealthChecksSilent": "says that nothing is measured; the columns are about what is",
    "ImagesDeletedByOthers": _DONE_BY_SOMEBODY,
    "DatabaseBackupFailed": _DONE_BY_SOMEBODY,
    "LargeImageCleanup": "counts deletions of one cleanup, which runs once a day",
    "NewCriticalVulnerability": _DONE_BY_SOMEBODY,
    "DeploymentFailed": _DEPLOYMENTS,
    "LowDeploymentSuccess": _DEPLOYMENTS,
    "NoDeploymentSuccess": _DEPLOYMENTS,
    "NotificationDrill": "somebody sends it to test the channels",
    "MigrationFailed": _DONE_BY_SOMEBODY,
    "FailedLogins": "counts what somebody does who tries passwords; the columns are about the service",
    "UnusualSecretAccess": _DONE_BY_SOMEBODY,
    "RollbackStarted": _DONE_BY_SOMEBODY,
}
