"""The common page of the runbook: the list of alerts, who is notified, links, the rollback, whom to call."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from readiness.alerts import first_queries
from readiness.alerts.severity import AlertSeverity
from readiness.documents import parts
from readiness.documents.template import Stacks
from readiness.markdown_text import table_cell
from readiness.settings.channels import CHANNEL_DEFINITIONS, ChannelKind, declared_channels
from readiness.settings.model import Settings
from readiness.settings.unwatched import alert_gaps, gap_line

# The link on the page of an alert.
ESCALATE = "[escalate](../runbook.md#escalation)"

_HEADER = """\
For the on-call engineer. Open the page of the alert that notified you. Its
first line is the first thing to do. You can paste its commands.
"""

# docs/facts/monitoring.md has the sources of both sections: "How `increase` counts", "What closes an incident".
_COUNTS = """\
## How alerts count

Some queries count events with `increase`. Prometheus, on which they are tested, and Monitoring may count differently:

- DatabaseConnectionErrors counts over one minute more than stated and scales the count back. If Monitoring does not
  extrapolate as Prometheus does, the scaled count is too low. With a limit of 10 errors in 5 minutes, eleven and
  twelve errors in one burst do not notify, and thirteen do.
- Monitoring counts the first event of a new service, revision or instance, and Prometheus does not. If an alert is
  about few events, expect one more or one less than the log shows.

The log contains the exact count.
"""
_CLOSING = """\
## Closed is not resolved

An incident closes when the query returns no result. That happens when the value is good again, and also when the
service has scaled to zero or stopped reporting. Before you stop working on it, open the service's health address. The
same problem can open a new incident with the next request.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class StackCell:
    """What a stack's policy does. `notified`: the display names of the kinds of channels that it notifies."""

    condition: str
    severity: AlertSeverity
    notified: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class CommonRow:
    """A row of the list of alerts. `cells`: by the names of the stacks that declare the alert."""

    name: str
    anchor: str
    link: str
    first_action: str
    cells: Mapping[str, StackCell]


def common_page(stacks: Stacks, rows: Sequence[CommonRow], notice: str) -> str:
    """The whole page. It has a section for each alert, so that links in older notifications still work."""
    lines = [f"# Runbook\n\n{notice}\n", _HEADER]
    lines += [*_overview(stacks, rows), *_notified(stacks), *_not_watched(stacks)]
    lines += [*_rollback(stacks), *_links(stacks), _COUNTS, _CLOSING]
    lines += ["## Escalation\n", "In this order; call the next one after 15 minutes without an answer.\n"]
    lines += [parts.contact_table(stacks), "", "## Every alert\n", "What to do first, and the page of the alert.\n"]
    lines += (f"### {row.name}\n\n{row.first_action}: [{row.name}]({row.link})\n" for row in rows)
    return "\n".join(lines).rstrip() + "\n"


def explorer_url(text: str, settings: Settings) -> str:
    """A filter in the Logs Explorer, over the last hour (docs/facts/monitoring.md#links-into-the-console)."""
    query = quote(text, safe="")
    return f"https://console.cloud.google.com/logs/query;query={query};duration=PT1H?project={settings.project}"


def _overview(stacks: Stacks, rows: Sequence[CommonRow]) -> Iterator[str]:
    yield "| Alert | Severity | " + " | ".join(stack for stack, _ in stacks) + " |"
    yield "|---|---|" + "---|" * len(stacks)
    for row in rows:
        cells = " | ".join(_cell(row.cells.get(stack)) for stack, _ in stacks)
        yield f"| [{row.name}]({row.link}) | {_severity(row)} | {cells} |"
    yield "\nThe end of a cell shows which channels the alert notifies. See also [who is notified](#who-is-notified).\n"


def _severity(row: CommonRow) -> str:
    """`CRITICAL`, or `CRITICAL; ERROR in staging` where a stack differs from the first, which is production."""
    first = next(iter(row.cells.values())).severity
    others = [f"{cell.severity} in {stack}" for stack, cell in row.cells.items() if cell.severity != first]
    return "; ".join((first, *others))


def _cell(cell: StackCell | None) -> str:
    return f"{table_cell(cell.condition)}: {', '.join(cell.notified) or 'nobody'}" if cell is not None else "-"


def _not_watched(stacks: Stacks) -> Iterator[str]:
    """The missing alerts that `readiness check` warns of, and those that a team switched off on purpose."""
    yield "## Not watched\n"
    lines = [f"- {stack}: {gap_line(gap)}." for stack, settings in stacks for gap in alert_gaps(settings)]
    if not lines:
        yield "No stack lacks an alert because of a missing setting.\n"
        return
    yield "No alert notifies about these. The settings contain the reasons.\n"
    yield from lines
    yield ""


def _notified(stacks: Stacks) -> Iterator[str]:
    """The channels of each kind, for each stack."""
    yield "## Who is notified\n"
    yield "| Stack | " + " | ".join(definition.shown_name for definition in CHANNEL_DEFINITIONS) + " |"
    yield "|---|" + "---|" * len(CHANNEL_DEFINITIONS)
    for stack, settings in stacks:
        kinds = [definition.kind for definition in CHANNEL_DEFINITIONS]
        cells = (table_cell(", ".join(_names(kind, settings))) or "nobody" for kind in kinds)
        yield f"| {stack} | {' | '.join(cells)} |"
    pagers = {definition.kind for definition in CHANNEL_DEFINITIONS if definition.pages}
    unpaged = [stack for stack, settings in stacks if not any(_names(kind, settings) for kind in pagers)]
    if unpaged:
        yield f"\nNo alert of {' and '.join(unpaged)} pages anybody. You only see them in the channels above."
    yield ""


def _names(kind: ChannelKind, settings: Settings) -> list[str]:
    """The channels of a kind, by names that people recognize."""
    shown = next(definition.shown_name for definition in CHANNEL_DEFINITIONS if definition.kind == kind)
    names = [channel.display_name for channel in declared_channels(settings.channels) if channel.kind == kind]
    names = [name.removeprefix("E-mail ").removeprefix(f"{shown} ") for name in names]
    ids = [channel.id.rpartition("/")[2] for channel in settings.channels.existing if channel.kind == kind]
    return [*names, *(f"channel {identity}, managed elsewhere" for identity in ids)]


def _rollback(stacks: Stacks) -> Iterator[str]:
    yield "## Roll back\n"
    yield "REVISION is the newest one from before the incident. The second command pins the traffic: later"
    yield "deployments get no traffic until you run the last command. See also the [rollback"
    yield "runbook](ROLLBACK_RUNBOOK.md).\n"
    for stack, settings in stacks:
        where = f"--region={shlex.quote(settings.region)} --project={shlex.quote(settings.project)}"
        yield f"In {stack}:\n"
        for comment, command in (
            ("# List the revisions: which one serves?", f"gcloud run revisions list --service={{name}} {where}"),
            ("# Send all traffic to the last good revision.", _traffic(where, "--to-revisions=REVISION=100")),
            ("# With the next deployment, let the newest revision serve again.", _traffic(where, "--to-latest")),
        ):
            commands = [command.replace("{name}", shlex.quote(service.name)) for service in settings.services]
            yield "\n".join(["```bash", comment, *commands, "```\n"])


def _traffic(where: str, option: str) -> str:
    return f"gcloud run services update-traffic {{name}} {where} {option}"


def _links(stacks: Stacks) -> Iterator[str]:
    yield "## Links\n"
    yield f"{parts.service_table(stacks)}\n"
    yield "The logs of the last hour, and the deployments:\n"
    for stack, settings in stacks:
        queries = {
            "failed and refused requests": first_queries.failed_requests(settings),
            "errors of the application": first_queries.service_errors(settings),
            "containers that died": first_queries.dead_containers(settings),
            "starts and ends of instances": first_queries.instance_ends_and_starts(settings),
        }
        if settings.database is not None:
            queries["errors of the database"] = first_queries.database_errors(settings)
        links = [f"[{name}]({explorer_url(query, settings)})" for name, query in queries.items()]
        yield f"- {stack}: {', '.join(links)}, [deployments]({parts.repository_url(settings)}/actions)"
    yield ""
