"""The alert on the job that migrates the database."""

from __future__ import annotations

from collections.abc import Mapping

from readiness.alerts.commands import LIST_BACKUPS, LIST_OPERATIONS, READ_MIGRATION_LOG
from readiness.alerts.definition import SAMPLE_PERIOD_SECONDS, AlertDefinition
from readiness.alerts.selectors import window
from readiness.settings.channels import PAGE
from readiness.settings.model import Settings

# A failed execution writes one sample. The alert stays open while the sample is in the window, and then closes.
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
    # The metric's name in PromQL is inferred from run.googleapis.com/job/completed_execution_count, and not yet
    # confirmed in a project.
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
        "A migration of the database ended with an error. PostgreSQL has rolled the whole migration back, so the "
        "schema is unchanged. The deployment that needed the migration has stopped, and the old revision still serves."
    ),
    first_steps=(
        f"Read the log of the failed execution, whose first error is the cause: {READ_MIGRATION_LOG}. "
        "`LockNotAvailable` means that it stopped waiting for a table that another transaction has locked.",
        "List the executions, and look at the failed one: `gcloud run jobs executions list --job=$job "
        "--region=$region --project=$project --limit=5` and `gcloud run jobs executions describe EXECUTION "
        "--region=$region --project=$project`.",
        "Print the revision of the schema: `gcloud run jobs execute $job --region=$region --project=$project "
        "--args=verify --wait`. It changes nothing.",
    ),
    causes=(
        "A revision that the data of this environment does not allow",
        "A long query or an idle transaction that locks a table",
        "A change of the job's account, its password or the connector",
    ),
    mitigation=(
        "Do not run the migration again before its cause is fixed, do not send traffic to another revision, and "
        "do not restore a backup: the old revision serves, and the schema is unchanged. This shows which "
        "revision serves: `gcloud run services describe $service --region=$region --project=$project "
        '--format="yaml(status.traffic)"`.',
        "If it waited for a lock, end the long query, or wait for it. Then run the failed jobs of the deployment "
        f"again, whose RUN_ID is in the list: {LIST_OPERATIONS}, `gh run list --repo=$repository --status=failure "
        "--limit=5` and `gh run rerun RUN_ID --repo=$repository --failed`.",
        "If the migration itself is wrong, fix it, and deploy again. The workflow takes a backup first. Check that it "
        f"did: {LIST_BACKUPS}.",
        "If the schema has changed, although the run was one transaction, take a backup of it as it "
        "is, then [escalate](../runbook.md#escalation): `gcloud sql backups create --instance=$instance "
        '--project=$project --description="after a failed migration"`.',
    ),
    console_path=lambda settings: f"run/jobs/details/{settings.region}/{_job(settings)}/executions",
    value="the number of failed executions; the previous revision still serves, so roll nothing back",
    declared_by=lambda settings: settings.migration_job is not None,
    pages_in_production_only=True,
)

MIGRATION_ALERTS = (MIGRATION_FAILED,)
