"""The alert on the job that migrates the database."""

from __future__ import annotations

from collections.abc import Mapping

from readiness.alerts.definition import SAMPLE_PERIOD_SECONDS, AlertDefinition
from readiness.alerts.selectors import window
from readiness.settings.channels import PAGE
from readiness.settings.model import Settings

# A failed execution writes one sample; the alert stays open while it is in the window, and closes by itself.
WINDOW_SECONDS = 600


def _job(settings: Settings) -> str:
    return settings.migration_job.name if settings.migration_job is not None else ""


def _values(settings: Settings) -> Mapping[str, str]:
    selector = f'monitored_resource="cloud_run_job",job_name="{_job(settings)}",result="failed"'
    return {"failed": selector, "window": window(WINDOW_SECONDS + SAMPLE_PERIOD_SECONDS)}


MIGRATION_FAILED = AlertDefinition(
    name="MigrationFailed",
    title="Migration failed",
    severity="CRITICAL",
    channel_kinds=PAGE,
    # A new counter's first event counts on Monitoring and not in Prometheus: definition.py, "Rare events".
    # The metric's name in PromQL is inferred from run.googleapis.com/job/completed_execution_count: not seen live.
    query=(
        "sum by (job_name, location) "
        "(increase(run_googleapis_com:job_completed_execution_count{$failed}[$window])) > $threshold"
    ),
    query_values=_values,
    subject=_job,
    threshold=lambda _settings: 0,
    duration_seconds=lambda _settings: 0,
    condition=lambda _settings: "An execution of the migration job failed",
    meaning=(
        "A migration of the database ended with an error. PostgreSQL has rolled it back whole, so the schema is the "
        "one from before, and the deployment that wanted it has stopped: the old revision still serves."
    ),
    first_steps=(
        "Read the job's log: the first error of the execution is the cause. `LockNotAvailable` means that it gave "
        "up waiting for a table that something else holds.",
        "Prove where the schema is: execute the job with `--args=verify`; it prints the revision of the database.",
        "Do not run it again before the cause is mended: it is safe, and fails in the same way.",
    ),
    causes=(
        "A revision that the data of this environment does not allow",
        "A long query or an idle transaction holds a table",
        "The job's account, the password or the connector was changed",
    ),
    mitigation=(
        "Mend the revision, and deploy again: the workflow takes a new backup first",
        'The schema is wrong although nothing failed: stop the writes, then go by the rollback runbook, "The database"',
    ),
    declared_by=lambda settings: settings.migration_job is not None,
    pages_in_production_only=True,
)

MIGRATION_ALERTS = (MIGRATION_FAILED,)
