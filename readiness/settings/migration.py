"""Settings of the Cloud Run job that migrates the database of a stack."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from readiness.settings.base import Section

# PostgreSQL's own limit is 63 bytes.
_SQL_NAME = r"^[A-Za-z_][A-Za-z0-9_-]{0,62}$"


class MigrationJob(Section):
    """The job, its own account, and what it needs to reach the database of `readiness:database`."""

    name: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$", description="As Cloud Run names the job.")]
    account_id: Annotated[
        str,
        Field(pattern=r"^[a-z]([a-z0-9-]{4,28}[a-z0-9])$", description="Of the service account that is made for it."),
    ]
    database: Annotated[str, Field(pattern=_SQL_NAME, description="The database inside the instance.")]
    user: Annotated[str, Field(pattern=_SQL_NAME, description="Who owns its tables.")]
    password_secret: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$", description="Name in Secret Manager; the newest version is read.")
    ]
    vpc_connector: Annotated[
        str | None,
        Field(
            pattern=r"^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$", description="Needed where the instance has no public address."
        ),
    ] = None
    timeout_seconds: Annotated[
        int, Field(ge=60, le=86_400, description="Of a whole execution; it is never tried again.")
    ] = 1800
