"""Parts of queries that several alerts share."""

from __future__ import annotations

from collections.abc import Iterable

from readiness.settings.model import Settings

# For the other operands of a query whose first operand names the stack's services: `and` and `/` keep only those.
EVERY_SERVICE = 'monitored_resource="cloud_run_revision"'


def services_selector(settings: Settings) -> str:
    """Matches exactly the stack's own services."""
    return named_services_selector(service.name for service in settings.services)


def named_services_selector(names: Iterable[str]) -> str:
    """Matches exactly these services: PromQL anchors a regular expression at both ends.

    A name contains no special character of a regular expression, because the model accepts only `[a-z0-9-]`.
    """
    return f'{EVERY_SERVICE},service_name=~"{"|".join(names)}"'


def database_selector(settings: Settings) -> str:
    """Matches exactly the stack's own Cloud SQL instance."""
    return f'monitored_resource="cloudsql_database",database_id="{settings.database_id}"'


def hosts_selector(settings: Settings) -> str:
    """Matches the uptime checks of exactly the stack's hosts. A dot is in brackets, so that it matches only a dot."""
    hosts = dict.fromkeys(service.host.replace(".", "[.]") for service in settings.services)
    return f'monitored_resource="uptime_url",host=~"{"|".join(hosts)}"'


def window(seconds: int) -> str:
    """A window in the largest whole unit: `3m`, `6h`, `90s`."""
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
