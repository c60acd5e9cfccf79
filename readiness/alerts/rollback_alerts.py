"""The alert on a rollback: somebody sent the traffic of a service to a revision by its name.

It reads Cloud Run's audit log, which the application's scripts, the console and `gcloud` all write to, so that nobody
has to wait for the workflow that reads the same log every few minutes (`rollback-watch.yml`). One entry cannot show
whether that revision is older than the one that served: a filter compares no two fields. So the alert notifies of
every pin, and the workflow, which reads the entries before it as well, counts rollbacks.
"""

from __future__ import annotations

from collections.abc import Mapping

from readiness.alerts.commands import LIST_REVISIONS, WHERE
from readiness.alerts.definition import AlertDefinition
from readiness.alerts.log_metric import LogMetric, environment_metric_name, filter_text, services_filter
from readiness.alerts.selectors import window
from readiness.settings.channels import TEAM
from readiness.settings.model import Settings

# One entry is enough. Ten minutes are the longest that Cloud Logging holds one back, and keep the incident readable.
WINDOW_SECONDS = 600
WHO = "who"
# `spec.traffic[].revisionName` of Cloud Run's first API, `traffic[].revision` of the second. A comparison on a list
# holds where one item meets it (https://cloud.google.com/logging/docs/view/logging-query-language).
_TRAFFIC = ("spec.traffic.revisionName", "traffic.revision")

_READ_TRAFFIC_CHANGES = (
    "`gcloud logging read $counted --project=$project --freshness=1h --limit=5 "
    '--format="yaml(timestamp, protoPayload.authenticationInfo.principalEmail, protoPayload.resourceName, '
    "protoPayload.request.service.spec.traffic, protoPayload.response.status.traffic, "
    'protoPayload.request.service.traffic, protoPayload.request.service.trafficStatuses)"`'
)
_SHOW_TRAFFIC = f'`gcloud run services describe $service {WHERE} --format="yaml(status.traffic)"`'


def pinned_traffic(settings: Settings) -> LogMetric:
    """Counts accepted changes that send traffic of the stack's services to a revision by its name, by who made them."""
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
    condition=lambda _settings: "Traffic is sent to a revision by its name, as a rollback does",
    meaning=(
        "Somebody named the revision that serves, in the console, with `gcloud` or by a script. Usually it is a "
        "rollback. Whether the named revision is older than the one before, the alert cannot tell: one entry of the "
        "audit log does not show it. The first command prints who did it, the revision that traffic goes to, and the "
        "one that served until then."
    ),
    first_steps=(
        f"Read who sent traffic to which revision: {_READ_TRAFFIC_CHANGES}. `request` has where traffic goes, and "
        "`response` or `trafficStatuses` what served until then.",
        f"Compare it with the newest revisions, and with what serves now: {LIST_REVISIONS} and {_SHOW_TRAFFIC}. Was "
        "it a step back?",
        "Check that the service is healthy on the revision that serves: `readiness verify $stack`. Deploy nothing "
        "until it is known why somebody rolled back.",
    ),
    causes=(
        "A rollback after a bad deployment",
        "A gradual deployment, which names the revisions that share the traffic",
        "A deployment without traffic (`--no-traffic`), or any change while a rollback still pins the traffic",
    ),
    mitigation=(
        "It was a rollback: fix the cause, and let the newest revision serve again after the next deployment: "
        f"`gcloud run services update-traffic $service {WHERE} --to-latest`. Until then no deployment gets traffic.",
        "Nobody knows of it: send the traffic back to the REVISION that served before, and change the credentials of "
        f"the account that did it: `gcloud run services update-traffic $service {WHERE} --to-revisions=REVISION=100`.",
    ),
    value="the changes of this account in the window",
    subject=lambda _settings: f"${{metric_or_resource.label.service_name}}, by ${{metric_or_resource.label.{WHO}}}",
    console_path=lambda _settings: "run",
    query_values=_values,
    log_metrics=lambda settings: (pinned_traffic(settings),),
)

ROLLBACK_ALERTS = (ROLLBACK_STARTED,)
