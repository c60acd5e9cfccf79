"""Parts of queries that several alerts share."""

from __future__ import annotations

from readiness.settings.model import Settings


def services_selector(settings: Settings) -> str:
    """Matches exactly the stack's own services: PromQL anchors a regular expression at both ends.

    A name holds nothing that a regular expression would read otherwise: the model takes `[a-z0-9-]` only.
    """
    names = "|".join(service.name for service in settings.services)
    return f'monitored_resource="cloud_run_revision",service_name=~"{names}"'


def database_selector(settings: Settings) -> str:
    """Matches exactly the stack's own Cloud SQL instance."""
    return f'monitored_resource="cloudsql_database",database_id="{settings.database_id}"'


def window(seconds: int) -> str:
    """A window that holds exactly the samples of so many seconds, whichever of its edges counts."""
    return f"{seconds - 1}s999ms"
