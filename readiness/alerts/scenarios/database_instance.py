"""The alerts on the database instance itself: down, disk, CPU, memory, transaction IDs, backups.

The incidents that all gauges share are in `limits.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from readiness.alerts.database_instance_alerts import BACKUP_WINDOW_SECONDS, GIB, failed_backups, growing_storage
from readiness.alerts.scenarios.gauge import PATIENCE_SECONDS, WINDOW_MINUTES, Counts, Gauge, H
from readiness.alerts.scenarios.incident import Collection, Fires, Incident, Scenario, pages_promptly, quiet
from readiness.alerts.scenarios.series import Series, minutes
from readiness.alerts.scenarios.stack import NotBuildableError, Stack
from readiness.settings.model import MAX_STORAGE_GIB, Alerts, Settings

MEMORY_BYTES = 4 * GIB


def _labels(database_id: str, resource: str = "cloudsql_database") -> dict[str, str]:
    return {"monitored_resource": resource, "database_id": database_id, "region": "us-central1"}


def _metric(path: str, labels: dict[str, str], counts: Counts) -> Series:
    return Series(metric=f"cloudsql_googleapis_com:database_{path}", labels=labels, minutes=counts, gauge=True)


def _constant(counts: Counts, figure: float) -> Counts:
    """The figure in every minute that has a sample."""
    return tuple(None if count is None else figure for count in counts)


def _share(path: str, alert: str, threshold: Callable[[Alerts], float], seconds: Callable[[Alerts], int]) -> Gauge:
    """A gauge whose figure is a share of 1."""

    def full(stack: Stack) -> float:
        at = threshold(stack.settings.alerts)
        return at + (1 - at) / 100

    return Gauge(
        alert=alert,
        duration_minutes=lambda stack: seconds(stack.settings.alerts) // 60,
        full=full,
        harmless=lambda stack: threshold(stack.settings.alerts),
        series=lambda stack, counts: (_metric(path, _labels(stack.settings.database_id), counts),),
        labels=lambda stack: _labels(stack.settings.database_id),
    )


CPU = _share(
    "cpu_utilization",
    "DatabaseHighCpu",
    lambda alerts: alerts.database_cpu.cpu_ratio,
    lambda alerts: alerts.database_cpu.duration_seconds,
)
TRANSACTION_IDS = _share(
    "postgresql_transaction_id_utilization",
    "TransactionIdWraparound",
    lambda alerts: alerts.transaction_ids.used_ratio,
    lambda alerts: alerts.transaction_ids.duration_seconds,
)


def _most_of(ratio: float, whole: float) -> float:
    """The largest part of a whole that is not more than the ratio."""
    part = ratio * whole
    return part if part / whole <= ratio else part * (1 - 1e-9)


def _memory(stack: Stack, counts: Counts) -> tuple[Series, ...]:
    labels = _labels(stack.settings.database_id)
    return (
        _metric("memory_usage", labels, counts),
        _metric("memory_quota", labels, _constant(counts, MEMORY_BYTES)),
    )


MEMORY = Gauge(
    alert="DatabaseHighMemory",
    duration_minutes=lambda stack: stack.settings.alerts.database_memory.duration_seconds // 60,
    full=lambda stack: _most_of(stack.settings.alerts.database_memory.memory_ratio, MEMORY_BYTES) + 1,
    harmless=lambda stack: _most_of(stack.settings.alerts.database_memory.memory_ratio, MEMORY_BYTES),
    series=_memory,
    labels=lambda stack: _labels(stack.settings.database_id),
)


def _limit_bytes(settings: Settings) -> float:
    """The size up to which the disk may grow. 0 if it does not grow."""
    storage = growing_storage(settings)
    if storage is None:
        return 0
    return GIB * (MAX_STORAGE_GIB if storage.limit_gib is None else storage.limit_gib)


def _free_bytes(stack: Stack) -> float:
    return stack.settings.alerts.database_disk.free_gib * GIB


def _disk_harmless(stack: Stack) -> float:
    ratio, limit = stack.settings.alerts.database_disk.disk_ratio, _limit_bytes(stack.settings)
    return min(_most_of(ratio, limit), limit - _free_bytes(stack)) if limit else ratio


def _disk_full(stack: Stack) -> float:
    """Slightly more than is harmless: by a byte if the disk grows, by a hundredth of the rest if it does not."""
    harmless = _disk_harmless(stack)
    return harmless + 1 if _limit_bytes(stack.settings) else harmless + (1 - harmless) / 100


def _disk(
    stack: Stack, counts: Counts, *, size: Counts | None = None, labels: dict[str, str] | None = None
) -> tuple[Series, ...]:
    """`counts`: used bytes, or the used share of a disk that does not grow. `size`: size of the disk in bytes."""
    labels = labels or _labels(stack.settings.database_id)
    limit = _limit_bytes(stack.settings)
    if not limit:
        return (_metric("disk_utilization", labels, counts),)
    return (
        _metric("disk_bytes_used", labels, counts),
        _metric("disk_quota", labels, size or _constant(counts, limit)),
    )


DISK = Gauge(
    alert="DatabaseDiskFull",
    duration_minutes=lambda stack: stack.settings.alerts.database_disk.duration_seconds // 60,
    full=_disk_full,
    harmless=_disk_harmless,
    series=_disk,
    labels=lambda stack: _labels(stack.settings.database_id),
)
INSTANCE_GAUGES = (DISK, CPU, MEMORY, TRANSACTION_IDS)

EVERY_INSTANCE_GAUGE = Collection({gauge.alert: (gauge,) for gauge in INSTANCE_GAUGES})


def _of(series: Series, labels: dict[str, str]) -> Series:
    return Series(metric=series.metric, labels=labels, minutes=series.minutes, gauge=True)


@EVERY_INSTANCE_GAUGE.add()
def the_instances_of_others_are_full(gauge: Gauge, stack: Stack) -> Incident:
    """Of the other environment, a replica whose name begins with ours, and another kind of resource."""
    full = gauge.series(stack, gauge.lasting(stack, gauge.full(stack)))
    ours = stack.settings.database_id
    others = (_labels(stack.other.database_id), _labels(f"{ours}-replica"), _labels(ours, "cloudsql_instance"))
    return quiet(*([_of(series, labels) for series in full] for labels in others))


@EVERY_INSTANCE_GAUGE.add(losses=True)
def an_idle_database(gauge: Gauge, stack: Stack) -> Incident:
    """Nobody uses it: all figures are near zero for an hour."""
    return quiet(gauge.series(stack, minutes((60, gauge.little(stack)))))


OF_THE_DISK = Collection({DISK.alert: ()})


def _growing_limit_bytes(stack: Stack) -> float:
    """Raises NotBuildableError for a disk that does not grow."""
    limit = _limit_bytes(stack.settings)
    if not limit:
        raise NotBuildableError("the disk does not grow by itself, or the settings do not say so")
    return limit


@OF_THE_DISK.add(losses=True)
def the_disk_grows_before_it_is_full(stack: Stack) -> Incident:
    """Always 5 GiB free, and far below the limit: the disk is nearly full, which is harmless."""
    limit = _growing_limit_bytes(stack)
    free, step = 5 * GIB, _disk_harmless(stack) / 200
    if free <= _free_bytes(stack) or limit < 20 * GIB:
        raise NotBuildableError("the limit is too low for a disk that grows")
    used: Counts = tuple(step * (minute + 1) for minute in range(120))
    return quiet(_disk(stack, used, size=tuple(step * (minute + 1) + free for minute in range(120))))


@OF_THE_DISK.add(losses=True)
def the_automatic_increase_does_not_happen(stack: Stack) -> Incident:
    """A byte less free than required, far below the limit: Cloud SQL should already have added space."""
    limit = _growing_limit_bytes(stack)
    size = min(10 * GIB, limit)
    counts = DISK.lasting(stack, size - _free_bytes(stack) + 1)
    return DISK.pages(stack, *_disk(stack, counts, size=_constant(counts, size)))


@OF_THE_DISK.add()
def the_automatic_increase_does_not_happen_and_two_samples_are_missing(stack: Stack) -> Incident:
    """A gap must not restart the duration."""
    limit = _growing_limit_bytes(stack)
    size = min(10 * GIB, limit)
    used = size - _free_bytes(stack) + 1
    counts = minutes((H, DISK.little(stack)), (2, used), (2, None), (DISK.duration_minutes(stack) + 2, used))
    return DISK.pages(stack, *_disk(stack, counts, size=_constant(counts, size)))


@OF_THE_DISK.add()
def a_small_disk_with_exactly_the_required_free_space(stack: Stack) -> Incident:
    """Exactly the required free space, far below the limit."""
    limit = _growing_limit_bytes(stack)
    size = min(10 * GIB, limit)
    if size - _free_bytes(stack) > _disk_harmless(stack):
        raise NotBuildableError("the limit is so low that its used share fires first")
    counts = DISK.lasting(stack, size - _free_bytes(stack))
    return quiet(_disk(stack, counts, size=_constant(counts, size)))


@OF_THE_DISK.add()
def the_limit_is_below_the_size_of_the_disk(stack: Stack) -> Incident:
    """Somebody set the limit after the disk had grown: the disk is ten times larger, and mostly empty."""
    limit = _growing_limit_bytes(stack)
    counts = DISK.lasting(stack, 2 * limit)
    return quiet(_disk(stack, counts, size=_constant(counts, 10 * limit)))


OF_DOWN = Collection({"DatabaseDown": ()})


def up(stack: Stack, counts: Counts, *, database_id: str = "", resource: str = "cloudsql_database") -> Series:
    """The metric `up` of the instance: 1 is up, 0 is down."""
    return _metric("up", _labels(database_id or stack.settings.database_id, resource), counts)


def _down_minutes(stack: Stack) -> int:
    """Minutes for which it must be down."""
    return stack.settings.alerts.database_down.duration_seconds // 60


def _down_pages(
    stack: Stack, *series: Series, later_seconds: int = 0, until_seconds: int | None = None, patience_seconds: int = 0
) -> Incident:
    seconds = 60 * _down_minutes(stack) + later_seconds
    expect = Fires(
        labels=({"database_id": stack.settings.database_id},),
        first_bad_minute=H,
        not_before_seconds=seconds,
        within_seconds=seconds + PATIENCE_SECONDS + patience_seconds,
        until_seconds=until_seconds,
    )
    return Incident(series=series, expect=expect)


@OF_DOWN.add(losses=True)
def the_server_is_down(stack: Stack) -> Incident:
    """Every sample is 0. Samples of another kind of resource of that name do not count."""
    count = _down_minutes(stack) + 8
    return _down_pages(
        stack,
        up(stack, minutes((H, 1.0), (count, 0.0))),
        up(stack, minutes((H + count, 1.0)), resource="cloudsql_instance"),
    )


@OF_DOWN.add(phases=True)
def the_server_is_down_and_then_reports_nothing(stack: Stack) -> Incident:
    """One outage: the duration does not restart when the samples end."""
    count = _down_minutes(stack) + 12
    return _down_pages(
        stack,
        up(stack, minutes((H, 1.0), (2, 0.0), (count, None))),
        up(stack, minutes((H + 2 + count, 1.0)), database_id=stack.other.database_id),
    )


@OF_DOWN.add(phases=True)
def the_instance_is_stopped_or_deleted(stack: Stack) -> Incident:
    """The samples end without a 0: the newest one counts for five minutes, then the missing samples count."""
    count = _down_minutes(stack) + 14
    return _down_pages(
        stack,
        up(stack, minutes((H, 1.0), (count, None))),
        up(stack, minutes((H + count, 1.0)), database_id=stack.other.database_id),
        later_seconds=60 * (WINDOW_MINUTES - 1),
        patience_seconds=30,
    )


@OF_DOWN.add()
def the_instance_never_reported(stack: Stack) -> Incident:
    """The settings misspell its name: no alert on the database could ever fire."""
    others = up(stack, minutes((_down_minutes(stack) + 14, 1.0)), database_id=stack.other.database_id)
    expect = Fires(
        labels=({"database_id": stack.settings.database_id},),
        first_bad_minute=0,
        not_before_seconds=0,
        within_seconds=60 * _down_minutes(stack) + PATIENCE_SECONDS,
    )
    return Incident(series=(others,), expect=expect)


@OF_DOWN.add()
def it_closes_with_the_first_sample_that_is_up(stack: Stack) -> Incident:
    """It also closes if the samples ended in between."""
    count = _down_minutes(stack) + 3
    return _down_pages(stack, up(stack, minutes((H, 1.0), (count, 0.0), (10, 1.0))), until_seconds=60 * count - 1)


@OF_DOWN.add(phases=True)
def down_for_a_minute_less_than_stated(stack: Stack) -> Incident:
    """The outage ends before anybody could help."""
    return quiet([up(stack, minutes((H, 1.0), (_down_minutes(stack) - 1, 0.0), (10, 1.0)))])


@OF_DOWN.add(losses=True)
def a_planned_restart_of_a_minute_and_a_half(stack: Stack) -> Incident:
    """Maintenance, a new flag, a larger machine: one or two samples are 0."""
    return quiet([up(stack, minutes((H, 1.0), (2, 0.0), (12, 1.0)))])


@OF_DOWN.add(losses=True)
def a_failover_to_the_standby(stack: Stack) -> Incident:
    """One sample is 0, two are missing, and then the standby serves."""
    return quiet([up(stack, minutes((H, 1.0), (1, 0.0), (2, None), (12, 1.0)))])


@OF_DOWN.add(phases=True)
def a_planned_restart_every_quarter_of_an_hour(stack: Stack) -> Incident:
    """Several changes in one evening: each is short, and their durations are not added up."""
    return quiet([up(stack, minutes((H, 1.0), *((2, 0.0), (13, 1.0)) * 4))])


@OF_DOWN.add(losses=True)
def it_runs_for_two_hours(stack: Stack) -> Incident:
    """The instance is up, and every third sample may be lost."""
    return quiet([up(stack, minutes((120, 1.0)))])


@OF_DOWN.add(phases=True)
def it_reports_nothing_for_five_minutes(stack: Stack) -> Incident:
    """A gap in the samples while the server runs, also if the samples around it are late."""
    return quiet([up(stack, minutes((10, 1.0), (5, None), (10, 1.0)))])


@OF_DOWN.add()
def the_instances_of_others_are_down(stack: Stack) -> Incident:
    """Of the other environment, and a replica whose name begins with ours."""
    count = _down_minutes(stack) + 14
    down = minutes((H, 1.0), (count, 0.0))
    return quiet(
        [
            up(stack, minutes((H + count, 1.0))),
            up(stack, down, database_id=stack.other.database_id),
            up(stack, down, database_id=f"{stack.settings.database_id}-replica"),
        ]
    )


OF_BACKUPS = Collection({"DatabaseBackupFailed": ()})
_BACKUP_WINDOW = BACKUP_WINDOW_SECONDS // 60
_BEFORE = _BACKUP_WINDOW + 3
_ONE_FAILED = minutes((_BEFORE, 0.0), (1, 1.0), (_BACKUP_WINDOW + 3, 0.0))


def _backups(
    settings: Settings, counts: Counts, *, database_id: str = "", resource: str = "cloudsql_database"
) -> Series:
    labels = _labels(database_id or settings.database_id, resource)
    return Series(metric=failed_backups(settings).promql_name, labels=labels, minutes=counts)


def _backup_pages(stack: Stack, *series: Series, until_seconds: int | None = None) -> Incident:
    return pages_promptly(
        *series,
        first_bad_minute=_BEFORE,
        labels={"database_id": stack.settings.database_id},
        lasts=until_seconds is not None,
        until_seconds=until_seconds,
    )


@OF_BACKUPS.add(losses=True)
def one_backup_fails(stack: Stack) -> Incident:
    """One log entry a night is enough to notify."""
    return _backup_pages(stack, _backups(stack.settings, _ONE_FAILED))


@OF_BACKUPS.add(losses=True)
def the_first_backup_that_ever_failed(stack: Stack) -> Incident:
    """The series begins with it. Monitoring knows when its first sample began, and so counts it."""
    counts = minutes((_BEFORE, None), (1, 1.0), (_BACKUP_WINDOW + 3, 0.0))
    return _backup_pages(stack, _backups(stack.settings, counts))


@OF_BACKUPS.add()
def it_closes_when_the_entry_has_left_the_window(stack: Stack) -> Incident:
    """The next failure notifies again."""
    return _backup_pages(stack, _backups(stack.settings, _ONE_FAILED), until_seconds=BACKUP_WINDOW_SECONDS - 1)


@OF_BACKUPS.add(losses=True)
def no_backup_ever_failed(stack: Stack) -> Incident:
    """The counter has a series of zeros."""
    return quiet([_backups(stack.settings, minutes((60, 0.0)))])


@OF_BACKUPS.add()
def backups_of_others_fail(stack: Stack) -> Incident:
    """The instance of the other environment, which has its own counter, and one whose name begins with ours."""
    ours = stack.settings
    return quiet(
        [
            _backups(stack.other, _ONE_FAILED),
            _backups(ours, _ONE_FAILED, database_id=stack.other.database_id),
            _backups(ours, _ONE_FAILED, database_id=f"{ours.database_id}-replica"),
            _backups(ours, _ONE_FAILED, resource="global"),
        ]
    )


SCENARIOS: tuple[Scenario, ...] = tuple(
    EVERY_INSTANCE_GAUGE.scenarios + OF_THE_DISK.scenarios + OF_DOWN.scenarios + OF_BACKUPS.scenarios
)
