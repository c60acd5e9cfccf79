"""Parts that several documents share: tables of services, contacts and limits, and addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from readiness.documents.template import Stacks, health_address, known_degraded, verify_command
from readiness.markdown_text import table_cell
from readiness.settings.model import Settings
from readiness.settings.services import Service


def repository_url(settings: Settings) -> str:
    """The application's repository."""
    return f"https://github.com/{settings.github_owner}/{settings.repository.name}"


def console(settings: Settings, service: Service, page: str) -> str:
    """A page of a service in Google's console: `logs`, `metrics` or `revisions`."""
    place = f"{settings.region}/{service.name}/{page}"
    return f"https://console.cloud.google.com/run/detail/{place}?project={settings.project}"


def instance_url(settings: Settings) -> str:
    """The Cloud SQL instance in Google's console. Raises ValueError for a stack without a database."""
    name, project = settings.required_database.instance, settings.project
    return f"https://console.cloud.google.com/sql/instances/{name}/overview?project={project}"


def service_table(stacks: Stacks) -> str:
    """Every service, with links to its health address and its pages in the console."""
    rows = ["| Stack | Service | Open |", "|---|---|---|"]
    for stack, settings in stacks:
        for service in settings.services:
            pages = [f"[{page}]({console(settings, service, page)})" for page in ("revisions", "logs", "metrics")]
            links = ", ".join([f"[health]({health_address(service)})", *pages])
            rows.append(f"| {stack} | `{service.name}` | {links} |")
        if settings.database is not None:
            rows.append(f"| {stack} | `{settings.database.instance}` | [instance]({instance_url(settings)}) |")
    return "\n".join(rows)


def contact_table(stacks: Stacks) -> str:
    """The contacts to call, in the order of the settings."""
    rows = ["| Stack | Order | Who | How |", "|---|---|---|---|"]
    for stack, settings in stacks:
        for order, contact in enumerate(settings.escalation.contacts, start=1):
            rows.append(f"| {stack} | {order} | {table_cell(contact.name)} | {table_cell(contact.reach)} |")
    return "\n".join(rows)


def trouble_rows(stacks: Stacks, where: str) -> str:
    """The rows that the team's notes add to a troubleshooting table, one on each line."""
    rows = [
        (trouble.looks, trouble.why, trouble.action)
        for trouble in stacks[0][1].notes.known_troubles
        if trouble.where == where
    ]
    if where == "health":
        rows = [*_degraded_rows(stacks), *rows]
    return "".join(f"\n| {' | '.join(table_cell(text) for text in row)} |" for row in rows)


def _degraded_rows(stacks: Stacks) -> Iterator[tuple[str, str, str]]:
    """The degraded answers that the settings accept, each once, unless a note of the team mentions it."""
    noted = " ".join(trouble.looks for trouble in stacks[0][1].notes.known_troubles)
    found = {
        degraded.because: (stack, settings, degraded)
        for stack, settings in stacks
        for degraded in known_degraded(settings)
    }
    for stack, settings, degraded in found.values():
        if degraded.because in noted:
            continue
        until = f" until {degraded.accept_degraded_until}" if degraded.accept_degraded_until else ""
        yield (
            f'200, "{degraded.value}", `{degraded.because}`',
            f"the settings accept it (`known_degraded`){until}; a 503 is always a failure",
            f"`{verify_command(stack, settings)}`",
        )


def listed(notes: Sequence[str], mark: str = "- ") -> str:
    """Notes as items of a list, one on each line. Empty without notes."""
    return "".join(f"{mark}{note.replace('<', '&lt;')}\n" for note in notes)


def limit_table(stacks: Stacks) -> str:
    """The signs that need a rollback, with the limits of the alerts."""
    head = "| Sign | " + " | ".join(stack for stack, _ in stacks) + " |"
    rows = [head, "|---|" + "---|" * len(stacks)]
    for sign, values in _limits(stacks):
        rows.append(f"| {sign} | " + " | ".join(values) + " |")
    return "\n".join(rows)


def _limits(stacks: Stacks) -> Iterator[tuple[str, list[str]]]:
    alerts = [settings.alerts for _, settings in stacks]
    rates, latencies = [alert.high_error_rate for alert in alerts], [alert.high_latency for alert in alerts]
    counts = [alert.database_connection_errors for alert in alerts]
    yield (
        "share of requests answered 5xx",
        [f"over {rate.error_ratio * 100:g} % for {rate.duration_seconds // 60} min" for rate in rates],
    )
    yield (
        "95th percentile of the latency",
        [f"over {latency.latency_ms} ms for {latency.duration_seconds // 60} min" for latency in latencies],
    )
    if any(counts):
        yield (
            "connection errors of the database",
            [f"over {count.error_count} in {count.window_seconds // 60} min" if count else "-" for count in counts],
        )
