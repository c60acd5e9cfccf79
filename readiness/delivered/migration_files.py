"""The workflow that migrates a database before a deployment, from the template beside this file."""

from __future__ import annotations

import re
from importlib.resources import files

from readiness.delivered.header import with_header
from readiness.settings.model import MigrationJob

MIGRATION_PATH = ".github/workflows/migrate-database.yml"

# Two executions, and the time that a backup and a cold start take.
_OTHER_MINUTES = 15


def migration_files(job: MigrationJob, *, project: str, region: str) -> dict[str, str]:
    """The file by its path. It serves every environment: the caller names the job and the instance."""
    text = files("readiness.delivered").joinpath("migrate-database.yml").read_text(encoding="utf-8")
    values = {
        "PROJECT_ID": project,
        "REGION_NAME": region,
        "TIMEOUT_MINUTES": str(2 * -(-job.timeout_seconds // 60) + _OTHER_MINUTES),
    }
    filled_in = re.sub("|".join(rf"\b{name}\b" for name in values), lambda found: values[found.group()], text)
    return {MIGRATION_PATH: with_header("migration_job", filled_in)}
