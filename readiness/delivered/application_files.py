"""Every file that the settings of an owner stack declare for the application's repository."""

from __future__ import annotations

from collections.abc import Mapping

from readiness.alerts.watched_workflows import watched_deployments
from readiness.delivered.delivery_files import delivery_files
from readiness.delivered.dependabot import AUTO_MERGE_PATH, DEPENDABOT_PATH, auto_merge_text, dependabot_text
from readiness.delivered.header import with_header
from readiness.delivered.image_files import ImagePlace, image_files
from readiness.delivered.templates import filled_in, template
from readiness.settings.github import Dependabot, ManagedFiles
from readiness.settings.model import MigrationJob, Settings

MIGRATION_PATH = ".github/workflows/migrate-database.yml"

# Minutes for a backup and cold starts, in addition to the two executions.
_OTHER_MINUTES = 15


def application_files(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """The text of every file by its path, by the name of the component that declares it, if that has files."""
    repository = f"{settings.github_owner}/{settings.repository.name}"
    files: dict[str, Mapping[str, str]] = {}
    if settings.dependabot is not None:
        files["dependabot-files"] = dependabot_files(
            settings.dependabot, repository=repository, managed_files=settings.managed_files
        )
    telemetry = watched_deployments(settings)
    if telemetry is not None:
        files["deployment-telemetry-files"] = delivery_files(
            telemetry,
            repository=repository,
            project=settings.project,
            default_branch=settings.managed_files.default_branch,
        )
    if settings.image_workflows is not None and settings.image_registry is not None:
        place = ImagePlace(
            repository=repository,
            default_branch=settings.managed_files.default_branch,
            project=settings.project,
            region=settings.region,
            registry=settings.image_registry.repository_id,
            environment=settings.environment.name,
            services=tuple(service.name for service in settings.services),
        )
        files["image-workflows-files"] = image_files(settings.image_workflows, place)
    if settings.migration_job is not None:
        files["migration-workflow"] = migration_files(
            settings.migration_job, project=settings.project, region=settings.region
        )
    return files


def dependabot_files(settings: Dependabot, *, repository: str, managed_files: ManagedFiles) -> dict[str, str]:
    """The files for Dependabot; `repository` is OWNER/NAME."""
    texts = {DEPENDABOT_PATH: dependabot_text(settings)}
    if settings.auto_merge is not None:
        texts[AUTO_MERGE_PATH] = auto_merge_text(
            settings.auto_merge, repository=repository, default_branch=managed_files.default_branch
        )
    return texts


def migration_files(job: MigrationJob, *, project: str, region: str) -> dict[str, str]:
    """The workflow that migrates a database, by its path; the caller names the job and the instance."""
    values = {
        "PROJECT_ID": project,
        "REGION_NAME": region,
        "TIMEOUT_MINUTES": str(2 * -(-job.timeout_seconds // 60) + _OTHER_MINUTES),
    }
    return {MIGRATION_PATH: with_header("migration_job", filled_in(template("migrate-database.yml"), values))}
