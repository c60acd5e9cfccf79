"""What the application's repository runs to look after its images: promotion, report, scans, accepted vulnerabilities.

What turns wrong by time alone is a warning: an expired entry accepts nothing any more, and stops no other change.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from readiness.finding import Finding
from readiness.settings.base import HttpsUrl, Listed, Section, ServiceAccount, Text
from readiness.settings.dates import Day, expiry_problems
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath
from readiness.settings.view import known, known_items

# Of an entry that accepts a vulnerability: who accepts longer has decided never to fix it.
MAX_ACCEPTED = timedelta(days=90)

# The feed of https://www.cisa.gov/known-exploited-vulnerabilities-catalog.
KNOWN_EXPLOITED_CATALOGUE = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"

ACCEPTED: KeyPath = ("image_workflows", "accepted_vulnerabilities")


class AcceptedVulnerability(Section):
    """A vulnerability that may stay for a while. Both scanners' lists of exceptions are made from these."""

    id: Annotated[
        str,
        Field(pattern=r"^(CVE-[0-9]{4}-[0-9]{4,}|GHSA(-[0-9a-z]{4}){3}|[A-Z]+-[A-Za-z0-9-]+)$", max_length=100),
    ]
    package: Annotated[
        str,
        Field(
            pattern=r"^pkg:[a-z]+(/@?[A-Za-z0-9._~+-]+)+$",
            max_length=200,
            description="Its purl without version: `pkg:npm/next`, `pkg:deb/debian/libssl3`.",
        ),
    ]
    reason: Annotated[Text, Field(min_length=20, description="Why it does no harm until then.")]
    expires: Annotated[Day, Field(description="The day, in quotes; at most 90 days away.")]


class ImageWorkflows(Section):
    """Managed workflows around the images. They act as service accounts that no key exists for."""

    workload_identity_provider: Annotated[
        str,
        Field(
            pattern=r"^projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+$",
            max_length=200,
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
    block_unfixed_critical: Annotated[
        bool, Field(description="Whether a critical vulnerability that no version fixes stops a deployment too.")
    ] = False
    known_exploited_catalogue: Annotated[
        HttpsUrl, Field(description="What is in it stops a deployment, with a fix or without; in CISA's JSON form.")
    ] = KNOWN_EXPLOITED_CATALOGUE
    known_exploited_unreachable: Annotated[
        Literal["block", "warn"], Field(description="What the gate does where the catalogue cannot be read.")
    ] = "warn"
    high_vulnerabilities: Annotated[
        Literal["alert", "report"],
        Field(description="A new high one in what serves: an alert, or a line of the weekly scan's report."),
    ] = "report"
    accepted_vulnerabilities: Listed[AcceptedVulnerability] = ()


def image_workflow_problems(config: StackConfig, workflows: ImageWorkflows | None, today: date) -> Iterator[Finding]:
    """Accepted vulnerabilities that are listed twice, have expired, soon will, or expire too late."""
    first_at: dict[tuple[str, str], int] = {}
    for index, entry in known_items(workflows.accepted_vulnerabilities if workflows else ()):
        identity = (known(entry, "id"), known(entry, "package"))
        first = index if None in identity else first_at.setdefault(identity, index)
        if first != index:
            path = (*ACCEPTED, index)
            yield config.error("settings-repeated-item", path, f"repeats item [{first}]", "Keep one of the two")
        if (text := known(entry, "expires")) is not None:
            yield from _expiry_problems(config, (*ACCEPTED, index, "expires"), date.fromisoformat(text), today)


def _expiry_problems(config: StackConfig, path: KeyPath, expires: date, today: date) -> Iterator[Finding]:
    if expires <= today:
        message = "has passed: the entry excuses nothing any more"
        hint = "Fix the vulnerability and remove the entry, or renew it with a reason that still holds"
        yield config.warning("settings-date-passed", path, message, hint)
    else:
        hint = "Update the package and remove the entry, or renew it with a reason that still applies"
        yield from expiry_problems(config, path, expires, today, hint, MAX_ACCEPTED)
