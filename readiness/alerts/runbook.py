"""The runbook, generated from the catalogue and the settings of every stack, so that it cannot disagree with them.

The heading of a section is the alert's name: the link in a notification ends in its anchor.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from readiness.alerts.catalogue import ALERTS
from readiness.alerts.definition import AlertDefinition, of_the_database
from readiness.alerts.log_patterns import application_error_filter
from readiness.alerts.rules import rules_of, runbook_anchor
from readiness.alerts.security_runbook import overview_rows, security_sections
from readiness.markdown_text import table_cell
from readiness.settings.channels import EMAIL_ONLY, EVERY_CHANNEL, shown_names
from readiness.settings.model import Settings
from readiness.settings.services import Service

RUNBOOK_PATH = "docs/runbook.md"

_HEADER = """\
# Runbook

<!-- Made by `readiness runbook` from the stacks' settings: change those, and run it again. -->

You were paged: find the alert's name below. Every section starts with what to do in the first five minutes.
"""

# Both sections say what docs/facts/monitoring.md proves: "How `increase` counts", "What closes an incident".
_COUNTS = """\
## How alerts count

Some queries count events with `increase`. Prometheus, on which they are tested, and Monitoring may count differently:

- DatabaseConnectionErrors looks at one minute more than stated and scales the count back. If Monitoring does not
  extrapolate as Prometheus does, the scaled count is too low: where more than 10 errors in 5 minutes page, eleven and
  twelve in one burst do not, and thirteen do.
- The first event of a service, revision or instance that never had one before is counted by Monitoring and not by
  Prometheus. If an alert is about few events, expect one more or one less than the log shows.

The log is the exact count.
"""
_CLOSING = """\
## Closed is not repaired

An incident closes when the query has no result any more. That is so when the figure is good again, and also when the
service has scaled to zero or stopped reporting. Before you stop, open the service's health address. The same problem
can open a new incident with the next request.
"""


def runbook_text(stacks: Sequence[tuple[str, Settings]]) -> str:
    """The whole page. `stacks` are names and settings, in the order in which they are shown."""
    parts = [_HEADER, *_overview(stacks)]
    for definition in ALERTS:
        parts += _section(definition, stacks)
    parts += security_sections(stacks)
    parts += [_COUNTS, _CLOSING]
    parts += _escalation(stacks)
    return "\n".join(parts).rstrip() + "\n"


def anchors(markdown: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page: lower case, spaces to hyphens, punctuation dropped."""
    headings = re.findall(r"^#{1,6} (.+)$", markdown, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def missing_sections(markdown: str) -> list[str]:
    """Names of alerts whose link would lead nowhere on this page."""
    present = anchors(markdown)
    return [definition.name for definition in ALERTS if runbook_anchor(definition) not in present]


def _overview(stacks: Sequence[tuple[str, Settings]]) -> Iterator[str]:
    yield "| Alert | Severity | Told by | " + " | ".join(stack for stack, _ in stacks) + " |"
    yield "|---|---|---|" + "---|" * len(stacks)
    for definition in ALERTS:
        kinds = ", ".join(shown_names(definition.channel_kinds))
        conditions = " | ".join(_condition(definition, settings) for _, settings in stacks)
        link = f"[{definition.name}](#{runbook_anchor(definition)})"
        yield f"| {link} | {definition.severity} | {kinds} | {conditions} |"
    yield from overview_rows(stacks)
    *names, last = shown_names(EVERY_CHANNEL - EMAIL_ONLY)
    yield f"\n{', '.join(names)} and {last} are told where the stack configures them.\n"


def _condition(definition: AlertDefinition, settings: Settings) -> str:
    return definition.condition(settings) if definition.declared_by(settings) else "-"


def _section(definition: AlertDefinition, stacks: Sequence[tuple[str, Settings]]) -> Iterator[str]:
    yield f"## {definition.name}\n"
    yield f"{definition.meaning}\n"
    yield "**First steps**\n"
    yield from (f"{number}. {step}" for number, step in enumerate(definition.first_steps, start=1))
    yield "\n**Usual causes**\n"
    yield from (f"- {cause}" for cause in definition.causes)
    yield "\n**Mitigation**\n"
    yield from (f"- {measure}" for measure in definition.mitigation)
    yield "- Nothing helps within 15 minutes: [escalate](#escalation)\n"
    for stack, settings in stacks:
        yield from _stack_part(definition, stack, settings)


def _stack_part(definition: AlertDefinition, stack: str, settings: Settings) -> Iterator[str]:
    rule = next((rule for rule in rules_of(settings) if rule.definition is definition), None)
    if rule is None:
        return
    yield f"<details><summary>{stack}: addresses, commands, the query</summary>\n"
    if definition.subject is of_the_database:
        yield f"- Instance: <{_instance_url(settings)}>"
    for service in settings.services:
        yield f"- {service.role} `{service.name}`: {_service_links(service, settings)}"
    yield f"- First queries: {_first_queries(settings)}"
    repository = f"https://github.com/{settings.github_owner}/{settings.repository.name}"
    yield f"- Deployments: <{repository}/actions>\n"
    yield "Which revisions are there, and which serves?\n"
    yield "```bash"
    for service in settings.services:
        yield f"gcloud run revisions list --service={shlex.quote(service.name)} {_where(settings)}"
    yield "```\n"
    yield "Roll back: send all traffic to the last good revision.\n"
    yield "```bash"
    for service in settings.services:
        name = shlex.quote(service.name)
        yield f"gcloud run services update-traffic {name} {_where(settings)} --to-revisions=REVISION=100"
    yield "```\n"
    yield "Traffic is pinned then: no later deployment gets any, until the same command with `--to-latest`.\n"
    yield f"The query, asked every 30 s; it must hold for {rule.duration_seconds} s:\n"
    yield f"```promql\n{rule.query}\n```\n"
    if "increase(" in rule.query:
        yield "It counts events: [how alerts count](#how-alerts-count).\n"
    yield "</details>\n"


def _service_links(service: Service, settings: Settings) -> str:
    console = f"https://console.cloud.google.com/run/detail/{settings.region}/{service.name}"
    pages = (f"[{page}]({console}/{page}?project={settings.project})" for page in ("metrics", "logs", "revisions"))
    return ", ".join([f"[health]({service.url.rstrip('/')}{service.health_path})", *pages])


def _first_queries(settings: Settings) -> str:
    """Links into the Logs Explorer."""
    names = "|".join(service.name for service in settings.services)
    services = f'resource.type="cloud_run_revision" AND resource.labels.service_name=~"^({names})$"'
    queries = {
        "failed requests": f"{services} AND httpRequest.status>=500",
        "errors of the application": application_error_filter(settings),
        "the instances' ends and starts": f'{services} AND log_id("run.googleapis.com/varlog/system")',
    }
    if settings.database is not None:
        database = f'resource.type="cloudsql_database" AND resource.labels.database_id="{settings.database_id}"'
        queries["the database's errors"] = f"{database} AND severity>=ERROR"
    explorer, where = "https://console.cloud.google.com/logs/query;query=", f"?project={settings.project}"
    return ", ".join(f"[{name}]({explorer}{quote(query, safe='')}{where})" for name, query in queries.items())


def _where(settings: Settings) -> str:
    return f"--region={shlex.quote(settings.region)} --project={shlex.quote(settings.project)}"


def _instance_url(settings: Settings) -> str:
    return (
        f"https://console.cloud.google.com/sql/instances/{settings.required_database.instance}/overview"
        f"?project={settings.project}"
    )


def _escalation(stacks: Sequence[tuple[str, Settings]]) -> Iterator[str]:
    yield "## Escalation\n"
    yield "In this order; call the next one after 15 minutes without an answer.\n"
    yield "| Stack | Order | Who | How |"
    yield "|---|---|---|---|"
    for stack, settings in stacks:
        for order, contact in enumerate(settings.escalation.contacts, start=1):
            yield f"| {stack} | {order} | {table_cell(contact.name)} | {table_cell(contact.reach)} |"
