"""Settings of what is watched for security: changes of who may do what, and of what reaches the database."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from readiness.settings.base import Section


class SecurityAlerts(Section):
    """The eight alerts of CIS Google Cloud 2.5 to 2.12. They are of the project: its one owner declares them."""

    enabled: Annotated[bool, Field(description="Whether a change of roles, networks, buckets or databases tells you.")]
