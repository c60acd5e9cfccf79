"""Alerts on the state of the Cloud SQL instance itself: down, disk, CPU, memory, transaction IDs, backups.

An instance writes one series of each metric, so the queries add nothing up. `database_alerts.py` contains the alerts on
its connections. The metrics are described in docs/facts/monitoring.md#metrics-of-an-instance.
"""

from __future__ import annotations

from collections.abc import Mapping

from readiness.alerts.commands import (
    CONNECT,
    END_A_QUERY,
    LARGER_MACHINE,
    LIST_BACKUPS,
    LIST_OPERATIONS,
    LIST_REVISIONS,
    LOWER_INSTANCES,
    READ_BACKUPS,
    READ_DATABASE_ERRORS,
    SHOW_INSTANCE,
)
from readiness.alerts.definition import (
    SAMPLE_PERIOD_SECONDS,
    AlertDefinition,
    has_postgresql,
    minutes,
    of_the_database,
    percent,
)
from readiness.alerts.first_queries import backup_clauses
from readiness.alerts.log_metric import LogMetric, environment_metric_name, filter_text
from readiness.alerts.selectors import database_selector, window
from readiness.settings.channels import PAGE, TEAM
from readiness.settings.model import MAX_STORAGE_GIB, DatabaseStorage, Settings

GIB = 2**30
# A failed backup writes one entry. The alert stays open while the entry is in the window, and then closes.
BACKUP_WINDOW_SECONDS = 600

_METRIC = "cloudsql_googleapis_com:database_"


def _has_database(settings: Settings) -> bool:
    return settings.database is not None


def _selector(settings: Settings) -> Mapping[str, str]:
    return {"database": database_selector(settings)}


DATABASE_DOWN = AlertDefinition(
    name="DatabaseDown",
    title="Database down",
    severity="CRITICAL",
    channel_kinds=PAGE,
    # An instance that was stopped or deleted, or whose name is misspelt in the settings, may write no sample at all. No
    # source documents what a stopped one writes. Both cases count, and one after the other is one outage, because both
    # sides keep the label.
    query=(
        f"sum by (database_id) (last_over_time({_METRIC}up{{$database}}[$gauge_window])) == $threshold or "
        f"sum by (database_id) (absent_over_time({_METRIC}up{{$database}}[$gauge_window])) > 0"
    ),
    query_values=_selector,
    subject=of_the_database,
    declared_by=_has_database,
    threshold=lambda _settings: 0,
    duration_seconds=lambda settings: settings.alerts.database_down.duration_seconds,
    condition=lambda settings: (
        f"The instance is down, or reports nothing, for {minutes(settings.alerts.database_down.duration_seconds)}"
    ),
    meaning=(
        "The database server does not run, or the instance is stopped, suspended or deleted. Every request that needs "
        "the database fails. A planned restart, and a failover of an instance with high availability, are too short "
        "to page. For an instance that reports nothing at all, the alert pages five minutes later than for one that "
        "reports that it is down."
    ),
    first_steps=(
        f"Check whether the instance runs, and if not, why: {SHOW_INSTANCE}. For a running instance `state` is "
        "`RUNNABLE` and `activationPolicy` is `ALWAYS`. `suspensionReason` is why Google stopped it.",
        f"Look for a restart, an update or a failover that is running or has failed: {LIST_OPERATIONS}.",
        f"Read the last errors of the server: {READ_DATABASE_ERRORS}.",
    ),
    causes=(
        "Somebody stopped the instance (`activationPolicy` is `NEVER`), or it was deleted",
        "The disk is full, so the server does not start",
        "The zone of an instance without high availability is down",
        "The server runs out of memory and restarts repeatedly",
        "Billing of the project is suspended (`state` is `SUSPENDED`)",
    ),
    mitigation=(
        "Start the instance, if somebody stopped it: "
        "`gcloud sql instances patch $instance --project=$project --activation-policy=ALWAYS`.",
        "Restart it, if its state is `RUNNABLE` and the server hangs: "
        "`gcloud sql instances restart $instance --project=$project`.",
        "Fail over, if it has high availability and its zone is down: "
        "`gcloud sql instances failover $instance --project=$project`.",
        "Find the newest backup, if the instance is deleted or cannot be repaired, and [escalate]"
        f"(../runbook.md#escalation) before you restore it into a new instance: {LIST_BACKUPS}.",
    ),
    value="0 if the instance reports that it is down, 1 if it reports nothing",
)


def _growing_limit_bytes(storage: DatabaseStorage) -> int:
    """The size up to which the disk grows automatically."""
    return GIB * (MAX_STORAGE_GIB if storage.limit_gib is None else storage.limit_gib)


def growing_storage(settings: Settings) -> DatabaseStorage | None:
    """The storage settings of a disk with automatic increase. None for a disk without it, or without the setting."""
    storage = settings.required_database.storage
    return storage if storage is not None and storage.automatic_increase else None


def _disk_values(settings: Settings) -> Mapping[str, str]:
    """With automatic increase the used share of the size that the disk may grow to, else of the disk.

    If the limit is below the present size of the disk, automatic increase does nothing, and the disk is the limit.
    """
    database = database_selector(settings)
    storage = growing_storage(settings)
    if storage is None:
        return {"filled": f"last_over_time({_METRIC}disk_utilization{{{database}}}[$gauge_window])", "stuck": ""}
    used = f"last_over_time({_METRIC}disk_bytes_used{{{database}}}[$gauge_window])"
    size = f"last_over_time({_METRIC}disk_quota{{{database}}}[$gauge_window])"
    return {
        "filled": f"{used} / clamp_min({size}, {_growing_limit_bytes(storage)})",
        "stuck": f" or {size} - {used} < {settings.alerts.database_disk.free_gib * GIB}",
    }


def _disk_condition(settings: Settings) -> str:
    disk, storage = settings.alerts.database_disk, growing_storage(settings)
    duration = f"for {minutes(disk.duration_seconds)}"
    if storage is None:
        return f"More than {percent(disk.disk_ratio)} of the disk used {duration}"
    limit = f"{MAX_STORAGE_GIB if storage.limit_gib is None else storage.limit_gib} GiB"
    return f"More than {percent(disk.disk_ratio)} of {limit} used, or less than {disk.free_gib} GiB free, {duration}"


DATABASE_DISK_FULL = AlertDefinition(
    name="DatabaseDiskFull",
    title="Database disk full",
    severity="ERROR",
    channel_kinds=TEAM,
    query="$filled > $threshold$stuck",
    query_values=_disk_values,
    subject=of_the_database,
    declared_by=_has_database,
    threshold=lambda settings: settings.alerts.database_disk.disk_ratio,
    duration_seconds=lambda settings: settings.alerts.database_disk.duration_seconds,
    condition=_disk_condition,
    meaning=(
        "The disk of the database is filling up. When it is full, the database accepts no more writes, and may not "
        "start again after a restart. With automatic increase the disk grows before that, up to its limit. The alert "
        "then compares the use with the limit. It also compares the free space, which stays small only if the "
        "increase does not happen."
    ),
    first_steps=(
        f"Check how large the disk is, and whether it grows automatically: {SHOW_INSTANCE}. `storageAutoResizeLimit` "
        "is the size at which the growth ends. 0 means no limit.",
        "Look at what has grown, in Metrics Explorer with `cloudsql.googleapis.com/database/disk/"
        "bytes_used_by_data_type`. A growing `wal` means archived logs or a replication slot without a reader.",
        "Compare the present use with a week ago in the same chart. How many days are left?",
    ),
    causes=(
        "More data, or a table or log that nobody cleans up",
        "Write-ahead logs that are kept for a replication slot without a reader",
        "A query that writes large temporary files",
        "The limit of automatic increase is reached",
    ),
    mitigation=(
        "Make the disk larger. This needs no restart, and you can never make the disk smaller again. SIZE is in GB, "
        "above `dataDiskSizeGb`: `gcloud sql instances patch $instance --project=$project --storage-size=SIZE`.",
        "Let the disk grow automatically: `gcloud sql instances patch $instance --project=$project "
        "--storage-auto-increase`. If a limit is reached, `--storage-auto-increase-limit` raises it.",
        "Drop a replication slot without a reader, if logs are kept for it (PostgreSQL). List the slots, and drop "
        f"the one that is not active: {CONNECT}. The statements: `SELECT slot_name, active FROM "
        "pg_replication_slots` and `SELECT pg_drop_replication_slot('NAME')`.",
    ),
    value="the share that is used: 0.8 is 80 %; a number above 1 is the bytes still free",
)

DATABASE_HIGH_CPU = AlertDefinition(
    name="DatabaseHighCpu",
    title="Database high CPU",
    severity="WARNING",
    channel_kinds=TEAM,
    query=f"last_over_time({_METRIC}cpu_utilization{{$database}}[$gauge_window]) > $threshold",
    query_values=_selector,
    subject=of_the_database,
    declared_by=_has_database,
    threshold=lambda settings: settings.alerts.database_cpu.cpu_ratio,
    duration_seconds=lambda settings: settings.alerts.database_cpu.duration_seconds,
    condition=lambda settings: (
        f"More than {percent(settings.alerts.database_cpu.cpu_ratio)} of the CPU for "
        f"{minutes(settings.alerts.database_cpu.duration_seconds)}"
    ),
    meaning=(
        "The instance has little CPU left. Queries become slower, then time out. This is a cause, not an outage: "
        "when users are affected, HighLatency and HighErrorRate fire."
    ),
    first_steps=(
        "Open Query insights of the instance in the console. Sort by load: which queries use the CPU?",
        f"List the revisions, and compare the time with the last deployment: {LIST_REVISIONS}. Has traffic grown, or "
        "did a deployment bring a new query?",
        f"Look for a running import, export or backup: {LIST_OPERATIONS}.",
    ),
    causes=(
        "A query without an index, or one that runs far more often than before",
        "More traffic than the machine can handle",
        "A machine with a shared core (`db-f1-micro`, `db-g1-small`), which gets only a share of a CPU",
    ),
    mitigation=(END_A_QUERY, LARGER_MACHINE),
    value="the share of its CPU that the instance uses: 0.8 is 80 %",
)

DATABASE_HIGH_MEMORY = AlertDefinition(
    name="DatabaseHighMemory",
    title="Database high memory",
    severity="WARNING",
    channel_kinds=TEAM,
    # Not `memory/utilization`: it is not documented whether it counts the cache. `memory/usage` leaves the cache out.
    query=(
        f"last_over_time({_METRIC}memory_usage{{$database}}[$gauge_window]) / "
        f"last_over_time({_METRIC}memory_quota{{$database}}[$gauge_window]) > $threshold"
    ),
    query_values=_selector,
    subject=of_the_database,
    declared_by=_has_database,
    threshold=lambda settings: settings.alerts.database_memory.memory_ratio,
    duration_seconds=lambda settings: settings.alerts.database_memory.duration_seconds,
    condition=lambda settings: (
        f"More than {percent(settings.alerts.database_memory.memory_ratio)} of the memory, without the cache, for "
        f"{minutes(settings.alerts.database_memory.duration_seconds)}"
    ),
    meaning=(
        "The processes of the database use nearly all of its memory. The cache is not counted, because the system can "
        "free it. When no memory is left, the server is killed and restarts, and every connection is lost."
    ),
    first_steps=(
        f"Count the open connections, because each uses memory: {CONNECT}. In PostgreSQL: `SELECT state, "
        "count(*) FROM pg_stat_activity GROUP BY state`.",
        "Open Query insights of the instance in the console. Which queries sort or join large amounts of data?",
        f"Read the flags of the instance: {SHOW_INSTANCE}. Were `work_mem`, `shared_buffers` or `max_connections` "
        "raised?",
    ),
    causes=(
        "Many connections, each of which uses memory",
        "Large sorts and joins, or a high `work_mem`",
        "A machine that is too small for its flags",
    ),
    mitigation=(
        LOWER_INSTANCES,
        END_A_QUERY,
        LARGER_MACHINE,
    ),
    value="the share of its memory that the instance uses, without the cache: 0.9 is 90 %",
)

TRANSACTION_ID_WRAPAROUND = AlertDefinition(
    name="TransactionIdWraparound",
    title="Transaction ID wraparound",
    severity="ERROR",
    channel_kinds=TEAM,
    query=f"last_over_time({_METRIC}postgresql_transaction_id_utilization{{$database}}[$gauge_window]) > $threshold",
    query_values=_selector,
    subject=of_the_database,
    declared_by=has_postgresql,
    threshold=lambda settings: settings.alerts.transaction_ids.used_ratio,
    duration_seconds=lambda settings: settings.alerts.transaction_ids.duration_seconds,
    condition=lambda settings: (
        f"More than {percent(settings.alerts.transaction_ids.used_ratio)} of the transaction IDs used for "
        f"{minutes(settings.alerts.transaction_ids.duration_seconds)}"
    ),
    meaning=(
        "PostgreSQL has 2 billion transaction IDs, which vacuum frees. At 100 % the database accepts no more writes "
        "until a vacuum has run. About 10 % is usual, so something prevents vacuum from freeing IDs."
    ),
    first_steps=(
        f"List the oldest transactions, in a session on the instance: {CONNECT}. The statement: `SELECT pid, state, "
        "xact_start, query FROM pg_stat_activity WHERE xact_start IS NOT NULL ORDER BY xact_start LIMIT 5`.",
        "Look in the same session for a prepared transaction or a replication slot that holds the IDs: "
        "`SELECT gid, prepared FROM pg_prepared_xacts` and `SELECT slot_name, active, xmin FROM pg_replication_slots`.",
        "Check whether autovacuum is on, and which database is the oldest: `SHOW autovacuum` and `SELECT datname, "
        "age(datfrozenxid) FROM pg_database ORDER BY 2 DESC`.",
    ),
    causes=(
        "A transaction that is open for days, often `idle in transaction`",
        "A prepared transaction that was never ended, or a replication slot without a reader",
        "Autovacuum that is off, or too slow for the writes",
    ),
    mitigation=(
        f"End the oldest transaction, or remove what holds the IDs: {CONNECT}. Use the statement that fits, with the "
        "name that the steps above print: `SELECT pg_terminate_backend(PID)`, `ROLLBACK PREPARED 'GID'` or "
        "`SELECT pg_drop_replication_slot('SLOT_NAME')`.",
        f"Then free the IDs in each database: {CONNECT}. The statement: `VACUUM (FREEZE, VERBOSE)`. It takes long. "
        "Reads and writes continue meanwhile.",
    ),
    value="the used share of the transaction IDs: 0.8 is 80 %",
)


def failed_backups(settings: Settings) -> LogMetric:
    """Counts automated backups that failed in their window.

    Cloud SQL writes STATUS_FAILED once, when the window has passed. Before that, each failed attempt writes
    STATUS_ATTEMPT_FAILED, and a later attempt may succeed. STATUS_SKIPPED means that the instance was stopped
    (https://docs.cloud.google.com/sql/docs/postgres/backup-recovery/view-audit-logs-for-automated-backups).
    """
    return LogMetric(
        slug="database-failed-backups",
        name=environment_metric_name(settings, "database_failed_backups"),
        description=f"Automated backups of {settings.required_database.instance} that failed",
        filter=filter_text(*backup_clauses(settings), 'protoPayload.metadata.windowStatus="STATUS_FAILED"'),
    )


def _backup_values(settings: Settings) -> Mapping[str, str]:
    return {
        "database": database_selector(settings),
        "failed": failed_backups(settings).promql_name,
        "window": window(BACKUP_WINDOW_SECONDS + SAMPLE_PERIOD_SECONDS),
    }


DATABASE_BACKUP_FAILED = AlertDefinition(
    name="DatabaseBackupFailed",
    title="Database backup failed",
    severity="ERROR",
    channel_kinds=TEAM,
    # A new counter's first event counts on Monitoring and not in Prometheus: definition.py, "Rare events".
    query="sum by (database_id) (increase($failed{$database}[$window])) > $threshold",
    query_values=_backup_values,
    log_metrics=lambda settings: (failed_backups(settings),),
    subject=of_the_database,
    declared_by=_has_database,
    threshold=lambda _settings: 0,
    duration_seconds=lambda _settings: 0,
    condition=lambda _settings: "An automated backup failed",
    meaning=(
        "Cloud SQL could not make the automated backup in its window. Until the next backup, a restore brings back "
        "older data. If automated backups are switched off, Cloud SQL writes nothing and this alert does not fire: a "
        "query on a log cannot look back far enough to notice a day without a backup."
    ),
    first_steps=(
        f"Check how old the newest backup is: {LIST_BACKUPS}.",
        f"Read why it failed: {READ_BACKUPS}.",
        f"Look for an export or another operation in the backup's window: {LIST_OPERATIONS} and {SHOW_INSTANCE}. "
        "`startTime` is the beginning of the window, in UTC.",
    ),
    causes=(
        "A long export or another operation in the backup's window",
        "The instance did not run",
        "An organization policy forbids the location of the backups",
    ),
    mitigation=(
        "Make a backup now: `gcloud sql backups create --instance=$instance --project=$project`.",
        "Move the window to hours without exports. HOUR is in UTC, 00 to 23: `gcloud sql instances patch $instance "
        "--project=$project --backup-start-time=HOUR:00`.",
    ),
    value="the number of backups that failed in the last ten minutes",
)

DATABASE_INSTANCE_ALERTS = (
    DATABASE_DOWN,
    DATABASE_DISK_FULL,
    DATABASE_HIGH_CPU,
    DATABASE_HIGH_MEMORY,
    TRANSACTION_ID_WRAPAROUND,
    DATABASE_BACKUP_FAILED,
)
