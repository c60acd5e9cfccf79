"""Settings of what the application's repository runs to look after its images: promotion, report, scans."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from readiness.settings.base import Section, ServiceAccount, Text

# Of an entry that accepts a vulnerability: who accepts longer has decided never to fix it.
MAX_ACCEPTED = timedelta(days=90)


class AcceptedVulnerability(Section):
    """A vulnerability that may stay for a while. Both scanners' lists of exceptions are made from these."""

    id: Annotated[str, Field(pattern=r"^(CVE-[0-9]{4}-[0-9]{4,}|GHSA(-[0-9a-z]{4}){3}|[A-Z]+-[A-Za-z0-9-]+)$")]
    package: Annotated[
        str,
        Field(
            pattern=r"^pkg:[a-z]+(/@?[A-Za-z0-9._~+-]+)+$",
            max_length=200,
            description="Its purl without version: `pkg:npm/next`, `pkg:deb/debian/libssl3`.",
        ),
    ]
    reason: Annotated[Text, Field(min_length=20, description="Why it does no harm until then.")]
    expires: Annotated[
        str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="The day, in quotes; at most 90 days away.")
    ]


class ImageWorkflows(Section):
    """Managed workflows around the images. They act as service accounts that no key exists for."""

    workload_identity_provider: Annotated[
        str,
        Field(
            pattern=r"^projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+$",
            description="As both deployment workflows name it.",
        ),
    ]
    promotion_identity: Annotated[
        ServiceAccount, Field(description="Moves tags: `artifactregistry.writer` of the repository, `run.viewer`.")
    ]
    report_identity: Annotated[
        ServiceAccount,
        Field(description="`artifactregistry.reader`, `logging.privateLogViewer`, `logging.logWriter`."),
    ]
    scan_identity: Annotated[
        ServiceAccount,
        Field(description="`artifactregistry.reader`, `run.viewer`, `logging.viewer`, `logging.logWriter`."),
    ]
    production_workflow: Annotated[
        Text, Field(description="`name:` of the workflow that deploys to production, as GitHub shows it.")
    ]
    max_deleted_versions: Annotated[
        int, Field(ge=1, le=300_000, description="More in one run of the cleanup raise an alert.")
    ] = 100
    accepted_vulnerabilities: Annotated[tuple[AcceptedVulnerability, ...], Field(strict=False)] = ()
