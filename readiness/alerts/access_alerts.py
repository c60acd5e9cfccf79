"""Alerts on access: many failed logins at a stack's services, and a secret that an undeclared account reads.

Both count log entries. The settings contain the text that a service logs for a failed login. The stack that owns the
shared resources declares the accounts that read secrets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from readiness.alerts.commands import LIST_REVISIONS, ROLL_BACK
from readiness.alerts.definition import SAMPLE_PERIOD_SECONDS, AlertDefinition, minutes
from readiness.alerts.log_metric import LogMetric, environment_metric_name, filter_text, services_filter
from readiness.alerts.selectors import window
from readiness.settings.base import RefusedValueError
from readiness.settings.channels import TEAM
from readiness.settings.model import Settings
from readiness.settings.security_audit import FailedLogins

# The query compares a counter with 0, so one entry notifies. Cloud Logging delays an entry by at most ten minutes.
SECRET_READ_WINDOW_SECONDS = 600


def failed_logins_of(settings: Settings) -> FailedLogins:
    """The section; only a stack that has it declares the alert. Raises RefusedValueError without it."""
    if settings.alerts.failed_logins is None:
        raise RefusedValueError("this stack has no section `alerts.failed_logins`")
    return settings.alerts.failed_logins


def failed_login_metric(settings: Settings) -> LogMetric:
    """Counts the log lines of the stack's services about failed logins, as text or as JSON with `message`."""
    texts = _any_of(failed_logins_of(settings).log_texts)
    return LogMetric(
        slug="failed-logins",
        name=environment_metric_name(settings, "failed_logins"),
        description="Failed logins, by the lines that the services log about them",
        filter=filter_text(*services_filter(settings), f"(textPayload:{texts} OR jsonPayload.message:{texts})"),
    )


def secret_reader_emails(settings: Settings) -> tuple[str, ...]:
    """The accounts that the stack declares as readers of secrets. Empty without the section `security_audit`."""
    return settings.security_audit.secret_readers if settings.security_audit is not None else ()


def unusual_secret_reads(settings: Settings) -> LogMetric:
    """Counts reads of secrets by any account that is not declared. Refused attempts count too."""
    return LogMetric(
        slug="unusual-secret-reads",
        name=environment_metric_name(settings, "unusual_secret_reads"),
        description="Reads of secrets by accounts that the settings do not name",
        filter=filter_text(
            'resource.type="audited_resource"',
            'protoPayload.serviceName="secretmanager.googleapis.com"',
            'protoPayload.methodName:"AccessSecretVersion"',
            f"NOT protoPayload.authenticationInfo.principalEmail={_any_of(secret_reader_emails(settings))}",
        ),
    )


def _any_of(texts: Iterable[str]) -> str:
    return f"({' OR '.join(map(json.dumps, texts))})"


def _failed_login_values(settings: Settings) -> Mapping[str, str]:
    window_seconds = failed_logins_of(settings).window_seconds
    count_window_seconds = window_seconds + SAMPLE_PERIOD_SECONDS
    return {
        "counter": failed_login_metric(settings).promql_name,
        "count_window": window(count_window_seconds),
        "count_window_seconds": str(count_window_seconds),
        "window_seconds": str(window_seconds),
    }


def _secret_read_values(settings: Settings) -> Mapping[str, str]:
    return {
        "counter": f'{unusual_secret_reads(settings).promql_name}{{monitored_resource="audited_resource"}}',
        "window": window(SECRET_READ_WINDOW_SECONDS),
    }


_READ_LOGINS = (
    "`gcloud logging read $counted --project=$project --freshness=1h --limit=20 "
    '--format="value(timestamp, resource.labels.service_name, textPayload, jsonPayload.message)"`'
)

FAILED_LOGINS = AlertDefinition(
    name="FailedLogins",
    title="Failed logins",
    severity="WARNING",
    channel_kinds=TEAM,
    # A new counter's first event counts on Monitoring and not in Prometheus: definition.py, "Rare events".
    # The scaling counts exactly where `increase` extrapolates: definition.py.
    query=(
        "round(sum by (service_name, location) (increase($counter{$services}[$count_window])) * $window_seconds / "
        "$count_window_seconds, 0.01) > $threshold"
    ),
    threshold=lambda settings: failed_logins_of(settings).attempt_count,
    duration_seconds=lambda _settings: 0,
    condition=lambda settings: (
        f"More than {failed_logins_of(settings).attempt_count} failed logins in "
        f"{minutes(failed_logins_of(settings).window_seconds)}"
    ),
    meaning=(
        "Far more logins at the service fail than typing errors explain: somebody is trying passwords, or no login "
        "works at all. The alert counts the lines that the service logs about failed logins, for all accounts together."
    ),
    first_steps=(
        f"Read which accounts and addresses the failed logins come from: {_READ_LOGINS}",
        f"Log in with the test account. If that fails, look for a new revision: {LIST_REVISIONS}",
        "Look for a pattern. Many accounts from few addresses: an attack with stolen passwords. One account from many "
        "addresses: an attack on that account.",
    ),
    causes=(
        "Somebody tries passwords that were stolen elsewhere",
        "A deployment that broke the login, or a secret that was changed",
        "A client that retries with an old password",
    ),
    mitigation=(
        f"In the application, lock the accounts that the log names, and notify their owners: {_READ_LOGINS}",
        "Check whether the limit of login attempts works, and lower it if it does not: `readiness audit $stack`",
        ROLL_BACK,
    ),
    value="the number of failed logins of the service in the window",
    query_values=_failed_login_values,
    log_metrics=lambda settings: (failed_login_metric(settings),),
    declared_by=lambda settings: settings.alerts.failed_logins is not None,
)

UNUSUAL_SECRET_ACCESS = AlertDefinition(
    name="UnusualSecretAccess",
    title="Unusual secret access",
    value="the number of reads, 1 or more",
    severity="WARNING",
    channel_kinds=TEAM,
    # A new counter's first event counts on Monitoring and not in Prometheus: definition.py, "Rare events".
    query="sum(increase($counter[$window])) > $threshold",
    threshold=lambda _settings: 0,
    duration_seconds=lambda _settings: 0,
    condition=lambda _settings: "A secret is read by an account that the settings do not name",
    meaning=(
        "An account that `security_audit.secret_readers` does not name has read a secret of the project, or tried to. "
        "The alert counts entries of Secret Manager's Data Access log, which the same section turns on."
    ),
    first_steps=(
        "Read who read which secret, and from where: `gcloud logging read $counted --project=$project "
        '--freshness=1h --limit=20 --format="value(timestamp, protoPayload.authenticationInfo.principalEmail, '
        'protoPayload.requestMetadata.callerIp, protoPayload.resourceName)"`. It needs roles/logging.privateLogViewer.',
        "Ask the person or the team that the entry names. Was it a new service, a person at work, or an audit that "
        "compares the secrets of the environments?",
        "If nobody can explain it, remove the account's access, then rotate every secret that it read.",
    ),
    causes=(
        "A new service or job whose account is not declared yet",
        "A person who reads a secret in the console or with gcloud",
        "A stolen credential",
    ),
    mitigation=(
        "Remove the role: `gcloud secrets get-iam-policy SECRET --project=$project`, then "
        "`gcloud secrets remove-iam-policy-binding SECRET --project=$project --member=MEMBER "
        "--role=roles/secretmanager.secretAccessor`",
        "Rotate the secret: `gcloud secrets versions add SECRET --project=$project --data-file=-`, deploy, and disable "
        "the previous version",
        "If the account may read the secret, add it to `security_audit.secret_readers`, and apply: `pulumi up "
        "--stack=$stack`",
    ),
    subject=lambda settings: settings.project,
    query_values=_secret_read_values,
    log_metrics=lambda settings: (unusual_secret_reads(settings),),
    declared_by=lambda settings: bool(secret_reader_emails(settings)),
)

ACCESS_ALERTS = (FAILED_LOGINS, UNUSUAL_SECRET_ACCESS)
