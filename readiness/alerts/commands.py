"""The commands in the texts of an alert: in backquotes, with placeholders that a stack's settings fill.

A step or a measure is one or more sentences that may contain commands: "Restart the instance: `gcloud sql instances
restart $instance --project=$project`". The runbook shows the text, and below it the commands in a block, filled in for
each stack. The reader replaces words in capitals, such as REVISION, with what a command above prints (`PRINTED_BY`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from string import Template

from readiness.alerts import first_queries
from readiness.settings.model import Engine, Settings
from readiness.settings.services import Service

# A command begins with one of these. Other words in backquotes are names or texts of a log.
_PROGRAMS = ("gcloud", "gh", "curl", "pulumi", "readiness")
_COMMAND = re.compile(rf"`((?:{'|'.join(_PROGRAMS)}) [^`]+)`")
# Several commands may follow a colon. The sentence is complete without them and the colon.
_AFTER_COLON = re.compile(rf": {_COMMAND.pattern}(?:(?:, | and |, and |, then ){_COMMAND.pattern})*(?=$|[.,;])")
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z`])")

# A word in capitals -> the beginnings of the commands that print its value; one of them must be above it on the page.
PRINTED_BY: Mapping[str, tuple[str, ...]] = {
    "REVISION": ("gcloud run revisions list",),
    "MEMORY": ("gcloud run services describe",),
    "CPU": ("gcloud run services describe",),
    "CONCURRENCY": ("gcloud run services describe",),
    "MAX_INSTANCES": ("gcloud run services describe",),
    "EXECUTION": ("gcloud run jobs executions list",),
    "RUN_ID": ("gh run list",),
    "COMMIT_SHA": ("gh run list",),
    "BACKUP_ID": ("gcloud sql backups list",),
    "OPERATION": ("gcloud sql operations list",),
    "TIER": ("gcloud sql tiers list",),
    "SIZE": ("gcloud sql instances describe",),
    "LIMIT": ("gcloud sql instances describe",),
    "HOUR": ("gcloud sql instances describe",),
    "MEMBER": ("gcloud logging read", "gcloud projects get-iam-policy"),
    "ACCOUNT": ("gcloud logging read",),
    "ROLE": ("gcloud logging read", "gcloud projects get-iam-policy"),
    "PERMISSION": ("gcloud iam roles describe",),
    "RULE": ("gcloud logging read",),
    "ROUTE": ("gcloud logging read", "gcloud compute routes list"),
    "NETWORK": ("gcloud logging read", "gcloud compute networks peerings list"),
    "PEERING": ("gcloud compute networks peerings list",),
    "BUCKET": ("gcloud logging read",),
    "SQL_INSTANCE": ("gcloud logging read",),
    "SECRET": ("gcloud logging read",),
    "WORD": ("readiness drill",),
}

# The administrator that Cloud SQL creates with an instance (docs.cloud.google.com/sql/docs/postgres/users, and mysql,
# sqlserver in its place).
_DATABASE_ADMINS: Mapping[Engine, str] = {"postgresql": "postgres", "mysql": "root", "sqlserver": "sqlserver"}

WHERE = "--region=$region --project=$project"
_READ = "--project=$project --freshness=1h --limit=20 --format="
_LINES = f'{_READ}"value(timestamp, resource.labels.service_name, textPayload, jsonPayload.message)"'
_REQUESTS = f'{_READ}"value(timestamp, resource.labels.service_name, httpRequest.status, httpRequest.requestUrl)"'
LIST_REVISIONS = f"`gcloud run revisions list --service=$service {WHERE} --limit=5`"
READ_ERRORS = f"`gcloud logging read $service_errors {_LINES}`"
READ_DEAD_CONTAINERS = f"`gcloud logging read $dead_containers {_LINES}`"
READ_MEMORY_KILLS = f"`gcloud logging read $memory_kills {_LINES}`"
READ_REFUSED_REQUESTS = f"`gcloud logging read $refused_requests {_REQUESTS}`"
READ_FAILED_REQUESTS = f"`gcloud logging read $failed_requests {_REQUESTS}`"
READ_INSTANCES = f"`gcloud logging read $instance_lines {_LINES}`"
# `$counted` is the filter of the counter that the alert reads.
READ_DELETIONS = (
    "`gcloud logging read $counted --project=$project --freshness=1h --limit=10 --format="
    '"value(timestamp, protoPayload.authenticationInfo.principalEmail, protoPayload.requestMetadata.callerIp, '
    'protoPayload.methodName, protoPayload.resourceName)"`'
)
READ_DATABASE_ERRORS = f'`gcloud logging read $database_errors {_READ}"value(timestamp, textPayload)"`'
READ_MIGRATION_LOG = (
    "`gcloud logging read $migration_log --project=$project --freshness=1h --limit=100 "
    '--format="value(timestamp, textPayload, jsonPayload.message)"`'
)
ASK_FOR_HEALTH = "`curl --silent --show-error --include --max-time 10 $health_address`"
LIST_RUNS = "`gh run list --repo=$repository --limit=20`"
LIST_FAILED_RUNS = "`gh run list --repo=$repository --status=failure --limit=20`"
SHOW_INSTANCE = (
    "`gcloud sql instances describe $instance --project=$project "
    '--format="yaml(state, suspensionReason, settings.activationPolicy, settings.availabilityType, settings.tier, '
    "settings.dataDiskSizeGb, settings.storageAutoResize, settings.storageAutoResizeLimit, settings.databaseFlags, "
    'settings.backupConfiguration.enabled, settings.backupConfiguration.startTime)"`'
)
LIST_OPERATIONS = "`gcloud sql operations list --instance=$instance --project=$project --limit=10`"
LIST_BACKUPS = "`gcloud sql backups list --instance=$instance --project=$project --limit=5`"
READ_BACKUPS = (
    "`gcloud logging read $backup_entries --project=$project --freshness=2d --limit=5 "
    '--format="value(timestamp, protoPayload.metadata.windowStatus, protoPayload.metadata.message)"`'
)
CONNECT = "`gcloud sql connect $instance --project=$project --user=$database_admin`"
_LIMITS = (
    '--format="yaml(metadata.annotations, spec.template.metadata.annotations, spec.template.spec.containerConcurrency, '
    'spec.template.spec.containers[0].resources.limits)"'
)
SHOW_LIMITS = f"`gcloud run services describe $service {WHERE} {_LIMITS}`"
# Prints names, and the secrets that they come from. No value in plain text appears in a terminal or a screen share.
SHOW_VARIABLES = (
    f"`gcloud run services describe $service {WHERE} "
    '--format="yaml(spec.template.spec.containers[0].env[].name, spec.template.spec.containers[0].env[].valueFrom)"`'
)

# Steps and measures that many alerts share.
LOOK_FOR_A_NEW_REVISION = (
    f"List the revisions, and roll back first if the newest came just before the incident: {LIST_REVISIONS}. "
    "Look for the cause afterwards."
)
ROLL_BACK = (
    "Roll back, if a new revision is the cause. REVISION is the newest from before the incident: "
    f"`gcloud run services update-traffic $service {WHERE} --to-revisions=REVISION=100`. This pins the traffic: "
    "[send it to the latest revision again](../runbook.md#roll-back) with the next deployment."
)
RAISE_MEMORY = (
    f"Give the instances twice the memory: {SHOW_LIMITS} and `gcloud run services update $service {WHERE} "
    "--memory=MEMORY`. The first command shows the present limit. Replace MEMORY with the new one, such as 1Gi."
)
RAISE_CPU = (
    f"Give the instances twice the CPU: {SHOW_LIMITS} and `gcloud run services update $service {WHERE} --cpu=CPU`. "
    "The first command shows the present limit. Replace CPU with the new one, such as 2."
)
LOWER_CONCURRENCY = (
    f"Let an instance take half as many requests at once: {SHOW_LIMITS} and `gcloud run services update $service "
    f"{WHERE} --concurrency=CONCURRENCY`. The first command shows the present `containerConcurrency`: use half of it."
)
RAISE_INSTANCES = (
    f"Allow twice as many instances, if the database has connections for them: {SHOW_LIMITS} and "
    f"`gcloud run services update $service {WHERE} $more_instances`. The first command shows the present `maxScale`."
)
LOWER_INSTANCES = (
    "Allow half as many instances of the services that connect to the database, until the connections suffice: "
    f"`gcloud run services describe $database_service {WHERE} {_LIMITS}` and "
    f"`gcloud run services update $database_service {WHERE} $fewer_instances`. "
    "The first command shows the present `maxScale`."
)
END_A_QUERY = (
    f"End the query that uses most. PID is its number in Query insights or in `pg_stat_activity`: {CONNECT}. In "
    "PostgreSQL: `SELECT pg_cancel_backend(PID)`; in MySQL: `KILL QUERY PID`; in SQL Server: `KILL PID`."
)
LARGER_MACHINE = (
    "Move to a larger machine, which restarts the instance: `gcloud sql tiers list --project=$project` and "
    "`gcloud sql instances patch $instance --project=$project --tier=TIER`."
)
RESTART_INSTANCES = (
    "Start new instances, which drops leaked connections: `gcloud run services update $database_service "
    f'{WHERE} --update-labels=restarted="$$(date +%s)"`.'
)
RERUN_FAILED_JOBS = (
    "Run the failed jobs again, if the cause was outside the repository. RUN_ID is the ID of the failed run: "
    "`gh run rerun RUN_ID --repo=$repository --failed`."
)


def text_without_commands(text: str) -> str:
    """The text without its commands: where one is part of a sentence, "the command" is in its place."""
    short = _AFTER_COLON.sub("", text)
    short = re.sub(rf"(^|(?<=[.?!] )){_COMMAND.pattern}", "The command", short)
    return _COMMAND.sub("the command", short)


def first_sentence(text: str) -> str:
    """The first sentence without commands and full stop: short enough for a notification and a heading."""
    return _SENTENCE_END.split(text_without_commands(text), maxsplit=1)[0].rstrip(".")


def notification_text(
    first_step: str, *, runbook_url: str, value: str, threshold: str, subject: str, console_url: str
) -> str:
    """The text of a notification, short enough for a phone: what to do, the value, and where. The page has the rest."""
    return (
        f"**Do first: {first_sentence(first_step)}.**\n\n"
        f"Runbook: {runbook_url}\n\n"
        f"Value: {value}\n\n"
        f"Threshold: {threshold}\n\n"
        f"On: {subject}\n\n"
        f"Console: {console_url}\n"
    )


def commands_in(text: str) -> list[str]:
    """The commands of a text as they were written, with their placeholders."""
    return _COMMAND.findall(text)


def filled_commands(text: str, settings: Settings, more: Mapping[str, str | None]) -> Iterator[str]:
    """The text's commands for a stack, in their order, each value one word of the shell.

    A command with `$service` is repeated for each service, and one with `$database_service` for each service that
    connects to the database. A command whose resource the stack does not have (a database, a migration job) is left
    out. `more` contains further placeholders with their values, quoted for the shell. Raises KeyError for an unknown
    placeholder.
    """
    for command in commands_in(text):
        names = set(Template(command).get_identifiers())
        common = {**_values(settings), **more}
        for service in _services(names, settings):
            values = common | (_service_values(service) if service is not None else {})
            wanted = {name: value for name in names if (value := values[name]) is not None}
            if wanted.keys() == names:
                yield Template(command).substitute(wanted)


def _services(names: set[str], settings: Settings) -> tuple[Service | None, ...]:
    """The services for which a command with these placeholders is repeated. `(None,)` if it names no service."""
    if "database_service" in names:
        with_pools = tuple(service for service in settings.services if service.connection_pools)
        backends = tuple(service for service in settings.services if service.role == "backend")
        return with_pools or backends or settings.services
    return settings.services if names & _service_values(settings.services[0]).keys() else (None,)


def _values(settings: Settings) -> dict[str, str | None]:
    job, database, registry = settings.migration_job, settings.database, settings.image_registry
    values = {
        "project": settings.project,
        "region": settings.region,
        "environment": settings.environment.name,
        "repository": f"{settings.github_owner}/{settings.repository.name}",
        "instance": database.instance if database is not None else None,
        "database_admin": _DATABASE_ADMINS[database.engine] if database is not None else None,
        "database_errors": first_queries.database_errors(settings) if database is not None else None,
        "backup_entries": first_queries.backup_entries(settings) if database is not None else None,
        "job": job.name if job is not None else None,
        "migration_log": first_queries.migration_log(settings) or None,
        "registry": registry.repository_id if registry is not None else None,
        "service_errors": first_queries.service_errors(settings),
        "dead_containers": first_queries.dead_containers(settings),
        "memory_kills": first_queries.memory_kills(settings),
        "failed_requests": first_queries.failed_requests(settings),
        "refused_requests": first_queries.refused_requests(settings),
        "instance_lines": first_queries.instance_ends_and_starts(settings),
    }
    return {name: None if value is None else shlex.quote(value) for name, value in values.items()}


def _service_values(service: Service) -> dict[str, str]:
    values = {
        "service": service.name,
        "database_service": service.name,
        "health_address": service.url.rstrip("/") + service.health_path,
        "more_instances": _limit_option(service, 2),
        "fewer_instances": _limit_option(service, 0.5),
    }
    return {name: shlex.quote(value) for name, value in values.items()}


def _limit_option(service: Service, factor: float) -> str:
    """`--max-instances=10`, from the settings if they contain the present limit. Cloud Run accepts 1 to 1,000."""
    option = "--max-instances" if service.max_instances_per == "revision" else "--max"
    if service.max_instances is None:
        return f"{option}=MAX_INSTANCES"
    return f"{option}={min(1000, max(1, int(service.max_instances * factor)))}"
