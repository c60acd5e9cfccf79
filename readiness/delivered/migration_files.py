"""The workflow that migrates a database before a deployment, from the template beside this file."""

from __future__ import annotations

from readiness.delivered.header import with_header
from readiness.delivered.templates import filled_in, template
from readiness.settings.model import MigrationJob

MIGRATION_PATH = ".github/workflows/migrate-database.yml"

# Two executions, and the time that a backup and a cold start take.
_OTHER_MINUTES = 15


def migration_files(job: MigrationJob, *, project: str, region: str) -> dict[str, str]:
    """The file by its path. It serves every environment: the caller names the job and the instance."""
    values = {
        "PROJECT_ID": project,
        "REGION_NAME": region,
        "TIMEOUT_MINUTES": str(2 * -(-job.timeout_seconds // 60) + _OTHER_MINUTES),
    }
    return {MIGRATION_PATH: with_header("migration_job", filled_in(template("migrate-database.yml"), values))}
