"""Which checks a stack has: of everything that it declares, and of nothing that another stack owns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from readiness.delivered.declared import declared_files
from readiness.live.verify import alerting, certificate, delivered, gate, ruleset, scanning, services, smoke
from readiness.live.verify.access import Access
from readiness.live.verify.deadline import Deadline
from readiness.live.verify.rows import NotCheckedError, Row, not_checked
from readiness.live.verify.runner import Check
from readiness.live.verify.smoke import Account
from readiness.plan.offline_plan import Plan
from readiness.resource_types import ALERT_POLICY, CHANNEL, RULESET
from readiness.settings.model import Settings
from readiness.settings.services import Service, Smoke


def checks_of(
    settings: Settings,
    plan: Plan,
    access: Access,
    *,
    allow_degraded: bool,
    account: Account | NotCheckedError | None,
    now: datetime,
) -> list[Check]:
    """Every check, in the order of the report. `account` is None where no smoke test was asked for.

    Certificates are judged as of `now`.
    """
    found = [check for service in settings.services for check in _of_service(service, settings, allow_degraded, now)]
    if account is not None:
        found += _smoke_checks(settings, account)
    return [*found, *_of_monitoring(settings, plan, access), *_of_what_is_shared(settings, plan, access)]


def _of_service(service: Service, settings: Settings, allow_degraded: bool, now: datetime) -> Iterator[Check]:
    limit_ms = settings.alerts.high_latency.latency_ms
    yield Check(
        check=services.HEALTH,
        subject=service.name,
        find=partial(services.service_rows, service, limit_ms, allow_degraded=allow_degraded),
    )
    yield Check(
        check=certificate.CHECK,
        subject=service.name,
        find=partial(certificate.certificate_rows, service.name, service.url, now=now),
    )
    yield Check(check=services.REDIRECT, subject=service.name, find=partial(services.redirect_rows, service))


def _smoke_checks(settings: Settings, account: Account | NotCheckedError) -> Iterator[Check]:
    tried = [(service, service.smoke) for service in settings.services if service.smoke is not None]
    for service, how in tried:
        yield Check(check=smoke.LOGIN, subject=service.name, find=partial(_smoke, service, how, account))
    if not tried:
        row = not_checked(smoke.LOGIN, "every service", "no service of this stack has `smoke` in its settings")
        yield Check(check=row.check, subject=row.subject, find=lambda deadline: [row])


def _smoke(service: Service, how: Smoke, account: Account | NotCheckedError, deadline: Deadline) -> list[Row]:
    if isinstance(account, NotCheckedError):
        raise account
    return smoke.smoke_rows(service, how, account, deadline)


def _of_monitoring(settings: Settings, plan: Plan, access: Access) -> Iterator[Check]:
    def inputs_of(type_: str) -> list[dict[str, Any]]:
        return [each["inputs"] for each in plan.of_type(type_)]

    policies, channels = inputs_of(ALERT_POLICY), inputs_of(CHANNEL)
    existing = [channel.id for channel in settings.channels.existing]
    yield Check(
        check=alerting.POLICIES,
        subject=f"{len(policies)} declared",
        find=lambda deadline: alerting.policy_rows(access.google(), policies),
    )
    yield Check(
        check=alerting.CHANNELS,
        subject=f"{len(channels) + len(existing)} declared",
        find=lambda deadline: alerting.channel_rows(access.google(), channels, existing),
    )


def _of_what_is_shared(settings: Settings, plan: Plan, access: Access) -> Iterator[Check]:
    """The registry and the repository; the settings of a stack that does not own them do not name them."""
    registry, environment = settings.image_registry, settings.production_environment
    if registry is not None:
        yield Check(
            check=scanning.CHECK,
            subject=registry.repository_id,
            find=lambda deadline: scanning.scanning_rows(
                access.google(), region=settings.region, repository_id=registry.repository_id
            ),
        )
    if environment is not None:
        yield Check(
            check=gate.CHECK,
            subject=environment.name,
            find=lambda deadline: gate.gate_rows(access.github(), environment),
        )
    for declared in plan.of_type(RULESET):
        inputs = declared["inputs"]
        yield Check(
            check=ruleset.CHECK,
            subject=inputs["name"],
            find=lambda deadline, inputs=inputs: ruleset.ruleset_rows(access.github(), inputs),
        )
    files, branch = declared_files(plan.resources), settings.managed_files.default_branch
    if files:
        yield Check(
            check=delivered.CHECK,
            subject=f"{len(files)} files",
            find=lambda deadline: delivered.file_rows(access.github(), files, branch=branch),
        )
