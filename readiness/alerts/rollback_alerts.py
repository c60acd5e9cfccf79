"""The alert on a rollback: somebody sent the traffic of a service to a revision by its name.

It reads Cloud Run's audit log, to which the application's scripts, the console and `gcloud` all write. So nobody has to
wait for the workflow that reads the same log every few minutes (`rollback-watch.yml`). One entry does not show whether
the named revision is older than the one that served, because a filter cannot compare two fields. So the alert notifies
of every change that names a revision. The workflow also reads earlier entries, and counts rollbacks.
"""

from __future__ import annotations

from collections.abc import Mapping

from readiness.alerts.commands import LIST_REVISIONS, WHERE
from readiness.alerts.definition import AlertDefinition
from readiness.alerts.log_metric import LogMetric, environment_metric_name, filter_text, services_filter
from readiness.alerts.selectors import window
from readiness.settings.channels import TEAM
from readiness.settings.model import Settings

# One entry is enough. Cloud Logging delays an entry by at most ten minutes.
WINDOW_SECONDS = 600
WHO = "who"
# `spec.traffic[].revisionName` of Cloud Run's first API, `traffic[].revision` of the second. A comparison on a list
# is true if it is true for one item (https://cloud.google.com/logging/docs/view/logging-query-language).
_TRAFFIC = ("spec.traffic.revisionName", "traffic.revision")

_READ_TRAFFIC_CHANGES = (
    "`gcloud logging read $counted --project=$project --freshness=1h --limit=5 "
    '--format="yaml(timestamp, protoPayload.authenticationInfo.principalEmail, protoPayload.resourceName, '
    "protoPayload.request.service.spec.traffic, protoPayload.response.status.traffic, "
    'protoPayload.request.service.traffic, protoPayload.request.service.trafficStatuses)"`'
)
_SHOW_TRAFFIC = f'`gcloud run services describe $service {WHERE} --format="yaml(status.traffic)"`'


def pinned_traffic(settings: Settings) -> LogMetric:
    """Counts accepted changes that send traffic of the stack's services to a named revision, by account."""
    names_a_revision = " OR ".join(f'protoPayload.request.service.{field}=~"."' for field in _TRAFFIC)
    return LogMetric(
        slug="pinned-traffic",
        name=environment_metric_name(settings, "pinned_traffic"),
        description=f"Traffic of {settings.environment.name} sent to a revision by its name",
        filter=filter_text(
            *services_filter(settings),
            f'logName="projects/{settings.project}/logs/cloudaudit.googleapis.com%2Factivity"',
            'protoPayload.methodName=~"(ReplaceService|UpdateService)$"',
            f"({names_a_revision})",
            # A refused change moved nothing.
            "NOT severity>=ERROR",
        ),
        labels={WHO: "The account that changed the traffic"},
        label_extractors={WHO: "EXTRACT(protoPayload.authenticationInfo.principalEmail)"},
    )


def _values(settings: Settings) -> Mapping[str, str]:
    counter = pinned_traffic(settings).promql_name
    return {"counter": f'{counter}{{monitored_resource="cloud_run_revision"}}', "window": window(WINDOW_SECONDS)}


ROLLBACK_STARTED = AlertDefinition(
    name="RollbackStarted",
    title="Rollback started",
    severity="WARNING",
    channel_kinds=TEAM,
    # A new counter's first event counts on Monitoring and not in Prometheus: definition.py, "Rare events".
    query=f"sum by (service_name, location, {WHO}) (increase($counter[$window])) > $threshold",
    threshold=lambda _settings: 0,
    duration_seconds=lambda _settings: 0,
    condition=lambda _settings: "A change sends traffic to a named revision, as a rollback does",
    meaning=(
        "Somebody sent traffic to a named revision, in the console, with `gcloud` or with a script. Usually it is a "
        "rollback. The alert does not show whether the named revision is older than the previous one, because one "
        "entry of the audit log does not contain that. The first command prints who made the change, the revision "
        "that gets the traffic, and the one that served until then."
    ),
    first_steps=(
        f"Read who sent traffic to which revision: {_READ_TRAFFIC_CHANGES}. `request` contains the new revision, and "
        "`response` or `trafficStatuses` the one that served until then.",
        f"Compare it with the newest revisions, and with the one that serves now: {LIST_REVISIONS} and "
        f"{_SHOW_TRAFFIC}. Is it an older revision?",
        "Check that the service is healthy on the revision that serves: `readiness verify $stack`. Deploy nothing "
        "until you know why somebody rolled back.",
    ),
    causes=(
        "A rollback after a bad deployment",
        "A gradual deployment, which names the revisions that share the traffic",
        "A deployment without traffic (`--no-traffic`), or any change while a rollback still pins the traffic",
    ),
    mitigation=(
        "If it was a rollback, fix the cause, and let the newest revision serve again after the next deployment: "
        f"`gcloud run services update-traffic $service {WHERE} --to-latest`. Until then no deployment gets traffic.",
        "If nobody can explain it, send the traffic back to the REVISION that served before, and change the "
        f"credentials of the account that made the change: `gcloud run services update-traffic $service {WHERE} "
        "--to-revisions=REVISION=100`.",
    ),
    value="the number of changes by this account in the window",
    subject=lambda _settings: f"${{metric_or_resource.label.service_name}}, by ${{metric_or_resource.label.{WHO}}}",
    console_path=lambda _settings: "run",
    query_values=_values,
    log_metrics=lambda settings: (pinned_traffic(settings),),
)

ROLLBACK_ALERTS = (ROLLBACK_STARTED,)
