"""The runbook's part on the security alerts: they have no PromQL, and are of the project instead of a stack."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from readiness.alerts.security_alerts import (
    CAUSES,
    FIRST_STEPS,
    SECURITY_ALERTS,
    SecurityAlert,
    read_command,
    security_anchor,
    security_rules,
)
from readiness.settings.channels import shown_names
from readiness.settings.model import Settings


def overview_rows(stacks: Sequence[tuple[str, Settings]]) -> Iterator[str]:
    """A row of the runbook's first table each, as long as some stack declares them."""
    conditions = [{rule.alert.name: rule.condition for rule in security_rules(settings)} for _, settings in stacks]
    for alert in SECURITY_ALERTS if any(conditions) else ():
        kinds = ", ".join(shown_names(alert.channel_kinds))
        cells = " | ".join(declared.get(alert.name, "-") for declared in conditions)
        yield f"| [{alert.name}](#{security_anchor(alert)}) | {alert.severity} | {kinds} | {cells} |"


def security_sections(stacks: Sequence[tuple[str, Settings]]) -> Iterator[str]:
    """A section each."""
    owner = next((settings for _, settings in stacks if security_rules(settings)), None)
    if owner is not None:
        for alert in SECURITY_ALERTS:
            yield from _section(alert, owner.project)


def _section(alert: SecurityAlert, project: str) -> Iterator[str]:
    yield f"## {alert.name}\n"
    yield f"{alert.meaning} (CIS Google Cloud {alert.cis}.)\n"
    yield "**First steps**\n"
    yield from (f"{number}. {step}" for number, step in enumerate(FIRST_STEPS, start=1))
    yield "\n```bash"
    yield read_command(alert, project)
    yield "```\n"
    yield "**Usual causes**\n"
    yield from (f"- {cause}" for cause in CAUSES)
    yield "\n**Mitigation**\n"
    yield f"- {alert.mitigation.replace('PROJECT', shlex.quote(project))}"
    yield "- Nothing helps within 15 minutes: [escalate](#escalation)\n"
